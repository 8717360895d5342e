"""A person's submissions: sending one for review or keeping it, the state of each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import SiuoError
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import review as report
from siuo_dash.store import registry
from siuo_dash.store.registry import Actor, Submitted
from siuo_dash.ui import account, display, identity, page, withdrawal
from siuo_dash.ui import upload_draft as drafts
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_draft import Draft

_PAGE: Final = "upload"


def offer(data_dir: Path, draft: Draft, submission: Submission, metadata: RunMetadata, *, ready: bool) -> None:
    """Send or keep what was uploaded. Whoever is signed in when a button is pressed is the submitter."""
    st.markdown(
        "A reviewer looks at it before anybody else sees it. You can follow it, correct it and take it back under "
        "*My submissions*."
    )
    with st.container(horizontal=True):
        send = st.button("Send for review", icon=":material/send:", disabled=not ready, key=draft.key("send"))
        keep = st.button("Keep as draft", icon=":material/save:", disabled=not ready, key=draft.key("keep"))
    if not send and not keep:
        return
    try:
        me = identity.uploader()
        with registry.upload_lock(data_dir, me), st.spinner("Sending …" if send else "Keeping …"):
            put = registry.submit if send else registry.save_draft
            kept = put(data_dir, submission.to_table(metadata), me, limits=identity.limits(), corrects=draft.corrects)
    except SiuoError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    draft.start_again(published=kept.run_id)
    st.rerun()


def show_sent(data_dir: Path, run_id: str) -> None:
    """What became of what was just sent."""
    try:
        sent = registry.one(data_dir, run_id, identity.actor())
    except SiuoError as error:
        st.info(plain(str(error)), icon=":material/undo:")
        return
    label, meaning = report.STATES[sent.state]
    st.success(f"**{plain(report.name(sent))}**: {label.lower()}. {meaning}", icon=":material/check_circle:")
    page.link("upload", "My submissions", {"section": "My submissions", "submission": run_id})
    st.caption("Drop other files to upload another run.")


def correcting(draft: Draft, data_dir: Path) -> str | None:
    """Says which submission the next one corrects, with a way out of it; the published run that it would replace."""
    if draft.corrects is None:
        return None
    try:
        old = registry.one(data_dir, draft.corrects, identity.actor())
    except SiuoError:
        draft.corrects = draft.stored = None
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/edit: This corrects **{plain(report.name(old))}** "
            f"({report.STATES[old.state][0].lower()}). Change what is said of it below, or drop other files."
        )
        st.button("Not a correction", key=draft.key("no-correction"), on_click=_forget, args=(draft,), type="tertiary")
    return report.replaced(old)


def _forget(draft: Draft) -> None:
    draft.start_again()
    account.refuse(_PAGE, "Nothing is corrected now. Drop the files of a new run.")


def choose_submission(submissions: Sequence[Submitted], frame: pd.DataFrame, *, key: str, alt: str) -> Submitted:
    """Submissions in a table (frame), one of which is looked at: the first, until another is chosen.

    The key of the choice is its name in the URL, too: submission.
    """
    by_id = {each.run_id: each for each in submissions}
    if st.session_state.get("submission", st.query_params.get("submission")) not in by_id:
        st.session_state["submission"] = next(iter(by_id))  # nothing was chosen, or it is no longer among them
    display.table(frame, key=key, alt=alt, most_pixels=320)
    return by_id[st.selectbox("Submission", list(by_id), key="submission", bind="query-params", width=620)]


def show(data_dir: Path, me: Actor, labels: Mapping[str, str]) -> None:
    """A person's own submissions, one of them whole. labels: {run_id: what people read} of the published runs."""
    account.outcome(_PAGE)
    own = registry.own(data_dir, me)
    if not own:
        st.info(
            "You have sent nothing yet. What you keep as a draft or send for review under *Upload* is shown here.",
            icon=":material/inbox:",
        )
        return
    attempts = registry.attempts(data_dir, undecided=True)
    frame = report.submissions_frame(own, attempts)
    chosen = choose_submission(own, frame, key="mine", alt="Your submissions, the latest first")
    label, meaning = report.STATES[chosen.state]
    st.subheader(plain(report.name(chosen)), anchor=False)
    st.markdown(f"**{label}.** {meaning}")
    last = chosen.history[-1] if chosen.history else None
    if last is not None and last.why and last.by != me.id and last.event in report.DECISIONS:
        st.info(plain(f"A reviewer said: {last.why}"), icon=":material/chat:")
    display.table(
        report.history_frame(chosen.history, me.id, addresses=False),
        key=f"history-{chosen.run_id}",
        alt="What happened to this submission",
    )
    _actions(data_dir, chosen, labels, me)


def _actions(data_dir: Path, chosen: Submitted, labels: Mapping[str, str], me: Actor) -> None:
    """What its sender can do with a submission in its state."""
    run_id, name, state = chosen.run_id, report.name(chosen), chosen.state
    last = chosen.history[-1] if chosen.history else None

    def send(me: Actor) -> None:
        registry.send(data_dir, run_id, me, limits=identity.limits())

    def retract(me: Actor) -> None:
        registry.retract(data_dir, run_id, me)

    def restore(me: Actor) -> None:
        registry.restore(data_dir, run_id, me)

    with st.container(horizontal=True):
        if state == "published" and run_id in labels:
            page.link("run", "Open the run", {"run": labels[run_id]})
        if state == "draft":
            words = f"{name} waits for review now."
            _button("Send for review", f"send-{run_id}", ":material/send:", identity.uploader, send, words)
        if state in ("draft", "pending", "published", "rejected"):
            st.button("Correct", icon=":material/edit:", key=f"correct-{run_id}", on_click=_correct, args=(run_id,))
        if state in ("draft", "pending"):
            words = f"{name} is taken back. Nobody else sees it."
            _button("Take back", f"retract-{run_id}", ":material/undo:", identity.actor, retract, words)
        # What a reviewer withdrew, only a reviewer brings back.
        if state == "withdrawn" and last is not None and last.event == "withdraw" and last.by == me.id:
            words = f"{name} is published again."
            _button("Publish again", f"restore-{run_id}", ":material/restore:", identity.actor, restore, words)
    if state == "published":
        with st.expander("Withdraw it", icon=":material/undo:"):
            withdrawal.ask(data_dir, run_id, name, _PAGE, end_of_keys=f"-{run_id}")


def _button(
    label: str, key: str, icon: str, who: Callable[[], Actor], change: Callable[[Actor], object], words: str
) -> None:
    def do() -> None:
        account.act(_PAGE, who, change, words)

    st.button(label, icon=icon, key=key, on_click=do)


def _correct(run_id: str) -> None:
    draft = drafts.current()
    draft.start_again()
    draft.corrects = draft.stored = run_id
    st.session_state["section"] = "Upload"
