"""Grouped and stacked bars: what they count, how they tell their parts apart, names as text."""

from __future__ import annotations

import pandas as pd
import pytest

from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import bars, colours
from tests.make.runs import BOARD, HOSTILE

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()


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
