"""The heatmap of runs × domains: rate and count in each cell, marked where it differs from the board's mean."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import style
from siuo_dash.charts.bands import bands
from siuo_dash.charts.scale import colour_at, sequential, text_on

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
    theme: style.Theme,
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
    ids, names = list(runs)[:MOST_ROWS], list(runs.values())[:MOST_ROWS]
    margin, width = _NAMES[narrow]
    rows = bands(names, _ROW, width=width, bold=[run_id in set(chosen) for run_id in ids])
    places = {run_id: middle for run_id, middle in zip(ids, rows.middles, strict=True)}
    shown = cells[cells["run_id"].isin(ids) & cells["column"].isin(list(columns))]
    scale = sequential(style.METRIC_COLOURS[metric.id], theme)
    drawn = style.figure(theme, height=int(_HEAD + rows.height + 12))
    rate = shown.pivot(index="run_id", columns="column", values="rate").reindex(index=ids, columns=list(columns))
    drawn.add_trace(
        go.Heatmap(
            z=100 * rate.to_numpy(dtype=float),
            x=list(range(len(columns))),
            y=rows.edges,
            zmin=0,
            zmax=100,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverinfo="skip",
        )
    )
    position = {column: place for place, column in enumerate(columns)}
    # A heatmap's cells cannot be selected, so an unseen point over each carries the text, the hover and the click.
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
    drawn.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(position.values()),
        ticktext=[_heading(label, column == sorted_by) for column, label in columns.items()],
        tickfont={"size": 12},
        range=[-0.5, len(columns) - 0.5],
        showgrid=False,
        zeroline=False,
        automargin=False,
        ticks="",
        fixedrange=True,
    )
    drawn.update_yaxes(
        tickmode="array",
        tickvals=rows.middles,
        ticktext=rows.labels,
        range=[rows.height, 0],
        showgrid=False,
        zeroline=False,
        automargin=False,
        ticks="",
        fixedrange=True,
    )
    drawn.add_vline(x=_AVERAGES, line={"color": style.paper(theme), "width": 8})
    drawn.update_layout(margin={"l": margin, "r": 6, "t": _HEAD, "b": 6}, hoverdistance=60, showlegend=False)
    return drawn


def legend_line(theme: style.Theme, metric: Metric) -> str:
    """What the colours and marks mean, as plain text."""
    return (
        "Each cell: percent and count, the darker the higher"
        if theme == "light"
        else "Each cell: percent and count, the brighter the higher"
    ) + f" ({metric.label}, 0 to 100 %). ▲ ▼: the cell's 95 % interval lies above or below the board's mean."


def _cell_text(cell: Any) -> str:
    rate, mark = cell.rate, MARKS[cell.mark]
    if pd.isna(rate):
        return "–"
    words = f"<b>{mark}{100 * rate:.0f}</b>"
    counted = style.count(cell.k, cell.n)
    return f'{words}  <span style="font-size:11px">{counted}</span>' if counted else words


def _hover(cell: Any, name: str, column: str, metric: Metric) -> str:
    rate, k, n = cell.rate, cell.k, cell.n
    lines = [f"<b>{style.chart_text(name, 60)}</b>", html.escape(column, quote=False)]
    if pd.isna(rate):
        return "<br>".join([*lines, "no graded sample"])
    counted = f" ({int(k)} of {int(n)} samples)" if not pd.isna(k) else f" ({int(n)} samples)"
    lines += [
        f"{metric.label} {style.percent(rate)}{counted}",
        f"95 % interval {style.interval(cell.low, cell.high)}",
        f"board's mean {style.percent(cell.board_mean)}",
    ]
    return "<br>".join(lines)


def _text_colour(rate: float, scale: list[tuple[float, str]], theme: style.Theme) -> str:
    return style.ink(theme) if pd.isna(rate) else text_on(colour_at(scale, rate))


def _heading(label: str, is_sorted: bool) -> str:
    lines = textwrap.wrap(label, 14, break_long_words=False)
    text = "<br>".join(html.escape(line, quote=False) for line in lines)
    return f"<b>{text} ▾</b>" if is_sorted else text
