"""Random draws that are the same on every machine and for every version of numpy.

Only the raw 64 random bits of PCG64 are used, whose stream numpy guarantees, and integer
arithmetic. numpy's own binomial and choice may change between versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats

DRAWS: Final = 2000
SEED: Final = 167
_CHUNK: Final = 1 << 20

Counts = npt.NDArray[np.int64]


def stream(seed: int, *names: str) -> np.random.PCG64:
    """A source of random bits of its own for every name, so that no name moves another's draws."""
    digest = sha256("\x1f".join((str(seed), *names)).encode("utf-8", "surrogatepass")).digest()
    return np.random.PCG64(int.from_bytes(digest[:16], "big"))


def indices(bits: np.random.PCG64, shape: tuple[int, int], size: int) -> Counts:
    """Uniform whole numbers 0..size-1 of the given shape (each is likelier than another by at most 2**-32)."""
    high = bits.random_raw(shape[0] * shape[1]) >> np.uint64(32)
    return ((high * np.uint64(size)) >> np.uint64(32)).astype(np.int64).reshape(shape)


def chunks(rows: int, width: int) -> Iterator[tuple[int, int]]:
    """Ranges of rows whose rows × width stay near a million elements, so that memory stays bounded."""
    step = max(1, _CHUNK // max(1, width))
    return ((start, min(start + step, rows)) for start in range(0, rows, step))


def sample_counts(strata: npt.ArrayLike, draws: int = DRAWS, seed: int = SEED) -> npt.NDArray[np.float32]:
    """How often each draw takes each sample: draws × samples, every stratum keeping its size.

    strata: the domain of each sample, samples in order of question_id. Samples are drawn with
    replacement within their domain. Every domain has bits of its own, so its draws do not depend on
    which other domains there are.
    """
    labels = np.asarray(strata).astype(str)
    counts = np.zeros((draws, labels.size), dtype=np.float32)
    for label in np.unique(labels):
        columns = np.flatnonzero(labels == label)
        size = columns.size
        bits = stream(seed, "samples", str(label))
        for start, stop in chunks(draws, size):
            drawn = indices(bits, (stop - start, size), size) + np.arange(stop - start)[:, None] * size
            counts[start:stop, columns] = np.bincount(drawn.ravel(), minlength=(stop - start) * size).reshape(-1, size)
    return counts


class SampleRates:
    """The rates of per-sample runs in any range of draws, all runs with the same samples in a draw."""

    def __init__(self, outcomes: npt.NDArray[np.float32], counts: npt.NDArray[np.float32]) -> None:
        """outcomes: runs × samples, 1, 0 or NaN; counts: draws × samples, from sample_counts."""
        graded = ~np.isnan(outcomes)
        self.runs = np.flatnonzero(graded.any(axis=1))
        whole = graded[self.runs].all(axis=1)
        self._partial = np.flatnonzero(~whole)
        # 0, 1 and small counts: float32 products and sums of them are exact whatever the order of adding.
        self._passed = np.nan_to_num(outcomes[self.runs], nan=0.0).T
        self._graded = graded[self.runs[self._partial]].astype(np.float32).T
        self._counts = counts

    def rates(self, start: int, stop: int) -> Floats:
        """Draws × the runs of self.runs; NaN where a draw holds no graded sample of the run."""
        counts = self._counts[start:stop]
        trials = np.full((stop - start, self.runs.size), counts.shape[1], dtype=np.float64)
        trials[:, self._partial] = counts @ self._graded
        passed = (counts @ self._passed).astype(np.float64)
        found: Floats = np.divide(passed, trials, out=np.full_like(passed, np.nan), where=trials > 0)
        return found


def binomial_draws(k: int, n: int, name: str, draws: int = DRAWS, seed: int = SEED) -> Counts:
    """Binomial(n, k/n) draws of the run called name, by inversion of the exact distribution function."""
    if k in (0, n):
        return np.full(draws, k, dtype=np.int64)
    raw = stream(seed, "totals", name).random_raw(draws)
    return np.searchsorted(_binomial_thresholds(k, n), raw, side="right").astype(np.int64)


@lru_cache(maxsize=2048)
def _binomial_thresholds(k: int, n: int) -> npt.NDArray[np.uint64]:
    """floor(2**64 · P(X <= j)) for j = 0..n-1, X binomial(n, k/n), in whole numbers throughout."""
    weight, below, total = (n - k) ** n, 0, n**n
    thresholds = []
    for j in range(n):
        below += weight
        thresholds.append((below << 64) // total)
        weight = weight * (n - j) * k // ((j + 1) * (n - k))
    return np.array(thresholds, dtype=np.uint64)


def drawn_rates(
    run_ids: Sequence[str],
    k: Counts,
    n: Counts,
    outcomes: npt.NDArray[np.float32],
    strata: npt.ArrayLike,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Iterator[tuple[int, int, Floats]]:
    """Ranges of draws, each with its draws × runs rates; NaN where a draw says nothing about a run.

    k, n: counts, one a run. outcomes: runs × samples, 1, 0 or NaN. strata: the domain of each sample. Runs with
    outcomes share the samples of a draw, drawn within domain; the others are drawn binomially from their counts.
    """
    per_sample = SampleRates(outcomes, sample_counts(strata, draws, seed))
    totals = np.setdiff1d(np.flatnonzero(n), per_sample.runs)
    drawn = np.empty((totals.size, draws), dtype=np.int32)
    for row, run in enumerate(totals):
        drawn[row] = binomial_draws(int(k[run]), int(n[run]), run_ids[run], draws, seed)
    for start, stop in chunks(draws, len(run_ids)):
        rates = np.full((stop - start, len(run_ids)), np.nan)
        rates[:, per_sample.runs] = per_sample.rates(start, stop)
        rates[:, totals] = drawn[:, start:stop].T / n[totals]
        yield start, stop, rates


def joint_draws(
    first: int, second: int, both: int, n: int, name: str, draws: int = DRAWS, seed: int = SEED
) -> tuple[Counts, Counts]:
    """Draws of two counts that share their samples: multinomial over both, first only, second only, neither.

    Draws n of the n known outcomes with replacement. Raises ValueError when no four outcomes give these counts.
    """
    if not max(0, first + second - n) <= both <= min(first, second) <= max(first, second) <= n:
        raise ValueError(f"{name}: {first}, {second} and {both} both of {n} contradict each other")
    bits = stream(seed, "joint", name)
    firsts, seconds = np.empty(draws, dtype=np.int64), np.empty(draws, dtype=np.int64)
    for start, stop in chunks(draws, n):
        # The outcomes in a row: first only, both, second only, neither.
        outcome = indices(bits, (stop - start, n), n)
        firsts[start:stop] = (outcome < first).sum(axis=1)
        seconds[start:stop] = ((outcome >= first - both) & (outcome < first - both + second)).sum(axis=1)
    return firsts, seconds
