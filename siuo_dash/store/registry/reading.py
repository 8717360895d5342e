"""Read access to submissions by role: the public, owners and reviewers, and the keeper of a data directory.

Nothing here changes anything.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, select, true

from siuo_dash.errors import SubmissionError
from siuo_dash.store import blobs
from siuo_dash.store.registry.actors import Actor, Submitted, must_be_reviewer, must_be_somebody, seen
from siuo_dash.store.registry.change import row_of
from siuo_dash.store.registry.log import OPEN, PUBLIC, SHOWN_AS, Event, parse
from siuo_dash.store.registry.opening import reading, rows, version
from siuo_dash.store.registry.tables import log, runs
from siuo_dash.store.runs import parquet
from siuo_dash.store.runs.parquet import under_schema, with_values


@dataclass(frozen=True)
class Attempt:
    """Which result of its owner for its model a run was, from 1, and of how many different ones."""

    number: int
    of: int


@dataclass(frozen=True)
class Withdrawal:
    """A withdrawn run: why, by whom and when; None where the log does not tell."""

    run_id: str
    why: str | None
    by: str | None
    at: datetime | None


class PublicRun(NamedTuple):
    """A published run: `tables` says what each means. run_id and source_status are laid over what the file says."""

    run_id: str
    file: str
    source_status: str


_PUBLISHED: Final = (
    select(runs.c.run_id, runs.c.file, runs.c.source_status).where(runs.c.state == "published").order_by(runs.c.number)
)


def public_runs(data_dir: Path) -> list[PublicRun]:
    """The published runs, in the order in which they came."""
    return [PublicRun(*row) for row in rows(data_dir, _PUBLISHED)]


def public_in(connection: Connection) -> list[PublicRun]:
    """As `public_runs`, within what else is asked of one state."""
    return [PublicRun(*row) for row in connection.execute(_PUBLISHED)]


def log_lines(data_dir: Path) -> list[bytes]:
    """The lines of the log, oldest first, each without its newline."""
    return [line for (line,) in rows(data_dir, select(log.c.line).order_by(log.c.seq))]


def named_files(data_dir: Path) -> set[str]:
    """The files that runs name, as `runs.file`; any other one is left over."""
    return {file for (file,) in rows(data_dir, select(runs.c.file))}


def own(data_dir: Path, actor: Actor) -> list[Submitted]:
    """The actor's own submissions in all states, newest first; of the local user also what nobody is known to own."""
    must_be_somebody(actor)
    mine = runs.c.verified & (runs.c.owner == actor.id)
    if actor.id is None:
        mine = runs.c.verified.is_(False) | runs.c.owner.is_(None)
    return _list(data_dir, mine)[::-1]


def waiting(data_dir: Path, actor: Actor) -> list[Submitted]:
    """What waits for review, the longest first. Reviewers only."""
    must_be_reviewer(actor)
    # By the line that sent them, not by the clock, which may have been set back.
    return _list(data_dir, runs.c.state == "pending", runs.c.changed)


def one(data_dir: Path, run_id: str, actor: Actor) -> Submitted:
    """A submission, for its owner and for reviewers. Raises NoRun for everybody else, as if it did not exist."""
    with reading(data_dir) as connection:
        run = seen(row_of(connection, run_id), run_id, actor)
        assert connection is not None
        return told(connection, run.run_id)


def table_of(data_dir: Path, run_id: str, actor: Actor) -> pa.Table:
    """Its rows under RESULT_SCHEMA, texts included; for whom `one` is. Raises SubmissionError for a broken file."""
    with reading(data_dir) as connection:
        run = seen(row_of(connection, run_id), run_id, actor)
    try:
        rows = under_schema(parquet.table_of(blobs.of(data_dir).read(run.file)))
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SubmissionError(
            "the file of this submission cannot be read",
            where=run.file,
            hint="reject it, or restore the file from a backup; `python -m siuo_dash verify` says more",
        ) from error
    return with_values(rows, run_id=run.run_id, source_status=run.source_status)


def earlier_of(data_dir: Path, owner_id: str, actor: Actor) -> list[Submitted]:
    """All that a person ever sent, the newest first; their drafts are their own. Reviewers only."""
    must_be_reviewer(actor)
    sent = runs.c.sent.is_not(None) & (runs.c.state != "draft")
    theirs = runs.c.verified & (runs.c.owner == owner_id) & (sent if owner_id != actor.id else true())
    return _list(data_dir, theirs)[::-1]


def withdrawn(data_dir: Path) -> list[Withdrawal]:
    """The withdrawn runs, the latest first."""
    if not data_dir.is_dir():
        return []
    last = select(runs.c.run_id, log.c.line).join(log, log.c.seq == runs.c.changed)
    latest = last.where(runs.c.state == "withdrawn").order_by(runs.c.changed.desc())
    return [_withdrawal(run_id, line) for run_id, line in rows(data_dir, latest)]


def attempts(data_dir: Path, *, undecided: bool = False) -> dict[str, Attempt]:
    """{run_id: which attempt it was}, for all runs with an owner that were ever sent.

    Drafts that were never sent do not count, and the same content sent again is no other attempt. A model is known by
    letters and digits of its name. undecided: count what waits for a decision, too, which is for its owner and for
    reviewers only.
    """
    return _attempts(data_dir, version(data_dir), undecided)


@lru_cache(maxsize=8)
def _attempts(data_dir: Path, _version: int, undecided: bool) -> dict[str, Attempt]:
    shown = runs.c.sent.is_not(None) & runs.c.owner.is_not(None)
    if not undecided:
        shown &= runs.c.state.not_in(OPEN)
    asked = select(runs.c.run_id, runs.c.owner, runs.c.model_key, runs.c.content_hash).where(shown)
    found = rows(data_dir, asked.order_by(runs.c.sent))
    tried: dict[tuple[str, str], dict[str, int]] = {}
    for run_id, owner, model, content in found:
        numbers = tried.setdefault((owner, model), {})
        numbers.setdefault(content or run_id, len(numbers) + 1)
    return {
        run_id: Attempt(tried[owner, model][content or run_id], len(tried[owner, model]))
        for run_id, owner, model, content in found
    }


def told(connection: Connection, run_id: str) -> Submitted:
    """What its owner and reviewers are told of a run that is there."""
    (found,) = _told(connection, runs.c.run_id == run_id)
    return found


def _list(data_dir: Path, condition: ColumnElement[bool], order: ColumnElement[Any] = runs.c.number) -> list[Submitted]:
    with reading(data_dir) as connection:
        return [] if connection is None else _told(connection, condition, order)


def _told(
    connection: Connection, condition: ColumnElement[bool], order: ColumnElement[Any] = runs.c.number
) -> list[Submitted]:
    found = connection.execute(select(runs).where(condition).order_by(order)).all()
    named = select(runs.c.run_id).where(condition)
    histories: dict[str, list[Event]] = {}
    for line in connection.execute(select(log.c.line).where(log.c.run_id.in_(named)).order_by(log.c.seq)).scalars():
        with suppress(ValueError):  # `verify` names it
            event = parse(line)
            histories.setdefault(event.run_id, []).append(event)
    families = select(runs.c.family).where(condition & runs.c.state.in_(OPEN) & runs.c.corrects.is_not(None))
    public = select(runs.c.family, runs.c.run_id).where(runs.c.family.in_(families) & runs.c.state.in_(PUBLIC))
    replaced = {family: run_id for family, run_id in connection.execute(public.order_by(runs.c.number))}
    return [
        Submitted(
            run.run_id,
            SHOWN_AS[run.state],
            run.model,
            run.judge,
            run.organization,
            run.owner,
            tuple(histories.get(run.run_id, ())),
            # While it is open, the published run in whose place it would come; or else what it was sent to correct.
            replaced.get(run.family, run.corrects) if run.corrects and run.state in OPEN else run.corrects,
        )
        for run in found
    ]


def _withdrawal(run_id: str, line: bytes) -> Withdrawal:
    try:
        event = parse(line)
    except ValueError:
        return Withdrawal(run_id, None, None, None)
    at = None
    with suppress(ValueError):  # a log that somebody wrote into is no reason to show nothing
        at = datetime.fromisoformat(event.at)
    return Withdrawal(run_id, event.why, event.by, at)
