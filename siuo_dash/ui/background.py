"""Work that a page does not wait for, and what the server loads before anybody asks."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from siuo_dash.analysis import leaderboard
from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.engine.database import Store

T = TypeVar("T")


@st.cache_resource
def background() -> ThreadPoolExecutor:
    """Two threads for work that a page does not wait for."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="siuo")


def later(work: Callable[[], Any], *key: Any) -> Future[Any]:
    """`work()` in the background, once for each key (which names the data version).

    What failed is told to one who asks after it, and not kept: whoever asks next has it tried again.
    """
    found: Future[Any] = _kept(work, *key)
    if found.done() and found.exception() is not None:
        _kept.clear(work, *key)
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(_work: Callable[[], Any], *key: Any) -> Future[Any]:
    return background().submit(_work)


def rank_ranges(
    store: Store, board: str, metric: Metric, *, rank_partial: bool = False, also: str = ""
) -> Future[pd.DataFrame]:
    """A board's rank ranges: a bootstrap that is computed once, for all pages and the API.

    also: of `analysis.leaderboard.rank_ranges`; for a board all runs of which have ranges it is not needed.
    """
    return later(
        lambda: leaderboard.rank_ranges(store, board, metric, rank_partial=rank_partial, also=also),
        *("ranges", store.version, board, metric.id, rank_partial, also),
    )


def when_ready(future: Future[Any], words: str, *, patience: float = 0.25) -> Any | None:
    """The result when it comes within `patience` seconds; else None, a line of words, and a rerun once it is there."""
    try:
        return future.result(timeout=patience)
    except TimeoutError:
        _wait_for(future, words, [])
        return None


def computed(work: Callable[[], T], words: str, *key: Any, patience: float = 0.25) -> T | None:
    """`work()`, done in the background once for each key; None and a line of words until it is there."""
    return when_ready(later(work, *key), words, patience=patience)


@st.fragment(run_every=0.5)
def _wait_for(future: Future[Any], words: str, looks: list[bool]) -> None:
    # The first look belongs to the run of the page: to end that one would lose the click that it was for.
    if looks and future.done():
        st.rerun()
    looks.append(True)
    with st.container(key=f"waiting-{id(future)}"):
        st.caption(words)


def import_statistics() -> None:
    """Load what the statistics leave until they are called, about a second of imports; then freeze what is loaded."""
    for module in ("scipy.stats", "statsmodels.stats.inter_rater"):
        importlib.import_module(module)
    freeze_gc()


def freeze_gc() -> None:
    """Spare the garbage collector what is loaded now: Streamlit has it look through everything after each run.

    That took four fifths of a run of the shortest page: 74 of 94 ms.
    """
    gc.collect()
    gc.freeze()
