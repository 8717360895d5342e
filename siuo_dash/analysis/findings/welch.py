"""The difference of two means whose spreads may differ."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats import Interval


@dataclass(frozen=True)
class MeanDifference:
    """Mean of the first minus mean of the second, its 95 % interval and two-sided p; None where nothing varies."""

    difference: float
    interval: Interval | None
    p: float | None


def mean_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> MeanDifference | None:
    """Compare the means of two groups; None when either has fewer than two values.

    Welch 1947, Biometrika 34, 28–35: t with the degrees of freedom of Satterthwaite.
    """
    from scipy.stats import t

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size < 2 or b.size < 2:
        return None
    difference = float(a.mean() - b.mean())
    parts = np.array([a.var(ddof=1) / a.size, b.var(ddof=1) / b.size])
    if parts.sum() <= 1e-18:  # equal values differ by rounding at most
        return MeanDifference(difference, None, None)
    freedom = float(parts.sum() ** 2 / (parts**2 / (np.array([a.size, b.size]) - 1)).sum())
    error = sqrt(float(parts.sum()))
    half = float(t.ppf(0.975, freedom)) * error
    p = 2 * float(t.sf(abs(difference) / error, freedom))
    return MeanDifference(difference, Interval(difference - half, difference + half), p)


def paired_mean(differences: npt.ArrayLike) -> MeanDifference | None:
    """The mean of paired differences with Student's t interval; None for fewer than two."""
    from scipy.stats import t

    d = np.asarray(differences, dtype=np.float64)
    if d.size < 2:
        return None
    mean, error = float(d.mean()), float(d.std(ddof=1)) / sqrt(d.size)
    if error <= 1e-9:
        return MeanDifference(mean, None, None)
    half = float(t.ppf(0.975, d.size - 1)) * error
    return MeanDifference(mean, Interval(mean - half, mean + half), 2 * float(t.sf(abs(mean) / error, d.size - 1)))
