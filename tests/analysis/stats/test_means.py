"""Differences of means: hand-worked, and against scipy's own test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp, ttest_ind

from siuo_dash.analysis.stats.means import mean_difference, paired_mean


def test_hand_worked() -> None:
    # Means 2 and 5; variances 1/3 and 4/2: s² = 1 and 4, so the error is √(1/3 + 4/3) = √(5/3), and the degrees of
    # freedom (5/3)² / ((1/3)²/2 + (4/3)²/2) = (25/9) / (17/18) = 50/17.
    found = mean_difference([1, 2, 3], [3, 5, 7])
    assert found is not None
    assert found.interval is not None
    assert found.difference == -3
    t = 3.2198  # two-sided 95% point of t at 50/17 degrees of freedom
    assert found.interval.low == pytest.approx(-3 - t * (5 / 3) ** 0.5, abs=2e-3)
    assert found.interval.high == pytest.approx(-3 + t * (5 / 3) ** 0.5, abs=2e-3)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
    st.lists(st.floats(0, 1), min_size=2, max_size=20),
)
def test_as_scipy_has_it(first: list[float], second: list[float]) -> None:
    found, mirrored = mean_difference(first, second), mean_difference(second, first)
    assert found is not None
    assert mirrored is not None
    assert found.difference == -mirrored.difference
    if min(np.ptp(first), np.ptp(second)) < 1e-3:
        return
    again = ttest_ind(first, second, equal_var=False)
    interval = again.confidence_interval()
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(again.pvalue)


def test_paired_as_scipy_has_it() -> None:
    differences = [0.1, -0.05, 0.2, 0.0, 0.12]
    found, again = paired_mean(differences), ttest_1samp(differences, 0)
    assert found is not None
    assert found.interval is not None
    assert found.p == pytest.approx(again.pvalue)
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(again.confidence_interval()))


def test_what_cannot_be_computed_is_none() -> None:
    assert mean_difference([1], [1, 2, 3]) is None
    assert paired_mean([0.3]) is None
    for same in (mean_difference([0.3, 0.3], [0.2, 0.2]), paired_mean([0.1, 0.1, 0.1])):
        assert same is not None
        assert same.difference == pytest.approx(0.1)
        assert same.interval is None
        assert same.p is None
