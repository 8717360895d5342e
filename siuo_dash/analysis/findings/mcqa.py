"""Multiple choice against generation: do the two tasks say the same of a model?"""

from __future__ import annotations

from typing import Any

import pandas as pd

from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene, ranked_runs
from siuo_dash.analysis.findings.statement import Figure, Link, Statement, cannot
from siuo_dash.analysis.stats.association import spearman
from siuo_dash.analysis.stats.means import paired_mean
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.benchmark.schema import MCQA_CHANCE, METRICS

TITLE = "Multiple choice and generation"
LEAST_RUNS = 4


def statements(scene: Scene) -> list[Statement]:
    """Whether the tasks order the runs alike, how far apart they are, and who does no better than guessing."""
    metric = scene.generation
    runs = ranked_runs(scene.store, scene.board, metric)
    runs = runs[(runs["mcqa_n"] > 0) & (runs["mcqa_n"] >= runs["expected_samples"])].reset_index(drop=True)
    link = scene.link("leaderboard", "Leaderboard by multiple choice", METRICS["mcqa"])
    if len(runs) < LEAST_RUNS:
        why = f"{words.sentence(words.count(len(runs), 'run'))} of this board did both tasks in full; {LEAST_RUNS} are needed to compare the tasks."
        found = [cannot("mcqa", why, n=words.count(len(runs), "run"), link=link)]
    else:
        found = [_order(scene, runs, link), _gap(scene, runs, link)]
    return [*found, *([_guessing(runs, link)] if len(runs) else [])]


def _order(scene: Scene, runs: pd.DataFrame, link: Link) -> Statement:
    name = scene.generation
    n = words.count(len(runs), "run")
    rho = spearman(runs["mcqa_rate"], runs[f"{name.id}_rate"])
    if rho is None or rho.interval is None:
        return cannot(
            "mcqa", f"Multiple choice or {name.label} does not vary enough for a rank correlation.", n=n, link=link
        )
    if rho.interval.low > 0 or rho.interval.high < 0:
        how = "much alike" if rho.rho > 0 else "against each other"
        sentence = f"Multiple choice and {name.label} order the runs {how} (Spearman's rho {words.rho(rho.rho)})."
    else:
        sentence = f"Multiple choice does not show how the runs rank by {name.label}: Spearman's rho is {words.rho(rho.rho)}, and its interval holds 0."  # fmt: skip
    choice, generation = (runs.sort_values([f"{id}_rate", "model"], ascending=[False, True]).iloc[0] for id in ("mcqa", name.id))  # fmt: skip
    if choice["run_id"] != generation["run_id"]:
        sentence += f" {choice['model']} leads in multiple choice, {generation['model']} in generation."
    figures = (
        Figure(f"Spearman's rho, multiple choice and {name.label}", "rho", rho.rho, rho.interval, rho.n, "runs", method="Bonett–Wright"),
        _rate(choice.to_dict(), "mcqa"),
        _rate(generation.to_dict(), name.id),
    )  # fmt: skip
    caveat = "Only runs that did both tasks in full count; with so few runs the correlation is rough."
    return Statement("mcqa", sentence, n, figures, caveat, link)


def _gap(scene: Scene, runs: pd.DataFrame, link: Link) -> Statement:
    name = scene.generation
    n = words.count(len(runs), "run")
    found = paired_mean(runs["mcqa_rate"] - runs[f"{name.id}_rate"])
    if found is None or found.interval is None:
        return cannot(
            "mcqa-gap", f"The runs do not differ in how far multiple choice is from {name.label}.", n=n, link=link
        )
    means = f"{words.percent(runs['mcqa_rate'].mean())} against {words.percent(runs[f'{name.id}_rate'].mean())}"
    if found.interval.contains(0):
        sentence = f"On average over the runs, multiple choice and {name.label} are not told apart: {means}."
    else:
        sentence = f"On average over the runs, multiple choice is {'above' if found.difference > 0 else 'below'} {name.label}: {means}."  # fmt: skip
    figure = Figure(f"Multiple choice minus {name.label}", "points", found.difference, found.interval, len(runs), "runs", method="Student's t over runs")  # fmt: skip
    caveat = "The tasks are scored differently: guessing gives 25 % in multiple choice, and no such floor exists in generation."
    return Statement("mcqa-gap", sentence, n, (figure,), caveat, link)


def _guessing(runs: pd.DataFrame, link: Link) -> Statement:
    """Who cannot be told from drawing one of four letters."""
    n = len(runs)
    unclear = runs[(runs["mcqa_low"] <= MCQA_CHANCE) & (runs["mcqa_high"] >= MCQA_CHANCE)]
    below = int((runs["mcqa_high"] < MCQA_CHANCE).sum())
    of = f"{len(unclear) or 'None'} of {words.count(n, 'run')}"
    sentence = f"{of} cannot be told from guessing in multiple choice (25 %)"
    sentence += f": {words.names(unclear['model'].tolist())}." if 0 < len(unclear) < n else "."
    if n == 1:
        told = "cannot" if len(unclear) else "can"
        sentence = f"{runs['model'].iloc[0]} {told} be told from guessing in multiple choice (25 %)."
    if below:
        sentence += f" {words.count(below, 'run')} {'is' if below == 1 else 'are'} below it."
    worst = runs.sort_values(["mcqa_rate", "model"]).iloc[0].to_dict()
    figures = (
        Figure("Not told from guessing", "percent", len(unclear) / n, wilson(len(unclear), n), n, "runs", len(unclear), "Wilson over runs"),
        _rate(worst, "mcqa"),
    )  # fmt: skip
    caveat = "A run counts as not told from guessing when its Wilson 95 % interval holds 25 %, each run on its own."
    return Statement("mcqa-guessing", sentence, words.count(n, "run"), figures, caveat, link)


def _rate(run: dict[Any, Any], metric: str) -> Figure:
    k, n = int(run[f"{metric}_k"]), int(run[f"{metric}_n"])
    return Figure(f"{run['model']}, {METRICS[metric].label}", "percent", k / n, wilson(k, n), n, k=k, method="Wilson")
