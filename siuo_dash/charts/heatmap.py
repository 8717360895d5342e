"""Tables as tiles: runs × domains with rate and count in each cell, and the 2×2 of two judgements."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import add_note, chart_text, figure, folded, name_axis, rows
from siuo_dash.text import fraction, interval, percent

MOST_ROWS: Final = 60
LEAST_WIDTH: Final = 1120
"""Pixels below which the cells' text would overlap; on a narrower screen the chart scrolls in its frame."""
MARKS: Final = {"above": "▲", "below": "▼", "": ""}
_ROW: Final = 30
_HEAD: Final = 58
_NAMES: Final = {False: (205, 28), True: (128, 17)}
"""Pixels and characters of a line of the names, on a wide and on a narrow screen."""
_AVERAGES: Final = 1.5
"""Where the columns over all domains end and the domains begin."""


def heatmap(
    cells: pd.DataFrame,
    runs: Mapping[str, str],
    columns: Mapping[str, str],
    metric: Metric,
    theme: Theme,
    *,
    sorted_by: str,
    chosen: Sequence[str] = (),
    narrow: bool = False,
) -> go.Figure:
    """A row for each run and a column for each domain, the rate as colour and as text.

    cells: `run_id`, `column`, `k`, `n`, `rate`, `low`, `high`, `board_mean` (fractions), `mark` ('above', 'below', '').
    runs: {run_id: name} in the order of the rows, at most MOST_ROWS of them are drawn; chosen ones in bold.
    columns: {id: label} in their order, the two over all domains first. sorted_by: the column that the rows are sorted
    by. narrow: leave less room to the names.
    Each cell has a point with the customdata (run_id, column), which a click selects.
    """
    ids = list(runs)[:MOST_ROWS]
    margin, width = _NAMES[narrow]
    bold = [run_id in set(chosen) for run_id in ids]
    names = rows([runs[run_id] for run_id in ids], _ROW, width=width, room=6, bold=bold)
    places = dict(zip(ids, names.middles, strict=True))
    shown = cells[cells["run_id"].isin(ids) & cells["column"].isin(list(columns))]
    scale = colours.sequential(colours.METRIC_COLOURS[metric.id], theme)
    drawn = figure(theme, height=int(_HEAD + names.height + 12))
    rate = shown.pivot(index="run_id", columns="column", values="rate").reindex(index=ids, columns=list(columns))
    colouring = {"zmin": 0, "zmax": 100, "colorscale": scale, "showscale": False}
    z, x = 100 * rate.to_numpy(dtype=float), list(range(len(columns)))
    drawn.add_trace(go.Heatmap(z=z, x=x, y=names.edges, xgap=2, ygap=2, hoverinfo="skip", **colouring))
    position = {column: place for place, column in enumerate(columns)}
    # A heatmap's cells cannot be selected, so an unseen point over each has the text, the hover and the click.
    drawn.add_trace(
        go.Scatter(
            x=[position[column] for column in shown["column"]],
            y=[places[run_id] for run_id in shown["run_id"]],
            mode="markers+text",
            marker={"size": 24, "opacity": 0, "symbol": "square"},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            text=[_cell_text(cell) for cell in shown.itertuples()],
            textfont={"size": 13, "color": [_text_colour(rate, scale, theme) for rate in shown["rate"]]},
            hovertext=[_hover(cell, runs[cell.run_id], columns[cell.column], metric) for cell in shown.itertuples()],
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=shown[["run_id", "column"]].to_numpy(),
            showlegend=False,
        )
    )
    fixed = {"showgrid": False, "automargin": False, "ticks": "", "fixedrange": True}
    drawn.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(position.values()),
        ticktext=[_heading(label, column == sorted_by) for column, label in columns.items()],
        tickfont={"size": 12},
        range=[-0.5, len(columns) - 0.5],
        zeroline=False,
        **fixed,
    )
    name_axis(drawn, names.labels, names.middles, [names.height, 0], **fixed)
    drawn.add_vline(x=_AVERAGES, line={"color": colours.paper(theme), "width": 8})
    margins = {"l": margin, "r": 6, "t": _HEAD, "b": 6}
    return drawn.update_layout(margin=margins, hoverdistance=60, showlegend=False)


def legend_line(theme: Theme, metric: Metric) -> str:
    """What the colours and marks mean, as plain text."""
    return (
        f"Each cell: percent and count, the {'darker' if theme == 'light' else 'brighter'} the higher "
        f"({metric.label}, 0 to 100 %). ▲ ▼: the cell's 95 % interval lies above or below the board's mean."
    )


def two_by_two(
    counts: Sequence[Sequence[int]],
    theme: Theme,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    row_title: str,
    column_title: str,
    diagonal: Sequence[str],
    note: str = "",
) -> go.Figure:
    """A table of counts as tiles, each with its count and share; grey where row and column differ.

    counts: rows × columns, the same outcomes in the same order; diagonal: one for each outcome, for the diagonal.
    The stronger the colour, the larger the share.
    """
    total = sum(map(sum, counts))
    drawn = figure(theme, height=110 + 84 * len(rows))
    cells = [(row, column) for row in range(len(rows)) for column in range(len(columns))]
    for row, column in cells:
        corners = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.46, "y1": row + 0.46}
        colour = diagonal[row] if row == column else colours.UNGRADED
        opacity = 0.08 + 0.42 * (counts[row][column] / total if total else 0.0)
        line = {"width": 1, "color": colours.muted(theme)}
        drawn.add_shape(type="rect", layer="below", line=line, fillcolor=colour, opacity=opacity, **corners)
    texts = [(counts[row][column], counts[row][column] / total if total else None) for row, column in cells]
    hovers = [f"{row_title}: {rows[row]}; {column_title}: {columns[column]}" for row, column in cells]
    drawn.add_trace(
        go.Scatter(
            x=[column for _, column in cells],
            y=[row for row, _ in cells],
            mode="text",
            text=[f"<b>{count}</b><br>{percent(share)}" for count, share in texts],
            textfont={"size": 15, "color": colours.ink(theme)},
            customdata=[[chart_text(hover, 60)] for hover in hovers],
            hovertemplate="%{customdata[0]}<br>%{text}<extra></extra>",
            showlegend=False,
        )
    )
    drawn.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(columns))),
        ticktext=[chart_text(name, 16) for name in columns],
        title=chart_text(column_title, 40),
        side="top",
        range=[-0.55, len(columns) - 0.45],
        showgrid=False,
        zeroline=False,
    )
    names, ends = [chart_text(name, 12) for name in rows], [len(rows) - 0.5, -0.5]
    name_axis(drawn, names, range(len(rows)), ends, title=chart_text(row_title, 24), showgrid=False)
    add_note(drawn, note, theme, below=8)
    return drawn


def _cell_text(cell: Any) -> str:
    if pd.isna(cell.rate):
        return "–"
    words = f"<b>{MARKS[cell.mark]}{100 * cell.rate:.0f}</b>"
    count = fraction(cell.k, cell.n)
    return f'{words}  <span style="font-size:11px">{count}</span>' if count else words


def _hover(cell: Any, name: str, column: str, metric: Metric) -> str:
    lines = [f"<b>{chart_text(name, 60)}</b>", html.escape(column, quote=False)]
    if pd.isna(cell.rate):
        return "<br>".join([*lines, "no graded sample"])
    count = f" ({int(cell.k)} of {int(cell.n)} samples)" if not pd.isna(cell.k) else f" ({int(cell.n)} samples)"
    rate = f"{metric.label} {percent(cell.rate)}{count}"
    around = [f"95 % interval {interval(cell.low, cell.high)}", f"board's mean {percent(cell.board_mean)}"]
    return "<br>".join([*lines, rate, *around])


def _text_colour(rate: float, scale: colours.Scale, theme: Theme) -> str:
    return colours.ink(theme) if pd.isna(rate) else colours.text_on(colours.colour_at(scale, rate))


def _heading(label: str, is_sorted: bool) -> str:
    text = folded(label, 14)
    return f"<b>{text} ▾</b>" if is_sorted else text
