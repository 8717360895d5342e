"""A person's uploads: the one in the making, what was sent for review or kept, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.errors import SiuoError, SubmissionError
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.reader_process import validate
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.report import review as report
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Actor, Submitted
from siuo_dash.ui import account, address, controls, display, identity, page, streamlit_private, withdrawal
from siuo_dash.ui.display import plain

_PAGE: Final = "upload"
KEY: Final = f"{page.OF_ONE_PAGE}{_PAGE}"


@dataclass
class Draft:
    """What is kept until the run is published, the person starts again or leaves the page.

    number: renews all widgets of the form when it changes. files: ids of the dropped files that `mapping` is for.
    accepted: the last submission without errors and what it was made from; of a refused file nothing is kept.
    published: the run_id, once there is one. corrects: the earlier submission that this one takes the place of, whose
    rows are looked at while no file is dropped. new_judges: names that no run has and that the person has confirmed.
    """

    number: int | str = 0
    files: tuple[str, ...] = ()
    mapping: Mapping | None = None
    loaded: bool = False
    problem: str = ""
    accepted: tuple[tuple[object, ...], Submission] | None = None
    published: str | None = None
    corrects: str | None = None
    new_judges: frozenset[str] = frozenset()

    def key(self, name: str) -> str:
        """The key of a widget of this draft."""
        return f"upload-{name}-{self.number}"

    def release(self) -> None:
        """Free the dropped files: Streamlit keeps them until the tab is closed, also when their widget has gone."""
        streamlit_private.free_files(self.files)

    def start_again(self, published: str | None = None) -> None:
        """Forget files, mapping and scores; every widget is empty again."""
        self.release()
        fresh = Draft(number=int(self.number) + 1, published=published)
        self.__dict__.update(fresh.__dict__)

    def use(self, mapping: Mapping | None, *, loaded: bool = False) -> None:
        """Read the files with this mapping from now on; None = guess again."""
        self.mapping, self.loaded, self.problem = mapping, loaded, ""


def current() -> Draft:
    """The draft of this session."""
    draft: Draft = st.session_state.setdefault(KEY, Draft())
    return draft


def drop_files(draft: Draft, most_mb: int) -> list[UploadedFile]:
    """The file chooser; a mapping that was made for other files is forgotten, a loaded one stays.

    most_mb: megabytes of all files together; of more than that, the server lets go, and none is returned.
    """
    dropped = st.file_uploader(
        "Result files of one run",
        accept_multiple_files=True,
        key=draft.key("files"),
        max_upload_size=most_mb,
        label_visibility="collapsed",
    )
    if sum(file.size for file in dropped) > most_mb * 1024**2:
        draft.files = tuple(file.file_id for file in dropped)
        draft.release()
        st.error(
            f"The files have more than {most_mb} MB together. Drop the files of one run only.", icon=":material/error:"
        )
        st.button("Start again", icon=":material/restart_alt:", type="tertiary", on_click=draft.start_again)
        return []
    ids = tuple(file.file_id for file in dropped)
    if ids != draft.files:
        draft.files, draft.accepted = ids, None
        if ids:
            draft.published = None
        if not draft.loaded:
            draft.mapping = None
    return [UploadedFile(file.name, file.getvalue()) for file in dropped]


def examined(draft: Draft, files: Sequence[UploadedFile], sets: Dictionary[str, Catalogue]) -> Submission:
    """The submission of these files; read once while nothing changes, and without its texts when it is refused."""
    made_from = (draft.files or draft.corrects, draft.mapping.as_json() if draft.mapping else None, id(sets))
    if draft.accepted is not None and draft.accepted[0] == made_from:
        return draft.accepted[1]
    with st.spinner("Reading the files …"):
        submission = validate(files, sets, draft.mapping)
    draft.accepted = (made_from, submission) if submission.ok else None
    return submission if submission.ok else replace(submission, samples=())


def load_mapping(draft: Draft) -> None:
    """Lets a person use a saved mapping."""

    def take_over() -> None:
        file = st.session_state.get(draft.key("mapping-file"))
        try:
            draft.use(
                None if file is None else Mapping.from_json(file.getvalue(), where=file.name), loaded=file is not None
            )
        except SubmissionError as error:
            draft.use(None)
            draft.problem = str(error)

    with st.popover("Use a saved mapping", icon=":material/upload_file:", type="tertiary"):
        st.file_uploader(
            "Mapping (JSON)",
            key=draft.key("mapping-file"),
            on_change=take_over,
            max_upload_size=1,
            help="Saved on this page after another upload, or written by hand.",
        )


def mapping_state(draft: Draft) -> None:
    """Whether a loaded mapping is in use, or why it cannot be."""
    if draft.problem:
        st.error(plain(draft.problem), icon=":material/error:")
    elif draft.loaded:
        st.caption("The loaded mapping is in use. Remove its file to have the fields guessed again.")


class Publishable(Protocol):
    """What can be sent or published once it is said what run it is."""

    def to_table(self, metadata: RunMetadata) -> pa.Table:
        """Its rows under RESULT_SCHEMA."""


def offer(data_dir: Path, draft: Draft, submission: Publishable, metadata: RunMetadata, *, ready: bool) -> None:
    """Send or keep what was uploaded. Whoever is signed in when a button is pressed is the submitter."""
    with st.container(horizontal=True):
        icon, key = ":material/send:", draft.key("send")
        send = st.button("Send for review", icon=icon, disabled=not ready, key=key, type="primary")
        keep = st.button("Keep as draft", icon=":material/save:", disabled=not ready, key=draft.key("keep"))
    st.caption("A reviewer checks it first. Follow, correct or take it back under *My submissions*.")
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


def send(data_dir: Path, table: pa.Table) -> None:
    """Send one of several runs for review."""
    me = identity.uploader()
    with registry.upload_lock(data_dir, me):
        registry.submit(data_dir, table, me, limits=identity.limits())


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
    me = identity.actor()
    try:
        old = registry.one(data_dir, draft.corrects, me)
    except SiuoError:
        draft.corrects = None
        return None
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/edit: This corrects **{plain(report.name(old))}** "
            f"({report.STATES[old.state][0].lower()}). Change what is said of it below, or drop other files."
        )
        st.button("Not a correction", key=draft.key("no-correction"), on_click=_forget, args=(draft,), type="tertiary")
    _asked_for(old, me)
    return report.replaced(old)


def _asked_for(sent: Submitted, me: Actor) -> None:
    """A reviewer's words, where a decision was the last that happened."""
    last = sent.history[-1] if sent.history else None
    if last is not None and last.why and last.by != me.id and last.event in report.DECISIONS:
        st.info(plain(f"A reviewer said: {last.why}"), icon=":material/chat:")


def _forget(draft: Draft) -> None:
    draft.start_again()
    account.refuse(_PAGE, "Nothing is corrected now. Drop the files of a new run.")


def choose_submission(submissions: Sequence[Submitted]) -> Submitted:
    """The submission that is looked at: the first, until another is chosen. Key and URL name: submission."""
    by_id = {each.run_id: each for each in submissions}
    how: Any = {"key": "submission", "width": 400, "label_visibility": "collapsed"}
    return by_id[controls.choose_from("Submission", {run: run for run in by_id}, **how)]


def show(store: Store, me: Actor) -> None:
    """A person's own submissions, one of them whole."""
    account.outcome(_PAGE)
    own = registry.own(store.data_dir, me)
    if not own:
        st.info(
            "You have sent nothing yet. What you keep as a draft or send for review under *Upload* is shown here.",
            icon=":material/inbox:",
        )
        return
    frame = report.submissions_frame(own, registry.attempts(store.data_dir, undecided=True))
    display.table(frame, key="mine", alt="Your submissions, the latest first", most_pixels=320)
    chosen = choose_submission(own)
    label, meaning = report.STATES[chosen.state]
    st.subheader(plain(report.name(chosen)), anchor=False)
    st.markdown(f"**{label}.** {meaning}")
    _asked_for(chosen, me)
    display.table(
        report.history_frame(chosen.history, me.id, addresses=False),
        key=f"history-{chosen.run_id}",
        alt="What happened to this submission",
    )
    _actions(store, chosen, me)


def _actions(store: Store, chosen: Submitted, me: Actor) -> None:
    """What its sender can do with a submission in its state."""
    data_dir, run_id, name, state = store.data_dir, chosen.run_id, report.name(chosen), chosen.state
    last = chosen.history[-1] if chosen.history else None

    def button(
        label: str, key: str, icon: str, change: Callable[..., Any], words: str, who: Any = identity.actor, **how: Any
    ) -> None:
        def do() -> None:
            account.act(_PAGE, who, partial(change, data_dir, run_id, **how), words)

        st.button(label, icon=f":material/{icon}:", key=f"{key}-{run_id}", on_click=do)

    with st.container(horizontal=True):
        if state == "published" and run_id in run_labels(store):
            page.link("run", "Open run", {"run": run_id})
        if state == "draft":
            who, limits, words = identity.uploader, identity.limits(), f"{name} waits for review now."
            button("Send for review", "send", "send", registry.send, words, who, limits=limits)
        if state in ("draft", "pending", "published", "rejected"):
            st.button("Correct", icon=":material/edit:", key=f"correct-{run_id}", on_click=_correct, args=(chosen,))
        if state in ("draft", "pending"):
            words = f"{name} is taken back. {report.who_reads(chosen)}"
            button("Take back", "retract", "undo", registry.retract, words)
        # What a reviewer withdrew, only a reviewer brings back.
        if state == "withdrawn" and last is not None and last.event == "withdraw" and last.by == me.id:
            button("Publish again", "restore", "restore", registry.restore, f"{name} is published again.")
    if state == "published":
        with st.expander("Withdraw this run", icon=":material/undo:"):
            withdrawal.ask(data_dir, run_id, name, _PAGE, end_of_keys=f"-{run_id}")


def _correct(old: Submitted) -> None:
    draft = current()
    draft.start_again()
    draft.corrects, draft.new_judges = old.run_id, frozenset({old.judge or ""})  # asked about when it was sent
    address.choose("section", ["Upload"])
