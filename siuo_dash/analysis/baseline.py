"""One baseline against many runs, and methods against their base models: a run minus the other, as fractions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.comparison import Side
from siuo_dash.analysis.filters import Clause, Filters
from siuo_dash.analysis.stats.differences import (
    PairedDifference,
    UnpairedDifference,
    paired_difference,
    unpaired_difference,
)
from siuo_dash.analysis.stats.multiple import holm
from siuo_dash.benchmark.schema import Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

_TESTED: Final = ("difference", "low", "high", "p")
_COLUMNS: Final = ("paired", "run_k", "run_n", "base_k", "base_n", "run_only", "baseline_only", *_TESTED)


def against_baseline(store: Store, baseline: Side, metric: Metric, where: Clause) -> pd.DataFrame:
    """Every other run of a choice minus the baseline, the largest difference first, p-values adjusted by Holm.

    where: which runs. Columns: run_id, model, board, evidence, paired, run_k, run_n, base_k,
    base_n (over the samples compared), run_only, baseline_only (null when unpaired), difference, low, high, p, p_holm
    (fractions). A run without the metric stays in the list with NaN, and is no part of the family.
    """
    runs = queries.RUNS.run(store, where=where)
    runs = runs[runs["run_id"] != baseline.run_id].reset_index(drop=True)
    counts = pd.DataFrame()
    if baseline.per_sample:
        counts = queries.paired_counts(store, baseline.run_no, metric, where)
    own = baseline.counts[metric.id]
    per_sample = (runs["evidence"] == "per_sample").tolist()
    rows = []
    for run_no, k, n, is_per_sample in zip(
        runs["run_no"], runs[f"{metric.id}_k"], runs[f"{metric.id}_n"], per_sample, strict=True
    ):
        if is_per_sample and run_no in counts.index:
            rows.append(paired_row(*(int(value) for value in counts.loc[run_no])))
        elif n and own.n:
            rows.append(unpaired_row(int(k), int(n), own))
        else:
            rows.append(_no_row(Tally(int(k), int(n)), own))
    found = pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"run_only": "Int64", "baseline_only": "Int64"})
    found["p_holm"] = holm(found["p"].astype(float).tolist())
    found = pd.concat([runs[["run_id", "model", "board", "evidence"]], found], axis=1)
    return found.sort_values(["difference", "model"], ascending=[False, True], na_position="last", ignore_index=True)


def runs_on_offer(store: Store, board: str | None, most: int) -> list[str]:
    """At most `most` runs (ids) of a board (None = of all boards), per-sample runs first, by name."""
    order = "CASE WHEN evidence = 'per_sample' THEN 0 ELSE 1 END, model, run_id"
    return queries.run_ids(store, Filters(board=board).where(), order, most)


# With thousands of runs the same few counts come again and again.
@lru_cache(maxsize=1 << 14)
def _paired_difference(b: int, c: int, n: int) -> PairedDifference:
    return paired_difference(b, c, n)


@lru_cache(maxsize=1 << 14)
def _unpaired(k1: int, n1: int, k2: int, n2: int) -> UnpairedDifference:
    return unpaired_difference(k1, n1, k2, n2)


def paired_row(both: int, run_only: int, baseline_only: int, neither: int) -> tuple[Any, ...]:
    """A run minus the baseline over the samples that both are graded on, of which these counts pass; see _COLUMNS."""
    n = both + run_only + baseline_only + neither
    found = _paired_difference(run_only, baseline_only, n)
    counts = (both + run_only, n, both + baseline_only, n, run_only, baseline_only)
    return (True, *counts, found.difference, found.interval.low, found.interval.high, found.p)


def unpaired_row(k: int, n: int, baseline: Tally) -> tuple[Any, ...]:
    """A run minus the baseline, of which only counts are compared; see _COLUMNS."""
    found = _unpaired(k, n, baseline.k, baseline.n)
    counts = (k, n, baseline.k, baseline.n, None, None)
    return (False, *counts, found.difference, found.interval.low, found.interval.high, found.p)


def _no_row(run: Tally, baseline: Tally) -> tuple[Any, ...]:
    nan = float("nan")
    return (False, run.k, run.n, baseline.k, baseline.n, None, None, nan, nan, nan, nan)


COLUMNS: Final = ("gain", "gain_low", "gain_high", "gain_p", "gain_paired", "base_run_id", "base_k", "base_n")

# Of several plain runs, one that pairs comes first, then one of the same source, then the one that came first.
METHOD_BASES: Final = Query(
    "method_bases",
    "Each chosen run of a method with the run of its plain base model in the same board, and their 2×2 of outcomes "
    "where both are known sample by sample.",
    """
    WITH candidates AS (
        SELECT m.run_no, m.run_id, m.{metric}_k AS k, m.{metric}_n AS n,
            b.run_no AS base_no, b.run_id AS base_run_id, b.{metric}_k AS base_k, b.{metric}_n AS base_n,
            m.evidence = 'per_sample' AND b.evidence = 'per_sample' AS paired,
            ROW_NUMBER() OVER (PARTITION BY m.run_no ORDER BY
                CASE WHEN m.evidence = 'per_sample' AND b.evidence = 'per_sample' THEN 0 ELSE 1 END,
                CASE WHEN m.source = b.source THEN 0 ELSE 1 END, b.submitted_at NULLS FIRST, b.run_id) AS place
        FROM (SELECT * FROM runs WHERE {where}) m JOIN runs b
            ON LOWER(TRIM(b.model)) = LOWER(TRIM(m.base_model)) AND b.sample_set = m.sample_set
                AND ('{task}' = 'mcqa' OR b.board = m.board)
        WHERE m.method IS NOT NULL AND b.method IS NULL AND m.{metric}_n > 0 AND b.{metric}_n > 0
    ),
    bases AS (SELECT * FROM candidates WHERE place = 1),
    shared AS (
        SELECT p.run_no, COUNT(*) FILTER (WHERE o.{column} AND v.{column}) AS both,
            COUNT(*) FILTER (WHERE o.{column} AND NOT v.{column}) AS run_only,
            COUNT(*) FILTER (WHERE v.{column} AND NOT o.{column}) AS baseline_only,
            COUNT(*) FILTER (WHERE NOT o.{column} AND NOT v.{column}) AS neither
        FROM bases p JOIN verdicts o ON o.run_no = p.run_no AND o.task = '{task}'
            JOIN verdicts v ON v.run_no = p.base_no AND v.task = '{task}' AND v.question_id = o.question_id
        WHERE p.paired AND o.{column} IS NOT NULL AND v.{column} IS NOT NULL GROUP BY p.run_no
    )
    SELECT p.run_id, p.k, p.n, p.base_run_id, p.base_k, p.base_n, s.both, s.run_only, s.baseline_only, s.neither
    FROM bases p LEFT JOIN shared s ON s.run_no = p.run_no ORDER BY p.run_id
    """,
)


def gains(store: Store, where: Clause, metric: Metric) -> pd.DataFrame:
    """Each chosen run of a method minus the plain run of its base model in the same board; one row a run, by run_id.

    COLUMNS: `gain`, `gain_low`, `gain_high` (fractions, 95%), `gain_p`, `gain_paired` (Bonett–Price and McNemar mid-p
    where both have a verdict for each sample, else Newcombe and a score test), `base_run_id`, and the base's counts
    over the samples compared. A run whose base model has no plain run there is left out.
    """
    found = METHOD_BASES.run(store, metric=metric, where=where).set_index("run_id")
    rows = [_row(pair) for _, pair in found.iterrows()]
    frame = pd.DataFrame(rows, index=found.index, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[:4], "float64") | {"gain_paired": "boolean", "base_run_id": "string"})


def _row(pair: pd.Series[Any]) -> tuple[Any, ...]:
    """The figures of COLUMNS."""
    if pd.isna(pair["both"]):
        counts = int(pair["k"]), int(pair["n"])
        row = unpaired_row(*counts, Tally(int(pair["base_k"]), int(pair["base_n"])))
    else:
        row = paired_row(*(int(pair[name]) for name in ("both", "run_only", "baseline_only", "neither")))
    paired, _, _, base_k, base_n, _, _, difference, low, high, p = row
    return difference, low, high, p, paired, pair["base_run_id"], base_k, base_n
