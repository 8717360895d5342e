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
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select

from siuo_dash.errors import StoreError, SubmissionError
from siuo_dash.store.registry.actors import Actor
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.registry.tables import turns

_LEASE: Final = 900.0
"""Seconds; no upload takes as long."""


@contextmanager
def upload_lock(data_dir: Path, actor: Actor) -> Iterator[None]:
    """Hold the person's turn while an upload of theirs is read or sent.

    A turn ends with the process that holds it, as far as that can be seen from here, or else after _LEASE. Raises
    SubmissionError when another upload of the same person is under way, StoreError when the disk refuses. Who has no
    address need not wait.
    """
    if actor.id is None:
        yield
        return
    person, token = hashlib.sha256(actor.id.encode()).hexdigest(), secrets.token_hex(16)
    with changing(data_dir) as now:
        held = now.connection.execute(select(turns).where(turns.c.person == person)).first()
        if held is not None and _is_at_work(held):
            raise SubmissionError(
                "another upload of yours is being read or sent", hint="wait until it is done, then try again"
            )
        pid = os.getpid()
        mine = {"host": _host(), "pid": pid, "started": _started(pid), "until": time.time() + _LEASE}
        now.connection.execute(delete(turns).where(turns.c.person == person))
        now.connection.execute(insert(turns).values(person=person, token=token, **mine))
    try:
        yield
    finally:
        with suppress(StoreError), changing(data_dir) as now:  # else it ends by itself
            now.connection.execute(delete(turns).where(turns.c.token == token))


def _is_at_work(turn: Row[Any]) -> bool:
    """Whether the process that took the turn may still be there; of one on another machine its lease alone tells."""
    return bool(turn.until > time.time() and (turn.host != _host() or _started(turn.pid) == turn.started))


def _host() -> str:
    """This machine, and the container: a process id says nothing in another one."""
    with suppress(OSError):
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _started(pid: int) -> str:
    """When a process started, by its own clock, which tells it from a later one of the same number; "" when it is gone."""
    with suppress(OSError):
        state, *fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        return "" if state == "Z" else fields[18]
    return ""
