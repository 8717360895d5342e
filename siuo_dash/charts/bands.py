"""Rows of a chart as tall as their names need: a folded name never runs into the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from siuo_dash.charts import style

LINE_HEIGHT = 17
"""Pixels of a line of 13 px text."""


@dataclass(frozen=True)
class Bands:
    """The rows from the top: labels with line breaks, the middle and the edges of each row in pixels."""

    labels: list[str]
    middles: list[float]
    edges: list[float]

    @property
    def height(self) -> float:
        return self.edges[-1]


def bands(names: Sequence[str], least: float, *, width: int = 30, bold: Sequence[bool] | None = None) -> Bands:
    """A band for each name, at least `least` pixels tall; names are folded at `width` characters, never cut."""
    labels = [style.chart_text(name, width) for name in names]
    edges = [0.0]
    for label in labels:
        edges.append(edges[-1] + max(least, LINE_HEIGHT * (label.count("<br>") + 1) + 6))
    middles = [(top + bottom) / 2 for top, bottom in pairwise(edges)]
    strong = bold or [False] * len(labels)
    shown = [f"<b>{label}</b>" if is_bold else label for label, is_bold in zip(labels, strong, strict=True)]
    return Bands(shown, middles, edges)
