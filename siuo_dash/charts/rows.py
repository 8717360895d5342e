"""Rows of a chart that give a folded name its room, and a note that stays with the chart when it is saved."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from siuo_dash.charts import style

_LINE = 17


def row_places(labels: Sequence[str], row: int, room: int = 10) -> tuple[list[float], int]:
    """The middle of each row and the end of the last, in pixels from the top; row: the height of the lowest row.

    labels: as of style.chart_text, folded by <br>. room: what stays free above and below a folded name.
    """
    middles, end = [], 0
    for label in labels:
        height = max(row, _LINE * (label.count("<br>") + 1) + room)
        middles.append(end + height / 2)
        end += height
    return middles, end


def name_rows(drawn: go.Figure, labels: Sequence[str], places: Sequence[float], end: float) -> None:
    """Put the names on the vertical axis, the first row at the top; `end`: where the axis ends, in pixels."""
    drawn.update_yaxes(
        tickmode="array", tickvals=list(places), ticktext=list(labels), range=[end, 0], showgrid=True, zeroline=False
    )


def add_note(drawn: go.Figure, note: str, theme: style.Theme, *, below: int) -> None:
    """Write a note under the chart, so that a saved picture carries it too; below: pixels under the plot it keeps free."""
    if not note:
        return
    text = style.chart_text(note, 46)
    room = below + _LINE * (text.count("<br>") + 1) + 8
    drawn.update_layout(height=drawn.layout.height + room, margin={"b": room})
    drawn.add_annotation(
        x=1, xref="paper", xanchor="right", y=0, yref="paper", yanchor="top", yshift=-below,
        text=text, align="right", showarrow=False, font={"size": 12, "color": style.muted(theme)},
    )  # fmt: skip
