"""What a submitter does: keep a draft, send it, correct it, take it back."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa

from siuo_dash.benchmark.badges import CHECKED
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.store import claims, files, journal, log, publish
from siuo_dash.store.journal import DRAFTS, MOVES
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.admission import check_limits, family_of, refuse_known
from siuo_dash.store.review.ledger import OPEN
from siuo_dash.store.review.moves import after, move, move_event, must_be_in, superseding
from siuo_dash.store.review.people import NO_LIMITS, Actor, Limits, Submitted, must_be_somebody, reason
from siuo_dash.store.runs.parquet import CONTENT_HASH, check_schema, parquet_bytes


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
        ledger = book.read(data_dir, to_decide=True)
        _, place = reading.owned(data_dir, ledger, run_id, actor)
        must_be_in(place, DRAFTS)
        check_limits(ledger, actor, limits, run_id, replaced=())
        event = move_event(data_dir, "submit", run_id, actor, None, place)
        move(data_dir, event, *superseding(data_dir, ledger, run_id, OPEN, actor, run_id))
    return after(data_dir, run_id)


def retract(data_dir: Path, run_id: str, actor: Actor, why: str = "") -> Submitted:
    """Take back one's own draft, or what waits for review."""
    must_be_somebody(actor)
    words = reason(why, needed=False)
    with files.explained(data_dir), journal.locked(data_dir):
        _, place = reading.owned(data_dir, book.read(data_dir, to_decide=True), run_id, actor)
        must_be_in(place, *OPEN)
        move(data_dir, move_event(data_dir, "retract", run_id, actor, words, place))
    return after(data_dir, run_id)


def _put(data_dir: Path, event: str, table: pa.Table, actor: Actor, limits: Limits, corrects: str | None) -> Submitted:
    must_be_somebody(actor)
    check_schema(table.schema)
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
                ledger = book.read(data_dir, to_decide=True)
                family = family_of(data_dir, ledger, corrects, actor)
                refuse_known(data_dir, ledger, run_id, key, digest, family, actor)
                free = _free(data_dir, run_id)
                if free != run_id:  # only for content that this person sent before
                    os.ftruncate(file.descriptor, 0)
                    os.lseek(file.descriptor, 0, os.SEEK_SET)
                    files.fill(file.descriptor, parquet_bytes(_renamed(table, free), {CONTENT_HASH: digest}))
                # A draft puts aside the draft that it corrects; what waits for review waits until it is sent.
                places = OPEN if event == "submit" else (DRAFTS,)
                replaced = superseding(data_dir, ledger, corrects, places, actor, free) if corrects else []
                check_limits(ledger, actor, limits, free, [each.run_id for each in replaced])
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
