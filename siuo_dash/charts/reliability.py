"""Charts of the reliability page: agreement of responses, difficulty and discrimination of samples, corrected rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import style
from siuo_dash.charts.rows import name_rows, row_places

MOST_ROWS = 40
"""More rows than this cannot be read at once; the page says how many are left out."""


def response_mix(
    frame: pd.DataFrame, metric: Metric, theme: style.Theme, *, name: str, unit: str = "Samples"
) -> go.Figure:
    """One stacked bar a row: how many samples have 3/3, 2/3, 1/3, 0/3 of their responses passing, and the rest.

    frame: `name`, responses, counts (by the number of passing responses), incomplete, ungraded, other. The first
    MOST_ROWS rows; rows may have different numbers of responses.
    """
    rows = frame.head(MOST_ROWS)
    labels = [style.chart_text(text, 30) for text in rows[name]]
    places, end = row_places(labels, 30)
    drawn = style.figure(theme, height=110 + end)
    totals = [sum(counts) + rest for counts, rest in zip(rows["counts"], _rest(rows), strict=True)]
    for responses in sorted(set(rows["responses"]), reverse=True):
        for passing in range(responses, -1, -1):
            values = [
                counts[passing] if size == responses else 0
                for counts, size in zip(rows["counts"], rows["responses"], strict=True)
            ]
            colour = style.METRIC_COLOURS[metric.id] if 2 * passing > responses else style.UNSAFE
            sure = passing in (0, responses)
            drawn.add_trace(
                _bar(
                    f"{passing}/{responses}", values, labels, places, totals,
                    {"color": colour if sure else _tint(colour, theme), "line": {"width": 1, "color": colour}},
                )
            )  # fmt: skip
    if any(rest := _rest(rows)):
        drawn.add_trace(_bar("not all graded", rest, labels, places, totals, {"color": style.UNGRADED}))
    drawn.update_xaxes(title=unit, side="top", rangemode="tozero")
    name_rows(drawn, labels, places, end)
    drawn.update_yaxes(showgrid=False)
    drawn.update_layout(
        barmode="stack",
        uniformtext={"minsize": 10, "mode": "hide"},
        legend={"y": 0, "yanchor": "top", "traceorder": "normal"},
    )
    return drawn


def difficulty_histogram(frame: pd.DataFrame, metric: Metric, theme: style.Theme) -> go.Figure:
    """How many samples are passed by none, some, or all of the runs.

    frame: k, n (graded runs). Up to 20 runs a bar for each count, else ten equal classes of the share between
    nobody and everybody.
    """
    known = frame[frame["n"] > 0]
    drawn = style.figure(theme, height=380)
    most = int(known["n"].max()) if len(known) else 0
    if 0 < most <= 20 and (known["n"] == most).all():
        names = [str(k) for k in range(most + 1)]
        counts = [int((known["k"] == k).sum()) for k in range(most + 1)]
        title = f"Runs that pass the sample, of {most}"
    else:
        share = (known["k"] / known["n"]).to_numpy(dtype=float)
        inner = share[(share > 0) & (share < 1)]
        classes = np.bincount(np.minimum((inner * 10).astype(int), 9), minlength=10)
        names = ["nobody", *(f"{10 * step}–{10 * step + 10} %" for step in range(10)), "everybody"]
        counts = [int((share == 0).sum()), *map(int, classes), int((share == 1).sum())]
        title = "Share of the runs that pass the sample"
    drawn.add_trace(
        go.Bar(
            x=names,
            y=counts,
            marker={"color": style.METRIC_COLOURS[metric.id]},
            text=[str(count) if count else "" for count in counts],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y} samples<extra></extra>",
        )
    )
    drawn.update_xaxes(title=title, type="category", showgrid=False)
    drawn.update_yaxes(title="Samples", rangemode="tozero")
    drawn.update_layout(margin={"t": 24})
    return drawn


def difficulty_scatter(frame: pd.DataFrame, metric: Metric, theme: style.Theme, *, chance: float | None) -> go.Figure:
    """Each sample's share of passing runs against its discrimination; samples on which flagged responses dominate
    are open squares. frame: question_id, scene, rate, k, n, discrimination, dominated. chance: the limits within
    which chance alone could explain a correlation.
    """
    drawn = style.figure(theme, height=380)
    known = frame[frame["discrimination"].notna()]
    colour = style.METRIC_COLOURS[metric.id]
    for dominated, symbol, name in (
        (False, "circle", "sample"),
        (True, "square-open", "flagged responses dominate"),
    ):
        part = known[known["dominated"] == dominated]
        if part.empty:
            continue
        drawn.add_trace(
            go.Scatter(
                x=100 * part["rate"].to_numpy(dtype=float),
                y=part["discrimination"].to_numpy(dtype=float),
                mode="markers",
                name=name,
                marker={"color": colour, "symbol": symbol, "size": 8, "opacity": 0.75},
                customdata=part[["question_id"]].to_numpy(),
                text=[
                    f"<b>{question_id}</b> {style.chart_text(scene, 50)}<br>{style.count(k, n)} runs pass, "
                    f"discrimination {value:+.2f}"
                    for question_id, scene, k, n, value in part[
                        ["question_id", "scene", "k", "n", "discrimination"]
                    ].itertuples(index=False)
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    drawn.add_hline(y=0, line={"color": style.muted(theme), "width": 1.5})
    for limit in (-(chance or 0), chance or 0):
        if limit:
            drawn.add_hline(y=limit, line={"color": style.muted(theme), "width": 1, "dash": "dot"})
    drawn.update_xaxes(title="Runs that pass, %", range=[-4, 104], dtick=20, zeroline=False)
    drawn.update_yaxes(title="Discrimination", range=[-1.08, 1.08], dtick=0.5, zeroline=False)
    return drawn


def corrected(frame: pd.DataFrame, metric: Metric, theme: style.Theme, *, name: str) -> go.Figure:
    """Each run's raw rate, and below it the estimate of what humans would have said, both with 95 % intervals.

    frame: `name`, rate, low, high, estimate, estimate_low, estimate_high (fractions; NaN = no estimate).
    """
    rows = frame.head(MOST_ROWS)
    labels = [style.chart_text(text, 30) for text in rows[name]]
    places, end = row_places(labels, 44)
    drawn = style.figure(theme, height=120 + end)
    for columns, words, symbol, estimated, shift in (
        (("rate", "low", "high"), "as judged", "circle", False, -7),
        (("estimate", "estimate_low", "estimate_high"), "estimate, corrected for the judge's errors", "diamond-open", True, 7),
    ):  # fmt: skip
        known = [place for place, value in enumerate(rows[columns[0]]) if not pd.isna(value)]
        middle, low, high = (100 * rows.iloc[known][column].to_numpy(dtype=float) for column in columns)
        colour = style.muted(theme) if estimated else style.METRIC_COLOURS[metric.id]
        drawn.add_trace(
            go.Scatter(
                x=middle,
                y=[places[place] + shift for place in known],
                mode="markers",
                name=words,
                marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2, "color": colour}},
                error_x={
                    "type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low,
                    "color": colour, "thickness": 1.6, "width": 4,
                },
                text=[
                    f"<b>{style.chart_text(rows[name].iloc[place], 60)}</b><br>{words}: {a:.1f} %, 95 % interval {b:.1f}–{c:.1f}"
                    for place, a, b, c in zip(known, middle, low, high, strict=True)
                ],
                hovertemplate="%{text}<extra></extra>",
            )
        )  # fmt: skip
    drawn.update_xaxes(title=f"{metric.label}, %", range=style.PERCENT_RANGE, dtick=20, zeroline=False, side="top")
    name_rows(drawn, labels, places, end)
    drawn.update_layout(legend={"y": 0, "yanchor": "top"})
    return drawn


def _tint(colour: str, theme: style.Theme, share: float = 0.4) -> str:
    """A colour mixed with the paper's, so that plotly can choose a text colour that is legible on it."""
    own, paper = ([int(value[at : at + 2], 16) for at in (1, 3, 5)] for value in (colour, style.paper(theme)))
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(own, paper, strict=True))


def _rest(rows: pd.DataFrame) -> list[int]:
    return [int(value) for value in rows["incomplete"] + rows["ungraded"] + rows["other"]]


def _bar(
    name: str,
    values: Sequence[int],
    labels: Sequence[str],
    places: Sequence[float],
    totals: Sequence[int],
    marker: dict[str, object],
) -> go.Bar:
    return go.Bar(
        x=list(values),
        y=list(places),
        width=20,
        orientation="h",
        name=name,
        marker=marker,
        text=[str(value) if total and value >= 0.04 * total else "" for value, total in zip(values, totals, strict=True)],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"size": 12},
        hovertemplate=[f"{label}<br>{name}: {value} of {total} samples<extra></extra>" for label, value, total in zip(labels, values, totals, strict=True)],
    )  # fmt: skip
