"""The page of safe versus effective: is a model safe because it understands, or because it does not help?"""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.analysis import bounded
from siuo_dash.analysis import tradeoff as analysis
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import bars
from siuo_dash.charts import tradeoff as charts
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import Screen
from siuo_dash.report import tradeoff as report
from siuo_dash.report.columns import screen as on_screen
from siuo_dash.report.export import Provenance, Table
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed
from siuo_dash.ui import address, background, browser, controls, display, frame, page, run_choice
from siuo_dash.ui.controls import View
from siuo_dash.ui.display import plain

PARTS: Final = {"chart": "Chart", "outcomes": "Four outcomes", "table": "Table"}
_MODES: Final[dict[charts.Mode, str]] = {"open": "Open run", "lasso": "Lasso select", "box": "Box select"}
_OLD_MODES: Final = {"Click: open": "open", "Lasso: choose": "lasso", "Box: choose": "box"}
"""What older links say."""
_MANY: Final = 40
"""From this many runs on, the intervals of all of them hide each other."""


def choose_part() -> str:
    """Which part of the page is shown, of PARTS."""
    return controls.choose("Show", PARTS, key="show", label_visibility="collapsed")


def show(view: View, part: str) -> None:
    """The runs judged by both as points beside a table, as bars of their outcomes, or as a table with all facts."""
    runs = _runs(view.store, view.store.version, view.filters, view.rank_partial)
    address.held_several("runs", view.labels)
    if not runs["judged"].any():
        words = "No run is judged by both Safe and Effective. Upload one that is."
        if view.board.both_runs:
            words = "No run that is judged by both Safe and Effective passes these filters."
        st.info(words, icon=":material/filter_alt_off:")
        return
    shares: pd.DataFrame | None = background.when_ready(_shares(view), "Computing how stable the frontier is …")
    runs, (who, traded) = _with_shares(runs, shares, _state(view), shares is not None)
    caveat = " ".join(filter(None, [view.caveat, _drawn_from(view)]))
    frame.answer(f"**{plain(who)}** {plain(traded)}", plain(caveat))
    judged = runs[runs["judged"]].reset_index(drop=True)
    unjudged = runs[~runs["judged"]]
    if part == "chart":
        _chart(view, judged, unjudged)
    elif part == "outcomes":
        _outcomes(view, judged, narrow=browser.narrow())
    else:
        _table(view, judged, unjudged)


def draw(view: View, theme: Theme, chosen: list[str]) -> tuple[go.Figure, Table] | None:
    """The chart as the page first shows it, and its data; None where no run is judged by both."""
    judged = _judged(view)
    how = {"intervals": len(judged) <= _MANY, "lines": True}
    figure = charts.tradeoff(judged, theme, chosen=chosen, screen="wide", mode="open", **how) if len(judged) else None
    return None if figure is None else (figure, report.export_table(judged, _provenance(view)))


def draw_outcomes(view: View, theme: Theme) -> tuple[go.Figure, Table] | None:
    """The chart of the four outcomes, and its data; None where no run's are known."""
    rows = _with_outcomes(_judged(view))
    return (bars.outcomes(rows, theme), report.export_table(rows, _provenance(view))) if len(rows) else None


def _judged(view: View) -> pd.DataFrame:
    """The runs judged by both with their shares of bootstraps, which are waited for."""
    runs = _runs(view.store, view.store.version, view.filters, view.rank_partial)
    runs, _ = _with_shares(runs, _shares(view).result(), _state(view), True)
    return runs[runs["judged"]].reset_index(drop=True)


def _state(view: View) -> tuple[Hashable, ...]:
    return (view.store.version, view.filters, view.rank_partial)


def _shares(view: View) -> Future[pd.DataFrame]:
    return background.later(
        lambda: analysis.frontier_shares(view.store, view.board.id, rank_partial=view.rank_partial),
        *("frontier", view.store.version, view.board.id, view.rank_partial),
    )


def _drawn_from(view: View) -> str:
    """What the shares are computed among, where that is not every run; '' while they are not there."""
    shares = _shares(view)
    most = bounded.most_runs(view.store, view.board.id)
    return report.shares_sentence(len(shares.result()), most) if shares.done() else ""


def _provenance(view: View) -> Provenance:
    return replace(view.provenance(warning=_drawn_from(view)), metric="")


@st.cache_resource(max_entries=16, show_spinner=False)
def _runs(_store: Store, version: str, filters: Filters, rank_partial: bool) -> pd.DataFrame:
    """What `tradeoff` gives, the best by Safe & Effective first."""
    return analysis.tradeoff(_store, filters, METRICS["safe_and_effective"], rank_partial=rank_partial)


@st.cache_resource(max_entries=16, show_spinner=False)
def _with_shares(
    _runs: pd.DataFrame, _shares: pd.DataFrame | None, state: Hashable, ready: bool
) -> tuple[pd.DataFrame, tuple[str, str]]:
    """The runs with their shares of bootstraps, and what is said about them."""
    runs = report.with_shares(_runs, _shares)
    return runs, report.sentence(runs)


def _chart(view: View, judged: pd.DataFrame, unjudged: pd.DataFrame) -> None:
    screen = browser.screen()
    mode, intervals, lines = _options(len(judged))
    chosen = run_choice.runs_chosen(view.labels)
    left, right = st.columns([7, 5]) if screen == "wide" else (st.container(), st.container())
    with left:
        _scatter(view, judged, chosen, screen, mode, intervals=intervals, lines=lines)
    with right:
        run_choice.selectable_table(
            on_screen(report.BESIDE, judged),
            judged["run_id"].tolist(),
            view.labels,
            chosen,
            key="tradeoff-table",
            alt=f"Safe and effective, {view.board.label}",
            columns=display.drawn(report.BESIDE),
            placeholder="–",
            most_pixels=560,
        )
        if len(chosen) > 1:
            page.link("compare", f"Compare {len(chosen)} selected runs", {"runs": chosen})
        if words := report.unjudged_words(unjudged):
            st.caption(words)


def _options(runs: int) -> tuple[charts.Mode, bool, bool]:
    """What a click on the chart does, and whether intervals of all runs and contours are drawn."""
    with frame.tools(), display.icon_menu("Chart options", "tune", key="icon-chart-options"):
        mode = controls.choose("On click", _MODES, key="mouse", aliases=_OLD_MODES)
        intervals = controls.switch("Intervals of all runs", name="intervals", default=runs <= _MANY)
        help = (
            "Where Safe & Effective would be 20, 40, 60 and 80% if safety and effectiveness were independent. A run "
            "whose own Safe & Effective is lower is safe mostly where it is not effective."
        )
        lines = controls.switch("Safe & Effective contours", name="lines", default=True, help=help)
    return mode, intervals, lines


@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn(
    _judged: pd.DataFrame,
    state: Hashable,
    theme: Theme,
    chosen: tuple[str, ...],
    screen: Screen,
    intervals: bool,
    lines: bool,
    mode: charts.Mode,
) -> go.Figure:
    """The chart, drawn once for each state of the data and the page."""
    return charts.tradeoff(_judged, theme, chosen=chosen, screen=screen, intervals=intervals, lines=lines, mode=mode)


def _scatter(
    view: View,
    judged: pd.DataFrame,
    chosen: list[str],
    screen: Screen,
    mode: charts.Mode,
    *,
    intervals: bool,
    lines: bool,
) -> None:
    def take_over() -> None:
        """A click opens the run; a lasso or box makes its runs the selected ones."""
        picked = [point["customdata"][0] for point in st.session_state["tradeoff"]["selection"]["points"]]
        if picked and mode == "open":
            page.go_later("run", {"run": picked[0]})
        elif picked:
            address.choose("runs", picked)
            run_choice.renew_tables()

    state = (*_state(view), bool(judged["share"].notna().any()))
    look = (browser.theme(), tuple(chosen), screen, intervals, lines, mode)
    display.chart(
        _drawn(judged, state, *look),
        key="tradeoff",
        alt=f"Safe against effective for {len(judged)} runs; the table beside it has the same figures",
        data=report.export_table(judged, _provenance(view)),
        select=take_over,
        mode="points" if mode == "open" else mode,
    )
    most = f"{charts.MOST_POINTS:,} of {len(judged):,} runs are drawn; filter to see others. "
    st.caption(
        (most if len(judged) > charts.MOST_POINTS else "")
        + "Bars: 95% Wilson intervals. Larger marks: more parameters. Regions are cut at 50%. A run is on the frontier "
        "if no other run of the board is at least as good in both rates and better in one. Some labels are hidden; the "
        "table lists every model."
    )


def _table(view: View, judged: pd.DataFrame, unjudged: pd.DataFrame) -> None:
    with frame.tools():
        display.exports(lambda: report.export_table(judged, _provenance(view)), key="tradeoff-table")
    run_choice.selectable_table(
        on_screen(report.COLUMNS, judged),
        judged["run_id"].tolist(),
        view.labels,
        run_choice.runs_chosen(view.labels),
        key="tradeoff-all",
        alt=f"Safe and effective with intervals, {view.board.label}",
        columns=display.drawn(report.COLUMNS),
        placeholder="–",
    )
    if len(unjudged):
        st.subheader("Not judged by both", anchor=False)
        st.caption("We do not estimate missing verdicts.")
        alt = "Runs that are not judged by both Safe and Effective"
        display.table(report.unjudged_table(unjudged), key="unjudged", alt=alt)


def _outcomes(view: View, judged: pd.DataFrame, *, narrow: bool) -> None:
    """The four outcomes of each run's samples, as bars and as counts."""
    unknown = judged["samples"].isna()
    if unknown.any():
        by_rate = judged.sort_values("safe_and_effective_rate", ascending=False, kind="stable")
        names = "any of these runs" if unknown.all() else listed(by_rate.loc[unknown, "model"], 6)
        st.caption(plain(f"How many samples are both safe and effective is not published for {names}."))
    judged = _with_outcomes(judged)
    if judged.empty:
        return
    if len(judged) > bars.MOST_ROWS:
        st.caption(f"The first {bars.MOST_ROWS} of {len(judged)} runs; the table lists all.")
    display.chart(
        bars.outcomes(judged, browser.theme(), narrow=narrow),
        key="outcomes",
        alt=f"Both, safe only, effective only and neither for {min(len(judged), bars.MOST_ROWS)} runs",
        data=report.export_table(judged, _provenance(view)),
    )
    alt = "Counts of the four outcomes for each run"
    display.table(report.outcome_table(judged), key="outcome-table", alt=alt, pinned="Model")


def _with_outcomes(judged: pd.DataFrame) -> pd.DataFrame:
    """The runs whose four outcomes are known, the best by Safe & Effective first."""
    by_rate = judged.sort_values("safe_and_effective_rate", ascending=False, kind="stable")
    return by_rate[by_rate["samples"].notna()].reset_index(drop=True)
