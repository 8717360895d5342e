"""Names beside marks so that none lies over another, at every width the chart may be drawn in.

A chart's height is known, its width only to lie in a range. All horizontal places are a share of the width plus
some pixels, so the gap between two boxes changes linearly with it: a gap at both ends of the range is a gap throughout.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from siuo_dash.charts import colours
from siuo_dash.charts.colours import Theme, faded
from siuo_dash.charts.figure import LINE_HEIGHT, Screen, chart_text, text_width

PLOT_HEIGHT: Final = {False: 462, True: 400}
"""Pixels, on a wide and on a narrow screen; with key and axis the wide chart is 560 pixels tall."""
WIDTHS: Final[dict[Screen, tuple[float, float]]] = {
    "narrow": (240.0, 700.0),
    "medium": (530.0, 1100.0),
    "wide": (590.0, 2400.0),
}
"""The plot's width in pixels, narrowest and widest, on each screen."""
BAND: Final = 3.0
"""The axis goes so far above 100 and below 0, so that a mark there is drawn whole."""
_MOST_LABELS: Final = {False: 40, True: 16}
_FONT: Final = 12
_FOLD: Final = {False: 26, True: 18}
_PAD: Final = 3.0
# Askew before level, because a mark's intervals run level and upright from it; then further off, with a line back.
_SIDES: Final = ((0.8, -0.5), (0.8, 0.5), (-0.8, -0.5), (-0.8, 0.5), (1, 0), (-1, 0), (0, -1), (0, 1))
_DISTANCES: Final = (0.0, 14.0, 28.0, 44.0, 60.0)


class Box(NamedTuple):
    """A rectangle on the chart: from `share` of the width + `left`, and from `top`, in pixels right and down."""

    share: float
    left: float
    top: float
    width: float
    height: float


class Label(NamedTuple):
    """A placed name: the number of its mark, its box, and where it is held.

    dx, dy: from the mark's middle to where the box is held, pixels right and down; anchor (left, center, right) and
    level (top, middle, bottom): by which of its sides or corners. line: whether a line must lead back to the mark.
    """

    mark: int
    box: Box
    dx: float
    dy: float
    anchor: str
    level: str
    line: bool


def labels_of(points: pd.DataFrame, screen: Screen, taken: Sequence[Box]) -> list[Label]:
    """The names of the frontier and of the chosen runs that fit; the others are on hover.

    points: in the order in which they are named, with `model`, `safe_rate`, `effective_rate`, `chosen`, `frontier` and
    `size` (diameter in pixels). taken: what names keep clear of.
    """
    narrow = screen == "narrow"
    height = PLOT_HEIGHT[narrow]
    marks = [
        Box(x, -(size / 2 + 1), down(y, height) - (size / 2 + 1), size + 2, size + 2)
        for x, y, size in zip(points["safe_rate"], points["effective_rate"], points["size"], strict=True)
    ]
    first = min(int((points["chosen"] | points["frontier"]).sum()), _MOST_LABELS[narrow])
    sizes = [_label_size(name, narrow) for name in points["model"][:first]]
    return place(marks, sizes, widths=WIDTHS[screen], height=height, taken=taken)


def place(
    marks: Sequence[Box],
    sizes: Sequence[tuple[float, float] | None],
    *,
    widths: tuple[float, float],
    height: float,
    taken: Sequence[Box] = (),
) -> list[Label]:
    """Names for the first marks, greedily in their order; one that fits nowhere is left to the hover.

    sizes: width and height of the first marks' names, None for a mark without one. widths: the narrowest and widest
    plot, pixels. taken: boxes to keep clear. A name may lie over a mark that has none where there is no other room.
    """
    labels: list[Label] = []
    for index, size in enumerate(sizes):
        if size is None:
            continue
        fixed = [*taken, *(label.box for label in labels)]
        found = [
            label
            for label in _candidates(index, marks[index], size)
            if _inside(label.box, widths, height) and _clear(label.box, fixed, widths)
        ]
        # A name may touch the mark that it names, and no other.
        for others in (marks, marks[: len(sizes)]):
            kept = [*others[:index], *others[index + 1 :]]
            free = next((label for label in found if _clear(label.box, kept, widths)), None)
            if free is not None:
                labels.append(free)
                break
    return labels


def _candidates(index: int, mark: Box, size: tuple[float, float]) -> Iterator[Label]:
    width, height = size
    radius = mark.width / 2
    for distance in _DISTANCES:
        for right, down in _SIDES:
            dx, dy = (side * (radius + _PAD + distance) for side in (right, down))
            anchor = "left" if right > 0 else "right" if right < 0 else "center"
            level = "top" if down > 0 else "bottom" if down < 0 else "middle"
            left = mark.left + radius + dx - {"left": 0.0, "right": width, "center": width / 2}[anchor]
            top = mark.top + radius + dy - {"top": 0.0, "bottom": height, "middle": height / 2}[level]
            yield Label(index, Box(mark.share, left, top, width, height), dx, dy, anchor, level, distance > 0)


def _inside(box: Box, widths: tuple[float, float], height: float) -> bool:
    lefts = [box.share * width + box.left for width in widths]
    within = all(left >= 0 and left + box.width <= width for left, width in zip(lefts, widths, strict=True))
    return within and box.top >= 0 and box.top + box.height <= height


def _clear(box: Box, others: Sequence[Box], widths: tuple[float, float]) -> bool:
    """Whether a box lies over none of the others at any width of the range."""
    share, left, top, width, height = np.array(others, dtype=float).reshape(-1, 5).T
    apart = (top + height + 1 <= box.top) | (box.top + box.height + 1 <= top)
    lefts = [(box.share * total + box.left, share * total + left) for total in widths]
    before = np.all([own + box.width + _PAD <= other for own, other in lefts], axis=0)
    after = np.all([other + width + _PAD <= own for own, other in lefts], axis=0)
    return bool((apart | before | after).all())


def annotation(label: Label, row: pd.Series[Any], narrow: bool, theme: Theme) -> dict[str, Any]:
    """A placed name as plotly draws it, with a line back to its mark where it needs one."""
    name = chart_text(row["model"], _FOLD[narrow])
    text = {"text": f"<b>{name}</b>" if row["chosen"] else name, "font": {"size": _FONT, "color": colours.ink(theme)}}
    held = {"align": "left" if label.anchor != "right" else "right", "xanchor": label.anchor, "yanchor": label.level}
    placed = {"x": 100 * row["safe_rate"], "y": 100 * row["effective_rate"], "borderpad": 0, "captureevents": False}
    placed |= {**text, **held, "bgcolor": faded(colours.paper(theme), 0.75)}
    if not label.line:
        return placed | {"showarrow": False, "xshift": label.dx, "yshift": -label.dy}
    arrow = {"ax": label.dx, "ay": label.dy, "arrowhead": 0, "arrowwidth": 1}
    line = {"arrowcolor": faded(colours.muted(theme), 0.8), "standoff": row["size"] / 2 + 1}
    return placed | {"showarrow": True, **arrow, **line}


def down(rate: float, height: float) -> float:
    """Where an effective rate lies, in pixels from the top of the plot."""
    return height * (100 + BAND - 100 * rate) / (100 + 2 * BAND)


def _label_size(name: str, narrow: bool) -> tuple[float, float] | None:
    """Width and height of a name in at most two lines; None when it needs more, so that hover and table name it."""
    lines = chart_text(name, _FOLD[narrow]).split("<br>")
    # An escaped '&amp;' only makes the box wider than needed.
    return (max(text_width(line, _FONT) for line in lines) + 2, LINE_HEIGHT * len(lines)) if len(lines) <= 2 else None
