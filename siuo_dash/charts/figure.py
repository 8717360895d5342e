"""What every chart is made of: the empty figure, names as text, rows as tall as their names need, error bars, notes."""

from __future__ import annotations

import html
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from siuo_dash.benchmark.schema import Metric
from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.text import fraction, interval, percent

Screen = Literal["narrow", "medium", "wide"]
"""Windows up to 760 px, up to 1160 px, and wider."""
Floats = npt.NDArray[np.float64]

FONT: Final = "'Source Sans', 'Source Sans 3', 'Source Sans Pro', sans-serif"
PERCENT_RANGE: Final = [-2, 102]
"""An axis of percent on which a mark at 0 or at 100 is drawn whole."""
LINE_HEIGHT: Final = 17
"""Pixels of a line of 13 px text."""
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] -")
_BROAD: Final = frozenset("mwMW@%—")


def figure(theme: Theme, *, height: int) -> go.Figure:
    """An empty figure in the project's look; pages have headings of their own."""
    layout = go.Layout(
        template=go.layout.Template(),
        height=height,
        paper_bgcolor=colours.paper(theme),
        plot_bgcolor=colours.paper(theme),
        font={"family": FONT, "size": 13, "color": colours.ink(theme)},
        colorway=list(colours.RUN_COLOURS[theme]),
        margin={"l": 8, "r": 16, "t": 16, "b": 8},
        hoverlabel={"font": {"family": FONT, "size": 13}, "align": "left"},
        hovermode="closest",
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0},
        dragmode=False,
    )
    drawn = go.Figure(layout=layout)
    grid = colours.grid(theme)
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid, "automargin": True}
    return drawn.update_xaxes(**axis).update_yaxes(**axis)


def chart_text(text: str, width: int = 34) -> str:
    """A name as plain text in a chart: nothing in it is read as markup; long names are folded, never cut."""
    return _escaped(textwrap.wrap(str(text), width, break_long_words=True))


def folded(label: str, width: int) -> str:
    """One of our own labels, folded between words."""
    return _escaped(textwrap.wrap(label, width, break_long_words=False))


def text_width(text: str, size: float) -> float:
    """The width of one line in pixels, rather too wide than too narrow: the visitor's font is not known."""
    units = 0.0
    for character in text:
        if character in _NARROW:
            units += 0.36
        elif character in _BROAD or unicodedata.east_asian_width(character) in "WF":
            units += 1.02
        else:
            units += 0.70 if character.isupper() or character in "&#" else 0.58
    return units * size


def hundredfold(frame: pd.DataFrame, *names: str) -> list[Floats]:
    """Columns of fractions as percent."""
    return [100 * frame[name].to_numpy(dtype=float) for name in names]


def error_bar(
    middle: Floats, low: Floats, high: Floats, colour: str, *, thickness: float = 1.6, width: float = 4
) -> dict[str, Any]:
    """An interval as plotly's error_x or error_y."""
    ends = {"symmetric": False, "array": high - middle, "arrayminus": middle - low}
    return {"type": "data", **ends, "color": colour, "thickness": thickness, "width": width}


def rate_hover(name: str, part: str, row: Any, metric: Metric) -> str:
    """What a rate says on hover: its run, its part of the benchmark, the rate, its count and its interval.

    row: has rate, low, high (fractions), k and n.
    """
    lines = [f"<b>{chart_text(name, 50)}</b>", chart_text(part, 50)]
    if pd.isna(row.rate):
        return "<br>".join([*lines, "no graded sample"])
    rate = f"{metric.label} {percent(row.rate)}, {fraction(row.k, row.n)} samples"
    return "<br>".join([*lines, rate, f"95% interval {interval(row.low, row.high)}"])


@dataclass(frozen=True)
class Rows:
    """Rows from the top: names with line breaks, the middle and the edges of each row in pixels."""

    labels: list[str]
    middles: list[float]
    edges: list[float]

    @property
    def height(self) -> float:
        return self.edges[-1]

    @property
    def breaks(self) -> int:
        """Line breaks in all names."""
        return sum(label.count("<br>") for label in self.labels)


def rows(names: Iterable[str], least: float, *, width: int = 30, room: int = 10, bold: Sequence[bool] = ()) -> Rows:
    """A row for each name, at least `least` pixels tall; names are folded at `width` characters, never cut.

    room: pixels that stay free above and below a folded name. bold: which names are emphasised.
    """
    labels = [chart_text(name, width) for name in names]
    edges = [0.0]
    for label in labels:
        edges.append(edges[-1] + max(least, LINE_HEIGHT * (label.count("<br>") + 1) + room))
    if bold:
        labels = [f"<b>{label}</b>" if strong else label for label, strong in zip(labels, bold, strict=True)]
    return Rows(labels, [(top + bottom) / 2 for top, bottom in pairwise(edges)], edges)


def name_axis(drawn: go.Figure, labels: Sequence[str], at: Sequence[float], ends: Sequence[float], **more: Any) -> None:
    """Put names on the vertical axis. at: where each goes; ends: of the axis, bottom and top."""
    marks = {"tickmode": "array", "tickvals": list(at), "ticktext": list(labels)}
    drawn.update_yaxes(**marks, range=list(ends), zeroline=False, **more)


def names_above(drawn: go.Figure, labels: Sequence[str], rise: float) -> None:
    """Write each row's name above its marks, where a narrow screen has no room beside them. Rows are 1 apart."""
    held = {"showarrow": False, "xanchor": "left", "yanchor": "bottom", "align": "left", "borderpad": 0}
    for row, label in enumerate(labels):
        drawn.add_annotation(x=0, y=row - rise, text=label, font={"size": 12}, **held)


def add_note(drawn: go.Figure, note: str, theme: Theme, *, below: int) -> None:
    """Write a note under the chart, so that a saved picture has it too; below: pixels under the plot it keeps free."""
    if not note:
        return
    text = chart_text(note, 46)
    room = below + LINE_HEIGHT * (text.count("<br>") + 1) + 8
    drawn.update_layout(height=drawn.layout.height + room, margin={"b": room})
    corner = {"x": 1, "xref": "paper", "xanchor": "right", "y": 0, "yref": "paper", "yanchor": "top", "yshift": -below}
    font = {"size": 12, "color": colours.muted(theme)}
    drawn.add_annotation(text=text, align="right", showarrow=False, font=font, **corner)


def _escaped(lines: Sequence[str]) -> str:
    return "<br>".join(html.escape(line, quote=False) for line in lines or [""])
