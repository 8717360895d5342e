"""The dot-and-interval chart of one metric in rank order."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import MCQA_CHANCE, Metric
from siuo_dash.charts import style

MOST_ROWS = 60
"""More rows than this cannot be read at once; the page says how many are left out."""
_ROW_HEIGHT = 24
_LINE_HEIGHT = 17


def ranking(frame: pd.DataFrame, metric: Metric, theme: style.Theme, *, name: str = "model") -> go.Figure:
    """A dot and its 95 % interval for each run, best at the top.

    frame: rows in the order to be drawn, with `name`, `{metric}_rate`, `_low`, `_high` (fractions), `_k`, `_n`,
    `evidence`. Rows without a rate are left out, and rows beyond `MOST_ROWS`. Per-sample runs have filled dots.
    """
    rated = frame[frame[f"{metric.id}_rate"].notna()].head(MOST_ROWS)
    labels = [style.chart_text(text) for text in rated[name]]
    places, depth = _places(labels)
    drawn = style.figure(theme, height=90 + round(_ROW_HEIGHT * depth))
    colour = style.METRIC_COLOURS[metric.id]
    for evidence, symbol, legend in (
        ("per_sample", "circle", "A verdict for each sample"),
        ("totals", "circle-open", "Only counts published"),
    ):
        part = rated["evidence"] == evidence
        if not part.any():
            continue
        rows = rated[part]
        rate, low, high = (100 * rows[f"{metric.id}_{end}"].to_numpy(dtype=float) for end in ("rate", "low", "high"))
        drawn.add_trace(
            go.Scatter(
                x=rate,
                y=[place for place, is_part in zip(places, part, strict=True) if is_part],
                mode="markers",
                name=legend,
                marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2, "color": colour}},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": high - rate,
                    "arrayminus": rate - low,
                    "color": colour,
                    "thickness": 1.6,
                    "width": 4,
                },
                customdata=rows[["run_id"]].to_numpy(),
                text=[
                    f"<b>{style.chart_text(row[name])}</b><br>{metric.label} {style.percent(row[f'{metric.id}_rate'], 2)}, "
                    f"95 % interval {style.interval(row[f'{metric.id}_low'], row[f'{metric.id}_high'])}<br>"
                    f"{style.count(row[f'{metric.id}_k'], row[f'{metric.id}_n'])} samples"
                    for _, row in rows.iterrows()
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    drawn.update_xaxes(range=style.PERCENT_RANGE, dtick=20, zeroline=False, side="top")
    # An axis title is centred and would be cut where long names leave a narrow plot; this ends where the plot ends.
    drawn.add_annotation(
        text=f"{metric.label}, % of graded samples",
        x=1, xref="paper", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=22, showarrow=False,
    )  # fmt: skip
    drawn.update_layout(margin={"t": 52})
    drawn.update_yaxes(
        tickmode="array",
        tickvals=places,
        ticktext=labels,
        range=[depth + 0.1, -0.1],
        showgrid=True,
        zeroline=False,
    )
    drawn.update_layout(legend={"y": 0, "yanchor": "top", "yref": "container" if not labels else "paper"})
    if metric.id == "mcqa":
        drawn.add_vline(x=100 * MCQA_CHANCE, line={"color": style.muted(theme), "dash": "dash", "width": 1.5})
        drawn.add_annotation(
            x=100 * MCQA_CHANCE,
            y=depth + 0.05,
            text="chance 25 %",
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"color": style.muted(theme), "size": 12},
        )
    return drawn


def _places(labels: list[str]) -> tuple[list[float], float]:
    """The middle of each row and the end of the last, in heights of a row of one line: a folded name needs its room."""
    heights = [1 + _LINE_HEIGHT / _ROW_HEIGHT * label.count("<br>") for label in labels]
    ends = list(accumulate(heights))
    return [end - height / 2 for end, height in zip(ends, heights, strict=True)], ends[-1] if ends else 0.0
