"""Ranks and rank ranges: by hand, against a slow bootstrap of the same specification, frozen, and at scale."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from siuo_dash.analysis.stats.proportions import Floats
from siuo_dash.analysis.stats.ranking import RankRange, _inverted_index, competition_rank, rank_ranges

PUBLISHED_SAFE = {
    "GPT-4V(ision)": 89,
    "GPT-4o": 85,
    "Gemini 1.5 Pro": 87,
    "LLaVA-1.6-34B": 68,
    "Gemini 1.0 Pro": 46,
}


def small_board(seed: int = 3) -> tuple[list[str], Floats, list[str]]:
    """Six per-sample runs over two domains of unlike size, with a few ungraded samples."""
    rng = np.random.default_rng(seed)
    strata = ["x"] * 16 + ["y"] * 24
    outcomes = (rng.random((6, 40)) < np.array([0.85, 0.7, 0.65, 0.5, 0.45, 0.2])[:, None]).astype(float)
    outcomes[1, 3] = outcomes[4, [0, 20, 21]] = np.nan
    return [f"run {i}" for i in range(6)], outcomes, strata


def counts_of(outcomes: Floats) -> tuple[list[int], list[int]]:
    return np.nansum(outcomes, axis=1).astype(int).tolist(), (~np.isnan(outcomes)).sum(axis=1).tolist()


def test_competition_rank_by_hand() -> None:
    ranks = competition_rank([0.5, 0.9, 0.5, np.nan, 0.1, 0.9])
    np.testing.assert_array_equal(ranks, [3, 1, 3, np.nan, 5, 1])
    assert competition_rank([]).size == 0


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_competition_rank_is_scipys_min_rank(values: list[int]) -> None:
    rates = np.array(values) / 7
    np.testing.assert_array_equal(competition_rank(rates), rankdata(-rates, method="min"))
    np.testing.assert_array_equal(competition_rank(np.stack([rates, rates[::-1]]))[1], competition_rank(rates[::-1]))


@pytest.mark.parametrize("count", [1, 2, 39, 40, 41, 1999, 2000])
def test_percentiles_are_numpys_inverted_distribution_function(count: int) -> None:
    values = np.sort(np.random.default_rng(count).integers(1, 50, count))
    for thousandths in (25, 975):
        expected = np.quantile(values, thousandths / 1000, method="inverted_cdf")
        assert values[_inverted_index(count, thousandths)] == expected


FROZEN_RANGES = [
    (1, 1, 1),
    (3, 2, 7),
    (2, 2, 4),
    (5, 2, 8),
    (9, 7, 11),
    (11, 9, 11),
    (4, 3, 7),
    (7, 4, 8),
    (6, 3, 8),
    (8, 7, 9),
    (10, 9, 11),
]
FROZEN_FIRST = [0.9925, 0.001, 0.0205, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_frozen_ranges() -> None:
    """The same on every machine: real totals beside per-sample runs."""
    ids, outcomes, strata = small_board()
    matrix = np.vstack([outcomes, np.full((len(PUBLISHED_SAFE), 40), np.nan)])
    k, n = counts_of(outcomes)
    ranges = rank_ranges(
        [*ids, *PUBLISHED_SAFE], [*k, *PUBLISHED_SAFE.values()], [*n, *[167] * len(PUBLISHED_SAFE)], matrix, strata
    )
    assert [(r.rank, r.rank_low, r.rank_high) for r in ranges] == FROZEN_RANGES
    assert [r.share_first for r in ranges] == FROZEN_FIRST


def slow_ranges(
    names: Sequence[str], outcomes: Floats, strata: Sequence[str], totals: dict[str, tuple[int, int]], draws: int
) -> dict[str, tuple[int, int, float]]:
    """The same specification in plain Python: other random numbers, other code."""
    chance = random.Random(20)
    domains = {label: [i for i, s in enumerate(strata) if s == label] for label in sorted(set(strata))}
    ranks: dict[str, list[int]] = {name: [] for name in [*names, *totals]}
    for _ in range(draws):
        drawn = [chance.choice(members) for members in domains.values() for _ in members]
        rates = {}
        for name, row in zip(names, outcomes.tolist(), strict=True):
            seen = [row[i] for i in drawn if row[i] == row[i]]
            rates[name] = sum(seen) / len(seen)
        for name, (k, n) in totals.items():
            rates[name] = sum(chance.random() < k / n for _ in range(n)) / n
        for name, rate in rates.items():
            ranks[name].append(1 + sum(other > rate + 1e-12 for other in rates.values()))
    found = {}
    for name, values in ranks.items():
        values.sort()
        found[name] = (values[draws * 25 // 1000 - 1], values[draws * 975 // 1000 - 1], values.count(1) / draws)
    return found


def test_against_a_slow_bootstrap() -> None:
    ids, outcomes, strata = small_board()
    totals = {"total a": (30, 40), "total b": (120, 200)}
    k, n = counts_of(outcomes)
    matrix = np.vstack([outcomes, np.full((2, 40), np.nan)])
    ranges = rank_ranges(
        [*ids, *totals], [*k, *(t[0] for t in totals.values())], [*n, *(t[1] for t in totals.values())], matrix, strata
    )
    expected = slow_ranges(ids, outcomes, strata, totals, 2000)
    for found in ranges:
        low, high, first = expected[found.run_id]
        assert found.rank_low is not None
        assert found.rank_high is not None
        # Percentiles are whole ranks: near a step, two bootstraps may stand on either side of it.
        assert abs(found.rank_low - low) <= 1
        assert abs(found.rank_high - high) <= 1
        assert found.share_first == pytest.approx(first, abs=0.05)
    exact = sum((r.rank_low, r.rank_high) == expected[r.run_id][:2] for r in ranges)
    assert exact >= 6


def test_the_same_samples_for_all_per_sample_runs() -> None:
    """A run that passes one sample more than another ties only when that sample is not drawn: (1 - 1/m)^m."""
    better = np.array([1, 0, 1, 0, 1, 0, 1, 0.0])
    worse = better.copy()
    worse[0] = 0
    outcomes = np.stack([better, worse])
    first, second = rank_ranges(["better", "worse"], [4, 3], [8, 8], outcomes, ["x"] * 8)
    assert first.share_first == 1
    assert (first.rank, first.rank_low, first.rank_high) == (1, 1, 1)
    assert second.share_first == pytest.approx((1 - 1 / 8) ** 8, abs=0.03)


def test_domains_keep_their_size() -> None:
    """One run passes all of x and nothing else, the other all of y: within domains, every draw is the same."""
    outcomes = np.array([[1] * 5 + [0] * 6, [0] * 5 + [1] * 6], dtype=float)
    by_domain = rank_ranges(["x", "y"], [5, 6], [11, 11], outcomes, ["x"] * 5 + ["y"] * 6)
    assert [(r.rank_low, r.rank_high, r.share_first) for r in by_domain] == [(2, 2, 0.0), (1, 1, 1.0)]
    undivided = rank_ranges(["x", "y"], [5, 6], [11, 11], outcomes, ["all"] * 11)
    assert [(r.rank_low, r.rank_high) for r in undivided] == [(1, 2), (1, 2)]


def test_order_of_runs_does_not_matter() -> None:
    ids, outcomes, strata = small_board()
    ids = [*ids, "total"]
    matrix = np.vstack([outcomes, np.full((1, 40), np.nan)])
    k, n = counts_of(outcomes)
    k, n = [*k, 25], [*n, 40]
    straight = {r.run_id: r for r in rank_ranges(ids, k, n, matrix, strata)}
    order = [4, 6, 0, 3, 5, 1, 2]
    mixed = rank_ranges([ids[i] for i in order], [k[i] for i in order], [n[i] for i in order], matrix[order], strata)
    assert {r.run_id: r for r in mixed} == straight
    assert [r.run_id for r in mixed] == [ids[i] for i in order]


def test_another_run_moves_no_draws() -> None:
    """A run that nobody can lose to leaves every other range as it was."""
    names, safe = list(PUBLISHED_SAFE), list(PUBLISHED_SAFE.values())
    before = rank_ranges(names, safe, [167] * 5)
    after = rank_ranges(["nobody safe", *names], [0, *safe], [167] * 6)
    assert after[1:] == before
    assert after[0] == RankRange("nobody safe", 6, 6, 6, 0.0)


def test_chunks_do_not_change_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, outcomes, strata = small_board()
    k, n = counts_of(outcomes)
    whole = rank_ranges(ids, k, n, outcomes, strata, draws=300)
    monkeypatch.setattr("siuo_dash.analysis.stats.resampling._CHUNK", 100)
    assert rank_ranges(ids, k, n, outcomes, strata, draws=300) == whole


def test_runs_without_a_rank() -> None:
    ranges = rank_ranges(["a", "b", "c"], [3, 0, 3], [4, 0, 4])
    assert ranges[1] == RankRange("b", None, None, None, None)
    assert (ranges[0].rank, ranges[2].rank) == (1, 1)
    assert ranges[0].rank_high == 2
    assert rank_ranges([], [], []) == ()


def test_a_draw_without_graded_samples_is_left_out() -> None:
    """One graded sample of twelve: in a third of the draws nothing is known of the run, and it ranks in the others."""
    outcomes = np.zeros((2, 12))
    outcomes[0, :6] = 1
    outcomes[1] = np.nan
    outcomes[1, 3] = 1
    half, single = rank_ranges(["half", "single"], [6, 1], [12, 1], outcomes, ["x"] * 12)
    assert (single.rank, single.rank_low, single.rank_high) == (1, 1, 1)
    assert single.share_first == pytest.approx(1 - (11 / 12) ** 12, abs=0.04)
    assert (half.rank, half.rank_low, half.rank_high) == (2, 1, 2)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=8), st.integers(0, 5))
def test_bounds(runs: list[tuple[int, int]], seed: int) -> None:
    k, n = [min(a, b) for a, b in runs], [b for _, b in runs]
    ranges = rank_ranges([f"r{i}" for i in range(len(runs))], k, n, draws=60, seed=seed)
    rates = np.array(k) / np.array(n)
    for place, found in enumerate(ranges):
        assert found.rank_low is not None
        assert found.rank_high is not None
        assert found.share_first is not None
        assert 1 <= found.rank_low <= found.rank_high <= len(runs)
        assert found.rank == 1 + (rates > rates[place]).sum()
        assert 0 <= found.share_first <= 1
    assert sum(found.share_first or 0 for found in ranges) >= 1 - 1e-9


@pytest.mark.parametrize(
    ("ids", "k", "n", "outcomes", "message"),
    [
        (["a", "a"], [1, 1], [2, 2], None, "a is there twice"),
        (["a"], [3], [2], None, "a: 3 of 2"),
        (["a"], [1, 1], [2, 2], None, "1 runs"),
        (["a"], [2], [2], [[1.0, 0.0]], "a: 2 of 2 is not what its outcomes give"),
        (["a"], [1], [2], [[1.0, np.nan]], "a: 1 of 2"),
        (["a"], [1], [2], [[1.0, 0.0, 0.0]], "strata"),
    ],
)
def test_contradictions_are_named(
    ids: list[str], k: list[int], n: list[int], outcomes: list[list[float]] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rank_ranges(ids, k, n, outcomes, None if outcomes is None else ["x", "y"])


def test_ten_thousand_runs_in_bounded_memory() -> None:
    rng = np.random.default_rng(0)
    runs, samples = 10_000, 269
    outcomes = (rng.random((runs, samples)) < rng.uniform(0.05, 0.95, (runs, 1))).astype(np.float32)
    outcomes[rng.random(outcomes.shape) < 0.01] = np.nan
    outcomes[9_000:] = np.nan
    k, n = np.nansum(outcomes, axis=1).astype(int), (~np.isnan(outcomes)).sum(axis=1)
    k[9_000:], n[9_000:] = rng.integers(0, 168, 1_000), 167
    tracemalloc.start()
    ranges = rank_ranges([str(i) for i in range(runs)], k, n, outcomes, np.arange(samples) % 9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6
    width = [r.rank_high - r.rank_low for r in ranges if r.rank_high is not None and r.rank_low is not None]
    assert len(width) == runs
    # One standard error of a rate of one half is three points: of 10,000 runs, a range holds some hundreds.
    assert 300 < float(np.median(width)) < 2500
