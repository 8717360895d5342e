"""Holm and Benjamini–Hochberg: by hand, by their definitions, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from siuo_dash.analysis.stats.multiple import benjamini_hochberg, holm

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_by_hand() -> None:
    family = [0.01, 0.04, 0.03, 0.005]
    # Sorted .005 .01 .03 .04: Holm takes 4, 3, 2, 1 times and never falls; the other 4/1, 4/2, 4/3, 4/4 times.
    np.testing.assert_allclose(holm(family), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(benjamini_hochberg(family), [0.02, 0.04, 0.04, 0.02])


@given(p_values)
def test_by_definition(family: list[float]) -> None:
    m = len(family)
    order = sorted(range(m), key=family.__getitem__)
    expected, largest = [0.0] * m, 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, (m - place) * family[index]))
        expected[index] = largest
    np.testing.assert_allclose(holm(family), expected, atol=1e-15)
    np.testing.assert_allclose(benjamini_hochberg(family), false_discovery_control(family), atol=1e-15)


@given(p_values)
def test_adjusting_only_raises(family: list[float]) -> None:
    strict, mild = holm(family), benjamini_hochberg(family)
    assert (strict >= np.array(family) - 1e-15).all()
    assert (mild >= np.array(family) - 1e-15).all()
    assert (strict >= mild - 1e-12).all()
    assert strict.max() <= 1
    np.testing.assert_allclose(holm(family[::-1])[::-1], strict)
    np.testing.assert_allclose(benjamini_hochberg(family[::-1])[::-1], mild)


def test_against_statsmodels() -> None:
    families = [np.random.default_rng(size).random(size) ** 3 for size in (1, 2, 9, 41)]
    for family in [*families, np.array([0.2, 0.2, 0.01, 0.01, 1.0, 0.0])]:
        np.testing.assert_allclose(holm(family.tolist()), multipletests(family, method="holm")[1])
        np.testing.assert_allclose(benjamini_hochberg(family.tolist()), multipletests(family, method="fdr_bh")[1])


def test_comparisons_that_were_not_made_do_not_count() -> None:
    for adjust in (holm, benjamini_hochberg):
        found = adjust([0.01, None, 0.04, float("nan")])
        assert np.isnan(found).tolist() == [False, True, False, True]
        np.testing.assert_allclose(found[[0, 2]], adjust([0.01, 0.04]))
        assert np.isnan(adjust([None, None])).all()
        assert adjust([]).size == 0
        with pytest.raises(ValueError, match="outside"):
            adjust([1.2])


@given(st.lists(st.lists(st.just(float("nan")) | st.floats(0, 1), min_size=5, max_size=5), min_size=1, max_size=4))
def test_each_row_is_a_family_of_its_own(rows: list[list[float]]) -> None:
    for row, adjusted in zip(rows, benjamini_hochberg(rows), strict=True):
        assert adjusted == pytest.approx(benjamini_hochberg(row), nan_ok=True)
