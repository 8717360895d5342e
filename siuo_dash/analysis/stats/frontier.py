"""The Pareto frontier of two rates inside a board, and how sure a place on it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.resampling import DRAWS, SEED, SampleRates, chunks, joint_draws, sample_counts


@dataclass(frozen=True)
class JointTotals:
    """What a publication gives of one run: how many of n samples are safe, effective, and both."""

    safe: int
    effective: int
    both: int
    n: int


@dataclass(frozen=True)
class FrontierShare:
    """The share of draws in which a run is on the frontier; None when a rate is not known."""

    run_id: str
    share: float | None


def pareto(x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points nobody dominates: no other is at least as high in both and higher in one.

    Equal points stand or fall together; a point with a NaN is not on the frontier and dominates nobody.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    on = np.zeros(a.shape, dtype=bool)
    total = np.where(np.isnan(a) | np.isnan(b), -np.inf, a + b)
    if not total.size or total.max() == -np.inf:
        return on
    # The highest sum is on the frontier; what it beats in both needs no sorting.
    best = int(total.argmax())
    left = np.flatnonzero((total > -np.inf) & ((a >= a[best]) | (b >= b[best])))
    left = left[np.lexsort((-b[left], -a[left]))]
    a, b = a[left], b[left]
    # Along falling x: the first of each x has its highest y, and must beat every y before.
    begins = np.concatenate([[True], a[1:] != a[:-1]])
    head = np.maximum.accumulate(np.where(begins, np.arange(left.size), 0))
    before = np.concatenate([[-np.inf], np.maximum.accumulate(b)[:-1]])
    on[left] = (b == b[head]) & (b > before[head])
    return on


def nearest(x: npt.ArrayLike, y: npt.ArrayLike, most: int) -> npt.NDArray[np.int64]:
    """The places of at most so many points, in their order: the frontier's, those of the frontier without them, …

    Points with a NaN, which are never on it, come last.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    left = np.arange(a.size)
    if a.size <= most:
        return left
    found: list[int] = []
    while len(found) < most:
        on = pareto(a[left], b[left])
        found += left[on if on.any() else slice(None)].tolist()
        left = left[~on]
    return np.sort(np.array(found[:most], dtype=np.int64))


def frontier_share(
    run_ids: Sequence[str],
    safe: npt.ArrayLike | None,
    effective: npt.ArrayLike | None,
    strata: npt.ArrayLike | None,
    totals: Mapping[str, JointTotals] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[FrontierShare, ...]:
    """How often each run of one board is on the frontier of safe × effective, in the order of run_ids.

    safe, effective: runs × samples, 1, 0 or NaN = ungraded; strata: the domain of each sample. Per-sample runs
    draw the same samples, within domain, for both metrics and for all runs (the draws of rank_ranges). A run in
    totals is drawn multinomially from its four joint outcomes (both, safe only, effective only, neither), from a
    stream seeded by its run_id; its rows in safe and effective are not read. A draw that takes none of a
    run's graded samples leaves it off the frontier.
    Raises ValueError when shapes differ, an id is there twice, or totals contradict themselves.
    """
    ids = [str(run_id) for run_id in run_ids]
    labels = np.asarray([] if strata is None else strata)
    metrics = [_matrix(values, len(ids), labels.size) for values in (safe, effective)]
    if len(set(ids)) != len(ids):
        raise ValueError("a run is there twice")
    known = {run_id: total for run_id, total in (totals or {}).items() if total.n > 0}
    places = [place for place, run_id in enumerate(ids) if run_id in known]
    for matrix in metrics:
        matrix[places] = np.nan
    counts = sample_counts(labels, draws, seed)
    per_sample = [SampleRates(matrix, counts) for matrix in metrics]
    observed, drawn = np.full((2, len(ids)), np.nan), np.empty((2, draws, len(places)))
    for axis, matrix in enumerate(metrics):
        runs = per_sample[axis].runs
        observed[axis, runs] = np.nanmean(matrix[runs], axis=1, dtype=np.float64)
    for column, place in enumerate(places):
        total = known[ids[place]]
        observed[:, place] = total.safe / total.n, total.effective / total.n
        counted = joint_draws(total.safe, total.effective, total.both, total.n, ids[place], draws, seed)
        drawn[:, :, column] = np.array(counted) / total.n

    hits = np.zeros(len(ids), dtype=np.int64)
    for start, stop in chunks(draws, len(ids)):
        rates = np.full((2, stop - start, len(ids)), np.nan)
        for axis, metric in enumerate(per_sample):
            rates[axis][:, metric.runs] = metric.rates(start, stop)
        rates[:, :, places] = drawn[:, start:stop]
        for x, y in zip(*rates, strict=True):
            hits += pareto(x, y)
    return tuple(
        FrontierShare(run_id, None if unknown else int(hit) / draws)
        for run_id, hit, unknown in zip(ids, hits, np.isnan(observed).any(axis=0), strict=True)
    )


def _matrix(values: npt.ArrayLike | None, runs: int, samples: int) -> npt.NDArray[np.float32]:
    matrix = np.full((runs, samples), np.nan) if values is None else np.asarray(values, dtype=np.float64)
    if matrix.shape != (runs, samples):
        raise ValueError(f"{runs} runs and {samples} strata, but outcomes {matrix.shape}")
    return matrix.astype(np.float32)
