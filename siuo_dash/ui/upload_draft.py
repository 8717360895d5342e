"""One person's upload in the making: what it keeps between two clicks, and how it is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import SubmissionError
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.ui import page, streamlit_private
from siuo_dash.ui.display import plain

KEY: Final = f"{page.OF_ONE_PAGE}upload"


@dataclass
class Draft:
    """What is kept until the run is published, the person starts again or leaves the page.

    number: renews all widgets of the form when it changes. files: ids of the dropped files that `mapping` is for.
    accepted: the last submission without errors and what it was made from; of a refused file nothing is kept.
    published: the run_id, once there is one. corrects: the earlier submission that this one takes the place of.
    stored: the submission whose rows are looked at while no file is dropped.
    """

    number: int | str = 0
    files: tuple[str, ...] = ()
    mapping: Mapping | None = None
    loaded: bool = False
    problem: str = ""
    accepted: tuple[tuple[object, ...], Submission] | None = None
    published: str | None = None
    corrects: str | None = None
    stored: str | None = None

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
        help="Each file is recognised by its content. Nothing is kept before you publish.",
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


def examined(draft: Draft, files: Sequence[UploadedFile], catalogue: Catalogue) -> Submission:
    """The submission of these files; read once while nothing changes, and without its texts when it is refused."""
    made_from = (draft.files or draft.stored, draft.mapping.as_json() if draft.mapping else None, id(catalogue))
    if draft.accepted is not None and draft.accepted[0] == made_from:
        return draft.accepted[1]
    with st.spinner("Reading the files …"):
        submission = validate(files, catalogue, draft.mapping)
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

    with st.popover("Use a saved mapping", icon=":material/upload_file:"):
        st.file_uploader(
            "Mapping (JSON)",
            key=draft.key("mapping-file"),
            on_change=take_over,
            max_upload_size=1,
            help="Saved on this page after another upload, or written by hand.",
        )
    if draft.problem:
        st.error(plain(draft.problem), icon=":material/error:")
    elif draft.loaded:
        st.caption("The loaded mapping is in use. Remove its file to have the fields guessed again.")
