"""Rank correlation, how much the domain of a sample matters, and which samples separate good runs from bad ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import atanh, comb, sqrt, tanh
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from siuo_dash.analysis.stats.differences import newcombe
from siuo_dash.analysis.stats.proportions import Z95, Floats, Interval
from siuo_dash.analysis.stats.resampling import SEED, chunks, stream

PERMUTATIONS: Final = 9999


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho over n pairs; the interval is None where it is not defined (n < 4, or rho is -1 or 1)."""

    rho: float
    interval: Interval | None
    n: int


@dataclass(frozen=True)
class DomainEffect:
    """How much the outcomes of one run differ between domains.

    chi2: Pearson's statistic; p: by permutation; explained: share of the variance between
    samples that their domain explains (Cramér's V squared); by_chance: what it would explain on average if the
    domain did not matter.
    """

    chi2: float
    p: float
    explained: float
    by_chance: float


@dataclass(frozen=True)
class AgainstRest:
    """A domain's rate minus the rate of the run's other samples (fraction), with Newcombe's interval and Fisher's p."""

    difference: float
    interval: Interval
    p: float


def spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> Correlation | None:
    """Spearman's rank correlation with a 95% interval; pairs with a NaN are left out.

    Fisher's z with the standard error √((1 + rho²/2) / (n - 3)) of Bonett & Wright 2000, Psychometrika 65, 23–28,
    which keeps its level also for strong correlations. None when fewer than three pairs are left or one side is
    constant.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    n = int(a.size)
    if n < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    from scipy.stats import spearmanr

    rho = float(spearmanr(a, b).statistic)
    if n < 4 or abs(rho) > 1 - 1e-12:
        return Correlation(max(-1.0, min(1.0, rho)), None, n)
    half = Z95 * sqrt((1 + rho**2 / 2) / (n - 3))
    return Correlation(rho, Interval(tanh(atanh(rho) - half), tanh(atanh(rho) + half)), n)


def domain_effect(k_by_domain: Sequence[int], n_by_domain: Sequence[int], *, seed: int = SEED) -> DomainEffect | None:
    """Whether the rate of a run is the same in all domains, and how much of its variation the domains explain.

    Pearson's chi-square of homogeneity; domains hold 16–21 samples, too few for its asymptotic distribution at low
    rates, so p comes from 9,999 random reassignments of the outcomes to the samples: (1 + as extreme) / 10,000
    (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39). chi2 / n is the explained share of the variance
    (Cramér's V squared); without an effect its mean is (domains - 1) / (n - 1).
    None when fewer than two domains have samples, or when all samples pass or none: nothing varies.
    Raises ValueError unless 0 <= k <= n in each domain.
    """
    k, n = np.asarray(k_by_domain, dtype=np.int64), np.asarray(n_by_domain, dtype=np.int64)
    if k.shape != n.shape or np.any((k < 0) | (k > n)):
        raise ValueError("a domain's count lies outside 0..n")
    k, n = k[n > 0], n[n > 0]
    passed, total = int(k.sum()), int(n.sum())
    if n.size < 2 or passed in (0, total):
        return None
    sizes = tuple(int(size) for size in n)
    chi2 = float(_chi2(k[None, :], sizes, passed)[0])
    # In order of size: the draws, and so p, do not depend on the order of the domains.
    null = _null_chi2(tuple(sorted(sizes)), passed, seed)
    # Rounding must not make an equally extreme table less extreme.
    extreme = null.size - int(np.searchsorted(null, chi2 * (1 - 1e-9), side="left"))
    by_chance = (n.size - 1) / (total - 1)
    return DomainEffect(chi2, (1 + extreme) / (1 + null.size), chi2 / total, by_chance)


def against_rest(k: int, n: int, k_total: int, n_total: int) -> AgainstRest | None:
    """Compare k of n samples of one domain with the run's other samples, k_total - k of n_total - n.

    Fisher's exact test, two-sided, and Newcombe's interval. None when either side has no sample.
    Raises ValueError when the counts contradict each other.
    """
    rest_k, rest_n = k_total - k, n_total - n
    if not (0 <= k <= n and 0 <= rest_k <= rest_n):
        raise ValueError(f"{k} of {n} cannot be part of {k_total} of {n_total}")
    if not 0 < n < n_total:
        return None
    return AgainstRest(k / n - rest_k / rest_n, newcombe(k, n, rest_k, rest_n), fisher_p(k, n, k_total, n_total))


def fisher_p(k: int, n: int, k_total: int, n_total: int) -> float:
    """Two-sided p of Fisher's exact test: k of n against k_total - k of n_total - n; NaN when a side has no sample."""
    return _fisher(n, k_total, n_total)[k] if 0 < n < n_total else float("nan")


@lru_cache(maxsize=1 << 11)
def _fisher(n: int, k_total: int, n_total: int) -> dict[int, float]:
    """{k: p} for every possible k of n, in whole numbers, so that equally likely tables are exactly so.

    scipy's takes half a millisecond for one k: five seconds for the domains of a board of 3,000 runs.
    """
    rest = n_total - n
    least, most = max(0, k_total - rest), min(n, k_total)
    ways = {least: comb(n, least) * comb(rest, k_total - least)}
    for k in range(least, most):
        ways[k + 1] = ways[k] * (n - k) * (k_total - k) // ((k + 1) * (rest - k_total + k + 1))
    at_most = dict(zip(ordered := sorted(ways.values()), accumulate(ordered), strict=True))  # of equals the last sum
    every = comb(n_total, k_total)
    return {k: at_most[own] / every for k, own in ways.items()}


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
    runs, samples = np.nonzero(~np.isnan(matrix))
    outcome = matrix[runs, samples].astype(np.int64)
    graded, passed = np.bincount(runs), np.bincount(runs, outcome).astype(np.int64)
    each = pd.DataFrame({"question_id": samples, "others": graded[runs] - 1, "passed": outcome})
    each = each.assign(runs=1, rest=passed[runs] - outcome)
    each = each.assign(passed_rest=each["passed"] * each["rest"], rest_squared=each["rest"] ** 2)
    sums = each[each["others"] > 0].groupby(["question_id", "others"], as_index=False).sum()
    return item_rest(sums, range(matrix.shape[1]))


def item_rest(sums: pd.DataFrame, question_ids: Iterable[int]) -> Floats:
    """`discrimination` from sums, in the order of question_ids, as the engine gives them (the query item_rest).

    sums: `question_id`, `others` (other samples that a run is graded on), and over the runs of both: `runs`, `passed`
    (they pass the sample), `rest` (samples they pass of the others), `passed_rest`, `rest_squared` (of the products).
    """
    places = pd.Index(list(question_ids))
    at = places.get_indexer(sums["question_id"])

    def over(values: npt.ArrayLike) -> Floats:
        return np.bincount(at, np.asarray(values), minlength=len(places)).astype(np.float64)

    names = ("others", "runs", "passed", "rest", "passed_rest", "rest_squared")
    others, n, k, rest, both, squares = (sums[name].to_numpy(dtype=np.int64) for name in names)
    runs, passed = over(n), over(k)
    size = np.maximum(runs, 1)
    # Inside a group differences of whole numbers, which are exact; between groups those of their means.
    mean = rest / (n * others)
    apart = mean - (over(rest / others) / size)[at]
    spread_rest = over((n * squares - rest**2) / (n * others**2) + n * apart**2)
    together = over((n * both - k * rest) / (n * others) + (k - n * (passed / size)[at]) * apart)
    spread = np.sqrt(passed * (runs - passed) / size * spread_rest)
    defined = (runs >= 3) & (spread > 1e-9)
    found = np.divide(together, spread, out=np.full(len(places), np.nan), where=defined)
    clipped: Floats = np.clip(found, -1.0, 1.0)
    return clipped


def _chi2(k: npt.NDArray[np.int64], sizes: tuple[int, ...], passed: int) -> Floats:
    """Pearson's statistic of tables × domains of passing counts, all with the same margins."""
    n = np.array(sizes, dtype=np.float64)
    rate = passed / n.sum()
    found: Floats = ((k - n * rate) ** 2 / (n * rate * (1 - rate))).sum(axis=1)
    return found


@lru_cache(maxsize=256)
def _null_chi2(sizes: tuple[int, ...], passed: int, seed: int) -> Floats:
    """Sorted statistics when the passing samples are any; the same for all runs with these margins, so kept."""
    orders = _orders(sizes, seed)[:, :passed]
    counts = np.stack([(orders == domain).sum(axis=1) for domain in range(len(sizes))], axis=1)
    return np.sort(_chi2(counts, sizes, passed))


@lru_cache(maxsize=4)
def _orders(sizes: tuple[int, ...], seed: int) -> npt.NDArray[np.int16]:
    """Permutations × samples: the domains of all samples in a random order."""
    domains = np.repeat(np.arange(len(sizes), dtype=np.int16), sizes)
    bits = stream(seed, "domains", *map(str, sizes))
    orders = np.empty((PERMUTATIONS, domains.size), dtype=np.int16)
    for start, stop in chunks(PERMUTATIONS, domains.size):
        keys = bits.random_raw((stop - start) * domains.size).reshape(stop - start, domains.size)
        orders[start:stop] = domains[np.argsort(keys, axis=1)]
    return orders
