"""Filters: one frozen object gives the SQL condition, its bound values and an English sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, Final

from siuo_dash.benchmark.badges import is_verified
from siuo_dash.benchmark.protocol import is_mcqa
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, SOURCE_STATUS
from siuo_dash.errors import FilterError
from siuo_dash.text import listed

WEIGHTS: Final = {"any": "Any", "open": "Open", "closed": "Closed"}
HEALTH: Final = {"any": "Any", "clean": "No flags", "flagged": "Any flag", "unexamined": "Not examined"} | {
    flag.id: flag.label for flag in FLAGS.values()
}
"""What a run's health can be filtered by. Totals have no responses, so their health is not examined."""


@dataclass(frozen=True)
class Clause:
    """A condition on the table `runs`, its values by name, and what it says in words."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


EVERY: Final = Clause("TRUE")


def among(column: str, name: str, values: Iterable[Any], words: str = "") -> Clause:
    """That a column is one of the values, bound as one list under the name; nothing is among no values."""
    return Clause(f"list_contains(${name}, {column})", {name: list(values)}, words)


def of_runs(run_ids: Iterable[str]) -> Clause:
    """The runs with these ids."""
    return among("run_id", "runs", run_ids, "chosen by name")


def numbered(run_nos: Iterable[int]) -> Clause:
    """The runs with these numbers, which are the engine's own."""
    return Clause("run_no IN (SELECT UNNEST($numbers))", {"numbers": [int(run_no) for run_no in run_nos]})


def together(clauses: Iterable[Clause | None]) -> Clause:
    """All conditions as one; 'TRUE' when there is none."""
    given = [clause for clause in clauses if clause is not None]
    values = {name: value for clause in given for name, value in clause.values.items()}
    words = "; ".join(clause.words for clause in given if clause.words)
    return Clause(" AND ".join(f"({clause.sql})" for clause in given) or "TRUE", values, words)


def containing(text: str) -> str:
    """The LIKE pattern of what contains a text; the escape character is a backslash."""
    return "%" + text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"


@dataclass(frozen=True)
class Filters:
    """Which runs are looked at. The defaults keep every run.

    board: a board's id; None = all boards. search: part of a model's or organization's name.
    verified: only runs whose figures were checked by others than the submitter. plain: only models without a method.
    size_low, size_high: billions of parameters, inclusive; unknown_sizes: keep runs whose size is not published.
    """

    board: str | None = None
    search: str = ""
    organizations: tuple[str, ...] = ()
    weights: str = "any"
    size_low: float | None = None
    size_high: float | None = None
    unknown_sizes: bool = True
    evidence: tuple[str, ...] = ()
    health: str = "any"
    verified: bool = False
    plain: bool = False

    def __post_init__(self) -> None:
        for name, value, allowed in (("weights", self.weights, WEIGHTS), ("health", self.health, HEALTH)):
            if value not in allowed:
                raise FilterError(f"{name} {value!r} is not known", hint=f"one of {', '.join(allowed)}")
        for value in self.evidence:
            if value not in EVIDENCE:
                raise FilterError(f"evidence {value!r} is not known", hint=f"one of {', '.join(EVIDENCE)}")
        if any(size is not None and isnan(size) for size in (self.size_low, self.size_high)):
            raise FilterError("a size is not a number", hint="give billions of parameters")
        if self.size_low is not None and self.size_high is not None and self.size_low > self.size_high:
            raise FilterError(f"size from {self.size_low:g} to {self.size_high:g} B holds nothing", hint="swap the two")

    def where(self) -> Clause:
        """All filters as one condition; 'TRUE' when none is set. The words leave the board out: the page names it."""
        return together([self._board(), *self._clauses().values()])

    def parts(self) -> dict[str, str]:
        """The filters that are set, {field: words}, without the board."""
        return {name: clause.words for name, clause in self._clauses().items() if clause is not None}

    def sentence(self) -> str:
        """What is shown, in words: 'Runs with open weights; of at least 7 B parameters (unknown sizes kept).'"""
        words = self.where().words
        return f"Runs {words}." if words else "All runs."

    def _clauses(self) -> dict[str, Clause | None]:
        return {
            "search": self._search(),
            "plain": self._plain(),
            "organizations": self._organizations(),
            "weights": self._weights(),
            "size": self._size(),
            "evidence": self._evidence(),
            "health": self._health(),
            "verified": self._verified(),
        }

    def _board(self) -> Clause | None:
        if self.board is None:
            return None
        runs = "run_no IN (SELECT run_no FROM board_runs WHERE board = $board)"
        return Clause(runs if is_mcqa(self.board) else "board = $board", {"board": self.board})

    def _search(self) -> Clause | None:
        text = self.search.strip()
        if not text:
            return None
        return Clause(
            # Both sides are lowered by the engine: Python lowers some letters (Σ at the end of a word) another way.
            "LOWER(model) LIKE LOWER($search) ESCAPE '\\' "
            "OR LOWER(COALESCE(organization, '')) LIKE LOWER($search) ESCAPE '\\'",
            {"search": containing(text)},
            f"whose model or organization contains “{text}”",
        )

    def _plain(self) -> Clause | None:
        return Clause("method IS NULL", {}, "of plain models, without a method") if self.plain else None

    def _organizations(self) -> Clause | None:
        if not self.organizations:
            return None
        words = f"by {listed(self.organizations, last='or')}"
        return among("organization", "organizations", self.organizations, words)

    def _weights(self) -> Clause | None:
        if self.weights == "any":
            return None
        return Clause(
            "open_weights = $open_weights", {"open_weights": self.weights == "open"}, f"with {self.weights} weights"
        )

    def _size(self) -> Clause | None:
        bounds, values = [], {}
        if self.size_low is not None:
            bounds.append("params_b >= $size_low")
            values["size_low"] = self.size_low
        if self.size_high is not None:
            bounds.append("params_b <= $size_high")
            values["size_high"] = self.size_high
        if not bounds:
            return None if self.unknown_sizes else Clause("params_b IS NOT NULL", {}, "whose size is published")
        condition, tail = " AND ".join(bounds), "unknown sizes left out"
        if self.unknown_sizes:
            condition, tail = f"({condition}) OR params_b IS NULL", "unknown sizes kept"
        words = f"{self.size_low:g} to {self.size_high:g}" if len(bounds) == 2 else ""
        if not words:
            words = f"at least {self.size_low:g}" if self.size_low is not None else f"at most {self.size_high:g}"
        return Clause(condition, values, f"of {words} B parameters ({tail})")

    def _evidence(self) -> Clause | None:
        if not self.evidence:
            return None
        words = listed((EVIDENCE[value].lower() for value in self.evidence), last="or")
        return among("evidence", "evidence", self.evidence, f"with evidence: {words}")

    def _health(self) -> Clause | None:
        flagged = "run_no IN (SELECT run_no FROM flagged)"
        match self.health:
            case "any":
                return None
            case "clean":
                return Clause(
                    f"evidence = 'per_sample' AND NOT {flagged}", {}, "that were examined and carry no health flag"
                )
            case "flagged":
                return Clause(flagged, {}, "with at least one health flag")
            case "unexamined":
                return Clause("evidence <> 'per_sample'", {}, "whose responses could not be examined")
            case flag:
                return Clause(
                    "run_no IN (SELECT run_no FROM flagged WHERE flag = $flag)",
                    {"flag": flag},
                    f"with the flag “{FLAGS[flag].label.lower()}”",
                )

    def _verified(self) -> Clause | None:
        if not self.verified:
            return None
        checked = filter(is_verified, SOURCE_STATUS)
        return among("source_status", "statuses", checked, "that are published, re-judged or reproduced")
