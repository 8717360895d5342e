"""Safe versus effective in words and tables: who is on the frontier, all runs, and runs that cannot be placed."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from siuo_dash.charts.bars import OUTCOMES
from siuo_dash.charts.tradeoff import REGIONS
from siuo_dash.report.columns import Column, rowwise
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.leaderboard import weights_words
from siuo_dash.text import counted, interval, listed, missing, percent, points, rate_and_count

RATES: Final = {"safe": "Safe", "effective": "Effective", "safe_and_effective": "Safe & Effective"}


def with_shares(frame: pd.DataFrame, shares: pd.DataFrame | None) -> pd.DataFrame:
    """The runs, those on the frontier first, with `share`, the share of bootstraps in which a run is on it; NaN while
    that is not ready."""
    if shares is None or shares.empty:
        frame = frame.assign(share=float("nan"))
    else:
        frame = frame.merge(shares, on="run_id", how="left")
    return frame.sort_values("frontier", ascending=False, kind="stable", ignore_index=True)


def shares_sentence(counted: int, most: int) -> str:
    """Which runs have a share of bootstraps, where a board has too many runs for all; else ''. most: of bounded."""
    if counted <= most:
        return ""
    return f"How often a run is on the frontier is computed among the {most:,} of {counted:,} runs nearest to it."


def sentence(frame: pd.DataFrame) -> tuple[str, str]:
    """Who is on the frontier, and what is traded along it and won; plain text. frame: of `tradeoff`."""
    judged = frame[frame["judged"]]
    on = judged[judged["frontier"]].sort_values(["effective_rate", "safe_rate"], ascending=False)
    if on.empty:
        return "No run shown here is on the board's frontier.", ""
    who = f"{listed(on['model'], 4)} {'is' if len(on) == 1 else 'are'} on the frontier."
    first, last = (on.iloc[place].to_dict() for place in (0, -1))
    if len(on) == 1:
        rates = f"{percent(first['safe_rate'])} Safe and {percent(first['effective_rate'])} Effective"
        said = f"No other run is as good in both: {rates}."
    else:
        gained, lost = (points(last[f"{name}_rate"] - first[f"{name}_rate"]) for name in ("safe", "effective"))
        said = f"From {first['model']} to {last['model']}: {gained} points Safe, {lost} points Effective."
    known = judged[judged["safe_and_effective_rate"].notna()]
    if len(known):
        best = known.loc[known["safe_and_effective_rate"].idxmax()]
        named = f"{best['model']}, {percent(best['safe_and_effective_rate'])}"
        half = f"No run reaches 50% Safe & Effective (best: {named})."
        said += f" {half if best['safe_and_effective_rate'] < 0.5 else f'Best by Safe & Effective: {named}.'}"
    return who, said


def outcome_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The counts of each outcome, one row a judged run; outcomes that no run has are left out."""
    shown = {"Model": frame["model"]} | {
        outcome.label: frame[outcome.id]
        for outcome in OUTCOMES
        if outcome.id not in ("apart", "unplaced") or frame[outcome.id].any()
    }
    return pd.DataFrame(shown | {"Samples": frame["samples"]})


def unjudged_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The runs without both verdicts, with the rates that they have and why the others are missing."""
    rows = []
    for row in frame.to_dict("records"):
        counts = {label: (int(row[f"{name}_k"]), int(row[f"{name}_n"])) for name, label in RATES.items()}
        known = [f"{label} {rate_and_count(k, n)}" for label, (k, n) in counts.items() if n]
        lacking = [label for label in list(counts)[:2] if not counts[label][1]]
        why = f"{listed(lacking)} {missing(row['evidence'])}"
        rows.append((row["model"], why, "; ".join(known) or "no verdict of the generation task"))
    return pd.DataFrame(rows, columns=["Model", "Missing", "Rates"])


def unjudged_words(frame: pd.DataFrame) -> str:
    """How many runs are not judged by both; '' if none."""
    return f"{counted(len(frame), 'run')} not judged by both Safe and Effective: see Table." if len(frame) else ""


def export_table(frame: pd.DataFrame, provenance: Provenance) -> Table:
    """The judged runs for programs and papers: counts and fractions, outcomes, region, frontier."""
    columns = ["model", "label", "organization", "params_b", "open_weights", "evidence"]
    for name in RATES:
        columns += [f"{name}_{part}" for part in ("k", "n", "rate", "low", "high")]
    columns += [outcome.id for outcome in OUTCOMES] + ["samples", "region", "frontier", "share", "run_id"]
    data = frame[columns].rename(columns={"share": "frontier_share"}).reset_index(drop=True)
    return plain_table("tradeoff", f"SIUO, safe against effective, {provenance.board}", data, provenance)


def _with_interval(rate: float, low: float, high: float) -> str:
    return f"{100 * rate:.1f} ({interval(low, high)})" if interval(low, high) else "–"


def _frontier(on: bool, ranked: bool) -> str:
    return "yes" if on else "no" if ranked else "partial, not ranked"


def _rate(name: str, label: str) -> Column:
    heading = "Both" if name == "safe_and_effective" else label
    return Column(name, heading, f"{label}, %", lambda f: 100 * f[f"{name}_rate"], None, "number", _ONE_DIGIT)


def _interval(name: str, label: str) -> Column:
    parts = [f"{name}_{part}" for part in ("rate", "low", "high")]
    help = "Percent, with the 95% Wilson interval"
    return Column(name, label, help, lambda frame: rowwise(_with_interval, frame, *parts))


_ONE_DIGIT: Final[dict[str, Any]] = {"format": "%.1f"}
_ON_FRONTIER: Final = "Whether no other run of the board is at least as good in both rates and better in one"
_SHARE: Final = "% of 2,000 bootstraps of the samples in which the run is on the frontier"
_SIZE: Final = "Parameters in billions; – = not published"
_MODEL: Final = Column("model", "Model")
_BOOTSTRAPS: Final[dict[str, Any]] = {"format": "%.0f%%"}
BESIDE: Final = (
    _MODEL,
    *(_rate(name, label) for name, label in RATES.items()),
    Column("share", "On frontier", _SHARE, lambda frame: 100 * frame["share"], None, "number", _BOOTSTRAPS),
)
"""The columns beside the chart."""
COLUMNS: Final = (
    _MODEL,
    *(_interval(name, label) for name, label in RATES.items()),
    Column("frontier", "Frontier", _ON_FRONTIER, lambda frame: rowwise(_frontier, frame, "frontier", "counted")),
    Column("share", "% of bootstraps", _SHARE, lambda frame: 100 * frame["share"], None, "number", _ONE_DIGIT),
    Column("region", "Region", "", lambda frame: frame["region"].map(lambda region: REGIONS[region].label)),
    Column("params_b", "Size (B)", _SIZE, kind="number", options=_ONE_DIGIT),
    Column("open_weights", "Weights", "", weights_words),
)
"""The columns of the table."""
