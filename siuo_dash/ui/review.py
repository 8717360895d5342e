"""The review page: what waits for a decision, its findings, scores, place, texts and sender, and the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis import preview, twins
from siuo_dash.benchmark import badges
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.names import similar
from siuo_dash.errors import SiuoError
from siuo_dash.ingest.published_figure import printed_of, read_printed
from siuo_dash.ingest.reader_process import validate
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import review as report
from siuo_dash.report.runs import attempt_words
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import LONGEST_WHY, Actor, Submitted
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.text import as_sentence, counted, listed
from siuo_dash.ui import (
    account,
    background,
    controls,
    display,
    frame,
    identity,
    page,
    published_figure,
    responses,
    upload_preview,
)
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import choose_submission

_PAGE: Final = "review"
_MOST_COMPARED: Final = 50
"""Others that wait, the longest first; each is read whole to be compared."""


def show(store: Store) -> None:
    """What waits, to reviewers; to others, why there is nothing here for them."""
    who = identity.visitor()
    if not identity.settings().hosted:
        st.info(
            "Nothing goes to review here: on this machine, what is uploaded is published at once.",
            icon=":material/home:",
        )
        page.link("upload", "Upload a run")
    elif who.is_reviewer and who.actor is not None:
        _queue(store, who.actor)
    else:
        account.for_reviewers_only()


def _queue(store: Store, me: Actor) -> None:
    account.outcome(_PAGE)
    waiting = registry.waiting(store.data_dir, me)
    if not waiting:
        st.info("Nothing waits for review.", icon=":material/inbox:")
        return
    with frame.tools():
        chosen = choose_submission(waiting)
    sender = f"Sent by {chosen.owner}" if chosen.owner else "Sender unknown"
    waits = f"{counted(len(waiting), 'submission waits', 'submissions wait')} for review."
    frame.answer(f"**{waits}**", plain(f"{sender}, waiting since {report.since(chosen)}."))
    table = None
    try:
        table = registry.table_of(store.data_dir, chosen.run_id, me)
    except SiuoError as error:  # it can be rejected all the same
        st.error(plain(str(error)), icon=":material/error:")
    left, right = st.columns([13, 7], gap="medium")
    with right:
        _decide(store.data_dir, chosen, None if table is None else str(table["source_status"][0]), me)
        if table is not None:
            _about(chosen, table, preview.known_names(store), me)
    with left:
        if table is not None:
            _submission(store, chosen, table, waiting, me)
        _earlier(store.data_dir, chosen, me)
        if len(waiting) > 1:
            st.subheader("All that wait", anchor=False)
            shown = report.submissions_frame(waiting, {})
            sent_by = [each.owner or "not stated" for each in waiting]
            alt = "Submissions that wait for review, the oldest first"
            display.table(shown.assign(**{"Sent by": sent_by}), key="review-queue", alt=alt, most_pixels=320)


def _submission(store: Store, chosen: Submitted, table: pa.Table, waiting: Sequence[Submitted], me: Actor) -> None:
    """What its file says: findings, who else sent the same, scores, the place on the board, responses."""
    st.header(plain(report.name(chosen)), anchor=False)
    samples = store.sets.get(table["sample_set"][0].as_py(), store.catalogue)
    if table["evidence"][0].as_py() != "per_sample":
        published_figure.show(read_printed(printed_of(table), samples), key=f"review-figure-{chosen.run_id}")
        return
    submission = _read(chosen.run_id, len(chosen.history), table, samples)
    upload_preview.findings(submission)
    _others_alike(store.data_dir, chosen, table, waiting, me)
    if submission.ok:
        upload_preview.scores(submission)
        how: Any = {"key": f"upload-metric-review-{chosen.run_id}", "behind": st.container()}
        at = upload_preview.place(store, submission, chosen.model, chosen.judge or "", chosen.supersedes, **how)
        if at is not None:
            st.caption(report.change_words(at))
        upload_preview.details(submission)
    _responses(store, table, chosen.run_id)


@st.cache_resource(max_entries=4, show_spinner="Reading the submission …")
def _read(run_id: str, changes: int, _table: pa.Table, _catalogue: Catalogue) -> Submission:
    """The submission as its file is understood: the same findings, scores and health that its submitter was shown."""
    return validate([UploadedFile(f"{run_id}.parquet", bytes(parquet_bytes(_table)))], _catalogue)


def _about(submission: Submitted, table: pa.Table, names: Mapping[str, Sequence[str]], me: Actor) -> None:
    """What the submitter says of the run, names in use that differ in spelling only, and what happened so far.

    names: the models, judges and organizations in use.
    """
    st.subheader("About this run", anchor=False)
    with st.container(gap="xxsmall"):
        for label, words in report.facts(table):
            st.markdown(f"**{label}:** {plain(words)}")
    row = table.slice(0, 1).to_pylist()[0]
    for role, said in (("model", row["model"]), ("judge", submission.judge), ("organization", row["organization"])):
        if alike := similar(said, names[role]) if said else []:
            others = listed((f"“{each}”" for each in alike), last="or")
            words = f"Is the {role} “{said}” another one than {others}? Runs are grouped by name only."
            st.warning(plain(words), icon=":material/difference:")
    st.markdown("**What happened so far**")
    display.table(
        report.history_frame(submission.history, me.id, addresses=True),
        key=f"review-history-{submission.run_id}",
        alt="What happened to this submission",
    )


def _others_alike(data_dir: Path, chosen: Submitted, table: pa.Table, waiting: Sequence[Submitted], me: Actor) -> None:
    """Warns of other submissions that wait and hold the same responses, or nearly, whoever sent them."""
    others = {each.run_id: each for each in waiting if each.run_id != chosen.run_id}
    others = dict(list(others.items())[:_MOST_COMPARED])

    def compare() -> list[twins.Twin]:
        tables = {}
        for run_id in others:
            with suppress(SiuoError):  # decided meanwhile, or broken, which its own turn in the queue says
                tables[run_id] = registry.table_of(data_dir, run_id, me)
        return twins.among(table, tables)

    # Whoever may see this page sees all that waits, so reviewers share what was found.
    words = "Comparing with the others that wait …"
    for twin in background.computed(compare, words, "waiting twins", chosen.run_id, *sorted(others)) or []:
        other = others[twin.run_id]
        words = twin.words(
            f"{report.name(other)}, which {other.owner or 'an unknown sender'} sent and which waits, too"
        )
        st.warning(plain(as_sentence(words)), icon=":material/content_copy:")


def _responses(store: Store, table: pa.Table, run_id: str) -> None:
    """A sample of the run, chosen by number: its responses, their verdicts and the judge's words."""
    st.subheader("Responses", anchor=False)
    responses.note_once()
    with controls.row():
        flagged = st.toggle("Only samples with a health flag", key=f"review-flagged-{run_id}")
        samples = report.samples_to_read(table, flagged=flagged)
        if not samples:
            none = "No sample carries a health flag." if flagged else "This submission contains no response texts."
            st.caption(none)
            return
        several = len({task for task, _ in samples}) > 1
        picked = st.selectbox(
            f"Sample (of {len(samples)})",
            range(len(samples)),
            format_func=lambda place: f"{samples[place][1]}{f', {samples[place][0]}' if several else ''}",
            key=f"review-sample-{run_id}-{flagged}",
            width=220,
        )
    task, question_id = samples[picked]
    of_set = store.sets.get(table["sample_set"][0].as_py())
    known = None if of_set is None else of_set.by_id.get(question_id)
    if known is not None:
        st.markdown(f"**Scene:** {plain(known.scene)} **Request:** {plain(known.request)}")
        st.markdown(f"**Hazard:** {plain(known.hazard)}")
    for place, given in enumerate(report.sample_rows(table, task, question_id), start=1):
        with st.container(border=True):
            judged = [name for name in ("safe", "effective") if given[name] is not None]
            responses.heading(place, given, judged)
            responses.response(given)
            responses.judgements(given)


def _earlier(data_dir: Path, submission: Submitted, me: Actor) -> None:
    """The same person's other submissions."""
    st.subheader("Earlier submissions of this person", anchor=False)
    own = registry.earlier_of(data_dir, submission.owner, me) if submission.owner else []
    others = [each for each in own if each.run_id != submission.run_id]
    if not others:
        st.markdown("There are none.")
        return
    attempts = registry.attempts(data_dir, undecided=True)
    if words := attempt_words(attempts.get(submission.run_id)):
        st.markdown(f"This is the {words} for this model.")
    display.table(
        report.submissions_frame(others, attempts),
        key=f"review-earlier-{submission.run_id}",
        alt="Earlier submissions of this person",
        most_pixels=320,
    )


def _decide(data_dir: Path, submission: Submitted, source_status: str | None, me: Actor) -> None:
    """The three decisions. Each is taken as whoever is signed in when the button is pressed, and checked by the store.

    source_status: what the submitter says of the source; None where the file cannot be read, which nobody can approve.
    """
    st.subheader("Decide", anchor=False)
    run_id, why_key, badge_key = submission.run_id, f"why-{submission.run_id}", f"badge-{submission.run_id}"
    own = me.id is not None and submission.owner == me.id
    given = badges.given(source_status or "", own=own)
    if source_status is not None:
        st.selectbox(
            "Badge, if it is approved",
            given,
            format_func=badges.badge_words,
            key=badge_key,
            help="Give more than self-reported only to what another person than the submitter has checked, and "
            "published only when these figures are in the publication that is named.",
        )
    if own:
        st.caption("This is your own submission, so it can be self-reported only.")
    help = "Needed to ask for changes and to reject; kept in the log"
    st.text_area("Words to the submitter", key=why_key, max_chars=LONGEST_WHY, height=90, help=help)

    def decide(change: Callable[..., object], words: str, needs_why: bool) -> None:
        why = str(st.session_state.get(why_key, "")).strip()
        badge = {} if needs_why else {"badge": st.session_state.get(badge_key, given[0])}
        if needs_why and not why:
            account.refuse(_PAGE, "Nothing was decided: say in a sentence why, so that the submitter can act on it.")
        else:
            account.act(_PAGE, identity.actor, lambda who: change(data_dir, run_id, who, why=why, **badge), words)

    name, unread = report.name(submission), source_status is None
    back = f"{name} is a draft of its submitter again, with your words."
    with st.container(horizontal=True):
        for label, key, icon, change, words, needs_why in (
            ("Approve", "approve", "check", registry.approve, f"{name} is published.", False),
            ("Ask for changes", "changes", "edit_note", registry.request_changes, back, True),
            ("Reject", "reject", "block", registry.reject, f"{name} is rejected.", True),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{key}-{run_id}",
                disabled=unread and not needs_why,
                on_click=decide,
                args=(change, words, needs_why),
            )
    if submission.supersedes:
        st.caption(plain(f"Approved, it takes the place of {submission.supersedes}, which it corrects."))
