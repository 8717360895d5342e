"""The hardest and easiest domain of each run, in a table and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from siuo_dash.analysis.domains import LEVEL, Weakest
from siuo_dash.benchmark.schema import DOMAIN_LABELS, DOMAINS, Metric
from siuo_dash.report.columns import Column, rowwise, screen
from siuo_dash.report.domains import MOST_NAMED
from siuo_dash.report.export import Provenance, Table
from siuo_dash.text import counted, fraction, interval, listed, percent, points, points_interval

_REST: Final = "Percentage points between the domain and the run's other samples, with Newcombe's 95% interval"
_ADJUSTED: Final = (
    "Fisher's exact test of the domain against the run's other samples, Benjamini–Hochberg over its nine domains"
)
_EXPLAINS: Final = "Share of the variance between the run's samples that their domain explains (Cramér's V squared)"
_CHANCE: Final = "What the domain would explain on average if it did not matter"
_PERMUTED: Final = "Chi-square by 9,999 permutations, Benjamini–Hochberg over the runs shown"
_PERCENT: Final = {"format": "%.1f"}
_P: Final = {"format": "%.3f"}


_SHORT: Final = {domain.id: domain.short for domain in DOMAINS}
_FEW: Final = 3
"""Runs named in the sentence above the result; more are counted."""


def weakest_words(ends: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """{run_id: (domain, 'Illegal 2/18')} of `extreme`; of domains with the same rate, how many more there are."""
    return {
        str(row.Index): (
            row.domain,
            f"{_SHORT[row.domain]} {fraction(row.k, row.n)}" + f" +{row.ties:.0f}" * (row.ties > 0),
        )
        for row in ends.itertuples()
    }


def board_sentence(together: Weakest | None, ends: pd.DataFrame, names: Mapping[str, str], metric: Metric) -> str:
    """Where the runs are weakest together, and which runs have a domain that is significantly weak; plain text.

    ends: each run's weakest domain, of `extreme`.
    """
    if together is None:
        return ""
    first = f"Weakest domain: {DOMAIN_LABELS[together.domain]}, {percent(together.rate)} {metric.label.lower()} over "
    first += counted(together.runs, "run")
    if together.gap is not None and together.gap.interval is not None:
        low, high = together.gap.interval.low, together.gap.interval.high
        clear = "" if together.p_adjusted < LEVEL else "not significant, "
        first += f", {points(together.gap.difference)} points against the others ({clear}{points_interval(low, high)})"
    weak = ends[(ends["p_adjusted"] < LEVEL) & (ends["difference"] < 0)]
    found = [f"{names[str(row.Index)]} in {_SHORT[row.domain]}" for row in weak.itertuples()]
    second = f"Significantly weak in one domain: {listed(found, _FEW)}." if found else ""
    return f"{first}. {second or 'No run is significantly weaker in one domain than in its others.'}"


def runs_sentence(ends: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Where each selected run is weakest, and whether that is significant; plain text. ends: of `extreme`."""
    parts = []
    for run_id, name in names.items():
        if run_id not in ends.index:
            continue
        row = ends.loc[run_id]
        count = f"{DOMAIN_LABELS[row['domain']]} {fraction(row['k'], row['n'])}"
        rate = f" = {percent(row['rate'])} ({interval(row['low'], row['high'])})" if len(names) == 1 else ""
        clear = "significantly" if row["p_adjusted"] < LEVEL and row["difference"] < 0 else "not significantly"
        parts.append(f"{name} in {count}{rate}, {clear} below its other domains")
    return f"Weakest: {'; '.join(parts[:_FEW])}{f'; {len(parts) - _FEW} more' * (len(parts) > _FEW)}." if parts else ""


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
    low, middle, high = (percent(effect["explained"].quantile(part)) for part in (0, 0.5, 1))
    span = low if low == high else f"{low} to {high} (median {middle})"
    return [
        f"The domain explains {span} of the variation between a run's samples; {percent(effect['by_chance'].median())} "
        f"by chance alone. {_which('Significantly more than chance', clear, len(effect))}",
        _which("Hardest domain significantly below the run's other samples", hard, len(tests)),
        _which("Easiest domain significantly above the run's other samples", easy, len(tests)),
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
