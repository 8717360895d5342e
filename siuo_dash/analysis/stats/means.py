"""Means: of rates, of a group against another, of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats, Interval, wilson_array


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


def mean_of_rates(k: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The unweighted mean of each row's rates with its 95 % limits; NaN where a rate of the row is not known.

    k, n: runs × domains. Limits by squaring and adding the distances of each rate to its Wilson limits:
    Zou & Donner 2008, Stat. Med. 27, 1693–1702.
    """
    passed, graded = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    low, high = wilson_array(passed, graded)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(graded > 0, passed / graded, np.nan)
    mean = rate.mean(axis=1) if rate.size else np.full(rate.shape[0], np.nan)
    down = np.sqrt(((rate - low) ** 2).sum(axis=1)) / max(1, rate.shape[1])
    up = np.sqrt(((high - rate) ** 2).sum(axis=1)) / max(1, rate.shape[1])
    return mean, np.maximum(0.0, mean - down), np.minimum(1.0, mean + up)
