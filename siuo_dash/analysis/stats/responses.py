"""Several responses to one sample: how they agree, and what one of them alone would have given."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats


@dataclass(frozen=True)
class ResponseMix:
    """How many samples have 0, 1, …, k of their k responses passing.

    counts: by the number of passing responses, over the samples with all k graded; incomplete: samples with some
    but not all graded; ungraded: samples with none.
    """

    counts: tuple[int, ...]
    incomplete: int
    ungraded: int

    @property
    def responses(self) -> int:
        return len(self.counts) - 1

    @property
    def stable(self) -> float | None:
        """Share of the fully graded samples whose responses all agree (fraction)."""
        total = sum(self.counts)
        return (self.counts[0] + self.counts[-1]) / total if total and self.responses else None


@dataclass(frozen=True)
class SingleResponse:
    """The rate that one response a sample would have given: its mean, standard deviation and middle 95% (fractions).

    n: the samples with at least one graded response.
    """

    mean: float
    sd: float
    low: float
    high: float
    n: int


def response_mix(votes: npt.ArrayLike) -> ResponseMix:
    """Count the 3/3, 2/3, 1/3, 0/3 of samples × responses (1, 0, NaN = ungraded)."""
    matrix = _votes(votes)
    graded = (~np.isnan(matrix)).sum(axis=1)
    whole = matrix[graded == matrix.shape[1]] if matrix.shape[1] else matrix[:0]
    passing = whole.sum(axis=1).astype(np.int64)
    counts = tuple(int(count) for count in np.bincount(passing, minlength=matrix.shape[1] + 1))
    return ResponseMix(counts, int(((graded > 0) & (graded < matrix.shape[1])).sum()), int((graded == 0).sum()))


def single_response_rate(votes: npt.ArrayLike) -> SingleResponse | None:
    """What one response a sample, picked at random among its graded ones, would have given; None without any.

    A sample passes with probability p_i = passing / graded, each on its own: the mean is that of the p_i, the
    standard deviation √Σ p_i(1 - p_i) / n, and the limits are the 2.5 and 97.5 percentiles of the exact
    (Poisson binomial) distribution (scipy); Wang 1993, Stat. Sin. 3, 295–312. The spread is that of picking responses
    only, not of picking samples.
    """
    from scipy.stats import poisson_binom

    matrix = _votes(votes)
    graded = (~np.isnan(matrix)).sum(axis=1)
    chance = np.nansum(matrix[graded > 0], axis=1) / graded[graded > 0]
    n = int(chance.size)
    if not n:
        return None
    below = poisson_binom.cdf(np.arange(n + 1), chance)
    # Sums of many small products: a quantile must not move because of the last digit.
    low, high = (int(np.searchsorted(below, q - 1e-12)) for q in (0.025, 0.975))
    return SingleResponse(float(chance.mean()), sqrt(float((chance * (1 - chance)).sum())) / n, low / n, high / n, n)


def _votes(votes: npt.ArrayLike) -> Floats:
    matrix = np.asarray(votes, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"votes are samples × responses, not {matrix.ndim}-dimensional")
    return matrix
