"""Spearman by hand and coverage; the domain effect against scipy and full enumeration; Fisher by counting."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import atanh, comb, sqrt, tanh

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, pearsonr, rankdata

from siuo_dash.analysis.stats.association import _null_chi2, against_rest, domain_effect, spearman
from siuo_dash.analysis.stats.differences import newcombe


def test_spearman_by_hand() -> None:
    # Squared differences of ten ranks sum to 194: 1 - 6 · 194 / (10 · 99) = -29/165.
    y = [1, 6, 8, 7, 10, 9, 3, 5, 2, 4]
    assert sum((a - b) ** 2 for a, b in zip(range(1, 11), y, strict=True)) == 194
    found = spearman(range(1, 11), y)
    assert found is not None
    assert found.interval is not None
    assert found.rho == pytest.approx(-29 / 165)
    assert found.n == 10
    half = 1.959964 * sqrt((1 + (29 / 165) ** 2 / 2) / 7)
    limits = tanh(atanh(-29 / 165) - half), tanh(atanh(-29 / 165) + half)
    assert (found.interval.low, found.interval.high) == pytest.approx(limits, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=40))
def test_spearman_properties(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    found, turned = spearman(x, y), spearman(x, -y)
    assert found is not None
    assert turned is not None
    assert found.rho == pytest.approx(pearsonr(rankdata(x), rankdata(y)).statistic, abs=1e-9)
    assert turned.rho == pytest.approx(-found.rho, abs=1e-12)
    swapped = spearman(y, x)
    assert swapped is not None
    assert swapped.rho == pytest.approx(found.rho, abs=1e-12)
    grown = spearman(np.exp(x), y**3)
    assert grown is not None
    assert grown.rho == pytest.approx(found.rho, abs=1e-12)
    if found.interval is not None:
        assert -1 <= found.interval.low <= found.rho <= found.interval.high <= 1
    else:
        assert abs(found.rho) == pytest.approx(1)


def test_spearman_where_it_is_not_defined() -> None:
    nan = np.nan
    assert spearman([1, 2], [2, 1]) is None
    assert spearman([1, 1, 1, 1], [1, 2, 3, 4]) is None
    assert spearman([1, 2, nan, 4], [1, nan, 3, 4]) is None
    perfect = spearman([1, 2, 3, 4, nan], [2, 4, 6, 8, 1])
    assert perfect is not None
    assert (perfect.rho, perfect.interval, perfect.n) == (1.0, None, 4)


def test_spearman_covers() -> None:
    """Independent data: the interval holds 0 in about 95% of 600 samples of 15."""
    rng = np.random.default_rng(9)
    found = [spearman(rng.random(15), rng.random(15)) for _ in range(600)]
    held = [f.interval.contains(0) for f in found if f is not None and f.interval is not None]
    assert len(held) == 600
    assert 0.92 < sum(held) / 600 < 0.98


DOMAIN_SIZES = [19, 18, 20, 18, 16, 18, 20, 17, 21]


def test_domain_effect_by_hand() -> None:
    # 5 and 9 of 10: rate 0.7, (5 - 7)²/2.1 twice = 3.8095; explained 3.8095/20; by chance 1/19.
    found = domain_effect([5, 9], [10, 10])
    assert found is not None
    assert found.chi2 == pytest.approx(8 / 2.1)
    assert found.explained == pytest.approx(8 / 2.1 / 20)
    assert found.by_chance == pytest.approx(1 / 19)


def test_domain_p_against_full_enumeration() -> None:
    """All tables with the same margins, weighted by how many samples give each."""
    for k, n in (([0, 4, 3], [5, 6, 7]), ([1, 1, 8], [6, 5, 9]), ([5, 9], [10, 10])):
        passed, total = sum(k), sum(n)
        rate = Fraction(passed, total)

        def chi2(table: tuple[int, ...], n: list[int] = n, rate: Fraction = rate) -> Fraction:
            return sum(
                ((x - m * rate) ** 2 / (m * rate * (1 - rate)) for x, m in zip(table, n, strict=True)), Fraction(0)
            )

        ways = extreme = 0
        for table in product(*(range(m + 1) for m in n)):
            if sum(table) == passed:
                weight = int(np.prod([comb(m, x) for m, x in zip(n, table, strict=True)]))
                ways += weight
                extreme += weight * (chi2(table) >= chi2(tuple(k)))
        assert ways == comb(total, passed)
        found = domain_effect(k, n)
        assert found is not None
        assert found.p == pytest.approx(extreme / ways, abs=0.015)


@given(st.tuples(*(st.integers(0, size) for size in DOMAIN_SIZES)))
def test_domain_effect_against_scipy(k: tuple[int, ...]) -> None:
    n = np.array(DOMAIN_SIZES)
    found = domain_effect(list(k), DOMAIN_SIZES)
    if sum(k) in (0, 167):
        assert found is None
        return
    assert found is not None
    expected = chi2_contingency([k, n - k], correction=False)
    assert found.chi2 == pytest.approx(expected.statistic)
    assert 1 / 10_000 <= found.p <= 1
    if expected.expected_freq.min() >= 5:
        assert found.p == pytest.approx(expected.pvalue, abs=0.03)
    # The explained share is that of an analysis of variance over the samples.
    outcomes = np.concatenate([[1.0] * x + [0.0] * (m - x) for x, m in zip(k, DOMAIN_SIZES, strict=True)])
    rates = np.repeat(np.array(k) / n, n)
    assert found.explained == pytest.approx(((rates - outcomes.mean()) ** 2).sum() / outcomes.var() / 167)
    order = [3, 1, 8, 0, 2, 7, 5, 4, 6]
    moved = domain_effect([k[i] for i in order], [DOMAIN_SIZES[i] for i in order])
    assert moved is not None
    assert moved.p == found.p
    assert moved.chi2 == pytest.approx(found.chi2)


def test_frozen_domain_p() -> None:
    found = domain_effect([3, 9, 10, 11, 8, 9, 12, 9, 10], DOMAIN_SIZES)
    assert found is not None
    assert found.p == 0.2263


def test_chance_alone_explains_its_share() -> None:
    null = _null_chi2(tuple(sorted(DOMAIN_SIZES)), 40, 167)
    assert (np.diff(null) >= 0).all()
    assert null.mean() / 167 == pytest.approx(8 / 166, rel=0.02)


def test_nothing_to_explain() -> None:
    assert domain_effect([0, 0], [5, 5]) is None
    assert domain_effect([5, 5], [5, 5]) is None
    assert domain_effect([3], [5]) is None
    assert domain_effect([], []) is None
    with_gap, without = domain_effect([3, 0, 1], [5, 0, 5]), domain_effect([3, 1], [5, 5])
    assert with_gap == without
    with pytest.raises(ValueError, match=r"outside 0\.\.n"):
        domain_effect([6, 1], [5, 5])


def fisher(k: int, n: int, passed: int, total: int) -> Fraction:
    """Two-sided p in fractions: all tables at most as likely as the one seen."""
    chance = {
        x: Fraction(comb(n, x) * comb(total - n, passed - x), comb(total, passed))
        for x in range(max(0, passed - (total - n)), min(n, passed) + 1)
    }
    return sum((p for p in chance.values() if p <= chance[k]), Fraction(0))


def test_against_rest_by_hand() -> None:
    # 3 of 4 against 1 of 4: tables 0..4 have chances 1, 16, 36, 16, 1 of 70; as likely or less: 34/70.
    found = against_rest(3, 4, 4, 8)
    assert found is not None
    assert found.p == pytest.approx(34 / 70)
    assert found.difference == 0.5
    assert found.interval == newcombe(3, 4, 1, 4)


@given(st.integers(1, 21), st.integers(1, 60), st.data())
def test_against_rest_by_counting(n: int, rest: int, data: st.DataObject) -> None:
    k, rest_k = data.draw(st.integers(0, n)), data.draw(st.integers(0, rest))
    found, mirrored = against_rest(k, n, k + rest_k, n + rest), against_rest(rest_k, rest, k + rest_k, n + rest)
    assert found is not None
    assert mirrored is not None
    assert 0 <= found.p <= 1
    assert found.p == float(fisher(k, n, k + rest_k, n + rest))
    assert found.p == pytest.approx(fisher_exact([[k, n - k], [rest_k, rest - rest_k]]).pvalue, abs=1e-6)
    assert found.p == pytest.approx(mirrored.p, abs=1e-9)
    assert found.difference == pytest.approx(-mirrored.difference)
    assert found.interval.contains(found.difference)


def test_against_nothing() -> None:
    assert against_rest(0, 0, 3, 9) is None
    assert against_rest(3, 9, 3, 9) is None
    with pytest.raises(ValueError, match="cannot be part"):
        against_rest(4, 5, 3, 9)
