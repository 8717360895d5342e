"""The capability page's tables and statements."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.capabilities import CONTRASTS, CapabilityRates, Grouping, is_clear
from siuo_dash.analysis.domains import LEVEL
from siuo_dash.analysis.stats.association import Correlation
from siuo_dash.report.columns import rowwise
from siuo_dash.report.domain_tests import three_digits
from siuo_dash.report.domains import MOST_NAMED
from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.text import counted, fraction, interval, listed, points, points_interval

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
        shown[f"{label}: interval, count"] = rowwise(_beside, own, "low", "high", "k", "n")
    return pd.DataFrame(shown)


def bars_caption(rates: CapabilityRates, grouping: Grouping, most: int) -> str:
    """How many samples each group has, and how many runs are drawn."""
    cells = rates.cells[rates.cells["grouping"] == grouping.id]
    sizes = cells.groupby("group")["n"].max()
    groups = ", ".join(f"{label} {int(sizes.get(group, 0))}" for group, label in grouping.groups.items())
    runs = len(rates.runs)
    which = f"The first {most} of {runs:,} runs are drawn; choose runs or filter to see others. " if runs > most else ""
    order = "runs stand in the order of their rate over all samples"
    return f"{which}Graded samples: {groups}. Lines are 95 % intervals; {order}."


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
    width = (100 * (own["high"] - own["low"]) / 2).median()
    known = counted(int(own["difference"].notna().sum()), "difference")
    shown = [
        f"{names[row.run_id]} ({labels[row.contrast].lower()}: {points(row.difference)})" for row in clear.itertuples()
    ]
    which = f": {listed(shown, MOST_NAMED)}. " if shown else ". "
    tail = f"The intervals reach about {width:.0f} points to each side, so only large ones can."
    return f"{len(clear)} of {known} show (adjusted p below {LEVEL}){which}{'' if pd.isna(width) else tail}"


def correlation_sentence(dimension: str, found: Correlation | None) -> str:
    """Whether low integration goes with low knowledge (or reasoning) over the runs, or that it cannot be said."""
    question = f"Whether low integration goes with low {dimension} cannot be said"
    if found is None:
        return f"{question}: it takes at least three runs with rates that differ."
    rho, runs = f"rank correlation {found.rho:+.2f}", counted(found.n, "run")
    if found.interval is None:
        return f"{question}: {rho} over {runs}, too few for an interval."
    figures = f"{rho} (95 % interval {found.interval.low:+.2f} to {found.interval.high:+.2f}) over {runs}"
    if not is_clear(found):
        return f"{question}: {figures}; the interval includes 0."
    return f"Low integration goes with {'low' if found.rho > 0 else 'high'} {dimension}: {figures}."


def weaker_sentence(weaker: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Which runs are weaker in knowledge, which in reasoning, and in how many the difference is not significant."""
    judged = weaker[weaker["difference"].notna()]
    if judged.empty:
        return "Whether a run is weaker in knowledge or in reasoning cannot be said: no run has samples of both."
    parts = []
    for side in ("knowledge", "reasoning"):
        found = judged.loc[judged["weaker"] == side, "run_id"].map(names)
        parts.append(f"weaker in {side}: {listed(found, MOST_NAMED, none='no run')}")
    open_ones = int((judged["weaker"] == "").sum())
    below = int((judged["difference"] < 0).sum())
    above = int((judged["difference"] > 0).sum())
    return (
        f"Between knowledge and reasoning, {'; '.join(parts)}; no significant difference: {open_ones} of "
        f"{counted(len(judged), 'run')} (adjusted p below {LEVEL}). By the bare rates knowledge is the lower in "
        f"{below} and reasoning in {above}."
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
