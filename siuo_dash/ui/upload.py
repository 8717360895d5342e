"""The upload page: files, check, describe and publish on one screen, what was found beside what is said of the run.

Hosted, people sign in first, and instead of publishing they send a run for review and follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis import preview
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import published_figure as figures
from siuo_dash.report import upload as report
from siuo_dash.settings import paths
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.text import as_sentence
from siuo_dash.ui import (
    account,
    controls,
    display,
    evaluation,
    frame,
    identity,
    published_figure,
    submissions,
    tokens,
    upload_facts,
    upload_form,
    upload_preview,
    upload_publish,
    upload_runs,
    withdrawal,
)
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft

SECTIONS: Final = {
    "Upload": "Result files",
    "Published figure": "Published figure",
    "My submissions": "My submissions",
    "Tokens": "Tokens",
    "Withdrawn": "Withdrawn runs",
}
_OF_PEOPLE: Final = ("My submissions", "Tokens")
"""What only a dashboard with accounts has."""


def choose_section() -> str:
    """The part of the page; locally nothing is sent, by nobody. Key and URL name: section."""
    hosted = identity.settings().hosted
    options = {name: label for name, label in SECTIONS.items() if hosted or name not in _OF_PEOPLE}
    return controls.choose("Section", options, key="section", label_visibility="collapsed")


def show(store: Store, section: str) -> None:
    """The section, to those who may use it; to others, why they may not."""
    who, found = identity.visitor(), identity.settings()
    if section == "Withdrawn":
        withdrawal.show(store)
    elif found.hosted and found.sign_in is not None and who.actor is None:
        account.ask_to_sign_in("Anyone can browse. Sign in to upload a run and follow its review.")
        _show_formats()
        _show_examples()
    elif section == "My submissions" and who.actor is not None:
        submissions.show(store, who.actor)
    elif section == "Tokens" and who.actor is not None:
        tokens.show(store.data_dir, who.actor)
    elif why := identity.why_no_upload(who, found):
        st.info(plain(as_sentence(why)), icon=":material/block:")
    else:
        account.outcome("upload")
        draft = submissions.current()
        replaces = submissions.correcting(draft, store.data_dir)
        corrected = registry.table_of(store.data_dir, draft.corrects, identity.actor()) if draft.corrects else None
        is_totals = corrected is not None and corrected["evidence"][0].as_py() != "per_sample"
        if draft.published:
            upload_publish.show_outcome(store, draft.published)
        left, right = st.columns([7, 5], gap="medium")
        if section == "Published figure" or (is_totals and not draft.files):
            _show_figure(store, draft, corrected if is_totals else None, left, right)
        else:
            _show_files(store, draft, corrected, replaces, left, right)


def _answer(done: int, words: str = "") -> None:
    """Where the person is on the way, and what is next. done: steps that are done."""
    frame.answer(report.steps(done, hosted=identity.settings().hosted), words)


def _show_figure(store: Store, draft: Draft, corrected: pa.Table | None, left: Any, right: Any) -> None:
    """What a publication prints, to be typed in. corrected: the rows of totals to correct."""
    with left:
        figure = published_figure.ask(draft, _figure_s_set(store, draft, corrected), corrected)
    with right:
        metadata = upload_facts.facts(draft, figures.stated(corrected), _names(store))
        wrong = figure.check_metadata(metadata)
        sure = upload_facts.ask_judge(draft, [metadata.judge], preview.judges(store))
        upload_publish.offer(store, draft, figure, metadata, wrong, ready=figure.ok and not wrong and sure)
    _answer((1 + 2 * (not wrong)) * figure.ok)


def _show_files(
    store: Store, draft: Draft, corrected: pa.Table | None, replaces: str | None, left: Any, right: Any
) -> None:
    """Files to be dropped, and what was found in them.

    corrected: the rows of the submission that is corrected, which are looked at while no file is dropped. replaces: the
    published run that the correction would replace.
    """
    with left:
        files = submissions.drop_files(draft, identity.settings().upload_mb)
        if not files and corrected is not None:
            files = [UploadedFile(f"{draft.corrects}.parquet", bytes(parquet_bytes(corrected)))]
        if not files:
            end = "send it" if identity.settings().hosted else "publish"
            _answer(0, f"Drop your result files. We check and rescore them; nothing is saved until you {end}.")
            if not draft.files:
                _show_formats()
        else:
            with registry.upload_lock(store.data_dir, identity.actor()):
                submission = submissions.examined(draft, files, store.sets)
    if files:
        _show_upload(store, draft, files, submission, replaces, left, right)
    else:
        with right:
            _show_examples()


def _figure_s_set(store: Store, draft: Draft, corrected: pa.Table | None) -> Catalogue:
    """The sample set that a published figure is over; asked where there are several."""
    known = list(store.sets)
    stated = known[0] if corrected is None else str(corrected["sample_set"][0])
    if len(known) > 1:
        place = known.index(stated) if stated in known else 0
        stated = st.selectbox("Sample set", known, place, key=draft.key("set"), width=300)
    return store.sets.get(stated, store.catalogue)


def _show_formats() -> None:
    with st.expander("Accepted formats", icon=":material/description:"):
        st.markdown(report.UNDERSTOOD)
    evaluation.offer_command()


def _show_examples() -> None:
    with st.container(gap=None):
        st.markdown("Try an example, or start from the template:")
        for name, label in report.EXAMPLES.items():
            if (path := paths.ROOT / "examples" / name).is_file():
                display.download(label, path.read_bytes(), name, key=f"upload-{name}", type="tertiary")


def _show_upload(
    store: Store,
    draft: Draft,
    files: Sequence[UploadedFile],
    submission: Submission,
    replaces: str | None,
    left: Any,
    right: Any,
) -> None:
    """Left what was found in the files, right what is said of the run. replaces: the published run that it corrects."""
    reading = submission.reading
    with left:
        _show_recognised(draft, submission)
        upload_runs.choose(draft, reading)
        if reading.needs:
            upload_form.answer(draft, reading)
        summary = st.container()
        upload_preview.findings(submission)
        upload_preview.roles(reading)
        behind = st.container()
        if reading.mapping is not None:
            upload_form.edit(draft, submission)
    if not submission.ok:
        # An expected error next to its field; an error in the file is on the left, where its name and row are.
        _answer(
            1, "Answer the questions below." if reading.needs else "Correct the errors below, or drop another file."
        )
        return
    with right:
        metadata, wrong = upload_facts.describe(draft, submission, _names(store))
        each_judge = reading.runs if reading.run_kind == "judge" else [metadata.judge]
        sure = "generation" not in submission.tasks or upload_facts.ask_judge(draft, each_judge, preview.judges(store))
        ready = not wrong and sure
        upload_publish.offer(store, draft, submission, metadata, wrong, ready=ready)
        upload_publish.offer_all(store, draft, submission, files, metadata, ready=ready)
    with summary:
        upload_preview.scores(submission)
        model, judge = metadata.model.strip(), metadata.judge.strip()
        upload_preview.place(store, submission, model, judge, replaces, key=draft.key("metric"), behind=behind)
    with behind:
        upload_preview.details(submission)
    _answer(3 if ready else 2)


def _names(store: Store) -> dict[str, list[str]]:
    """The names in use; of judges those that have boards, human judges first."""
    return preview.known_names(store) | {"judge": list(preview.judges(store))}


def _show_recognised(draft: Draft, submission: Submission) -> None:
    words = plain(report.recognised(submission))
    colour, icon = ("green", "check_circle") if submission.ok else ("red", "error")
    if submission.reading.needs:
        colour, icon = "blue", "help"
    elif not submission.ok:
        words += " It cannot be published as it is; nothing of it is kept."
    st.markdown(f":{colour}[:material/{icon}:] **{words}**")
    with st.container(horizontal=True, vertical_alignment="center"):
        submissions.load_mapping(draft)
        st.button("Start again", icon=":material/restart_alt:", type="tertiary", on_click=draft.start_again)
    submissions.mapping_state(draft)
