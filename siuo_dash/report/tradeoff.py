"""The tables and figures of the trade-off page: runs on the chart, their outcomes, and runs that cannot be on it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.charts.bars import OUTCOMES
from siuo_dash.charts.tradeoff import REGIONS
from siuo_dash.report.columns import Column, rowwise
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.report.leaderboard import weights_words
from siuo_dash.text import fraction, interval, listed, missing, percent, rate_and_count

RATES: Final = {"safe": "Safe", "effective": "Effective", "safe_and_effective": "Safe & Effective"}


def with_shares(frame: pd.DataFrame, shares: pd.DataFrame | None) -> pd.DataFrame:
    """The runs with `share`, the share of draws on the frontier; NaN while it is not ready."""
    if shares is None or shares.empty:
        return frame.assign(share=float("nan"))
    return frame.merge(shares, on="run_id", how="left")


def key_figures(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(label, figure, explanation): how many runs are judged, who is on the frontier, and how sure that is."""
    judged = frame[frame["judged"]]
    on = judged[judged["frontier"]].sort_values("safe_rate", ascending=False)
    figures = [
        ("Judged for both", f"{len(judged)} of {len(frame)}", "runs of this view with both verdicts"),
        ("On the frontier", str(len(on)), listed(on["model"], 4, none="none of the runs of this view")),
    ]
    sure = judged[judged["share"] >= 0.05].sort_values("share", ascending=False)
    if len(sure):
        shares = [f"{model} {percent(share, 0)}" for model, share in zip(sure["model"], sure["share"], strict=True)]
        words = f"in 5 % or more of 2,000 draws of the samples: {listed(shares, 6)}"
        figures.append(("Perhaps on the frontier", str(len(sure)), words))
    return figures


def outcome_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The counts of each outcome, one row a judged run; outcomes that no run has are left out."""
    shown = {"Model": frame["model"]} | {
        outcome.label: frame[outcome.id]
        for outcome in OUTCOMES
        if outcome.id not in ("apart", "unplaced") or frame[outcome.id].any()
    }
    return pd.DataFrame(shown | {"Samples": frame["samples"]})


def unjudged_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The runs without both verdicts, with what is known of them and why the rest is not."""
    rows = []
    for row in frame.to_dict("records"):
        counts = {label: (int(row[f"{name}_k"]), int(row[f"{name}_n"])) for name, label in RATES.items()}
        known = [f"{label} {rate_and_count(k, n)}" for label, (k, n) in counts.items() if n]
        lacking = [label for label in list(counts)[:2] if not counts[label][1]]
        why = f"{listed(lacking)} {missing(row['evidence'])}"
        rows.append((row["model"], why, "; ".join(known) or "nothing of the generation task"))
    return pd.DataFrame(rows, columns=["Model", "Why", "What is known"])


def export_table(frame: pd.DataFrame, provenance: Provenance) -> Table:
    """The judged runs for programs and papers: counts and fractions, outcomes, region, frontier."""
    columns = ["model", "label", "organization", "params_b", "open_weights", "evidence"]
    for name in RATES:
        columns += [f"{name}_{part}" for part in ("k", "n", "rate", "low", "high")]
    columns += [outcome.id for outcome in OUTCOMES] + ["samples", "region", "frontier", "share", "run_id"]
    data = frame[columns].rename(columns={"share": "frontier_share"}).reset_index(drop=True)
    return plain_table("tradeoff", f"SIUO, safe against effective, {provenance.board}", data, provenance)


def _beside(low: float, high: float, k: float, n: float) -> str:
    return f"{interval(low, high)} · {fraction(k, n)}" if n else ""


def _frontier(on: bool, ranked: bool) -> str:
    return "yes" if on else "no" if ranked else "partial, not ranked"


def _rate(name: str, label: str) -> Column:
    return Column(name, f"{label} %", "", lambda f: 100 * f[f"{name}_rate"], None, "number", {"format": "%.2f"})


def _interval(name: str, label: str) -> Column:
    parts = [f"{name}_{part}" for part in ("low", "high", "k", "n")]
    return Column(name, f"{label}: interval, count", "", lambda frame: rowwise(_beside, frame, *parts))


_ONE_DIGIT: Final = {"format": "%.1f"}
_FRONTIER: Final = "Whether no other run of the board beats it in both rates"
_DRAWS: Final = "Share of 2,000 bootstrap draws of the samples in which the run is on the frontier"
_SIZE: Final = "Parameters in billions; – = not published"
COLUMNS: Final = (
    Column("model", "Model"),
    *(_rate(name, label) for name, label in RATES.items()),
    Column("frontier", "Frontier", _FRONTIER, lambda frame: rowwise(_frontier, frame, "frontier", "counted")),
    Column("share", "In draws %", _DRAWS, lambda frame: 100 * frame["share"], None, "number", _ONE_DIGIT),
    Column("region", "Region", "", lambda frame: frame["region"].map(lambda region: REGIONS[region].label)),
    *(_interval(name, label) for name, label in RATES.items()),
    Column("params_b", "Size (B)", _SIZE, kind="number", options=_ONE_DIGIT),
    Column("open_weights", "Weights", "", weights_words),
)
