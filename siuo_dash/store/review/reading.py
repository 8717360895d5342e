"""What is told of submissions, and to whom. Nothing here changes anything but to finish what a dead process began."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NoRun, SubmissionError
from siuo_dash.store import files, journal
from siuo_dash.store.journal import PENDING
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review.ledger import Entry, Ledger, may_see, owns
from siuo_dash.store.review.people import STATES, Actor, Submitted, must_be_reviewer, must_be_somebody

UNREADABLE = "unreadable file"
_SAID: Final = ("model", "judge", "organization")


def own(data_dir: Path, actor: Actor) -> list[Submitted]:
    """The actor's own submissions in all states, the newest first."""
    must_be_somebody(actor)
    ledger = _ledger(data_dir)
    return _told(data_dir, ledger, [entry for entry in ledger.of(actor.id)][::-1])


def waiting(data_dir: Path, actor: Actor) -> list[Submitted]:
    """What waits for review, the longest first. Reviewers only."""
    must_be_reviewer(actor)
    ledger = _ledger(data_dir)
    with files.explained(data_dir):
        run_ids = {path.stem for path in (data_dir / PENDING).glob("[!.]*.parquet")}
    # By the place in the log, not by the clock, which may have been set back.
    since = {event.run_id: place for place, event in enumerate(ledger.events) if event.event == "submit"}
    order = sorted(run_ids, key=lambda run_id: (since.get(run_id, -1), run_id))
    found = _told(data_dir, ledger, [ledger.entry(run_id) for run_id in order])
    return [each for each in found if each.state == "pending"]


def one(data_dir: Path, run_id: str, actor: Actor) -> Submitted:
    """A submission, for its owner and for reviewers. Raises NoRun for everybody else, as if it did not exist."""
    ledger = _ledger(data_dir)
    entry, place = found(data_dir, ledger, run_id, actor)
    return told(data_dir, ledger, entry, place)


def table_of(data_dir: Path, run_id: str, actor: Actor) -> pa.Table:
    """Its rows under RESULT_SCHEMA, texts included; for whom `one` is. Raises SubmissionError for a broken file."""
    ledger = _ledger(data_dir)
    _, place = found(data_dir, ledger, run_id, actor)
    return rows_of(data_dir, place, run_id)


def earlier_of(data_dir: Path, owner_id: str, actor: Actor) -> list[Submitted]:
    """All that a person ever sent, the newest first; their drafts are their own. Reviewers only."""
    must_be_reviewer(actor)
    ledger = _ledger(data_dir)
    entries = [entry for entry in ledger.of(owner_id) if may_see(actor, entry, entry.place or "")]
    return _told(data_dir, ledger, entries[::-1])


def found(data_dir: Path, ledger: Ledger, run_id: str, actor: Actor) -> tuple[Entry, str]:
    """A submission that the actor may see, and its folder. Raises NoRun, also for what must stay unknown."""
    must_be_somebody(actor)
    entry = ledger.entry(run_id)
    with files.explained(data_dir):
        place = journal.place_of(data_dir, run_id)
    if place is None or not may_see(actor, entry, place):
        raise NoRun(f"there is no submission {run_id}", hint="it may have been decided or corrected meanwhile")
    return entry, place


def told(data_dir: Path, ledger: Ledger, entry: Entry, place: str) -> Submitted:
    """What a person is told of it; a file that cannot be read is named so."""
    said = _said(data_dir, place, entry.run_id)
    model = said.get("model") or (entry.first.model if entry.first else None) or UNREADABLE
    return Submitted(
        entry.run_id,
        STATES[place],
        model,
        said.get("judge"),
        said.get("organization"),
        entry.owner,
        tuple(entry.events),
        _supersedes(ledger, entry),
    )


def rows_of(data_dir: Path, place: str, run_id: str) -> pa.Table:
    """The rows in a run's file, under RESULT_SCHEMA."""
    path = journal.path_of(data_dir, place, run_id)
    try:
        return pq.read_table(path, partitioning=None).select(RESULT_SCHEMA.names).cast(RESULT_SCHEMA)
    except FileNotFoundError as error:
        raise NoRun(
            f"there is no submission {run_id} any more", hint="it was decided or corrected meanwhile"
        ) from error
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise SubmissionError(
            "the file of this submission cannot be read",
            where=f"{place}/{path.name}",
            hint="reject it, or restore the file from a backup; `python -m siuo_dash verify` says more",
        ) from error


def owned(data_dir: Path, ledger: Ledger, run_id: str, actor: Actor) -> tuple[Entry, str]:
    """As `found`, but the actor's own alone; NoRun for anybody else's, whoever asks."""
    entry, place = found(data_dir, ledger, run_id, actor)
    if not owns(actor, entry):
        raise NoRun(f"there is no submission {run_id} of yours", hint="see the list of your submissions")
    return entry, place


def _ledger(data_dir: Path) -> Ledger:
    journal.settle(data_dir)
    return book.read(data_dir)


def _told(data_dir: Path, ledger: Ledger, entries: list[Entry]) -> list[Submitted]:
    with files.explained(data_dir):
        places = [(entry, journal.place_of(data_dir, entry.run_id)) for entry in entries]
    return [told(data_dir, ledger, entry, place) for entry, place in places if place is not None]


def _said(data_dir: Path, place: str, run_id: str) -> dict[str, Any]:
    path = journal.path_of(data_dir, place, run_id)
    try:
        stat = path.stat()
        return _said_in(path, (stat.st_ino, stat.st_size, stat.st_mtime_ns))
    except (pa.ArrowException, OSError, StopIteration, IndexError, ValueError):
        return {}


@lru_cache(maxsize=4_096)
def _said_in(path: Path, _version: tuple[int, ...]) -> dict[str, Any]:
    with pq.ParquetFile(path) as file:
        rows: list[dict[str, Any]] = next(file.iter_batches(batch_size=1, columns=list(_SAID))).to_pylist()
        return rows[0]


def _supersedes(ledger: Ledger, entry: Entry) -> str | None:
    """While it is open, the published run in whose place it would stand; or else what it was sent to correct."""
    if entry.corrects is None or entry.place not in book.OPEN:
        return entry.corrects
    family = [each for each in ledger.family(entry.run_id) if each != entry.run_id]
    public = [each for each in family if ledger.entry(each).place in (journal.PUBLISHED, journal.WITHDRAWN)]
    return public[-1] if public else entry.corrects
