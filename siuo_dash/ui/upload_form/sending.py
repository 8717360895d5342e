"""The end of an upload where reviewers decide: send it for review, or keep it as a draft."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import SiuoError
from siuo_dash.ingest.submission import Submission
from siuo_dash.report import review
from siuo_dash.store import review as store
from siuo_dash.ui import account, identity, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_form.draft import Draft


def offer(data_dir: Path, draft: Draft, submission: Submission, metadata: RunMetadata, *, ready: bool) -> None:
    """The two buttons. Whoever is signed in when one is pressed is the submitter; what is refused is said in words."""
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
        with store.turn(data_dir, me), st.spinner("Sending …" if send else "Keeping …"):
            table = submission.to_table(metadata)
            put = store.submit if send else store.save_draft
            kept = put(data_dir, table, me, limits=identity.limits(), corrects=draft.corrects)
    except SiuoError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    draft.start_again(published=kept.run_id)
    st.rerun()


def show_sent(data_dir: Path, run_id: str) -> None:
    """What became of what was just sent."""
    try:
        sent = store.one(data_dir, run_id, identity.actor())
    except SiuoError as error:
        st.info(plain(str(error)), icon=":material/undo:")
        return
    label, meaning = review.STATES[sent.state]
    st.success(f"**{plain(review.name(sent))}**: {label.lower()}. {meaning}", icon=":material/check_circle:")
    page.link("upload", "My submissions", {"section": "My submissions", "submission": run_id})
    st.caption("Drop other files to upload another run.")


def correcting(draft: Draft, data_dir: Path) -> str | None:
    """Says which submission the next one corrects, with a way out of it; the published run that it would replace."""
    if draft.corrects is None:
        return None
    try:
        old = store.one(data_dir, draft.corrects, identity.actor())
    except SiuoError:
        draft.corrects = draft.stored = None
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/edit: This corrects **{plain(review.name(old))}** "
            f"({review.STATES[old.state][0].lower()}). Change what is said of it below, or drop other files."
        )
        st.button("Not a correction", key=draft.key("no-correction"), on_click=_forget, args=(draft,), type="tertiary")
    return review.replaced(old)


def _forget(draft: Draft) -> None:
    draft.start_again()
    account.refuse("upload", "Nothing is corrected now. Drop the files of a new run.")
