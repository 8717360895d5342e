"""One change of the store at a time: under a lock, noted first, then done and logged, or not at all.

A run's Parquet file is the only truth: the folder that it lies in says what it is. The note
(`submissions/.journal/pending.json`) exists while a change is under way. A process that dies leaves it
behind; whoever takes the lock next finishes from it, at a cost that does not depend on how many runs there are. A change
that is done leaves its note as `done.json`, which tells when the log has lost its end.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from siuo_dash.errors import NoRun, SubmissionError
from siuo_dash.store import files, log
from siuo_dash.store.log import Event

PUBLISHED: Final = "submissions"
WITHDRAWN: Final = "withdrawn"
DRAFTS: Final = "review/drafts"
PENDING: Final = "review/pending"
REJECTED: Final = "review/rejected"
RETRACTED: Final = "review/retracted"
SUPERSEDED: Final = "superseded"
PLACES: Final = (PUBLISHED, WITHDRAWN, SUPERSEDED, PENDING, DRAFTS, REJECTED, RETRACTED)
"""The folders in which a run's file can lie; a page reads PUBLISHED alone."""
LOCK_SECONDS: Final = 30.0
_LOOKS: Final = 5
_RUN_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Move:
    """From which folders to which an event takes a run's file; a new run comes from nowhere (None)."""

    sources: tuple[str | None, ...]
    target: str

    @property
    def source(self) -> str | None:
        """Where the file comes from when the event does not say."""
        return self.sources[0]


MOVES: Final = {
    "publish": Move((None,), PUBLISHED),
    "withdraw": Move((PUBLISHED,), WITHDRAWN),
    "restore": Move((WITHDRAWN,), PUBLISHED),
    "draft": Move((None,), DRAFTS),
    "submit": Move((None, DRAFTS), PENDING),
    "request-changes": Move((PENDING,), DRAFTS),
    "reject": Move((PENDING,), REJECTED),
    "approve": Move((PENDING,), PUBLISHED),
    "retract": Move((DRAFTS, PENDING), RETRACTED),
    "supersede": Move((PUBLISHED, WITHDRAWN, DRAFTS, PENDING), SUPERSEDED),
}


def path_of(data_dir: Path, place: str, run_id: str) -> Path:
    """Where a run's file lies in one of PLACES. Raises NoRun for what cannot be a run_id."""
    if not _is_run_id(run_id):
        raise NoRun(f"{run_id!r} is not a run_id", hint="`python -m siuo_dash runs` lists them")
    return data_dir / place / f"{run_id}.parquet"


def _is_run_id(run_id: str) -> bool:
    return len(run_id) <= 200 and _RUN_ID.fullmatch(run_id) is not None


def place_of(data_dir: Path, run_id: str) -> str | None:
    """The one of PLACES that holds the run, or None."""
    for _ in range(_LOOKS):  # without the lock, a file can move to a folder that was looked at already
        for place in PLACES:
            if path_of(data_dir, place, run_id).exists():
                return place
    return None


def folder(data_dir: Path, name: str) -> Path:
    """A folder of the journal: `incoming` (files being written), `claims`, or `turns` (who is uploading now)."""
    return data_dir / PUBLISHED / ".journal" / name


def prepare(data_dir: Path) -> None:
    """Make the folders that a store needs; the data directory itself must exist."""
    if not data_dir.is_dir():
        raise SubmissionError(
            "the data directory is not there", where=str(data_dir), hint="check the path, or mount it, then try again"
        )
    for directory in (
        data_dir / PUBLISHED,
        data_dir / WITHDRAWN,
        data_dir / PUBLISHED / ".journal",
        folder(data_dir, "incoming"),
        folder(data_dir, "claims"),
    ):
        files.make_directory(directory)


@contextmanager
def locked(data_dir: Path, patience: float | None = None) -> Iterator[None]:
    """Hold the store's lock, after finishing what a process that died left undone.

    The lock ends with the process. Raises SubmissionError when somebody holds it for `patience` seconds, LOCK_SECONDS
    by default.
    """
    prepare(data_dir)
    descriptor = _take_lock(data_dir / PUBLISHED / ".lock", LOCK_SECONDS if patience is None else patience)
    try:
        log.heal(data_dir)
        _recover(data_dir)
        yield
    finally:
        os.close(descriptor)


def settle(data_dir: Path) -> None:
    """Finish what a process that died left undone, if there is such a thing and nobody is at work."""
    with suppress(OSError, SubmissionError):
        if _pending(data_dir).exists():
            with locked(data_dir, patience=0):
                pass


def _take_lock(path: Path, patience: float) -> int:
    deadline = time.monotonic() + patience
    while (descriptor := files.lock(path)) is None:
        if time.monotonic() > deadline:
            raise SubmissionError(
                f"another process has been changing the store for {patience:.0f} seconds",
                where=str(path),
                hint="try again in a minute; nothing was kept",
            )
        time.sleep(0.01)
    return descriptor


def perform(data_dir: Path, event: Event, change: Callable[[], None], *consequences: Event) -> None:
    """Do one change, move what follows from it and log all: everything, or nothing. The caller holds the lock.

    change: makes the event visible in one step; FileExistsError means that it did nothing. consequences: moves of
    other runs; on the disk they come after the change.
    """
    pending = _pending(data_dir)
    events = log.chained([event, *consequences])
    for each in events:
        _make_place(data_dir, MOVES[each.event].target)
    files.replace(pending, b"".join(each.line() for each in events), by_way_of=folder(data_dir, "incoming"))
    try:
        change()
    except FileExistsError:
        pending.unlink()
        raise
    except BaseException:
        _undo(data_dir, events)
        raise
    try:
        for each in events[1:]:
            _carry_out(data_dir, each)
        log.append(data_dir, *events)
    except BaseException:
        _undo(data_dir, events)
        raise
    with suppress(OSError):  # the change stands; a note that stays is seen to be done by the next process
        pending.replace(_done(data_dir))
        files.sync_directory(pending.parent)


def last_change(data_dir: Path) -> Event | None:
    """The last line of the last change: what the log must hold, unless somebody cut its end off."""
    try:
        return log.parse(_done(data_dir).read_bytes().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return None


def accept_log(data_dir: Path) -> None:
    """From now on the log must hold its last line of this moment. The caller holds the lock."""
    lines = log.body(data_dir).splitlines(keepends=True)
    if lines:
        files.replace(_done(data_dir), lines[-1], by_way_of=folder(data_dir, "incoming"))
    else:
        _done(data_dir).unlink(missing_ok=True)


def under_way(data_dir: Path) -> Event | None:
    """The change that a process is making now, or died over."""
    try:
        return _noted(data_dir)[0]
    except (FileNotFoundError, ValueError):
        return None


def source_of(event: Event) -> str | None:
    """The folder that the event takes the run's file from; None for a new run. Raises ValueError for no such move."""
    move = MOVES.get(event.event)
    source = event.source if event.source is not None or move is None else move.source
    if move is None or source not in move.sources:
        raise ValueError(f"no event {event.event!r} takes a run from {source!r}")
    return source


def has_happened(data_dir: Path, event: Event) -> bool:
    """Whether the run's file lies where the event takes it."""
    source = source_of(event)
    left = source is None or not path_of(data_dir, source, event.run_id).exists()
    return left and path_of(data_dir, MOVES[event.event].target, event.run_id).exists()


def _make_place(data_dir: Path, place: str) -> None:
    directory = data_dir
    for part in place.split("/"):
        directory /= part
        files.make_directory(directory)


def _noted(data_dir: Path) -> list[Event]:
    """The events of the note, at least one. Raises FileNotFoundError, ValueError."""
    events = [log.parse(line) for line in _pending(data_dir).read_bytes().splitlines()]
    if not events:
        raise ValueError("the note is empty")
    for event in events:
        source_of(event)
        if not _is_run_id(event.run_id):
            raise ValueError("the note names no run")
    return events


def _carry_out(data_dir: Path, event: Event) -> None:
    source = source_of(event)
    assert source is not None
    target = path_of(data_dir, MOVES[event.event].target, event.run_id)
    files.move(path_of(data_dir, source, event.run_id), target)


def _carried_out(data_dir: Path, event: Event) -> bool:
    """Carry it out unless that has happened; False where somebody has moved the file by hand, which `verify` names."""
    if has_happened(data_dir, event):
        return True
    try:
        _carry_out(data_dir, event)
    except (FileExistsError, FileNotFoundError):
        return False
    return True


def _recover(data_dir: Path) -> None:
    pending = _pending(data_dir)
    try:
        events = _noted(data_dir)
    except FileNotFoundError:
        return
    except ValueError:
        # Only a damaged disk or a later version writes this; `verify` finds what it was about.
        pending.rename(pending.with_suffix(".unreadable"))
        return
    # Nothing is logged between a note and its own lines, so the end of the log tells how many of them it has.
    end = log.last_hash(data_dir)
    later = log.chained([replace(event, reconciled=True) for event in events])
    if end == events[0].previous:
        if has_happened(data_dir, events[0]):
            done = [later[0], *(event for event in later[1:] if _carried_out(data_dir, event))]
            log.append(data_dir, *log.chained(done))
    else:
        for chain in (events, later):
            known = [log.hash_of(event) for event in chain]
            if end in known[:-1]:
                log.append(data_dir, *chain[known.index(end) + 1 :])
    accept_log(data_dir)
    pending.unlink()


def _undo(data_dir: Path, events: list[Event]) -> None:
    if log.last_hash(data_dir) == events[0].previous:
        for event in reversed(events):
            if not has_happened(data_dir, event):
                continue
            source = source_of(event)
            target = path_of(data_dir, MOVES[event.event].target, event.run_id)
            if source is None:
                target.unlink()
                files.sync_directory(target.parent)
            else:
                files.move(target, path_of(data_dir, source, event.run_id))
    _pending(data_dir).unlink(missing_ok=True)


def _done(data_dir: Path) -> Path:
    return data_dir / PUBLISHED / ".journal" / "done.json"


def _pending(data_dir: Path) -> Path:
    return data_dir / PUBLISHED / ".journal" / "pending.json"
