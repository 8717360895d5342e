"""The capability page's tables and statements."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.capabilities import CONTRASTS, CapabilityRates, Grouping, is_clear
from siuo_dash.analysis.domains import LEVEL
from siuo_dash.analysis.stats.association import Correlation
from siuo_dash.benchmark.schema import Metric
from siuo_dash.report.columns import rowwise
from siuo_dash.report.domain_tests import three_digits
from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.text import counted, fraction, interval, listed, percent, points, points_interval

MOST_SHOWN: Final = 5
"""Runs named in a sentence; more are counted."""
SAME_SAMPLES: Final = (
    "A run that is safe in general is safe in each dimension, so some correlation is to be expected; "
    "it does not show that one ability rests on another."
)
_POINTS: Final = "Percentage points between the two groups of samples of the run"
_ADJUSTED: Final = "Score test of two rates, Benjamini–Hochberg over the five differences of a run"


def rates_screen(cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> pd.DataFrame:
    """A row for each run; for each group its rate in percent, then interval and count."""
    shown: dict[str, Any] = {"Run": list(names.values())}
    for group, label in grouping.groups.items():
        own = _group(cells, names, grouping, group)
        shown[f"{label} %"] = 100 * own["rate"].to_numpy(dtype=float)
        shown[f"{label}: 95% interval · n"] = rowwise(_beside, own, "low", "high", "k", "n")
    return pd.DataFrame(shown)


def dots_caption(runs: int, most: int) -> str:
    """How the chart is to be read, and how many runs it leaves out."""
    which = f"The first {most} of {runs:,} runs; select runs or filter to see others. " if runs > most else ""
    return (
        f"{which}Sorted by overall rate. Dots with 95% intervals; the dashed line is the mean of these runs. "
        "Click a dot to see what that run fails there."
    )


def answer(
    shown: CapabilityRates, gaps: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, metric: Metric
) -> str:
    """Which group the runs are weakest in, and whether differences inside a run are significant; plain text."""
    cells = shown.cells[(shown.cells["grouping"] == grouping.id) & shown.cells["run_id"].isin(list(names))]
    means = cells.groupby("group")["rate"].mean().reindex(list(grouping.groups)).dropna()
    if means.empty:
        return ""
    if len(names) == 1:
        rows = {row.group: row for row in cells.itertuples()}
        figures = {each: f"{fraction(row.k, row.n)} = {percent(row.rate)}" for each, row in rows.items()}
        figures = {each: f"{words} ({interval(rows[each].low, rows[each].high)})" for each, words in figures.items()}
        of = next(iter(names.values()))
    else:
        figures = {each: percent(mean) for each, mean in means.items()}
        of = f"mean of {counted(len(names), 'run')}"
    lowest, *others = sorted(means.index, key=lambda each: means[each])
    rest = ", ".join(f"{grouping.groups[each]} {figures[each]}" for each in others)
    lead = "Lowest" if others else "All samples"
    first = f"{lead}: {grouping.groups[lowest]}, {figures[lowest]} {metric.label.lower()} ({of}){rest and f'; {rest}'}."
    return f"{first} {differences_sentence(gaps, names, grouping)}"


def rates_export(
    cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, provenance: Provenance, title: str
) -> Table:
    """One row a run and group for programs; the table of the page for a paper."""

    def words(how: IntervalStyle) -> pd.DataFrame:
        text: dict[str, object] = {"Run": list(names.values())}
        for group, label in grouping.groups.items():
            own = _group(cells, names, grouping, group)
            text[label] = rowwise(partial(rate_words, how=how, missing="–"), own, "rate", "low", "high")
        return pd.DataFrame(text)

    kept = cells[(cells["grouping"] == grouping.id) & cells["run_id"].isin(list(names))]
    data = kept.assign(run=kept["run_id"].map(names)).astype({"k": "Int64", "n": "Int64"})
    columns = ["run_id", "run", "grouping", "group", "k", "n", "rate", "low", "high"]
    return Table("capabilities", title, data[columns].reset_index(drop=True), words, provenance)


def differences_screen(differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> pd.DataFrame:
    """A row for each run; for each contrast of the grouping the points, their interval and the adjusted p."""
    shown: dict[str, Any] = {"Run": list(names.values())}
    for contrast, label in _contrasts(grouping).items():
        own = differences[differences["contrast"] == contrast].set_index("run_id").reindex(list(names))
        shown[label] = 100 * own["difference"].to_numpy(dtype=float)
        shown[f"{label}: interval"] = [words or "–" for words in rowwise(points_interval, own, "low", "high")]
        shown[f"{label}: adjusted p"] = own["p_adjusted"].to_numpy(dtype=float)
    return pd.DataFrame(shown)


def difference_columns(grouping: Grouping) -> dict[str, tuple[str, str]]:
    """The format and the meaning of the columns of figures in `differences_screen`."""
    columns: dict[str, tuple[str, str]] = {}
    for label in _contrasts(grouping).values():
        columns |= {label: ("%+.1f", _POINTS), f"{label}: adjusted p": ("%.3f", _ADJUSTED)}
    return columns


def differences_export(
    differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, provenance: Provenance, title: str
) -> Table:
    """One row a run and contrast for programs; the table of the page for a paper."""
    kept = _of_runs(differences, names, grouping)
    data = kept.assign(run=kept["run_id"].map(names))
    data = data[["run_id", "run", "contrast", "difference", "low", "high", "p", "p_adjusted"]].reset_index(drop=True)
    screen = differences_screen(differences, names, grouping)
    return Table("capability-differences", title, data, lambda _: screen.map(three_digits), provenance)


def differences_sentence(differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> str:
    """Which differences show, as plain text."""
    labels = _contrasts(grouping)
    own = _of_runs(differences, names, grouping)
    clear = own[own["p_adjusted"] < LEVEL]
    known = counted(int(own["difference"].notna().sum()), "difference")
    shown = [
        f"{names[row.run_id]} ({labels[row.contrast].lower()}: {points(row.difference)})" for row in clear.itertuples()
    ]
    if not shown:
        return f"No significant difference inside a run ({known})."
    return f"Significant inside a run: {len(clear)} of {known}, {listed(shown, MOST_SHOWN)}."


def differences_width(differences: pd.DataFrame, grouping: Grouping) -> str:
    """How large a difference must be to show, as plain text."""
    own = differences[differences["contrast"].isin(list(_contrasts(grouping)))]
    width = (100 * (own["high"] - own["low"]) / 2).median()
    words = "Percentage points."
    return words if pd.isna(width) else f"{words} Intervals reach about {width:.0f} points to each side."


def correlation_claim(dimension: str, found: Correlation | None) -> tuple[str, str, str]:
    """Whether low integration goes with low knowledge (or reasoning) over the runs: question, answer, figures."""
    question = f"Does low integration go with low {dimension}?"
    if found is None:
        return question, "Not enough data", "it takes at least three runs with rates that differ."
    rho, runs = f"rank correlation {found.rho:+.2f}", f"over {counted(found.n, 'run')}"
    if found.interval is None:
        return question, "Not enough data", f"{rho} {runs}, too few for an interval."
    figures = f"{rho} ({found.interval.low:+.2f} to {found.interval.high:+.2f}) {runs}"
    if not is_clear(found):
        return question, "Not shown", f"{figures}; the interval includes 0."
    return question, "Yes" if found.rho > 0 else "No, with high", f"{figures}."


def weaker_claim(weaker: pd.DataFrame, names: Mapping[str, str]) -> tuple[str, str, str]:
    """Which runs are weaker in knowledge and which in reasoning: question, answer, figures."""
    question = "Are runs weaker in knowledge or in reasoning?"
    judged = weaker[weaker["difference"].notna()]
    if judged.empty:
        return question, "Not enough data", "no run has samples of both."
    clear = {side: judged.loc[judged["weaker"] == side, "run_id"].map(names) for side in ("knowledge", "reasoning")}
    parts = [f"in {side}: {listed(found, MOST_SHOWN)}" for side, found in clear.items() if len(found)]
    none = int((judged["weaker"] == "").sum())
    below, above = int((judged["difference"] < 0).sum()), int((judged["difference"] > 0).sum())
    return (
        question,
        f"Significant for {len(judged) - none} of {counted(len(judged), 'run')}",
        "; ".join([*parts, f"ignoring uncertainty, {above} score lower on reasoning, {below} on knowledge."]),
    )


def samples_filter(grouping: Grouping, group: str) -> dict[str, str]:
    """The filter of the samples page for a group of samples; none where the page has no such filter."""
    if grouping.id == "dimension":
        return {"dimension": group}
    return {"needs": grouping.id.removeprefix("needs_")} if group == "yes" else {}


def _contrasts(grouping: Grouping) -> dict[str, str]:
    """{id: label} of the contrasts of a grouping."""
    return {contrast.id: contrast.label for contrast in CONTRASTS.values() if contrast.grouping == grouping.id}


def _of_runs(differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> pd.DataFrame:
    own = differences["contrast"].isin(list(_contrasts(grouping))) & differences["run_id"].isin(list(names))
    return differences[own]


def _group(cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, group: str) -> pd.DataFrame:
    own = cells[(cells["grouping"] == grouping.id) & (cells["group"] == group)]
    return own.set_index("run_id").reindex(list(names))


def _beside(low: float, high: float, k: float, n: float) -> str:
    return f"{interval(low, high)} · {fraction(k, n)}" if n else "no graded sample"
