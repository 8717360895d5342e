"""One upload at a time for each person, in all their tabs and at all instances: a second one is refused."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from siuo_dash.errors import StoreError, SubmissionError
from siuo_dash.store.registry.actors import Actor
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.registry.tables import turns

_LEASE: Final = 180.0
"""Seconds that a turn lasts unless it is renewed; longer than any pause of a machine that is at work."""
_ENDED: Final = "ended"
"""In place of the start: the process is no more, but whoever started it has not asked how it ended."""


@contextmanager
def upload_lock(data_dir: Path, actor: Actor) -> Iterator[None]:
    """Hold the person's turn while an upload of theirs is read or sent.

    A turn ends with the process that holds it, as far as that can be seen from here, or else after _LEASE. Raises
    SubmissionError when another upload of the same person is under way, StoreError when the disk refuses. Who has no
    address need not wait. While it is held its lease is renewed, however long the upload takes.
    """
    if actor.id is None:
        yield
        return
    with turn(data_dir, hashlib.sha256(actor.id.encode()).hexdigest(), "another upload of yours is being read or sent"):
        yield


@contextmanager
def turn(data_dir: Path, person: str, busy: str) -> Iterator[None]:
    """Hold a turn, of a person or for a task, at all instances. SubmissionError, with `busy`, when another holds it."""
    token = secrets.token_hex(16)
    with changing(data_dir) as now:
        held = now.connection.execute(select(turns).where(turns.c.person == person)).first()
        if held is not None and _is_at_work(held):
            raise SubmissionError(busy, hint="wait until it is done, then try again")
        pid = os.getpid()
        mine = {"host": _host(), "pid": pid, "started": _started(pid), "until": time.time() + _LEASE}
        now.connection.execute(delete(turns).where(turns.c.person == person))
        now.connection.execute(insert(turns).values(person=person, token=token, **mine))
    ended = Event()
    try:
        Thread(target=_renew, args=(data_dir, token, ended), daemon=True).start()
        yield
    finally:
        ended.set()
        with suppress(StoreError), changing(data_dir) as now:  # else it ends by itself
            now.connection.execute(delete(turns).where(turns.c.token == token))


def _renew(data_dir: Path, token: str, ended: Event) -> None:
    """Renew the turn's lease until it has ended; a turn that was let go meanwhile does not come back."""
    while not ended.wait(_LEASE / 3):
        with suppress(StoreError), changing(data_dir) as now:  # else the next renewal is in time, too
            held = update(turns).where(turns.c.token == token)
            now.connection.execute(held.values(until=time.time() + _LEASE))


def _is_at_work(turn: Row[Any]) -> bool:
    """Whether the process that took the turn may still be there: what cannot be found out counts as alive.

    Of a process on another machine its lease alone tells; one that ends later than any can was taken by a clock that
    was wrong, and would hold for as long as the clock was ahead.
    """
    left = turn.until - time.time()
    if left <= 0:
        return False
    if turn.host != _host():
        return bool(left <= 2 * _LEASE)
    try:
        os.kill(turn.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, as another user's
        pass
    started = _started(turn.pid)
    return not (started and turn.started) or started == turn.started


def _host() -> str:
    """This machine, and the container: a process id says nothing in another one."""
    with suppress(OSError):
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _started(pid: int) -> str:
    """When a process started, which tells it from a later one of the same number; "" where the system does not say."""
    with suppress(OSError):
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = said.rpartition(")")[2].split()  # before it: a name, which can hold anything
        return _ENDED if state == "Z" else fields[18]
    return ""
