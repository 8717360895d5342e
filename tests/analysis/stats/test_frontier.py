"""The frontier: brute force, by hand, a slow bootstrap of the same specification, frozen."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.stats.frontier import FrontierShare, JointTotals, frontier_share, pareto
from siuo_dash.analysis.stats.proportions import Floats

PUBLISHED = {
    "GPT-4V(ision)": JointTotals(safe=89, effective=116, both=39, n=167),
    "GPT-4o": JointTotals(safe=85, effective=160, both=78, n=167),
    "Gemini 1.5 Pro": JointTotals(safe=87, effective=153, both=74, n=167),
}


def dominated(i: int, x: Floats, y: Floats) -> bool:
    return any(
        x[j] >= x[i] and y[j] >= y[i] and (x[j] > x[i] or y[j] > y[i])
        for j in range(x.size)
        if not np.isnan(x[j] + y[j])
    )


def test_by_hand() -> None:
    x, y = [0.5, 0.5, 0.4, 0.3, 0.5, 0.9, np.nan], [0.7, 0.6, 0.8, 0.8, 0.7, 0.1, 1.0]
    assert pareto(x, y).tolist() == [True, False, True, False, True, True, False]
    assert pareto([], []).size == 0
    assert pareto([np.nan], [1.0]).tolist() == [False]


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, float("nan")])] * 2), max_size=25))
def test_against_brute_force(points: list[tuple[float, float]]) -> None:
    x, y = (np.array([p[axis] for p in points], dtype=float) for axis in (0, 1))
    on = pareto(x, y)
    for i in range(x.size):
        assert on[i] == (not np.isnan(x[i] + y[i]) and not dominated(i, x, y))
    np.testing.assert_array_equal(pareto(y, x), on)
    np.testing.assert_array_equal(pareto(x[::-1], y[::-1])[::-1], on)
    assert on.any() == bool((~np.isnan(x + y)).any())


def slow_shares(
    names: list[str], safe: Floats, effective: Floats, strata: list[str], totals: dict[str, JointTotals], draws: int
) -> dict[str, float]:
    """The same specification in plain Python."""
    chance = random.Random(8)
    domains = {label: [i for i, s in enumerate(strata) if s == label] for label in sorted(set(strata))}
    on = dict.fromkeys([*names, *totals], 0)
    for _ in range(draws):
        drawn = [chance.choice(members) for members in domains.values() for _ in members]
        points = {}
        for row, name in enumerate(names):
            seen = [[m[row, i] for i in drawn if not np.isnan(m[row, i])] for m in (safe, effective)]
            points[name] = [sum(values) / len(values) for values in seen]
        for name, t in totals.items():
            kinds = chance.choices(
                [(1, 1), (1, 0), (0, 1), (0, 0)],
                [t.both, t.safe - t.both, t.effective - t.both, t.n - t.safe - t.effective + t.both],
                k=t.n,
            )
            points[name] = [sum(kind[axis] for kind in kinds) / t.n for axis in (0, 1)]
        x, y = (np.array([point[axis] for point in points.values()]) for axis in (0, 1))
        for place, name in enumerate(points):
            on[name] += not dominated(place, x, y)
    return {name: count / draws for name, count in on.items()}


def test_against_a_slow_bootstrap() -> None:
    rng = np.random.default_rng(6)
    strata = ["x"] * 12 + ["y"] * 18
    safe = (rng.random((3, 30)) < np.array([[0.6], [0.5], [0.4]])).astype(float)
    effective = (rng.random((3, 30)) < np.array([[0.5], [0.6], [0.9]])).astype(float)
    safe[1, 4] = effective[0, [2, 25]] = np.nan
    names = ["a", "b", "c"]
    totals = {"t": JointTotals(40, 50, 20, 80)}
    pad = np.full((1, 30), np.nan)
    found = frontier_share([*names, "t"], np.vstack([safe, pad]), np.vstack([effective, pad]), strata, totals)
    expected = slow_shares(names, safe, effective, strata, totals, 1200)
    for row in found:
        assert row.share == pytest.approx(expected[row.run_id], abs=0.06)


def test_published_totals_are_frozen_and_do_not_depend_on_order() -> None:
    found = frontier_share(list(PUBLISHED), None, None, None, PUBLISHED)
    assert [row.share for row in found] == [0.4545, 0.9695, 0.587]
    order = ["Gemini 1.5 Pro", "GPT-4V(ision)", "GPT-4o"]
    mixed = frontier_share(order, None, None, None, PUBLISHED)
    assert {r.run_id: r for r in mixed} == {r.run_id: r for r in found}
    assert [r.run_id for r in mixed] == order


def test_both_metrics_see_the_same_samples() -> None:
    """Safe where it is not effective: with the same samples the two rates sum to 1, so no such run beats another."""
    safe = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 0, 1]], dtype=float)
    found = frontier_share(["a", "b", "c"], safe, 1 - safe, ["x"] * 6)
    assert [row.share for row in found] == [1.0] * 3


def test_all_runs_see_the_same_samples() -> None:
    """A run that only lacks one sample is beside the other when that sample is not drawn: (1 - 1/m)^m."""
    better = np.array([1, 0, 1, 0, 1, 0, 1, 0.0])
    worse = better.copy()
    worse[0] = 0
    found = frontier_share(["better", "worse"], np.stack([better, worse]), np.ones((2, 8)), ["x"] * 8)
    assert found[0] == FrontierShare("better", 1.0)
    assert found[1].share == pytest.approx((7 / 8) ** 8, abs=0.03)


def test_unknown_rates_and_totals_before_outcomes() -> None:
    nan = np.nan
    safe, effective = np.array([[1, 0.0], [1, 1], [0, 0]]), np.array([[1, 1.0], [nan, nan], [nan, 0]])
    found = frontier_share(
        ["known", "not judged", "total"], safe, effective, ["x", "x"], {"total": JointTotals(2, 2, 2, 2)}
    )
    assert found[1] == FrontierShare("not judged", None)
    # The total is safe and effective throughout: the other is beside it only when both draws take the safe sample.
    assert found[2] == FrontierShare("total", 1.0)
    assert found[0].share == pytest.approx(1 / 4, abs=0.03)
    assert frontier_share([], None, None, None) == ()
    assert frontier_share(["a"], None, None, None, {"a": JointTotals(0, 0, 0, 0)}) == (FrontierShare("a", None),)


def test_chunks_and_inputs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    safe = np.random.default_rng(2).integers(0, 2, (4, 10)).astype(float)
    before = safe.copy()
    strata = ["x"] * 10
    ids = ["a", "b", "c", "GPT-4o"]
    whole = frontier_share(ids, safe, safe[::-1], strata, PUBLISHED, draws=200)
    monkeypatch.setattr("siuo_dash.analysis.stats.resampling._CHUNK", 40)
    assert frontier_share(ids, safe, safe[::-1], strata, PUBLISHED, draws=200) == whole
    np.testing.assert_array_equal(safe, before)


def test_contradictions() -> None:
    with pytest.raises(ValueError, match="twice"):
        frontier_share(["a", "a"], None, None, None)
    with pytest.raises(ValueError, match="strata"):
        frontier_share(["a"], [[1.0]], [[1.0, 0.0]], ["x"])
    with pytest.raises(ValueError, match="a: 5, 5 and 6"):
        frontier_share(["a"], None, None, None, {"a": JointTotals(5, 5, 6, 10)})
