"""Dots of the parts of the catalogue."""

from __future__ import annotations

import pytest

from siuo_dash.analysis import subcategories
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Label, Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.parts import subcategory_dots
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, CATALOGUE, HOSTILE

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()


def test_every_subcategory_has_a_dot_and_its_count_lowest_first(store: Store) -> None:
    samples = subcategories.failures(store, WHERE, SAFE, Labels.own(CATALOGUE))
    (dots,) = subcategory_dots(subcategories.by_subcategory(samples), SAFE, "light").data
    assert len(dots.x) == len(set(map(tuple, dots.customdata))) == 33
    assert list(dots.x) == sorted(dots.x)
    for (domain, name), rate, count in zip(dots.customdata, dots.x, dots.text, strict=True):
        own = samples[(samples["domain"] == domain) & (samples["subcategory"] == name)]
        graded, failing = int(own["graded"].sum()), int(own["failing"].sum())
        assert count == f"{graded - failing}/{graded}"
        assert rate == pytest.approx(100 * (graded - failing) / graded)


def test_a_visitors_own_subcategory_is_text(store: Store) -> None:
    labels = Labels({1001: Label(HOSTILE, "knowledge", True, False)}, origin="mine.csv")
    samples = subcategories.failures(store, WHERE, SAFE, labels)
    figure = subcategory_dots(subcategories.by_subcategory(samples), SAFE, "dark")
    assert "<b>Zeta" not in figure.layout.yaxis.ticktext[0]
    assert "&lt;b&gt;Zeta" in figure.layout.yaxis.ticktext[0]
    assert "&lt;b&gt;Zeta" in figure.data[0].hovertext[0]
