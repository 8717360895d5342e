"""The radar of the domains for a few runs, with the board's mean behind them."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import style

_Value = TypeVar("_Value")

MOST_RUNS: Final = 6
_PLOT: Final = {False: 330, True: 240}
"""Pixels of the radar itself, on a wide and on a narrow screen."""
_SIDE: Final = {"l": 84, "r": 76}
_TOP: Final = 44
_BELOW: Final = 72
_LINE: Final = 19
_TURN: Final = 50
"""Degrees of the first axis: so the longest names lie above and below, where a narrow screen has room for them."""


def radar(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    domains: Mapping[str, str],
    metric: Metric,
    theme: style.Theme,
    *,
    mean: pd.Series[float] | None = None,
    narrow: bool = False,
) -> go.Figure:
    """A closed line for each run over the domains, 0 to 100 %; interval and count on hover.

    cells: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high` (fractions). runs: {run_id: name}, at most MOST_RUNS
    are drawn; each has a colour, a symbol and a dash of its own. domains: {id: label}, in order. mean: the board's
    mean rate of each domain, drawn as a grey area. narrow: for a screen as narrow as a phone.
    Each mark has the customdata (run_id, domain), which a click selects (not on a narrow screen).
    """
    names = dict(list(runs.items())[:MOST_RUNS])
    legend = {run_id: style.chart_text(name, 40) for run_id, name in names.items()}
    lines = sum(label.count("<br>") + 1 for label in legend.values()) + (mean is not None)
    drawn = style.figure(theme, height=_TOP + _PLOT[narrow] + _BELOW + _LINE * lines + 10)
    axes = [_axis(label) for label in domains.values()]
    if mean is not None:
        values = [100 * mean.get(domain, float("nan")) for domain in domains]
        drawn.add_trace(
            go.Scatterpolar(
                r=_closed(values),
                theta=_closed(axes),
                name="Mean of the board",
                mode="lines",
                line={"color": style.muted(theme), "width": 1},
                fill="toself",
                fillcolor=_transparent(style.muted(theme), 0.16),
                hoverinfo="skip",
            )
        )
    for place, (run_id, name) in enumerate(names.items()):
        own = cells[cells["run_id"] == run_id].set_index("column").reindex(list(domains))
        colour = style.QUALITATIVE[place]
        drawn.add_trace(
            go.Scatterpolar(
                r=_closed((100 * own["rate"]).tolist()),
                theta=_closed(axes),
                name=legend[run_id],
                mode="lines+markers",
                line={"color": colour, "dash": style.DASHES[place], "width": 2},
                marker={"symbol": style.SYMBOLS[place], "size": 8, "color": colour},
                text=_closed([_hover(name, domains[str(domain)], row, metric) for domain, row in own.iterrows()]),
                hovertemplate="%{text}<extra></extra>",
                customdata=_closed([[run_id, domain] for domain in domains]),
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                connectgaps=False,
            )
        )
    grid = style.muted(theme)
    if not narrow:
        # A polar chart tells of clicks in this mode only; on a phone it would keep a finger from scrolling the page.
        drawn.update_layout(dragmode="zoom")
    angle = _TURN - 360 / len(domains) * (_clear_gap(drawn) + 0.5)
    drawn.update_layout(
        # Without autoexpand: a long name in the legend would else push the radar aside and make it small.
        margin={**_SIDE, "t": _TOP, "b": _BELOW + _LINE * lines, "autoexpand": False},
        legend={"orientation": "v", "yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0, "xref": "container"},
        polar={
            "bgcolor": style.paper(theme),
            "angularaxis": {
                "rotation": _TURN,
                "direction": "clockwise",
                "tickfont": {"size": 12},
                # Ticks that are not seen keep the names clear of a mark at 100 %.
                "ticks": "outside",
                "ticklen": 7,
                "tickcolor": "rgba(0,0,0,0)",
                "gridcolor": _transparent(grid, 0.35),
                "linecolor": _transparent(grid, 0.6),
            },
            "radialaxis": {
                "range": [0, 100],
                "tickvals": [25, 50, 75, 100],
                "ticktext": ["", "50 %", "", ""],
                # Between two axes, where the figures lie on no line of data.
                "angle": angle,
                "tickangle": angle,
                "tickfont": {"size": 11, "color": style.muted(theme)},
                "gridcolor": _transparent(grid, 0.35),
                "linecolor": "rgba(0,0,0,0)",
                "ticks": "",
            },
        },
    )
    return drawn


def _hover(name: str, domain: str, row: pd.Series[float], metric: Metric) -> str:
    lines = [f"<b>{style.chart_text(name, 50)}</b>", html.escape(domain, quote=False)]
    if pd.isna(row["rate"]):
        return "<br>".join([*lines, "no graded sample"])
    return "<br>".join(
        [
            *lines,
            f"{metric.label} {style.percent(row['rate'])}, {style.count(row['k'], row['n'])} samples",
            f"95 % interval {style.interval(row['low'], row['high'])}",
        ]
    )


def _clear_gap(drawn: go.Figure) -> int:
    """The gap after which axis has the lines furthest from 50 %, where the scale's figure stands."""
    lines = [[value if value == value else 0.0 for value in trace.r] for trace in drawn.data]
    gaps = range(len(lines[0]) - 1) if lines else range(1)
    return max(gaps, key=lambda gap: min((abs((line[gap] + line[gap + 1]) / 2 - 50) for line in lines), default=0))


def _axis(label: str) -> str:
    lines = textwrap.wrap(label, 14, break_long_words=False)
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def _closed(values: Sequence[_Value]) -> list[_Value]:
    return [*values, values[0]]


def _transparent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
