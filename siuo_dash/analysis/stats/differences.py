"""The difference of two rates: paired by sample, unpaired, and how large it must be to be found."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Z95, Floats, Interval, wilson_array
from siuo_dash.benchmark.scoring import Tally

_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class PairedTable:
    """The 2×2 of outcomes of two runs over the samples that are graded in both."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def n(self) -> int:
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def discordance(self) -> float | None:
        """Share of samples on which the two differ."""
        return (self.first_only + self.second_only) / self.n if self.n else None

    def difference(self) -> PairedDifference | None:
        """The paired comparison of the two; None without a common sample."""
        return paired_difference(self.first_only, self.second_only, self.n) if self.n else None


@dataclass(frozen=True)
class PairedDifference:
    """First minus second: b samples only the first passes, c only the second, n graded in both (fractions)."""

    b: int
    c: int
    n: int
    difference: float
    interval: Interval
    p: float


@dataclass(frozen=True)
class UnpairedDifference:
    """First minus second, the samples not paired (fractions)."""

    first: Tally
    second: Tally
    difference: float
    interval: Interval
    p: float


def paired_table(first: npt.ArrayLike, second: npt.ArrayLike) -> PairedTable:
    """Count the outcomes (1, 0, NaN = ungraded) of two runs over the same samples, in the same order."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"{a.size} and {b.size} samples cannot be paired")
    return PairedTable(*(int(((a == x) & (b == y)).sum()) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))))


def mcnemar_mid_p(b: int, c: int) -> float:
    """Two-sided mid-p of McNemar's test: b samples only the first run passes, c only the second.

    The exact p minus the probability of what was observed; 1 when no sample is discordant.
    Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13, 91. Written out because scipy and statsmodels have
    the exact test only.
    """
    if b < 0 or c < 0:
        raise ValueError(f"{b} and {c} are not counts of samples")
    n, fewer = b + c, min(b, c)
    # Whole numbers up to the one division: exact for any number of samples.
    as_extreme = 2 * sum(comb(n, i) for i in range(fewer)) + comb(n, fewer)
    return as_extreme / (1 << n)


def bonett_price(b: int, c: int, n: int) -> Interval:
    """95% interval of the difference (b - c)/n of two paired rates, within -1..1.

    Bonett & Price 2012, J. Educ. Behav. Stat. 37, 479–488: Wald's interval after one sample is added to b
    and one to c. Written out because no installed library has it. Raises ValueError unless b + c <= n and n > 0.
    """
    if b < 0 or c < 0 or b + c > n or n <= 0:
        raise ValueError(f"{b} and {c} discordant of {n} samples are not counts")
    first, second = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = Z95 * sqrt((first + second - (first - second) ** 2) / (n + 2))
    return Interval(max(-1.0, first - second - half), min(1.0, first - second + half))


def paired_difference(b: int, c: int, n: int) -> PairedDifference:
    """Difference, Bonett–Price interval and McNemar mid-p of two runs judged on the same n samples."""
    return PairedDifference(b, c, n, (b - c) / n if n else 0.0, bonett_price(b, c, n), mcnemar_mid_p(b, c))


def newcombe_array(
    k1: npt.ArrayLike, n1: npt.ArrayLike, k2: npt.ArrayLike, n2: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Differences k1/n1 - k2/n2 of many pairs of rates with their 95% limits; NaN where a side has no samples.

    Newcombe 1998, Stat. Med. 17, 873–890, method 10: from the two Wilson intervals. Written out because statsmodels
    takes 0.7 s to import and does one pair at a time; a test compares the two.
    """
    first, second = _share(k1, n1), _share(k2, n2)
    (low1, high1), (low2, high2) = wilson_array(k1, n1), wilson_array(k2, n2)
    difference = first - second
    low = difference - np.sqrt((first - low1) ** 2 + (high2 - second) ** 2)
    high = difference + np.sqrt((high1 - first) ** 2 + (second - low2) ** 2)
    return difference, np.maximum(-1.0, low), np.minimum(1.0, high)


def score_test_array(k1: npt.ArrayLike, n1: npt.ArrayLike, k2: npt.ArrayLike, n2: npt.ArrayLike) -> Floats:
    """Two-sided p of equal rates for many pairs: the score test, which is Pearson's chi-square without correction.

    Chosen because it belongs to Wilson's interval, of which Newcombe's is made, and lies nearer to its nominal
    level than Fisher's exact or Yates' corrected test, which reject too rarely (Campbell 2007, Stat. Med. 26,
    3661–3675). It is not an inversion of the interval: close to .05 one can exclude what the other does not.
    1 when all samples pass, or none; NaN where a side has no samples.
    """
    # scipy takes a third of a second to import; only who compares should wait for it.
    from scipy.special import erfc

    passed1, graded1, passed2, graded2 = (np.asarray(count, dtype=np.float64) for count in (k1, n1, k2, n2))
    gap = np.abs(_share(k1, n1) - _share(k2, n2))
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (passed1 + passed2) / (graded1 + graded2)
        variance = pooled * (1 - pooled) * (1 / graded1 + 1 / graded2)
        p = np.where(variance > 0, erfc(gap / np.sqrt(2 * variance)), 1.0)
    return np.where(np.isnan(gap), np.nan, p)


def newcombe(k1: int, n1: int, k2: int, n2: int) -> Interval:
    """Newcombe's 95% interval of k1/n1 - k2/n2; ValueError without samples."""
    _check(k1, n1, k2, n2)
    _, low, high = newcombe_array(k1, n1, k2, n2)
    return Interval(float(low), float(high))


def unpaired_p(k1: int, n1: int, k2: int, n2: int) -> float:
    """The score test's p of one pair of rates; ValueError without samples."""
    _check(k1, n1, k2, n2)
    return float(score_test_array(k1, n1, k2, n2))


def unpaired_difference(k1: int, n1: int, k2: int, n2: int) -> UnpairedDifference:
    """Difference, Newcombe interval and score-test p of two rates that cannot be paired; ValueError without samples."""
    interval, p = newcombe(k1, n1, k2, n2), unpaired_p(k1, n1, k2, n2)
    return UnpairedDifference(Tally(k1, n1), Tally(k2, n2), k1 / n1 - k2 / n2, interval, p)


def detectable_gap(n: int, discordance: float, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest difference of two paired rates that McNemar's test finds with the given power, as a fraction.

    n: samples; discordance: share of samples on which the two runs differ.
    Miettinen 1968, Biometrics 24, 339–352, and Connor 1987, Biometrics 43, 207–211, solved for the gap:
    n = (z_alpha √discordance + z_power √(discordance - gap²))² / gap².
    None when no difference could be: it would have to be larger than the discordance.
    """
    if n <= 0 or not 0 <= discordance <= 1 or not 0 < alpha < 1 or not 0.5 <= power < 1:
        raise ValueError(f"no gap for n = {n}, discordance {discordance}, power {power}, alpha {alpha}")
    z_alpha, z_power = _NORMAL.inv_cdf(1 - alpha / 2), _NORMAL.inv_cdf(power)
    rest = n + z_power**2 - z_alpha**2
    if rest < 0 or discordance == 0:
        return None
    gap = sqrt(discordance) * (z_alpha * sqrt(n) + z_power * sqrt(rest)) / (n + z_power**2)
    return gap if gap <= discordance else None


def _share(k: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    passed, graded = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    share: Floats = np.divide(passed, graded, out=np.full(passed.shape, np.nan), where=graded > 0)
    return share


def _check(k1: int, n1: int, k2: int, n2: int) -> None:
    if not (0 <= k1 <= n1 and 0 <= k2 <= n2 and n1 and n2):
        raise ValueError(f"{k1} of {n1} and {k2} of {n2} cannot be compared")
