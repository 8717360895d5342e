"""The registry as a file: `registry.db` in the data directory, an SQLite database that the first change makes.

Reading makes nothing and keeps nobody waiting. All that is SQLite's own is in this file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from siuo_dash.errors import StoreError
from siuo_dash.settings import storage
from siuo_dash.store import files

REGISTRY: Final = "registry.db"
MOVED: Final = "before-migration/registry.db"
"""Where the registry is kept aside when it was moved into a database."""
LOCK_SECONDS: Final = 30.0
WITH_WRITE_AHEAD_LOG: Final = b"\x02\x02"
"""Bytes 18 and 19 of a database that is changed through a write-ahead log (sqlite.org/fileformat.html). Set by hand,
so that none is made beside a file that is hidden and renamed."""
_OF_SYSTEM: Final = {"SQLITE_FULL": errno.ENOSPC, "SQLITE_IOERR": errno.EIO, "SQLITE_NOMEM": errno.ENOMEM}


@dataclass(frozen=True)
class Folder:
    """The registry of one data directory, in it. `opening` says what the parts are for."""

    data_dir: Path
    READ: ClassVar[dict[str, Any]] = {}
    LOOK: ClassVar[dict[str, Any]] = {}
    CHANGE: ClassVar[dict[str, Any]] = {"siuo_writes": True}

    @property
    def path(self) -> Path:
        return self.data_dir / REGISTRY

    @property
    def name(self) -> str:
        return str(self.path)

    def mark(self) -> object:
        """The file's device and inode; None where there is none.

        What an earlier version kept is taken over first: nobody may take it for an empty one, and its sign-outs for
        none.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            from siuo_dash.store import takeover  # which fills a registry itself

            must_be_there(self.data_dir)
            if (self.data_dir / MOVED).exists():
                raise StoreError(
                    "the registry of this data directory was moved into a database",
                    where=str(self.data_dir),
                    hint="set SIUO_REGISTRY to it, as the servers do",
                ) from None
            takeover.settle(self.data_dir)
            if not self.path.exists():
                return None
            found = self.path.stat()
        return (found.st_dev, found.st_ino)

    def engine(self) -> Engine:
        """Its connections. Raises StoreError where SQLite would lose what two machines write."""
        if kind := storage.shared_by_machines(self.path):
            what, hint = storage.ON_A_NETWORK
            raise StoreError(what.format(kind=kind), where=self.name, hint=hint)
        return engine_of(self.path)

    def make(self, fill: Callable[[Connection], None], lock: threading.Lock) -> None:
        """Make the file, whole, in one visible step; nothing happens when there is one, or another was faster."""
        must_be_there(self.data_dir)
        if self.path.exists():
            return
        files.clean(self.data_dir, REGISTRY)
        # Until this descriptor is closed nobody here opens the registry: closing any descriptor of a file lets go of
        # all locks that this process has on it, SQLite's too.
        with lock, files.staged(self.data_dir, REGISTRY) as staged:
            write(staged.path, fill)
            os.pwrite(staged.descriptor, WITH_WRITE_AHEAD_LOG, 18)
            os.fsync(staged.descriptor)
            with suppress(FileExistsError):
                files.move(staged.path, self.path)  # no second name stays that somebody could clean away under SQLite

    def refusal(self, error: Exception) -> Exception:
        """What SQLite's error is in words, or as the system's own."""
        name = str(getattr(getattr(error, "orig", error), "sqlite_errorname", ""))
        kind = "_".join(name.split("_")[:2])
        if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
            return busy(self.name)
        if kind in ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"):
            must_be_there(self.data_dir)
            disk = os.statvfs(self.data_dir)
            refused = errno.EACCES if disk.f_bavail else errno.ENOSPC
            code = errno.EROFS if disk.f_flag & os.ST_RDONLY else refused
        elif kind in _OF_SYSTEM:
            code = _OF_SYSTEM[kind]
        elif kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
            return StoreError(
                "the registry cannot be read: its file is damaged", where=self.name, hint="restore it from a backup"
            )
        else:
            return error
        return OSError(code, os.strerror(code), self.name)


def busy(where: str) -> StoreError:
    """Somebody else changes the registry for too long."""
    return StoreError(
        f"another process has been changing the store for {LOCK_SECONDS:.0f} seconds",
        where=where,
        hint="try again in a minute; nothing was kept",
    )


def must_be_there(data_dir: Path) -> None:
    """Raise StoreError when there is no such directory: a disk that is not mounted is never papered over."""
    if not data_dir.is_dir():
        raise StoreError(
            "the data directory is not there", where=str(data_dir), hint="check the path, or mount it, then try again"
        )


def write(path: Path, fill: Callable[[Connection], None]) -> None:
    """Fill a new SQLite file in one transaction; what is written does not outlive a crash until it is synced."""
    engine = engine_of(path)
    try:
        with engine.connect().execution_options(siuo_writes=True) as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=OFF")
            connection.rollback()
            with connection.begin():
                fill(connection)
    finally:
        engine.dispose()


class _AsItIs(sqlite3.Connection):
    """A connection to a database that nobody changes, made where SQLite can write nothing beside it."""


def engine_of(path: Path) -> Engine:
    """The connections to an SQLite file."""
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
