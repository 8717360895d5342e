"""What can happen to a run, and the log of it: one line of JSON an event, each carrying the hash of the line before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Final, Literal

BEGINNINGS: Final = ("draft", "submit", "publish")
"""The events that bring a run into the registry; only its owner causes them."""
SENDINGS: Final = ("submit", "publish")
"""The events from which on reviewers, or everybody, can see a run."""
LONGEST_LINE: Final = 1_000_000
"""Bytes; the longest line that is written has some 30,000. No memory is spent on one that something else wrote."""
State = Literal["draft", "pending", "published", "rejected", "superseded", "withdrawn"]
"""What people are told of a submission."""
PUBLIC: Final = ("published", "withdrawn")
"""The states that everybody knows of: the same content can be in one run only."""
OPEN: Final = ("draft", "pending")


@dataclass(frozen=True)
class Move:
    """From which states to which an event takes a run; a new run comes from None."""

    sources: tuple[str | None, ...]
    target: str


MOVES: Final = {
    "publish": Move((None,), "published"),
    "withdraw": Move(("published",), "withdrawn"),
    "restore": Move(("withdrawn",), "published"),
    "draft": Move((None,), "draft"),
    "submit": Move((None, "draft"), "pending"),
    "request-changes": Move(("pending",), "draft"),
    "reject": Move(("pending",), "rejected"),
    "approve": Move(("pending",), "published"),
    "retract": Move(("draft", "pending"), "retracted"),
    "supersede": Move(("published", "withdrawn", "draft", "pending"), "superseded"),
}
SHOWN_AS: Final[dict[str, State]] = {
    "draft": "draft",
    "pending": "pending",
    "published": "published",
    "rejected": "rejected",
    "superseded": "superseded",
    "withdrawn": "withdrawn",
    "retracted": "withdrawn",
}
FOLDERS: Final = {
    "published": "submissions",
    "withdrawn": "withdrawn",
    "superseded": "superseded",
    "pending": "review/pending",
    "draft": "review/drafts",
    "rejected": "review/rejected",
    "retracted": "review/retracted",
}
"""{state: how a line of the log names it}: the folder that such runs were kept in before there was a registry."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a run.

    at: ISO 8601, UTC. previous: SHA-256 of the line before, without its newline; None on the first.
    reconciled: the line was added later, by a repair. source: one of FOLDERS, where the event alone does not say from
    which state it took the run. corrects: the earlier submission in whose place this one is sent. model: the evaluated
    model, on the first event of a submission.
    """

    at: str
    event: str
    run_id: str
    content_hash: str | None
    by: str | None = None
    why: str | None = None
    previous: str | None = None
    reconciled: bool = False
    source: str | None = None
    corrects: str | None = None
    model: str | None = None

    def line(self) -> bytes:
        """The event as the log keeps it: ASCII JSON, so that no character of a name can break a line."""
        record = asdict(self)
        for name in ("reconciled", "source", "corrects", "model"):
            if not record[name]:
                del record[name]
        return json.dumps(record).encode("ascii") + b"\n"


_NAMES: Final = tuple(field.name for field in fields(Event))
_TEXTS: Final = ("at", "event", "run_id")


def parse(line: bytes) -> Event:
    """An event from its line, each field of its type; fields that a later version added are passed over.

    Raises ValueError, in a few words.
    """
    if not isinstance(line, bytes):  # SQLite keeps whatever it is given
        raise ValueError("it is not kept as bytes")
    if len(line) > LONGEST_LINE:
        raise ValueError(f"it has more than {LONGEST_LINE:,} bytes")
    try:
        record = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    known = {"content_hash": None} | {name: record[name] for name in _NAMES if name in record}
    for name in _TEXTS:
        if known.get(name) is None:
            raise ValueError(f"{name} is missing")
    for name, value in known.items():
        if name == "reconciled":
            if not isinstance(value, bool):
                raise ValueError(f"{name} is neither true nor false")
        elif not isinstance(value, str) and (value is not None or name in _TEXTS):
            raise ValueError(f"{name} is not text")
    return Event(**known)


def source_of(event: Event) -> str | None:
    """The state that the event took the run from; None for a new run. Raises ValueError for no such move."""
    move = MOVES.get(event.event)
    if move is None:
        raise ValueError(f"there is no event {event.event!r}")
    if event.source is None:
        return move.sources[0]
    for state in move.sources:
        if state is not None and FOLDERS[state] == event.source:
            return state
    raise ValueError(f"no event {event.event!r} takes a run from {event.source!r}")


def hash_of(line: bytes) -> str:
    """SHA-256 of a line, as the next line carries it: with or without its newline."""
    return hashlib.sha256(line.removesuffix(b"\n")).hexdigest()
