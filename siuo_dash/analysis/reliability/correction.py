"""Rates corrected for a judge's errors, where humans judged some of the same responses (Rogan–Gladen)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.queries import RUNS, Query
from siuo_dash.analysis.reliability.judges import JudgedTwice, judged_pair
from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.engine.database import Store

HUMAN: Final = "human"
MOST_OVERLAPS: Final = 40

HUMAN_TWINS: Final = Query(
    "human_twins",
    "Runs of a board whose model humans have judged sample by sample too.",
    """
    SELECT h.run_id AS human_run_id, j.run_id
    FROM runs j JOIN runs h ON LOWER(TRIM(h.model)) = LOWER(TRIM(j.model))
    WHERE j.board = $board AND j.evidence = 'per_sample' AND j.judge <> 'human' AND j.generation_samples > 0
        AND h.judge = 'human' AND h.evidence = 'per_sample' AND h.generation_samples > 0
    ORDER BY j.model, j.run_id, h.run_id LIMIT $most
    """,
)


@dataclass(frozen=True)
class Overlap:
    """What a board's judge said of responses that humans judged too: counts of samples.

    hit: of the samples that humans call passing, those that the judge calls passing; rejected: of the failing,
    those that it calls failing.
    """

    run_id: str
    human_run_id: str
    hit: stats.Rate
    rejected: stats.Rate
    human: stats.Rate


@dataclass(frozen=True)
class Correction:
    """A board's overlaps, how many candidates had other responses or no texts, and the corrected rates by run.

    rates: run_id, model, k, n, rate, low, high (Wilson 95 %), estimate, estimate_low, estimate_high, hit_k, hit_n,
    rejected_k, rejected_n (of the other runs' overlaps), human_k, human_n (humans' verdicts of the run itself);
    fractions and counts, NaN or 0 of 0 where there is none. Empty without an overlap.
    """

    overlaps: list[Overlap]
    unusable: int
    rates: pd.DataFrame


def corrected_rates(store: Store, board: str, metric: Metric) -> Correction:
    """The rates of a board's runs beside an estimate of what humans would have said.

    The judge's errors are taken from samples whose responses humans judged too, and never from the run that is
    corrected: the interval of `stats.rogan_gladen` takes the two as independent.
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
    rates["rate"] = rates["k"] / rates["n"]
    rates["low"], rates["high"] = stats.wilson_array(rates["k"].astype(float), rates["n"].astype(float))
    return Correction(overlaps, len(pairs) - len(overlaps), rates)


_COLUMNS: Final = [
    "run_id", "model", "k", "n", "estimate", "estimate_low", "estimate_high",
    "hit_k", "hit_n", "rejected_k", "rejected_n", "human_k", "human_n",
]  # fmt: skip


def _overlap(pair: JudgedTwice) -> Overlap:
    """The human judgement stands first in the pair, so its outcomes are the rows of the table."""
    table = pair.table
    return Overlap(
        pair.second.run_id,
        pair.first.run_id,
        stats.Rate(table.both, table.both + table.first_only),
        stats.Rate(table.neither, table.neither + table.second_only),
        stats.Rate(table.both + table.first_only, table.n),
    )


def _row(run_id: str, model: str, k: int, n: int, overlaps: list[Overlap]) -> tuple[Any, ...]:
    others = [overlap for overlap in overlaps if overlap.run_id != run_id]
    own = next((overlap.human for overlap in overlaps if overlap.run_id == run_id), stats.Rate(0, 0))
    hit, rejected = _sum([each.hit for each in others]), _sum([each.rejected for each in others])
    found = stats.rogan_gladen(stats.Rate(k, n), hit, rejected)
    estimate = (found.estimate, found.low, found.high) if found else (float("nan"),) * 3
    return (run_id, model, k, n, *estimate, hit.k, hit.n, rejected.k, rejected.n, own.k, own.n)


def _sum(rates: list[stats.Rate]) -> stats.Rate:
    return stats.Rate(sum(rate.k for rate in rates), sum(rate.n for rate in rates))
