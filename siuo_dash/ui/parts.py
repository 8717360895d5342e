"""What the pages of domains and capabilities share: runs that have no parts, labels in use, the way to failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list, domains
from siuo_dash.analysis.sample_filters import FAILING
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import MCQA_JUDGE
from siuo_dash.report import domains as report
from siuo_dash.report import labels
from siuo_dash.report.samples import link_params
from siuo_dash.ui import controls, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain

Way = tuple[str, Mapping[str, str | list[str]]]
"""A page and its query."""


def state(view: View) -> tuple[object, ...]:
    """What a view's figures depend on: a key for what is computed once."""
    filters = repr(view.filters)
    return (str(view.store.data_dir), view.store.version, view.board.id, view.metric.id, filters, view.rank_partial)


def left_out(view: View, *, by_domain: bool = True) -> None:
    """The runs of the view that nothing is known of by parts of the benchmark, and why.

    by_domain: whether counts by domain are enough.
    """
    for short, names, why in _left_out(view, state(view), by_domain=by_domain):
        with st.expander(short, icon=":material/info:"):
            st.markdown(f"{plain(names)}\n\n{plain(why)}")
            page.link("upload", "Upload a run")


@st.cache_resource(max_entries=64, show_spinner=False)
def _left_out(_view: View, key: tuple[object, ...], *, by_domain: bool) -> list[tuple[str, str, str]]:
    missing = domains.runs_without_domains(_view.store, _view.filters.where(), _view.metric, by_domain=by_domain)
    return report.left_out(missing, _view.metric)


def nothing_to_show(view: View, runs: pd.DataFrame) -> bool:
    """Whether there is no run to show by parts of the benchmark, and words for it. runs: those with such rates."""
    if view.board.protocol.judge == MCQA_JUDGE and view.metric.task != "mcqa":
        st.info(report.ONLY_MULTIPLE_CHOICE, icon=":material/search_off:")
        return True
    if len(runs):
        return False
    words = report.nothing_known(view.metric, view.board, board_list.boards(view.store))
    st.info(plain(words), icon=":material/search_off:")
    return True


def labels_in_use(view: View) -> Labels:
    """The labels of the board's samples that this visitor dropped, or those of their set."""
    dropped: Labels | None = st.session_state.get(labels.SESSION_KEY)
    is_of_these = dropped is not None and dropped.sample_set == view.board.sample_set
    return dropped if dropped is not None and is_of_these else Labels.own(view.catalogue)


def failures(
    view: View, runs: pd.DataFrame, run_id: str, *, domains: Sequence[str] = (), dimensions: Sequence[str] = ()
) -> Way:
    """The page and the query that show what the run fails, in these parts or in all of them.

    runs: those that are drawn, with their boards. Of totals by domain no sample is known: the run's own page opens.
    """
    run = runs.set_index("run_id").loc[run_id]
    if run["evidence"] != "per_sample":
        return "run", {"run": run_id, "metric": view.metric.id}
    outcomes = {run_id: FAILING[view.metric.id]}
    parts = link_params(
        board=str(run["board"]), domains=domains, dimensions=dimensions, outcomes=outcomes, order="easiest"
    )
    return "samples", parts


def link_to_failures(
    runs: Mapping[str, str], label: str, parts: Mapping[str, str], way: Callable[[str, str], Way]
) -> None:
    """What a click on a chart does, without a mouse: a run, one of the parts or all, and a link.

    runs: {run_id: name}; parts: {id: what people read}; way: to the failures of a run in a part, '' for all.
    """
    with controls.row():
        run = st.selectbox("Run", list(runs), format_func=runs.__getitem__, key="cell-run", width=300)
        options = {"": "All", **parts}
        part = st.selectbox(label, list(options), format_func=options.__getitem__, key="cell-part", width=260)
        where, params = way(run, part)
        page.link(where, "Show failures" if where == "samples" else "Open run", params)
