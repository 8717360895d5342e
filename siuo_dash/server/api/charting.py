"""The charts of the pages, each at an address of its own: as plotly draws them, and their data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.analysis import board_list, queries
from siuo_dash.analysis.capabilities import GROUPINGS
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import NoBoard
from siuo_dash.report.export import Table, to_csv
from siuo_dash.server.api.endpoint import Endpoint, json_of
from siuo_dash.server.api.parameters import METRIC, Asked, Parameter, one_of
from siuo_dash.server.api.problems import Refused, failure, wrong
from siuo_dash.server.api.reading import PARTIAL
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import capabilities, domains, tradeoff
from siuo_dash.ui.controls import View

Drawn = tuple[Any, Table]
"""A plotly figure and its data."""
_MOST_RUNS: Final = 20


@dataclass(frozen=True)
class Chart:
    """A chart of a page. both: it is of runs judged by both Safe and Effective; else of those with verdicts by sample.

    draw: the figure and its data; None where the board has nothing to draw.
    """

    both: bool
    draw: Callable[[View, Asked, list[str]], Drawn | None]


def _domains(view: View, asked: Asked, runs: list[str], *, whole: bool) -> Drawn | None:
    drawn = domains.draw(view, runs, "overall", asked["theme"])
    figure = drawn.heatmap if whole else drawn.radar
    return None if figure is None else (figure, drawn.heatmap_data if whole else drawn.radar_data)


def _capabilities(view: View, asked: Asked, runs: list[str]) -> Drawn:
    own = Labels.own(view.catalogue)
    drawn = capabilities.draw(view, own, runs, GROUPINGS[asked["by"]], asked["theme"])
    return drawn.figure, drawn.data


CHARTS: Final = {
    "tradeoff": Chart(True, lambda view, asked, runs: tradeoff.draw(view, asked["theme"], runs)),
    "outcomes": Chart(True, lambda view, asked, _: tradeoff.draw_outcomes(view, asked["theme"])),
    "heatmap": Chart(False, lambda view, asked, runs: _domains(view, asked, runs, whole=True)),
    "radar": Chart(False, lambda view, asked, runs: _domains(view, asked, runs, whole=False)),
    "groups": Chart(False, _capabilities),
}
"""{name: chart}: the names by which `chart=` shows them alone on their pages, too."""


def _drawn(store: Store, asked: Asked) -> Drawn:
    chart = CHARTS[asked["chart"]]
    offered = board_list.offered(store, samples=not chart.both, both=chart.both)
    if not offered:
        raise NoBoard("there is no board yet", hint="it comes with the first run that is published")
    board = board_list.find_board(store, asked["board"]) if asked["board"] else offered[0]
    metric = METRICS["safe_and_effective" if chart.both else asked["metric"]]
    view = View(store, board, metric, Filters(board=board.id), asked["partial"])
    if len(runs := _ids(asked["runs"])) > _MOST_RUNS:
        raise wrong("runs", f"these are {len(runs)} runs", f"ask for at most {_MOST_RUNS}")
    there = queries.run_ids(store, view.filters.where()) if runs else []
    if elsewhere := [run for run in runs if run not in there]:
        raise wrong("runs", f"{elsewhere[0]} is not on the board {board.id}", "ask for runs of one board, and name it")
    found = chart.draw(view, asked, runs)
    if found is None or found[1].data.empty:
        words = (
            "judged by both Safe and Effective" if chart.both else f"with verdicts for each sample by {metric.label}"
        )
        raise Refused(404, f"the board {board.id} has no run {words}", hint="ask for another board or metric")
    return found


def _as_json(store: Store, asked: Asked) -> bytes:
    figure, data = _drawn(store, asked)
    found = json.loads(figure.to_json())
    found["layout"]["meta"] = {
        "title": data.title,
        "view": data.provenance.sentence(),
        "data_version": store.version,
    }
    return json_of(found)


def _ids(runs: str) -> list[str]:
    return list(dict.fromkeys(filter(None, map(str.strip, runs.split(",")))))


def _find_runs(store: Store, runs: str) -> None:
    for run in _ids(runs)[:_MOST_RUNS]:
        queries.find_run(store, run)


_PARAMETERS: Final = (
    Parameter("chart", "Which chart.", {"type": "string", "enum": list(CHARTS)}, place="path", required=True),
    Parameter("board", "A board's id or its words; by default the one with most to show.", known=board_list.find_board),
    METRIC,
    Parameter(
        "runs",
        "The ids of the selected runs, separated by commas.",
        {"type": "string", "maxLength": 2_000, "default": ""},
        known=_find_runs,
    ),
    one_of("by", "How `groups` parts the samples.", GROUPINGS, "dimension"),
    PARTIAL,
    one_of("theme", "The colours of the figure.", ("light", "dark"), "light"),
)
_NOTHING: Final[dict[str, Any]] = {"responses": {"404": failure("The board has nothing to draw.")}}
ENDPOINTS: Final = (
    Endpoint(
        "/charts/{chart}.json",
        "A chart of the pages as a plotly figure: `plotly.io.from_json` and `Plotly.newPlot` draw it. `tradeoff` and "
        "`outcomes` are of Safe and Effective, whatever the metric; `groups` is that of Capabilities.",
        schema={"type": "object"},
        make=_as_json,
        parameters=_PARAMETERS,
        cost=2,
        more=_NOTHING,
    ),
    Endpoint(
        "/charts/{chart}.csv",
        "The data of a chart, the same as *Chart data* on its page.",
        media="text/csv",
        schema={"type": "string"},
        make=lambda store, asked: to_csv(_drawn(store, asked)[1]),
        parameters=_PARAMETERS,
        cost=2,
        more=_NOTHING,
    ),
)
