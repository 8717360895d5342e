"""Judges: models that were judged twice, how far the two judgements agree, and rates corrected for a judge's errors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.comparison import Side, side
from siuo_dash.analysis.filters import Clause, Filters, of_runs
from siuo_dash.analysis.queries import OUTCOMES, RUNS, with_rates
from siuo_dash.analysis.stats.agreement import Kappa, cohen_kappa, rogan_gladen
from siuo_dash.analysis.stats.differences import PairedTable, paired_table
from siuo_dash.benchmark.schema import Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from siuo_dash.store.runs.run_file import response_fingerprints

MOST_MODELS: Final = 500
MOST_RUNS: Final = 12
"""More runs of one model than this are not paired with each other; the page says so."""
MOST_OVERLAPS: Final = 40

JUDGED_TWICE: Final = Query(
    "judged_twice",
    "Models with at least two evaluations that have a verdict for each sample, most boards first.",
    """
    SELECT name, model, runs, boards FROM (
        SELECT LOWER(TRIM(r.model)) AS name, MIN(r.model) AS model, COUNT(*) AS runs, COUNT(DISTINCT r.board) AS boards
        FROM runs r WHERE r.evidence = 'per_sample' AND r.generation_samples > 0 GROUP BY LOWER(TRIM(r.model))
    ) WHERE runs > 1 ORDER BY boards DESC, runs DESC, name LIMIT $most
    """,
)

_OF_MODEL: Final = "LOWER(TRIM(model)) = $name AND evidence = 'per_sample' AND generation_samples > 0"
_HUMANS_FIRST: Final = "CASE WHEN judge = 'human' THEN 0 ELSE 1 END, board, submitted_at NULLS FIRST, run_id"

HUMAN_TWINS: Final = Query(
    "human_twins",
    "Runs of a board whose model humans have judged sample by sample too.",
    """
    SELECT h.run_id AS human_run_id, j.run_id
    FROM runs j JOIN runs h ON LOWER(TRIM(h.model)) = LOWER(TRIM(j.model)) AND h.sample_set = j.sample_set
    WHERE j.board = $board AND j.evidence = 'per_sample' AND j.judge <> 'human' AND j.generation_samples > 0
        AND h.judge = 'human' AND h.evidence = 'per_sample' AND h.generation_samples > 0
    ORDER BY j.model, j.run_id, h.run_id LIMIT $most
    """,
)


@dataclass(frozen=True)
class JudgedTwice:
    """Two judgements of one model, and how they agree over the samples graded in both.

    responses: 'same' when most samples' response texts are the same in both runs (then `table` holds only those),
    'other' when they are not, 'unknown' where the texts are not known. table: the first judgement in rows.
    differing: {question_id: whether the first lets it pass} where they differ. left_out: samples graded in both whose
    responses differ, or cannot be compared, although most are the same.
    """

    first: Side
    second: Side
    responses: str
    table: PairedTable
    kappa: Kappa | None
    differing: dict[int, bool]
    left_out: int = 0

    @property
    def agreement(self) -> Tally:
        """Share of the samples on which the two agree."""
        return Tally(self.table.both + self.table.neither, self.table.n)


def judged_twice(store: Store) -> pd.DataFrame:
    """name (case aside), model, runs, boards of the models with at least two per-sample evaluations."""
    return JUDGED_TWICE.run(store, most=MOST_MODELS)


@dataclass(frozen=True)
class _Judged:
    """A run with its outcomes by sample, and the fingerprints of its responses by sample."""

    run: Side
    outcomes: pd.Series[Any]
    prints: dict[int, str]


def judgements(store: Store, name: str, metric: Metric) -> list[JudgedTwice]:
    """All pairs of one model's per-sample runs that share graded samples; name as `judged_twice` gives it."""
    with store.reading():
        run_ids = queries.run_ids(store, Clause(_OF_MODEL, {"name": name}), _HUMANS_FIRST, MOST_RUNS)
        runs = [_judged(store, run_id, metric) for run_id in run_ids]
    on_one_set = (pair for pair in combinations(runs, 2) if len({each.run.protocol.sample_set for each in pair}) == 1)
    pairs = (_judged_twice(first, second) for first, second in on_one_set)
    return [pair for pair in pairs if pair.table.n]


def judged_pair(store: Store, first: str, second: str, metric: Metric) -> JudgedTwice:
    """How the judgements of two runs (ids) agree; the table is empty when they share no graded sample."""
    with store.reading():
        return _judged_twice(_judged(store, first, metric), _judged(store, second, metric))


def _judged(store: Store, run_id: str, metric: Metric) -> _Judged:
    outcomes = OUTCOMES.run(store, metric=metric, where=of_runs([run_id])).set_index("question_id")["outcome"]
    return _Judged(side(store, run_id), outcomes, response_fingerprints(store, run_id, metric.task))


def _judged_twice(first: _Judged, second: _Judged) -> JudgedTwice:
    common = first.outcomes.index.intersection(second.outcomes.index).sort_values()
    same = same_responses(first.prints, second.prints, common)
    used = common if same is None or not len(same) else same
    a, b = (judged.outcomes[used].to_numpy(dtype=float) for judged in (first, second))
    return JudgedTwice(
        first.run,
        second.run,
        "unknown" if same is None else "same" if len(same) else "other",
        paired_table(a, b),
        cohen_kappa(a, b),
        {int(question_id): bool(passes) for question_id, passes in zip(used[a != b], a[a != b], strict=True)},
        len(common) - len(used),
    )


def same_responses(first: dict[int, str], second: dict[int, str], samples: pd.Index[Any]) -> pd.Index[Any] | None:
    """The samples whose responses are the same in both runs; empty unless they are most of those that can be compared.

    A few equal responses of two different evaluations (an empty one, a stock refusal) do not make them the same.
    None where no sample has its texts in both.
    """
    known = [question_id for question_id in samples if question_id in first and question_id in second]
    if not known:
        return None
    same = [question_id for question_id in known if first[question_id] == second[question_id]]
    return pd.Index(same if 2 * len(same) > len(known) else [], dtype=np.int64)


@dataclass(frozen=True)
class Overlap:
    """What a board's judge said of responses that humans judged too: counts of samples.

    hit: of the samples that humans call passing, those that the judge calls passing; rejected: of the failing,
    those that it calls failing.
    """

    run_id: str
    human_run_id: str
    hit: Tally
    rejected: Tally
    human: Tally


@dataclass(frozen=True)
class Correction:
    """A board's overlaps, how many candidates had other responses or no texts, and the corrected rates by run.

    rates: run_id, model, k, n, rate, low, high (Wilson 95%), estimate, estimate_low, estimate_high, hit_k, hit_n,
    rejected_k, rejected_n (of the other runs' overlaps), human_k, human_n (humans' verdicts of the run itself);
    fractions and counts, NaN or 0 of 0 where there is none. Empty without an overlap.
    """

    overlaps: list[Overlap]
    unusable: int
    rates: pd.DataFrame


def corrected_rates(store: Store, board: str, metric: Metric) -> Correction:
    """The rates of a board's runs beside an estimate of what humans would have said.

    The judge's errors are taken from samples whose responses humans judged too, and never from the run that is
    corrected: the interval of `rogan_gladen` takes the two as independent.
    """
    with store.reading():
        twins = HUMAN_TWINS.run(store, board=board, most=MOST_OVERLAPS)
        pairs = [
            judged_pair(store, human, run, metric)
            for human, run in twins[["human_run_id", "run_id"]].itertuples(index=False)
        ]
        runs = RUNS.run(store, where=Filters(board=board).where())
    overlaps = [_overlap(pair) for pair in pairs if pair.responses == "same" and pair.table.n]
    runs = runs[runs[f"{metric.id}_n"] > 0] if overlaps else runs.iloc[:0]
    names = ["run_id", "model", f"{metric.id}_k", f"{metric.id}_n"]
    rows = [_row(run, model, int(k), int(n), overlaps) for run, model, k, n in runs[names].itertuples(index=False)]
    rates = pd.DataFrame(rows, columns=_COLUMNS)
    return Correction(overlaps, len(pairs) - len(overlaps), with_rates(rates))


_ESTIMATE: Final = ("estimate", "estimate_low", "estimate_high")
_COUNTS: Final = ("hit_k", "hit_n", "rejected_k", "rejected_n", "human_k", "human_n")
_COLUMNS: Final = ["run_id", "model", "k", "n", *_ESTIMATE, *_COUNTS]


def _overlap(pair: JudgedTwice) -> Overlap:
    """The human judgement is the first of the pair, so its outcomes are the rows of the table."""
    table = pair.table
    return Overlap(
        pair.second.run_id,
        pair.first.run_id,
        Tally(table.both, table.both + table.first_only),
        Tally(table.neither, table.neither + table.second_only),
        Tally(table.both + table.first_only, table.n),
    )


def _row(run_id: str, model: str, k: int, n: int, overlaps: list[Overlap]) -> tuple[Any, ...]:
    others = [overlap for overlap in overlaps if overlap.run_id != run_id]
    own = next((overlap.human for overlap in overlaps if overlap.run_id == run_id), Tally(0, 0))
    hit, rejected = _sum([other.hit for other in others]), _sum([other.rejected for other in others])
    found = rogan_gladen(Tally(k, n), hit, rejected)
    estimate = (found.estimate, found.low, found.high) if found else (float("nan"),) * 3
    return (run_id, model, k, n, *estimate, hit.k, hit.n, rejected.k, rejected.n, own.k, own.n)


def _sum(rates: list[Tally]) -> Tally:
    return Tally(sum(rate.k for rate in rates), sum(rate.n for rate in rates))
