"""Agreement: kappa by hand and from the readers' labels, Rogan–Gladen by hand and by coverage."""

from __future__ import annotations

import csv
from collections import Counter
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis.stats.agreement import cohen_kappa, confusion, rogan_gladen
from siuo_dash.analysis.stats.proportions import Z95, limits
from siuo_dash.benchmark.scoring import Tally

labels = st.lists(st.tuples(*[st.sampled_from(["a", "b", "c", None])] * 2), min_size=1, max_size=60)


def kappa_by_definition(pairs: list[tuple[str, str]]) -> tuple[float, float]:
    """Kappa and its standard error from the sums of Fleiss, Cohen & Everitt 1969, in plain Python."""
    n = len(pairs)
    seen = Counter(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = sum(count for (a, b), count in seen.items() if a == b) / n
    chance = sum(first[x] * second[x] for x in first) / n**2
    kappa = (observed - chance) / (1 - chance)
    variance = 0.0
    for (a, b), count in seen.items():
        if a == b:
            variance += count / n * (1 - (first[a] + second[a]) / n * (1 - kappa)) ** 2
        else:
            variance += count / n * ((1 - kappa) * (second[a] + first[b]) / n) ** 2
    variance -= (kappa - chance * (1 - kappa)) ** 2
    return kappa, sqrt(max(0.0, variance) / n) / (1 - chance)


def test_kappa_by_hand() -> None:
    # 20 and 15 agree, 5 and 10 differ: observed 35/50, chance ½ · 30/50 + ½ · 20/50 = ½, kappa (0.7 - 0.5)/0.5.
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    found = cohen_kappa(first, second)
    assert found is not None
    assert found.kappa == pytest.approx(0.4)
    assert found.n == 50
    table = confusion(first, second)
    assert (table.labels, table.table) == ((False, True), ((15, 10), (5, 20)))


@given(labels)
def test_kappa_by_definition_and_symmetry(pairs: list[tuple[str | None, str | None]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    whole = [(a, b) for a, b in pairs if a is not None and b is not None]
    found, swapped = cohen_kappa(first, second), cohen_kappa(second, first)
    if len({label for pair in whole for label in pair}) < 2:
        assert found is None
        return
    assert found is not None
    assert swapped is not None
    kappa, error = kappa_by_definition(whole)
    assert found.kappa == pytest.approx(kappa, abs=1e-12) == pytest.approx(swapped.kappa)
    reverse = cohen_kappa(first[::-1], second[::-1])
    assert reverse == found
    if found.interval is None:
        assert error == pytest.approx(0, abs=1e-7)
        return
    assert found.interval.low == pytest.approx(max(-1, kappa - Z95 * error), abs=1e-9)
    assert found.interval.high == pytest.approx(min(1, kappa + Z95 * error), abs=1e-9)
    assert -1 <= found.interval.low <= found.kappa <= found.interval.high <= 1


def test_missing_is_left_out_whatever_it_is() -> None:
    nothing = [None, float("nan"), pd.NA, 1]
    assert confusion(nothing, [1, 1, 1, 1]).table == ((1,),)
    assert cohen_kappa([None], [1]) is None
    assert cohen_kappa([], []) is None
    assert cohen_kappa([1, 1], [1, 1]) is None
    full = cohen_kappa([1, 0, 1], [1, 0, 1])
    assert full is not None
    assert (full.kappa, full.interval) == (1.0, None)
    with pytest.raises(ValueError, match="zip"):
        confusion([1, 2], [1])


def test_readers_of_the_labels(shared: Path) -> None:
    """The design states 0.95, 0.87, 0.89, 0.79 before adjudication."""
    with (shared / "labels" / "annotators.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    stated = {"subcategory": 0.95, "primary": 0.87, "needs_knowledge": 0.89, "needs_reasoning": 0.79}
    for name, kappa in stated.items():
        found = cohen_kappa([row[f"{name}_a"] for row in rows], [row[f"{name}_b"] for row in rows])
        assert found is not None
        assert (round(found.kappa, 2), found.n) == (kappa, 167)


def test_rogan_gladen_by_hand() -> None:
    # (0.6 + 0.8 - 1) / (0.9 + 0.8 - 1) = 4/7.
    found = rogan_gladen(Tally(60, 100), Tally(45, 50), Tally(40, 50))
    assert found is not None
    assert found.estimate == pytest.approx(4 / 7)
    # The interval in steps: p' = (60 + 1.9207)/(103.8415), se' = 46/52, sp' = 41/52, then the shift and the width.
    p, se, sp = 61.92073 / 103.84146, 46 / 52, 41 / 52
    centre = (p + sp - 1) / (se + sp - 1)
    spread_se, spread_sp = se * (1 - se) / 52, sp * (1 - sp) / 52
    shift = 2 * 3.841459 * (centre * spread_se - (1 - centre) * spread_sp)
    width = p * (1 - p) / 103.84146 + centre**2 * spread_se + (1 - centre) ** 2 * spread_sp
    half = 1.959964 * sqrt(width) / (se + sp - 1)
    assert (found.low, found.high) == pytest.approx((centre + shift - half, centre + shift + half), abs=1e-6)


def test_a_faultless_judge_changes_nothing() -> None:
    found = rogan_gladen(Tally(60, 100), Tally(10**9, 10**9), Tally(10**9, 10**9))
    assert found is not None
    assert found.estimate == pytest.approx(0.6)
    assert (found.low, found.high) == pytest.approx(limits(60, 100), abs=0.01)


def test_a_judge_no_better_than_a_coin() -> None:
    assert rogan_gladen(Tally(60, 100), Tally(25, 50), Tally(25, 50)) is None
    assert rogan_gladen(Tally(60, 100), Tally(1, 1), Tally(10, 100)) is None
    for gap in ((Tally(0, 0), Tally(9, 10), Tally(9, 10)), (Tally(5, 9), Tally(0, 0), Tally(9, 10))):
        assert rogan_gladen(*gap) is None


share = st.integers(20, 200).flatmap(lambda n: st.tuples(st.integers(n * 6 // 10, n), st.just(n)))


@given(st.integers(0, 167), share, share)
def test_rogan_gladen_bounds_and_direction(k: int, se: tuple[int, int], sp: tuple[int, int]) -> None:
    sensitivity, specificity = Tally(*se), Tally(*sp)
    found = rogan_gladen(Tally(k, 167), sensitivity, specificity)
    assert found is not None
    assert 0 <= found.low <= found.high <= 1
    assert found.low - 1e-9 <= found.estimate <= found.high + 1e-9
    # Calling safe what is unsafe and the reverse mirrors the estimate.
    mirrored = rogan_gladen(Tally(167 - k, 167), specificity, sensitivity)
    assert mirrored is not None
    assert mirrored.estimate == pytest.approx(1 - found.estimate, abs=1e-9)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)
    if k < 167:
        more = rogan_gladen(Tally(k + 1, 167), sensitivity, specificity)
        assert more is not None
        assert more.estimate >= found.estimate


def test_rogan_gladen_covers() -> None:
    rng = np.random.default_rng(4)
    truth, se, sp, hits, n = 0.55, 0.9, 0.85, 0, 1500
    for _ in range(n):
        found = rogan_gladen(
            Tally(int(rng.binomial(167, truth * se + (1 - truth) * (1 - sp))), 167),
            Tally(int(rng.binomial(80, se)), 80),
            Tally(int(rng.binomial(70, sp)), 70),
        )
        assert found is not None
        hits += found.low <= truth <= found.high
    assert 0.93 < hits / n < 0.98
