"""What a submitter does: keep a draft, send it, correct it, take it back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from siuo_dash.benchmark.badges import CHECKED
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NotAllowed, SubmissionError
from siuo_dash.store import claims, files, journal, log, publish
from siuo_dash.store.journal import DRAFTS, MOVES, PENDING, PUBLISHED, REJECTED, RETRACTED, SUPERSEDED, WITHDRAWN
from siuo_dash.store.parquet import CONTENT_HASH, parquet_bytes
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.ledger import FIRST, OPEN, Ledger, owns
from siuo_dash.store.review.people import NO_LIMITS, STATES, Actor, Limits, Submitted, must_be_somebody, reason

CORRECTABLE = (DRAFTS, PENDING, PUBLISHED, WITHDRAWN, REJECTED)


class AlreadySubmitted(SubmissionError):
    """The same content was sent before. Whose it is, and as what, is told to nobody but its owner."""


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
    NoRun when there is nothing to correct, SubmissionError when the disk refuses.
    """
    return _put(data_dir, "submit", table, actor, limits, corrects)


def send(data_dir: Path, run_id: str, actor: Actor, *, limits: Limits = NO_LIMITS) -> Submitted:
    """Send one's own draft for review; other open submissions that correct the same are superseded."""
    must_be_somebody(actor)
    with files.explained(data_dir), journal.locked(data_dir):
        ledger = book.read(data_dir)
        _, place = reading.owned(data_dir, ledger, run_id, actor)
        must_be_in(place, DRAFTS)
        _check_limits(ledger, actor, limits, run_id, replaced=())
        event = move_event(data_dir, "submit", run_id, actor, None, place)
        move(data_dir, event, *superseding(data_dir, ledger, run_id, OPEN, actor, run_id))
    return after(data_dir, run_id)


def retract(data_dir: Path, run_id: str, actor: Actor, why: str = "") -> Submitted:
    """Take back one's own draft, or what waits for review."""
    must_be_somebody(actor)
    words = reason(why, needed=False)
    with files.explained(data_dir), journal.locked(data_dir):
        _, place = reading.owned(data_dir, book.read(data_dir), run_id, actor)
        must_be_in(place, *OPEN)
        move(data_dir, move_event(data_dir, "retract", run_id, actor, words, place))
    return after(data_dir, run_id)


def must_be_in(place: str, *allowed: str) -> None:
    """Raise SubmissionError when a submission is not in the state that a change starts from."""
    if place not in allowed:
        wanted = " or ".join(STATES[each] for each in allowed)
        raise SubmissionError(
            f"this submission is {STATES[place]}, not {wanted}", hint="reload the page: it was changed meanwhile"
        )


def move_event(data_dir: Path, event: str, run_id: str, actor: Actor, why: str | None, place: str) -> log.Event:
    """A change of a run that lies in `place`. The caller holds the lock."""
    digest = publish.hash_of(journal.path_of(data_dir, place, run_id))
    source = place if len(MOVES[event].sources) > 1 else None
    return log.next_event(data_dir, event, run_id, digest, by=actor.id, why=why, source=source)


def move(data_dir: Path, event: log.Event, *consequences: log.Event) -> None:
    """Take a run's file where the event takes it, and others with it. The caller holds the lock."""
    source = journal.path_of(data_dir, journal.source_of(event) or "", event.run_id)
    target = journal.path_of(data_dir, MOVES[event.event].target, event.run_id)
    journal.perform(data_dir, event, lambda: files.move(source, target), *consequences)


def superseding(
    data_dir: Path, ledger: Ledger, run_id: str, places: Sequence[str], actor: Actor, by: str
) -> list[log.Event]:
    """The events that put the family of `run_id` aside, as far as it lies in `places`, in favour of the run `by`."""
    return [
        move_event(data_dir, "supersede", each, actor, f"corrected by {by}", place)
        for each in ledger.family(run_id)
        if each != by and (place := journal.place_of(data_dir, each)) in places and place is not None
    ]


def after(data_dir: Path, run_id: str) -> Submitted:
    """What became of a submission, for who has just changed it."""
    ledger = book.read(data_dir)
    place = journal.place_of(data_dir, run_id)
    if place is None:  # another one has moved the whole directory away meanwhile
        raise SubmissionError("the data directory is not there", where=str(data_dir), hint="mount it, then try again")
    return reading.told(data_dir, ledger, ledger.entry(run_id), place)


def _put(data_dir: Path, event: str, table: pa.Table, actor: Actor, limits: Limits, corrects: str | None) -> Submitted:
    must_be_somebody(actor)
    digest = content_hash(table)
    run_id = publish.run_id_of(table, digest)
    table = _unchecked(table)
    data = parquet_bytes(table, {CONTENT_HASH: digest})
    key = claims.key(table, digest)
    with files.explained(data_dir):
        journal.prepare(data_dir)
        publish.refuse_shipped(data_dir, run_id, digest)
        incoming = journal.folder(data_dir, "incoming")
        files.clean(incoming)
        with files.staged(incoming, run_id) as file:
            files.fill(file.descriptor, data)
            with journal.locked(data_dir):
                ledger = book.read(data_dir)
                family = _family(data_dir, ledger, corrects, actor)
                _refuse_known(data_dir, ledger, run_id, key, digest, family, actor)
                free = _free(data_dir, run_id)
                if free != run_id:  # only for content that this person sent before
                    os.ftruncate(file.descriptor, 0)
                    os.lseek(file.descriptor, 0, os.SEEK_SET)
                    files.fill(file.descriptor, parquet_bytes(_renamed(table, free), {CONTENT_HASH: digest}))
                # A draft puts aside the draft that it corrects; what waits for review waits until it is sent.
                places = OPEN if event == "submit" else (DRAFTS,)
                replaced = superseding(data_dir, ledger, corrects, places, actor, free) if corrects else []
                _check_limits(ledger, actor, limits, free, [each.run_id for each in replaced])
                new = log.next_event(
                    data_dir, event, free, digest, by=actor.id, corrects=corrects, model=table["model"][0].as_py()
                )
                target = journal.path_of(data_dir, MOVES[event].target, free)
                with claims.claimed(data_dir, key, free):
                    journal.perform(data_dir, new, lambda: files.reveal(file, target), *replaced)
    return after(data_dir, free)


def _unchecked(table: pa.Table) -> pa.Table:
    """The table without a badge that only a reviewer gives."""
    column = table.schema.get_field_index("source_status")
    said = ["self-reported" if each in CHECKED else each for each in table.column(column).to_pylist()]
    return table.set_column(column, RESULT_SCHEMA.field("source_status"), pa.array(said, pa.string()))


def _renamed(table: pa.Table, run_id: str) -> pa.Table:
    column = table.schema.get_field_index("run_id")
    return table.set_column(column, RESULT_SCHEMA.field("run_id"), pa.array([run_id] * table.num_rows, pa.string()))


def _free(data_dir: Path, run_id: str) -> str:
    """The run_id, or one with a number in it when that is taken; it ends with the content hash all the same."""
    names, _, digits = run_id.rpartition("-")
    free, number = run_id, 1
    while journal.place_of(data_dir, free) is not None:
        number += 1
        free = f"{names}-{number}-{digits}"
    return free


def _family(data_dir: Path, ledger: Ledger, corrects: str | None, actor: Actor) -> list[str]:
    if corrects is None:
        return []
    _, place = reading.owned(data_dir, ledger, corrects, actor)
    if place not in CORRECTABLE:
        raise SubmissionError(
            f"the submission that this one corrects is {STATES[place]}",
            hint="correct the one that stands in its place" if place == SUPERSEDED else "send it as a new one",
        )
    return ledger.family(corrects)


def _refuse_known(
    data_dir: Path, ledger: Ledger, run_id: str, key: str | None, digest: str, family: list[str], actor: Actor
) -> None:
    """Raise AlreadyPublished or AlreadySubmitted when this content is in the store and may not come again."""
    holders = claims.holders(data_dir, key) if key else []
    if key is None:  # of totals only the name tells
        place = journal.place_of(data_dir, run_id)
        known = place is not None and publish.hash_of(journal.path_of(data_dir, place, run_id)) == digest
        holders = [run_id] if known else []
    for holder in holders:
        place = journal.place_of(data_dir, holder)
        if place is None or holder in family:
            continue
        own = owns(actor, ledger.entry(holder))
        if own and place == RETRACTED:
            continue
        if place in (PUBLISHED, WITHDRAWN):
            raise publish.AlreadyPublished(holder, place)
        if own:
            raise AlreadySubmitted(
                f"you sent the same content before, as {holder}, which is {STATES[place]}",
                hint="correct that one, under My submissions",
            )
        raise AlreadySubmitted("the same content was sent before", hint="if it is yours, ask the reviewers")


def _check_limits(ledger: Ledger, actor: Actor, limits: Limits, run_id: str, replaced: Sequence[str]) -> None:
    """Raise NotAllowed when one more would be too many. Days are those of the log."""
    if actor.id is None:
        return
    own = list(ledger.of(actor.id))
    today = datetime.now(UTC).date().isoformat()
    sent = {each.run_id for each in own for event in each.events if event.event in FIRST and event.at[:10] == today}
    if limits.per_day is not None and len(sent | {run_id}) > limits.per_day:
        raise NotAllowed(f"a person may send {limits.per_day} runs a day here", hint="try again tomorrow (UTC)")
    waiting = {each.run_id for each in own if each.place in OPEN} - set(replaced)
    if limits.open is not None and len(waiting | {run_id}) > limits.open:
        raise NotAllowed(
            f"a person may have {limits.open} drafts and submissions that wait for review at once",
            hint="wait for a decision, or take one back under My submissions",
        )
