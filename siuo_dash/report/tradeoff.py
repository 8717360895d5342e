"""The tables and figures of the trade-off page: runs on the chart, their outcomes, and runs that cannot be on it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.charts.bars import OUTCOMES
from siuo_dash.charts.tradeoff import REGIONS
from siuo_dash.report.export import Provenance, Table, plain_table
from siuo_dash.text import fraction, interval, missing, percent

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
        ("On the frontier", str(len(on)), _names(on["model"].tolist()) or "none of the runs of this view"),
    ]
    sure = judged[judged["share"] >= 0.05].sort_values("share", ascending=False)
    if len(sure):
        shares = [f"{model} {percent(share, 0)}" for model, share in zip(sure["model"], sure["share"], strict=True)]
        words = f"in 5 % or more of 2,000 draws of the samples: {_names(shares, 6)}"
        figures.append(("Perhaps on the frontier", str(len(sure)), words))
    return figures


def screen_table(frame: pd.DataFrame) -> pd.DataFrame:
    """The judged runs as the page shows them: one column a label, rates in percent with interval and count."""
    shown: dict[str, object] = {"Model": frame["model"]}
    shown |= {f"{label} %": 100 * frame[f"{name}_rate"] for name, label in RATES.items()}
    shown["Frontier"] = [
        "yes" if on else "no" if counted else "partial, not ranked"
        for on, counted in zip(frame["frontier"], frame["counted"], strict=True)
    ]
    shown["In draws %"] = 100 * frame["share"]
    shown["Region"] = [REGIONS[region].label for region in frame["region"]]
    for name, label in RATES.items():
        parts = zip(*(frame[f"{name}_{part}"] for part in ("low", "high", "k", "n")), strict=True)
        shown[f"{label}: interval, count"] = [
            f"{interval(low, high)} · {fraction(k, n)}" if n else "" for low, high, k, n in parts
        ]
    shown["Size (B)"] = frame["params_b"]
    shown["Weights"] = frame["open_weights"].map({True: "open", False: "closed"}).fillna("not stated")
    return pd.DataFrame(shown)


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
        known = [f"{label} {percent(row[f'{name}_rate'])} ({fraction(row[f'{name}_k'], row[f'{name}_n'])})" for name, label in RATES.items() if row[f"{name}_n"]]  # fmt: skip
        lacking = [label for name, label in list(RATES.items())[:2] if not row[f"{name}_n"]]
        why = f"{' and '.join(lacking)} {missing(row['evidence'])}"
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


def _names(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
