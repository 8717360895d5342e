"""What is said of candidates: the queue, the record of the steps, the funnel, coverage and reviewers' agreement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Sample
from siuo_dash.benchmark.schema import DOMAIN_LABELS, DOMAINS
from siuo_dash.construct.agreement import Agreement
from siuo_dash.construct.candidates import DISAGREED, TO_REVIEW, Candidate, same
from siuo_dash.construct.funnel import STAGES, Funnel, coverage, discarded_by_step
from siuo_dash.construct.lines import DECISIONS, Line
from siuo_dash.report.rows import Row
from siuo_dash.text import counted, listed, percent

_SHORT: Final = {domain.id: domain.short for domain in DOMAINS}
REVIEWED: Final = frozenset({TO_REVIEW, DISAGREED, *DECISIONS.values()})
"""States in which all steps are done, so that people review."""
STEP_LABELS: Final = {
    "generated": "Generated",
    "redundancy": "Redundancy",
    "completeness": "Completeness",
    "near_duplicate": "Near-duplicates",
    "picture_safety": "Picture alone",
    "text_answer": "Answer without the picture",
    "text_safety": "Words alone",
    "options": "Options",
    "edited": "Edited",
    "reviewed": "Reviewed",
    "settled": "Settled",
}


def open_to(candidates: Iterable[Candidate], reviewer: str) -> list[Candidate]:
    """Those whose present text this person has not reviewed, and that are not settled."""
    return [
        each
        for each in candidates
        if each.state in REVIEWED and same(reviewer) not in each.current and each.settled is None
    ]


def queue_rows(candidates: Iterable[Candidate], reviewer: str) -> list[Row]:
    """A row a candidate: its domain, its query, and this person's own decision; nothing of the others' is shown."""
    rows: list[Row] = []
    for number, each in enumerate(candidates, start=1):
        own = each.current.get(same(reviewer))
        row = Row(id=each.id, name=str(number), beside=_SHORT.get(each.text.domain, ""), below=each.text.query)
        if own is not None:
            row["mark"] = DECISIONS[own.decision]
        rows.append(row)
    return rows


def answer(found: Funnel, left: int, reviewer: str) -> str:
    """'Of 40 candidates 31 came to review and 12 are accepted; 4 wait for you.'"""
    begun, ready, accepted = sum(found.begun.values()), found.total("complete"), found.states.get("accepted", 0)
    said = f"Of {counted(begun, 'candidate')} {ready} came to review and {accepted} {_are(accepted)} accepted"
    return f"{said}; {left} {'wait' if left != 1 else 'waits'} for {reviewer or 'a reviewer'}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def record_words(line: Line) -> str:
    """One step in a line: what it was, who or what did it, what came of it and why."""
    who = line.by or line.served or line.model
    label = STEP_LABELS.get(line.step, line.step)
    said = [label, who, line.verdict, f"instruction {line.prompt}" if line.prompt else "", line.reason]
    return " · ".join(part for part in said if part)


def changes(line: Line) -> list[tuple[str, str, str]]:
    """(field, before, after) of what a step or a person changed."""
    return [
        (name.replace("_", " "), str(line.before.get(name, "")), str(value))
        for name, value in line.after.items()
        if line.before.get(name) not in (None, "", {}, False)
    ]


def visible_lines(candidate: Candidate, reviewer: str) -> list[Line]:
    """The lines that this person may see: others' reviews of the present text only after their own."""
    own, has_reviewed = same(reviewer), same(reviewer) in candidate.current
    return [
        line
        for line in candidate.history
        if line.step not in ("reviewed", "settled")
        or same(line.by) == own
        or line.version != candidate.version
        or has_reviewed
    ]


def funnel_frame(found: Funnel) -> pd.DataFrame:
    """A row a domain, a column a stage; the last row is all of them."""
    rows = []
    for domain, label in {**DOMAIN_LABELS, "": "None yet"}.items():
        if found.begun.get(domain, 0):
            rows.append((label, found.begun[domain], *(found.counts[domain][stage] for stage in STAGES)))
    rows.append(("All", sum(found.begun.values()), *(found.total(stage) for stage in STAGES)))
    return pd.DataFrame(rows, columns=["Domain", "Begun", *(label for label, _ in STAGES.values())])


def discarded_words(found: Funnel) -> str:
    """'Discarded: 3 at redundancy, 2 at words alone.'; '' where none was."""
    counts = {step: n for step, n in discarded_by_step(found).items() if n}
    said = listed(f"{n} at {STEP_LABELS[step].lower()}" for step, n in counts.items())
    return f"Discarded: {said}." if said else ""


def coverage_frame(candidates: Iterable[Candidate], samples: Iterable[Sample]) -> pd.DataFrame:
    """A row a subcategory: the benchmark's samples there, candidates that are open, and accepted ones."""
    rows = [
        (DOMAIN_LABELS.get(each.domain, each.domain), each.subcategory, each.benchmark, each.open, each.accepted)
        for each in coverage(candidates, samples)
    ]
    return pd.DataFrame(rows, columns=["Domain", "Subcategory", "Benchmark", "Open", "Accepted"])


def coverage_words(frame: pd.DataFrame) -> str:
    """How many subcategories of the benchmark have an accepted candidate."""
    own = frame[frame["Benchmark"] > 0]
    return (
        f"{int((own['Accepted'] > 0).sum())} of {len(own)} subcategories of the benchmark have an accepted candidate."
    )


def agreement_frame(found: Sequence[Agreement]) -> pd.DataFrame:
    """A row a criterion: pairs of independent reviews, the share that agrees, Cohen's kappa with its 95% interval."""
    rows = []
    for each in found:
        same_answers = percent(each.agreed / each.pairs) if each.pairs else ""
        rows.append((each.label, each.pairs, same_answers, _kappa(each)))
    return pd.DataFrame(rows, columns=["Criterion", "Pairs", "Same answer", "Kappa (95%)"])


def _kappa(found: Agreement) -> str:
    if found.kappa is None:
        return "one answer throughout" if found.pairs else ""
    low_high = found.kappa.interval
    between = "" if low_high is None else f" ({low_high.low:.2f}–{low_high.high:.2f})"
    return f"{found.kappa.kappa:.2f}{between}"
