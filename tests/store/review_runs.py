"""People, starts and actions of the tests of review; test_review_faults.py kills and starves the actions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siuo_dash.store import journal, log, review
from siuo_dash.store.journal import MOVES, PLACES
from siuo_dash.store.review import Actor
from tests.make.runs import run_id_of, run_table

ADA, BOB = Actor("ada@example.org"), Actor("bob@example.org")
REVIEWER, SECOND = Actor("reviewer@example.org", reviewer=True), Actor("second@example.org", reviewer=True)
LOCAL, NOBODY = Actor(None, reviewer=True), Actor(None)

FIRST, CORRECTED = run_table(), run_table(content="corrected")
RUN, CORRECTION = run_id_of(FIRST), run_id_of(CORRECTED)
NAMES, _, DIGITS = RUN.rpartition("-")
SAME_AGAIN = f"{NAMES}-2-{DIGITS}"
"""The run_id of a correction with the same content."""


def drafted(data_dir: Path) -> None:
    review.save_draft(data_dir, FIRST, ADA)


def submitted(data_dir: Path) -> None:
    review.submit(data_dir, FIRST, ADA)


def published(data_dir: Path) -> None:
    submitted(data_dir)
    review.approve(data_dir, RUN, REVIEWER)


def withdrawn(data_dir: Path) -> None:
    published(data_dir)
    review.withdraw_as(data_dir, RUN, ADA, "a reason")


def correction_waits(data_dir: Path) -> None:
    published(data_dir)
    review.submit(data_dir, CORRECTED, ADA, corrects=RUN)


def same_waits(data_dir: Path) -> None:
    published(data_dir)
    review.submit(data_dir, FIRST, ADA, corrects=RUN)


def draft_corrects_waiting(data_dir: Path) -> None:
    submitted(data_dir)
    review.save_draft(data_dir, CORRECTED, ADA, corrects=RUN)


Action = Callable[[Path], object]
CASES: dict[str, tuple[Action | None, Action, dict[str, str], dict[str, str]]] = {
    "keep a draft": (None, drafted, {}, {RUN: journal.DRAFTS}),
    "submit": (None, submitted, {}, {RUN: journal.PENDING}),
    "send": (
        drafted,
        lambda data_dir: review.send(data_dir, RUN, ADA),
        {RUN: journal.DRAFTS},
        {RUN: journal.PENDING},
    ),
    "retract": (
        submitted,
        lambda data_dir: review.retract(data_dir, RUN, ADA),
        {RUN: journal.PENDING},
        {RUN: journal.RETRACTED},
    ),
    "request changes": (
        submitted,
        lambda data_dir: review.request_changes(data_dir, RUN, REVIEWER, "a reason"),
        {RUN: journal.PENDING},
        {RUN: journal.DRAFTS},
    ),
    "reject": (
        submitted,
        lambda data_dir: review.reject(data_dir, RUN, REVIEWER, "a reason"),
        {RUN: journal.PENDING},
        {RUN: journal.REJECTED},
    ),
    "approve": (
        submitted,
        lambda data_dir: review.approve(data_dir, RUN, REVIEWER, badge="reproduced"),
        {RUN: journal.PENDING},
        {RUN: journal.PUBLISHED},
    ),
    "withdraw": (
        published,
        lambda data_dir: review.withdraw_as(data_dir, RUN, ADA, "a reason"),
        {RUN: journal.PUBLISHED},
        {RUN: journal.WITHDRAWN},
    ),
    "restore": (
        withdrawn,
        lambda data_dir: review.restore_as(data_dir, RUN, ADA),
        {RUN: journal.WITHDRAWN},
        {RUN: journal.PUBLISHED},
    ),
    "correct what waits": (
        submitted,
        lambda data_dir: review.submit(data_dir, CORRECTED, ADA, corrects=RUN),
        {RUN: journal.PENDING},
        {RUN: journal.SUPERSEDED, CORRECTION: journal.PENDING},
    ),
    "correct with the same content": (
        submitted,
        lambda data_dir: review.submit(data_dir, FIRST, ADA, corrects=RUN),
        {RUN: journal.PENDING},
        {RUN: journal.SUPERSEDED, SAME_AGAIN: journal.PENDING},
    ),
    "send a correction": (
        draft_corrects_waiting,
        lambda data_dir: review.send(data_dir, CORRECTION, ADA),
        {RUN: journal.PENDING, CORRECTION: journal.DRAFTS},
        {RUN: journal.SUPERSEDED, CORRECTION: journal.PENDING},
    ),
    "approve a correction": (
        correction_waits,
        lambda data_dir: review.approve(data_dir, CORRECTION, REVIEWER),
        {RUN: journal.PUBLISHED, CORRECTION: journal.PENDING},
        {RUN: journal.SUPERSEDED, CORRECTION: journal.PUBLISHED},
    ),
    "approve a correction with the same content": (
        same_waits,
        lambda data_dir: review.approve(data_dir, SAME_AGAIN, REVIEWER),
        {RUN: journal.PUBLISHED, SAME_AGAIN: journal.PENDING},
        {RUN: journal.SUPERSEDED, SAME_AGAIN: journal.PUBLISHED},
    ),
}
"""{name: (what happened before, the action, where the runs lie before it, and after)}."""


def places(data_dir: Path) -> dict[str, str]:
    """{run_id: its folder}; a run that lies in two folders fails here."""
    found: dict[str, str] = {}
    for place in PLACES:
        for path in (data_dir / place).glob("[!.]*.parquet"):
            assert path.stem not in found, f"{path.stem} lies in {found[path.stem]} and {place}"
            found[path.stem] = place
    return found


def replayed(data_dir: Path) -> dict[str, str]:
    """{run_id: its folder}, from the log alone; a line that starts from another folder fails here."""
    found: dict[str, str] = {}
    for event in log.read(data_dir):
        assert journal.source_of(event) == found.get(event.run_id)
        found[event.run_id] = MOVES[event.event].target
    return found
