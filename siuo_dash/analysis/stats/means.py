"""Means: of rates, of a group against another, of paired differences."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats, Interval, wilson_array


@dataclass(frozen=True)
class MeanDifference:
    """Mean of the first minus mean of the second, its 95% interval and two-sided p; None where nothing varies."""

    difference: float
    interval: Interval | None
    p: float | None


def mean_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> MeanDifference | None:
    """Compare the means of two groups; None when either has fewer than two values.

    Welch 1947, Biometrika 34, 28–35: t with the degrees of freedom of Satterthwaite (scipy).
    """
    from scipy.stats import ttest_ind

    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size < 2 or b.size < 2:
        return None
    difference = float(a.mean() - b.mean())
    # Equal values differ by rounding at most, of which scipy would make a test.
    if a.var(ddof=1) / a.size + b.var(ddof=1) / b.size <= 1e-18:
        return MeanDifference(difference, None, None)
    # scipy warns when the values of one group are equal, which is no fault here.
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        found = ttest_ind(a, b, equal_var=False)
    return MeanDifference(difference, Interval(*map(float, found.confidence_interval())), float(found.pvalue))


def paired_mean(differences: npt.ArrayLike) -> MeanDifference | None:
    """The mean of paired differences with Student's t interval (scipy); None for fewer than two."""
    from scipy.stats import ttest_1samp

    d = np.asarray(differences, dtype=np.float64)
    if d.size < 2:
        return None
    if d.var(ddof=1) / d.size <= 1e-18:
        return MeanDifference(float(d.mean()), None, None)
    found = ttest_1samp(d, 0.0)
    return MeanDifference(float(d.mean()), Interval(*map(float, found.confidence_interval())), float(found.pvalue))


def mean_of_rates(k: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The unweighted mean of each row's rates with its 95% limits; NaN where a rate of the row is not known.

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
