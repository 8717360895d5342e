"""The upload page: from a result file to a published run, with findings, questions and a preview on the way.

Hosted, people sign in first, and instead of publishing they send a run for review and follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis import preview, queries
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import Finding, SiuoError
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import upload as report
from siuo_dash.settings import paths
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import AlreadyPublished, publish
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.text import as_sentence
from siuo_dash.ui import (
    account,
    controls,
    display,
    identity,
    page,
    published_figure,
    submissions,
    upload_form,
    upload_preview,
    upload_runs,
    withdrawal,
)
from siuo_dash.ui.display import plain
from siuo_dash.ui.submissions import Draft, Publishable

SECTIONS: Final = ("Upload", "Published figure", "My submissions", "Withdrawn")


def sentence() -> str:
    """What the page answers."""
    end = "you send it." if identity.settings().hosted else "you publish."
    return (
        "Drop what an evaluation left behind. Every score is recomputed, every fault is named, and nothing is kept "
        f"before {end}"
    )


def choose_section() -> str:
    """The part of the page; locally nothing is sent, so there are no submissions. Key and URL name: section."""
    offered = [name for name in SECTIONS if identity.settings().hosted or name != "My submissions"]
    options = {name: name for name in offered}
    return controls.choose("Section", options, key="section", label_visibility="collapsed")


def show(store: Store, section: str) -> None:
    """The section, to those who may use it; to others, why they may not."""
    who, found = identity.visitor(), identity.settings()
    if section == "Withdrawn":
        withdrawal.show(store)
    elif found.hosted and who.actor is None:
        account.ask_to_sign_in("Everybody can read here. To upload a run and to follow what becomes of it, sign in.")
        _show_empty()
    elif section == "My submissions" and who.actor is not None:
        submissions.show(store, who.actor)
    elif why := identity.why_no_upload(who, found):
        st.info(plain(as_sentence(why)), icon=":material/block:")
    else:
        account.outcome("upload")
        draft = submissions.current()
        replaces = submissions.correcting(draft, store.data_dir)
        corrected = registry.table_of(store.data_dir, draft.corrects, identity.actor()) if draft.corrects else None
        is_totals = corrected is not None and corrected["evidence"][0].as_py() != "per_sample"
        if section == "Published figure" or (is_totals and not draft.files):
            _show_figure(store, draft, corrected if is_totals else None)
        else:
            _show_form(store, draft, corrected, replaces)


def _show_figure(store: Store, draft: Draft, corrected: pa.Table | None) -> None:
    """What a publication prints, to be typed in, or what became of it. corrected: the rows of totals to correct."""
    if draft.published:
        _show_outcome(store, draft.published)
    figure, metadata, wrong = published_figure.ask(draft, store.catalogue, preview.known_names(store), corrected)
    _offer(store, draft, figure, metadata, wrong, ready=figure.ok and not wrong)


def _show_outcome(store: Store, run_id: str) -> None:
    if identity.settings().hosted:
        submissions.show_sent(store.data_dir, run_id)
    else:
        _show_published(store, run_id)


def _offer(
    store: Store, draft: Draft, made: Publishable, metadata: RunMetadata, wrong: Sequence[Finding], *, ready: bool
) -> None:
    """The last step: what is still missing, and the button that sends or publishes."""
    hosted = identity.settings().hosted
    st.subheader("Send" if hosted else "Publish", anchor=False)
    if wrong:
        st.info(plain(upload_form.problems(wrong)), icon=":material/edit_note:")
    if hosted:
        submissions.offer(store.data_dir, draft, made, metadata, ready=ready)
    else:
        _offer_publishing(store, draft, made, metadata, ready=ready)


def _show_form(store: Store, draft: Draft, corrected: pa.Table | None, replaces: str | None) -> None:
    """Files to be dropped, and what was found in them, or what became of those that were sent or published.

    corrected: the rows of the submission that is corrected, which are looked at while no file is dropped. replaces: the
    published run that the correction would replace.
    """
    files = submissions.drop_files(draft, identity.settings().upload_mb)
    if not files and corrected is not None:
        files = [UploadedFile(f"{draft.corrects}.parquet", bytes(parquet_bytes(corrected)))]
    if files:
        with st.container(horizontal=True, vertical_alignment="center"):
            submissions.load_mapping(draft)
            st.button("Start again", icon=":material/restart_alt:", type="tertiary", on_click=draft.start_again)
        with registry.upload_lock(store.data_dir, identity.actor()):
            submission = submissions.examined(draft, files, store.catalogue)
        _show_upload(store, draft, files, submission, replaces)
    elif draft.published:
        _show_outcome(store, draft.published)
    elif not draft.files:
        _show_empty()


def _show_empty() -> None:
    st.markdown(report.UNDERSTOOD)
    st.markdown("To try the page with an invented run, or to write down verdicts by hand:")
    with st.container(horizontal=True):
        for name, label in report.EXAMPLES.items():
            if (path := paths.ROOT / "examples" / name).is_file():
                display.download(label, path.read_bytes(), name, key=f"upload-{name}")


def _show_upload(
    store: Store, draft: Draft, files: Sequence[UploadedFile], submission: Submission, replaces: str | None
) -> None:
    """What was found in the files, from questions to publishing. replaces: the published run that it corrects."""
    reading, recognised = submission.reading, plain(report.recognised(submission))
    if submission.ok:
        st.success(recognised, icon=":material/check_circle:")
    elif reading.needs:
        st.info(recognised, icon=":material/help:")
    else:
        st.error(f"{recognised} It cannot be published as it is; nothing of it is kept.", icon=":material/error:")
    upload_runs.choose(draft, reading)
    upload_preview.roles(reading)
    if reading.needs:
        upload_form.answer(draft, reading)
    upload_preview.findings(submission)
    if reading.mapping is not None:
        upload_form.edit(draft, submission)
    if not submission.ok:
        return
    upload_preview.scores(submission)
    st.subheader("About this run", anchor=False)
    metadata, wrong = upload_form.describe(draft, submission, preview.known_names(store))
    model, judge = metadata.model.strip(), metadata.judge.strip()
    upload_preview.place(store, submission, model, judge, replaces, key=draft.key("metric"))
    _offer(store, draft, submission, metadata, wrong, ready=not wrong)
    hosted = identity.settings().hosted

    def put(table: pa.Table, about: RunMetadata) -> None:
        if hosted:
            submissions.send(store.data_dir, table)
        else:
            publish(store.data_dir, table, by=about.trimmed("submitted_by"))

    verb = "Send" if hosted else "Publish"
    upload_runs.offer_all(draft, submission, files, metadata, store.catalogue, put, verb=verb, ready=not wrong)


def _offer_publishing(
    store: Store, draft: Draft, submission: Publishable, metadata: RunMetadata, *, ready: bool
) -> None:
    if not st.button("Publish", icon=":material/publish:", disabled=not ready, key=draft.key("publish")):
        return
    try:
        with st.spinner("Publishing …"):
            run = publish(store.data_dir, submission.to_table(metadata), by=metadata.trimmed("submitted_by"))
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


def _show_published(store: Store, run_id: str) -> None:
    if (label := run_labels(store).get(run_id)) is None:
        st.info("This run was withdrawn meanwhile.", icon=":material/undo:")
        return
    board = str(queries.find_run(store, run_id)["board"])
    st.success(f"**{plain(label)}** is published. It is now visible to everyone.", icon=":material/check_circle:")
    with st.container(horizontal=True):
        page.link("run", "Open the run", {"run": run_id})
        page.link("leaderboard", "See it on the leaderboard", {"board": board, "runs": run_id})
        page.link("upload", "Withdraw it", {"section": "Withdrawn", "runs": run_id})
    st.caption(f"Its run_id is {run_id}. Drop other files to upload another run.")
