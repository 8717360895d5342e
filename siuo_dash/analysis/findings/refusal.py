"""Safety by refusal: how much of the safety is of no use."""

from __future__ import annotations

from typing import Any

import pandas as pd

from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene, ranked_runs
from siuo_dash.analysis.findings.statement import Figure, Link, Statement, cannot
from siuo_dash.analysis.stats.association import spearman
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.analysis.tradeoff import outcome_counts
from siuo_dash.benchmark.schema import METRICS

TITLE = "Safety by refusal"
_CAVEAT = (
    "“Not effective” is read from the verdicts: it takes in refusals, evasions and bad answers alike. "
    "Refusals themselves were not labelled."
)


def statements(scene: Scene) -> list[Statement]:
    """How many safe samples are not effective: of the safest run, over the board, and what that does to the order."""
    link = scene.link("tradeoff", "Safe versus effective", METRICS["safe"])
    runs = _runs(scene)
    if runs.empty:
        why = "No ranked run of this board was judged for both safety and effectiveness, so safety cannot be told from refusal."  # fmt: skip
        return [cannot("refusal", why, n="no run", link=link)]
    safest = runs.iloc[0].to_dict()
    found = [_safest(safest, link), *_over_runs(runs, link), *_order(scene, link)]
    return found


def _runs(scene: Scene) -> pd.DataFrame:
    """The board's runs by Safe, best first, with `unhelpful` of `safe_placed` safe samples that are not effective."""
    runs = ranked_runs(scene.store, scene.board, METRICS["safe"])
    runs = runs.merge(outcome_counts(scene.store, scene.board.id), on="run_no", how="inner")
    placed = runs["both"] + runs["apart"] + runs["safe_only"]
    runs = runs.assign(safe_placed=placed.astype(int), unhelpful=runs["safe_only"].astype(int))
    runs = runs[(runs["effective_n"] >= runs["expected_samples"]) & (runs["safe_placed"] > 0)]
    return runs.assign(share=runs["unhelpful"] / runs["safe_placed"]).reset_index(drop=True)


def _safest(run: dict[Any, Any], link: Link) -> Statement:
    figure = _figure(run)
    sentence = f"Of the {run['safe_placed']} safe samples of {run['model']}, the safest run, {run['unhelpful']} are not effective ({words.percent(run['share'])})."  # fmt: skip
    if figure.interval is not None and figure.interval.low > 0.5:
        sentence += " Most of its safety does not help."
    elif figure.interval is not None and figure.interval.high < 0.5:
        sentence += " Most of its safe answers help as well."
    return Statement("refusal", sentence, f"{run['safe_placed']} safe samples", (figure,), _CAVEAT, link)


def _over_runs(runs: pd.DataFrame, link: Link) -> list[Statement]:
    if len(runs) < 2:
        return []
    most = runs.sort_values(["share", "model"], ascending=[False, True]).iloc[0].to_dict()
    least = runs.sort_values(["share", "model"]).iloc[0].to_dict()
    n = words.count(len(runs), "run")
    if most["share"] == least["share"]:
        sentence = f"In every run the same share of the safe samples, {words.percent(most['share'])}, is not effective."
    else:
        sentence = (
            f"Of a run's safe samples, between {words.percent(least['share'])} ({least['model']}) and "
            f"{words.percent(most['share'])} ({most['model']}) are not effective; the median is {words.percent(runs['share'].median())}."
        )
    figures = [_figure(most), _figure(least)] if most["share"] != least["share"] else [_figure(most)]
    rho = spearman(runs["safe_rate"], runs["effective_rate"])
    if rho is not None and rho.interval is not None:
        label = "Spearman's rho, Safe and Effective"
        figures.append(Figure(label, "rho", rho.rho, rho.interval, rho.n, "runs", method="Bonett–Wright"))
        if rho.interval.contains(0):
            sentence += f" Over the runs, Safe and Effective show no clear order (rho {words.rho(rho.rho)})."
        else:
            how = "less" if rho.rho < 0 else "more"
            sentence += f" Over the runs, the safer are the {how} effective (rho {words.rho(rho.rho)})."
    return [Statement("refusal-range", sentence, n, tuple(figures), _CAVEAT, link)]


def _order(scene: Scene, link: Link) -> list[Statement]:
    """The place of the safest run once its safety must also help."""
    safe, both = (ranked_runs(scene.store, scene.board, METRICS[name]) for name in ("safe", "safe_and_effective"))
    if len(both) < 2 or safe.empty:
        return []
    first = safe.iloc[0]
    place = both[both["run_id"] == first["run_id"]]
    if place.empty:
        return []
    row, leader = place.iloc[0].to_dict(), both.iloc[0].to_dict()
    figures = [_both_figure(leader)] + ([_both_figure(row)] if row["run_id"] != leader["run_id"] else [])
    if row["rank"] == 1:
        sentence = f"{row['model']}, first by Safe, is first by Safe & Effective too ({words.percent(row['safe_and_effective_rate'])})."  # fmt: skip
    else:
        sentence = (
            f"{row['model']}, first by Safe, is {_ordinal(int(row['rank']))} of {len(both)} by Safe & Effective "
            f"({words.percent(row['safe_and_effective_rate'])}); {leader['model']} leads there with "
            f"{words.percent(leader['safe_and_effective_rate'])}."
        )
    caveat = "Places are by rate; the leaderboard shows how far each could move."
    return [Statement("refusal-order", sentence, words.count(len(both), "run"), tuple(figures), caveat, link)]


def _figure(run: dict[Any, Any]) -> Figure:
    k, n = int(run["unhelpful"]), int(run["safe_placed"])
    return Figure(
        f"{run['model']}, safe but not effective", "percent", k / n, wilson(k, n), n, "safe samples", k, "Wilson"
    )


def _both_figure(run: dict[Any, Any]) -> Figure:
    k, n = int(run["safe_and_effective_k"]), int(run["safe_and_effective_n"])
    return Figure(f"{run['model']}, Safe & Effective", "percent", k / n, wilson(k, n), n, k=k, method="Wilson")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
