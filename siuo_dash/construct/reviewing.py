"""What people do with a candidate: edit it, review it, settle a disagreement. Each is a line; none changes another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from siuo_dash.construct import log
from siuo_dash.construct.candidates import DISAGREED, Candidate, fold
from siuo_dash.construct.lines import CRITERIA, DECISIONS, FIELDS, FILE, Line, differing, known_fields, read_lines
from siuo_dash.errors import ConstructionError
from siuo_dash.text import listed

_LONGEST_NAME: Final = 200
_LONGEST: Final = 20_000
"""Characters of a text that a person writes."""


def edit(folder: Path, candidate_id: str, *, by: str, version: int, changes: Mapping[str, Any]) -> Candidate:
    """Write an edit down: the changed fields with their text before and after; the candidate after it.

    version: of the text that was shown. ConstructionError where somebody changed it meanwhile, where a field is not
    known or its value is none that it may have, and where the machine's steps are not done.
    """
    known = known_fields(changes)
    if wrong := sorted(set(changes) - set(known)):
        what = f"{listed(wrong)}: no such field, or no value that it may have"
        raise ConstructionError(what, where=candidate_id, hint=f"fields: {', '.join(FIELDS)}")
    with _reviewed(folder, candidate_id, by, version, known.values()) as (file, candidate):
        before, after = differing(candidate.text, known)
        if not after:
            return candidate
        line = Line(candidate_id, "edited", by=by, version=version, before=before, after=after)
        return _added(file, candidate, line)


def review(
    folder: Path,
    candidate_id: str,
    *,
    by: str,
    version: int,
    criteria: Mapping[str, str],
    decision: str,
    reason: str = "",
) -> Candidate:
    """Write a person's review of this version down; the candidate after it. A later one takes the place of an earlier.

    criteria: {id of CRITERIA: answer}. ConstructionError for answers that are missing or unknown, for a rejection or a
    wish to revise without a reason, and for an acceptance that contradicts its own answers.
    """
    wrong = [
        f"{each.label}: {criteria.get(each.id) or 'no answer'} ({listed(each.answers, last='or')})"
        for each in CRITERIA.values()
        if criteria.get(each.id) not in each.answers
    ]
    if decision not in DECISIONS:
        wrong.append(f"{decision or 'no decision'}: decide {listed(DECISIONS, last='or')}")
    if decision in ("revise", "reject") and not reason.strip():
        wrong.append(f"no reason is given to {decision} it")
    failing = [each.label for each in CRITERIA.values() if each.needed and criteria.get(each.id) != each.needed]
    if decision == "accept" and not wrong and failing:
        wrong.append(f"it cannot be accepted: {listed(failing)} is answered no")
    if wrong:
        raise ConstructionError("; ".join(wrong), where=candidate_id, hint="answer all, then decide")
    with _reviewed(folder, candidate_id, by, version, [reason]) as (file, candidate):
        own = {each.id: criteria[each.id] for each in CRITERIA.values()}
        line = Line(candidate_id, "reviewed", by=by, verdict=decision, reason=reason, criteria=own, version=version)
        return _added(file, candidate, line)


def settle(folder: Path, candidate_id: str, *, by: str, version: int, decision: str, reason: str) -> Candidate:
    """Decide where reviewers disagree, with a reason; the candidate after it. ConstructionError where nobody does."""
    if decision not in DECISIONS or not reason.strip():
        hint = f"decide {listed(DECISIONS, last='or')}, and say why"
        raise ConstructionError("a disagreement is settled by a decision and its reason", where=candidate_id, hint=hint)
    with _reviewed(folder, candidate_id, by, version, [reason]) as (file, candidate):
        if candidate.state != DISAGREED and candidate.settled is None:
            raise ConstructionError("its reviewers do not disagree", where=candidate_id, hint="review it instead")
        line = Line(candidate_id, "settled", by=by, verdict=decision, reason=reason, version=version)
        return _added(file, candidate, line)


@contextmanager
def _reviewed(
    folder: Path, candidate_id: str, by: str, version: int, texts: Iterable[object]
) -> Iterator[tuple[log.Log, Candidate]]:
    """The file, locked, and the candidate as it is now; ConstructionError where this person may not write about it."""
    if not by.strip() or len(by) > _LONGEST_NAME:
        raise ConstructionError("who does it is not said", where=candidate_id, hint="give a name")
    if any(isinstance(each, str) and len(each) > _LONGEST for each in texts):
        raise ConstructionError(f"a text is longer than {_LONGEST:,} characters", where=candidate_id, hint="shorten it")
    with log.writing(folder / FILE) as file:
        lines, _ = read_lines(log.read(folder / FILE)[0])
        candidate = fold(each for each in lines if each.candidate == candidate_id).get(candidate_id)
        if candidate is None:
            raise ConstructionError("there is no such candidate", where=candidate_id, hint="check the id")
        if candidate.discarded_at or candidate.next_step:
            what = f"it was discarded: {candidate.reason}" if candidate.discarded_at else "its steps are not done yet"
            raise ConstructionError(what, where=candidate_id, hint="review another one")
        if candidate.version != version:
            hint = "read it again, then repeat what you did"
            raise ConstructionError("somebody changed its text meanwhile", where=candidate_id, hint=hint)
        yield file, candidate


def _added(file: log.Log, candidate: Candidate, line: Line) -> Candidate:
    """Write the line; the candidate after it."""
    file.append(line.as_record())
    number = 1 + max(each.number for each in candidate.history)
    return fold([*candidate.history, replace(line, number=number)])[candidate.id]
