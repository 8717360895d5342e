"""Candidates: what the lines of candidates.jsonl say together.

The file is the truth. A line is never changed: an edit is a line with the text before and after it. `fold` reads the
lines in their order; a step that was done again counts as it was done last, and what came after it is done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from siuo_dash.construct import log
from siuo_dash.construct.lines import (
    ANSWERED,
    DECISIONS,
    DISCARDED,
    FILE,
    KEPT,
    STEPS,
    UNREADABLE,
    Line,
    Text,
    read_lines,
)
from siuo_dash.errors import Finding
from siuo_dash.store.candidate_files import FOLDER

IN_PROGRESS: Final = "in progress"
TO_REVIEW: Final = "to review"
DISAGREED: Final = "disagreed"
STATES: Final = (IN_PROGRESS, DISCARDED, TO_REVIEW, DISAGREED, *DECISIONS.values())


@dataclass(frozen=True)
class Review:
    """A person's answers. version: of the text that it is about."""

    by: str
    decision: str
    criteria: Mapping[str, str]
    reason: str
    version: int
    number: int


@dataclass(frozen=True)
class Candidate:
    """What the lines of a candidate come to. version: how often the text was changed; a review is of one version.

    passed: the steps that it has passed. discarded_at: the step that discarded it. tries: answers to the next step
    that could not be read. reviews: all of them, in order. settled: the decision on the present text. history: its
    lines.
    """

    id: str
    picture: str = ""
    text: Text = field(default_factory=Text)
    version: int = 0
    passed: tuple[str, ...] = ()
    discarded_at: str = ""
    reason: str = ""
    tries: int = 0
    answer: str | None = None
    reviews: tuple[Review, ...] = ()
    settled: Review | None = None
    history: tuple[Line, ...] = ()

    @property
    def next_step(self) -> str:
        """The step that a program has to do; '' where there is none."""
        return "" if self.discarded_at or len(self.passed) == len(STEPS) else STEPS[len(self.passed)]

    @property
    def current(self) -> dict[str, Review]:
        """{who: the latest review of the present text}."""
        return {same(each.by): each for each in self.reviews if each.version == self.version}

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.discarded_at:
            return DISCARDED
        if self.next_step:
            return IN_PROGRESS
        if self.settled is not None:
            return DECISIONS[self.settled.decision]
        decisions = {each.decision for each in self.current.values()}
        if len(decisions) > 1:
            return DISAGREED
        return DECISIONS[decisions.pop()] if decisions else TO_REVIEW

    @property
    def changed_after_checks(self) -> bool:
        """Whether a person changed the query after the model had judged it."""
        checked = max((each.number for each in self.history if each.step == "text_safety"), default=0)
        return any(each.step == "edited" and each.number > checked and "query" in each.after for each in self.history)

    def visible_reviews(self, reviewer: str) -> list[Review]:
        """The reviews of the present text that this reviewer may see: until they gave their own, none of the others."""
        there = self.current
        return list(there.values()) if same(reviewer) in there else []


@dataclass(frozen=True)
class Candidates:
    """All candidates of a folder, by id, and the lines that were left out."""

    by_id: Mapping[str, Candidate]
    findings: tuple[Finding, ...] = ()


def folders(data_dir: Path) -> dict[str, Path]:
    """{name: folder} of the candidates in a data directory."""
    found = sorted((data_dir / FOLDER).glob(f"*/{FILE}"))
    return {path.parent.name: path.parent for path in found if not path.parent.name.startswith(".")}


def load(folder: Path) -> Candidates:
    """What candidates.jsonl of this folder says; nothing of it is trusted. StoreError where it cannot be read."""
    numbered, findings = log.read(folder / FILE)
    lines, more = read_lines(numbered)
    return Candidates(fold(lines), (*findings, *more))


def fold(lines: Iterable[Line]) -> dict[str, Candidate]:
    """{id: candidate} from the lines of all of them, in the order of the file."""
    found: dict[str, Candidate] = {}
    for line in lines:
        found[line.candidate] = with_line(found.get(line.candidate, Candidate(line.candidate)), line)
    return found


def with_line(candidate: Candidate, line: Line) -> Candidate:
    """The candidate after one more of its lines."""
    changed = replace(
        candidate,
        history=(*candidate.history, line),
        text=replace(candidate.text, **line.after),
        version=candidate.version + bool(line.after),
        picture=line.picture or candidate.picture,
        settled=None if line.after else candidate.settled,
    )
    if line.step == ANSWERED:
        return _answered(changed, line)
    if line.step in STEPS:
        return _after_step(changed, line)
    if line.step == "edited":
        return changed
    review = Review(line.by, line.verdict, line.criteria, line.reason, line.version, line.number)
    if line.step == "settled":
        return replace(changed, settled=review) if line.version == changed.version else changed
    return replace(changed, reviews=(*changed.reviews, review))


def same(name: str) -> str:
    """A reviewer's name as it is compared."""
    return " ".join(name.split()).casefold()


def _answered(candidate: Candidate, line: Line) -> Candidate:
    """After an answer of the small model: it is to be judged, also where an earlier one was."""
    before = candidate.passed[: STEPS.index("text_safety")]
    if len(before) < STEPS.index("text_safety"):
        return candidate
    answer, tries = (line.output, 0) if line.verdict == KEPT else (None, _tries(candidate, "text_safety"))
    return replace(candidate, passed=before, discarded_at="", reason="", answer=answer, tries=tries)


def _tries(candidate: Candidate, step: str) -> int:
    """How often a step could not be read, with this time; it begins again where the step had been done."""
    return 1 + (candidate.tries if candidate.next_step == step else 0)


def _after_step(candidate: Candidate, line: Line) -> Candidate:
    place = STEPS.index(line.step)
    if place > len(candidate.passed):  # a step whose predecessors are not there is no step of this candidate
        return candidate
    before = candidate.passed[:place]
    if line.verdict == UNREADABLE:
        again = replace(candidate, passed=before, discarded_at="", reason="", tries=_tries(candidate, line.step))
    elif line.verdict == DISCARDED:
        again = replace(candidate, passed=before, discarded_at=line.step, reason=line.reason, tries=0)
    else:
        again = replace(candidate, passed=(*before, line.step), discarded_at="", reason="", tries=0)
    # The small model's answer is judged again where that verdict could not be read, else asked for again.
    is_judged_again = line.step == "text_safety" and line.verdict == UNREADABLE
    return again if is_judged_again or place > STEPS.index("text_safety") else replace(again, answer=None)
