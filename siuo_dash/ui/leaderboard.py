"""The leaderboard page: one board's runs, ranked with what is known about each rank, or all runs without ranks."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from siuo_dash.analysis import leaderboard as analysis
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts.intervals import MOST_ROWS, ranking
from siuo_dash.errors import StoreError
from siuo_dash.report import leaderboard as report
from siuo_dash.report.export import Provenance
from siuo_dash.report.leaderboard import COLUMNS, ORDERS
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import background, browser, controls, display
from siuo_dash.ui.display import plain


def show(store: Store, board: Board | None, metric: Metric, filters: Filters, *, rank_partial: bool) -> None:
    """The runs that pass the filters, in a table and a chart. board: None = all runs, which have no ranks."""
    frame = _runs(store, board, metric, filters, rank_partial)
    words = filters.sentence() + (" Partial runs are ranked, too." if rank_partial else "")
    st.markdown(f"**{plain(words)}**" + ("" if board else " " + report.WHY_NO_RANKS))
    if board is not None and not frame.empty:
        display.key_figures(report.figures(analysis.key_figures(store, frame, metric), metric))

    provenance = Provenance(store.version, board.label if board else "all runs, not comparable", words)
    title = f"SIUO, {board.label if board else 'all runs'}"
    boards = controls.board_labels(store)
    with st.container(horizontal=True):
        columns, unknown = report.worth_showing(frame, _choose_columns(board is None), metric)
        orders = {order: label for order, label in ORDERS.items() if order != "rank" or board is not None}
        order = controls.choose_from("Order of rows", orders, key="sort", label_visibility="collapsed", width=230)
        rows = report.ordered(frame, order)
        if not frame.empty:
            display.exports(report.export_table(rows, columns, boards, provenance, title), key="leaderboard")
    table_area, chosen_area = st.container(), st.container()
    labels = analysis.run_labels(store)
    with chosen_area:  # also where no run passes the filters: the choice is not lost
        chosen = controls.choose_runs(frame["run_id"], labels)
    with table_area:
        if frame.empty:
            st.info(
                "No run passes these filters. Reset them, or choose another board.", icon=":material/filter_alt_off:"
            )
            return
        controls.selectable_table(
            report.screen_table(rows, columns, boards),
            rows["run_id"].tolist(),
            labels,
            chosen,
            key="leaderboard",
            alt=f"Leaderboard, {board.label if board else 'all runs'}",
            columns=display.drawn(COLUMNS[name] for name in columns),
            pinned="Model",
            placeholder="–",
        )
        if unknown:
            st.caption(unknown)
    if board is None:
        return
    st.subheader(f"{metric.label}: rate and 95 % interval", anchor=False)
    ranked = frame[frame["rank"].notna()]
    drawn = ranked.head(MOST_ROWS)
    if len(ranked) > len(drawn):
        st.caption(f"The first {MOST_ROWS} of {len(ranked)} ranked runs; filter to see others.")
    if drawn.empty:
        st.info(f"{metric.label} is not known for any run of this view. Choose another metric or board.")
        return
    display.chart(
        ranking(drawn, metric, browser.theme()),
        key="ranking",
        alt=f"{metric.label} of {len(drawn)} runs with 95 % intervals, best first",
        data=report.export_table(drawn, ["rank", "model", metric.id], boards, provenance, title),
    )


def _runs(store: Store, board: Board | None, metric: Metric, filters: Filters, rank_partial: bool) -> pd.DataFrame:
    """The leaderboard's rows with rank ranges and attempts."""
    frame = analysis.leaderboard(store, filters, metric, rank_partial=rank_partial)
    ranges = None
    if board is not None:
        ranges = background.computed(
            lambda: analysis.rank_ranges(store, board.id, metric, rank_partial=rank_partial),
            "Computing the rank ranges …",
            *("ranges", store.version, board.id, metric.id, rank_partial),
        )
    try:
        attempts = registry.attempts(store.data_dir)
    except StoreError:  # the data directory has gone; what was read of it is shown without them
        attempts = {}
    return report.with_attempts(report.with_ranges(frame, ranges), attempts)


def _choose_columns(all_runs: bool) -> list[str]:
    """Which columns the leaderboard shows, in their fixed order. Key and URL name: columns."""
    hidden = {"status", "base_model", *(("rank", "rank_range") if all_runs else ("board",))}
    offered = [column for column in COLUMNS if column not in (("rank", "rank_range") if all_runs else ())]
    default = [column for column in COLUMNS if column not in hidden]
    with st.popover("Columns", icon=":material/view_column:"):
        chosen = st.multiselect(
            "Columns of the table",
            offered,
            default=default,
            format_func=lambda column: COLUMNS[column].label,
            key="columns-all" if all_runs else "columns",
            bind="query-params",
        )
    return [column for column in offered if column in chosen or column == "model"]
