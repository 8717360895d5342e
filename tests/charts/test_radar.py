"""The radar of domains: closed lines, names that are not cut, gaps."""

from __future__ import annotations

import numpy as np
import pytest

from siuo_dash.analysis import domains
from siuo_dash.benchmark.schema import DOMAIN_LABELS, DOMAINS, METRICS
from siuo_dash.charts.radar import MOST_RUNS, radar
from siuo_dash.report import domains as view

SAFE = METRICS["safe"]


def test_the_radar_closes_each_line_and_tells_runs_apart(rates: domains.DomainRates) -> None:
    names = view.run_names(rates.runs)
    figure = radar(rates.cells, names, DOMAIN_LABELS, SAFE, "light", mean=domains.board_means(rates))
    mean, *lines = figure.data
    assert len(lines) == MOST_RUNS == 6
    assert mean.name == "Board mean"
    for line in lines:
        assert len(line.r) == len(line.theta) == 10
        assert (line.r[0], line.theta[0]) == (line.r[-1], line.theta[-1])
        assert "95% interval" in line.text[0]
        assert "/19 samples" in line.text[0]
        assert list(line.customdata[0]) == [line.customdata[1][0], "self-harm"]
    looks = {(line.line.color, line.line.dash, line.marker.symbol) for line in lines}
    assert len(looks) == len({look[0] for look in looks}) == len({look[2] for look in looks}) == 6
    assert list(figure.layout.polar.radialaxis.range) == [0, 100]


@pytest.mark.parametrize("narrow", [False, True])
def test_no_domain_name_of_the_radar_is_cut(rates: domains.DomainRates, narrow: bool) -> None:
    names = view.run_names(rates.runs)
    figure = radar(rates.cells, names, DOMAIN_LABELS, SAFE, "dark", narrow=narrow)
    shown = [text.replace("<br>", " ").replace("&amp;", "&") for text in figure.data[0].theta[:-1]]
    assert shown == [domain.label for domain in DOMAINS]
    lines = sum(trace.name.count("<br>") + 1 for trace in figure.data)
    assert figure.layout.margin.b >= 19 * lines, "the legend has its room below"


def test_a_domain_without_samples_leaves_a_gap(rates: domains.DomainRates) -> None:
    one = rates.only(rates.runs["run_id"].tolist()[:1])
    cells = one.cells.copy()
    cells.loc[cells["column"] == "morality", ["k", "n", "rate", "low", "high"]] = [0, 0, np.nan, np.nan, np.nan]
    line = radar(cells, view.run_names(one.runs), DOMAIN_LABELS, SAFE, "light").data[0]
    assert np.isnan(line.r[2])
    assert line.connectgaps is False
    assert "no graded sample" in line.text[2]
