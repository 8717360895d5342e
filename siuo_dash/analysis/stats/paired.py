"""Two runs judged on the same samples: McNemar's mid-p and the Bonett–Price interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Z95, Interval


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


def paired_table(first: npt.ArrayLike, second: npt.ArrayLike) -> PairedTable:
    """Count the outcomes (1, 0, NaN = ungraded) of two runs over the same samples, in the same order."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"{a.size} and {b.size} samples cannot be paired")
    return PairedTable(*(int(((a == x) & (b == y)).sum()) for x, y in ((1, 1), (1, 0), (0, 1), (0, 0))))


def mcnemar_mid_p(b: int, c: int) -> float:
    """Two-sided mid-p of McNemar's test: b samples only the first run passes, c only the second.

    The exact p minus the probability of what was observed; 1 when no sample is discordant.
    Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13, 91.
    """
    if b < 0 or c < 0:
        raise ValueError(f"{b} and {c} are not counts of samples")
    n, fewer = b + c, min(b, c)
    # Whole numbers up to the one division: exact for any number of samples.
    as_extreme = 2 * sum(comb(n, i) for i in range(fewer)) + comb(n, fewer)
    return as_extreme / (1 << n)


def bonett_price(b: int, c: int, n: int) -> Interval:
    """95 % interval of the difference (b - c)/n of two paired rates, within -1..1.

    Bonett & Price 2012, J. Educ. Behav. Stat. 37, 479–488: Wald's interval after one sample is added to b
    and one to c. Raises ValueError unless b + c <= n and n > 0.
    """
    if b < 0 or c < 0 or b + c > n or n <= 0:
        raise ValueError(f"{b} and {c} discordant of {n} samples are not counts")
    first, second = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = Z95 * sqrt((first + second - (first - second) ** 2) / (n + 2))
    return Interval(max(-1.0, first - second - half), min(1.0, first - second + half))


def paired_difference(b: int, c: int, n: int) -> PairedDifference:
    """Difference, Bonett–Price interval and McNemar mid-p of two runs judged on the same n samples."""
    return PairedDifference(b, c, n, (b - c) / n if n else 0.0, bonett_price(b, c, n), mcnemar_mid_p(b, c))
