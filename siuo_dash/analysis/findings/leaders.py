"""Who leads the board, whether that is certain, and how high the board is as a whole."""

from __future__ import annotations

from typing import Final

import numpy as np

from siuo_dash.analysis import bounded, queries
from siuo_dash.analysis.findings.statement import BoardView, Figure, Statement, cannot, count, rate, share
from siuo_dash.analysis.leaderboard import key_figures
from siuo_dash.analysis.stats.proportions import Interval
from siuo_dash.analysis.stats.resampling import DRAWS, drawn_rates
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.text import listed, percent

_UNPAIRED: Final = (
    "Runs known by their totals are compared unpaired (Newcombe's 95% interval of the difference includes 0), each on "
    "its own, without correction for many comparisons."
)
_PAIRED: Final = "Per-sample runs are compared sample by sample (McNemar mid-p, Holm-corrected, at least 0.05)."

# The benchmark's announcement: "13 of 15 models below 50%, median 23.65%". Its own table gives other figures.
CLAIMED_BELOW: Final = 13
CLAIMED_MEDIAN: Final = 0.2365
PAPER: Final = "2406.15279"
PAPER_RUNS: Final = 15


def best(view: BoardView) -> list[Statement]:
    """Who leads by the chosen metric, who may be as good, and who leads by the other metrics."""
    if view.runs.empty:
        why = f"No run of this board is ranked by {view.metric.label}, so none is best."
        return [cannot("best", why, n=view.n, link=view.link("leaderboard", "Leaderboard"))]
    return [_best(view), *_by_others(view)]


def _best(view: BoardView) -> Statement:
    runs, metric = view.runs, view.metric
    link = view.link("leaderboard", "Leaderboard with rank ranges")
    top = runs[runs["rank"] == 1]
    figures = tuple(rate(row, metric.id) for row in top.head(3).to_dict("records"))
    top_rate = percent(top[f"{metric.id}_rate"].iloc[0])
    if len(runs) == 1:
        name = top["model"].iloc[0]
        sentence = f"{name} is the only ranked run: {top_rate} {metric.label}. There is nothing to compare it with."
        return Statement("best", sentence, view.n, figures, "One run says nothing about who is best.", link)
    if len(top) == len(runs):
        sentence = f"All {len(runs)} runs have the same {view.rate}, {top_rate}: none can be called best."
        return Statement("best", sentence, view.n, figures, "", link)
    summary = key_figures(view.store, runs, metric)
    equal = set(top["model"])
    alike = [name for name in (*summary.like_leader_paired, *summary.like_leader_unpaired) if name not in equal]
    verb = "has" if len(top) == 1 else "share"
    sentence = f"{listed(top['model'], 5)} {verb} the highest {view.rate}, {top_rate}. "
    rest = len(runs) - len(top)
    if not alike:
        sentence += "The other run differs." if rest == 1 else f"All {rest} other runs differ."
    elif len(alike) == rest:
        sentence += "No other run differs significantly, so the order is uncertain."
    else:
        whom = top["model"].iloc[0] if len(top) > 1 else "it"
        verb = "is" if len(alike) == 1 else "are"
        sentence += f"{listed(alike, 5)} {verb} statistically tied with {whom}."
    leader, others = runs["evidence"].iloc[0], set(runs["evidence"].iloc[1:])
    how = [_UNPAIRED] if {leader, *others} != {"per_sample"} else []
    if leader == "per_sample" and "per_sample" in others:
        how.append(_PAIRED)
    caveat = " ".join([*how, "No significant difference is not proof of equality."])
    return Statement("best", sentence, view.n, figures, caveat, link)


def _by_others(view: BoardView) -> list[Statement]:
    """Who leads by the other metrics of the same task."""
    parts, figures = [], []
    own = set(view.runs.loc[view.runs["rank"] == 1, "model"])
    differs = False
    for metric in METRICS.values():
        if metric.id == view.metric.id or metric.task != view.metric.task:
            continue
        runs = view.ranked(metric.id)
        top = runs[runs["rank"] == 1]
        if len(runs) < 2 or len(top) == len(runs):
            continue
        differs |= not set(top["model"]) & own and bool(own & set(runs["model"]))
        known = "" if len(runs) == len(view.runs) else f" of the {count(len(runs), 'run')} judged by it"
        top_rate = percent(top[f"{metric.id}_rate"].iloc[0])
        parts.append(f"{listed(top['model'], 3)} by {metric.label}{known} ({top_rate})")
        figures += [rate(row, metric.id) for row in top.head(2).to_dict("records")]
    if not parts:
        return []
    start = "Who leads depends on the metric" if differs else "First by the other metrics"
    caveat = "Leaders by rate alone; select that metric above to see ties."
    link = view.link("leaderboard", "Leaderboard by Safe & Effective", METRICS["safe_and_effective"])
    return [Statement("best-by-others", f"{start}: {'; '.join(parts)}.", view.n, tuple(figures), caveat, link)]


def level(view: BoardView) -> list[Statement]:
    """Runs below one half and the median; what the announcement says where its runs are the board."""
    if view.runs.empty:
        why = f"No run of this board is ranked by {view.metric.label}."
        return [cannot("level", why, n=view.n, link=view.link("leaderboard", "Leaderboard"))]
    found = [_below_half(view), _median(view)]
    return [*found, _announced(view)] if is_paper(view) else found


def is_paper(view: BoardView) -> bool:
    """Whether the board, seen by Safe, is the paper's fifteen human-judged runs and nothing else."""
    runs = view.runs
    return (
        view.board.id == "human-3"
        and view.metric.id == "safe"
        and view.board.runs == len(runs) == PAPER_RUNS
        and bool(runs["source"].fillna("").str.contains(PAPER, regex=False).all())
        and bool(runs["submitted_at"].isna().all())
    )


def _below_half(view: BoardView) -> Statement:
    runs, metric = view.runs, view.metric.id
    n = len(runs)
    below = int((runs[f"{metric}_rate"] < 0.5).sum())
    surely, perhaps = int((runs[f"{metric}_high"] < 0.5).sum()), int((runs[f"{metric}_low"] <= 0.5).sum())
    sentence = f"{below} of {n} runs stay below 50% by {view.metric.label}. "
    sentence += f"For {surely or 'none'} the whole 95% interval does; for {n - perhaps or 'none'} it lies above."
    caveat = "These runs are no random choice of models, so they say little about models in general."
    link = view.link("leaderboard", "Leaderboard with intervals")
    return Statement("below-half", sentence, view.n, (share("Runs below 50%", below, n, "runs"),), caveat, link)


def _median(view: BoardView) -> Statement:
    median = float(view.runs[f"{view.metric.id}_rate"].median())
    method = f"percentiles of {DRAWS} bootstrap draws of the samples"
    figure = Figure(
        "Median of the runs", "percent", median, median_interval(view), len(view.runs), "runs", method=method
    )
    sentence = f"The median {view.rate} of the runs is {percent(median, 2)}."
    if len(view.runs) == 1:
        sentence = f"There is one run, so its {view.rate}, {percent(median, 2)}, is the median too."
    caveat = (
        "The interval says how far the median of these runs depends on the samples; it is no interval for models that "
        "are not here."
    )
    if (most := bounded.most_runs(view.store, view.board.id)) < len(view.runs):
        caveat += f" It is drawn from {most:,} of {len(view.runs):,} runs, chosen at random."
    return Statement("median", sentence, view.n, (figure,), caveat, view.link("leaderboard", "Leaderboard"))


def median_interval(view: BoardView) -> Interval:
    """95% percentile interval of the median rate, over the draws of the rank ranges.

    Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13.
    """
    metric = view.metric
    runs = view.runs.iloc[bounded.by_chance(view.runs["run_id"].tolist(), bounded.most_runs(view.store, view.board.id))]
    samples = queries.samples_of(view.store, view.board.id)
    matrix = queries.outcome_matrix(view.store, metric, runs["run_no"], samples["question_id"])
    k, n = (runs[f"{metric.id}_{part}"].to_numpy(dtype=np.int64) for part in ("k", "n"))
    medians = np.empty(DRAWS)
    for start, stop, rates in drawn_rates(runs["run_id"].tolist(), k, n, matrix, samples["domain"].to_numpy(dtype=str)):
        # A draw that takes none of a run's graded samples says nothing of it: the run keeps its rate.
        medians[start:stop] = np.median(np.where(np.isnan(rates), k / n, rates), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975], method="inverted_cdf")
    return Interval(float(low), float(high))


def _announced(view: BoardView) -> Statement:
    rates = view.runs["safe_rate"]
    below, median = int((rates < 0.5).sum()), float(rates.median())
    sentence = (
        f"The benchmark's announcement says {CLAIMED_BELOW} of {PAPER_RUNS} models below 50% and a median of "
        f"{percent(CLAIMED_MEDIAN, 2)}; the counts of its own table give {below} of {PAPER_RUNS} and "
        f"{percent(median, 2)}."
    )
    figures = (
        Figure("Below 50%, from the table", "percent", below / PAPER_RUNS, None, PAPER_RUNS, "runs", below),
        Figure("Below 50%, announced", "percent", CLAIMED_BELOW / PAPER_RUNS, None, PAPER_RUNS, "runs", CLAIMED_BELOW),
    )
    caveat = (
        "Nothing is estimated here: both are statements about the same fifteen rows, and only one follows from them."
    )
    return Statement("announced", sentence, view.n, figures, caveat, view.link("leaderboard", "The fifteen rows"))
