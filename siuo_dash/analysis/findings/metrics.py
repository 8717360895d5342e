"""The metrics against each other: safety that is refusal, and multiple choice against generation."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.findings.statement import (
    BoardView,
    Figure,
    Link,
    Statement,
    cannot,
    correlation,
    count,
    number,
    rate,
    share,
)
from siuo_dash.analysis.stats.association import spearman
from siuo_dash.analysis.stats.means import paired_mean
from siuo_dash.analysis.tradeoff import outcome_counts
from siuo_dash.benchmark.schema import MCQA_CHANCE, METRICS, Metric
from siuo_dash.text import counted, listed, ordinal, percent

LEAST_RUNS: Final = 4
_REFUSAL: Final = (
    "“Not effective” is read from the verdicts: it takes in refusals, evasions and bad answers alike. "
    "Refusals themselves were not labelled."
)


def refusal(view: BoardView) -> list[Statement]:
    """How many safe samples are not effective: of the safest run, over the board, and what that does to the order."""
    link = view.link("tradeoff", "Safe vs effective", METRICS["safe"])
    runs = _safe_runs(view)
    if runs.empty:
        return [cannot("refusal", _no_refusal(view.ranked("safe")), n="no run", link=link)]
    return [_safest(runs.iloc[0].to_dict(), link), *_over_runs(runs, link), *_order(view, link)]


def _no_refusal(ranked: pd.DataFrame) -> str:
    """Why nothing can be said about refusal; ranked: the board's runs by Safe."""
    effective, both = ((ranked[f"{name}_n"] > 0) for name in ("effective", "safe_and_effective"))
    why = "no ranked run of this board is judged by both Safe and Effective"
    if effective.any():
        why = "no ranked run of this board has a published count of samples that are both safe and effective"
    elif both.any():
        why += f" ({counted(int(both.sum()), 'run has', 'runs have')} a Safe & Effective rate alone)"
    return f"Safety by refusal cannot be separated from safety that helps: {why}."


def _safe_runs(view: BoardView) -> pd.DataFrame:
    """The board's runs by Safe, best first, with `unhelpful` of `safe_placed` safe samples that are not effective."""
    runs = view.ranked("safe").merge(outcome_counts(view.store, view.board.id), on="run_no", how="inner")
    runs = runs[runs["samples"].notna()]
    placed = runs["both"] + runs["apart"] + runs["safe_only"]
    runs = runs.assign(safe_placed=placed.astype(int), unhelpful=runs["safe_only"].astype(int))
    runs = runs[(runs["effective_n"] >= runs["expected_samples"]) & (runs["safe_placed"] > 0)]
    return runs.assign(share=runs["unhelpful"] / runs["safe_placed"]).reset_index(drop=True)


def _safest(run: dict[Any, Any], link: Link) -> Statement:
    figure = _unhelpful(run)
    sentence = (
        f"Of the {run['safe_placed']} safe samples of {run['model']}, the safest run, {run['unhelpful']} are not "
        f"effective ({percent(run['share'])})."
    )
    if figure.interval is not None and figure.interval.low > 0.5:
        sentence += " Most of its safety does not help."
    elif figure.interval is not None and figure.interval.high < 0.5:
        sentence += " Most of its safe answers help as well."
    return Statement("refusal", sentence, f"{run['safe_placed']} safe samples", (figure,), _REFUSAL, link)


def _over_runs(runs: pd.DataFrame, link: Link) -> list[Statement]:
    if len(runs) < 2:
        return []
    most = runs.sort_values(["share", "model"], ascending=[False, True]).iloc[0].to_dict()
    least = runs.sort_values(["share", "model"]).iloc[0].to_dict()
    figures = [_unhelpful(most)]
    if most["share"] == least["share"]:
        sentence = f"In every run the same share of the safe samples, {percent(most['share'])}, is not effective."
    else:
        figures.append(_unhelpful(least))
        sentence = (
            f"Of a run's safe samples, between {percent(least['share'])} ({least['model']}) and "
            f"{percent(most['share'])} ({most['model']}) are not effective; the median is "
            f"{percent(runs['share'].median())}."
        )
    found = spearman(runs["safe_rate"], runs["effective_rate"])
    if found is not None and found.interval is not None:
        figures.append(correlation("Spearman's rho, Safe and Effective", found, "runs"))
        rho = f"(rho {number(found.rho, 'rho')})"
        if found.interval.contains(0):
            sentence += f" Over the runs, Safe and Effective show no clear order {rho}."
        else:
            sentence += f" Over the runs, the safer are the {'less' if found.rho < 0 else 'more'} effective {rho}."
    return [Statement("refusal-range", sentence, count(len(runs), "run"), tuple(figures), _REFUSAL, link)]


def _order(view: BoardView, link: Link) -> list[Statement]:
    """The place of the safest run once its safety must also help."""
    name = "safe_and_effective"
    safe, both = view.ranked("safe"), view.ranked(name)
    if len(both) < 2 or safe.empty:
        return []
    place = both[both["run_id"] == safe["run_id"].iloc[0]]
    if place.empty:
        return []
    row, leader = place.iloc[0].to_dict(), both.iloc[0].to_dict()
    figures = [rate(leader, name)] + ([rate(row, name)] if row["run_id"] != leader["run_id"] else [])
    own = percent(row[f"{name}_rate"])
    if row["rank"] == 1:
        sentence = f"{row['model']}, first by Safe, is first by Safe & Effective too ({own})."
    else:
        sentence = (
            f"{row['model']}, first by Safe, is {ordinal(int(row['rank']))} of {len(both)} by Safe & Effective "
            f"({own}); {leader['model']} leads there with {percent(leader[f'{name}_rate'])}."
        )
    caveat = "Places are by rate; the leaderboard shows how far each could move."
    return [Statement("refusal-order", sentence, count(len(both), "run"), tuple(figures), caveat, link)]


def _unhelpful(run: dict[Any, Any]) -> Figure:
    k, n = int(run["unhelpful"]), int(run["safe_placed"])
    return share(f"{run['model']}, safe but not effective", k, n, "safe samples")


def mcqa(view: BoardView) -> list[Statement]:
    """Whether the tasks order the runs alike, how far apart they are, and who does no better than guessing."""
    metric = view.generation
    runs = view.ranked(metric.id)
    runs = runs[(runs["mcqa_n"] > 0) & (runs["mcqa_n"] >= runs["expected_samples"])].reset_index(drop=True)
    link = view.link("leaderboard", "Leaderboard by multiple choice", METRICS["mcqa"])
    n = count(len(runs), "run")
    if len(runs) < LEAST_RUNS:
        why = f"{n.capitalize()} of this board did both tasks in full; {LEAST_RUNS} are needed to compare the tasks."
        found = [cannot("mcqa", why, n=n, link=link)]
    else:
        found = [_alike(metric, runs, n, link), _gap(metric, runs, n, link)]
    return [*found, *([_guessing(runs, n, link)] if len(runs) else [])]


def _alike(metric: Metric, runs: pd.DataFrame, n: str, link: Link) -> Statement:
    found = spearman(runs["mcqa_rate"], runs[f"{metric.id}_rate"])
    if found is None or found.interval is None:
        why = f"Multiple choice or {metric.label} does not vary enough for a rank correlation."
        return cannot("mcqa", why, n=n, link=link)
    rho = number(found.rho, "rho")
    if found.interval.contains(0):
        sentence = (
            f"Multiple choice does not show how the runs rank by {metric.label}: Spearman's rho is {rho}, and its "
            "interval includes 0."
        )
    else:
        how = "much alike" if found.rho > 0 else "against each other"
        sentence = f"Multiple choice and {metric.label} order the runs {how} (Spearman's rho {rho})."
    choice, generation = (
        runs.sort_values([f"{name}_rate", "model"], ascending=[False, True]).iloc[0].to_dict()
        for name in ("mcqa", metric.id)
    )
    if choice["run_id"] != generation["run_id"]:
        sentence += f" {choice['model']} leads in multiple choice, {generation['model']} in generation."
    figures = (
        correlation(f"Spearman's rho, multiple choice and {metric.label}", found, "runs"),
        rate(choice, "mcqa"),
        rate(generation, metric.id),
    )
    caveat = "Only runs that did both tasks in full count; with so few runs the correlation is rough."
    return Statement("mcqa", sentence, n, figures, caveat, link)


def _gap(metric: Metric, runs: pd.DataFrame, n: str, link: Link) -> Statement:
    choice, generation = runs["mcqa_rate"], runs[f"{metric.id}_rate"]
    found = paired_mean(choice - generation)
    if found is None or found.interval is None:
        why = f"The runs do not differ in how far multiple choice is from {metric.label}."
        return cannot("mcqa-gap", why, n=n, link=link)
    means = f"{percent(choice.mean())} against {percent(generation.mean())}"
    if found.interval.contains(0):
        how = f"multiple choice and {metric.label} do not differ significantly"
    else:
        how = f"multiple choice is {'above' if found.difference > 0 else 'below'} {metric.label}"
    label, method = f"Multiple choice minus {metric.label}", "Student's t over runs"
    figure = Figure(label, "points", found.difference, found.interval, len(runs), "runs", method=method)
    caveat = (
        "The tasks are scored differently: guessing gives 25% in multiple choice, and no such floor exists in "
        "generation."
    )
    return Statement("mcqa-gap", f"On average over the runs, {how}: {means}.", n, (figure,), caveat, link)


def _guessing(runs: pd.DataFrame, n: str, link: Link) -> Statement:
    """Who does no better than drawing one of four letters."""
    unclear = runs[(runs["mcqa_low"] <= MCQA_CHANCE) & (runs["mcqa_high"] >= MCQA_CHANCE)]
    below = int((runs["mcqa_high"] < MCQA_CHANCE).sum())
    if len(runs) == 1:
        how = "no better than" if len(unclear) else "worse than" if below else "better than"
        sentence = f"{runs['model'].iloc[0]} is {how} guessing in multiple choice (25%)."
    else:
        of = f"{len(unclear) or 'None'} of {n} {'is' if len(unclear) == 1 else 'are'}"
        sentence = f"{of} no better than guessing in multiple choice: the interval includes 25%"
        sentence += f" ({listed(unclear['model'], 5)})." if 0 < len(unclear) < len(runs) else "."
        if below:
            sentence += f" {count(below, 'run')} {'is' if below == 1 else 'are'} below it."
    worst = runs.sort_values(["mcqa_rate", "model"]).iloc[0].to_dict()
    figures = (share("No better than guessing", len(unclear), len(runs), "runs"), rate(worst, "mcqa"))
    caveat = "A run counts as no better than guessing when its Wilson 95% interval includes 25%, each run on its own."
    return Statement("mcqa-guessing", sentence, n, figures, caveat, link)
