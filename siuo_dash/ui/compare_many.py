"""The compare page: one run against its board or against the other selected runs."""

from __future__ import annotations

from collections.abc import Hashable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from siuo_dash.analysis import baseline, board_list, comparison, queries
from siuo_dash.analysis.filters import Clause, Filters, of_runs
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.intervals import MOST_ROWS, differences
from siuo_dash.report import compare as report
from siuo_dash.report import compare_exports
from siuo_dash.report.export import Provenance, Table
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import browser, display, frame, rows
from siuo_dash.ui.compare_choice import FAMILIES, Choice, answer, compare, side


def show(choice: Choice) -> None:
    """A against its board, or against the other selected runs, p-values adjusted by Holm."""
    store, first = choice.store, choice.runs[0]
    if not choice.judged:
        frame.answer("**A is not judged by any metric.**")
        return
    base = side(store, store.version, first)
    board = queries.board_for(choice.metric, base.board)
    others = Filters(board=board).where() if choice.family == "board" else of_runs(choice.runs)
    found = _against(store, store.version, first, choice.metric.id, others)
    if found.empty:
        st.info("No other run to compare with: select one as B.", icon=":material/info:")
        return
    name = choice.labels[first]
    known = board_list.boards(store)
    boards = [each for each in known if each.id in {base.board, *found["board"]}]
    warning = "" if choice.metric.id == "mcqa" else comparison.board_warning([each.protocol for each in boards])
    answer(choice, report.against_words(found, choice.metric, base.model), {base.board, *found["board"]}, warning)
    filters = f"baseline {name}; {FAMILIES[choice.family].lower()}"
    where = " | ".join(each.label for each in boards)
    provenance = Provenance(store.version, where, filters, warning, choice.metric.label)
    export = compare_exports.against_export(found, choice.metric, name, choice.labels, provenance)
    with frame.tools():
        display.exports(export, key="against-export")
    names = report.short_names(found, choice.labels)
    left, right = st.container(key="beside-runs").columns(2, gap="medium")
    with left:
        _against_chart(choice, found, names, export, report.picture_note(warning))
    with right:
        _against_rows(choice, found, names)


@st.cache_resource(max_entries=16, show_spinner=False)
def _against(_store: Store, version: str, first: str, metric: str, where: Clause) -> pd.DataFrame:
    return baseline.against_baseline(_store, comparison.side(_store, first), METRICS[metric], where)


@st.cache_resource(max_entries=16, show_spinner=False)
def _drawn(_found: pd.DataFrame, _names: dict[str, str], state: Hashable, theme: Theme, note: str) -> go.Figure:
    return differences(
        report.against_chart_rows(_found, _names),
        theme,
        left="A better",
        right="run better",
        legend="p < 0.05 (Holm)",
        note=note,
    )


def _against_chart(choice: Choice, found: pd.DataFrame, names: dict[str, str], export: Table, note: str) -> None:
    rated = int(found["p"].notna().sum())
    state = (choice.store.version, tuple(choice.runs), choice.family, choice.metric.id)
    display.chart(
        _drawn(found, names, state, browser.theme(), note),
        key="against-chart",
        alt=f"{choice.metric.label} of {min(rated, MOST_ROWS)} runs minus A, with 95% intervals",
        data=export,
    )
    if rated > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS} of {rated} runs; the table lists all.")


def _against_rows(choice: Choice, found: pd.DataFrame, names: dict[str, str]) -> None:
    rows.show(
        report.against_rows(found, names),
        lambda run: compare([choice.runs[0], run]),
        key="against-rows",
        label="Runs against A; a row compares it with A",
        page="compare",
        query={"metric": choice.metric.id, "baseline": choice.runs[0]},
        name="runs",
        tall=True,
    )
    st.caption(
        "A row compares that run with A. p is adjusted by Holm for all these runs; intervals are each run's own."
    )
