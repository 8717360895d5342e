"""Opens the registry of a data directory: `registry.db`, an SQLite database that the first change makes.

Reading makes nothing and keeps nobody waiting. A change is one transaction that no other runs beside. All that is
SQLite's own is in this file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, Select, create_engine, event, insert, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from siuo_dash.errors import StoreError
from siuo_dash.store import files
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.tables import head, metadata, settle

REGISTRY: Final = "registry.db"
LOCK_SECONDS: Final = 30.0
_MOST_OPEN: Final = 8
_WITH_WRITE_AHEAD_LOG: Final = b"\x02\x02"
"""Bytes 18 and 19 of a database that is changed through a write-ahead log (sqlite.org/fileformat.html). Set by hand,
so that none is made beside a file that is hidden and renamed."""
_VERSION: Final = select(head.c.seq)
_OF_SYSTEM: Final = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_IOERR": errno.EIO, "SQLITE_NOMEM": errno.ENOMEM}


@dataclass(frozen=True)
class _Opened:
    """An open registry: its connections, which file it is, the queue of this process's writers.

    is_settled: whether the tables are known to be this version's.
    """

    engine: Engine
    inode: tuple[int, int]
    writers: threading.Lock = field(default_factory=threading.Lock)
    is_settled: threading.Event = field(default_factory=threading.Event)


_opened: dict[Path, _Opened] = {}
_lock = threading.Lock()
_of_parent: Final[list[dict[Path, _Opened]]] = []


def _forget() -> None:
    """After a fork: SQLite's connections belong to the process that made them, and must not even be closed here."""
    global _opened, _lock
    _of_parent.append(_opened)
    _opened, _lock = {}, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def version(data_dir: Path) -> int:
    """How many lines the log has: another number after every change, 0 without a registry. One cheap question."""
    with explained(data_dir):
        opened = _open(data_dir)
        if opened is None:
            return 0
        with opened.engine.connect() as connection:
            return int(connection.execute(_VERSION).scalar_one())


@contextmanager
def reading(data_dir: Path) -> Iterator[Connection | None]:
    """A connection on which all questions are answered from one state; None where there is no registry yet.

    Raises StoreError when the data directory is not there or cannot be read.
    """
    with explained(data_dir):
        opened = _open(data_dir)
        if opened is None:
            yield None
            return
        with opened.engine.connect() as connection, connection.begin():
            yield connection


def rows(data_dir: Path, query: Select[Any]) -> Sequence[Any]:
    """The answer to one question; nothing where there is no registry yet. Raises as `reading` does."""
    with reading(data_dir) as connection:
        return () if connection is None else connection.execute(query).all()


@contextmanager
def changing(data_dir: Path) -> Iterator[Change]:
    """A transaction that no other change runs beside: kept whole at the end of the block, or not at all on an error.

    Makes the registry where there is none. Raises StoreError when somebody else changes the registry for
    LOCK_SECONDS, or the disk refuses.
    """
    with explained(data_dir):
        opened = _open(data_dir)
        if opened is None:
            make(data_dir)
            opened = _open(data_dir)
            assert opened is not None
        # SQLite lets those who wait in by chance, so that one can wait for long: in this process they queue.
        if not opened.writers.acquire(timeout=LOCK_SECONDS):
            raise _busy(data_dir)
        try:
            with opened.engine.connect().execution_options(siuo_writes=True) as connection, connection.begin():
                last = connection.execute(select(head.c.seq, head.c.hash).with_for_update()).one()
                if not opened.is_settled.is_set():
                    settle(connection)
                change = Change(connection, last.seq, last.hash)
                yield change
                change.finish()
            opened.is_settled.set()
        finally:
            opened.writers.release()
    change.announce()


def make(data_dir: Path, fill: Callable[[Change], None] | None = None) -> None:
    """Make the registry, whole, in one visible step; nothing happens when there is one, or another was faster.

    fill: puts in what it begins with.
    """
    must_be_there(data_dir)
    path = data_dir / REGISTRY
    if path.exists():
        return
    with explained(data_dir):
        files.clean(data_dir, REGISTRY)
        # Until this descriptor is closed nobody here opens the registry: closing any descriptor of a file lets go of
        # all locks that this process has on it, SQLite's too.
        with _lock, files.staged(data_dir, REGISTRY) as staged:
            engine = _engine(staged.path)
            try:
                with engine.connect().execution_options(siuo_writes=True) as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode=OFF")
                    connection.rollback()
                    with connection.begin():
                        metadata.create_all(connection)
                        connection.execute(insert(head).values(id=1, seq=0, hash=None))
                        change = Change(connection, 0, None)
                        if fill is not None:
                            fill(change)
                        change.finish()
            finally:
                engine.dispose()
            os.pwrite(staged.descriptor, _WITH_WRITE_AHEAD_LOG, 18)
            os.fsync(staged.descriptor)
            with suppress(FileExistsError):
                files.move(staged.path, path)  # no second name stays that somebody could clean away under SQLite


def close(data_dir: Path) -> None:
    """Close this process's connections: before somebody copies, moves or removes the registry's files."""
    with _lock:
        opened = _opened.pop(data_dir, None)
    if opened is not None:
        opened.engine.dispose()


def _open(data_dir: Path) -> _Opened | None:
    """The registry as this process keeps it open; another file in its place is noticed.

    What an earlier version kept is taken over first: nobody may take it for an empty one, and its sign-outs for none.
    """
    path = data_dir / REGISTRY
    try:
        found = path.stat()
    except FileNotFoundError:
        from siuo_dash.store import takeover  # which fills a registry itself

        must_be_there(data_dir)
        takeover.settle(data_dir)
        if not path.exists():
            return None
        found = path.stat()
    inode = (found.st_dev, found.st_ino)
    known = _opened.get(data_dir)
    if known is not None and known.inode == inode:
        return known
    with _lock:
        known = _opened.pop(data_dir, None)
        if known is None or known.inode != inode:
            if known is not None:
                known.engine.dispose()
            known = _Opened(_engine(path), inode)
        while len(_opened) >= _MOST_OPEN:
            _opened.pop(next(iter(_opened))).engine.dispose()
        _opened[data_dir] = known
        return known


def must_be_there(data_dir: Path) -> None:
    """Raise StoreError when there is no such directory: a disk that is not mounted is never papered over."""
    if not data_dir.is_dir():
        raise StoreError(
            "the data directory is not there", where=str(data_dir), hint="check the path, or mount it, then try again"
        )


class _AsItIs(sqlite3.Connection):
    """A connection to a database that nobody changes, made where SQLite can write nothing beside it."""


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://", creator=partial(_connect, path), poolclass=QueuePool, pool_size=4, max_overflow=-1
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _let_go)
    return engine


def _connect(path: Path) -> sqlite3.Connection:
    # Without an isolation level Python begins no transaction by itself.
    connect = partial(sqlite3.connect, timeout=LOCK_SECONDS, uri=True, isolation_level=None, check_same_thread=False)
    uri = f"file:{quote(str(path.absolute()))}"
    connection = connect(f"{uri}?mode=rw")
    try:
        connection.execute("PRAGMA synchronous=FULL")
    except sqlite3.OperationalError:
        # No permission, a full disk: SQLite cannot make the files beside the database that it reads through. Without
        # a write-ahead log nobody is changing the database, and it can be read as it is.
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        connection = connect(f"{uri}?mode=ro&immutable=1", factory=_AsItIs)
    return connection


def _let_go(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    if isinstance(connection, _AsItIs):
        record.invalidate()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("siuo_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn refusals of the database and of the disk into a StoreError that a person can act on."""
    with files.explained(data_dir):
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise _refusal(data_dir, error) from error


def _refusal(data_dir: Path, error: Exception) -> Exception:
    name = str(getattr(getattr(error, "orig", error), "sqlite_errorname", ""))
    kind = "_".join(name.split("_")[:2])
    path = data_dir / REGISTRY
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return _busy(data_dir)
    if kind in ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"):
        must_be_there(data_dir)
        disk = os.statvfs(data_dir)
        refused = errno.EACCES if disk.f_bavail else errno.ENOSPC
        code = errno.EROFS if disk.f_flag & os.ST_RDONLY else refused
    elif kind in _OF_SYSTEM:
        code = _OF_SYSTEM[kind]
    elif kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return StoreError(
            "the registry cannot be read: its file is damaged", where=str(path), hint="restore it from a backup"
        )
    else:
        return error
    return OSError(code, os.strerror(code), str(path))


def _busy(data_dir: Path) -> StoreError:
    return StoreError(
        f"another process has been changing the store for {LOCK_SECONDS:.0f} seconds",
        where=str(data_dir / REGISTRY),
        hint="try again in a minute; nothing was kept",
    )
