"""One change of the store at a time: under a lock, noted first, then done and logged, or not at all.

A run's Parquet file is the only truth: the folder that it lies in says what it is. The note
(`submissions/.journal/pending.json`) exists while a change is under way. A process that dies leaves it
behind; whoever takes the lock next finishes from it, at a cost that does not depend on how many runs there are.
"""

from __future__ import annotations

import fcntl
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
PLACES: Final = (PUBLISHED, WITHDRAWN)
LOCK_SECONDS: Final = 30.0
_RUN_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Move:
    """From which folder to which an event takes a run's file; a new run comes from nowhere."""

    source: str | None
    target: str


MOVES: Final = {
    "publish": Move(None, PUBLISHED),
    "withdraw": Move(PUBLISHED, WITHDRAWN),
    "restore": Move(WITHDRAWN, PUBLISHED),
}


def path_of(data_dir: Path, place: str, run_id: str) -> Path:
    """Where a run's file lies in one of PLACES. Raises NoRun for what cannot be a run_id."""
    if len(run_id) > 200 or not _RUN_ID.fullmatch(run_id):
        raise NoRun(f"{run_id!r} is not a run_id", hint="`python -m siuo_dash runs` lists them")
    return data_dir / place / f"{run_id}.parquet"


def place_of(data_dir: Path, run_id: str) -> str | None:
    """The one of PLACES that holds the run, or None."""
    return next((place for place in PLACES if path_of(data_dir, place, run_id).exists()), None)


def folder(data_dir: Path, name: str) -> Path:
    """A folder of the journal: `incoming` (files being written) or `claims`."""
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
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the store's lock, after finishing what a process that died left undone.

    The lock ends with the process. Raises SubmissionError when somebody holds it for LOCK_SECONDS.
    """
    prepare(data_dir)
    descriptor = _take_lock(data_dir / PUBLISHED / ".lock")
    try:
        log.heal(data_dir)
        _recover(data_dir)
        yield
    finally:
        os.close(descriptor)


def _take_lock(path: Path) -> int:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise SubmissionError(
                    f"another process has been changing the store for {LOCK_SECONDS:.0f} seconds",
                    where=str(path),
                    hint="try again in a minute; nothing was kept",
                ) from None
            time.sleep(0.01)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def perform(data_dir: Path, event: Event, change: Callable[[], None]) -> None:
    """Do one change and log it: both, or neither. The caller holds the lock.

    change: makes the event visible in one step; FileExistsError means that it did nothing.
    """
    pending = _pending(data_dir)
    files.replace(pending, event.line(), by_way_of=folder(data_dir, "incoming"))
    try:
        change()
        log.append(data_dir, event)
    except FileExistsError:
        pending.unlink()
        raise
    except BaseException:
        _undo(data_dir, event)
        raise
    with suppress(OSError):  # the change stands; a note that stays is seen to be done by the next process
        pending.unlink()


def under_way(data_dir: Path) -> Event | None:
    """The change that a process is making now, or died over."""
    try:
        return log.parse(_pending(data_dir).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def has_happened(data_dir: Path, event: Event) -> bool:
    """Whether the run's file lies where the event takes it."""
    move = MOVES[event.event]
    left = move.source is None or not path_of(data_dir, move.source, event.run_id).exists()
    return left and path_of(data_dir, move.target, event.run_id).exists()


def _recover(data_dir: Path) -> None:
    pending = _pending(data_dir)
    if not pending.exists():
        return
    event = under_way(data_dir)
    if event is None or event.event not in MOVES:
        # Only a damaged disk or a later version writes this; `verify` finds what it was about.
        pending.rename(pending.with_suffix(".unreadable"))
        return
    # Nothing is logged between a note and its own line, so an unchanged end of the log means: no line yet.
    if log.last_hash(data_dir) == event.previous and has_happened(data_dir, event):
        log.append(data_dir, replace(event, reconciled=True))
    pending.unlink()


def _undo(data_dir: Path, event: Event) -> None:
    if log.last_hash(data_dir) == event.previous and has_happened(data_dir, event):
        move = MOVES[event.event]
        target = path_of(data_dir, move.target, event.run_id)
        if move.source is None:
            target.unlink()
            files.sync_directory(target.parent)
        else:
            files.move(target, path_of(data_dir, move.source, event.run_id))
    _pending(data_dir).unlink(missing_ok=True)


def _pending(data_dir: Path) -> Path:
    return data_dir / PUBLISHED / ".journal" / "pending.json"
