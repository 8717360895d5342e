"""A table's columns declared once: what a page shows, what programs get, what a paper prints, how a page draws them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

import pandas as pd

from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.text import fraction, interval, missing

Kind = Literal["text", "number", "link", "date"]
Values = Callable[[pd.DataFrame], Any]
_Made = TypeVar("_Made")
_RATE: Final = ("rate", "low", "high")


@dataclass(frozen=True)
class Column:
    """One column of a table that is made of a frame.

    id, value: its name and its typed values for programs, or the name of the frame's column that has them, by default
    the id; a dict where one heading covers several. label, help, text: its heading, what it means and what people read,
    by default the values. kind, options: how a page draws it.
    """

    id: str
    label: str
    help: str = ""
    value: Values | str = ""
    text: Values | None = None
    kind: Kind = "text"
    options: Mapping[str, Any] = field(default_factory=dict)

    def screen(self, frame: pd.DataFrame) -> dict[str, Any]:
        """{heading: what people read}."""
        return {self.label: (self.text or self._values)(frame)}

    def data(self, frame: pd.DataFrame) -> dict[str, Any]:
        """{name: typed values}."""
        values = self._values(frame)
        return values if isinstance(values, dict) else {self.id: values}

    def paper(self, frame: pd.DataFrame, how: IntervalStyle) -> dict[str, Any]:
        """{heading: words}: the values, or what people read where there are several."""
        values = self._values(frame)
        cells = self.screen(frame)[self.label] if isinstance(values, dict) else values
        words = [f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells]
        return {self.label: ["" if pd.isna(cell) else word for cell, word in zip(cells, words, strict=True)]}

    def drawn(self) -> dict[str, tuple[Kind, dict[str, Any]]]:
        """{heading: kind of column, and its options}; nothing where there is nothing to say."""
        plain = self.kind == "text" and not self.help and not self.options
        return {} if plain else {self.label: (self.kind, {"help": self.help or None, **self.options})}

    def _values(self, frame: pd.DataFrame) -> Any:
        return frame[self.value or self.id] if isinstance(self.value, str) else self.value(frame)


@dataclass(frozen=True)
class Rate(Column):
    """A rate in percent, beside it interval and count; k, n, rate, low, high for programs.

    The frame has {id}_k, _n, _rate, _low, _high, `expected_samples` and `evidence`.
    """

    def screen(self, frame: pd.DataFrame) -> dict[str, Any]:
        names = [f"{self.id}_{part}" for part in ("low", "high", "k", "n")]
        beside = rowwise(_beside, frame, *names, "expected_samples", "evidence")
        return {f"{self.label} %": 100 * frame[f"{self.id}_rate"], f"{self.label}: 95% interval · n": beside}

    def data(self, frame: pd.DataFrame) -> dict[str, Any]:
        known = frame[f"{self.id}_n"] > 0  # what was not published is not 0 of 0
        counts = {name: frame[name].astype("Int64").where(known) for name in (f"{self.id}_k", f"{self.id}_n")}
        return counts | {f"{self.id}_{part}": frame[f"{self.id}_{part}"] for part in _RATE}

    def paper(self, frame: pd.DataFrame, how: IntervalStyle) -> dict[str, Any]:
        cells = zip(*(frame[f"{self.id}_{part}"] for part in _RATE), frame["evidence"], strict=True)
        return {self.label: [rate_words(rate, low, high, how, missing(why)) for rate, low, high, why in cells]}

    def drawn(self) -> dict[str, tuple[Kind, dict[str, Any]]]:
        number, beside = f"{self.label} %", f"{self.label}: 95% interval · n"
        words = "Wilson 95% interval in percent, and the count"
        # Wide enough that no heading is cut.
        wide, wider = max(75, 30 + 7 * len(number)), max(150, 30 + 7 * len(beside))
        return {
            number: ("number", {"help": self.help, "format": "%.2f", "width": wide}),
            beside: ("text", {"help": words, "width": wider}),
        }


def rowwise(make: Callable[..., _Made], frame: pd.DataFrame, *names: str) -> list[_Made]:
    """What is made of some columns, row by row."""
    return [make(*cells) for cells in zip(*(frame[name].tolist() for name in names), strict=True)]


def screen(columns: Iterable[Column], frame: pd.DataFrame) -> pd.DataFrame:
    """What a page shows."""
    shown = {heading: cells for column in columns for heading, cells in column.screen(frame).items()}
    return pd.DataFrame(shown, index=frame.index)


def export(
    columns: Sequence[Column], frame: pd.DataFrame, name: str, title: str, provenance: Provenance, bold: Any = None
) -> Table:
    """The same table for programs and papers; its last column is `run_id`."""
    data = {key: cells for column in columns for key, cells in column.data(frame).items()}

    def words(how: IntervalStyle) -> pd.DataFrame:
        return pd.DataFrame({key: cells for column in columns for key, cells in column.paper(frame, how).items()})

    typed = pd.DataFrame({**data, "run_id": frame["run_id"]}).reset_index(drop=True)
    return Table(name, title, typed, words, provenance, bold)


def _beside(low: float, high: float, k: int, n: int, expected: int, evidence: str) -> str:
    if not n:
        return missing(evidence)
    return f"{interval(low, high)} · {fraction(k, n)}{' partial' if n < expected else ''}"
