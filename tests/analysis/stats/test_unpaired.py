"""Newcombe against his published table and Wilson's limits; the score test against scipy."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep

from siuo_dash.analysis.stats.differences import (
    newcombe,
    newcombe_array,
    score_test_array,
    unpaired_difference,
    unpaired_p,
)
from siuo_dash.analysis.stats.proportions import wilson

count = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_published_table(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe 1998, Table II, method 10."""
    interval = newcombe(*counts)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(count, count)
def test_newcombe_from_wilson(first: tuple[int, int], second: tuple[int, int]) -> None:
    (k1, n1), (k2, n2) = first, second
    interval, swapped = newcombe(k1, n1, k2, n2), newcombe(k2, n2, k1, n1)
    one, two = wilson(k1, n1), wilson(k2, n2)
    assert one is not None
    assert two is not None
    p, q = k1 / n1, k2 / n2
    assert interval.low == pytest.approx(p - q - sqrt((p - one.low) ** 2 + (two.high - q) ** 2), abs=1e-9)
    assert interval.high == pytest.approx(p - q + sqrt((one.high - p) ** 2 + (q - two.low) ** 2), abs=1e-9)
    assert -1 <= interval.low <= p - q <= interval.high <= 1
    assert (interval.low, interval.high) == pytest.approx((-swapped.high, -swapped.low), abs=1e-9)


@given(count, count)
def test_newcombe_as_statsmodels_has_it(first: tuple[int, int], second: tuple[int, int]) -> None:
    interval = newcombe(*first, *second)
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


@given(count, count)
def test_many_pairs_are_as_each_alone(first: tuple[int, int], second: tuple[int, int]) -> None:
    one = unpaired_difference(*first, *second)
    counts = [np.array([float(value), 0.0]) for value in (*first, *second)]
    many = [*newcombe_array(*counts), score_test_array(*counts)]
    found = [values[0] for values in many]
    assert found == pytest.approx([one.difference, one.interval.low, one.interval.high, one.p], abs=1e-9)
    assert np.isnan([values[1] for values in many]).all(), "without samples nothing is known"


def test_score_test_by_hand() -> None:
    # 9 of 10 and 3 of 10: pooled 12/20, z = 0.6 / √(0.6 · 0.4 · 0.2) = 2.7386, p = 0.0062.
    assert unpaired_p(9, 10, 3, 10) == pytest.approx(0.0062, abs=5e-5)


@given(count, count)
def test_score_test_is_pearsons_chi_square(first: tuple[int, int], second: tuple[int, int]) -> None:
    (k1, n1), (k2, n2) = first, second
    p = unpaired_p(k1, n1, k2, n2)
    assert 0 <= p <= 1
    assert p == unpaired_p(k2, n2, k1, n1) == pytest.approx(unpaired_p(n1 - k1, n1, n2 - k2, n2), abs=1e-9)
    if 0 < k1 + k2 < n1 + n2:
        table = [[k1, n1 - k1], [k2, n2 - k2]]
        assert p == pytest.approx(chi2_contingency(table, correction=False).pvalue, abs=1e-9)
    else:
        assert p == 1


def test_bundle() -> None:
    found = unpaired_difference(89, 167, 68, 167)
    assert found.difference == pytest.approx(21 / 167)
    assert found.interval == newcombe(89, 167, 68, 167)
    assert (found.first.k, found.second.k) == (89, 68)
    assert found.p == unpaired_p(89, 167, 68, 167)


@pytest.mark.parametrize("counts", [(1, 0, 1, 2), (0, 0, 0, 0), (3, 2, 1, 2), (-1, 2, 1, 2)])
def test_impossible_counts(counts: tuple[int, int, int, int]) -> None:
    for function in (newcombe, unpaired_p, unpaired_difference):
        with pytest.raises(ValueError, match="cannot be compared"):
            function(*counts)
