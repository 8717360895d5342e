"""Tiles: the table of two judgements."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import add_note, chart_text, figure, name_axis
from siuo_dash.text import percent


def two_by_two(
    counts: Sequence[Sequence[int]],
    theme: Theme,
    *,
    outcomes: Sequence[str],
    names: tuple[str, str],
    diagonal: Sequence[str],
    note: str = "",
) -> go.Figure:
    """A table of counts as tiles, each with its count and share; grey where row and column differ.

    counts: rows × columns of the same outcomes in the same order. names: of the rows, of the columns. diagonal: a
    colour for each outcome, for the diagonal. The stronger the colour, the larger the share.
    """
    total, size = sum(map(sum, counts)), len(outcomes)
    drawn = figure(theme, height=110 + 84 * size)
    cells = [(row, column) for row in range(size) for column in range(size)]
    for row, column in cells:
        corners = {"x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.46, "y1": row + 0.46}
        colour = diagonal[row] if row == column else colours.UNGRADED
        opacity = 0.08 + 0.42 * (counts[row][column] / total if total else 0.0)
        line = {"width": 1, "color": colours.muted(theme)}
        drawn.add_shape(type="rect", layer="below", line=line, fillcolor=colour, opacity=opacity, **corners)
    texts = [(counts[row][column], counts[row][column] / total if total else None) for row, column in cells]
    hovers = [f"{names[0]}: {outcomes[row]}; {names[1]}: {outcomes[column]}" for row, column in cells]
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
        tickvals=list(range(size)),
        ticktext=[chart_text(name, 16) for name in outcomes],
        title=chart_text(names[1], 40),
        side="top",
        range=[-0.55, size - 0.45],
        showgrid=False,
        zeroline=False,
    )
    labels, title = [chart_text(name, 12) for name in outcomes], chart_text(names[0], 24)
    name_axis(drawn, labels, range(size), [size - 0.5, -0.5], title=title, showgrid=False)
    add_note(drawn, note, theme, below=8)
    return drawn
