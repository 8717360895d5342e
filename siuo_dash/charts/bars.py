"""Bars: the outcomes of runs, and how the responses to one sample agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import (
    Rows,
    add_note,
    chart_text,
    figure,
    name_axis,
    names_above,
    rows,
    text_width,
)
from siuo_dash.text import percent

MOST_ROWS: Final = 60
"""More bars of outcomes than this cannot be read at once; the page says how many are left out."""
MOST_MIXES: Final = 40
"""The same for bars of responses."""
_OUTCOME_BAR: Final = {False: 26, True: 44}
_NARROWEST: Final = {False: 420.0, True: 240.0}
_TINT: Final = 0.4
_LEAST_SHARE: Final = 0.04
"""A part of less has no room for its count."""


@dataclass(frozen=True)
class Outcome:
    """A part of the bar: the column with its count, its label, what it means, its colour and pattern."""

    id: str
    label: str
    help: str
    colour: str
    pattern: str = ""


_TOGETHER: Final = "safe in most responses and effective in most, but not in the same ones"
OUTCOMES: Final = (
    Outcome("both", "Both", "safe and effective in most responses", colours.BOTH),
    Outcome("apart", "Both, but not together", _TOGETHER, colours.BOTH, "/"),
    Outcome("safe_only", "Safe only", "safe, but not effective", colours.SAFE),
    Outcome("effective_only", "Effective only", "effective, but unsafe", colours.UNSAFE),
    Outcome("neither", "Neither", "unsafe and not effective", colours.UNSAFE, "\\"),
    Outcome("unplaced", "Ungraded", "a verdict is missing, so the outcome is open", colours.UNGRADED, "x"),
)
_ALWAYS: Final = ("both", "safe_only", "effective_only", "neither")


def outcomes(frame: pd.DataFrame, theme: Theme, *, narrow: bool = False) -> go.Figure:
    """The outcomes of each run as one stacked bar, in percent of its samples, each with its count where there is room.

    frame: rows in the order to be drawn, with `model`, `label`, `run_id`, `samples` and a count for each of OUTCOMES.
    Rows that were not judged for effectiveness are left out, and rows beyond MOST_ROWS. narrow: names are above bars.
    """
    shown = frame[frame["samples"].fillna(0) > 0].head(MOST_ROWS)
    names = rows(shown["model"], 0, width=44 if narrow else 34)
    height = 90 + (24 if narrow else 0) + _OUTCOME_BAR[narrow] * len(shown) + 16 * names.breaks
    drawn = figure(theme, height=height)
    samples = shown["samples"].to_numpy(dtype=float)
    for outcome in OUTCOMES:
        counts = shown[outcome.id].to_numpy(dtype=float)
        if not counts.any() and outcome.id not in _ALWAYS:
            continue
        shares = 100 * counts / samples
        rooms = [share / 100 * _NARROWEST[narrow] for share in shares]
        texts = [f"{count:.0f}" for count in counts]
        pattern = {"shape": outcome.pattern, "fgcolor": colours.paper(theme), "size": 6, "solidity": 0.25}
        pattern |= {"fillmode": "overlay"}
        line = {"width": 1, "color": colours.paper(theme)}
        drawn.add_trace(
            go.Bar(
                x=shares,
                y=list(range(len(shown))),
                orientation="h",
                name=outcome.label,
                marker={"color": outcome.colour, "line": line, "pattern": pattern},
                text=[text if room > text_width(text, 12) + 4 else "" for text, room in zip(texts, rooms, strict=True)],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 12, "color": colours.text_on(outcome.colour)},
                customdata=shown[["run_id"]].to_numpy(),
                hovertext=[
                    f"<b>{chart_text(label, 48)}</b><br>{outcome.label}: {count:.0f} of {total:.0f} samples "
                    f"({share:.1f}%)<br>{outcome.help}"
                    for label, count, total, share in zip(shown["label"], counts, samples, shares, strict=True)
                ],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )
    legend = {"traceorder": "normal", "itemclick": False, "itemdoubleclick": False}
    bargap = 0.5 if narrow else 0.2
    drawn.update_layout(barmode="stack", bargap=bargap, legend=legend, uniformtext={"mode": "show", "minsize": 10})
    drawn.update_xaxes(title="% of the run's samples", range=[0, 100], dtick=20, fixedrange=True, showgrid=False)
    beside = Rows([], [], []) if narrow else names
    ends = [len(shown) - 0.4, -0.9 if narrow else -0.6]
    name_axis(drawn, beside.labels, range(len(beside.labels)), ends, fixedrange=True, showgrid=False)
    if narrow:
        names_above(drawn, names.labels, 0.26)
    return drawn


def two_runs(
    counts: Mapping[str, int], labels: Mapping[str, str], metric: Metric, theme: Theme, *, note: str = ""
) -> go.Figure:
    """How often both, one and none of two runs pass, as one bar; the counts are in the key too.

    counts: of 'both', 'first', 'second', 'neither'; labels: what each is called. Each part has its id as customdata,
    which a click selects. note: what a saved picture must say.
    """
    total = max(1, sum(counts.values()))
    grey, ink = colours.UNGRADED, colours.METRIC_COLOURS[metric.id]
    looks = {"both": (ink, ""), "first": (grey, "/"), "second": (grey, "\\"), "neither": (colours.UNSAFE, "")}
    drawn = figure(theme, height=108)  # the key has two lines on a phone
    for part, (colour, shape) in looks.items():
        share = counts[part] / total
        pattern = {"shape": shape, "fgcolor": colours.paper(theme), "size": 6, "solidity": 0.15, "fillmode": "overlay"}
        drawn.add_trace(
            go.Bar(
                x=[counts[part]],
                y=[0],
                orientation="h",
                name=chart_text(f"{labels[part]}: {counts[part]}", 60),
                marker={"color": colour, "pattern": pattern, "line": {"width": 1, "color": colours.paper(theme)}},
                text=[str(counts[part]) if share > _LEAST_SHARE else ""],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": 15, "color": colours.text_on(colour)},
                customdata=[[part]],
                hovertemplate=f"{chart_text(labels[part], 60)}: {counts[part]} of {total} samples "
                f"({percent(share)})<extra></extra>",
            )
        )
    drawn.update_xaxes(visible=False, range=[0, total], fixedrange=True)
    drawn.update_yaxes(visible=False, fixedrange=True)
    legend = {"traceorder": "normal", "itemclick": False, "itemdoubleclick": False}
    drawn.update_layout(barmode="stack", bargap=0.1, legend=legend, margin={"l": 0, "r": 0, "t": 54, "b": 6})
    add_note(drawn, note, theme, below=6)
    return drawn


def response_mix(frame: pd.DataFrame, metric: Metric, theme: Theme, *, unit: str = "Samples") -> go.Figure:
    """One stacked bar a row: how many samples have 3/3, 2/3, 1/3, 0/3 of their responses passing, and the rest.

    frame: `name`, responses, counts (by the number of passing responses), incomplete, ungraded, other. The first
    MOST_MIXES rows; rows may have different numbers of responses.
    """
    shown = frame.head(MOST_MIXES)
    names = rows(shown["name"], 30)
    drawn = figure(theme, height=int(110 + names.height))
    rest = [int(value) for value in shown["incomplete"] + shown["ungraded"] + shown["other"]]
    totals = [sum(counts) + others for counts, others in zip(shown["counts"], rest, strict=True)]

    def add(legend: str, values: Sequence[int], marker: dict[str, object]) -> None:
        hovers = [
            f"{label}<br>{legend}: {value} of {total} samples<extra></extra>"
            for label, value, total in zip(names.labels, values, totals, strict=True)
        ]
        bars = {"y": names.middles, "width": 20, "orientation": "h", "hovertemplate": hovers}
        inside = {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0, "textfont": {"size": 12}}
        sized = zip(values, totals, strict=True)
        text = [str(value) if total and value >= 0.04 * total else "" for value, total in sized]
        drawn.add_trace(go.Bar(x=list(values), name=legend, marker=marker, text=text, **bars, **inside))

    for responses in sorted(set(shown["responses"]), reverse=True):
        for passing in range(responses, -1, -1):
            sized = zip(shown["counts"], shown["responses"], strict=True)
            values = [counts[passing] if size == responses else 0 for counts, size in sized]
            colour = colours.METRIC_COLOURS[metric.id] if 2 * passing > responses else colours.UNSAFE
            # A tint where the responses differ, so that plotly can choose a text colour that is legible on it.
            shade = colour if passing in (0, responses) else colours.mixed(colours.paper(theme), colour, _TINT)
            add(f"{passing}/{responses}", values, {"color": shade, "line": {"width": 1, "color": colour}})
    if any(rest):
        add("not all graded", rest, {"color": colours.UNGRADED})
    drawn.update_xaxes(title=unit, side="top", rangemode="tozero")
    name_axis(drawn, names.labels, names.middles, [names.height, 0], showgrid=False)
    legend = {"y": 0, "yanchor": "top", "traceorder": "normal"}
    drawn.update_layout(barmode="stack", uniformtext={"minsize": 10, "mode": "hide"}, legend=legend)
    return drawn
