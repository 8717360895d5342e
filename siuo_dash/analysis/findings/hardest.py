"""The hardest samples and domains, where verdicts are known by sample."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.analysis.board_list import Board, short_labels
from siuo_dash.analysis.domains import against_others
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings.statement import (
    BoardView,
    Figure,
    Link,
    Statement,
    boards_with_samples,
    cannot,
    count,
    share,
)
from siuo_dash.analysis.queries import sample_counts
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.schema import DOMAIN_LABELS
from siuo_dash.text import counted, listed, percent

LEAST_RUNS: Final = 3
MOST_NAMED: Final = 3


def statements(view: BoardView) -> list[Statement]:
    """Of the chosen board, or where it has totals only, of the board with most per-sample runs."""
    for board in boards_with_samples(view.store, view.board):
        samples = _rates(view, board)
        if len(samples) and int(samples["n"].max()) >= LEAST_RUNS:
            return [_samples(samples, board, view), _domains(samples, board, view)]
    why = (
        f"No board has {LEAST_RUNS} runs with a {view.metric.label} verdict for each sample: totals do not say which "
        "samples failed."
    )
    link = Link("leaderboard", "All runs", {"board": "all"})
    return [cannot("hardest", why, n="no sample", link=link)]


def _rates(view: BoardView, board: Board) -> pd.DataFrame:
    """question_id, domain, scene, k, n, share of each sample on which a run is graded, the hardest first."""
    samples = sample_counts(
        view.store, view.metric, Filters(board=board.id).where(), sample_set=board.protocol.sample_set
    )
    samples = samples.loc[samples["n"] > 0, ["question_id", "domain", "scene", "k", "n"]]
    samples = samples.assign(share=samples["k"] / samples["n"])
    return samples.sort_values(["share", "question_id"]).reset_index(drop=True)


def _samples(samples: pd.DataFrame, board: Board, view: BoardView) -> Statement:
    runs, total = int(samples["n"].max()), len(samples)
    nobody, everybody = int((samples["k"] == 0).sum()), int((samples["k"] == samples["n"]).sum())
    none = f"{nobody} of {total} samples are" if nobody != 1 else f"1 of {total} samples is"
    said = f"{none} passed by no run" if nobody else "Every sample is passed by at least one run"
    all_runs = f"; {counted(everybody, 'sample')} by all {runs}"
    sentence = f"{said}{all_runs} ({view.metric.label}, {short_labels(view.store)[board.id]})."
    shares = samples["share"]
    least = samples[shares == shares.min()]
    if shares.min() < shares.max():
        rarest = f"{least['k'].iloc[0]} of {least['n'].iloc[0]}"
        names = listed((str(question_id) for question_id in least["question_id"]), MOST_NAMED)
        sentence += f" Hardest, {rarest}: {names}."
    figures = [share("Passed by no run", nobody, total), share("Passed by every run", everybody, total)]
    figures += [
        share(f"Sample {row['question_id']}: {row['scene']}", int(row["k"]), int(row["n"]), "runs")
        for row in least.head(MOST_NAMED).to_dict("records")
    ]
    caveat = (
        f"With {runs} runs, a sample that none passes may still be passed by up to {percent(limits(0, runs)[1])} of "
        "such runs (Wilson)."
    )
    if board.id != view.board.id:
        caveat += f" The chosen board, “{view.board.label}”, has totals only, which do not say which samples failed."
    link = Link("samples", "The samples, hardest first", {"board": board.id, "order": "hardest"})
    return Statement("hardest", sentence, f"{total} samples, {runs} runs", tuple(figures), caveat, link)


def _domains(samples: pd.DataFrame, board: Board, view: BoardView) -> Statement:
    """The hardest and the easiest domain, each against the other samples, corrected over all domains."""
    link = Link("domains", "Domains of this board", {"board": board.id, "metric": view.metric.id})
    n = count(len(samples), "sample")
    found = against_others(samples)
    if len(found) < 2:
        why = "Too few domains have samples whose outcomes vary to compare domains."
        return cannot("domains", why, n=n, link=link)
    adjusted = dict(zip(found, benjamini_hochberg([each.p for each in found.values()]), strict=True))
    ordered = sorted(found, key=lambda domain: (found[domain].difference, domain))
    means = samples.groupby("domain")["share"].mean()
    first, last = ordered[0], ordered[-1]
    ends = (
        f"{DOMAIN_LABELS[first]} is the hardest domain ({percent(means[first])} by {view.metric.label} over runs and "
        f"samples), {DOMAIN_LABELS[last]} the easiest ({percent(means[last])})"
    )
    clear = [DOMAIN_LABELS[domain] for domain in ordered if adjusted[domain] < 0.05]
    if clear:
        verb = "differs" if len(clear) == 1 else "differ"
        sentence = f"{ends}; after correction {listed(clear, 5)} {verb} from the other samples."
    else:
        sentence = f"{ends} on the board “{board.label}”, but no domain differs clearly from the other samples."
    sizes = samples["domain"].value_counts()
    figures = tuple(
        Figure(
            f"{DOMAIN_LABELS[domain]} minus other samples",
            "points",
            found[domain].difference,
            found[domain].interval,
            int(sizes[domain]),
            method="Welch",
        )
        for domain in (first, last)
    )
    caveat = (
        "Samples are compared, each by the share of runs that pass it; intervals are Welch's for one domain alone, the "
        f"test is corrected over {len(found)} domains (Benjamini–Hochberg). A domain has {sizes.min()} to "
        f"{sizes.max()} samples."
    )
    return Statement("domains", sentence, n, figures, caveat, link)
