"""Runs × domains: the rate of each run in each domain as colour and as text, and where each run is weakest."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import chart_text, figure, name_axis, rows, text_width
from siuo_dash.text import interval, percent

MOST_ROWS: Final = 60
_MANY: Final = 16
"""With more rows than this they are lower, so that a screen of 800 px still holds 22."""
_ROW: Final = {False: 31, True: 25}
_CELL: Final = 27
"""Pixels of a row's cells on a narrow screen, where the run's name is above them."""
_NAMES: Final = {False: (178, 25), True: (2, 30)}
"""Pixels beside the cells and characters of a line of the names, on a wide and on a narrow screen."""
_HEAD: Final = {False: 74, True: 92}
_LEAST_WIDTH: Final = 520
"""Pixels of cells and weakest domains together in the narrowest window that has them beside each other."""


def heatmap(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    columns: Mapping[str, str],
    weakest: Mapping[str, tuple[str, str]],
    metric: Metric,
    theme: Theme,
    *,
    sorted_by: str,
    chosen: Collection[str] = (),
    narrow: bool = False,
) -> go.Figure:
    """A row for each run and a column for each domain; a cell that differs from the board's mean is outlined.

    cells: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high`, `board_mean` (fractions), `mark` ('above', 'below', '').
    runs: {run_id: name} in the order of the rows, at most MOST_ROWS of them are drawn; chosen ones in bold.
    columns: {id: short label} in their order. weakest: {run_id: (domain, words)}. sorted_by: the column that the rows
    are sorted by. narrow: for a phone.
    Each cell and each weakest domain has a point with the customdata (run_id, column), which a click selects.
    """
    ids = list(runs)[:MOST_ROWS]
    margin, width = _NAMES[narrow]
    least = 0 if narrow else _ROW[len(ids) > _MANY]
    names = rows([runs[run_id] for run_id in ids], least, width=width, room=6, bold=[each in chosen for each in ids])
    bands = _bands(names.edges, narrow=narrow)
    places = dict(zip(ids, bands.cells, strict=True))
    shown = cells[cells["run_id"].isin(ids) & cells["column"].isin(list(columns))]
    scale = colours.sequential(colours.METRIC_COLOURS[metric.id], theme)
    drawn = figure(theme, height=int(_HEAD[narrow] + bands.edges[-1] + 8))
    rate = shown.pivot(index="run_id", columns="column", values="rate").reindex(index=ids, columns=list(columns))
    z = np.full((len(bands.edges) - 1, len(columns)), np.nan)
    z[narrow :: 1 + narrow] = 100 * rate.to_numpy(dtype=float)
    colouring = {"zmin": 0, "zmax": 100, "colorscale": scale, "showscale": False}
    drawn.add_trace(
        go.Heatmap(z=z, x=list(range(len(columns))), y=bands.edges, xgap=2, ygap=2, hoverinfo="skip", **colouring)
    )
    position = {column: place for place, column in enumerate(columns)}
    drawn.add_trace(_outlines(shown[shown["mark"] != ""], position, places, bands.height, colours.ink(theme)))
    # A heatmap's cells cannot be selected, so an unseen point over each has the text, the hover and the click.
    drawn.add_trace(
        _points(
            x=[position[column] for column in shown["column"]],
            y=[places[run_id] for run_id in shown["run_id"]],
            text=["–" if pd.isna(rate) else f"{100 * rate:.0f}" for rate in shown["rate"]],
            textfont={"size": 13, "color": [_text_colour(rate, scale, theme) for rate in shown["rate"]]},
            hovertext=[_hover(cell, runs[cell.run_id], columns[cell.column], metric) for cell in shown.itertuples()],
            customdata=shown[["run_id", "column"]].to_numpy(),
        )
    )
    named = [run_id for run_id in ids if run_id in weakest]
    at = dict(zip(ids, bands.names, strict=True))
    drawn.add_trace(
        _points(
            x=[len(columns) - 0.5] * len(named),
            y=[at[run_id] for run_id in named],
            text=[f"{chart_text(weakest[run_id][1], 60)} ›" for run_id in named],
            textposition="middle left" if narrow else "middle right",
            textfont={"size": 12, "color": colours.ink(theme)},
            hovertext=[f"<b>{chart_text(runs[run_id], 60)}</b><br>Weakest domain" for run_id in named],
            customdata=[[run_id, weakest[run_id][0]] for run_id in named],
        )
    )
    beside = 0 if narrow else _beside(len(columns), [weakest[run_id][1] for run_id in named])
    fixed = {"showgrid": False, "automargin": False, "ticks": "", "fixedrange": True}
    heads = {
        place: f"<b>{label} ▾</b>" if column == sorted_by else label
        for place, (column, label) in enumerate(columns.items())
    } | ({} if narrow else {len(columns) - 0.2: "Weakest"})
    drawn.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(heads),
        ticktext=list(heads.values()),
        tickangle=-90 if narrow else -38,
        tickfont={"size": 12},
        range=[-0.5, len(columns) - 0.5 + beside],
        zeroline=False,
        **fixed,
    )
    labels = [] if narrow else names.labels
    name_axis(drawn, labels, bands.names[: len(labels)], [bands.edges[-1], 0], **fixed)
    for label, y in zip(names.labels if narrow else (), bands.names, strict=False):
        held = {"showarrow": False, "xanchor": "left", "xref": "paper", "align": "left", "borderpad": 0}
        drawn.add_annotation(x=0, y=y, text=label, font={"size": 12}, **held)
    margins = {"l": margin, "r": 2, "t": _HEAD[narrow], "b": 2}
    return drawn.update_layout(margin=margins, hoverdistance=60, showlegend=False)


def _beside(columns: int, words: Collection[str]) -> float:
    """How many columns' width the weakest domains take beside so many columns."""
    needed = max((text_width(f"{each} ›", 12) for each in words), default=0.0)
    return max(2.5, columns * needed / (_LEAST_WIDTH - needed))


@dataclass(frozen=True)
class _Bands:
    """Pixels from the top: the edges of all rows, the middles of the names and of the cells, the height of a cell."""

    edges: list[float]
    names: list[float]
    cells: list[float]
    height: list[float]


def _bands(edges: list[float], *, narrow: bool) -> _Bands:
    """Each run's row; on a narrow screen two of them, the first for its name. edges: of the rows by their names."""
    heights = [below - above for above, below in pairwise(edges)]
    parts = [part for height in heights for part in ((height, _CELL) if narrow else (height,))]
    new = list(accumulate(parts, initial=0.0))
    middles = [(above + below) / 2 for above, below in pairwise(new)]
    step = 2 if narrow else 1
    return _Bands(new, middles[::step], middles[step - 1 :: step], parts[step - 1 :: step])


def _points(**more: Any) -> go.Scatter:
    """Unseen points with text, which stay as they are when one of them is clicked."""
    unseen = {"marker": {"opacity": 0}}
    return go.Scatter(
        mode="markers+text",
        marker={"size": 24, "opacity": 0, "symbol": "square"},
        selected=unseen,
        unselected=unseen,
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
        **more,
    )


def _outlines(
    marked: pd.DataFrame, position: Mapping[str, int], places: Mapping[str, float], heights: list[float], colour: str
) -> go.Scatter:
    """A frame inside each of these cells, as one line with gaps."""
    height = dict(zip(places, heights, strict=True))
    x: list[float | None] = []
    y: list[float | None] = []
    for run_id, column in zip(marked["run_id"], marked["column"], strict=True):
        middle, half, place = places[run_id], height[run_id] / 2 - 2, position[column]
        x += [place - 0.45, place + 0.45, place + 0.45, place - 0.45, place - 0.45, None]
        y += [middle - half, middle - half, middle + half, middle + half, middle - half, None]
    line = {"color": colour, "width": 2}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", cliponaxis=False)


def _hover(cell: Any, name: str, column: str, metric: Metric) -> str:
    lines = [f"<b>{chart_text(name, 60)}</b>", html.escape(column, quote=False)]
    if pd.isna(cell.rate):
        return "<br>".join([*lines, "no graded sample"])
    count = f" · {int(cell.k)}/{int(cell.n)}" if not pd.isna(cell.k) else ""
    rate = f"{metric.label} {percent(cell.rate)} ({interval(cell.low, cell.high)}){count}"
    return "<br>".join([*lines, rate, f"Board mean {percent(cell.board_mean)}"])


def _text_colour(rate: float, scale: colours.Scale, theme: Theme) -> str:
    return colours.ink(theme) if pd.isna(rate) else colours.text_on(colours.colour_at(scale, rate))
