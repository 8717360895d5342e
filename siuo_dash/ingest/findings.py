"""Findings, gathered while reading: all of them, but no flood of one kind; and how each table was read."""

from __future__ import annotations

import re
from collections import Counter
from copy import copy
from typing import Any, Final, get_args

from siuo_dash.errors import Finding, Severity
from siuo_dash.text import spelled_out

ONE_RUN: Final = "drop only the results of one run"
"""What to do about a file that is too large."""
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
SAME_KIND: Final = 100
"""Findings of one kind that are listed; the rest are counted in one line."""


class Unreadable(Exception):
    """A file cannot be read: why, and what to do."""

    def __init__(self, message: str, hint: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.hint, self.row = hint, row


class Findings:
    """What was found so far, errors and warnings."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[tuple[Severity, str]] = Counter()
        self._place: dict[str, object] = {}
        self.accounts: list[object] = []
        """How each table was read (`read_as.Account`)."""
        self.values: dict[str, str] = {}
        """{mapping's entry: what is said} of values of verdicts that were not understood, and may be asked for."""

    def error(self, message: str, *, kind: str = "", hint: str = "", **place: object) -> None:
        """Something that keeps the file from being published. `kind` groups findings of one sort."""
        self._add("error", message, kind, hint, place)

    def warning(self, message: str, *, kind: str = "", hint: str = "", **place: object) -> None:
        """Something to know about; the file can be published."""
        self._add("warning", message, kind, hint, place)

    def note(self, message: str, *, kind: str = "", hint: str = "", **place: object) -> None:
        """Something that was left aside, or done in one of several ways; it says nothing against the file."""
        self._add("note", message, kind, hint, place)

    def at(self, **place: object) -> Findings:
        """The same findings for what concerns one file, row or sample: its place is added to each."""
        bound = copy(self)
        bound._place = self._place | place
        return bound

    @property
    def has_errors(self) -> bool:
        return any(severity == "error" for severity, _ in self._counts)

    def listed(self) -> list[Finding]:
        """Errors first, notes last, in the order found; what exceeds the limit of a kind as one line at the end."""
        more = [
            Finding(severity, f"and {count - SAME_KIND} more of this kind: {kind}", kind=kind, count=count - SAME_KIND)
            for (severity, kind), count in self._counts.items()
            if count > SAME_KIND
        ]
        return sorted([*self._found, *more], key=lambda found: SEVERITIES.index(found.severity))

    def _add(self, severity: Severity, message: str, kind: str, hint: str, place: dict[str, object]) -> None:
        key = (severity, kind or message)
        self._counts[key] += 1
        if self._counts[key] <= SAME_KIND:
            where: dict[str, Any] = self._place | place
            self._found.append(Finding(severity, message, hint=hint, kind=kind, **where))


def shown(value: object, length: int = 60) -> str:
    """A value from a file, safe to print: on one line, shortened, hidden characters spelled out."""
    text = value if isinstance(value, str) else _simple(value)
    short = text[: length + 1]
    visible = spelled_out(re.sub(r"[\n\r\t]", " ", short[:length]))
    return f"'{visible}…'" if len(short) > length else f"'{visible}'"


def _simple(value: object) -> str:
    """A value as text, without walking into what it holds."""
    match value:
        case bool() | float() | None:
            return str(value)
        case int():
            return (
                str(value) if value.bit_length() < 256 else f"a number of about {value.bit_length() * 3 // 10} digits"
            )
        case list() | tuple():
            return f"a list of {len(value)}"
        case dict():
            return f"an object of {len(value)} fields"
        case _:
            return type(value).__name__
