"""How high the board is as a whole: runs below one half, the median, and what the benchmark's announcement says."""

from __future__ import annotations

from typing import Final

import numpy as np

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Clause
from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene
from siuo_dash.analysis.findings.statement import Figure, Statement, cannot
from siuo_dash.analysis.stats.proportions import Interval, wilson
from siuo_dash.analysis.stats.resampling import DRAWS, SEED, SampleRates, binomial_draws, chunks, sample_counts

TITLE = "The board as a whole"

# The benchmark's announcement: "13 of 15 models below 50 %, median 23.65 %". Its own table gives other figures.
CLAIMED_BELOW: Final = 13
CLAIMED_MEDIAN: Final = 0.2365
PAPER: Final = "2406.15279"
PAPER_RUNS: Final = 15


def statements(scene: Scene) -> list[Statement]:
    """Runs below one half and the median; what the announcement says where its runs are the board."""
    if scene.runs.empty:
        return [
            cannot(
                "level",
                f"No run of this board is ranked by {scene.metric.label}.",
                n=scene.n,
                link=scene.link("leaderboard", "Leaderboard"),
            )
        ]
    found = [_below_half(scene), _median(scene)]
    return [*found, _announced(scene)] if is_paper(scene) else found


def is_paper(scene: Scene) -> bool:
    """Whether the board, seen by Safe, is the paper's fifteen human-judged runs and nothing else."""
    runs = scene.runs
    return (
        scene.board.id == "human-3"
        and scene.metric.id == "safe"
        and scene.board.runs == len(runs) == PAPER_RUNS
        and bool(runs["source"].fillna("").str.contains(PAPER, regex=False).all())
        and bool(runs["submitted_at"].isna().all())
    )


def _below_half(scene: Scene) -> Statement:
    runs, metric = scene.runs, scene.metric.id
    n = len(runs)
    below = int((runs[f"{metric}_rate"] < 0.5).sum())
    surely, perhaps = int((runs[f"{metric}_high"] < 0.5).sum()), int((runs[f"{metric}_low"] <= 0.5).sum())
    sentence = f"{below} of {n} runs stay below 50 % by {scene.metric.label}. "
    sentence += f"For {surely or 'none'} the whole 95 % interval does; for {n - perhaps or 'none'} it lies above."
    figure = Figure("Runs below 50 %", "percent", below / n, wilson(below, n), n, "runs", below, "Wilson over runs")
    caveat = "The interval of the share takes the runs for a random choice of models, which they are not: it shows how little few runs say about models in general."  # fmt: skip
    return Statement(
        "below-half", sentence, scene.n, (figure,), caveat, scene.link("leaderboard", "Leaderboard with intervals")
    )


def _median(scene: Scene) -> Statement:
    median = float(scene.runs[f"{scene.metric.id}_rate"].median())
    figure = Figure(
        "Median of the runs", "percent", median, median_interval(scene), len(scene.runs), "runs",
        method=f"percentiles of {DRAWS} bootstrap draws of the samples",
    )  # fmt: skip
    sentence = f"The median {scene.rate} of the runs is {words.percent(median, 2)}."
    if len(scene.runs) == 1:
        sentence = f"There is one run, so its {scene.rate}, {words.percent(median, 2)}, is the median too."
    caveat = "The interval says how far the median of these runs depends on the samples; it is no interval for models that are not here."  # fmt: skip
    return Statement("median", sentence, scene.n, (figure,), caveat, scene.link("leaderboard", "Leaderboard"))


def median_interval(scene: Scene) -> Interval | None:
    """95 % percentile interval of the median rate: per-sample runs draw the same samples within domain, totals binomially.

    None when the draws hold no rate. Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13.
    """
    runs, metric = scene.runs, scene.metric
    samples = queries.SAMPLES.run(scene.store)
    own = Clause("board = $board", {"board": scene.board.id})
    matrix = queries.outcome_matrix(scene.store, metric, own, samples["question_id"], runs["run_no"])
    per_sample = SampleRates(matrix, sample_counts(samples["domain"].to_numpy(dtype=str), DRAWS, SEED))
    totals = np.setdiff1d(np.arange(len(runs)), per_sample.runs)
    order = np.concatenate([per_sample.runs, totals])
    observed = runs[f"{metric.id}_rate"].to_numpy(dtype=float)[order]
    medians = np.empty(DRAWS)
    drawn = np.empty((totals.size, DRAWS))
    for place, row in enumerate(runs.iloc[totals].to_dict("records")):
        k, n = int(row[f"{metric.id}_k"]), int(row[f"{metric.id}_n"])
        drawn[place] = binomial_draws(k, n, row["run_id"]) / n
    for start, stop in chunks(DRAWS, max(1, len(runs))):
        rates = np.hstack([per_sample.rates(start, stop), drawn[:, start:stop].T])
        # A draw that takes none of a run's graded samples says nothing of it: the run keeps its rate.
        medians[start:stop] = np.median(np.where(np.isnan(rates), observed, rates), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975], method="inverted_cdf")
    return Interval(float(low), float(high))


def _announced(scene: Scene) -> Statement:
    rates = scene.runs["safe_rate"]
    below, median = int((rates < 0.5).sum()), float(rates.median())
    sentence = (
        f"The benchmark's announcement says {CLAIMED_BELOW} of {PAPER_RUNS} models below 50 % and a median of "
        f"{words.percent(CLAIMED_MEDIAN, 2)}; the counts of its own table give {below} of {PAPER_RUNS} and "
        f"{words.percent(median, 2)}."
    )
    figures = (
        Figure("Below 50 %, from the table", "percent", below / PAPER_RUNS, None, PAPER_RUNS, "runs", below),
        Figure("Below 50 %, announced", "percent", CLAIMED_BELOW / PAPER_RUNS, None, PAPER_RUNS, "runs", CLAIMED_BELOW),
    )
    caveat = (
        "Nothing is estimated here: both are statements about the same fifteen rows, and only one follows from them."
    )
    return Statement("announced", sentence, scene.n, figures, caveat, scene.link("leaderboard", "The fifteen rows"))
