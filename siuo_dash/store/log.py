"""The append-only log: one line an event, each line carrying the hash of the line before it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from siuo_dash.errors import Finding
from siuo_dash.store.files import fill, reveal, staged, sync_directory

LOG: Final = "log.jsonl"
_BLOCK: Final = 65_536
_told: Final = logging.getLogger("siuo_dash.store")


@dataclass(frozen=True)
class Event:
    """One thing that happened to a run.

    at: ISO 8601, UTC. previous: SHA-256 of the line before, without its newline; None on the first.
    reconciled: the line was added later, because the process died between the deed and its line.
    source: the folder that the run's file came from, where the event alone does not say. corrects: the earlier
    submission in whose place this one is sent. model: the evaluated model, on the first event of a submission.
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


def next_event(
    data_dir: Path,
    event: str,
    run_id: str,
    content_hash: str | None,
    *,
    by: str | None = None,
    why: str | None = None,
    reconciled: bool = False,
    source: str | None = None,
    corrects: str | None = None,
    model: str | None = None,
) -> Event:
    """An event of this moment, chained to the end of the log. The caller holds the journal's lock."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    return Event(at, event, run_id, content_hash, by, why, last_hash(data_dir), reconciled, source, corrects, model)


def chained(events: Iterable[Event]) -> list[Event]:
    """The events one after another: each but the first carries the hash of the line before it."""
    chain: list[Event] = []
    for event in events:
        chain.append(replace(event, previous=hash_of(chain[-1])) if chain else event)
    return chain


def parse(line: bytes) -> Event:
    """An event from its line, each field of its type; fields that a later version added are passed over.

    Raises ValueError.
    """
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


def append(data_dir: Path, *events: Event) -> None:
    """Add events durably, all or none; on any failure the log is as it was. The caller holds the journal's lock.

    events: as `next_event` and `chained` make them.
    """
    path = data_dir / LOG
    fresh = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        before = os.fstat(descriptor).st_size
        try:
            fill(descriptor, b"".join(event.line() for event in events))
            if fresh:
                sync_directory(data_dir)
        except BaseException:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    for event in events:  # for whoever runs the server
        _told.info(event.event, extra={"event": event.event, "run_id": event.run_id, "by": event.by})


def last_hash(data_dir: Path) -> str | None:
    """SHA-256 of the last line, read from the end of the file; None for an empty log."""
    whole, _ = _tail(data_dir / LOG)
    return None if whole is None else _sha256(whole)


def hash_of(event: Event) -> str:
    """SHA-256 of the event's line, as the next line carries it."""
    return _sha256(event.line()[:-1])


def heal(data_dir: Path) -> Path | None:
    """Set aside a last line that a crash or a full disk cut short; where it went, or None if all was well.

    The piece is kept in `log.torn-<n>.log`. A line that is whole but for its newline gets the newline.
    The caller holds the journal's lock.
    """
    path = data_dir / LOG
    whole, torn = _tail(path)
    if not torn:
        return None
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        if _follows(whole, torn):
            fill(descriptor, b"\n")
            return None
        kept = _set_aside(data_dir, torn)
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(torn))
        os.fsync(descriptor)
        return kept
    finally:
        os.close(descriptor)


def read(data_dir: Path) -> list[Event]:
    """All events, oldest first; lines that cannot be read are passed over (`check` names them)."""
    return events_of(body(data_dir))


def events_of(lines: bytes) -> list[Event]:
    """The events of whole lines, as `read` has them."""
    events = []
    for line in lines.split(b"\n")[:-1]:
        try:
            events.append(parse(line))
        except ValueError:
            continue
    return events


def holds(data_dir: Path, event: Event) -> bool:
    """Whether the log has this very line."""
    return event.line() in body(data_dir).splitlines(keepends=True)


def check(data_dir: Path) -> list[Finding]:
    """Every place where a line cannot be read or the chain of hashes is broken."""
    findings = []
    previous: str | None = None
    hint = f"somebody changed {LOG} by hand, or the disk lost a part: compare it with a backup"
    for row, line in enumerate(body(data_dir).split(b"\n")[:-1], start=1):
        try:
            event = parse(line)
            if event.previous != previous:
                findings.append(Finding("error", "the chain of hashes is broken before this line", hint, LOG, row))
        except ValueError as error:
            findings.append(Finding("error", f"this line cannot be read ({error})", hint, LOG, row))
        previous = _sha256(line)
    if _tail(data_dir / LOG)[1]:
        findings.append(Finding("warning", "the last line was cut short", "the next publish sets it aside", LOG))
    return findings


def body(data_dir: Path) -> bytes:
    """The whole lines of the log; a torn last piece is left out."""
    try:
        found = (data_dir / LOG).read_bytes()
    except FileNotFoundError:
        return b""
    return found[: found.rfind(b"\n") + 1]


def _tail(path: Path) -> tuple[bytes | None, bytes]:
    """The last whole line without its newline (None: there is none) and what stands after it.

    Reads the end of the file only, so that an append costs the same however long the log is.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None, b""
    with file:
        position = file.seek(0, os.SEEK_END)
        tail = b""
        while position and tail.count(b"\n") < 2:
            size = min(_BLOCK, position)
            position -= size
            file.seek(position)
            tail = file.read(size) + tail
    *lines, torn = tail.split(b"\n")
    return (lines[-1] if lines else None), torn


def _follows(whole: bytes | None, torn: bytes) -> bool:
    try:
        return parse(torn).previous == (None if whole is None else _sha256(whole))
    except ValueError:
        return False


def _set_aside(data_dir: Path, piece: bytes) -> Path:
    number = 1
    while (path := data_dir / f"log.torn-{number}.log").exists():
        number += 1
    with staged(data_dir, path.name) as file:
        fill(file.descriptor, piece)
        reveal(file, path)
    return path


def _sha256(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
