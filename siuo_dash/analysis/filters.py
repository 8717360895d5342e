"""Filters: one frozen object gives the SQL condition, its bound values and an English sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, Final

from siuo_dash.benchmark.badges import is_verified
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, SOURCE_STATUS
from siuo_dash.errors import FilterError

WEIGHTS: Final = {"any": "Any", "open": "Open", "closed": "Closed"}
HEALTH: Final = {"any": "Any", "clean": "No flags", "flagged": "Any flag", "unexamined": "Not examined"} | {
    flag.id: flag.label for flag in FLAGS.values()
}
"""What a run's health can be filtered by. Totals carry no responses, so their health is not examined."""


@dataclass(frozen=True)
class Clause:
    """A condition on the table `runs`, its values by name, and what it says in words."""

    sql: str
    values: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class Filters:
    """Which runs are looked at. The defaults keep every run.

    board: a board's id; None = all boards. search: part of a model's or organization's name.
    verified: only runs behind whose figures somebody else than the submitter stands.
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

    def clauses(self) -> list[Clause]:
        """One clause for each filter that is set."""
        return [
            clause
            for clause in (
                self._board(),
                self._search(),
                self._organizations(),
                self._weights(),
                self._size(),
                self._evidence(),
                self._health(),
                self._verified(),
            )
            if clause is not None
        ]

    def where(self) -> Clause:
        """All filters as one condition; 'TRUE' when none is set. The words leave the board out: the page names it."""
        clauses = self.clauses()
        values = {name: value for clause in clauses for name, value in clause.values.items()}
        words = [clause.words for clause in clauses if clause.words]
        return Clause(" AND ".join(f"({clause.sql})" for clause in clauses) or "TRUE", values, "; ".join(words))

    def sentence(self) -> str:
        """What is shown, in words: 'Runs with open weights; of at least 7 B parameters (unknown sizes kept).'"""
        words = self.where().words
        return f"Runs {words}." if words else "No filter is set."

    def _board(self) -> Clause | None:
        if self.board is None:
            return None
        # Multiple choice is scored alike everywhere, so its board takes in every run that answered it.
        return Clause("board = $board OR ($board = 'exact-match-1' AND mcqa_n > 0)", {"board": self.board})

    def _search(self) -> Clause | None:
        text = self.search.strip()
        if not text:
            return None
        pattern = "%" + text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        return Clause(
            # Both sides are lowered by the engine: Python lowers some letters (Σ at the end of a word) another way.
            "LOWER(model) LIKE LOWER($search) ESCAPE '\\' "
            "OR LOWER(COALESCE(organization, '')) LIKE LOWER($search) ESCAPE '\\'",
            {"search": pattern},
            f"whose model or organization contains “{text}”",
        )

    def _organizations(self) -> Clause | None:
        if not self.organizations:
            return None
        names = {f"organization_{index}": name for index, name in enumerate(self.organizations)}
        return Clause(
            f"organization IN ({', '.join(f'${name}' for name in names)})", names, f"by {_either(self.organizations)}"
        )

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
        if any(size is not None and isnan(size) for size in (self.size_low, self.size_high)):
            raise FilterError("a size is not a number", hint="give billions of parameters")
        if self.size_low is not None and self.size_high is not None:
            words = f"of {self.size_low:g} to {self.size_high:g} B parameters"
        else:
            words = (
                f"of at least {self.size_low:g} B parameters"
                if self.size_low is not None
                else f"of at most {self.size_high:g} B parameters"
            )
        return Clause(condition, values, f"{words} ({tail})")

    def _evidence(self) -> Clause | None:
        if not self.evidence:
            return None
        names = {f"evidence_{index}": value for index, value in enumerate(self.evidence)}
        words = _either([EVIDENCE[value].lower() for value in self.evidence])
        return Clause(f"evidence IN ({', '.join(f'${name}' for name in names)})", names, f"with evidence {words}")

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
                return Clause("evidence = 'totals'", {}, "whose responses could not be examined")
            case flag:
                return Clause(
                    "run_no IN (SELECT run_no FROM flagged WHERE flag = $flag)",
                    {"flag": flag},
                    f"with the flag “{FLAGS[flag].label.lower()}”",
                )

    def _verified(self) -> Clause | None:
        if not self.verified:
            return None
        names = {f"status_{index}": status for index, status in enumerate(SOURCE_STATUS) if is_verified(status)}
        return Clause(
            f"source_status IN ({', '.join(f'${name}' for name in names)})",
            names,
            "that are published, re-judged or reproduced",
        )


def _either(names: list[str] | tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
