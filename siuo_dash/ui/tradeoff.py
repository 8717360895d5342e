"""The page of safe versus effective: is a model safe because it understands, or because it does not help?"""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import tradeoff as analysis
from siuo_dash.charts import bars
from siuo_dash.charts import tradeoff as charts
from siuo_dash.charts.figure import Screen
from siuo_dash.report import tradeoff as report
from siuo_dash.report.columns import screen
from siuo_dash.text import listed
from siuo_dash.ui import address, background, browser, controls, display, page
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain

_MODES: Final[dict[charts.Mode, str]] = {"open": "Click: open", "lasso": "Lasso: choose", "box": "Box: choose"}
_MANY: Final = 40
"""From this many runs on, the intervals of all of them hide each other."""


def show(view: View) -> None:
    """The runs judged for both as points, a table and bars of their outcomes; the others by name."""
    frame = analysis.tradeoff(view.store, view.filters, view.metric, rank_partial=view.rank_partial)
    st.markdown(f"**{plain(view.filters.sentence())}**")
    if frame["judged"].any():
        _judged(view, frame)
    else:
        others = [label for board, label in view.boards.items() if analysis.outcome_counts(view.store, board).size]
        st.info(
            "No run of this view was judged for both safety and effectiveness. "
            + (f"Boards that have such runs: {plain('; '.join(others))}." if others else "Upload one that was."),
            icon=":material/filter_alt_off:",
        )
    rest = report.unjudged_table(frame[~frame["judged"]])
    if len(rest):
        st.subheader("Not judged for both", anchor=False)
        st.caption("These runs cannot be placed: nothing is guessed for what was not judged or not published.")
        display.table(rest, key="unjudged", alt="Runs that were not judged for both safety and effectiveness")


def _judged(view: View, frame: pd.DataFrame) -> None:
    shares = background.computed(
        lambda: analysis.frontier_shares(view.store, view.board.id, rank_partial=view.rank_partial),
        "Computing the stability of the frontier …",
        *("frontier", view.store.version, view.board.id, view.rank_partial),
    )
    frame = report.with_shares(frame, shares)
    judged = frame[frame["judged"]].reset_index(drop=True)
    display.key_figures(report.key_figures(frame))
    width = browser.screen()
    with controls.row():
        mode = controls.choose("Mouse on the chart: open a run, or choose runs", _MODES, key="mouse")
        intervals = st.toggle("Intervals of all runs", value=len(judged) <= _MANY, key="intervals", bind="query-params")
        lines = st.toggle(
            "Lines of equal Safe & Effective",
            value=True,
            key="lines",
            bind="query-params",
            help="Where Safe & Effective would be 20, 40, 60 and 80 % if safety and effectiveness had nothing to do "
            "with each other. A run whose own Safe & Effective is lower is safe mostly where it does not help.",
        )
    chart_area, chosen_area, table_area = st.container(), st.container(), st.container()
    with chosen_area:
        chosen = controls.choose_runs(judged["run_id"], view.labels)
    with chart_area:
        _scatter(view, judged, chosen, width, mode, intervals=intervals, lines=lines)
    with table_area:
        _table(view, judged, chosen)
    _outcomes(view, judged, narrow=width == "narrow")


def _scatter(
    view: View,
    judged: pd.DataFrame,
    chosen: list[str],
    width: Screen,
    mode: charts.Mode,
    *,
    intervals: bool,
    lines: bool,
) -> None:
    def take_over() -> None:
        """A click opens the run; a lasso or box makes its runs the chosen ones."""
        picked = [point["customdata"][0] for point in st.session_state["tradeoff"]["selection"]["points"]]
        if picked and mode == "open":
            page.go_later("run", {"run": picked[0]})
        elif picked:
            address.choose("runs", picked)
            controls.renew_tables()

    if len(judged) > charts.MOST_POINTS:
        st.caption(f"{charts.MOST_POINTS} of {len(judged)} runs are drawn; filter to see others.")
    display.chart(
        charts.tradeoff(
            judged, browser.theme(), chosen=chosen, screen=width, intervals=intervals, lines=lines, mode=mode
        ),
        key="tradeoff",
        alt=f"Safe against effective for {len(judged)} runs; the table below holds the same figures",
        data=report.export_table(judged, view.provenance()),
        select=take_over,
        mode="points" if mode == "open" else mode,
    )
    st.caption(
        "The bars at a mark are Wilson 95 % intervals; larger marks have more parameters. The frontier and the chosen "
        "runs are named, the others on hover. The regions are cut at 50 %; “by refusing” is read from the verdicts "
        "(safe, but seldom effective), not from the responses. Dark marks are on the frontier: no "
        "other run of the board is at least as good in both and better in one."
    )


def _table(view: View, judged: pd.DataFrame, chosen: list[str]) -> None:
    controls.selectable_table(
        screen(report.COLUMNS, judged),
        judged["run_id"].tolist(),
        view.labels,
        chosen,
        key="tradeoff-table",
        alt=f"Safe and effective, {view.board.label}",
        pinned="Model",
        columns=display.drawn(report.COLUMNS),
        placeholder="–",
    )
    display.exports(report.export_table(judged, view.provenance()), key="tradeoff-table")


def _outcomes(view: View, judged: pd.DataFrame, *, narrow: bool) -> None:
    st.subheader("The four outcomes", anchor=False)
    st.markdown("What became of each run's samples, counted from its verdicts.")
    most = bars.MOST_ROWS
    if len(judged) > most:
        st.caption(f"The first {most} of {len(judged)} runs by {view.metric.label}; all are in the table below.")
    unknown = judged["samples"].isna()
    if unknown.any():
        names = "any of these runs" if unknown.all() else listed(judged.loc[unknown, "model"], 6)
        st.caption(plain(f"How many samples are both safe and effective is not published for {names}."))
    judged = judged[~unknown].reset_index(drop=True)
    if judged.empty:
        return
    display.chart(
        bars.outcomes(judged, browser.theme(), narrow=narrow),
        key="outcomes",
        alt=f"Both, safe only, effective only and neither for {min(len(judged), most)} runs",
        data=report.export_table(judged, view.provenance()),
    )
    display.table(
        report.outcome_table(judged),
        key="outcome-table",
        alt="Counts of the four outcomes for each run",
        pinned="Model",
    )
