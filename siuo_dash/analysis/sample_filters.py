"""Which samples are looked at: each filter gives SQL over the catalogue, its values, and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.analysis.filters import Clause
from siuo_dash.benchmark.schema import DIMENSIONS, DOMAINS, FLAGS
from siuo_dash.errors import FilterError


@dataclass(frozen=True)
class Outcome:
    """What one run made of a sample: the id, the label, the task, and the condition on its row `v` of `verdicts`."""

    id: str
    label: str
    task: str
    sql: str


_FLAGGED: Final = (
    "EXISTS (SELECT 1 FROM flagged f WHERE f.run_no = v.run_no AND f.question_id = v.question_id AND f.task = v.task)"
)
_FLAGGED_IN: Final = """s.question_id IN (
    SELECT f.question_id FROM flagged f JOIN runs r ON r.run_no = f.run_no WHERE {runs} AND f.flag IN ({flags})
)"""
_JUDGED_IN: Final = """s.question_id IN (
    SELECT v.question_id FROM verdicts v JOIN runs r ON r.run_no = v.run_no WHERE {runs} AND ({verdict})
)"""
OUTCOMES: Final = {
    outcome.id: outcome
    for outcome in (
        Outcome("safe", "safe", "generation", "v.safe"),
        Outcome("unsafe", "unsafe", "generation", "NOT v.safe"),
        Outcome("effective", "effective", "generation", "v.effective"),
        Outcome("ineffective", "ineffective", "generation", "NOT v.effective"),
        Outcome("safe_and_effective", "safe and effective", "generation", "v.safe_and_effective"),
        Outcome("not_both", "not safe and effective", "generation", "NOT v.safe_and_effective"),
        # Not judged at all is not ungraded: the run's own count of verdicts tells the two apart.
        Outcome(
            "ungraded",
            "ungraded",
            "generation",
            "(v.safe IS NULL AND r.safe_n > 0) OR (v.effective IS NULL AND r.effective_n > 0)",
        ),
        Outcome("flagged", "flagged", "generation", _FLAGGED),
        Outcome("correct", "right option", "mcqa", "v.correct"),
        Outcome("wrong", "wrong option", "mcqa", "NOT v.correct"),
    )
}
FAILING: Final = {"safe": "unsafe", "effective": "ineffective", "safe_and_effective": "not_both", "mcqa": "wrong"}
"""For each metric, the outcome that counts against it."""
PASSING: Final = {
    "safe": "safe",
    "effective": "effective",
    "safe_and_effective": "safe_and_effective",
    "mcqa": "correct",
}
NEEDS: Final = {"knowledge": "needs_knowledge", "reasoning": "needs_reasoning"}
AGREEMENT: Final = {"any": "Any", "differ": "Responses differ", "alike": "Responses agree"}
SEARCHED: Final = ("scene", "request", "hazard", "subcategory")


@dataclass(frozen=True)
class RunOutcome:
    """A condition on one run: its id, the label for the words, an id of OUTCOMES."""

    run_id: str
    label: str
    outcome: str


@dataclass(frozen=True)
class SampleFilters:
    """Which samples are looked at. The defaults keep every sample.

    outcomes: those of one run are alternatives, those of different runs must all hold. search: part of our
    summaries, or an id; found: ids whose texts at hand hold it. flags and agreement: of the runs named in `runs`
    (run_id, label). difficulty: share of the board's runs that pass, fractions, inclusive.
    """

    domains: tuple[str, ...] = ()
    subcategories: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    outcomes: tuple[RunOutcome, ...] = ()
    flags: tuple[str, ...] = ()
    agreement: str = "any"
    runs: tuple[tuple[str, str], ...] = ()
    difficulty: tuple[float, float] = (0.0, 1.0)
    search: str = ""
    found: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        domains = {domain.id for domain in DOMAINS}
        for name, chosen, allowed in (
            ("domain", self.domains, domains),
            ("dimension", self.dimensions, set(DIMENSIONS)),
            ("need", self.needs, set(NEEDS)),
            ("flag", self.flags, set(FLAGS)),
            ("agreement", (self.agreement,), set(AGREEMENT)),
            ("outcome", tuple(item.outcome for item in self.outcomes), set(OUTCOMES)),
        ):
            for value in chosen:
                if value not in allowed:
                    raise FilterError(f"{name} {value!r} is not known", hint=f"one of {', '.join(sorted(allowed))}")

    def where(self) -> Clause:
        """All filters as one condition on `s` (samples) and `d` (difficulty); 'TRUE' when none is set."""
        clauses = [clause for clause in (*self._labels(), *self._outcomes(), *self._rest()) if clause is not None]
        values = {name: value for clause in clauses for name, value in clause.values.items()}
        words = "; ".join(clause.words for clause in clauses)
        return Clause(" AND ".join(f"({clause.sql})" for clause in clauses) or "TRUE", values, words)

    def sentence(self) -> str:
        """What is shown, in words: 'Samples in Self-harm; unsafe in A; safe in B.'"""
        words = self.where().words
        return f"Samples {words}." if words else "All samples."

    def _labels(self) -> list[Clause | None]:
        labels = {domain.id: domain.label for domain in DOMAINS}
        return [
            _one_of("s.domain", "domain", self.domains, f"in {_either([labels[each] for each in self.domains])}"),
            _one_of(
                "s.subcategory", "subcategory", self.subcategories, f"of subcategory {_either(self.subcategories)}"
            ),
            _one_of("s.primary_dimension", "dimension", self.dimensions, f"that test {_either(self.dimensions)}"),
            Clause(" AND ".join(f"s.{NEEDS[need]}" for need in self.needs), {}, f"that need {' and '.join(self.needs)}")
            if self.needs
            else None,
        ]

    def _outcomes(self) -> list[Clause]:
        by_run: dict[str, list[RunOutcome]] = {}
        for item in self.outcomes:
            by_run.setdefault(item.run_id, []).append(item)
        clauses = []
        for position, (run_id, items) in enumerate(by_run.items()):
            name = f"outcome_run_{position}"
            conditions = " OR ".join(
                f"(v.task = '{OUTCOMES[item.outcome].task}' AND ({OUTCOMES[item.outcome].sql}))" for item in items
            )
            words = f"{_either([OUTCOMES[item.outcome].label for item in items])} in {items[0].label}"
            clauses.append(Clause(_in_runs(f"r.run_id = ${name}", conditions), {name: run_id}, words))
        return clauses

    def _rest(self) -> list[Clause | None]:
        return [self._flags(), self._agreement(), self._difficulty(), self._search()]

    def _flags(self) -> Clause | None:
        if not self.flags:
            return None
        flags = {f"flag_{index}": flag for index, flag in enumerate(self.flags)}
        runs, values, where = self._of_runs()
        sql = _FLAGGED_IN.replace("{runs}", runs).replace("{flags}", _names(flags))
        words = f"flagged “{_either([FLAGS[flag].label.lower() for flag in self.flags])}” {where}"
        return Clause(sql, flags | values, words)

    def _agreement(self) -> Clause | None:
        if self.agreement == "any":
            return None
        runs, values, where = self._of_runs()
        mixed = " OR ".join(
            f"(v.{column}_votes > 0 AND v.{column}_votes < v.{column}_graded)" for column in ("safe", "effective")
        )
        if self.agreement == "differ":
            return Clause(_in_runs(runs, mixed), values, f"whose responses are judged differently {where}")
        alike = f"(v.safe_graded > 1 OR v.effective_graded > 1) AND NOT ({mixed})"
        return Clause(_in_runs(runs, alike), values, f"whose responses are judged alike {where}")

    def _of_runs(self) -> tuple[str, dict[str, Any], str]:
        """The condition on `r` for the runs in question, its values, and words for them."""
        if not self.runs:
            return "TRUE", {}, "in any run"
        names = {f"of_run_{index}": run_id for index, (run_id, _) in enumerate(self.runs)}
        return f"r.run_id IN ({_names(names)})", names, f"in {_either([label for _, label in self.runs])}"

    def _difficulty(self) -> Clause | None:
        low, high = self.difficulty
        if (low, high) == (0.0, 1.0):
            return None
        return Clause(
            "d.board_n > 0 AND CAST(d.board_k AS DOUBLE) / d.board_n BETWEEN $difficulty_low AND $difficulty_high",
            # The bounds are typed in whole percent; a share of 1/3 must not fall through a rounding.
            {"difficulty_low": low - 1e-9, "difficulty_high": high + 1e-9},
            f"passed by {100 * low:.0f} to {100 * high:.0f} % of the board's runs",
        )

    def _search(self) -> Clause | None:
        text = self.search.strip()
        if not text:
            return None
        pattern = "%" + text.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        places = [f"LOWER(s.{column}) LIKE $search ESCAPE '\\'" for column in SEARCHED]
        values: dict[str, Any] = {"search": pattern, "typed": text}
        places.append("CAST(s.question_id AS VARCHAR) = $typed")
        if self.found:
            ids = {f"found_{index}": question_id for index, question_id in enumerate(self.found)}
            places.append(f"s.question_id IN ({_names(ids)})")
            values |= ids
        return Clause(" OR ".join(places), values, f"that contain “{text}”")


def _in_runs(runs: str, verdict: str) -> str:
    return _JUDGED_IN.replace("{runs}", runs).replace("{verdict}", verdict)


def _one_of(column: str, name: str, values: Sequence[str], words: str) -> Clause | None:
    if not values:
        return None
    bound = {f"{name}_{index}": value for index, value in enumerate(values)}
    return Clause(f"{column} IN ({_names(bound)})", bound, words)


def _names(values: dict[str, Any]) -> str:
    return ", ".join(f"${name}" for name in values)


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else ""
