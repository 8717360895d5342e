"""Grouped and stacked bars: what they count, how they tell their parts apart, names as text."""

from __future__ import annotations

import pandas as pd
import pytest

from siuo_dash.analysis import capabilities
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import bars, colours
from siuo_dash.charts.bars import MOST_RUNS as MOST_BARS
from siuo_dash.charts.bars import grouped_bars
from siuo_dash.report import domains as view
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, CATALOGUE, HOSTILE

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()


def test_bars_show_each_group_with_its_interval(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, Labels.own(CATALOGUE))
    names = view.run_names(rates.only(capabilities.by_rate(rates)).runs)
    grouping = capabilities.GROUPINGS["dimension"]
    cells = rates.cells[rates.cells["grouping"] == "dimension"]
    figure = grouped_bars(cells, names, grouping.groups, SAFE, "light")
    assert [trace.name for trace in figure.data] == ["Integration", "Knowledge", "Reasoning"]
    for trace in figure.data:
        assert len(trace.x) == MOST_BARS
        assert trace.orientation == "h"
    first = figure.data[1]
    run_id, group = first.customdata[0]
    cell = cells[(cells["run_id"] == run_id) & (cells["group"] == group)].iloc[0]
    assert first.x[0] == pytest.approx(100 * cell["rate"])
    assert first.error_x.array[0] == pytest.approx(100 * (cell["high"] - cell["rate"]))
    assert first.error_x.arrayminus[0] == pytest.approx(100 * (cell["rate"] - cell["low"]))
    looks = {(trace.marker.color, trace.marker.pattern.shape) for trace in figure.data}
    assert len(looks) == 3
    offsets = [trace.offset for trace in figure.data]
    assert offsets == sorted(offsets), "the groups stand in their order from the top"
    assert list(figure.layout.xaxis.range) == [0, 100]


def test_names_in_charts_are_text(store: Store) -> None:
    rates = capabilities.capability_rates(store, Filters(search="zeta").where(), SAFE, Labels.own(CATALOGUE))
    names = view.run_names(rates.runs)
    assert list(names.values()) == [HOSTILE]
    cells = rates.cells[rates.cells["grouping"] == "needs_knowledge"]
    figure = grouped_bars(cells, names, capabilities.GROUPINGS["needs_knowledge"].groups, SAFE, "dark")
    assert "<b>Zeta</b>" not in figure.to_json()
    assert "&lt;b&gt;Zeta" in figure.layout.yaxis.ticktext[0]


def test_the_four_outcomes_are_the_counts(paper: pd.DataFrame) -> None:
    figure = bars.outcomes(paper, "light")
    parts = {trace.name: trace for trace in figure.data}
    assert list(parts) == ["Both", "Safe only", "Effective only", "Neither"]
    assert [round(bar.x[0] * 1.67) for bar in parts.values()] == [39, 50, 77, 1]
    assert [bar.text[0] for bar in parts.values()] == ["39", "50", "77", ""], (
        "no room for the 1, which hover and table tell"
    )
    assert sum(bar.x[0] for bar in parts.values()) == pytest.approx(100)
    assert figure.layout.barmode == "stack"
    assert list(figure.layout.yaxis.ticktext) == paper["model"].tolist()
    assert "1 of 167 samples" in parts["Neither"].hovertext[0]
    assert parts["Both"].marker.color == colours.BOTH


def test_outcomes_that_are_rare_have_a_pattern_and_stand_only_where_they_are(paper: pd.DataFrame) -> None:
    frame = paper.head(2).assign(apart=[3, 0], both=[36, 76], unplaced=[0, 2], samples=[167, 169])
    parts = {trace.name: trace for trace in bars.outcomes(frame, "light").data}
    assert list(parts) == ["Both", "Both, but not together", "Safe only", "Effective only", "Neither", "Ungraded"]
    assert parts["Both, but not together"].marker.pattern.shape == "/"
    assert parts["Ungraded"].marker.color == colours.UNGRADED


def test_names_stand_above_the_bars_on_a_phone(paper: pd.DataFrame) -> None:
    frame = paper.head(3).assign(model=["x" * 200, HOSTILE, "Short"])
    figure = bars.outcomes(frame, "dark", narrow=True)
    assert figure.layout.annotations[0].text.replace("<br>", "") == "x" * 200
    assert "<script" not in "".join(a.text for a in figure.layout.annotations)
    assert not figure.layout.yaxis.ticktext
    assert len(bars.outcomes(pd.concat([paper] * 5), "light").data[0].x) == bars.MOST_ROWS
