"""One run by domain: a dot and its 95 % interval for each, and the run's own overall rate as a line."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import DOMAINS, MCQA_CHANCE, Metric
from siuo_dash.charts import style

_ROW_HEIGHT = 30
_SHORT = {domain.id: domain.short for domain in DOMAINS}


def run_profile(
    frame: pd.DataFrame, overall: float, metric: Metric, theme: style.Theme, *, narrow: bool = False
) -> go.Figure:
    """The domains in the benchmark's order, top to bottom.

    frame: domain, label, k, n, rate, low, high (fractions, NaN where nothing is graded), of analysis.runs.domain_profile.
    overall: the run's rate over all domains, a fraction. narrow: short names, for a phone. customdata: the domain's
    id, for a click.
    """
    labels = [
        f"{_SHORT.get(domain, label) if narrow else label}  {style.count(k, n) or 'not graded'}"
        for domain, label, k, n in zip(frame["domain"], frame["label"], frame["k"], frame["n"], strict=True)
    ]
    drawn = style.figure(theme, height=100 + _ROW_HEIGHT * len(frame))
    colour = style.METRIC_COLOURS[metric.id]
    rated = frame[frame["n"] > 0]
    rate, low, high = (100 * rated[part].to_numpy(dtype=float) for part in ("rate", "low", "high"))
    drawn.add_trace(
        go.Scatter(
            x=rate,
            y=[position for position, n in enumerate(frame["n"]) if n > 0],
            mode="markers",
            marker={"color": colour, "size": 10},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": high - rate,
                "arrayminus": rate - low,
                "color": colour,
                "thickness": 1.6,
                "width": 4,
            },
            customdata=rated[["domain"]].to_numpy(),
            text=[
                f"<b>{style.chart_text(row.label)}</b><br>{metric.label} {style.percent(row.rate)}, 95 % interval "
                f"{style.interval(row.low, row.high)}<br>{style.count(row.k, row.n)} samples"
                for row in rated.itertuples()
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    )
    marks = [(overall, "all domains", style.muted(theme))]
    if metric.id == "mcqa":
        marks.append((MCQA_CHANCE, "chance", style.muted(theme)))
    for place, words, line in marks:
        drawn.add_vline(x=100 * place, line={"color": line, "dash": "dash", "width": 1.5})
        drawn.add_annotation(
            x=100 * place,
            y=-0.55,
            text=f"{words} {style.percent(place)}",
            showarrow=False,
            xanchor="left" if place < 0.5 else "right",
            yanchor="bottom",
            font={"color": line, "size": 12},
        )
    drawn.update_xaxes(
        title=f"{metric.label}, % of graded samples", range=style.PERCENT_RANGE, dtick=20, zeroline=False
    )
    drawn.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[len(labels) - 0.4, -1.1],
        zeroline=False,
    )
    return drawn
