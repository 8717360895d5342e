"""Two rates over different samples, or of runs known by their totals: Newcombe's interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

from siuo_dash.analysis.stats.proportions import Interval, Rate


@dataclass(frozen=True)
class UnpairedDifference:
    """First minus second, the samples not paired (fractions)."""

    first: Rate
    second: Rate
    difference: float
    interval: Interval
    p: float


def newcombe(k1: int, n1: int, k2: int, n2: int) -> Interval:
    """95 % interval of k1/n1 - k2/n2, from the two Wilson intervals.

    Newcombe 1998, Stat. Med. 17, 873–890, method 10 (statsmodels). Raises ValueError without samples.
    """
    # statsmodels takes 0.7 s to import; only who compares should wait for it.
    from statsmodels.stats.proportion import confint_proportions_2indep

    _check(k1, n1, k2, n2)
    low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", compare="diff")
    return Interval(max(-1.0, float(low)), min(1.0, float(high)))


def unpaired_p(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided p of equal rates: the score test, which is Pearson's chi-square without correction.

    Chosen because it belongs to Wilson's interval, of which Newcombe's is made, and lies nearer to its nominal
    level than Fisher's exact or Yates' corrected test, which reject too rarely (Campbell 2007, Stat. Med. 26,
    3661–3675). It is not an inversion of the interval: close to .05 one can exclude what the other does not.
    1 when all samples pass, or none. Raises ValueError without samples.
    """
    _check(k1, n1, k2, n2)
    pooled = (k1 + k2) / (n1 + n2)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
    return erfc(abs(k1 / n1 - k2 / n2) / sqrt(2 * variance)) if variance > 0 else 1.0


def unpaired_difference(k1: int, n1: int, k2: int, n2: int) -> UnpairedDifference:
    """Difference, Newcombe interval and score-test p of two rates that cannot be paired; ValueError without samples."""
    _check(k1, n1, k2, n2)
    return UnpairedDifference(
        Rate(k1, n1), Rate(k2, n2), k1 / n1 - k2 / n2, newcombe(k1, n1, k2, n2), unpaired_p(k1, n1, k2, n2)
    )


def _check(k1: int, n1: int, k2: int, n2: int) -> None:
    if not (0 <= k1 <= n1 and 0 <= k2 <= n2 and n1 and n2):
        raise ValueError(f"{k1} of {n1} and {k2} of {n2} cannot be compared")
