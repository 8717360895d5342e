"""The capability page's tables and statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.capabilities import CONTRASTS, LEVEL, CapabilityRates, Grouping, is_clear
from siuo_dash.report.domains import counted, named
from siuo_dash.report.export import IntervalStyle, Provenance, Table, rate_words
from siuo_dash.text import fraction, interval, points

SAME_SAMPLES: Final = (
    "A run that is safe in general is safe in each dimension, so some correlation is to be expected; "
    "it does not show that one ability rests on another."
)


def rates_screen(cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> pd.DataFrame:
    """A row for each run; for each group its rate in percent, then interval and count."""
    shown: dict[str, Any] = {"Run": list(names.values())}
    for group, label in grouping.groups.items():
        own = _group(cells, names, grouping, group)
        shown[f"{label} %"] = 100 * own["rate"].to_numpy(dtype=float)
        shown[f"{label}: interval, count"] = [
            f"{interval(cell.low, cell.high)} · {fraction(cell.k, cell.n)}" if cell.n else "no graded sample"
            for cell in own.itertuples()
        ]
    return pd.DataFrame(shown)


def bars_caption(rates: CapabilityRates, grouping: Grouping, most: int) -> str:
    """How many samples each group has, and how many runs are drawn."""
    cells = rates.cells[rates.cells["grouping"] == grouping.id]
    sizes = cells.groupby("group")["n"].max()
    groups = ", ".join(f"{label} {int(sizes.get(group, 0))}" for group, label in grouping.groups.items())
    runs = len(rates.runs)
    which = f"The first {most} of {runs:,} runs are drawn; choose runs or filter to see others. " if runs > most else ""
    return f"{which}Graded samples: {groups}. Lines are 95 % intervals; runs stand in the order of their rate over all samples."


def rates_export(
    cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, provenance: Provenance, title: str
) -> Table:
    """One row a run and group for programs; the table of the page for a paper."""

    def words(how: IntervalStyle) -> pd.DataFrame:
        text: dict[str, object] = {"Run": list(names.values())}
        for group, label in grouping.groups.items():
            own = _group(cells, names, grouping, group)
            ends = zip(own["rate"], own["low"], own["high"], strict=True)
            text[label] = [rate_words(rate, low, high, how, "–") for rate, low, high in ends]
        return pd.DataFrame(text)

    kept = cells[(cells["grouping"] == grouping.id) & cells["run_id"].isin(list(names))]
    data = kept.assign(run=kept["run_id"].map(names)).astype({"k": "Int64", "n": "Int64"})
    columns = ["run_id", "run", "grouping", "group", "k", "n", "rate", "low", "high"]
    return Table("capabilities", title, data[columns].reset_index(drop=True), words, provenance)


def differences_screen(differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> pd.DataFrame:
    """A row for each run; for each contrast of the grouping the points, their interval and the adjusted p."""
    shown: dict[str, Any] = {"Run": list(names.values())}
    for contrast in CONTRASTS.values():
        if contrast.grouping != grouping.id:
            continue
        own = differences[differences["contrast"] == contrast.id].set_index("run_id").reindex(list(names))
        shown[contrast.label] = 100 * own["difference"].to_numpy(dtype=float)
        shown[f"{contrast.label}: interval"] = [
            "–" if pd.isna(row.difference) else f"{points(row.low)} to {points(row.high)}" for row in own.itertuples()
        ]
        shown[f"{contrast.label}: adjusted p"] = own["p_adjusted"].to_numpy(dtype=float)
    return pd.DataFrame(shown)


def difference_columns(grouping: Grouping) -> dict[str, tuple[str, str]]:
    """The format and the meaning of the columns of figures in `differences_screen`."""
    columns: dict[str, tuple[str, str]] = {}
    for contrast in CONTRASTS.values():
        if contrast.grouping == grouping.id:
            columns[contrast.label] = ("%+.1f", "Percentage points between the two groups of samples of the run")
            columns[f"{contrast.label}: adjusted p"] = (
                "%.3f",
                "Score test of two rates, Benjamini–Hochberg over the five differences of a run",
            )
    return columns


def differences_export(
    differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, provenance: Provenance, title: str
) -> Table:
    """One row a run and contrast for programs; the table of the page for a paper."""
    wanted = [contrast.id for contrast in CONTRASTS.values() if contrast.grouping == grouping.id]
    kept = differences[differences["contrast"].isin(wanted) & differences["run_id"].isin(list(names))]
    data = kept.assign(run=kept["run_id"].map(names))
    data = data[["run_id", "run", "contrast", "difference", "low", "high", "p", "p_adjusted"]].reset_index(drop=True)
    screen = differences_screen(differences, names, grouping)
    return Table("capability-differences", title, data, lambda _: screen.map(_word), provenance)


def differences_sentence(differences: pd.DataFrame, names: Mapping[str, str], grouping: Grouping) -> str:
    """Which differences show, as plain text."""
    wanted = {contrast.id: contrast.label for contrast in CONTRASTS.values() if contrast.grouping == grouping.id}
    own = differences[differences["contrast"].isin(list(wanted)) & differences["run_id"].isin(list(names))]
    clear = own[own["p_adjusted"] < LEVEL]
    width = (100 * (own["high"] - own["low"]) / 2).median()
    head = (
        f"{len(clear)} of {counted(int(own['difference'].notna().sum()), 'difference')} show (adjusted p below {LEVEL})"
    )
    shown = [
        f"{names[row.run_id]} ({wanted[row.contrast].lower()}: {points(row.difference)})" for row in clear.itertuples()
    ]
    which = f": {named(shown)}. " if shown else ". "
    tail = (
        "" if pd.isna(width) else f"The intervals reach about {width:.0f} points to each side, so only large ones can."
    )
    return head + which + tail


def correlation_sentence(dimension: str, found: stats.Correlation | None) -> str:
    """Whether low integration goes with low knowledge (or reasoning) over the runs, or that it cannot be said."""
    question = f"Whether low integration goes with low {dimension} cannot be said"
    if found is None:
        return f"{question}: it takes at least three runs with rates that differ."
    figures = f"rank correlation {found.rho:+.2f}"
    if found.interval is None:
        return f"{question}: {figures} over {counted(found.n, 'run')}, too few for an interval."
    figures += (
        f" (95 % interval {found.interval.low:+.2f} to {found.interval.high:+.2f}) over {counted(found.n, 'run')}"
    )
    if not is_clear(found):
        return f"{question}: {figures}; the interval holds 0."
    return f"Low integration goes with {'low' if found.rho > 0 else 'high'} {dimension}: {figures}."


def weaker_sentence(weaker: pd.DataFrame, names: Mapping[str, str]) -> str:
    """Which runs are weaker in knowledge, which in reasoning, and how many cannot be told."""
    judged = weaker[weaker["difference"].notna()]
    if judged.empty:
        return "Whether a run is weaker in knowledge or in reasoning cannot be said: no run has samples of both."
    parts = []
    for side in ("knowledge", "reasoning"):
        found = judged.loc[judged["weaker"] == side, "run_id"].map(names).tolist()
        parts.append(f"weaker in {side}: {named(found) if found else 'no run'}")
    open_ones = int((judged["weaker"] == "").sum())
    below = int((judged["difference"] < 0).sum())
    above = int((judged["difference"] > 0).sum())
    return (
        f"Between knowledge and reasoning, {'; '.join(parts)}; not told apart: {open_ones} of "
        f"{counted(len(judged), 'run')} (adjusted p below {LEVEL}). By the bare rates knowledge is the lower in "
        f"{below} and reasoning in {above}."
    )


def samples_filter(grouping: Grouping, group: str) -> dict[str, str]:
    """The filter of the samples page for a group of samples; none where the page has no such filter."""
    if grouping.id == "dimension":
        return {"dimension": group}
    return {"needs": grouping.id.removeprefix("needs_")} if group == "yes" else {}


def _group(cells: pd.DataFrame, names: Mapping[str, str], grouping: Grouping, group: str) -> pd.DataFrame:
    own = cells[(cells["grouping"] == grouping.id) & (cells["group"] == group)]
    return own.set_index("run_id").reindex(list(names))


def _word(value: object) -> str:
    if isinstance(value, float):
        return "–" if pd.isna(value) else f"{value:.3f}"
    return str(value)
