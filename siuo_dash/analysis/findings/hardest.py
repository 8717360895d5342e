"""The hardest samples and domains, where verdicts are known by sample."""

from __future__ import annotations

import pandas as pd

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.scene import Scene, boards_with_samples
from siuo_dash.analysis.findings.statement import Figure, Link, Statement, cannot
from siuo_dash.analysis.queries import SAMPLE_COUNTS, SAMPLES, Board
from siuo_dash.analysis.stats.means import MeanDifference, mean_difference
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.benchmark.schema import DOMAIN_LABELS

TITLE = "Hardest samples and domains"
LEAST_RUNS = 3
MOST_NAMED = 3


def statements(scene: Scene) -> list[Statement]:
    """Of the chosen board, or where it has totals only, of the board with most per-sample runs."""
    for board in boards_with_samples(scene.store, scene.board):
        samples = _rates(scene, board)
        if len(samples) and int(samples["n"].max()) >= LEAST_RUNS:
            return [_samples(samples, board, scene), *_domains(samples, board, scene)]
    why = f"No board has {LEAST_RUNS} runs with a {scene.metric.label} verdict for each sample: totals do not say which samples failed."  # fmt: skip
    return [
        cannot(
            "hardest", why, n="no sample", link=Link("leaderboard", "All runs", {"board": "All runs, without ranks"})
        )
    ]


def _rates(scene: Scene, board: Board) -> pd.DataFrame:
    """question_id, domain, scene, k, n of each sample that a run of the board is graded on, the hardest first."""
    counts = SAMPLE_COUNTS.run(scene.store, metric=scene.metric, where=Filters(board=board.id).where())
    samples = SAMPLES.run(scene.store)[["question_id", "domain", "scene"]].merge(counts[counts["n"] > 0])
    samples = samples.assign(share=samples["k"] / samples["n"]).sort_values(["share", "question_id"])
    return samples.drop(columns=["runs", "share"]).reset_index(drop=True)


def _samples(samples: pd.DataFrame, board: Board, scene: Scene) -> Statement:
    runs, metric = int(samples["n"].max()), scene.metric
    nobody, all_pass = samples[samples["k"] == 0], samples[samples["k"] == samples["n"]]
    sentence = (
        f"On the board “{board.label}”, {len(nobody)} of {len(samples)} samples are passed by none of the "
        f"{runs} runs by {metric.label}, and {len(all_pass)} by all."
    )
    shares = samples["k"] / samples["n"]
    least = samples[shares == shares.min()]
    hardest = least.head(MOST_NAMED)
    if shares.min() < shares.max():
        rarest = f"{least['k'].iloc[0]} of {least['n'].iloc[0]}"
        sentence += f" Fewest runs, {rarest}, pass samples {words.names([str(qid) for qid in least['question_id']], MOST_NAMED)}."
    total = len(samples)
    figures = [
        Figure("Passed by no run", "percent", len(nobody) / total, wilson(len(nobody), total), total, k=len(nobody), method="Wilson"),
        Figure("Passed by every run", "percent", len(all_pass) / total, wilson(len(all_pass), total), total, k=len(all_pass), method="Wilson"),
    ]  # fmt: skip
    figures += [
        Figure(f"Sample {row['question_id']}: {row['scene']}", "percent", row["k"] / row["n"], wilson(int(row["k"]), int(row["n"])), int(row["n"]), "runs", int(row["k"]), "Wilson over runs")
        for row in hardest.to_dict("records")
    ]  # fmt: skip
    at_most = wilson(0, runs)
    caveat = f"With {runs} runs, a sample that none passes may still be passed by up to {words.percent(at_most.high) if at_most else '–'} of such runs (Wilson)."  # fmt: skip
    if board.id != scene.board.id:
        caveat += f" The chosen board, “{scene.board.label}”, has totals only, which do not say which samples failed."
    params = {"board": board.label, "order": "Hardest first"}
    return Statement("hardest", sentence, f"{total} samples, {runs} runs", tuple(figures), caveat, Link("samples", "The samples, hardest first", params))  # fmt: skip


def _domains(samples: pd.DataFrame, board: Board, scene: Scene) -> list[Statement]:
    """The hardest and the easiest domain, each against the other samples, corrected over all domains."""
    link = Link("domains", "Domains of this board", {"board": board.label, "metric": scene.metric.label})
    n = words.count(len(samples), "sample")
    compared = domain_differences(samples)
    tested = [name for name, found in compared.items() if found.p is not None]
    if len(tested) < 2:
        return [
            cannot("domains", "Too few domains have samples whose outcomes vary to compare domains.", n=n, link=link)
        ]
    adjusted = dict(zip(tested, benjamini_hochberg([compared[name].p for name in tested]), strict=True))
    ordered = sorted(tested, key=lambda name: (compared[name].difference, name))
    means = (samples["k"] / samples["n"]).groupby(samples["domain"]).mean()
    clear = [name for name in ordered if adjusted[name] < 0.05]
    ends = f"{DOMAIN_LABELS[ordered[0]]} is the hardest domain ({words.percent(means[ordered[0]])} by {scene.metric.label} over runs and samples), {DOMAIN_LABELS[ordered[-1]]} the easiest ({words.percent(means[ordered[-1]])})"  # fmt: skip
    if clear:
        verb = "differs" if len(clear) == 1 else "differ"
        sentence = f"{ends}; after correction {words.names([DOMAIN_LABELS[name] for name in clear])} {verb} from the other samples."
    else:
        sentence = f"{ends} on the board “{board.label}”, but no domain differs clearly from the other samples."
    figures = tuple(
        Figure(f"{DOMAIN_LABELS[name]} minus other samples", "points", compared[name].difference, compared[name].interval, int((samples["domain"] == name).sum()), method="Welch")
        for name in (ordered[0], ordered[-1])
    )  # fmt: skip
    caveat = (
        "Samples are compared, each by the share of runs that pass it; intervals are Welch's for one domain alone, the "
        f"test is corrected over {len(tested)} domains (Benjamini–Hochberg). A domain holds 16 to 21 samples."
    )
    return [Statement("domains", sentence, n, figures, caveat, link)]


def domain_differences(samples: pd.DataFrame) -> dict[str, MeanDifference]:
    """Each domain's mean share of passing runs minus that of the other samples; domains that cannot be compared are left out.

    samples: one row a sample, with `domain`, `k` and `n`.
    """
    shares = samples["k"] / samples["n"]
    found = {
        str(name): mean_difference(shares[samples["domain"] == name], shares[samples["domain"] != name])
        for name in sorted(samples["domain"].unique())
    }
    return {name: difference for name, difference in found.items() if difference is not None}
