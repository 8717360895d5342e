"""The same model on several boards: one row a model, one mark a board, the gap between them as a line."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import style

MOST_ROWS: Final = 40
"""More models than this cannot be read at once; the page says how many are left out."""
_ROW: Final = {False: 46, True: 62}
# Boards are told apart by symbol first: a metric keeps its colour.
_SYMBOLS: Final = (*style.SYMBOLS, *(f"{symbol}-open" for symbol in style.SYMBOLS))


def dumbbell(frame: pd.DataFrame, metric: Metric, theme: style.Theme, *, narrow: bool = False) -> go.Figure:
    """Rates of models that stand on several boards, in percent, the model with the widest gap at the top.

    frame: one row a model and board, with `name` (the model), `board_label`, `rate`, `low`, `high` (fractions), `k`,
    `n`, `evidence`, `run_id`. Models beyond MOST_ROWS are left out. narrow: names stand above the marks.
    """
    gaps = frame.groupby("name")["rate"].agg(lambda rates: rates.max() - rates.min())
    names = sorted(gaps.index, key=lambda name: (-gaps[name], name))[:MOST_ROWS]
    rows = frame[frame["name"].isin(names)]
    rows = rows.assign(place=rows["name"].map({name: place for place, name in enumerate(names)}))
    labels = [style.chart_text(name, 40 if narrow else 30) for name in names]
    boards = list(dict.fromkeys(rows["board_label"]))
    folds = [style.chart_text(board, 38) for board in boards]
    legend = sum(22 + 15 * fold.count("<br>") for fold in folds)
    height = 80 + _ROW[narrow] * len(names) + 16 * sum(label.count("<br>") for label in labels) + legend
    drawn = style.figure(theme, height=height)
    # Marks of one model stand a little apart in height, so that their intervals do not cover each other.
    rows = rows.assign(y=rows["place"] + 0.22 * (rows.groupby("name")["rate"].rank(method="first", pct=True) - 0.5))
    for name in names:
        ends = rows[rows["name"] == name].sort_values("y")
        drawn.add_trace(
            go.Scatter(
                x=100 * ends["rate"], y=ends["y"], mode="lines", showlegend=False, hoverinfo="skip",
                line={"color": style.muted(theme), "width": 5}, opacity=0.35,
            )
        )  # fmt: skip
    for board, fold, symbol in zip(boards, folds, _cycled(len(boards)), strict=True):
        part = rows[rows["board_label"] == board]
        rate, low, high = (100 * part[end].to_numpy(dtype=float) for end in ("rate", "low", "high"))
        colour = style.METRIC_COLOURS[metric.id]
        drawn.add_trace(
            go.Scatter(
                x=rate,
                y=part["y"],
                mode="markers",
                name=fold,
                marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2, "color": colour}},
                error_x={
                    "type": "data", "symmetric": False, "array": high - rate, "arrayminus": rate - low, "color": colour,
                    "thickness": 1.4, "width": 3,
                },
                customdata=part[["run_id"]].to_numpy(),
                text=[_hover(row, metric) for row in part.to_dict("records")],
                hovertemplate="%{text}<extra></extra>",
            )
        )  # fmt: skip
    drawn.update_xaxes(
        title=f"{metric.label}, % of graded samples",
        range=style.PERCENT_RANGE,
        dtick=20,
        zeroline=False,
        side="top",
        fixedrange=True,
    )
    drawn.update_yaxes(
        tickmode="array", tickvals=[] if narrow else list(range(len(names))), ticktext=[] if narrow else labels,
        range=[len(names) - 0.5, -0.75 if narrow else -0.5], zeroline=False, fixedrange=True, showgrid=False,
    )  # fmt: skip
    for place, label in enumerate(labels if narrow else []):
        drawn.add_annotation(
            x=0, y=place - 0.24, text=label, showarrow=False, xanchor="left", yanchor="bottom", align="left", borderpad=0,
            font={"size": 12},
        )  # fmt: skip
    drawn.update_layout(
        legend={"orientation": "v", "y": 0, "yanchor": "top", "x": 0, "itemclick": False, "itemdoubleclick": False}
    )
    return drawn


def _cycled(count: int) -> list[str]:
    return [_SYMBOLS[place % len(_SYMBOLS)] for place in range(count)]


def _hover(row: dict[object, object], metric: Metric) -> str:
    rate, low, high, k, n = (row[part] for part in ("rate", "low", "high", "k", "n"))
    return (
        f"<b>{style.chart_text(str(row['name']), 48)}</b><br>{style.chart_text(str(row['board_label']), 48)}<br>"
        f"{metric.label} {style.percent(rate)}, 95 % interval {style.interval(low, high)}, {style.count(k, n)}"  # type: ignore[arg-type]
    )
