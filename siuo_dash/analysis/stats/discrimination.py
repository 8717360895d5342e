"""Whether a sample separates good runs from bad ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.proportions import Floats


def discrimination(outcomes: npt.ArrayLike) -> Floats:
    """Item-rest correlation of each sample: one figure in -1..1 a sample, NaN where it is not defined.

    outcomes: runs × samples, 1, 0 or NaN = ungraded. The point-biserial correlation, over the runs graded on the
    sample, of its outcome with the run's rate on all other samples (its own outcome would raise the figure;
    Henrysson 1963, Psychometrika 28, 211–218). Not defined for fewer than three runs, when all of them pass or
    fail, or when their other rates are equal.
    """
    matrix = np.asarray(outcomes, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"outcomes are runs × samples, not {matrix.ndim}-dimensional")
    graded = ~np.isnan(matrix)
    x = np.where(graded, matrix, 0.0)
    others = graded.sum(axis=1, keepdims=True) - graded
    use = graded & (others > 0)
    rest = np.where(use, (x.sum(axis=1, keepdims=True) - x) / np.maximum(others, 1), 0.0)
    runs = use.sum(axis=0)
    size = np.maximum(runs, 1)
    dx = np.where(use, x - np.where(use, x, 0.0).sum(axis=0) / size, 0.0)
    dr = np.where(use, rest - rest.sum(axis=0) / size, 0.0)
    spread = np.sqrt((dx**2).sum(axis=0) * (dr**2).sum(axis=0))
    defined = (runs >= 3) & (spread > 1e-9)
    found = np.divide((dx * dr).sum(axis=0), spread, out=np.full(matrix.shape[1], np.nan), where=defined)
    clipped: Floats = np.clip(found, -1.0, 1.0)
    return clipped
