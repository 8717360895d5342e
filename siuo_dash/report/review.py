"""Submissions in words and tables: state, history, and what a reviewer reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from siuo_dash.analysis.preview import Standing
from siuo_dash.report.runs import attempt_words, stated
from siuo_dash.store.registry import Attempt, Event, Submitted, Withdrawal
from siuo_dash.store.registry.log import SENDINGS
from siuo_dash.text import counted, listed

STATES: Final = {
    "draft": ("Draft", "Only you see it. Send it for review when it is ready."),
    "pending": ("Waiting for review", "Reviewers see it, nobody else does. It is ranked nowhere until it is approved."),
    "published": ("Published", "It is visible to everyone."),
    "rejected": ("Rejected", "A reviewer refused it. Only you and reviewers can see it. See the reason below."),
    "superseded": ("Superseded", "A corrected submission has taken its place."),
    "withdrawn": (
        "Withdrawn",
        "It was taken back. Its file is kept; reviewers can still read what was sent to them.",
    ),
}
"""{state: (label, what it means to the person who sent it)}."""
HAPPENED: Final = {
    "draft": "kept as a draft",
    "submit": "sent for review",
    "send": "sent for review",
    "request-changes": "changes asked for",
    "reject": "rejected",
    "approve": "approved and published",
    "retract": "retracted",
    "supersede": "replaced by a correction",
    "publish": "published",
    "withdraw": "withdrawn",
    "restore": "published again",
}
DECISIONS: Final = ("request-changes", "reject", "approve", "withdraw")
"""The events whose words are for the submitter."""
_WHEN: Final = "%Y-%m-%d %H:%M UTC"


def name(submission: Submitted) -> str:
    """What people read of a submission: model and judge."""
    return f"{submission.model} · {submission.judge}" if submission.judge else submission.model


def who_reads(submission: Submitted) -> str:
    """Who can still read what its owner takes back: reviewers too, if it was ever sent to them."""
    sent = any(event.event in SENDINGS for event in submission.history)
    return f"Only you {'and reviewers ' if sent else ''}can still see it."


def when(event: Event) -> str:
    """The minute of an event, in UTC; as the log has it where it is no date."""
    try:
        return datetime.fromisoformat(event.at).strftime(_WHEN)
    except ValueError:
        return event.at


def since(submission: Submitted) -> str:
    """When it came into its state."""
    return when(submission.history[-1]) if submission.history else "not known"


def history_frame(history: Sequence[Event], me: str | None, *, addresses: bool) -> pd.DataFrame:
    """What happened, oldest first: when, what, by whom, why. addresses: name people, as only reviewers see them."""
    rows = [
        (
            when(event),
            HAPPENED.get(event.event, event.event),
            "you" if me is not None and event.by == me else _person(event.by, addresses),
            event.why or "",
        )
        for event in history
    ]
    frame = pd.DataFrame(rows, columns=["When", "What", "By", "Why"])
    return frame if frame["Why"].ne("").any() else frame.drop(columns="Why")


def submissions_frame(submissions: Sequence[Submitted], attempts: Mapping[str, Attempt]) -> pd.DataFrame:
    """One row a submission: model, judge, state, since when, which attempt, the last words about it, its id."""
    rows = [
        (
            each.model,
            each.judge or "–",
            STATES[each.state][0],
            since(each),
            attempt_words(attempts.get(each.run_id)),
            each.history[-1].why or "" if each.history else "",
            each.run_id,
        )
        for each in submissions
    ]
    frame = pd.DataFrame(rows, columns=["Model", "Judge", "State", "Since", "Attempt", "Last words", "Submission"])
    empty = [column for column in ("Attempt", "Last words") if frame[column].eq("").all()]
    return frame.drop(columns=empty)


def withdrawn_frame(gone: Sequence[Withdrawal]) -> pd.DataFrame:
    """The withdrawn runs: which, why, by whom and when."""
    rows = []
    for each in gone:
        at = each.at.strftime(_WHEN) if each.at else "not known"
        rows.append((each.run_id, each.why or "not known", each.by or "not stated", at))
    return pd.DataFrame(rows, columns=["Run", "Reason", "Withdrawn by", "When"])


def facts(table: pa.Table) -> list[tuple[str, str]]:
    """What the submitter says of the run, as (label, words); what was left out says so.

    table: the rows of one run under RESULT_SCHEMA.
    """
    row = table.slice(0, 1).to_pylist()[0]
    judges = sorted({judge for judge in table.column("judge").to_pylist() if judge})
    return stated(row | {"judge": ", ".join(judges)})


def change_words(found: Standing) -> str:
    """What the board would look like with the run, and without the one that it replaces: who would move."""
    if found.partial:
        return "It is partial, so it changes no rank where partial runs are not ranked."
    if not found.others:
        return "It would be the first run of its board."
    ways = {"down": found.down, "up": found.up}
    moved = [f"{counted(count, 'run')} would move {way} a place" for way, count in ways.items() if count]
    return f"{listed(moved)}." if moved else "No other run would change its rank."


def replaced(old: Submitted) -> str | None:
    """The published run that a correction of this submission would replace."""
    return old.run_id if old.state in ("published", "withdrawn") else old.supersedes


def samples_to_read(table: pa.Table, *, flagged: bool) -> list[tuple[str, int]]:
    """(task, question_id) of the samples with responses, in order; only those with a health flag if asked for."""
    rows = zip(*(table.column(name).to_pylist() for name in ("task", "question_id", "flags", "responses")), strict=True)
    return [(task, question) for task, question, flags, texts in rows if texts and (flags or not flagged)]


def sample_rows(table: pa.Table, task: str, question_id: int) -> list[dict[str, Any]]:
    """The responses of one sample, as the schema has them."""
    rows = table.select(["task", "question_id", "responses"]).to_pylist()
    return [
        response
        for row in rows
        if row["task"] == task and row["question_id"] == question_id
        for response in row["responses"]
    ]


def _person(by: str | None, addresses: bool) -> str:
    if by is None:
        return "not stated"
    return by if addresses else "a reviewer"
