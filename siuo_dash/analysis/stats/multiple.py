"""Many comparisons at once: adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from siuo_dash.analysis.stats.proportions import Floats


def holm(p: Sequence[float | None]) -> Floats:
    """Holm's adjusted p-values, for a family that someone would quote; NaN where p is None or NaN.

    A comparison that was not made does not count in the family. Raises ValueError outside 0..1.
    Holm 1979, Scand. J. Stat. 6, 65–70 (statsmodels).
    """
    return _adjusted(p, "holm")


def benjamini_hochberg(p: Sequence[float | None]) -> Floats:
    """Benjamini–Hochberg adjusted p-values, for exploring; NaN where p is None or NaN.

    Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289–300 (statsmodels). Raises ValueError outside 0..1.
    """
    return _adjusted(p, "fdr_bh")


def _adjusted(p: Sequence[float | None], method: str) -> Floats:
    from statsmodels.stats.multitest import multipletests

    values = np.array([np.nan if value is None else value for value in p], dtype=np.float64)
    if np.any((values < 0) | (values > 1)):
        raise ValueError("a p-value lies outside 0..1")
    known = ~np.isnan(values)
    if known.any():
        values[known] = multipletests(values[known], method=method)[1]
    return values
