"""Responses to one sample: by hand, and by trying every way of picking one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.stats.responses import ResponseMix, response_mix, single_response_rate

nan = float("nan")
vote = st.sampled_from([0.0, 1.0, nan])
votes = st.lists(st.tuples(vote, vote, vote), min_size=1, max_size=7)


def test_mix_by_hand() -> None:
    rows: list[list[float]] = [[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0], [1, nan, 1], [nan, nan, nan]]
    mix = response_mix(rows)
    assert mix == ResponseMix(counts=(2, 0, 1, 1), incomplete=1, ungraded=1)
    assert (mix.responses, mix.stable) == (3, 3 / 4)


def test_mix_of_little() -> None:
    assert response_mix(np.empty((0, 3))) == ResponseMix((0, 0, 0, 0), 0, 0)
    assert response_mix(np.empty((0, 3))).stable is None
    assert response_mix(np.empty((2, 0))) == ResponseMix((0,), 0, 2)
    assert response_mix([[1.0], [0.0], [1.0]]) == ResponseMix((1, 2), 0, 0)
    with pytest.raises(ValueError, match="samples × responses"):
        response_mix([1.0, 0.0])


@given(votes)
def test_mix_counts_every_sample_once(rows: list[tuple[float, ...]]) -> None:
    mix = response_mix(rows)
    assert sum(mix.counts) + mix.incomplete + mix.ungraded == len(rows)
    assert mix == response_mix(rows[::-1]) == response_mix([row[::-1] for row in rows])
    turned = response_mix([[1 - v for v in row] for row in rows])
    assert turned.counts == mix.counts[::-1]


def test_single_response_by_hand() -> None:
    # Chances 1, 2/3, 0, 0: mean 5/12, standard deviation √(2/9)/4; one or two of four pass.
    found = single_response_rate([[1, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert found is not None
    assert found.mean == pytest.approx(5 / 12)
    assert found.sd == pytest.approx((2 / 9) ** 0.5 / 4)
    assert (found.low, found.high, found.n) == (1 / 4, 2 / 4, 4)


@given(votes)
def test_single_response_by_trying_all(rows: list[tuple[float, ...]]) -> None:
    """Every way of picking one graded response a sample, each equally likely (numbers of graded ones multiply)."""
    graded = [[v for v in row if v == v] for row in rows]
    graded = [row for row in graded if row]
    found = single_response_rate(rows)
    if not graded:
        assert found is None
        return
    assert found is not None
    rates = np.sort([sum(picked) / len(graded) for picked in product(*graded)])
    assert found.mean == pytest.approx(rates.mean())
    assert found.sd == pytest.approx(rates.std(), abs=1e-9)
    assert found.n == len(graded)
    assert found.low == pytest.approx(np.quantile(rates, 0.025, method="inverted_cdf"))
    assert found.high == pytest.approx(np.quantile(rates, 0.975, method="inverted_cdf"))
    assert 0 <= found.low <= found.mean + 1e-12
    assert found.mean - 1e-12 <= found.high <= 1


def test_agreeing_responses_leave_no_spread() -> None:
    found = single_response_rate(np.repeat([[1.0], [0.0], [1.0]], 3, axis=1))
    assert found is not None
    assert (found.mean, found.sd, found.low, found.high) == (2 / 3, 0.0, 2 / 3, 2 / 3)
