"""McNemar's mid-p and Bonett–Price: the design's figures, enumeration, scipy, statsmodels, coverage."""

from __future__ import annotations

from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.contingency_tables import mcnemar

from siuo_dash.analysis.stats.differences import (
    PairedTable,
    bonett_price,
    mcnemar_mid_p,
    paired_difference,
    paired_table,
)

tables = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda t: sum(t) > 0)


def test_design_figures() -> None:
    found = paired_difference(15, 5, 167)
    assert round(found.p, 4) == 0.0266
    assert (round(found.interval.low * 100, 2), round(found.interval.high * 100, 2)) == (0.55, 11.28)
    assert found.difference == 10 / 167


def test_mid_p_by_hand() -> None:
    # 1 against 3: 2 · (1 + 4)/16 - 4/16 = 6/16.
    assert mcnemar_mid_p(1, 3) == 6 / 16
    assert mcnemar_mid_p(0, 5) == 2 / 32 - 1 / 32
    assert mcnemar_mid_p(0, 0) == 1.0
    assert mcnemar_mid_p(7, 7) == 1.0


@pytest.mark.parametrize(("b", "c"), [(0, 1), (2, 5), (4, 4), (7, 1), (6, 5)])
def test_mid_p_counts_the_ways_that_coins_fall(b: int, c: int) -> None:
    """Enumerate all 2^(b+c) ways in which discordant samples can favour one run or the other."""
    fewer = [min(heads := sum(coins), b + c - heads) for coins in product((0, 1), repeat=b + c)]
    more_extreme = sum(count < min(b, c) for count in fewer)
    as_extreme = sum(count == min(b, c) for count in fewer)
    # The observed value counts half, on both sides; where both sides are one value, it counts whole.
    weight = 0.5 if b != c else 1.0
    assert mcnemar_mid_p(b, c) == pytest.approx((more_extreme + weight * as_extreme) / 2 ** (b + c), abs=1e-15)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mid_p_against_libraries(b: int, c: int) -> None:
    p = mcnemar_mid_p(b, c)
    assert 0 <= p <= 1
    assert p == mcnemar_mid_p(c, b)
    if b + c:
        exact = binomtest(b, b + c).pvalue
        assert p == pytest.approx(exact - binom.pmf(b, b + c, 0.5) if b != c else 1.0, abs=1e-12)
        assert exact == pytest.approx(mcnemar([[0, b], [c, 0]], exact=True).pvalue, abs=1e-12)
    if b > c:
        assert mcnemar_mid_p(b + 1, c) < p


def test_bonett_price_by_hand() -> None:
    # 16/169 - 6/169 = 10/169; variance (22/169 - (10/169)²) / 169.
    half = 1.959963984540054 * sqrt((22 / 169 - (10 / 169) ** 2) / 169)
    interval = bonett_price(15, 5, 167)
    assert (interval.low, interval.high) == pytest.approx((10 / 169 - half, 10 / 169 + half), abs=1e-12)


@given(tables)
def test_bonett_price_properties(table: tuple[int, int, int, int]) -> None:
    both, b, c, neither = table
    n = sum(table)
    interval, swapped = bonett_price(b, c, n), bonett_price(c, b, n)
    assert -1 <= interval.low <= (b - c) / n <= interval.high <= 1
    assert (interval.low, interval.high) == pytest.approx((-swapped.high, -swapped.low), abs=1e-12)
    found = PairedTable(both, b, c, neither).difference()
    assert found is not None
    assert (found.b, found.c, found.n, found.interval) == (b, c, n, interval)


def test_bonett_price_covers() -> None:
    """Exact coverage by enumerating the trinomial at n = 40: near 95% over a range of true differences."""
    n = 40
    for p, q in ((0.1, 0.1), (0.2, 0.05), (0.3, 0.1), (0.1, 0.02)):
        covered = 0.0
        for b in range(n + 1):
            for c in range(n + 1 - b):
                chance = comb(n, b) * comb(n - b, c) * p**b * q**c * (1 - p - q) ** (n - b - c)
                covered += chance * bonett_price(b, c, n).contains(p - q)
        assert 0.93 < covered < 0.995


def test_counting_pairs() -> None:
    nan = np.nan
    table = paired_table([1, 1, 0, 0, nan, 1, 1], [1, 0, 1, 0, 1, nan, 1])
    assert table == PairedTable(both=2, first_only=1, second_only=1, neither=1)
    assert (table.n, table.discordance) == (5, 0.4)
    assert paired_table([True, False, True], [nan, 1, 0]) == PairedTable(0, 1, 1, 0)
    nothing = paired_table([nan, 1], [1, nan])
    assert (nothing.n, nothing.discordance, nothing.difference()) == (0, None, None)


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, float("nan")])] * 2), min_size=1, max_size=40))
def test_pairs_swap_and_permute(pairs: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    table, swapped = paired_table(first, second), paired_table(second, first)
    assert (table.first_only, table.second_only) == (swapped.second_only, swapped.first_only)
    assert paired_table(first[::-1], second[::-1]) == table
    assert table.n == sum(a == a and b == b for a, b in pairs)


@pytest.mark.parametrize(("b", "c", "n"), [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_impossible_counts(b: int, c: int, n: int) -> None:
    with pytest.raises(ValueError, match="not counts"):
        paired_difference(b, c, n)
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_table([1, 0], [1])
