"""Many comparisons at once: adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats


def holm(p: Sequence[float | None]) -> Floats:
    """Holm's adjusted p-values, for a family that someone would quote; NaN where p is None or NaN.

    A comparison that was not made does not count in the family. Raises ValueError outside 0..1.
    Holm 1979, Scand. J. Stat. 6, 65–70. Written out because statsmodels' multipletests collects the garbage of the
    whole process at each call, for which every visitor would wait; a test compares the two.
    """
    values, known = _family(p)
    order = np.argsort(values[known])
    times = np.arange(known.sum(), 0, -1)
    adjusted = np.empty(times.size)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[known][order] * times))
    values[known] = adjusted
    return values


def benjamini_hochberg(p: npt.ArrayLike | Sequence[float | None]) -> Floats:
    """Benjamini–Hochberg adjusted p-values, for exploring; NaN where p is None or NaN.

    p: one family, or families × comparisons. A comparison that was not made does not count in its family.
    Raises ValueError outside 0..1. Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289–300 (scipy).
    """
    from scipy.stats import false_discovery_control

    values, known = _family(p)
    rows, made = np.atleast_2d(values), np.atleast_2d(known)
    # scipy knows no NaN: families in which the same comparisons were made are adjusted together.
    for pattern in np.unique(made, axis=0) if len(made) > 1 else made:
        if pattern.any():
            these = np.ix_((made == pattern).all(axis=1), pattern)
            rows[these] = false_discovery_control(rows[these], axis=1)
    return rows.reshape(values.shape)


def _family(p: npt.ArrayLike | Sequence[float | None]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    values = np.array(p, dtype=np.float64)  # None becomes NaN
    if np.any((values < 0) | (values > 1)):
        raise ValueError("a p-value lies outside 0..1")
    return values, ~np.isnan(values)
