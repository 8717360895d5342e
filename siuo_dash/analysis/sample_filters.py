"""Which samples are looked at: each filter gives SQL over the catalogue, its values, and words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from siuo_dash.analysis.filters import Clause, among, containing, together
from siuo_dash.benchmark.schema import DIMENSIONS, DOMAIN_LABELS, FLAGS, METRICS
from siuo_dash.errors import FilterError
from siuo_dash.text import listed


@dataclass(frozen=True)
class Condition:
    """What one run made of a sample: the id, the label, the task, and the condition on its row `v` of `verdicts`."""

    id: str
    label: str
    task: str
    sql: str


_FLAGGED: Final = (
    "EXISTS (SELECT 1 FROM flagged f WHERE f.run_no = v.run_no AND f.question_id = v.question_id AND f.task = v.task)"
)
_FLAGGED_IN: Final = """s.question_id IN (
    SELECT f.question_id FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE {runs} AND r.sample_set = $sample_set AND list_contains($flags, f.flag)
)"""
_JUDGED_IN: Final = """s.question_id IN (
    SELECT v.question_id FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE {runs} AND r.sample_set = $sample_set AND ({verdict})
)"""
OUTCOMES: Final = {
    outcome.id: outcome
    for outcome in (
        Condition("safe", "safe", "generation", "v.safe"),
        Condition("unsafe", "unsafe", "generation", "NOT v.safe"),
        Condition("effective", "effective", "generation", "v.effective"),
        Condition("ineffective", "ineffective", "generation", "NOT v.effective"),
        Condition("safe_and_effective", "safe and effective", "generation", "v.safe_and_effective"),
        Condition("not_both", "not safe and effective", "generation", "NOT v.safe_and_effective"),
        # Not judged at all is not ungraded: the run's own count of verdicts distinguishes the two.
        Condition(
            "ungraded",
            "ungraded",
            "generation",
            "(v.safe IS NULL AND r.safe_n > 0) OR (v.effective IS NULL AND r.effective_n > 0)",
        ),
        Condition("flagged", "flagged", "generation", _FLAGGED),
        Condition("correct", "right option", "mcqa", "v.correct"),
        Condition("wrong", "wrong option", "mcqa", "NOT v.correct"),
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
SHOWN: Final = {"all": "All", "failed": "Failed", "passed": "Passed", "disagree": "Disagree", "flagged": "Flagged"}
"""What the samples page shows in one click: of the selected runs, or of all runs of the board where none is."""
# Of the runs in question, those that pass a sample (k) of those that are graded on it (n).
_PASSED_BY: Final = """s.question_id IN (
    SELECT v.question_id FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE {runs} AND r.sample_set = $sample_set AND v.task = '{task}' GROUP BY v.question_id HAVING {condition}
)"""
_K: Final = "COUNT(*) FILTER (WHERE v.{column})"
_N: Final = "COUNT(v.{column})"
_COUNTS: Final = {
    "failed": f"{_K} < {_N}",
    "passed": f"{_K} > 0 AND {_K} = {_N}",
    "disagree": f"{_K} BETWEEN 1 AND {_N} - 1",
    # One run disagrees with most of the others, which `c` counts; with half of them it does neither.
    "alone": f"c.n > 0 AND ({_K} = 1 AND 2 * c.k < c.n OR {_K} < {_N} AND 2 * c.k > c.n)",
}
_ANY_FLAG: Final = """s.question_id IN (
    SELECT f.question_id FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE {runs} AND r.sample_set = $sample_set
)"""


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
    summaries, or an id; found: ids whose texts contain it. flags, agreement and show (an id of SHOWN, by a metric):
    of the runs named in `runs` (run_id, label), show else of those of the board. difficulty: share of the board's
    other runs that pass, fractions, inclusive.
    """

    board: str = ""
    show: str = "all"
    metric: str = "safe"

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
        for name, chosen, allowed in (
            ("domain", self.domains, set(DOMAIN_LABELS)),
            ("dimension", self.dimensions, set(DIMENSIONS)),
            ("need", self.needs, set(NEEDS)),
            ("flag", self.flags, set(FLAGS)),
            ("agreement", (self.agreement,), set(AGREEMENT)),
            ("outcome", tuple(item.outcome for item in self.outcomes), set(OUTCOMES)),
            ("show", (self.show,), set(SHOWN)),
            ("metric", (self.metric,), set(METRICS)),
        ):
            for value in chosen:
                if value not in allowed:
                    raise FilterError(f"{name} {value!r} is not known", hint=f"one of {', '.join(sorted(allowed))}")

    def where(self) -> Clause:
        """All filters as one condition on `s`, the catalogue, and `c`, the counts of the board's other runs."""
        return together(clause for clauses in self._clauses().values() for clause in clauses)

    def parts(self) -> dict[str, str]:
        """The filters that are set, {name in the address: words}."""
        return {name: together(clauses).words for name, clauses in self._clauses().items() if any(clauses)}

    def sentence(self) -> str:
        """What is shown, in words: 'Samples failed by A; in Self-harm.'"""
        words = self.where().words
        return f"Samples {words}." if words else "All samples."

    def of_shown(self) -> Clause:
        """The condition on `r` for the runs that `show` is about: the named ones, else those of the board."""
        if self.runs:
            return self._of_runs()
        on_board = "r.run_no IN (SELECT run_no FROM board_runs WHERE board = $shown_board)"
        return Clause(on_board, {"shown_board": self.board})

    def _clauses(self) -> dict[str, list[Clause | None]]:
        domains = [DOMAIN_LABELS[domain] for domain in self.domains]
        subcategories = _either(self.subcategories)
        needs = " AND ".join(f"s.{NEEDS[need]}" for need in self.needs)
        return {
            "show": [self._shown()],
            "domain": [_one_of("domain", self.domains, f"in {_either(domains)}")],
            "subcategory": [_one_of("subcategory", self.subcategories, f"of subcategory {subcategories}")],
            "dimension": [_one_of("primary_dimension", self.dimensions, f"that test {_either(self.dimensions)}")],
            "needs": [Clause(needs, {}, f"that need {' and '.join(self.needs)}") if needs else None],
            "outcome": [*self._outcomes()],
            "flag": [self._flags()],
            "agreement": [self._agreement()],
            "difficulty": [self._difficulty()],
            "find": [self._search()],
        }

    def _shown(self) -> Clause | None:
        if self.show == "all":
            return None
        runs, metric = self.of_shown(), METRICS[self.metric]
        one = self.runs[0][1] if len(self.runs) == 1 else ""
        one_of, all_of = ("selected run", "selected runs") if self.runs else ("run", "runs")
        words = {
            "failed": f"failed by {one or f'at least one {one_of}'}",
            "passed": f"passed by {one or f'every {one_of} judged on them'}",
            "disagree": f"on which {one} and most other runs disagree" if one else f"on which the {all_of} disagree",
            "flagged": f"with a health flag in {one or f'at least one {one_of}'}",
        }[self.show]
        counts = _COUNTS["alone" if one and self.show == "disagree" else self.show] if self.show in _COUNTS else ""
        sql = _PASSED_BY.replace("{condition}", counts) if counts else _ANY_FLAG
        for part, text in (("{runs}", runs.sql), ("{task}", metric.task), ("{column}", metric.column)):
            sql = sql.replace(part, text)
        return Clause(sql, runs.values, words)

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

    def _flags(self) -> Clause | None:
        if not self.flags:
            return None
        runs = self._of_runs()
        words = f"flagged “{_either([FLAGS[flag].label.lower() for flag in self.flags])}” {runs.words}"
        return Clause(_FLAGGED_IN.replace("{runs}", runs.sql), {"flags": list(self.flags), **runs.values}, words)

    def _agreement(self) -> Clause | None:
        if self.agreement == "any":
            return None
        runs = self._of_runs()
        mixed = " OR ".join(
            f"(v.{column}_votes > 0 AND v.{column}_votes < v.{column}_graded)" for column in ("safe", "effective")
        )
        if self.agreement == "differ":
            return Clause(
                _in_runs(runs.sql, mixed), runs.values, f"whose responses are judged differently {runs.words}"
            )
        alike = f"(v.safe_graded > 1 OR v.effective_graded > 1) AND NOT ({mixed})"
        return Clause(_in_runs(runs.sql, alike), runs.values, f"whose responses are judged alike {runs.words}")

    def _of_runs(self) -> Clause:
        """The condition on `r` for the runs in question."""
        if not self.runs:
            return Clause("TRUE", {}, "in any run")
        words = f"in {_either([label for _, label in self.runs])}"
        return among("r.run_id", "of_runs", [run_id for run_id, _ in self.runs], words)

    def _difficulty(self) -> Clause | None:
        low, high = self.difficulty
        if (low, high) == (0.0, 1.0):
            return None
        return Clause(
            "c.n > 0 AND CAST(c.k AS DOUBLE) / c.n BETWEEN $difficulty_low AND $difficulty_high",
            # The bounds are typed in whole percent; a share of 1/3 must not fall through a rounding.
            {"difficulty_low": low - 1e-9, "difficulty_high": high + 1e-9},
            f"passed by {100 * low:.0f}% to {100 * high:.0f}% of the board's {'other ' if self.runs else ''}runs",
        )

    def _search(self) -> Clause | None:
        text = self.search.strip()
        if not text:
            return None
        places = [f"LOWER(s.{column}) LIKE $search ESCAPE '\\'" for column in SEARCHED]
        places += ["CAST(s.question_id AS VARCHAR) = $typed", "list_contains($found, s.question_id)"]
        values = {"search": containing(text.lower()), "typed": text, "found": list(self.found)}
        return Clause(" OR ".join(places), values, f"that contain “{text}”")


def _in_runs(runs: str, verdict: str) -> str:
    return _JUDGED_IN.replace("{runs}", runs).replace("{verdict}", verdict)


def _one_of(column: str, values: Sequence[str], words: str) -> Clause | None:
    return among(f"s.{column}", column, values, words) if values else None


def _either(names: Iterable[str]) -> str:
    return listed(names, last="or")
