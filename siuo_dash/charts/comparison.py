"""Charts of two judgements of the same samples: differences with intervals, and the 2×2 of outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.charts import style
from siuo_dash.charts.rows import add_note, name_rows, row_places

MOST_ROWS = 60
"""More rows than this cannot be read at once; the page says how many are left out."""
_ROW_HEIGHT = 26


def differences(
    frame: pd.DataFrame, theme: style.Theme, *, left: str, right: str, told_apart: str = "p < 0.05", note: str = ""
) -> go.Figure:
    """A dot and its 95 % interval for each row around zero, in points, the first row at the top.

    frame: label, difference, low, high (fractions), told_apart, words (for the hover). left, right: what lies on
    each side of zero. Rows whose p is below 0.05 have filled dots. note: what a saved picture must say.
    """
    rows = frame.head(MOST_ROWS)
    labels = [style.chart_text(text, 30) for text in rows["label"]]
    places, end = row_places(labels, _ROW_HEIGHT)
    drawn = style.figure(theme, height=125 + end)
    ink = style.ink(theme)
    for is_apart, symbol, name in ((True, "circle", told_apart), (False, "circle-open", "not told apart")):
        part = [position for position, value in enumerate(rows["told_apart"]) if bool(value) == is_apart]
        if not part:
            continue
        chosen = rows.iloc[part]
        middle, low, high = (100 * chosen[name].to_numpy(dtype=float) for name in ("difference", "low", "high"))
        drawn.add_trace(
            go.Scatter(
                x=middle,
                y=[places[position] for position in part],
                mode="markers",
                name=name,
                marker={"color": ink, "symbol": symbol, "size": 9, "line": {"width": 2, "color": ink}},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": high - middle,
                    "arrayminus": middle - low,
                    "color": ink,
                    "thickness": 1.6,
                    "width": 4,
                },
                text=[
                    f"<b>{style.chart_text(label, 60)}</b><br>{style.points(difference)} points, 95 % interval "
                    f"{style.points(low)} to {style.points(high)}<br>{style.chart_text(words, 60)}"
                    for label, difference, low, high, words in chosen[
                        ["label", "difference", "low", "high", "words"]
                    ].itertuples(index=False)
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    widest = 100 * max(rows["high"].max(), -rows["low"].min(), 0.05) if len(rows) else 5.0
    reach = min(100.0, widest * 1.08)
    drawn.add_vline(x=0, line={"color": style.muted(theme), "width": 1.5})
    for x, anchor, words in ((-reach, "left", f"← {left}"), (reach, "right", f"{right} →")):
        drawn.add_annotation(
            x=x,
            y=end + 4,
            text=style.chart_text(words, 40),
            showarrow=False,
            xanchor=anchor,
            yanchor="top",
            font={"color": style.muted(theme), "size": 12},
        )
    drawn.update_xaxes(title="Difference, points", range=[-reach, reach], side="top", zeroline=False)
    name_rows(drawn, labels, places, end + 26)
    drawn.update_layout(legend={"y": 0, "yanchor": "top"}, showlegend=True)
    add_note(drawn, note, theme, below=58)
    return drawn


def two_by_two(
    counts: Sequence[Sequence[int]],
    theme: style.Theme,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    row_title: str,
    column_title: str,
    colours: Sequence[str],
    note: str = "",
) -> go.Figure:
    """A table of counts as tiles, each with its count and share; grey where row and column differ.

    counts: rows × columns, the same outcomes in the same order; colours: one for each outcome, for the diagonal.
    The stronger the colour, the larger the share.
    """
    total = sum(map(sum, counts))
    drawn = style.figure(theme, height=110 + 84 * len(rows))
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            share = count / total if total else 0.0
            drawn.add_shape(
                type="rect",
                x0=column - 0.48,
                x1=column + 0.48,
                y0=row - 0.46,
                y1=row + 0.46,
                line={"width": 1, "color": style.muted(theme)},
                fillcolor=colours[row] if row == column else style.UNGRADED,
                opacity=0.08 + 0.42 * share,
                layer="below",
            )
    drawn.add_trace(
        go.Scatter(
            x=[column for _ in rows for column in range(len(columns))],
            y=[row for row in range(len(rows)) for _ in columns],
            mode="text",
            text=[
                f"<b>{count}</b><br>{style.percent(count / total if total else None)}"
                for line in counts
                for count in line
            ],
            textfont={"size": 15, "color": style.ink(theme)},
            customdata=[
                [style.chart_text(f"{row_title}: {row}; {column_title}: {column}", 60)]
                for row in rows
                for column in columns
            ],
            hovertemplate="%{customdata[0]}<br>%{text}<extra></extra>",
            showlegend=False,
        )
    )
    drawn.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(columns))),
        ticktext=[style.chart_text(name, 16) for name in columns],
        title=style.chart_text(column_title, 40),
        side="top",
        range=[-0.55, len(columns) - 0.45],
        showgrid=False,
        zeroline=False,
    )
    drawn.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(rows))),
        ticktext=[style.chart_text(name, 12) for name in rows],
        title=style.chart_text(row_title, 24),
        range=[len(rows) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    add_note(drawn, note, theme, below=8)
    return drawn
