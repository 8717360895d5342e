"""Opens the registry of a data directory: `registry.db`, an SQLite database that the first change makes.

Reading makes nothing and keeps nobody waiting. A change is one transaction that no other runs beside. All that is
SQLite's own stands in this file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, insert, select
from sqlalchemy.exc import DBAPIError

from siuo_dash.errors import SubmissionError
from siuo_dash.store import files
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.tables import head, metadata

REGISTRY: Final = "registry.db"
LOCK_SECONDS: Final = 30.0
_MOST_OPEN: Final = 8
_VERSION: Final = select(head.c.seq)
_OF_SYSTEM: Final = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_IOERR": errno.EIO, "SQLITE_NOMEM": errno.ENOMEM}


@dataclass(frozen=True)
class _Opened:
    """An open registry: its connections, which file it is, and the queue of this process's writers."""

    engine: Engine
    inode: tuple[int, int]
    writers: threading.Lock = field(default_factory=threading.Lock)


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

    Raises SubmissionError when the data directory is not there or cannot be read.
    """
    with explained(data_dir):
        opened = _open(data_dir)
        if opened is None:
            yield None
            return
        with opened.engine.connect() as connection, connection.begin():
            yield connection


@contextmanager
def changing(data_dir: Path) -> Iterator[Change]:
    """A transaction that no other change runs beside: kept whole at the end of the block, or not at all on an error.

    Makes the registry where there is none. Raises SubmissionError when somebody else changes the registry for
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
                change = Change(connection, last.seq, last.hash)
                yield change
                change.finish()
        finally:
            opened.writers.release()
    change.announce()


def make(data_dir: Path, fill: Callable[[Change], None] | None = None) -> None:
    """Make the registry, whole, in one visible step; nothing happens when there is one, or another was faster.

    fill: puts in what it begins with.
    """
    _must_be_there(data_dir)
    path = data_dir / REGISTRY
    if path.exists():
        return
    with explained(data_dir):
        files.clean(data_dir, REGISTRY)
        with files.staged(data_dir, REGISTRY) as staged:
            engine = _engine(staged.path, NullPool, "mode=rw")
            with engine.connect().execution_options(siuo_writes=True) as connection:
                connection.connection.driver_connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[union-attr]
                with connection.begin():
                    metadata.create_all(connection)
                    connection.execute(insert(head).values(id=1, seq=0, hash=None))
                    change = Change(connection, 0, None)
                    if fill is not None:
                        fill(change)
                    change.finish()
            # The last connection that closes moves all from the write-ahead log into the file itself.
            os.fsync(staged.descriptor)
            with suppress(FileExistsError):
                files.reveal(staged, path)


def close(data_dir: Path) -> None:
    """Close this process's connections: before somebody copies, moves or removes the registry's files."""
    with _lock:
        opened = _opened.pop(data_dir, None)
    if opened is not None:
        opened.engine.dispose()


def _open(data_dir: Path) -> _Opened | None:
    """The registry as this process keeps it open; another file in its place is noticed."""
    try:
        found = (data_dir / REGISTRY).stat()
    except FileNotFoundError:
        _must_be_there(data_dir)
        return None
    inode = (found.st_dev, found.st_ino)
    known = _opened.get(data_dir)
    if known is not None and known.inode == inode:
        return known
    with _lock:
        known = _opened.pop(data_dir, None)
        if known is None or known.inode != inode:
            if known is not None:
                known.engine.dispose()
            known = _Opened(_engine_of(data_dir), inode)
        while len(_opened) >= _MOST_OPEN:
            _opened.pop(next(iter(_opened))).engine.dispose()
        _opened[data_dir] = known
        return known


def _must_be_there(data_dir: Path) -> None:
    if not data_dir.is_dir():
        raise SubmissionError(
            "the data directory is not there", where=str(data_dir), hint="check the path, or mount it, then try again"
        )


def _engine_of(data_dir: Path) -> Engine:
    path = data_dir / REGISTRY
    if os.access(data_dir, os.W_OK, effective_ids=True) and os.access(path, os.W_OK, effective_ids=True):
        return _engine(path, QueuePool, "mode=rw")
    # Where nothing can be written, SQLite cannot make the files beside the database that it reads through. Without them
    # nobody is changing the database: it is read as it is.
    kept_beside = path.with_name(f"{REGISTRY}-wal").exists()
    return _engine(path, NullPool, "mode=ro" if kept_beside else "mode=ro&immutable=1")


def _engine(path: Path, pool: type[QueuePool | NullPool], how: str) -> Engine:
    connect = partial(_connect, f"file:{quote(str(path.absolute()))}?{how}")
    limits: dict[str, Any] = {"pool_size": 4, "max_overflow": -1} if pool is QueuePool else {}
    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=pool, **limits)
    event.listen(engine, "begin", _begin)
    return engine


def _connect(uri: str) -> sqlite3.Connection:
    # Without an isolation level Python begins no transaction by itself.
    connection = sqlite3.connect(uri, LOCK_SECONDS, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("siuo_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn refusals of the database and of the disk into a SubmissionError that a person can act on."""
    with files.explained(data_dir):
        try:
            yield
        except DBAPIError as error:
            raise _refusal(data_dir, error) from error


def _refusal(data_dir: Path, error: DBAPIError) -> Exception:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    kind = "_".join(name.split("_")[:2])
    path = data_dir / REGISTRY
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return _busy(data_dir)
    if kind in ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"):
        _must_be_there(data_dir)
        read_only = os.statvfs(data_dir).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
    elif kind in _OF_SYSTEM:
        code = _OF_SYSTEM[kind]
    elif kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return SubmissionError(
            "the registry cannot be read: its file is damaged", where=str(path), hint="restore it from a backup"
        )
    else:
        return error
    return OSError(code, os.strerror(code), str(path))


def _busy(data_dir: Path) -> SubmissionError:
    return SubmissionError(
        f"another process has been changing the store for {LOCK_SECONDS:.0f} seconds",
        where=str(data_dir / REGISTRY),
        hint="try again in a minute; nothing was kept",
    )
