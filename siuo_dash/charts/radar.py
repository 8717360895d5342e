"""The radar of the domains for a few runs, with the board's mean behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import chart_text, figure, folded, rate_hover

_Value = TypeVar("_Value")

MOST_RUNS: Final = 6
_PLOT: Final = 268
"""Pixels of the radar itself."""
_SIDE: Final = {"l": 74, "r": 74}
_TOP: Final = 24
_BELOW: Final = 30
_LINE: Final = 19
_TURN: Final = 50
"""Degrees of the first axis: so the longest names lie above and below, where there is room for them."""
_UNSEEN: Final = "rgba(0,0,0,0)"


def radar(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    domains: Mapping[str, str],
    metric: Metric,
    theme: Theme,
    *,
    mean: pd.Series[float] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """A closed line for each run over the domains, 0 to 100%; interval and count on hover.

    cells: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high` (fractions). runs: {run_id: name}, at most MOST_RUNS
    are drawn; each has a colour, a symbol and a dash of its own. domains: {id: label}, in order. mean: the board's
    mean rate of each domain, drawn as a grey area. narrow: for a screen as narrow as a phone.
    Each mark has the customdata (run_id, domain), which a click selects (not on a narrow screen).
    """
    names = dict(list(runs.items())[:MOST_RUNS])
    legend = {run_id: chart_text(name, 40) for run_id, name in names.items()}
    lines = sum(label.count("<br>") + 1 for label in legend.values()) + (mean is not None)
    drawn = figure(theme, height=_TOP + _PLOT + _BELOW + _LINE * lines + 10)
    axes = _closed([folded(label, 14) for label in domains.values()])
    grey = colours.muted(theme)
    if mean is not None:
        values = _closed([100 * mean.get(domain, float("nan")) for domain in domains])
        area = {"fill": "toself", "fillcolor": colours.faded(grey, 0.16), "line": {"color": grey, "width": 1}}
        drawn.add_trace(
            go.Scatterpolar(r=values, theta=axes, name="Board mean", mode="lines", hoverinfo="skip", **area)
        )
    for place, (run_id, name) in enumerate(names.items()):
        own = cells[cells["run_id"] == run_id].set_index("column").reindex(list(domains))
        colour = colours.RUN_COLOURS[theme][place]
        drawn.add_trace(
            go.Scatterpolar(
                r=_closed((100 * own["rate"]).tolist()),
                theta=axes,
                name=legend[run_id],
                mode="lines+markers",
                line={"color": colour, "dash": colours.DASHES[place], "width": 2},
                marker={"symbol": colours.SYMBOLS[place], "size": 8, "color": colour},
                text=_closed([rate_hover(name, domains[str(row.Index)], row, metric) for row in own.itertuples()]),
                hovertemplate="%{text}<extra></extra>",
                customdata=_closed([[run_id, domain] for domain in domains]),
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                connectgaps=False,
            )
        )
    if not narrow:
        # A polar chart reports clicks in this mode only; on a phone it would keep a finger from scrolling the page.
        drawn.update_layout(dragmode="zoom")
    angle = _TURN - 360 / len(domains) * (_clear_gap(drawn) + 0.5)
    gridcolor, linecolor = colours.faded(grey, 0.35), colours.faded(grey, 0.6)
    # Ticks that are not seen keep the names clear of a mark at 100%.
    ticks = {"ticks": "outside", "ticklen": 7, "tickcolor": _UNSEEN, "tickfont": {"size": 12}}
    around = {"rotation": _TURN, "direction": "clockwise", "gridcolor": gridcolor, "linecolor": linecolor, **ticks}
    # The scale's figure is between two axes, where it lies on no line of data.
    scale = {"tickvals": [25, 50, 75, 100], "ticktext": ["", "50%", "", ""], "tickfont": {"size": 11, "color": grey}}
    outward = {"range": [0, 100], "angle": angle, "tickangle": angle, "ticks": "", "linecolor": _UNSEEN}
    outward |= {"gridcolor": gridcolor, **scale}
    drawn.update_layout(
        # Without autoexpand: a long name in the legend would else push the radar aside and make it small.
        margin={**_SIDE, "t": _TOP, "b": _BELOW + _LINE * lines, "autoexpand": False},
        legend={"orientation": "v", "yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0, "xref": "container"},
        polar={"bgcolor": colours.paper(theme), "angularaxis": around, "radialaxis": outward},
    )
    return drawn


def _clear_gap(drawn: go.Figure) -> int:
    """The gap after which axis has the lines furthest from 50%, where the scale's figure is."""
    lines = [[value if value == value else 0.0 for value in trace.r] for trace in drawn.data]
    gaps = range(len(lines[0]) - 1) if lines else range(1)
    return max(gaps, key=lambda gap: min((abs((line[gap] + line[gap + 1]) / 2 - 50) for line in lines), default=0))


def _closed(values: Sequence[_Value]) -> list[_Value]:
    return [*values, values[0]]
