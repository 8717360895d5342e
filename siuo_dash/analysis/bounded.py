"""Figures that need the outcome of each run on each sample: of all runs up to a size, above it of some of them.

What can be counted in the engine is counted there, whatever the size. A bootstrap cannot: its memory and time grow with
runs × samples. Above MOST_OUTCOMES it is drawn over a part of a board's runs, the same part on every instance, and
whoever shows it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from siuo_dash.analysis.stats.resampling import SEED
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.store.engine.database import Store

MOST_OUTCOMES: Final = 3_000_000
"""Outcomes (runs × samples) of which one figure is made: 17,964 runs of the benchmark's 167 samples."""

Places = npt.NDArray[np.int64]


def most_runs(store: Store, board: str) -> int:
    """Of how many runs of a board, which all have its samples, a bootstrap is drawn."""
    known = store.sets.get(set_of(board))
    return max(2, MOST_OUTCOMES // max(1, len(known.samples))) if known else MOST_OUTCOMES


def by_chance(run_ids: Sequence[str], most: int) -> Places:
    """The places of at most so many runs, chosen at random, in their order.

    The choice follows from the ids alone: it is the same on every instance, and a new run changes at most one.
    """
    if len(run_ids) <= most:
        return np.arange(len(run_ids))
    drawn = [sha256(f"{SEED}\x1f{run_id}".encode("utf-8", "surrogatepass")).digest() for run_id in run_ids]
    return np.sort(np.array(sorted(range(len(run_ids)), key=drawn.__getitem__)[:most], dtype=np.int64))


@dataclass(frozen=True)
class Compared:
    """The runs of a board among which ranks are drawn: all, or the best and some of the others.

    places: theirs, in order. weights: for how many runs each counts; None where all are compared. best: so many of the
    first have a range; of the others, which are there to be compared with, none is given.
    """

    places: Places
    weights: npt.NDArray[np.float64] | None
    best: int


def best_and_some(run_ids: Sequence[str], most: int) -> Compared:
    """The best half of `most` runs and as many of the others, chosen at random. run_ids: the best first.

    The ranks of the best are decided among themselves, so that a sample of the others costs them next to nothing.
    """
    if len(run_ids) <= most:
        return Compared(np.arange(len(run_ids)), None, len(run_ids))
    best = most // 2
    others = best + by_chance(run_ids[best:], best)
    weights = np.ones(2 * best)
    weights[best:] = (len(run_ids) - best) / best
    return Compared(np.concatenate([np.arange(best), others]), weights, best)
