"""Small pictures beside a sentence: a few figures with their intervals on one scale, as SVG without plotly."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import FONT, text_width

Scale = Literal["percent", "points", "rho"]
_WIDTH: Final = 340
_LINE: Final = 15
_SIZE: Final = 12.5


class Mark(NamedTuple):
    """One row: what it is of, its figure in words, its value and the ends of its interval (None = it has none).

    value, low, high: fractions, or rho as it is.
    """

    label: str
    words: str
    value: float
    low: float | None = None
    high: float | None = None


def picture(marks: Sequence[Mark], scale: Scale, theme: Theme) -> str:
    """The marks below each other: a dot with its interval, or a bar where there is none. Long labels are folded."""
    reach = max([0.05, *(abs(end) for mark in marks for end in (mark.value, mark.low, mark.high) if end is not None)])
    start, stop = {"percent": (0.0, 1.0), "points": (-reach, reach), "rho": (-1.0, 1.0)}[scale]

    def across(value: float) -> float:
        return 6 + (_WIDTH - 12) * (min(max(value, start), stop) - start) / (stop - start)

    ink, grey, line = colours.ink(theme), colours.muted(theme), colours.grid(theme)
    parts = []
    top = 0
    for mark in marks:
        first = next(iter(_folded(mark.label, _WIDTH - 16 - text_width(mark.words, _SIZE))), "")
        lines = [first, *_folded(mark.label[len(first) :], _WIDTH - 4)]
        middle = top + _LINE * len(lines) + 8
        parts += [_text(line, 2, top + 12 + _LINE * number, grey) for number, line in enumerate(lines)]
        parts.append(_text(mark.words, _WIDTH - 2, top + 12, ink, ' text-anchor="end"'))
        parts.append(_line(6, _WIDTH - 6, middle, line, 2))
        if mark.low is None or mark.high is None:
            parts.append(_line(across(max(start, 0.0)), across(mark.value), middle, ink, 7))
        else:
            parts.append(_line(across(mark.low), across(mark.high), middle, grey, 3))
            parts.append(f'<circle cx="{across(mark.value):.1f}" cy="{middle}" r="5" fill="{ink}"/>')
        if scale != "percent":
            zero = across(0)
            ends = f'x1="{zero:.1f}" x2="{zero:.1f}" y1="{middle - 7}" y2="{middle + 7}"'
            parts.append(f'<line {ends} stroke="{grey}" stroke-width="1.5"/>')
        top = middle + 9
    box = f'viewBox="0 0 {_WIDTH} {top}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>{"".join(parts)}</svg>'


@lru_cache(maxsize=1_000)
def _folded(label: str, room: float) -> tuple[str, ...]:
    """A label in lines of at most so many pixels, between words where it can be."""
    for width in range(len(label), 5, -1):
        lines = textwrap.wrap(label, width)
        if all(text_width(line, _SIZE) <= room for line in lines):
            return tuple(lines)
    return tuple(textwrap.wrap(label, 5))


def _text(words: str, x: int, y: int, colour: str, more: str = "") -> str:
    font = f'font-family="{FONT}" font-size="{_SIZE}"'
    return f'<text x="{x}" y="{y}" {font} fill="{colour}"{more}>{html.escape(words)}</text>'


def _line(left: float, right: float, y: int, colour: str, width: int) -> str:
    ends = f'x1="{left:.1f}" x2="{right:.1f}" y1="{y}" y2="{y}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'
