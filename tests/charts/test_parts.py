"""Dots of the parts of the catalogue."""

from __future__ import annotations

from operator import itemgetter

import pytest

from siuo_dash.analysis import capabilities, subcategories
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Label, Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.parts import MOST_RUNS, group_dots, subcategory_dots
from siuo_dash.report import domains as view
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


def test_each_group_has_a_panel_with_a_dot_and_its_interval_for_each_run(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, Labels.own(CATALOGUE))
    names = view.run_names(rates.only(capabilities.by_rate(rates)).runs)
    grouping = capabilities.GROUPINGS["dimension"]
    cells = rates.cells[rates.cells["grouping"] == "dimension"]
    for narrow in (False, True):
        figure = group_dots(cells, names, grouping.groups, SAFE, "light", narrow=narrow)
        assert len(figure.data) == 3
        for panel, group in zip(figure.data, grouping.groups, strict=True):
            assert len(panel.x) == MOST_RUNS
            places = [
                dict(zip(map(itemgetter(0), panel.customdata), panel.y, strict=True))[each] for each in list(names)[:60]
            ]
            assert places == sorted(places), "the runs are in the given order from the top"
            assert {each for _, each in panel.customdata} == {group}
        assert len({panel.xaxis for panel in figure.data}) == 3
        ends = [figure.layout[axis].domain for axis in ("xaxis", "xaxis2", "xaxis3")]
        assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0], "panels are beside each other"
        assert all(list(figure.layout[axis].range) == [-2, 102] for axis in ("xaxis", "xaxis2", "xaxis3"))
        first = figure.data[1]
        run_id, group = first.customdata[0]
        cell = cells[(cells["run_id"] == run_id) & (cells["group"] == group)].iloc[0]
        assert first.x[0] == pytest.approx(100 * cell["rate"])
        assert first.error_x.array[0] == pytest.approx(100 * (cell["high"] - cell["rate"]))
        assert first.error_x.arrayminus[0] == pytest.approx(100 * (cell["rate"] - cell["low"]))


def test_names_of_runs_are_text(store: Store) -> None:
    rates = capabilities.capability_rates(store, Filters(search="zeta").where(), SAFE, Labels.own(CATALOGUE))
    names = view.run_names(rates.runs)
    assert list(names.values()) == [HOSTILE]
    cells = rates.cells[rates.cells["grouping"] == "needs_knowledge"]
    groups = capabilities.GROUPINGS["needs_knowledge"].groups
    for narrow in (False, True):
        figure = group_dots(cells, names, groups, SAFE, "dark", narrow=narrow)
        assert "<b>Zeta</b>" not in figure.to_json()
        labels = [note.text for note in figure.layout.annotations] + list(figure.layout.yaxis.ticktext)
        assert any("&lt;b&gt;Zeta" in label for label in labels)
        assert not figure.layout.shapes, "one run has no mean beside itself"
