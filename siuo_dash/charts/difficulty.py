"""How hard the samples are for the runs of a board, and how well they discriminate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import chart_text, figure, hundredfold
from siuo_dash.text import fraction


def difficulty_histogram(frame: pd.DataFrame, metric: Metric, theme: Theme) -> go.Figure:
    """How many samples are passed by none, some, or all of the runs.

    frame: k, n (graded runs). Up to 20 runs a bar for each count, else ten equal classes of the share between
    nobody and everybody.
    """
    known = frame[frame["n"] > 0]
    most = int(known["n"].max()) if len(known) else 0
    if 0 < most <= 20 and (known["n"] == most).all():
        names = [str(k) for k in range(most + 1)]
        counts = [int((known["k"] == k).sum()) for k in range(most + 1)]
        title = f"Runs that pass the sample, of {most}"
    else:
        share = (known["k"] / known["n"]).to_numpy(dtype=float)
        inner = share[(share > 0) & (share < 1)]
        classes = np.bincount(np.minimum((inner * 10).astype(int), 9), minlength=10)
        names = ["nobody", *(f"{10 * step}–{10 * step + 10}%" for step in range(10)), "everybody"]
        counts = [int((share == 0).sum()), *map(int, classes), int((share == 1).sum())]
        title = "Share of the runs that pass the sample"
    drawn = figure(theme, height=380)
    drawn.add_trace(
        go.Bar(
            x=names,
            y=counts,
            marker={"color": colours.METRIC_COLOURS[metric.id]},
            text=[str(count) if count else "" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y} samples<extra></extra>",
        )
    )
    drawn.update_xaxes(title=title, type="category", showgrid=False)
    drawn.update_yaxes(title="Samples", rangemode="tozero")
    return drawn.update_layout(margin={"t": 24})


def difficulty_scatter(frame: pd.DataFrame, metric: Metric, theme: Theme, *, chance: float | None) -> go.Figure:
    """Each sample's share of passing runs against its discrimination.

    frame: question_id, scene, rate, k, n, discrimination, dominated (by flagged responses: open squares). chance: the
    limits within which chance alone could explain a correlation.
    """
    drawn = figure(theme, height=380)
    known = frame[frame["discrimination"].notna()]
    kinds = {False: ("circle", "sample"), True: ("square-open", "flagged responses dominate")}
    for dominated, (symbol, legend) in kinds.items():
        part = known[known["dominated"] == dominated]
        if part.empty:
            continue
        (rate,) = hundredfold(part, "rate")
        colour = colours.METRIC_COLOURS[metric.id]
        drawn.add_trace(
            go.Scatter(
                x=rate,
                y=part["discrimination"].to_numpy(dtype=float),
                mode="markers",
                name=legend,
                marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.75},
                customdata=part[["question_id"]].to_numpy(),
                text=[
                    f"<b>{row.question_id}</b> {chart_text(row.scene, 50)}<br>{fraction(row.k, row.n)} runs pass, "
                    f"discrimination {row.discrimination:+.2f}"
                    for row in part.itertuples()
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    grey = colours.muted(theme)
    drawn.add_hline(y=0, line={"color": grey, "width": 1.5})
    for limit in (-chance, chance) if chance else ():
        drawn.add_hline(y=limit, line={"color": grey, "width": 1, "dash": "dot"})
    drawn.update_xaxes(title="Runs that pass, %", range=[-4, 104], dtick=20, zeroline=False)
    return drawn.update_yaxes(title="Discrimination", range=[-1.08, 1.08], dtick=0.5, zeroline=False)
