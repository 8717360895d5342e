"""The kinds of facts about a run: how one is checked, asked for and written."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Any, Final

from siuo_dash.benchmark.names import letters, unseen
from siuo_dash.errors import Finding

_EMOJI_MARKS: Final = "\ufe0e\ufe0f"


@dataclass(frozen=True)
class Fact(ABC):
    """One fact, and how it is asked for.

    name: the field of RunMetadata and the column of the results. label: what pages call it. help: what to give.
    asked: what the form calls it, where that is not the label. typed: its option, where that is not its name.
    if_empty: what people read where it is left out.
    """

    name: str
    label: str
    help: str
    _: KW_ONLY
    asked: str = ""
    typed: str = ""
    required: bool = False
    if_empty: str = "not stated"

    @property
    def question(self) -> str:
        """What the form calls it."""
        return self.asked or self.label

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return self.typed or f"--{self.name.replace('_', '-')}"

    @abstractmethod
    def fits(self, value: object) -> bool:
        """Whether a value read from a file is of this fact's type."""

    def check(self, value: Any) -> Finding | None:
        """What is wrong with a stated value, as an error."""
        return None

    def words(self, value: Any) -> str:
        """A stated value as people read it."""
        return str(value)

    def wrong(self, message: str, hint: str = "") -> Finding:
        """An error about this fact; without a hint, what to give."""
        return Finding("error", message, hint=hint or self.help, field=self.name)


@dataclass(frozen=True, kw_only=True)
class Text(Fact):
    """Words of at most `longest` characters; a name needs a letter or digit, `lines` may have several lines."""

    longest: int = 100
    is_name: bool = False
    lines: bool = False

    def fits(self, value: object) -> bool:
        return isinstance(value, str) and bool(value.strip())

    def check(self, value: str) -> Finding | None:
        # Invisible characters could make one name look like another, or turn the text around it.
        head = value[: self.longest]
        hidden = unseen(head, f"\n\t\r{_EMOJI_MARKS}" if self.lines else "")
        if hidden:
            return self.wrong(
                f"holds invisible or control characters (U+{ord(hidden):04X})", "type it instead of pasting it"
            )
        if self.is_name and "\ufffd" in head:
            return self.wrong("holds a character that could not be read", "type it as people know it")
        if self.is_name and not letters(head):
            return self.wrong("holds no letter and no digit", "give the name that people know it by")
        if len(value) > self.longest:
            return self.wrong(f"{len(value):,} characters; the limit is {self.longest:,}", "shorten it")
        return None


@dataclass(frozen=True, kw_only=True)
class Number(Fact):
    """A number above 0 and at most `largest`; shown: how people read it, as a format."""

    largest: float
    shown: str

    def fits(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    def check(self, value: float) -> Finding | None:
        if math.isfinite(value) and 0 < value <= self.largest:
            return None
        return self.wrong(f"{value:g} is not a valid {self.label.lower()}")

    def words(self, value: float) -> str:
        return self.shown.format(value)


@dataclass(frozen=True, kw_only=True)
class YesNo(Fact):
    """One of two, or not stated; the words for yes and no."""

    yes: str
    no: str

    def fits(self, value: object) -> bool:
        return isinstance(value, bool)

    def words(self, value: bool) -> str:
        return self.yes if value else self.no


@dataclass(frozen=True, kw_only=True)
class Day(Fact):
    """A calendar day."""

    def fits(self, value: object) -> bool:
        return type(value) is date

    def words(self, value: date) -> str:
        return f"{value:%Y-%m-%d}"


@dataclass(frozen=True, kw_only=True)
class Choice(Fact):
    """One of `allowed`; offered: {value: label} of those that a submitter may say, the default first."""

    allowed: tuple[str, ...]
    offered: Mapping[str, str]

    def fits(self, value: object) -> bool:
        return value in self.allowed

    def check(self, value: str) -> Finding | None:
        return None if self.fits(value) else self.wrong(f"unknown {self.label.lower()}", ", ".join(self.allowed))
