"""One rate: k of n with its Wilson 95% interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

Z95: Final = NormalDist().inv_cdf(0.975)
"""Two-sided 95% point of the normal distribution, 1.95996…"""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Two limits of a 95% interval, as fractions (0.05 is five points)."""

    low: float
    high: float

    def contains(self, value: float) -> bool:
        """Whether a value lies within the limits, the limits included."""
        return self.low <= value <= self.high


def wilson(k: int, n: int) -> Interval | None:
    """Wilson 95% interval of k successes in n trials; None when n is 0.

    Raises ValueError unless 0 <= k <= n.
    Wilson 1927, J. Am. Stat. Assoc. 22, 209–212.
    """
    low, high = wilson_array(np.array([k]), np.array([n]))
    return Interval(float(low[0]), float(high[0])) if n else None


def limits(k: int, n: int) -> tuple[float | None, float | None]:
    """Wilson's limits of one rate, both None when n is 0."""
    interval = wilson(k, n)
    return (interval.low, interval.high) if interval else (None, None)


def wilson_array(k: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Wilson 95% limits of many rates: two arrays of the broadcast shape of k and n.

    NaN where n is 0 or a count is not known. Exactly 0 at k = 0 and exactly 1 at k = n.
    Raises ValueError unless 0 <= k <= n wherever both are known.
    Wilson 1927. Written out because statsmodels' own takes 0.7 s to import, which the first page
    and every command would wait for; a test compares the two.
    """
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if np.any((k < 0) | (k > n)):
        raise ValueError("a count lies outside 0..n")
    known = (n > 0) & ~np.isnan(k)
    passed, trials = np.where(known, k, 0.0), np.where(known, n, 1.0)
    scale = trials + Z95**2
    centre = (passed + Z95**2 / 2) / scale
    half = Z95 / scale * np.sqrt(passed * (trials - passed) / trials + Z95**2 / 4)
    low = np.where(passed == 0, 0.0, centre - half)
    high = np.where(passed == trials, 1.0, centre + half)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
