"""What a reviewer does: ask for changes, reject, approve; and taking a published run off the pages."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

from siuo_dash.benchmark.badges import PUBLICATIONS, badge_of
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NotAllowed, SubmissionError
from siuo_dash.store import files, journal, publish
from siuo_dash.store.journal import PENDING, PUBLISHED, WITHDRAWN
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.admission import refuse_public
from siuo_dash.store.review.ledger import Entry, owns
from siuo_dash.store.review.moves import after, move, move_event, must_be_in, superseding
from siuo_dash.store.review.people import Actor, Submitted, is_local, must_be_reviewer, must_be_somebody, reason
from siuo_dash.store.runs.parquet import CONTENT_HASH, parquet_bytes, stored_hash, stored_value

GIVEN: Final = ("self-reported", "re-judged", "reproduced", "published")
SAID: Final = "siuo.said"
"""The footer's key for the source_status that the submitter gave, in a file whose badge a reviewer gave."""


def request_changes(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Send what waits for review back to its owner as a draft, with a reason. Reviewers only."""
    return _refuse(data_dir, "request-changes", run_id, actor, why)


def reject(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Refuse what waits for review, with a reason. Reviewers only."""
    return _refuse(data_dir, "reject", run_id, actor, why)


def approve(data_dir: Path, run_id: str, actor: Actor, *, badge: str = "self-reported", why: str = "") -> Submitted:
    """Publish what waits for review; what it corrects is superseded in the same change. Reviewers only.

    badge: one of benchmark.badges.BADGES; `published` only where the submitter names a publication. One's own can be
    self-reported only. Raises SubmissionError when the file's rows are not those that were sent.
    """
    must_be_reviewer(actor)
    words = reason(why, needed=False)
    with files.explained(data_dir), journal.locked(data_dir):
        ledger = book.read(data_dir, to_decide=True)
        entry, place = reading.found(data_dir, ledger, run_id, actor)
        must_be_in(place, PENDING)
        if badge != "self-reported" and owns(actor, entry) and not is_local(actor):
            raise NotAllowed(
                "one's own submission can be self-reported only", hint="another reviewer can give another badge"
            )
        sent = _sound(data_dir, run_id)
        digest = content_hash(sent)
        source, target = (journal.path_of(data_dir, each, run_id) for each in (PENDING, PUBLISHED))
        before = source.read_bytes()
        said = stored_value(source, SAID) or str(sent.column("source_status")[0])
        table = _badged(sent, said, badge)
        refuse_public(data_dir, sent, digest, ledger.family(run_id))
        event = move_event(data_dir, "approve", run_id, actor, words, PENDING)
        replaced = superseding(data_dir, ledger, run_id, (PUBLISHED, WITHDRAWN), actor, run_id)
        incoming = journal.folder(data_dir, "incoming")

        def change() -> None:
            # The badge is written where the run waits; then one rename makes it visible. Killed in between, the file
            # tells what its submitter had said.
            files.replace(source, parquet_bytes(table, {CONTENT_HASH: digest, SAID: said}), by_way_of=incoming)
            files.move(source, target)

        try:
            journal.perform(data_dir, event, change, *replaced)
        except BaseException:
            if source.exists():
                with suppress(OSError):
                    files.replace(source, before, by_way_of=incoming)
            raise
    return after(data_dir, run_id)


def withdraw_as(data_dir: Path, run_id: str, actor: Actor, why: str) -> Submitted:
    """Take a published run off every page, with a reason: its owner or a reviewer."""
    return _published(data_dir, "withdraw", run_id, actor, reason(why, needed=True))


def restore_as(data_dir: Path, run_id: str, actor: Actor) -> Submitted:
    """Publish a withdrawn run again: a reviewer, or its owner when the owner withdrew it."""
    return _published(data_dir, "restore", run_id, actor, None)


def _refuse(data_dir: Path, event: str, run_id: str, actor: Actor, why: str) -> Submitted:
    must_be_reviewer(actor)
    words = reason(why, needed=True)
    with files.explained(data_dir), journal.locked(data_dir):
        _, place = reading.found(data_dir, book.read(data_dir, to_decide=True), run_id, actor)
        must_be_in(place, PENDING)
        move(data_dir, move_event(data_dir, event, run_id, actor, words, place))
    return after(data_dir, run_id)


def _published(data_dir: Path, event: str, run_id: str, actor: Actor, why: str | None) -> Submitted:
    must_be_somebody(actor)
    start = PUBLISHED if event == "withdraw" else WITHDRAWN
    with files.explained(data_dir), journal.locked(data_dir):
        entry = book.read(data_dir, to_decide=True).entry(run_id)
        place = journal.place_of(data_dir, run_id)
        if place not in (PUBLISHED, WITHDRAWN):  # anything else is known to its owner and to reviewers alone
            target = journal.path_of(data_dir, journal.MOVES[event].target, run_id)
            raise publish.no_run(data_dir, run_id, target)
        if not (actor.reviewer or owns(actor, entry)):
            raise NotAllowed("this is somebody else's run", hint="its owner or a reviewer can do this")
        if event == "restore" and place == WITHDRAWN and not actor.reviewer and _taken_off_by(entry) != actor.id:
            raise NotAllowed("a reviewer withdrew this run", hint="ask the people who run this place")
        must_be_in(place, start)
        move(data_dir, move_event(data_dir, event, run_id, actor, why, place))
    return after(data_dir, run_id)


def _taken_off_by(entry: Entry) -> str | None:
    return next((event.by for event in reversed(entry.events) if event.event == "withdraw"), None)


def _sound(data_dir: Path, run_id: str) -> pa.Table:
    """The rows that wait, as they were sent."""
    table = reading.rows_of(data_dir, PENDING, run_id)
    path = journal.path_of(data_dir, PENDING, run_id)
    digest = content_hash(table)
    named = table.column("run_id").unique().to_pylist()
    if named != [run_id] or stored_hash(path) != digest or not run_id.endswith(digest[:8]):
        raise SubmissionError(
            "the file of this submission is not the one that was sent",
            where=f"{PENDING}/{path.name}",
            hint="reject it, or restore the file from a backup; `python -m siuo_dash verify` says more",
        )
    return table


def _badged(table: pa.Table, said: str, badge: str) -> pa.Table:
    """The table with a source_status that stands for the badge; what the submitter said stays where it says the same."""
    if badge not in GIVEN or (badge == "published" and said not in PUBLICATIONS):
        raise SubmissionError(
            f"the badge {badge!r} cannot be given to this submission", hint=f"give one of {', '.join(GIVEN[:3])}"
        )
    status = said if badge_of(said) == badge else badge
    column = table.schema.get_field_index("source_status")
    return table.set_column(
        column, RESULT_SCHEMA.field("source_status"), pa.array([status] * table.num_rows, pa.string())
    )
