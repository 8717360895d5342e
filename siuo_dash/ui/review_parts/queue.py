"""Which submission is looked at: those that wait, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa
import streamlit as st

from siuo_dash.analysis import twins
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import SiuoError
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.report import review, upload
from siuo_dash.store import review as store
from siuo_dash.store.review import Actor, Submitted
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.ui import background, display
from siuo_dash.ui.display import plain

MOST_COMPARED: Final = 50
"""Others that wait, the longest first; each is read whole to be compared."""


def choose(waiting: Sequence[Submitted]) -> Submitted:
    """The chosen one; the oldest where nothing was chosen. Key and URL name: submission."""
    by_id = {each.run_id: each for each in waiting}
    if st.session_state.get("submission", st.query_params.get("submission")) not in by_id:
        st.session_state["submission"] = next(iter(by_id))  # what was chosen has been decided meanwhile
    display.table(
        review.submissions_frame(waiting, {}).assign(**{"Sent by": [each.owner or "not stated" for each in waiting]}),
        key="review-queue",
        alt="Submissions that wait for review, the oldest first",
        height="content" if len(waiting) <= 8 else 320,
    )
    with st.container(width=620):
        chosen = st.selectbox("Submission", list(by_id), key="submission", bind="query-params")
    return by_id[chosen]


def read(chosen: Submitted, table: pa.Table, catalogue: Catalogue) -> Submission:
    """The submission as its file is understood: the same findings, scores and health that its submitter was shown.

    table: its rows, which the store gives to owners and reviewers only.
    """
    return _read(chosen.run_id, len(chosen.history), table, catalogue)


def others_alike(data_dir: Path, chosen: Submitted, table: pa.Table, waiting: Sequence[Submitted], me: Actor) -> None:
    """Warns of other submissions that wait and hold the same responses, or nearly, whoever sent them."""
    others = [each for each in waiting if each.run_id != chosen.run_id][:MOST_COMPARED]

    def compare() -> list[twins.Twin]:
        tables = {}
        for each in others:
            with suppress(SiuoError):  # decided meanwhile, or broken, which its own turn in the queue tells
                tables[each.run_id] = store.table_of(data_dir, each.run_id, me)
        return twins.among(table, tables)

    # Whoever may see this page sees all that waits, so reviewers share what was found.
    work = background.later(compare, "waiting twins", chosen.run_id, *sorted(each.run_id for each in others))
    found = background.when_ready(work, "Others that wait are being compared with it.") or []
    by_id = {each.run_id: each for each in others}
    for twin in found:
        other = by_id[twin.run_id]
        words = twin.words(f"{review.name(other)}, which {other.owner or 'somebody'} sent and which waits, too")
        st.warning(plain(upload.sentence(words)), icon=":material/content_copy:")


@st.cache_resource(max_entries=4, show_spinner="Reading the submission …")
def _read(run_id: str, changes: int, _table: pa.Table, _catalogue: Catalogue) -> Submission:
    return validate([UploadedFile(f"{run_id}.parquet", bytes(parquet_bytes(_table)))], _catalogue)
