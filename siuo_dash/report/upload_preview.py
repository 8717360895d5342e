"""A run that is not published yet, as the upload page shows it: scores, health, place, and earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.preview import NEW, Candidate, Earlier, Standing
from siuo_dash.analysis.stats.proportions import limits, wilson_array
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import DOMAINS, FLAGS, MCQA_JUDGE, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.released import why_different
from siuo_dash.ingest.submission import ANY_FLAG, Submission
from siuo_dash.text import NOT_JUDGED, interval, missing, percent, points

AROUND: Final = 8
"""Runs above and below the new one that are drawn with it."""
_GENERATION: Final = ("safe", "effective", "safe_and_effective")


def score_figures(submission: Submission) -> list[tuple[str, str, str]]:
    """(label, rate, interval, count and what the released script prints) of every metric of the run's tasks.

    What was not judged says so. mcqa-eval.py prints a fraction, the expectation over its random guesses.
    """
    printed = submission.as_released.as_dict() or {}
    figures = []
    for metric in METRICS.values():
        if metric.task not in submission.tasks:
            continue
        tally = submission.scores.get(metric.id)
        if tally is None:
            figures.append((metric.label, "–", NOT_JUDGED))
            continue
        words = (
            f"95 % interval {interval(*limits(tally.k, tally.n), 2)}, {tally.k}/{tally.n}" if tally.n else "no verdict"
        )
        if tally.ungraded:
            words += f", {tally.ungraded} ungraded"
        if (value := printed.get(metric.id)) is not None:
            words += (
                f"; mcqa-eval.py prints {value:.6f} on average"
                if metric.id == "mcqa"
                else f"; gen_score.py prints {value:.2f}"
            )
        figures.append((metric.label, percent(tally.rate, 2), words))
    return figures


def released_words(submission: Submission) -> str:
    """Whether the released scripts print the same, something else, or nothing; why is a finding of its own."""
    if submission.as_released.as_dict() is None:
        return "gen_score.py needs verdicts on both questions, so it prints nothing for this run."
    if why_different(submission.samples, submission.as_released, submission.scores):
        return "The released scripts print other figures; the findings say why."
    return "The released scripts print the same."


def released_by_category(submission: Submission) -> pd.DataFrame:
    """gen_score.py's means by category, in percent; empty where it prints nothing."""
    released = submission.as_released.generation
    rows = [
        (category, means.safe, means.effective, means.safe_and_effective)
        for category, means in (released.by_category if released else {}).items()
    ]
    return pd.DataFrame(rows, columns=["Category", *(METRICS[name].label for name in _GENERATION)])


def health_frame(submission: Submission) -> pd.DataFrame:
    """A row a flag: how many samples carry it, and each score without these responses; empty without a flag."""
    health, without = submission.health, submission.scores_without_flagged
    kinds = [*health, ANY_FLAG] if len(health) > 1 else list(health)
    flagged = sum(bool(each.flags) for each in submission.samples)
    rows = []
    for kind in kinds:
        row = {
            "Flag": FLAGS[kind].label if kind in FLAGS else "Any of these",
            "Samples": health.get(kind, flagged),
        }
        for metric, tally in submission.scores.items():
            row[f"{METRICS[metric].label} without them"] = _without(without[kind][metric], tally)
        row["What it means"] = FLAGS[kind].help if kind in FLAGS else "Samples with one of the flags above"
        rows.append(row)
    return pd.DataFrame(rows)


def domain_frame(submission: Submission, metric: Metric) -> pd.DataFrame:
    """The run by domain, in the benchmark's order: label, evidence, and the metric's _k, _n, _rate, _low, _high.

    run_id is the domain's id: the chart of runs draws domains as well.
    """
    by_domain = submission.by_domain
    rows = [
        (domain.id, domain.label, tally.k, tally.n)
        for domain in DOMAINS
        if (tally := by_domain.get(domain.id, {}).get(metric.id)) is not None and tally.n
    ]
    frame = pd.DataFrame(rows, columns=["run_id", "label", f"{metric.id}_k", f"{metric.id}_n"])
    k, n = (frame[f"{metric.id}_{part}"].to_numpy(dtype=float) for part in ("k", "n"))
    low, high = wilson_array(k, n)
    return frame.assign(
        evidence="per_sample", **{f"{metric.id}_rate": k / n, f"{metric.id}_low": low, f"{metric.id}_high": high}
    )


def board_protocol(submission: Submission, judge: str) -> Protocol:
    """The protocol under which the run would stand."""
    if "generation" not in submission.tasks:
        return Protocol(MCQA_JUDGE, 1)
    return Protocol(judge, submission.responses_per_sample)


def candidate(submission: Submission, judge: str, replaces: str | None = None) -> Candidate:
    """The run as the analysis takes it. replaces: the published run that it corrects."""
    outcomes = {
        metric: {
            each.record.question_id: each.value(metric)
            for each in submission.samples
            if each.record.task == METRICS[metric].task
        }
        for metric in submission.scores
    }
    return Candidate(board_protocol(submission, judge).id, submission.split_size, outcomes, replaces)


def standing_words(found: Standing, range_: tuple[int, int] | None, board: str) -> str:
    """'Safe: rank 5 of 11 on the board human, 3 responses; rank range 3–9.'"""
    label = found.metric.label
    if not found.others:
        return f"{label}: the first run of the board {board}; there is nothing to rank it with yet."
    place = f"{label}: rank {found.rank} of {found.others + 1} on the board {board}"
    if range_ is not None:
        place += f"; rank range {range_[0]}–{range_[1]}" if range_[0] != range_[1] else f"; rank range {range_[0]}"
    if found.partial:
        place += (
            ", counting partial runs. It lacks a verdict on some samples, so it is ranked only where partial runs are"
        )
    return place + "."


def around(found: Standing) -> pd.DataFrame:
    """The new run and its neighbours, best first, with the `name` that the chart shows."""
    place = int((found.board["run_id"] == NEW).to_numpy().argmax())
    shown = 2 * AROUND + 1
    first = max(0, min(place - AROUND, len(found.board) - shown))
    rows = found.board.iloc[first : first + shown]
    names = rows["model"].where(rows["run_id"] != NEW, "▶ " + rows["model"] + " (this upload)")
    return rows.assign(name=names).reset_index(drop=True)


def earlier_frame(
    earlier: Sequence[Earlier], metrics: Sequence[Metric], boards: Mapping[str, str], same: Mapping[str, int]
) -> pd.DataFrame:
    """Earlier runs of the model: for each metric the rate, and by how much the new run differs.

    boards: {id: label}. same: {run_id: samples with the same responses}; the column is there where any has one.
    """
    rows = []
    for each in earlier:
        row: dict[str, Any] = {
            "Run": each.label,
            "Board": boards.get(each.run["board"], each.run["board"]) + (" (the same)" if each.same_board else ""),
            "Uploaded": each.run["submitted_at"].date().isoformat()
            if pd.notna(each.run["submitted_at"])
            else "shipped",
        }
        for metric in metrics:
            k, n = int(each.run[f"{metric.id}_k"]), int(each.run[f"{metric.id}_n"])
            row[metric.label] = f"{percent(k / n, 2)} ({k}/{n})" if n else missing(each.run["evidence"])
            difference = each.differences.get(metric.id)
            row[f"{metric.label}: new minus this"] = (
                f"{points(difference.difference)} points "
                f"({points(difference.interval.low)} to {points(difference.interval.high)}), "
                f"{'paired' if difference.table is not None else 'not paired'}"
                if difference is not None
                else "–"
            )
        if any(same.values()):
            count = same.get(each.run["run_id"], 0)
            row["Same responses"] = f"{count} {'sample' if count == 1 else 'samples'}" if count else "none, or not here"
        rows.append(row)
    return pd.DataFrame(rows)


def _without(tally: Tally, whole: Tally) -> str:
    if tally.rate is None or whole.rate is None:
        return "nothing left"
    return f"{percent(tally.rate)} ({tally.k}/{tally.n}), {points(tally.rate - whole.rate)} points"
