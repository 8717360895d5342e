"""The colours of runs: readable on the paper, apart for colour-blind readers, and never those of a metric."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from siuo_dash.charts import colours

Floats = npt.NDArray[np.float64]
# Machado, Oliveira & Fernandes 2009, IEEE TVCG 15, 1291–1298: complete deficiency, in linear RGB.
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
THEMES: tuple[colours.Theme, ...] = ("light", "dark")


def linear(colour: str) -> Floats:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour: str, seen_by: str) -> Floats:
    """CIELAB (D65) as somebody sees it; a distance of about 2 is just seen."""
    seen = np.clip(np.array(SEEN_BY[seen_by]) @ linear(colour), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    white = xyz / [0.9505, 1, 1.089]
    x, y, z = np.where(white > 0.008856, np.cbrt(white), 7.787 * white + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(first: str, second: str, seen_by: str) -> float:
    return float(np.linalg.norm(lab(first, seen_by) - lab(second, seen_by)))


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("theme", THEMES)
def test_runs_differ_from_each_other_for_everybody(theme: colours.Theme, seen_by: str) -> None:
    runs = colours.RUN_COLOURS[theme]
    assert len(runs) == len(colours.SYMBOLS) == len(colours.DASHES) == 6
    assert min(apart(first, second, seen_by) for first, second in combinations(runs, 2)) >= 25


@pytest.mark.parametrize("theme", THEMES)
def test_no_run_has_a_colour_that_means_something(theme: colours.Theme) -> None:
    meant = [*colours.METRIC_COLOURS.values(), colours.UNSAFE, colours.UNGRADED]
    assert min(apart(run, colour, "everybody") for run in colours.RUN_COLOURS[theme] for colour in meant) >= 25


@pytest.mark.parametrize("theme", THEMES)
def test_every_run_can_be_seen_on_the_paper(theme: colours.Theme) -> None:
    paper = linear(colours.paper(theme)) @ [0.2126, 0.7152, 0.0722]
    for colour in colours.RUN_COLOURS[theme]:
        low, high = sorted((paper, linear(colour) @ [0.2126, 0.7152, 0.0722]))
        assert (high + 0.05) / (low + 0.05) >= 3, "WCAG 2.2, section 1.4.11"
