"""The log as a book of submissions: whose each is, where it went, what it corrects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from siuo_dash.errors import SubmissionError
from siuo_dash.store import files, log
from siuo_dash.store.journal import DRAFTS, MOVES, PENDING, PUBLISHED, REJECTED, WITHDRAWN
from siuo_dash.store.review.people import Actor, is_local

FIRST: Final = ("draft", "submit", "publish")
"""The events that bring a run into the store; only its owner causes them."""
SENT: Final = ("submit", "publish")
OPEN: Final = (DRAFTS, PENDING)


@dataclass
class Entry:
    """What the log tells of a run, oldest first."""

    run_id: str
    events: list[log.Event] = field(default_factory=list)

    @property
    def first(self) -> log.Event | None:
        """What brought it here; None when that line is lost, so that nobody owns it."""
        return next((event for event in self.events if event.event in FIRST), None)

    @property
    def owner(self) -> str | None:
        """The address of who sent it."""
        return self.first.by if self.first else None

    @property
    def corrects(self) -> str | None:
        """The earlier submission that it was sent to correct."""
        return self.first.corrects if self.first else None

    @property
    def sent(self) -> bool:
        """Whether reviewers, or everybody, ever saw it."""
        return any(event.event in SENT for event in self.events)

    @property
    def place(self) -> str | None:
        """The folder that the log puts it in."""
        return next((MOVES[event.event].target for event in reversed(self.events) if event.event in MOVES), None)


class Ledger:
    """All runs that the log names, in the order in which they came."""

    def __init__(self, events: list[log.Event]) -> None:
        self.events = events
        self.entries: dict[str, Entry] = {}
        for event in events:
            self.entries.setdefault(event.run_id, Entry(event.run_id)).events.append(event)

    def entry(self, run_id: str) -> Entry:
        """What is known of a run, which may be nothing."""
        return self.entries.get(run_id) or Entry(run_id)

    def root(self, run_id: str) -> str:
        """The first of the submissions of which each corrects the one before."""
        seen = [run_id]
        while (before := self.entry(seen[-1]).corrects) is not None and before not in seen:
            seen.append(before)
        return seen[-1]

    @cached_property
    def _families(self) -> dict[str, list[str]]:
        families: dict[str, list[str]] = {}
        for run_id in self.entries:
            families.setdefault(self.root(run_id), []).append(run_id)
        return families

    def family(self, run_id: str) -> list[str]:
        """All submissions of one line of corrections, in the order in which they came."""
        return self._families.get(self.root(run_id), [])

    def of(self, owner: str | None) -> Iterator[Entry]:
        """The submissions of one person."""
        return (entry for entry in self.entries.values() if entry.first is not None and entry.owner == owner)


def read(data_dir: Path, *, to_decide: bool = False) -> Ledger:
    """The ledger now. Raises SubmissionError when the data directory is not there.

    to_decide: read every line, whatever is kept from before; for who holds the lock.
    """
    with files.explained(data_dir):
        if not data_dir.is_dir():
            raise SubmissionError(
                "the data directory is not there",
                where=str(data_dir),
                hint="check the path, or mount it, then try again",
            )
        try:
            stat = (data_dir / log.LOG).stat()
        except FileNotFoundError:
            return Ledger([])
        if to_decide:
            return Ledger(log.read(data_dir))
        return _read(data_dir, (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=4)
def _read(data_dir: Path, _version: tuple[int, ...]) -> Ledger:
    """Read again whenever the log has changed; nobody writes into what is kept."""
    return Ledger(log.read(data_dir))


def owns(actor: Actor, entry: Entry) -> bool:
    """Whether this is the actor's own submission; the local user owns all."""
    return is_local(actor) or (actor.id is not None and entry.first is not None and entry.owner == actor.id)


def may_see(actor: Actor, entry: Entry, place: str) -> bool:
    """Owners see their own; reviewers what was ever sent, but nobody's drafts. Where it lies tells more than the log."""
    was_sent = place in (PENDING, REJECTED, PUBLISHED, WITHDRAWN) or entry.sent
    return owns(actor, entry) or (actor.reviewer and was_sent and place != DRAFTS)
