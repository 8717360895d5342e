"""From a result file to a published run: findings, questions, preview, publish; and the way back.

Hosted, people sign in first, and instead of publishing they send a run for review and follow it.
"""

import streamlit as st

from siuo_dash.analysis import preview, queries
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import Finding, SiuoError
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import upload
from siuo_dash.settings import paths
from siuo_dash.store import review as submissions
from siuo_dash.store.publish import AlreadyPublished, publish
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.ui import account, identity, page
from siuo_dash.ui.display import plain
from siuo_dash.ui.upload_form import draft as drafts
from siuo_dash.ui.upload_form import mapping_editor, metadata_form, mine, results, sending, withdrawals

EXAMPLES = paths.ROOT / "examples"


def show_empty() -> None:
    st.markdown(upload.UNDERSTOOD)
    st.markdown("To try the page with an invented run, or to write down verdicts by hand:")
    with st.container(horizontal=True):
        for name, label in upload.EXAMPLES.items():
            if (path := EXAMPLES / name).is_file():
                st.download_button(
                    label, path.read_bytes, name, key=f"upload-{name}", on_click="ignore", icon=":material/download:"
                )


def show_upload(submission: Submission) -> None:
    reading = submission.reading
    if submission.ok:
        st.success(plain(upload.recognised(submission)), icon=":material/check_circle:")
    elif reading.needs:
        st.info(plain(upload.recognised(submission)), icon=":material/help:")
    else:
        st.error(
            f"{plain(upload.recognised(submission))} It cannot be published as it is; nothing of it is kept.",
            icon=":material/error:",
        )
    if reading.needs:
        mapping_editor.answer(draft, reading)
    results.findings(submission)
    if reading.mapping is not None:
        mapping_editor.edit(draft, submission)
    if not submission.ok:
        return
    results.scores(submission)
    st.subheader("About this run", anchor=False)
    metadata, wrong = metadata_form.describe(draft, submission, names)
    results.place(store, draft, submission, metadata, names["model"], replaces)
    st.subheader("Send" if hosted else "Publish", anchor=False)
    if wrong:
        st.info(plain(metadata_form.problems(wrong)), icon=":material/edit_note:")
    if hosted:
        sending.offer(store.data_dir, draft, submission, metadata, ready=not wrong)
    else:
        show_publish(submission, metadata, wrong)


def show_publish(submission: Submission, metadata: RunMetadata, wrong: list[Finding]) -> None:
    clicked = st.button("Publish", icon=":material/publish:", disabled=bool(wrong), key=draft.key("publish"))
    if not clicked:
        return
    try:
        with st.spinner("Publishing …"):
            run = publish(store.data_dir, submission.to_table(metadata), by=metadata.trimmed("submitted_by"))
    except AlreadyPublished as known:
        st.error(plain(f"{known.what}. Nothing was written."), icon=":material/content_copy:")
        if (holder := labels.get(known.existing_run_id)) is not None:
            page.link("run", "Open that run", {"run": holder})
        else:
            page.link("upload", "Restore it among the withdrawn runs", {"section": "Withdrawn"})
    except SiuoError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        draft.start_again(published=run.run_id)
        st.rerun()


def show_published(run_id: str) -> None:
    if (label := labels.get(run_id)) is None:
        st.info("This run was withdrawn meanwhile.", icon=":material/undo:")
        return
    board = queries.find_run(store, run_id)["board"]
    board_label = next(each.label for each in queries.boards(store) if each.id == board)
    st.success(
        f"**{plain(label)}** is published. Everybody sees it from their next click on.",
        icon=":material/check_circle:",
    )
    with st.container(horizontal=True):
        page.link("run", "Open the run", {"run": label})
        page.link("leaderboard", "See it on the leaderboard", {"board": board_label, "runs": label})
        page.link("upload", "Withdraw it", {"section": "Withdrawn", "runs": label})
    st.caption(f"Its run_id is {run_id}. Drop other files to upload another run.")


def show_form() -> None:
    files = drafts.drop_files(draft, identity.settings().upload_mb)
    if not files and draft.stored:
        table = submissions.table_of(store.data_dir, draft.stored, identity.actor())
        files = [UploadedFile(f"{draft.stored}.parquet", bytes(parquet_bytes(table)))]
    if files:
        with st.container(horizontal=True, vertical_alignment="center"):
            drafts.load_mapping(draft)
            st.button("Start again", icon=":material/restart_alt:", type="tertiary", on_click=draft.start_again)
        with submissions.turn(store.data_dir, identity.actor()):
            submission = drafts.examined(draft, files, store.catalogue)
        show_upload(submission)
    elif draft.published and hosted:
        sending.show_sent(store.data_dir, draft.published)
    elif draft.published:
        show_published(draft.published)
    elif not draft.files:
        show_empty()


store = page.open_store()
hosted = identity.settings().hosted
page.header(
    "Upload",
    "Drop what an evaluation left behind. Every score is recomputed, every fault is named, and nothing is kept before "
    + ("you send it." if hosted else "you publish."),
)
who = identity.visitor()
section = st.segmented_control(
    "Section",
    ["Upload", "My submissions", "Withdrawn"] if hosted else ["Upload", "Withdrawn"],
    default="Upload",
    required=True,
    key="section",
    bind="query-params",
    label_visibility="collapsed",
)
labels = run_labels(store)
draft = drafts.current()
if section == "Withdrawn":
    withdrawals.show(store, labels)
elif hosted and who.actor is None:
    account.ask_to_sign_in("Everybody can read here. To upload a run and to follow what becomes of it, sign in.")
    show_empty()
elif section == "My submissions" and who.actor is not None:
    mine.show(store.data_dir, who.actor, labels)
elif why := identity.why_no_upload(who, identity.settings()):
    st.info(plain(upload.sentence(why)), icon=":material/block:")
else:
    account.outcome("upload")
    replaces = sending.correcting(draft, store.data_dir) if hosted else None
    names = preview.known_names(store)
    show_form()
page.footer(store)
