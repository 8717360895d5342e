"""People, starts and actions of the tests of review; test_review_faults.py kills and starves the actions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siuo_dash.store import registry
from siuo_dash.store.registry import Actor, local
from tests.make.runs import run_id_of, run_table

ADA, BOB = Actor("ada@example.org"), Actor("bob@example.org")
REVIEWER, SECOND = Actor("reviewer@example.org", reviewer=True), Actor("second@example.org", reviewer=True)
LOCAL, NOBODY = local(), Actor(None)
LOCAL_ADA = local("ada")

FIRST, CORRECTED = run_table(), run_table(content="corrected")
RUN, CORRECTION = run_id_of(FIRST), run_id_of(CORRECTED)
NAMES, _, DIGITS = RUN.rpartition("-")
SAME_AGAIN = f"{NAMES}-2-{DIGITS}"
"""The run_id of a correction with the same content."""


def drafted(data_dir: Path) -> None:
    registry.save_draft(data_dir, FIRST, ADA)


def submitted(data_dir: Path) -> None:
    registry.submit(data_dir, FIRST, ADA)


def published(data_dir: Path) -> None:
    submitted(data_dir)
    registry.approve(data_dir, RUN, REVIEWER)


def withdrawn(data_dir: Path) -> None:
    published(data_dir)
    registry.withdraw(data_dir, RUN, ADA, "a reason")


def correction_waits(data_dir: Path) -> None:
    published(data_dir)
    registry.submit(data_dir, CORRECTED, ADA, corrects=RUN)


def same_waits(data_dir: Path) -> None:
    published(data_dir)
    registry.submit(data_dir, FIRST, ADA, corrects=RUN)


def draft_corrects_waiting(data_dir: Path) -> None:
    submitted(data_dir)
    registry.save_draft(data_dir, CORRECTED, ADA, corrects=RUN)


Action = Callable[[Path], object]
CASES: dict[str, tuple[Action | None, Action, dict[str, str], dict[str, str]]] = {
    "keep a draft": (None, drafted, {}, {RUN: "draft"}),
    "submit": (None, submitted, {}, {RUN: "pending"}),
    "send": (
        drafted,
        lambda data_dir: registry.send(data_dir, RUN, ADA),
        {RUN: "draft"},
        {RUN: "pending"},
    ),
    "retract": (
        submitted,
        lambda data_dir: registry.retract(data_dir, RUN, ADA),
        {RUN: "pending"},
        {RUN: "retracted"},
    ),
    "request changes": (
        submitted,
        lambda data_dir: registry.request_changes(data_dir, RUN, REVIEWER, "a reason"),
        {RUN: "pending"},
        {RUN: "draft"},
    ),
    "reject": (
        submitted,
        lambda data_dir: registry.reject(data_dir, RUN, REVIEWER, "a reason"),
        {RUN: "pending"},
        {RUN: "rejected"},
    ),
    "approve": (
        submitted,
        lambda data_dir: registry.approve(data_dir, RUN, REVIEWER, badge="reproduced"),
        {RUN: "pending"},
        {RUN: "published"},
    ),
    "withdraw": (
        published,
        lambda data_dir: registry.withdraw(data_dir, RUN, ADA, "a reason"),
        {RUN: "published"},
        {RUN: "withdrawn"},
    ),
    "restore": (
        withdrawn,
        lambda data_dir: registry.restore(data_dir, RUN, ADA),
        {RUN: "withdrawn"},
        {RUN: "published"},
    ),
    "correct what waits": (
        submitted,
        lambda data_dir: registry.submit(data_dir, CORRECTED, ADA, corrects=RUN),
        {RUN: "pending"},
        {RUN: "superseded", CORRECTION: "pending"},
    ),
    "correct with the same content": (
        submitted,
        lambda data_dir: registry.submit(data_dir, FIRST, ADA, corrects=RUN),
        {RUN: "pending"},
        {RUN: "superseded", SAME_AGAIN: "pending"},
    ),
    "send a correction": (
        draft_corrects_waiting,
        lambda data_dir: registry.send(data_dir, CORRECTION, ADA),
        {RUN: "pending", CORRECTION: "draft"},
        {RUN: "superseded", CORRECTION: "pending"},
    ),
    "approve a correction": (
        correction_waits,
        lambda data_dir: registry.approve(data_dir, CORRECTION, REVIEWER),
        {RUN: "published", CORRECTION: "pending"},
        {RUN: "superseded", CORRECTION: "published"},
    ),
    "approve a correction with the same content": (
        same_waits,
        lambda data_dir: registry.approve(data_dir, SAME_AGAIN, REVIEWER),
        {RUN: "published", SAME_AGAIN: "pending"},
        {RUN: "superseded", SAME_AGAIN: "published"},
    ),
}
"""{name: (what happened before, the action, the states of the runs before it, and after)}."""
