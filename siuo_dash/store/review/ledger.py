"""The log as a book of submissions: whose each is, where it went, what it corrects."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Entry:
    """What the log tells of a run, oldest first."""

    run_id: str
    events: tuple[log.Event, ...] = ()
    number: int = -1
    """How many runs came before it."""

    @property
    def first(self) -> log.Event | None:
        """What brought it here; None when that line is lost, so that nobody owns it."""
        return next((event for event in self.events if event.event in FIRST), None)

    @property
    def owner(self) -> str | None:
        """The address of who sent it, or the name that was given with it."""
        return self.first.by if self.first else None

    @property
    def is_known(self) -> bool:
        """Whether the owner is a verified address: who publishes locally gives a name as they like."""
        return self.first is not None and self.first.event != "publish"

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
    """All runs that the log names, in the order in which they came. Nobody changes one; `grown` makes a later one."""

    def __init__(self, events: Sequence[log.Event] = ()) -> None:
        self.events: list[log.Event] = []
        self.entries: dict[str, Entry] = {}
        self._owned: dict[str | None, tuple[str, ...]] = {}
        self._corrections: dict[str, tuple[str, ...]] = {}
        self._add(events)

    def grown(self, events: Sequence[log.Event]) -> Ledger:
        """This ledger and what came after it; costs what the new events cost, and copies of four indexes."""
        later = Ledger()
        later.events = self.events.copy()
        later.entries = self.entries.copy()
        later._owned = self._owned.copy()
        later._corrections = self._corrections.copy()
        later._add(events)
        return later

    def _add(self, events: Sequence[log.Event]) -> None:
        self.events += events
        histories: dict[str, list[log.Event]] = {}
        owned: dict[str | None, list[str]] = {}
        corrections: dict[str, list[str]] = {}
        for event in events:
            histories.setdefault(event.run_id, []).append(event)
        for run_id, history in histories.items():
            known = self.entry(run_id)
            number = known.number if known.events else len(self.entries)
            entry = self.entries[run_id] = Entry(run_id, (*known.events, *history), number)
            if known.first is None and entry.first is not None:
                owned.setdefault(entry.owner if entry.is_known else None, []).append(run_id)
                if entry.corrects is not None:
                    corrections.setdefault(entry.corrects, []).append(run_id)
        self._owned |= {owner: (*self._owned.get(owner, ()), *found) for owner, found in owned.items()}
        self._corrections |= {
            run_id: (*self._corrections.get(run_id, ()), *found) for run_id, found in corrections.items()
        }

    def entry(self, run_id: str) -> Entry:
        """What is known of a run, which may be nothing."""
        return self.entries.get(run_id) or Entry(run_id)

    def root(self, run_id: str) -> str:
        """The first of the submissions of which each corrects the one before."""
        seen = [run_id]
        while (before := self.entry(seen[-1]).corrects) is not None and before not in seen:
            seen.append(before)
        return seen[-1]

    def family(self, run_id: str) -> list[str]:
        """All submissions of one line of corrections, in the order in which they came."""
        found = [self.root(run_id)]
        for each in found:  # grows while it is walked
            found += [later for later in self._corrections.get(each, ()) if later not in found]
        entries = sorted((self.entries[each] for each in found if each in self.entries), key=lambda each: each.number)
        return [each.run_id for each in entries]

    def of(self, owner: str | None) -> Iterator[Entry]:
        """The submissions of one person."""
        return (self.entries[run_id] for run_id in self._owned.get(owner, ()))


@dataclass(frozen=True)
class _Kept:
    """A ledger and the bytes that it was read from; the version is that of the file a moment before."""

    version: tuple[int, ...]
    body: bytes
    ledger: Ledger


_KEPT: Final[dict[Path, _Kept]] = {}
_MOST_KEPT: Final = 4
_lock: Final = threading.Lock()


def read(data_dir: Path, *, to_decide: bool = False) -> Ledger:
    """The ledger now. Raises SubmissionError when the data directory is not there.

    Of a log that has only grown, only what came after is parsed. to_decide: compare every byte with what was read
    before, even of a file that looks unchanged; for who holds the lock.
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
            return Ledger()
        version = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        kept = _KEPT.get(data_dir)
        if kept is not None and kept.version == version and not to_decide:
            return kept.ledger
        body = log.body(data_dir)
    if kept is not None and body.startswith(kept.body):
        later = log.events_of(body[len(kept.body) :])
        ledger = kept.ledger.grown(later) if later else kept.ledger
    else:
        ledger = Ledger(log.events_of(body))
    with _lock:
        _KEPT.pop(data_dir, None)
        while len(_KEPT) >= _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        _KEPT[data_dir] = _Kept(version, body, ledger)
    return ledger


def owns(actor: Actor, entry: Entry) -> bool:
    """Whether this is the actor's own submission; the local user owns all."""
    return is_local(actor) or (actor.id is not None and entry.is_known and entry.owner == actor.id)


def may_see(actor: Actor, entry: Entry, place: str) -> bool:
    """Owners see their own; reviewers what was ever sent, but nobody's drafts. Where it lies tells more than the log."""
    was_sent = place in (PENDING, REJECTED, PUBLISHED, WITHDRAWN) or entry.sent
    return owns(actor, entry) or (actor.reviewer and was_sent and place != DRAFTS)
