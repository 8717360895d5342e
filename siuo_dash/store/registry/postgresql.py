"""The registry in PostgreSQL, for several instances. All that is PostgreSQL's own is in this file.

A change locks the row of `head`, so that no other runs beside it; a question sees one state. A connection that breaks
is replaced at the next question.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from siuo_dash.errors import StoreError
from siuo_dash.settings import storage
from siuo_dash.store.registry.sqlite import LOCK_SECONDS, busy

_CONNECTING: Final = {
    # Seconds, so that a server that vanished is noticed: a network that drops packets says nothing.
    **{"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3},
    **{"tcp_user_timeout": 25_000, "application_name": "siuo-dash"},
}
_SESSION: Final = (
    f"SET lock_timeout = '{LOCK_SECONDS:.0f}s'",
    # An instance that hangs or lost its network may not keep the others waiting.
    "SET idle_in_transaction_session_timeout = '25s'",
    "SET tcp_keepalives_idle = 10",
    "SET TIME ZONE 'UTC'",
)
_MAKING: Final = 7_413_902
"""The number of the advisory lock under which the tables are made."""
_AWAY: Final = (
    "the registry's database does not answer",
    "try again in a minute; what you sent last may be there",
)
_SAID: Final = {
    "08": _AWAY,
    "57": _AWAY,
    "53": ("the registry's database has no room (disk, memory or connections)", "tell whoever keeps it"),
    "28": ("the registry's database refuses this user or password", "check SIUO_REGISTRY"),
    "3D": ("there is no such database", "make it (createdb), or check SIUO_REGISTRY"),
    "42": ("this user may not make or read the registry's tables", "make the user the owner of its database or schema"),
    "25": (
        "the registry's database cannot be written: it is a standby, or a transaction took too long",
        "try again in a minute, or point SIUO_REGISTRY to the primary",
    ),
}
"""{class of SQLSTATE: what is wrong, and the next step}; docs of PostgreSQL, appendix A."""


@dataclass(frozen=True)
class Server:
    """The registry in a database of PostgreSQL. `opening` says what the parts are for."""

    url: str
    READ: ClassVar[dict[str, Any]] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    LOOK: ClassVar[dict[str, Any]] = {"isolation_level": "AUTOCOMMIT"}
    CHANGE: ClassVar[dict[str, Any]] = {"isolation_level": "READ COMMITTED"}

    @property
    def name(self) -> str:
        """Where it is, without the password. StoreError for what is no address of a database of PostgreSQL."""
        try:
            found = make_url(storage.database(self.url))
        except ValueError as error:
            raise StoreError(f"this {error}", where="SIUO_REGISTRY", hint="docs/scale.md has examples") from None
        return f"{found.host or 'localhost'}{f':{found.port}' if found.port else ''}/{found.database}"

    def mark(self) -> object:
        """Always the same: whether it has its tables, `opening` asks."""
        return self.url

    def engine(self) -> Engine:
        """Its connections, each asked before use whether it still lives. Raises StoreError without the driver."""
        assert self.name
        try:
            engine = create_engine(
                storage.database(self.url),
                connect_args=_CONNECTING,
                pool_pre_ping=True,
                pool_size=4,
                max_overflow=8,
                pool_timeout=LOCK_SECONDS,
                pool_recycle=1_800,
            )
        except ModuleNotFoundError as error:
            what, hint = storage.NO_DRIVER
            raise StoreError(what, where=self.name, hint=hint) from error
        event.listen(engine, "connect", _prepare)
        return engine

    def make(self, fill: Callable[[Connection], None], lock: threading.Lock) -> None:
        """Make the tables and what they begin with, in one transaction; nothing where another was faster."""
        engine = self.engine()
        try:
            with engine.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MAKING})
                if not connection.dialect.has_table(connection, "head"):
                    fill(connection)
        finally:
            engine.dispose()

    def refusal(self, error: Exception) -> Exception:
        """What PostgreSQL's error is in words; the error itself where it is the program's."""
        if isinstance(error, exc.TimeoutError):
            what = "all of this instance's connections to the database are in use"
            return StoreError(what, where=self.name, hint="try again in a minute; nothing was kept")
        state = str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
        if state == "55P03":
            return busy(self.name)
        known = state in ("42501", "42P01") if state.startswith("42") else state[:2] in _SAID
        if not known and not isinstance(error, exc.OperationalError | exc.InterfaceError):
            return error
        what, hint = _SAID.get(state[:2], _AWAY)
        return StoreError(what, where=self.name, hint=hint)


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for statement in _SESSION:
        cursor.execute(statement)
    cursor.close()
    connection.commit()
