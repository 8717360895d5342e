"""Where labels go beside points so that none lies over another, at every width the chart may be drawn in.

A chart's height is known, its width only to lie in a range. All horizontal places are a share of the width plus
some pixels, so the gap between two boxes changes linearly with it: a gap at both ends of the range is a gap throughout.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PAD: Final = 3.0
_CLEAR: Final = 7.0
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] -")
_BROAD: Final = frozenset("mwMW@%—")
# Close to the point first, then further off with a line leading back: (right, down) in units of the distance. Askew
# before level, because a mark's intervals run level and upright from it.
_SIDES: Final = ((0.8, -0.5), (0.8, 0.5), (-0.8, -0.5), (-0.8, 0.5), (1, 0), (-1, 0), (0, -1), (0, 1))
_FAR_SIDES: Final = (*_SIDES[:4], (0.4, -1), (0.4, 1), (-0.4, -1), (-0.4, 1), (0, -1), (0, 1), (1, 0), (-1, 0))
_DISTANCES: Final = (0.0, 14.0, 28.0, 44.0, 60.0, 80.0, 104.0)


@dataclass(frozen=True)
class Box:
    """A rectangle on the chart: from `share` of the width + `left`, and from `top`, in pixels right and down."""

    share: float
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """A placed label: of which point, its box, and whether a line must lead from the one to the other.

    y: the point, pixels from the top. dx, dy: from the point to where the box is held, pixels right and down;
    anchor (left, center, right) and level (top, middle, bottom) tell by which of its sides or corners.
    """

    index: int
    y: float
    box: Box
    dx: float
    dy: float
    anchor: str
    level: str
    line: bool


def text_width(text: str, size: float) -> float:
    """The width of one line in pixels, rather too wide than too narrow: the visitor's font is not known."""
    units = 0.0
    for character in text:
        if character in _NARROW:
            units += 0.36
        elif character in _BROAD or unicodedata.east_asian_width(character) in "WF":
            units += 1.02
        elif character.isupper() or character in "&#":
            units += 0.70
        else:
            units += 0.58
    return units * size


def place(
    x: Sequence[float],
    y: Sequence[float],
    radius: Sequence[float],
    sizes: Sequence[tuple[float, float] | None],
    *,
    widths: tuple[float, float],
    height: float,
    taken: Sequence[Box] = (),
    musts: int = 0,
) -> list[Label]:
    """Place the labels of points greedily, the first point first; a label that fits nowhere is left out.

    x: shares of the width, 0..1. y: pixels from the top. radius: of each mark, pixels. sizes: width and height of each
    label, None for a point without one. widths: the narrowest and widest plot, pixels. taken: boxes to keep clear.
    musts: so many labels, from the first, may lie over marks (never over labels) when there is no other room.
    The same input gives the same places.
    """
    marks = [Box(*mark) for mark in zip(x, np.negative(radius), np.subtract(y, radius), *2 * [np.multiply(2, radius)], strict=True)]  # fmt: skip
    obstacles = _array([*marks, *taken])
    labels: list[Label] = []
    for index, size in enumerate(sizes):
        if size is None:
            continue
        candidates = _candidates(index, float(x[index]), float(y[index]), float(radius[index]), size)
        # A label may touch the mark that it names, nobody else's.
        others, texts = np.delete(np.arange(len(marks)), index), obstacles[len(marks) :]
        label = _first(candidates, obstacles[others], texts, widths, height)
        if label is None and index < musts:
            label = _first(candidates, obstacles[others[others < musts]], texts, widths, height)
        if label is not None:
            labels.append(label)
            line = [_line(label)] if label.line else []
            obstacles = np.vstack([obstacles, _array([label.box]), *line])
    return labels


def _first(
    candidates: Sequence[Label], marks: Floats, texts: Floats, widths: tuple[float, float], height: float
) -> Label | None:
    """The first candidate that lies over nothing, and whose line, if any, runs over nothing."""
    everything = np.vstack([marks, texts])
    # At the end of a line the name must not seem to belong to a mark nearby.
    roomy = np.vstack([marks + np.array([0, -_CLEAR, -_CLEAR, 2 * _CLEAR, 2 * _CLEAR]), texts])
    for label in candidates:
        if not _inside(label.box, widths, height):
            continue
        if _overlap(_array([label.box]), roomy if label.line else everything, widths):
            continue
        if not (label.line and _crosses(label, everything, widths)):
            return label
    return None


def _candidates(index: int, x: float, y: float, radius: float, size: tuple[float, float]) -> list[Label]:
    width, height = size
    found = []
    for distance in _DISTANCES:
        for right, down in _FAR_SIDES if distance else _SIDES:
            reach = radius + _PAD + distance
            dx, dy = right * reach, down * reach
            anchor = "left" if right > 0 else "right" if right < 0 else "center"
            level = "top" if down > 0 else "bottom" if down < 0 else "middle"
            left = dx - {"left": 0.0, "right": width, "center": width / 2}[anchor]
            top = y + dy - {"top": 0.0, "bottom": height, "middle": height / 2}[level]
            found.append(Label(index, y, Box(x, left, top, width, height), dx, dy, anchor, level, distance > 0))
    return found


def _array(boxes: Sequence[Box]) -> Floats:
    return np.array([(b.share, b.left, b.top, b.width, b.height) for b in boxes], dtype=np.float64).reshape(-1, 5)


def _line(label: Label) -> Floats:
    """The leading line as points that later labels keep clear of."""
    steps = np.linspace(0.2, 0.9, max(3, int(np.hypot(label.dx, label.dy) / 6)))
    nothing = np.zeros_like(steps)
    return np.column_stack([nothing + label.box.share, steps * label.dx, label.y + steps * label.dy, *2 * [nothing]])


def _inside(box: Box, widths: tuple[float, float], height: float) -> bool:
    lefts = [box.share * width + box.left for width in widths]
    rights = [left + box.width - width for left, width in zip(lefts, widths, strict=True)]
    return min(lefts) >= 0 and max(rights) <= 0 and box.top >= 0 and box.top + box.height <= height


def _overlap(box: Floats, others: Floats, widths: tuple[float, float]) -> bool:
    """Whether a box lies over any other at some width of the range."""
    share, left, top, width, height = box[0]
    apart = (others[:, 2] + others[:, 4] + 1 <= top) | (top + height + 1 <= others[:, 2])
    before, after = np.ones(len(others), dtype=bool), np.ones(len(others), dtype=bool)
    for total in widths:
        start, other = share * total + left, others[:, 0] * total + others[:, 1]
        before &= start + width + _PAD <= other
        after &= other + others[:, 3] + _PAD <= start
    return bool((~(apart | before | after)).any())


def _crosses(label: Label, boxes: Floats, widths: tuple[float, float]) -> bool:
    """Whether the leading line runs over any of the boxes."""
    steps = np.linspace(0.1, 1.0, 16)
    for total in (widths[0], sum(widths) / 2, widths[1]):
        x, y = label.box.share * total + steps * label.dx, label.y + steps * label.dy
        lefts = boxes[:, 0] * total + boxes[:, 1]
        within = (x[:, None] > lefts - 1) & (x[:, None] < lefts + boxes[:, 3] + 1)
        within &= (y[:, None] > boxes[:, 2] - 1) & (y[:, None] < boxes[:, 2] + boxes[:, 4] + 1)
        if within.any():
            return True
    return False
