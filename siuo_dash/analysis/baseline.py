"""One baseline against many runs. Differences are a run minus the baseline, as fractions."""

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
