"""What difference between two paired runs could have been detected."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


def detectable_gap(n: int, discordance: float, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Smallest difference of two paired rates that McNemar's test finds with the given power, as a fraction.

    n: samples; discordance: share of samples on which the two runs differ.
    Miettinen 1968, Biometrics 24, 339–352, and Connor 1987, Biometrics 43, 207–211, solved for the gap:
    n = (z_alpha √discordance + z_power √(discordance - gap²))² / gap².
    None when no difference could be: it would have to be larger than the discordance.
    """
    if n <= 0 or not 0 <= discordance <= 1 or not 0 < alpha < 1 or not 0.5 <= power < 1:
        raise ValueError(f"no gap for n = {n}, discordance {discordance}, power {power}, alpha {alpha}")
    z_alpha, z_power = _NORMAL.inv_cdf(1 - alpha / 2), _NORMAL.inv_cdf(power)
    rest = n + z_power**2 - z_alpha**2
    if rest < 0 or discordance == 0:
        return None
    gap = sqrt(discordance) * (z_alpha * sqrt(n) + z_power * sqrt(rest)) / (n + z_power**2)
    return gap if gap <= discordance else None
