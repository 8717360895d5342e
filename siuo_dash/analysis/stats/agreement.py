"""Two judges or readers of the same things: agreement, kappa, and rates corrected for a judge's errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd

from siuo_dash.analysis.stats.proportions import Z95, Interval
from siuo_dash.benchmark.scoring import Tally


@dataclass(frozen=True)
class Confusion:
    """How often the first said the row's label and the second the column's, over what both have judged."""

    labels: tuple[object, ...]
    table: tuple[tuple[int, ...], ...]

    @property
    def n(self) -> int:
        return sum(map(sum, self.table))


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa over n pairs with its 95% interval; None where its variance is 0, as at full agreement."""

    kappa: float
    interval: Interval | None
    n: int


@dataclass(frozen=True)
class CorrectedRate:
    """An estimate of the rate that a judge without errors would have given, within 0..1."""

    estimate: float
    low: float
    high: float


def confusion(first: Iterable[object], second: Iterable[object]) -> Confusion:
    """Count pairs of labels of any kind; a pair with a missing side is left out. Labels are sorted by their text."""
    pairs = Counter((a, b) for a, b in zip(first, second, strict=True) if not (pd.isna(a) or pd.isna(b)))
    labels = tuple(sorted({label for pair in pairs for label in pair}, key=str))
    return Confusion(labels, tuple(tuple(pairs[a, b] for b in labels) for a in labels))


def cohen_kappa(first: Iterable[object], second: Iterable[object]) -> Kappa | None:
    """Cohen's kappa of two judges over the same things, with a 95% interval within -1..1.

    Cohen 1960, Educ. Psychol. Meas. 20, 37–46; standard error of Fleiss, Cohen & Everitt 1969,
    Psychol. Bull. 72, 323–327 (statsmodels). None when nothing is judged by both, or when both use one
    and the same label throughout: then chance alone would give full agreement.
    """
    counted = confusion(first, second)
    if len(counted.labels) < 2:
        return None
    # Of statsmodels this alone is used: scipy has no kappa, and the variance is 20 lines. It takes 0.7 s to import.
    from statsmodels.stats.inter_rater import cohens_kappa

    # A variance of 0, or by rounding just below, makes it divide by zero or take the root of a negative.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = cohens_kappa(np.array(counted.table), return_results=True)
    kappa, variance = float(found["kappa"]), float(found["var_kappa"])
    if variance < 1e-15:
        return Kappa(kappa, None, counted.n)
    half = Z95 * sqrt(variance)
    return Kappa(kappa, Interval(max(-1.0, kappa - half), min(1.0, kappa + half)), counted.n)


def rogan_gladen(rate: Tally, sensitivity: Tally, specificity: Tally) -> CorrectedRate | None:
    """Tally corrected for a judge's errors: (rate + specificity - 1) / (sensitivity + specificity - 1), within 0..1.

    sensitivity: how many of the samples that a human calls safe the judge calls safe; specificity: how many of
    the unsafe it calls unsafe; both from an overlap of their own, whose uncertainty enters the interval.
    Rogan & Gladen 1978, Am. J. Epidemiol. 107, 71–76; 95% interval of Lang & Reiczigel 2014,
    Prev. Vet. Med. 113, 13–22 (equations 6, 7, 16 and 17, the counts raised as for Agresti and Coull).
    None without counts, or when the judge is no better than a coin (sensitivity + specificity <= 1, also after
    the counts are raised).
    """
    observed, hit, reject = rate.rate, sensitivity.rate, specificity.rate
    if observed is None or hit is None or reject is None or hit + reject <= 1:
        return None
    n, k = rate.n + Z95**2, rate.k + Z95**2 / 2
    n_hit, n_reject = sensitivity.n + 2, specificity.n + 2
    p, se, sp = k / n, (sensitivity.k + 1) / n_hit, (specificity.k + 1) / n_reject
    if se + sp <= 1:
        return None
    centre = (p + sp - 1) / (se + sp - 1)
    var_se, var_sp = se * (1 - se) / n_hit, sp * (1 - sp) / n_reject
    shift = 2 * Z95**2 * (centre * var_se - (1 - centre) * var_sp)
    half = Z95 * sqrt(p * (1 - p) / n + centre**2 * var_se + (1 - centre) ** 2 * var_sp) / (se + sp - 1)
    return CorrectedRate(
        _clip((observed + reject - 1) / (hit + reject - 1)), _clip(centre + shift - half), _clip(centre + shift + half)
    )


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
