"""Opens the registry of a data directory: a file in it (`sqlite`), or the database of SIUO_REGISTRY (`postgresql`).

Reading makes nothing and keeps nobody waiting. A change is one transaction that no other runs beside.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine, Select, exc, insert, inspect, select

from siuo_dash.settings import paths
from siuo_dash.settings.storage import SNAPSHOTS
from siuo_dash.store import files
from siuo_dash.store.registry import sqlite
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.mirror import Mirror
from siuo_dash.store.registry.postgresql import Server
from siuo_dash.store.registry.sqlite import LOCK_SECONDS as LOCK_SECONDS
from siuo_dash.store.registry.sqlite import REGISTRY as REGISTRY
from siuo_dash.store.registry.sqlite import must_be_there as must_be_there
from siuo_dash.store.registry.tables import head, metadata, settle

_MOST_OPEN: Final = 8
_VERSION: Final = select(head.c.seq)


class Kept(Protocol):
    """Where a registry is kept. READ, LOOK, CHANGE: options of connections for many questions, one, and a change."""

    @property
    def READ(self) -> dict[str, Any]: ...
    @property
    def LOOK(self) -> dict[str, Any]: ...
    @property
    def CHANGE(self) -> dict[str, Any]: ...
    @property
    def name(self) -> str:
        """As a person knows it, without secrets."""

    def mark(self) -> object:
        """What tells that it is still the same; None where there is none yet. Cheap: it is asked at every question."""

    def engine(self) -> Engine:
        """Its connections."""

    def make(self, fill: Callable[[Connection], None], lock: threading.Lock) -> None:
        """Make it, whole, in one step; nothing happens when it is there. lock: against opening it meanwhile."""

    def refusal(self, error: Exception) -> Exception:
        """An error of the database as one that a person can act on; the error itself where it is the program's."""


@dataclass
class _Opened:
    """An open registry: its connections, which one it is, and the queue of this process's writers.

    lacking: tables that this version keeps, and that are not there yet; None = not looked at yet. settled: whether the
    tables are known to be this version's.
    """

    engine: Engine
    mark: object
    lacking: frozenset[str] | None = None
    settled: bool = False
    writers: threading.Lock = field(default_factory=threading.Lock)


_opened: dict[Kept, _Opened] = {}
_lock = threading.Lock()
_itself: Final[ContextVar[Path | None]] = ContextVar("_itself", default=None)
_of_parent: Final[list[dict[Kept, _Opened]]] = []


def _forget() -> None:
    """After a fork: connections belong to the process that made them, and must not even be closed here."""
    global _opened, _lock
    _of_parent.append(_opened)
    _opened, _lock = {}, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def kept(data_dir: Path) -> Kept:
    """Where the registry of a data directory is kept."""
    url = paths.registry_url()
    if not url or data_dir == _itself.get():
        return sqlite.Folder(data_dir)
    return Mirror(data_dir) if url == SNAPSHOTS else Server(url)


@contextmanager
def in_itself(data_dir: Path) -> Iterator[None]:
    """In this block the registry of a data directory is the file in it, whatever SIUO_REGISTRY says."""
    token = _itself.set(data_dir)
    try:
        yield
    finally:
        close(data_dir)
        _itself.reset(token)


def version(data_dir: Path) -> int:
    """How many lines the log has: another number after every change, 0 without a registry. One cheap question."""
    with explained(data_dir):
        where = kept(data_dir)
        opened = _open(where, data_dir)
        if opened is None:
            return 0
        with opened.engine.connect().execution_options(**where.LOOK) as connection:
            return int(connection.execute(_VERSION).scalar_one())


@contextmanager
def reading(data_dir: Path) -> Iterator[Connection | None]:
    """A connection on which all questions are answered from one state; None where there is no registry yet.

    Raises StoreError when the data directory is not there or cannot be read, or the database does not answer.
    """
    with explained(data_dir):
        where = kept(data_dir)
        opened = _open(where, data_dir)
        if opened is None:
            yield None
            return
        with opened.engine.connect().execution_options(**where.READ) as connection, connection.begin():
            yield connection


def rows(data_dir: Path, query: Select[Any]) -> Sequence[Any]:
    """The answer to one question; nothing where there is no registry, or no such table, yet. Raises as `reading`."""
    with explained(data_dir):
        where = kept(data_dir)
        opened = _open(where, data_dir)
        if opened is None or (opened.lacking and not opened.lacking.isdisjoint(_tables(query))):
            return ()
        with opened.engine.connect().execution_options(**where.LOOK) as connection:
            return connection.execute(query).all()


@contextmanager
def changing(data_dir: Path) -> Iterator[Change]:
    """A transaction that no other change runs beside: kept whole at the end of the block, or not at all on an error.

    Makes the registry where there is none, and tables that a new version brings. Raises StoreError when somebody else
    changes the registry for LOCK_SECONDS, the disk refuses, or the database does not answer.
    """
    with explained(data_dir):
        where = kept(data_dir)
        opened = _open(where, data_dir)
        if opened is None:
            make(data_dir)
            opened = _open(where, data_dir)
            assert opened is not None
        # Databases let those who wait in by chance, so that one can wait for long: in this process they queue.
        if not opened.writers.acquire(timeout=LOCK_SECONDS):
            raise sqlite.busy(where.name)
        try:
            with opened.engine.connect().execution_options(**where.CHANGE) as connection, connection.begin():
                last = connection.execute(select(head.c.seq, head.c.hash).with_for_update()).one()
                if not opened.settled:
                    settle(connection)
                change = Change(connection, last.seq, last.hash)
                yield change
                change.finish()
            opened.lacking, opened.settled = frozenset(), True
        finally:
            opened.writers.release()
    change.announce()


def make(data_dir: Path, fill: Callable[[Change], None] | None = None) -> None:
    """Make the registry, whole, in one visible step; nothing happens when there is one, or another was faster.

    fill: puts in what it begins with.
    """

    def begin(connection: Connection) -> None:
        metadata.create_all(connection)
        connection.execute(insert(head).values(id=1, seq=0, hash=None))
        change = Change(connection, 0, None)
        if fill is not None:
            fill(change)
        change.finish()

    must_be_there(data_dir)
    with explained(data_dir):
        kept(data_dir).make(begin, _lock)


def close(data_dir: Path) -> None:
    """Close this process's connections: before somebody copies, moves or removes the registry's files."""
    with _lock:
        opened = _opened.pop(kept(data_dir), None)
    if opened is not None:
        opened.engine.dispose()


def _open(where: Kept, data_dir: Path) -> _Opened | None:
    """The registry as this process keeps it open; another one in its place is noticed. None where there is none."""
    mark = where.mark()
    if mark is None:
        return None
    known = _opened.get(where)
    if known is None or known.mark != mark:
        with _lock:
            known = _opened.pop(where, None)
            if known is None or known.mark != mark:
                if known is not None:
                    known.engine.dispose()
                known = _Opened(where.engine(), mark)
            while len(_opened) >= _MOST_OPEN:
                _opened.pop(next(iter(_opened))).engine.dispose()
            _opened[where] = known
    if known.lacking is None or known.lacking:
        known.lacking = frozenset(metadata.tables) - frozenset(inspect(known.engine).get_table_names())
        if head.name in known.lacking:
            must_be_there(data_dir)
            return None
    return known


def _tables(query: Select[Any]) -> set[str]:
    return {str(getattr(each, "name", "")) for each in query.get_final_froms()}


@contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn refusals of the database and of the disk into a StoreError that a person can act on."""
    with files.explained(data_dir):
        try:
            yield
        except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
            raise kept(data_dir).refusal(error) from error
