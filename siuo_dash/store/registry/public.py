"""What of the registry is for everybody: the published runs. And for the keeper of a data directory: lines and files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from siuo_dash.store.registry.opening import reading
from siuo_dash.store.registry.tables import log, runs


class PublicRun(NamedTuple):
    """A published run: `tables` says what each means. run_id and source_status are laid over what the file says."""

    run_id: str
    file: str
    source_status: str


def public_runs(data_dir: Path) -> list[PublicRun]:
    """The published runs, in the order in which they came."""
    with reading(data_dir) as connection:
        if connection is None:
            return []
        published = select(runs.c.run_id, runs.c.file, runs.c.source_status).where(runs.c.state == "published")
        return [PublicRun(*row) for row in connection.execute(published.order_by(runs.c.number))]


def log_lines(data_dir: Path) -> list[bytes]:
    """The lines of the log, oldest first, each without its newline."""
    with reading(data_dir) as connection:
        return [] if connection is None else list(connection.execute(select(log.c.line).order_by(log.c.seq)).scalars())


def named_files(data_dir: Path) -> set[str]:
    """The files that runs name, as `runs.file`; any other one is left over."""
    with reading(data_dir) as connection:
        return set() if connection is None else set(connection.execute(select(runs.c.file)).scalars())
