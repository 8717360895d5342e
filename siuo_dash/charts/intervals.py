"""Dots with 95% intervals in rows: runs in rank order, differences, boards, corrected rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import MCQA_CHANCE, Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import (
    PERCENT_RANGE,
    Rows,
    add_note,
    chart_text,
    error_bar,
    figure,
    hundredfold,
    name_axis,
    names_above,
    rows,
)
from siuo_dash.text import fraction, interval, percent, points, points_interval

MOST_ROWS: Final = 60
"""More rows than this cannot be read at once; the page says how many are left out."""
MOST_MODELS: Final = 40
"""The same for rows that are taller: models on several boards, corrected rates."""
_RATE: Final = ("rate", "low", "high")
_ROW: Final = 24
_MODEL_ROW: Final = {False: 46, True: 62}
# Boards differ by symbol: a metric keeps its colour.
_BOARD_SYMBOLS: Final = (*colours.SYMBOLS, *(f"{symbol}-open" for symbol in colours.SYMBOLS))


def ranking(frame: pd.DataFrame, metric: Metric, theme: Theme, *, name: str = "model") -> go.Figure:
    """A dot and its 95% interval for each run, best at the top.

    frame: rows in the order to be drawn, with `name`, `{metric}_rate`, `_low`, `_high` (fractions), `_k`, `_n`,
    `evidence`. Rows without a rate are left out, and rows beyond `MOST_ROWS`. Per-sample runs have filled dots.
    """
    rated = frame[frame[f"{metric.id}_rate"].notna()].head(MOST_ROWS)
    figures = {part: rated[f"{metric.id}_{part}"] for part in (*_RATE, "k", "n")}
    rated = pd.DataFrame(
        {
            "name": rated[name],
            "run_id": rated["run_id"],
            "evidence": rated["evidence"].replace("domain_totals", "totals"),
            **figures,
        }
    )
    names = rows(rated["name"], _ROW, width=34, room=7)
    # The axis counts rows of one line.
    places, depth = [middle / _ROW for middle in names.middles], names.height / _ROW
    drawn = figure(theme, height=90 + round(names.height))
    kinds = {"per_sample": ("circle", "A verdict for each sample"), "totals": ("circle-open", "Only counts published")}
    for evidence, (symbol, legend) in kinds.items():
        at = [row for row, known in enumerate(rated["evidence"]) if known == evidence]
        if at:
            part = rated.iloc[at]
            text = [_run_hover(row.name, row, metric, digits=2) for row in _records(part)]
            drawn.add_trace(
                dots(part, [places[row] for row in at], _colour(metric), text, symbol, name=legend, ids="run_id")
            )
    drawn.update_xaxes(range=PERCENT_RANGE, dtick=20, zeroline=False, side="top")
    # An axis title is centred and would be cut where long names leave a narrow plot; this ends where the plot ends.
    corner = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": 22}
    drawn.add_annotation(text=_of_graded(metric), showarrow=False, **corner)
    name_axis(drawn, names.labels, places, [depth + 0.1, -0.1], showgrid=True)
    legend_place = {"y": 0, "yanchor": "top", "yref": "container" if not names.labels else "paper"}
    drawn.update_layout(margin={"t": 52}, legend=legend_place)
    if metric.id == "mcqa":
        _line(drawn, MCQA_CHANCE, theme, "chance 25%", depth + 0.05)
    return drawn


def differences(
    frame: pd.DataFrame, theme: Theme, *, left: str, right: str, legend: str = "p < 0.05", note: str = ""
) -> go.Figure:
    """A dot and its 95% interval for each row around zero, in points, the first row at the top.

    frame: label, difference, low, high (fractions), significant, words (for the hover). left, right: what lies on
    each side of zero. Rows whose p is below 0.05 have filled dots. note: what a saved picture must say.
    """
    shown = frame.head(MOST_ROWS)
    names = rows(shown["label"], 26)
    drawn = figure(theme, height=round(92 + names.height))
    for significant, symbol, name in ((True, "circle", legend), (False, "circle-open", "not significant")):
        at = [row for row, value in enumerate(shown["significant"]) if bool(value) == significant]
        if at:
            part = shown.iloc[at]
            text = [
                f"<b>{chart_text(row.label, 60)}</b><br>{points(row.difference)} points "
                f"({points_interval(row.low, row.high)})<br>{chart_text(row.words, 60)}"
                for row in _records(part)
            ]
            where = [names.middles[row] for row in at]
            columns = ("difference", "low", "high")
            drawn.add_trace(dots(part, where, colours.ink(theme), text, symbol, columns, size=9, name=name))
    widest = 100 * max(shown["high"].max(), -shown["low"].min(), 0.05) if len(shown) else 5.0
    reach = min(100.0, widest * 1.08)
    grey = colours.muted(theme)
    drawn.add_vline(x=0, line={"color": grey, "width": 1.5})
    sides = {"y": 0, "yref": "paper", "yshift": -24, "showarrow": False, "yanchor": "top", "font": {"color": grey}}
    drawn.add_annotation(x=-reach, text=chart_text(f"← {left}", 40), xanchor="left", **sides)
    drawn.add_annotation(x=reach, text=chart_text(f"{right} →", 40), xanchor="right", **sides)
    # The unit is below what lies on each side: a narrow plot has no room for the three beside each other.
    drawn.update_xaxes(range=[-reach, reach], zeroline=False, title={"text": "points", "standoff": 24})
    name_axis(drawn, names.labels, names.middles, [names.height, 0], showgrid=True)
    drawn.update_layout(showlegend=True, margin={"t": 28, "b": 64})
    add_note(drawn, note, theme, below=64)
    return drawn


def several_boards(frame: pd.DataFrame, metric: Metric, theme: Theme, *, narrow: bool = False) -> go.Figure:
    """Rates of models that are on several boards: one row a model, one mark a board, the widest gap at the top.

    frame: one row a model and board, with `name` (the model), `board_label`, `rate`, `low`, `high` (fractions), `k`,
    `n`, `evidence`, `run_id`. Models beyond MOST_MODELS are left out. narrow: names are above the marks.
    """
    gaps = frame.groupby("name")["rate"].agg(lambda rates: rates.max() - rates.min())
    names = sorted(gaps.index, key=lambda name: (-gaps[name], name))[:MOST_MODELS]
    labels = rows(names, 0, width=40 if narrow else 30)
    shown = frame[frame["name"].isin(names)]
    # Marks of one model are a little apart in height, so that their intervals do not cover each other.
    apart = 0.22 * (shown.groupby("name")["rate"].rank(method="first", pct=True) - 0.5)
    shown = shown.assign(y=shown["name"].map({name: row for row, name in enumerate(names)}) + apart)
    boards = rows(dict.fromkeys(shown["board_label"]), 0, width=38)
    legend = 22 * len(boards.labels) + 15 * boards.breaks
    height = 96 + _MODEL_ROW[narrow] * len(names) + 16 * labels.breaks + legend
    drawn = figure(theme, height=height)
    for name in names:
        ends = shown[shown["name"] == name].sort_values("y")
        line = {"color": colours.muted(theme), "width": 5}
        quiet = {"showlegend": False, "hoverinfo": "skip", "opacity": 0.35}
        drawn.add_trace(go.Scatter(x=100 * ends["rate"], y=ends["y"], mode="lines", line=line, **quiet))
    by_board = zip(dict.fromkeys(shown["board_label"]), boards.labels, cycle(_BOARD_SYMBOLS), strict=False)
    for board, label, symbol in by_board:
        part = shown[shown["board_label"] == board]
        text = [
            f"<b>{chart_text(row.name, 48)}</b><br>{chart_text(row.board_label, 48)}<br>"
            f"{metric.label} {percent(row.rate)} ({interval(row.low, row.high)}), {fraction(row.k, row.n)}"
            for row in _records(part)
        ]
        bars = {"thickness": 1.4, "width": 3}
        drawn.add_trace(
            dots(part, part["y"], _colour(metric), text, symbol, size=11, name=label, ids="run_id", bars=bars)
        )
    axis = {"range": PERCENT_RANGE, "dtick": 20, "zeroline": False, "fixedrange": True}
    drawn.update_xaxes(title=_of_graded(metric), **axis)
    ends = [len(names) - 0.5, -0.75 if narrow else -0.5]
    beside = Rows([], [], []) if narrow else labels
    name_axis(drawn, beside.labels, range(len(beside.labels)), ends, fixedrange=True, showgrid=False)
    if narrow:
        names_above(drawn, labels.labels, 0.24)
    legend_place = {"orientation": "v", "y": 0, "yref": "container", "yanchor": "bottom", "x": 0}
    drawn.update_layout(legend={**legend_place, "itemclick": False, "itemdoubleclick": False})
    return drawn


def corrected(frame: pd.DataFrame, metric: Metric, theme: Theme) -> go.Figure:
    """Each run's raw rate, and below it the estimate of what humans would have said, both with 95% intervals.

    frame: `name`, rate, low, high, estimate, estimate_low, estimate_high (fractions; NaN = no estimate).
    """
    shown = frame.head(MOST_MODELS)
    names = rows(shown["name"], 44)
    drawn = figure(theme, height=int(120 + names.height))
    estimate = ("estimate", "estimate_low", "estimate_high")
    for columns, words, symbol, colour, shift in (
        (_RATE, "as judged", "circle", _colour(metric), -7),
        (estimate, "estimate, corrected for the judge's errors", "diamond-open", colours.muted(theme), 7),
    ):
        at = [row for row, value in enumerate(shown[columns[0]]) if not pd.isna(value)]
        part = shown.iloc[at]
        text = [
            f"<b>{chart_text(run, 60)}</b><br>{words}: {middle:.1f}%, 95% interval {low:.1f}–{high:.1f}"
            for run, middle, low, high in zip(part["name"], *hundredfold(part, *columns), strict=True)
        ]
        drawn.add_trace(
            dots(part, [names.middles[row] + shift for row in at], colour, text, symbol, columns, name=words)
        )
    drawn.update_xaxes(title=f"{metric.label}, %", range=PERCENT_RANGE, dtick=20, zeroline=False, side="top")
    name_axis(drawn, names.labels, names.middles, [names.height, 0], showgrid=True)
    drawn.update_layout(legend={"y": 0, "yanchor": "top"})
    return drawn


def dots(
    frame: pd.DataFrame,
    y: Sequence[float] | pd.Series[float],
    colour: str,
    text: Sequence[str],
    symbol: str = "",
    columns: tuple[str, str, str] = _RATE,
    *,
    size: int = 10,
    ids: str | Sequence[str] = "",
    bars: Mapping[str, float] | None = None,
    **more: Any,
) -> go.Scatter:
    """A dot for each row of a frame at the middle of `columns` (fractions), with the interval of the other two.

    text: what each says on hover. ids: the columns of what a click gives. bars: the error bars' thickness and width.
    """
    middle, low, high = hundredfold(frame, *columns)
    return go.Scatter(
        x=middle,
        y=list(y),
        mode="markers",
        marker={"color": colour, "size": size}
        | ({"symbol": symbol, "line": {"width": 2, "color": colour}} if symbol else {}),
        error_x=error_bar(middle, low, high, colour, **(bars or {})),
        customdata=frame[[ids] if isinstance(ids, str) else list(ids)].to_numpy() if ids else None,
        text=list(text),
        hovertemplate="%{text}<extra></extra>",
        **more,
    )


def _line(drawn: go.Figure, rate: float, theme: Theme, words: str, y: float, anchor: str = "left") -> None:
    """A dashed line at a rate, and at the height `y` what it is."""
    colour = colours.muted(theme)
    drawn.add_vline(x=100 * rate, line={"color": colour, "dash": "dash", "width": 1.5})
    font = {"color": colour, "size": 12}
    drawn.add_annotation(x=100 * rate, y=y, text=words, showarrow=False, xanchor=anchor, yanchor="bottom", font=font)


def _run_hover(name: str, row: Any, metric: Metric, *, digits: int = 1) -> str:
    rate = f"{metric.label} {percent(row.rate, digits)}, 95% interval {interval(row.low, row.high)}"
    return f"<b>{chart_text(name)}</b><br>{rate}<br>{fraction(row.k, row.n)} samples"


def _of_graded(metric: Metric) -> str:
    return f"{metric.label}, % of graded samples"


def _colour(metric: Metric) -> str:
    return colours.METRIC_COLOURS[metric.id]


def _records(frame: pd.DataFrame) -> Sequence[Any]:
    """The rows of a frame, their columns as attributes."""
    return list(frame.itertuples(index=False, name="Row"))
