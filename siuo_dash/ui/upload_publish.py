"""The last step of an upload: what is still missing, the button that publishes or sends, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis import preview
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import Finding, SiuoError
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import upload as report
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import AlreadyPublished, publish
from siuo_dash.store.registry.reading import public_runs
from siuo_dash.ui import browser, identity, page, submissions, upload_facts, upload_runs, withdrawal
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft, Publishable


def offer(
    store: Store, draft: Draft, made: Publishable, metadata: RunMetadata, wrong: Sequence[Finding], *, ready: bool
) -> None:
    """The last step: what is still missing, and the button that sends or publishes."""
    if wrong:
        st.markdown(f":orange[:material/edit_note:] {plain(upload_facts.problems(wrong))}")
    if identity.settings().hosted:
        submissions.offer(store.data_dir, draft, made, metadata, ready=ready)
        return
    button: dict[str, Any] = {
        "type": "primary",
        "icon": ":material/publish:",
        "key": draft.key("publish"),
        "width": "stretch",
    }
    if not st.button("Publish", disabled=not ready, **button):
        return
    try:
        with st.spinner("Publishing …"):
            run = publish(store.data_dir, made.to_table(metadata), by=metadata.trimmed("submitted_by"))
    except AlreadyPublished as known:
        st.error(plain(f"{known.what}. Nothing was written."), icon=":material/content_copy:")
        if known.existing_run_id in run_labels(store):
            page.link("run", "Open that run", {"run": known.existing_run_id})
        else:
            page.link("upload", "Restore it among the withdrawn runs", {"section": "Withdrawn"})
    except SiuoError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        draft.start_again(published=run.run_id)
        st.rerun()


def offer_all(
    store: Store,
    draft: Draft,
    submission: Submission,
    files: Sequence[UploadedFile],
    metadata: RunMetadata,
    *,
    ready: bool,
) -> None:
    """Where the files hold several runs: a button that publishes or sends all of them."""
    hosted = identity.settings().hosted

    def put(table: pa.Table, about: RunMetadata) -> None:
        if hosted:
            submissions.send(store.data_dir, table)
        else:
            publish(store.data_dir, table, by=about.trimmed("submitted_by"))

    verb = "Send" if hosted else "Publish"
    upload_runs.offer_all(draft, submission, files, metadata, store.sets, put, verb=verb, ready=ready)


def show_outcome(store: Store, run_id: str) -> None:
    """What became of what was just published or sent."""
    if identity.settings().hosted:
        submissions.show_sent(store.data_dir, run_id)
        return
    if run_id not in run_labels(store):
        if any(run.run_id == run_id for run in public_runs(store.data_dir)):  # a cluster shows it with the next tables
            st.info("The run is published. It shows on all pages in about a minute.", icon=":material/schedule:")
        else:
            st.info("This run was withdrawn meanwhile.", icon=":material/undo:")
        return
    live = preview.published_rank(store, run_id)
    words = report.live_words(f"**{plain(str(live.run['model']))}**", live.rank, live.ranked, live.metric)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="published"):
        st.markdown(f":green[:material/check_circle:] {words}", help=f"Run ID: {plain(run_id)}", width="content")
        page.link("run", "Open run", {"run": run_id})
        page.link("leaderboard", "See leaderboard", {"board": str(live.run["board"]), "runs": run_id})
        browser.copy_link(key="copy-run", data={"path": f"run?run={run_id}"})
        with st.popover(":gray[Withdraw]", type="tertiary"):
            withdrawal.ask(store.data_dir, run_id, run_id, "upload", end_of_keys="-published")
