"""Wilson: the design's figures, statsmodels, and the score equation that the limits solve."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint

from siuo_dash.analysis.stats.proportions import Z95, limits, wilson, wilson_array

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_design_figures() -> None:
    interval = wilson(89, 167)
    assert interval is not None
    assert (round(interval.low * 100, 2), round(interval.high * 100, 2)) == (45.74, 60.70)
    none_safe = wilson(0, 167)
    assert none_safe is not None
    assert none_safe.low == 0.0
    assert round(none_safe.high * 100, 2) == 2.25


def test_by_hand() -> None:
    # z² = 3.8415: the centre is ½, the half width z / (2 + z²) · √(1·1/2 + z²/4) = 0.33553 · 1.20846 = 0.40547.
    interval = wilson(1, 2)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.0945, 0.9055), abs=5e-5)


def test_agrees_with_statsmodels_for_every_count() -> None:
    k, n = (grid.ravel() for grid in np.meshgrid(np.arange(301), np.arange(1, 301)))
    k, n = k[k <= n], n[k <= n]
    low, high = wilson_array(k, n)
    expected_low, expected_high = proportion_confint(k, n, method="wilson")
    np.testing.assert_allclose(low, expected_low, atol=1e-14)
    np.testing.assert_allclose(high, expected_high, atol=1e-14)
    assert (low[k == 0] == 0).all()
    assert (high[k == n] == 1).all()


@pytest.mark.parametrize(("k", "n"), [(89, 167), (3, 18), (1, 5), (166, 167)])
def test_limits_solve_the_score_equation(k: int, n: int) -> None:
    interval = wilson(k, n)
    assert interval is not None
    share = k / n

    def score(p: float) -> float:
        return float((share - p) ** 2 - Z95**2 * p * (1 - p) / n)

    assert interval.low == pytest.approx(brentq(score, 1e-12, share), abs=1e-9)
    assert interval.high == pytest.approx(brentq(score, share, 1 - 1e-12), abs=1e-9)


@given(counts)
def test_bounds_symmetry_and_estimate(pair: tuple[int, int]) -> None:
    k, n = pair
    interval, mirrored = wilson(k, n), wilson(n - k, n)
    assert interval is not None
    assert mirrored is not None
    assert 0 <= interval.low <= k / n <= interval.high <= 1
    assert interval.contains(k / n)
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-12)
    if k < n:
        more = wilson(k + 1, n)
        assert more is not None
        assert (more.low > interval.low) and (more.high > interval.high)


def test_unknown_stays_unknown() -> None:
    low, high = wilson_array([0, 0, np.nan, 5], [0, 10, 10, np.nan])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, True, True]
    assert wilson(0, 0) is None
    assert limits(0, 0) == (None, None)


def test_nullable_columns_of_a_frame() -> None:
    frame = pd.DataFrame({"k": pd.array([89, None], dtype="Int32"), "n": pd.array([167, None], dtype="Int32")})
    low, high = wilson_array(frame["k"].to_numpy(float, na_value=np.nan), frame["n"].to_numpy(float, na_value=np.nan))
    assert low[0] == pytest.approx(0.4574, abs=5e-5)
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, -1)])
def test_impossible_counts(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="count"):
        wilson(k, n)


IMPORT_ALL = """
import importlib, pkgutil, sys
from siuo_dash.analysis import stats
for module in pkgutil.iter_modules(stats.__path__, stats.__name__ + "."):
    importlib.import_module(module.name)
print(*sys.modules)
"""


def test_importing_the_statistics_is_cheap_and_pure() -> None:
    loaded = set(
        subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "siuo_dash.analysis.stats.ranking" in loaded
    assert not loaded & {"scipy", "statsmodels", "duckdb", "streamlit"}
