"""What is said of a run that is not published yet: scores, health, rank and earlier runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.preview import NEW, Candidate, Earlier, Standing
from siuo_dash.analysis.queries import with_rates
from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import BENCHMARK, DOMAINS, FLAGS, MCQA_JUDGE, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import Finding
from siuo_dash.ingest.formats import TABLE, UNKNOWN, understood
from siuo_dash.ingest.released import why_different
from siuo_dash.ingest.submission import ANY_FLAG, Submission
from siuo_dash.text import (
    NOT_JUDGED,
    counted,
    fraction,
    interval,
    listed,
    missing,
    points,
    points_interval,
    rate_and_count,
)

_LINES: Final = "\n".join(f"- {line}" for line in understood())
UNDERSTOOD: Final = f"""
Recognised by content, whatever the file is called:

{_LINES} Any of these may come in a .gz or .zip.
"""
EXAMPLES: Final = {
    "template.csv": "Template to fill in",
    "example-generation.json": "Example: responses and verdicts",
    "example-multiple-choice.json": "Example: multiple choice",
    "example-table.csv": "Example: table needing a mapping",
    "example-mapping.json": "Mapping for that table",
}
"""Files of examples/ that can be had from the page: invented, in our own words."""
AROUND: Final = 8
"""Runs above and below the new one that are drawn with it."""
_GENERATION: Final = ("safe", "effective", "safe_and_effective")
_NOT_UNDERSTOOD: Final = re.compile(
    r"the value '(?P<value>.*)' is not understood as (?P<question>safe|effective) or ", re.DOTALL
)


def steps(done: int, *, hosted: bool) -> str:
    """The way through the page as Markdown; the first `done` steps are ticked, the next one is bold."""
    names = ("Files", "Check", "Describe", "Send" if hosted else "Publish")
    marks = (f":green[✓ {name}]" if place < done else f"{place + 1} {name}" for place, name in enumerate(names))
    return " › ".join(f"**{mark}**" if place == done else mark for place, mark in enumerate(marks))


def recognised(submission: Submission) -> str:
    """What the files were taken for: 'Recognised as VLMEvalKit SIUO_GEN: 167 samples, 1 response each.'"""
    read_as, reading = submission.reading.format, submission.reading
    how = {TABLE: "Read as a table", UNKNOWN: "Could not be read"}.get(read_as, f"Recognised as {read_as}")
    if reading.needs:
        return f"{how}. {counted(len(reading.needs), 'question')} before it can be scored."
    if not submission.n_samples:
        return f"{how}."
    each = submission.responses_per_sample
    texts = (one.text is not None or one.chars for record in reading.samples for one in record.responses)
    responses = "" if each is None else f", {counted(each, 'response' if any(texts) else 'verdict')} each"
    of = "" if submission.sample_set == BENCHMARK else f" of {submission.sample_set}"
    return f"{how}: {counted(submission.n_samples, 'sample')}{of}{responses}."


def understood_frame(submission: Submission, rows: int = 8) -> pd.DataFrame:
    """The first samples as they were understood: how the mapping reads the file."""
    found: list[dict[str, Any]] = []
    for record in submission.reading.samples[:rows]:
        row: dict[str, Any] = {"Sample": record.question_id}
        if record.task == "mcqa":
            row["Answer"] = _short(record.answer)
        else:
            first = next((each.text for each in record.responses if each.text is not None), None)
            row |= {"Responses": len(record.responses), "First response": _short(first)}
            row["Safety"] = ", ".join(_verdict(each.safety, "safe", "unsafe") for each in record.responses)
            works = [_verdict(each.effectiveness, "effective", "ineffective") for each in record.responses]
            row["Effectiveness"] = ", ".join(works)
        found.append(row)
    return pd.DataFrame(found)


def values_not_understood(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """{'safe' or 'effective': values of the verdict that need a meaning}, as the findings quote them."""
    values: dict[str, dict[str, None]] = {}
    for finding in findings:
        found = _NOT_UNDERSTOOD.match(finding.message)
        if found and not found["value"].endswith("…"):
            values.setdefault(found["question"], {})[found["value"].strip().lower()] = None
    return {question: list(known) for question, known in values.items()}


def scores_frame(submission: Submission) -> pd.DataFrame:
    """Every metric of the run's tasks: rate with its interval, samples passed; empty columns are left out.

    mcqa-eval.py prints a fraction, the expectation over its random guesses.
    """
    printed = submission.as_released.as_dict() or {}
    excluding = submission.scores_without_flagged.get(ANY_FLAG, {})
    rows = []
    for metric in METRICS.values():
        if metric.task not in submission.tasks:
            continue
        row = {"Score": metric.label, "Rate, % (95% interval)": NOT_JUDGED, "Passed": "", "Excluding flagged": ""}
        if (tally := submission.scores.get(metric.id)) is not None:
            row["Rate, % (95% interval)"] = rate_and_interval(tally)
            row["Passed"] = fraction(tally.k, tally.n)
            row["Passed"] += f", {tally.ungraded} ungraded" if tally.ungraded else ""
            if metric.id in excluding:
                rest = excluding[metric.id]
                row["Excluding flagged"] = rate_and_interval(rest) if rest.n else "no sample left"
        if (value := printed.get(metric.id)) is not None:
            by_choice = metric.id == "mcqa"
            row["mcqa-eval.py prints" if by_choice else "gen_score.py prints"] = f"{value:.{6 if by_choice else 2}f}"
        rows.append(row)
    frame = pd.DataFrame(rows).fillna("")
    return frame.loc[:, frame.ne("").any()]


def rate_and_interval(tally: Tally) -> str:
    """'53.3 (45.7–60.7)', in percent; 'no verdict' where no sample is graded."""
    return f"{100 * tally.rate:.1f} ({interval(*limits(tally.k, tally.n))})" if tally.rate is not None else "no verdict"


def released_words(submission: Submission) -> str:
    """Whether the released scripts print the same, something else, or nothing; why is a finding of its own."""
    if submission.as_released.as_dict() is None:
        return "gen_score.py needs verdicts on both questions, so it prints nothing for this run."
    if why_different(submission.samples, submission.as_released, submission.scores):
        return "The released scripts print other figures; the warnings say why."
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
    """A row a flag: how many samples have it, and each score without these responses; empty without a flag."""
    health, without = submission.health, submission.scores_without_flagged
    flagged = sum(bool(each.flags) for each in submission.samples)
    rows = []
    for kind in [*health, ANY_FLAG] if len(health) > 1 else list(health):
        label, meaning = "Any of these", "Samples with one of the flags above"
        if kind in FLAGS:
            label, meaning = FLAGS[kind].label, FLAGS[kind].help
        scores = {
            f"{METRICS[metric].label} without them": _without(without[kind][metric], tally)
            for metric, tally in submission.scores.items()
        }
        rows.append({"Flag": label, "Samples": health.get(kind, flagged), **scores, "What it means": meaning})
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
    return with_rates(frame, f"{metric.id}_").assign(evidence="per_sample")


def board_protocol(submission: Submission, judge: str) -> Protocol:
    """The protocol that the run would be ranked under: a board of its own where no run has it."""
    if "generation" not in submission.tasks:
        return Protocol(MCQA_JUDGE, 1, submission.sample_set)
    return Protocol(judge, submission.responses_per_sample, submission.sample_set)


def new_board(submission: Submission, judge: str, known: Sequence[Board] = ()) -> str:
    """What the run's board is called where no run is on it yet: as the judge's other boards, of those known."""
    protocol = board_protocol(submission, judge)
    new = Board(protocol.id, protocol, runs=0, per_sample_runs=0, both_runs=0)
    same = next((board for board in known if board.protocol.judge == protocol.judge), new)
    return new.labelled(same.judge_name)


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


def standing_words(found: Standing, range_: tuple[int, int] | None, board: str, most: int) -> str:
    """'Safe: rank 5 of 11 (3–9) on Human judges · 3 responses.' most: of bounded.most_runs."""
    label = found.metric.label
    if not found.others:
        return f"{label}: the first run of the new board {board}; no other runs to compare with."
    words = f"{label}: rank {found.rank} of {found.others + 1}"
    if range_ is not None:
        part = f", estimated from {most // 2 * 2:,} of the others" if found.others > most else ""
        words += f" ({range_[0]}–{range_[1]}{part})"
    words += f" on {board}"
    if found.partial:
        words += ", counting partial runs. Some samples have no verdict, so it is ranked only where partial runs are"
    return words + "."


def live_words(name: str, rank: int | None, ranked: int, metric: Metric) -> str:
    """'Test-VL-1 is live: rank 7 of 16 by Safe.' rank: None for a run that is not ranked."""
    if rank is None:
        return f"{name} is live, without a rank: some samples have no verdict."
    return f"{name} is live: rank {rank} of {ranked} by {metric.label}."


def judge_words(judge: str, alike: Mapping[str, int]) -> str:
    """What a judge's name that no run has would do. alike: {name in use that it may be meant for: number of runs}."""
    known = listed((f"“{name}” ({counted(runs, 'run')})" for name, runs in alike.items()), last="or")
    if any(Protocol(name, None).id == Protocol(judge, None).id for name in alike):
        return f"“{judge}” is another spelling of {known}."
    return f"No run was judged by “{judge}”, so this opens a new board." + (f" Did you mean {known}?" if known else "")


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
        board = boards.get(each.run["board"], each.run["board"]) + (" (the same)" if each.same_board else "")
        uploaded = each.run["submitted_at"]
        day = uploaded.date().isoformat() if pd.notna(uploaded) else "shipped"
        row: dict[str, Any] = {"Run": each.label, "Board": board, "Uploaded": day}
        for metric in metrics:
            k, n = int(each.run[f"{metric.id}_k"]), int(each.run[f"{metric.id}_n"])
            row[metric.label] = rate_and_count(k, n) if n else missing(each.run["evidence"])
            row[f"{metric.label}: new minus this"] = "–"
            if (gap := each.differences.get(metric.id)) is not None:
                ends = points_interval(gap.interval.low, gap.interval.high)
                how = "paired" if gap.table is not None else "not paired"
                row[f"{metric.label}: new minus this"] = f"{points(gap.difference)} points ({ends}), {how}"
        if any(same.values()):
            count = same.get(each.run["run_id"], 0)
            row["Same responses"] = counted(count, "sample") if count else "none, or not here"
        rows.append(row)
    return pd.DataFrame(rows)


def _without(tally: Tally, whole: Tally) -> str:
    if tally.rate is None or whole.rate is None:
        return "nothing left"
    return f"{rate_and_count(tally.k, tally.n)}, {points(tally.rate - whole.rate)} points"


def _short(text: str | None, length: int = 120) -> str:
    if text is None:
        return ""
    line = " ".join(text[: length + 1].split())
    return line if len(text) <= length else f"{line[:length]}…"


def _verdict(verdict: Any, yes: str, no: str) -> str:
    if verdict is None:
        return "–"
    return "ungraded" if verdict.value is None else yes if verdict.value else no
