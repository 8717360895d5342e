"""A whole registry from one database into another, in one step: for backups, snapshots and moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Table, create_engine, delete, insert, inspect, select
from sqlalchemy.pool import StaticPool

from siuo_dash.store.registry.sqlite import WITH_WRITE_AHEAD_LOG
from siuo_dash.store.registry.tables import head, log, metadata, runs, tokens, turns

ALL: Final = tuple(table for table in metadata.sorted_tables if table is not turns)
"""All that outlives a process."""
BACKED_UP: Final = tuple(table for table in ALL if table is not tokens)
"""One that is revoked must not come back with a backup."""
PUBLISHED: Final = (runs, log, head)
"""What a run's state follows from, without people's sign-ins."""
_AT_ONCE: Final = 2_000


def copy(source: Connection, target: Connection, tables: Sequence[Table]) -> None:
    """Replace the rows of these tables in the target, which has them all; a table that the source lacks is empty."""
    there = set(inspect(source).get_table_names())
    for table in tables:
        target.execute(delete(table))
        if table.name not in there:
            continue
        for part in source.execute(select(table)).partitions(_AT_ONCE):
            target.execute(insert(table), [dict(row._mapping) for row in part])


def image(source: Connection, tables: Sequence[Table]) -> bytes:
    """The registry as the bytes of a `registry.db`, with the rows of these tables alone."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as target:
            metadata.create_all(target)
            copy(source, target, tables)
        with engine.connect() as target:
            body = bytearray(target.connection.driver_connection.serialize())  # type: ignore[union-attr]
    finally:
        engine.dispose()
    body[18:20] = WITH_WRITE_AHEAD_LOG
    return bytes(body)
