"""The draws: the right distributions, the same bits everywhere, no draw moved by another's presence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from siuo_dash.analysis.stats.resampling import (
    SampleRates,
    _binomial_thresholds,
    binomial_draws,
    indices,
    joint_draws,
    sample_counts,
    stream,
)

FROZEN_RAW = [9722164922484001348, 12774566423741339058, 9234003742466834171]
FROZEN_BINOMIAL = [89, 92, 89, 93, 86, 79, 94, 94]
FROZEN_COUNTS = [[3, 0, 0, 0, 2], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]
FROZEN_JOINT = [[104, 84, 94, 99], [108, 126, 100, 110]]


def test_frozen_draws() -> None:
    """Raw bits and whole numbers: these figures hold on every machine and for every numpy."""
    assert [int(x) for x in stream(167, "totals", "GPT-4V").random_raw(3)] == FROZEN_RAW
    assert binomial_draws(89, 167, "GPT-4V", draws=8).tolist() == FROZEN_BINOMIAL
    assert sample_counts(["a", "a", "a", "b", "b"], draws=4).astype(int).tolist() == FROZEN_COUNTS
    assert [x.tolist() for x in joint_draws(89, 116, 39, 167, "GPT-4V", draws=4)] == FROZEN_JOINT


@pytest.mark.parametrize(("k", "n"), [(1, 7), (89, 167), (166, 167), (250, 269)])
def test_thresholds_are_the_distribution_function(k: int, n: int) -> None:
    thresholds = _binomial_thresholds(k, n)
    np.testing.assert_allclose(thresholds / 2.0**64, binom.cdf(np.arange(n), n, k / n), atol=1e-12)
    assert (np.diff(thresholds.astype(float)) >= 0).all()


def test_binomial_draws_follow_the_binomial() -> None:
    drawn = binomial_draws(4, 10, "a run", draws=20_000)
    observed = np.bincount(drawn, minlength=11)
    expected = binom.pmf(np.arange(11), 10, 0.4) * 20_000
    # The two rarest cells are pooled with their neighbours.
    assert (
        chisquare(np.append(observed[:9], observed[9:].sum()), np.append(expected[:9], expected[9:].sum())).pvalue
        > 0.01
    )


@given(st.integers(1, 200), st.data(), st.text(max_size=5))
def test_binomial_draws_stay_within_n(n: int, data: st.DataObject, name: str) -> None:
    k = data.draw(st.integers(0, n))
    drawn = binomial_draws(k, n, name, draws=20)
    assert drawn.min() >= 0
    assert drawn.max() <= n
    if k in (0, n):
        assert (drawn == k).all()


def test_sample_draws_keep_each_domain_and_are_multinomial() -> None:
    strata = np.repeat(["x", "y", "z"], [16, 21, 5])
    counts = sample_counts(strata, draws=4000)
    for label, size in (("x", 16), ("y", 21), ("z", 5)):
        block = counts[:, strata == label]
        assert (block.sum(axis=1) == size).all()
        # Multinomial counts: mean 1, variance 1 - 1/m, covariance -1/m.
        np.testing.assert_allclose(block.mean(axis=0), 1, atol=0.06)
        np.testing.assert_allclose(block.var(axis=0), 1 - 1 / size, atol=0.09)
        assert np.cov(block[:, 0], block[:, 1])[0, 1] == pytest.approx(-1 / size, abs=0.06)
    assert abs(np.corrcoef(counts[:, 0], counts[:, 16])[0, 1]) < 0.05


def test_a_domain_draws_the_same_beside_any_other() -> None:
    alone = sample_counts(["x"] * 7, draws=50)
    beside = sample_counts(["a"] * 3 + ["x"] * 7 + ["z"], draws=50)
    np.testing.assert_array_equal(alone, beside[:, 3:10])


def test_draws_do_not_depend_on_how_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample_counts(["x"] * 9, draws=40), joint_draws(5, 6, 3, 9, "run", draws=40)
    monkeypatch.setattr("siuo_dash.analysis.stats.resampling._CHUNK", 30)
    np.testing.assert_array_equal(whole[0], sample_counts(["x"] * 9, draws=40))
    np.testing.assert_array_equal(whole[1], joint_draws(5, 6, 3, 9, "run", draws=40))


def test_seeds_and_names_give_other_draws() -> None:
    base = binomial_draws(80, 167, "a").tolist()
    assert base == binomial_draws(80, 167, "a").tolist()
    assert base != binomial_draws(80, 167, "b").tolist()
    assert base != binomial_draws(80, 167, "a", seed=1).tolist()
    # Names are not run together: ("1", "2x") is not ("12", "x").
    assert stream(1, "2", "x").random_raw() != stream(12, "x").random_raw()
    assert stream(1, "a", "b").random_raw() != stream(1, "ab").random_raw()


def test_indices_are_uniform() -> None:
    drawn = indices(stream(0, "test"), (1, 30_000), 7)
    assert chisquare(np.bincount(drawn.ravel(), minlength=7)).pvalue > 0.01


def test_joint_draws_have_the_moments_of_the_four_outcomes() -> None:
    first, second, both, n = 89, 116, 39, 167
    a, b = joint_draws(first, second, both, n, "run", draws=20_000)
    p, q, r = first / n, second / n, both / n
    assert a.mean() == pytest.approx(first, abs=0.2)
    assert b.mean() == pytest.approx(second, abs=0.2)
    assert a.var() == pytest.approx(n * p * (1 - p), rel=0.04)
    assert b.var() == pytest.approx(n * q * (1 - q), rel=0.04)
    assert np.cov(a, b)[0, 1] == pytest.approx(n * (r - p * q), rel=0.05)


@pytest.mark.parametrize("wrong", [(89, 116, 90, 167), (89, 116, 37, 167), (168, 10, 5, 167), (10, 10, -1, 167)])
def test_totals_that_contradict_themselves(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="some run"):
        joint_draws(*wrong, "some run")


def test_sample_rates_are_those_of_the_drawn_samples() -> None:
    nan = np.nan
    outcomes = np.array([[1, 0, 1], [nan, nan, nan], [nan, 1, 0]], dtype=np.float32)
    counts = np.array([[0, 1, 2], [3, 0, 0]], dtype=np.float32)
    rates = SampleRates(outcomes, counts)
    assert rates.runs.tolist() == [0, 2]
    # Draw one holds samples 2, 3, 3: 2/3 and 1/3. Draw two holds sample 1 thrice: 3/3, and nothing of the last run.
    np.testing.assert_array_equal(rates.rates(0, 2), [[2 / 3, 1 / 3], [1, nan]])
    np.testing.assert_array_equal(rates.rates(1, 2), [[1, nan]])
