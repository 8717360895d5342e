"""One change of a submission: from which state, as which event, and what it puts aside. The caller holds the lock."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from siuo_dash.errors import SubmissionError
from siuo_dash.store import files, journal, log, publish
from siuo_dash.store.journal import MOVES
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review import reading
from siuo_dash.store.review.ledger import Ledger
from siuo_dash.store.review.people import STATES, Actor, Submitted


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
