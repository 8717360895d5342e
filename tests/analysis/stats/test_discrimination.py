"""Discrimination against the correlation of the standard library, sample by sample."""

from __future__ import annotations

from statistics import correlation

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.stats.association import discrimination

nan = float("nan")
matrices = st.integers(1, 6).flatmap(
    lambda samples: st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 1.0, 0.0, nan]), min_size=samples, max_size=samples), min_size=1, max_size=9
    )
)


def slow(rows: list[list[float]], item: int) -> float | None:
    x, rest = [], []
    for row in rows:
        others = [v for place, v in enumerate(row) if place != item and v == v]
        if row[item] == row[item] and others:
            x.append(row[item])
            rest.append(sum(others) / len(others))
    if len(x) < 3 or len(set(x)) < 2 or max(rest) - min(rest) < 1e-9:
        return None
    return correlation(x, rest)


def test_by_hand() -> None:
    # Outcomes 1, 1, 0, 0 against rates 1, ½, ½, 0 of the other two: ½ / √(1 · ½) = 0.7071.
    found = discrimination([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]])
    assert found[0] == pytest.approx(0.5**0.5)
    # The second: 1, 1, 1, 0 against 1, ½, 0, 0: deviations ¼, ¼, ¼, -¾ and ⅝, ⅛, -⅜, -⅜.
    assert found[1] == pytest.approx(0.375 / (0.75 * 0.6875) ** 0.5)


@given(matrices)
def test_against_a_slow_computation(rows: list[list[float]]) -> None:
    found = discrimination(rows)
    for item, value in enumerate(found):
        expected = slow(rows, item)
        if expected is None:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(expected, abs=1e-9)
            assert -1 <= value <= 1
    np.testing.assert_allclose(discrimination(rows[::-1]), found, atol=1e-12)
    np.testing.assert_allclose(discrimination([[1 - v for v in row] for row in rows]), found, atol=1e-9)


def test_where_it_is_not_defined() -> None:
    # Two runs only; all pass; the runs are equal elsewhere; one sample alone.
    assert np.isnan(discrimination([[1, 0], [0, 1]])).all()
    found = discrimination([[1, 1, 0], [1, 0, 1], [1, 0, 0]])
    assert np.isnan(found[0])
    assert np.isnan(discrimination([[1, 1, 0], [0, 1, 0], [1, 0, 1]])[0])
    assert np.isnan(discrimination([[1], [0], [1]])).all()
    assert np.isnan(discrimination(np.full((4, 2), nan))).all()
    with pytest.raises(ValueError, match="runs × samples"):
        discrimination([1, 0])


def test_a_sample_that_tells_and_one_that_does_not() -> None:
    rng = np.random.default_rng(1)
    skill = np.linspace(0.1, 0.9, 60)
    outcomes = (rng.random((60, 40)) < skill[:, None]).astype(float)
    outcomes[:, 0] = skill > 0.5
    outcomes[:, 1] = skill < 0.5
    outcomes[:, 2] = rng.integers(0, 2, 60)
    found = discrimination(outcomes)
    assert found[0] == np.nanmax(found)
    assert found[1] == np.nanmin(found) < -0.5
    assert abs(found[2]) < 0.35
