"""What happens to a submission: kept as a draft, sent, corrected, taken back, decided; withdrawn and restored.

Each is one change of the registry. All authorisation is decided here and in `actors`, from the Actor, so that no page
can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Row

from siuo_dash.benchmark.badges import CHECKED, PUBLICATIONS, badge_of
from siuo_dash.benchmark.identity import make_run_id
from siuo_dash.errors import NoRun, NotAllowed, SubmissionError
from siuo_dash.store import blobs
from siuo_dash.store.registry.actors import (
    NO_LIMITS,
    Actor,
    Limits,
    Submitted,
    is_local,
    must_be_reviewer,
    must_be_somebody,
    owned,
    owns,
    reason,
    run_id_for,
    seen,
    signature,
)
from siuo_dash.store.registry.change import Change, Upload, must_allow, row_of
from siuo_dash.store.registry.limits import check_disk, check_limits
from siuo_dash.store.registry.log import MOVES, OPEN, PUBLIC, SHOWN_AS
from siuo_dash.store.registry.opening import changing, reading
from siuo_dash.store.registry.publishing import AlreadyPublished, bringing, no_run
from siuo_dash.store.registry.reading import told
from siuo_dash.store.runs.parquet import check_schema, with_values

CORRECTABLE: Final = ("draft", "pending", "published", "withdrawn", "rejected")
GIVEN: Final = ("self-reported", "re-judged", "reproduced", "published")
"""The badges that an approval can give."""


class AlreadySubmitted(SubmissionError):
    """The same content was sent before by the same person."""


def save_draft(
    data_dir: Path, table: pa.Table, actor: Actor, *, limits: Limits = NO_LIMITS, corrects: str | None = None
) -> Submitted:
    """Keep a run as a draft that its owner alone sees. As `submit` otherwise."""
    return _put(data_dir, "draft", table, actor, limits, corrects)


def submit(
    data_dir: Path, table: pa.Table, actor: Actor, *, limits: Limits = NO_LIMITS, corrects: str | None = None
) -> Submitted:
    """Send a run for review: on return it is on the disk, waiting and logged; on any error nothing of it is kept.

    table: the rows of one run under RESULT_SCHEMA, run_id as `make_run_id` gives it; the run_id that it gets can
    differ, when the actor corrects something with the same content. corrects: the actor's own earlier submission. An
    open one is superseded at once, a published one when this one is approved. Raises AlreadyPublished or
    AlreadySubmitted when the same content was sent before, NotAllowed when nobody is signed in or a limit is reached,
    NoRun when there is nothing to correct, StoreError when the disk refuses.
    """
    return _put(data_dir, "submit", table, actor, limits, corrects)


def send(data_dir: Path, run_id: str, actor: Actor, *, limits: Limits = NO_LIMITS) -> Submitted:
    """Send one's own draft for review; other open submissions that correct the same are superseded."""
    must_be_somebody(actor)
    with changing(data_dir) as now:
        run = owned(now.run(run_id), run_id, actor)
        must_allow("submit", run)
        check_limits(now, actor, limits, run_id, replaced=())
        now.move("submit", run, signature(actor))
        _supersede(now, now.family(run.family, OPEN), actor, run_id)
        return told(now.connection, run_id)


def retract(data_dir: Path, run_id: str, actor: Actor, why: str = "") -> Submitted:
    """Take back one's own draft, or what waits for review."""
    must_be_somebody(actor)
    return _move(data_dir, "retract", run_id, actor, reason(why, needed=False), owned)


def request_changes(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Send what waits for review back to its owner as a draft, with a reason. Reviewers only."""
    must_be_reviewer(actor)
    return _move(data_dir, "request-changes", run_id, actor, reason(why, needed=True), seen)


def reject(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Refuse what waits for review, with a reason. Reviewers only."""
    must_be_reviewer(actor)
    return _move(data_dir, "reject", run_id, actor, reason(why, needed=True), seen)


def approve(data_dir: Path, run_id: str, actor: Actor, *, badge: str = "self-reported", why: str = "") -> Submitted:
    """Publish what waits for review; what it corrects is superseded in the same change. Reviewers only.

    badge: one of benchmark.badges.BADGES; `published` only where the submitter names a publication. One's own can be
    self-reported only. Raises SubmissionError when the file is not the one that was sent.
    """
    must_be_reviewer(actor)
    words = reason(why, needed=False)
    # Read before the transaction, for which everybody waits; the file of a run never changes.
    whole = _whole_file(data_dir, run_id)
    with changing(data_dir) as now:
        run = seen(now.run(run_id), run_id, actor)
        must_allow("approve", run)
        if badge != "self-reported" and owns(actor, run) and not is_local(actor):
            raise NotAllowed(
                "one's own submission can be self-reported only", hint="another reviewer can give another badge"
            )
        if run.content_hash is None or run.file != whole:
            raise SubmissionError(
                "the file of this submission is not the one that was sent",
                where=run.file,
                hint="reject it, or restore the file from a backup; `python -m siuo_dash verify` says more",
            )
        status = _status(run.source_status, badge)
        _refuse_public(now, run)
        # Put aside first: not even for a moment is the same content public twice.
        _supersede(now, now.family(run.family, PUBLIC), actor, run_id)
        now.move("approve", run, signature(actor), words, source_status=status)
        return told(now.connection, run_id)


def withdraw(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Take a published run off every page, with a reason: its owner or a reviewer. Its file is kept."""
    return _switch(data_dir, "withdraw", run_id, actor, reason(why, needed=True), withdrawn_by=actor.id)


def restore(data_dir: Path, run_id: str, actor: Actor) -> Submitted:
    """Publish a withdrawn run again: a reviewer, or its owner when the owner withdrew it."""
    return _switch(data_dir, "restore", run_id, actor, None)


def _put(data_dir: Path, event: str, table: pa.Table, actor: Actor, limits: Limits, corrects: str | None) -> Submitted:
    must_be_somebody(actor)
    check_schema(table.schema)
    if not set(CHECKED).isdisjoint(table.column("source_status").to_pylist()):
        table = with_values(table, source_status="self-reported")  # the other badges are a reviewer's to give
    with bringing(data_dir, table) as (now, upload):
        corrected = None if corrects is None else _correctable(owned(now.run(corrects), corrects, actor))
        _refuse_known(now, upload, None if corrected is None else corrected.family, actor)
        new = replace(upload, run_id=_free(now, run_id_for(actor, upload.run_id)))
        # A draft puts aside the draft that it corrects; what waits for review waits until it is sent.
        states = OPEN if event == "submit" else ("draft",)
        replaced = [] if corrected is None else now.family(corrected.family, states)
        check_limits(now, actor, limits, new.run_id, [each.run_id for each in replaced])
        check_disk(data_dir, now, actor, limits, new.file)
        now.bring(event, new, owner=actor.id, verified=True, corrects=corrected)
        _supersede(now, replaced, actor, new.run_id)
        return told(now.connection, new.run_id)


def _move(
    data_dir: Path,
    event: str,
    run_id: str,
    actor: Actor,
    words: str | None,
    allowed: Callable[[Row[Any] | None, str, Actor], Row[Any]],
) -> Submitted:
    with changing(data_dir) as now:
        now.move(event, allowed(now.run(run_id), run_id, actor), signature(actor), words)
        return told(now.connection, run_id)


def _switch(data_dir: Path, event: str, run_id: str, actor: Actor, why: str | None, **values: Any) -> Submitted:
    must_be_somebody(actor)
    with changing(data_dir) as now:
        run = now.run(run_id)
        if run is None or run.state not in PUBLIC:  # anything else is known to its owner and to reviewers alone
            raise no_run(data_dir, run_id)
        if not (actor.reviewer or owns(actor, run)):
            raise NotAllowed("this is somebody else's run", hint="its owner or a reviewer can do this")
        if run.state == MOVES[event].target:
            raise NoRun(f"run {run_id} is already {run.state}", hint="there is nothing to do")
        if event == "restore" and not actor.reviewer and run.withdrawn_by != actor.id:
            raise NotAllowed("a reviewer withdrew this run", hint="contact the administrators")
        now.move(event, run, signature(actor), why, **values)
        return told(now.connection, run_id)


def _whole_file(data_dir: Path, run_id: str) -> str | None:
    """The run's file, if it is the one that was sent."""
    with reading(data_dir) as connection:
        run = row_of(connection, run_id)
    return run.file if run is not None and blobs.is_whole(blobs.of(data_dir), run.file) else None


def _correctable(run: Row[Any]) -> Row[Any]:
    if run.state not in CORRECTABLE:
        raise SubmissionError(
            f"the submission that this one corrects is {SHOWN_AS[run.state]}",
            hint="correct the one that took its place" if run.state == "superseded" else "send it as a new one",
        )
    return run


def _supersede(now: Change, replaced: Sequence[Row[Any]], actor: Actor, by: str) -> None:
    for run in replaced:
        if run.run_id != by:
            now.move("supersede", run, signature(actor), f"corrected by {by}")


def _refuse_known(now: Change, upload: Upload, family: str | None, actor: Actor) -> None:
    """Raise AlreadyPublished or AlreadySubmitted when this content is in the store and may not come again.

    What others keep or sent, and nobody has published, is no reason: it would tell of it, and who takes somebody's file
    could lock out its author. Reviewers see both, and can publish one of them only (`_refuse_public`).
    """
    for run in now.same_content(upload.run_id, upload):
        own = owns(actor, run)
        if run.family == family or (own and run.state == "retracted"):
            continue
        if run.state in PUBLIC:
            raise AlreadyPublished(run.run_id, run.state)
        if own:
            raise AlreadySubmitted(
                f"you sent the same content before, as {run.run_id}, which is {SHOWN_AS[run.state]}",
                hint="correct that one, under My submissions",
            )


def _refuse_public(now: Change, run: Row[Any]) -> None:
    """Raise AlreadyPublished when a run's content is public as another run than those that it corrects."""
    named = make_run_id(run.model, run.judge, run.content_hash)
    for other in now.same_content(named, run):
        if other.state in PUBLIC and other.family != run.family:
            raise AlreadyPublished(other.run_id, other.state)


def _free(now: Change, run_id: str) -> str:
    """The run_id, or one with a number in it when that is taken; it ends with the content hash all the same."""
    names, _, digits = run_id.rpartition("-")
    free, number = run_id, 1
    while now.run(free) is not None:
        number += 1
        free = f"{names}-{number}-{digits}"
    return free


def _status(stated: str, badge: str) -> str:
    """The source_status that shows the badge; what the submitter stated, where it shows the same."""
    if badge not in GIVEN or (badge == "published" and stated not in PUBLICATIONS):
        raise SubmissionError(
            f"the badge {badge!r} cannot be given to this submission", hint=f"give one of {', '.join(GIVEN[:3])}"
        )
    return stated if badge_of(stated) == badge else badge
