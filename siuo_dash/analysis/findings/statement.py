"""What a finding is: a sentence, its figures with count and interval, a caveat, and the view that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from siuo_dash.analysis.findings import words
from siuo_dash.analysis.stats.proportions import Interval

Unit = Literal["percent", "points", "rho"]


@dataclass(frozen=True)
class Figure:
    """One figure: what it is of, its value, its 95 % interval, what it was counted from and how.

    value, low, high: fractions (rho as it is); low and high None where no interval is defined. k of n samples, runs or
    models (`of`); k None where the figure is no share. method: how the interval comes about.
    """

    label: str
    unit: Unit
    value: float
    interval: Interval | None
    n: int
    of: str = "samples"
    k: int | None = None
    method: str = ""

    def words(self, digits: int = 1) -> str:
        """'53.3 % (95 % interval 45.7 to 60.7; 89 of 167 samples)'."""
        value = {"percent": words.percent, "points": words.points, "rho": words.rho}[self.unit](self.value, digits)
        parts = [f"95 % interval {self._limits(self.interval, digits)}"] if self.interval else []
        parts.append(f"{self.k} of {self.n} {self.of}" if self.k is not None else f"n = {self.n} {self.of}")
        return f"{value} ({'; '.join(parts)})"

    def _limits(self, interval: Interval, digits: int) -> str:
        show = words.rho if self.unit == "rho" else words.bare_points if self.unit == "points" else words.bare_percent
        return f"{show(interval.low, digits)} to {show(interval.high, digits)}"


@dataclass(frozen=True)
class Link:
    """The view that shows a finding: a page's address, what the link says, the state it sets (labels)."""

    url: str
    label: str
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """A finding about the data that is loaded; with `said` False, why the data carry none.

    id: stands for the kind of statement, whatever it comes to. n: what it rests on, in words ('15 runs').
    """

    id: str
    sentence: str
    n: str = ""
    figures: tuple[Figure, ...] = ()
    caveat: str = ""
    link: Link | None = None
    said: bool = True


def cannot(id: str, why: str, *, n: str = "", link: Link | None = None) -> Statement:
    """The statement that the data do not carry one, and why."""
    return Statement(id, why, n=n, link=link, said=False)
