"""The hardest and easiest domain of each run, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from siuo_dash.analysis.domains import LEVEL
from siuo_dash.benchmark.schema import DOMAIN_LABELS
from siuo_dash.report.columns import Column, rowwise, screen
from siuo_dash.report.domains import MOST_NAMED
from siuo_dash.report.export import Provenance, Table
from siuo_dash.text import counted, fraction, listed, percent, points, points_interval

_REST: Final = "Percentage points between the domain and the run's other samples, with Newcombe's 95 % interval"
_ADJUSTED: Final = (
    "Fisher's exact test of the domain against the run's other samples, Benjamini–Hochberg over its nine domains"
)
_EXPLAINS: Final = "Share of the variance between the run's samples that their domain explains (Cramér's V squared)"
_CHANCE: Final = "What the domain would explain on average if it did not matter"
_PERMUTED: Final = "Chi-square by 9,999 permutations, Benjamini–Hochberg over the runs shown"
_PERCENT: Final = {"format": "%.1f"}
_P: Final = {"format": "%.3f"}


def tests_screen(tests: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Hardest and easiest domain of each run with the test against the run's other samples, and the domain's effect."""
    return screen(COLUMNS, tests.assign(run=tests["run_id"].map(names)))


def tests_export(tests: pd.DataFrame, names: Mapping[str, str], provenance: Provenance, title: str) -> Table:
    """The same rows with every figure as a number."""
    data = tests.assign(run=tests["run_id"].map(names))
    data = data[["run_id", "run", *(name for name in tests.columns if name != "run_id")]]
    screen = tests_screen(tests, names)
    return Table("domain-tests", title, data, lambda _: screen.map(three_digits), provenance)


def tests_sentences(tests: pd.DataFrame, names: Mapping[str, str]) -> list[str]:
    """What the tests come to, as plain text."""
    effect = tests[tests["explained"].notna()]
    if effect.empty:
        return ["Every run passes all samples or none, so no domain can stand out."]
    hard, easy = (
        tests.loc[tests[f"{end}_p_adjusted"] < LEVEL, "run_id"].map(names).tolist() for end in ("hardest", "easiest")
    )
    clear = effect.loc[effect["effect_p_adjusted"] < LEVEL, "run_id"].map(names).tolist()
    low, middle, high = (effect["explained"].quantile(part) for part in (0, 0.5, 1))
    span, chance = percent(low), percent(effect["by_chance"].median())
    if high > low:
        span += f" to {percent(high)} (median {percent(middle)})"
    return [
        f"The domain explains {span} of what a run passes and fails; {chance} would be expected by chance. "
        + _which("Clearly more than chance", clear, len(effect)),
        _which("Hardest domain clearly below the run's other samples", hard, len(tests)),
        _which("Easiest domain clearly above the run's other samples", easy, len(tests)),
    ]


def three_digits(value: object) -> str:
    """A cell for a paper: figures with three digits."""
    if isinstance(value, float):
        return "–" if pd.isna(value) else f"{value:.3f}"
    return str(value)


def _rate_count(rate: float, k: float, n: float) -> str:
    return "–" if pd.isna(rate) else f"{percent(rate)} · {fraction(k, n)}"


def _difference(difference: float, low: float, high: float) -> str:
    return "–" if pd.isna(difference) else f"{points(difference)} ({points_interval(low, high)})"


def _domain_words(domain: object, ties: float) -> str:
    if not isinstance(domain, str):
        return "–"
    return DOMAIN_LABELS[domain] + (f" (and {int(ties)} alike)" if ties else "")


def _which(what: str, names: Sequence[str], of: int) -> str:
    runs = counted(of, "run")
    found = f"{len(names)} of {runs}, {listed(names, MOST_NAMED)}" if names else f"none of {runs}"
    return f"{what} (adjusted p below {LEVEL}): {found}."


def _of_end(end: str, word: str) -> tuple[Column, ...]:
    """The columns of the hardest or easiest domain."""
    rate = [f"{end}_{part}" for part in ("rate", "k", "n")]
    gap = [f"{end}_difference{part}" for part in ("", "_low", "_high")]
    domain = [f"{end}_domain", f"{end}_ties"]
    return (
        Column(domain[0], f"{word} domain", text=lambda frame: rowwise(_domain_words, frame, *domain)),
        Column(rate[0], f"{word}: rate, count", text=lambda frame: rowwise(_rate_count, frame, *rate)),
        Column(gap[0], f"{word}: against the rest", _REST, text=lambda frame: rowwise(_difference, frame, *gap)),
        Column(f"{end}_p_adjusted", f"{word}: adjusted p", _ADJUSTED, kind="number", options=_P),
    )


COLUMNS: Final = (
    Column("run", "Run"),
    *_of_end("hardest", "Hardest"),
    *_of_end("easiest", "Easiest"),
    Column("explained", "Domain explains %", _EXPLAINS, lambda f: 100 * f["explained"], None, "number", _PERCENT),
    Column("by_chance", "By chance %", _CHANCE, lambda f: 100 * f["by_chance"], None, "number", _PERCENT),
    Column("effect_p_adjusted", "Effect: adjusted p", _PERMUTED, kind="number", options=_P),
)
