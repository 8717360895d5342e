"""The detectable gap: the design's figures, and the power that it has by enumeration."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from siuo_dash.analysis.stats.differences import detectable_gap


def test_design_figures() -> None:
    gaps = [detectable_gap(167, discordance) for discordance in (0.2, 0.3, 0.4)]
    assert [round(gap * 100) for gap in gaps if gap is not None] == [10, 12, 14]


@given(st.integers(20, 2000), st.floats(0.05, 1), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_solves_the_published_formula(n: int, discordance: float, power: float, alpha: float) -> None:
    gap = detectable_gap(n, discordance, power, alpha)
    if gap is None:
        return
    assert 0 < gap <= discordance
    normal = NormalDist()
    z_alpha, z_power = normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(power)
    needed = (z_alpha * discordance**0.5 + z_power * (discordance - gap**2) ** 0.5) ** 2 / gap**2
    assert needed == pytest.approx(n, rel=1e-6)
    more = detectable_gap(n + 50, discordance, power, alpha)
    assert more is not None
    assert more < gap


@pytest.mark.parametrize("discordance", [0.2, 0.3, 0.4])
def test_the_test_finds_such_a_gap_with_that_power(discordance: float) -> None:
    """Sum over all discordant counts, and all ways they fall, of the chance that McNemar's z passes 1.96."""
    n = 167
    gap = detectable_gap(n, discordance)
    assert gap is not None
    favour = (discordance + gap) / 2 / discordance
    power = 0.0
    for m in range(1, n + 1):
        b = np.arange(m + 1)
        found = np.abs(2 * b - m) / m**0.5 >= 1.959964
        power += binom.pmf(m, n, discordance) * binom.pmf(b[found], m, favour).sum()
    # The formula is a normal approximation: the enumerated power lies within 2.5 points of the asked one.
    assert power == pytest.approx(0.8, abs=0.025)


def test_what_cannot_be_found() -> None:
    assert detectable_gap(167, 0.0) is None
    assert detectable_gap(167, 0.02) is None
    assert detectable_gap(2, 0.5) is None


@pytest.mark.parametrize("arguments", [(0, 0.2), (10, 1.2), (10, 0.2, 0.3), (10, 0.2, 0.8, 0.0)])
def test_impossible_arguments(arguments: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="no gap"):
        detectable_gap(*arguments)  # type: ignore[arg-type]
