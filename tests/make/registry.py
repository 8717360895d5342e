"""What the registry of a data directory holds, as tests look at it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, event, select

from siuo_dash.errors import Finding
from siuo_dash.store.files import RESULTS, SAMPLES
from siuo_dash.store.registry.log import MOVES, Event, parse, source_of
from siuo_dash.store.registry.opening import REGISTRY, changing, reading
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.registry.tables import log, runs
from siuo_dash.store.verify import verify


def states(data_dir: Path) -> dict[str, str]:
    """{run_id: its state}."""
    with reading(data_dir) as connection:
        asked = select(runs.c.run_id, runs.c.state)
        return {} if connection is None else {run_id: state for run_id, state in connection.execute(asked)}


def runs_in(data_dir: Path, state: str) -> list[str]:
    """The run_ids of the runs in one state, sorted."""
    return sorted(run_id for run_id, found in states(data_dir).items() if found == state)


def file_of(data_dir: Path, run_id: str) -> Path:
    """A run's file."""
    with reading(data_dir) as connection:
        assert connection is not None
        return data_dir / str(connection.execute(select(runs.c.file).where(runs.c.run_id == run_id)).scalar_one())


def events(data_dir: Path) -> list[Event]:
    """The log."""
    return [parse(line) for line in log_lines(data_dir)]


def replayed(data_dir: Path) -> dict[str, str]:
    """{run_id: its state}, from the log alone; a line that starts from another state fails here."""
    found: dict[str, str] = {}
    for logged in events(data_dir):
        assert source_of(logged) == found.get(logged.run_id)
        found[logged.run_id] = MOVES[logged.event].target
    return found


def rewrite(data_dir: Path, **values: object) -> None:
    """Write the log again as if every line had said this, with a chain of hashes that holds."""
    with changing(data_dir) as now:
        lines = now.connection.execute(select(log.c.line).order_by(log.c.seq)).scalars().all()
        now.connection.execute(delete(log))
        now.seq, now.hash = 0, None
        for line in lines:
            now.add_line(json.dumps(json.loads(line) | values | {"previous": now.hash}).encode())


def faults(data_dir: Path) -> list[Finding]:
    """What verify finds wrong with the registry and the files of runs; the catalogue and shipped results apart."""
    return [finding for finding in verify(data_dir) if finding.file not in (SAMPLES, RESULTS)]


Asked = list[tuple[str, Any]]


@contextmanager
def asked() -> Iterator[Asked]:
    """All that is asked of any registry within the block: (SQL, values)."""
    found: Asked = []

    def note(_connection: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        found.append((sql, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def without_an_index(data_dir: Path, questions: Asked) -> list[str]:
    """Those of the questions that look at every row of a table."""
    found = []
    with sqlite3.connect(data_dir / REGISTRY) as connection:
        for sql, values in questions:
            if sql.startswith(("SELECT", "UPDATE")):
                plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
                found += [f"{step}: {sql}" for step in plan if step.startswith("SCAN") and step != "SCAN head"]
    return found


def left_over(data_dir: Path) -> list[str]:
    """Files among those of the runs that no run names, and those that are being written."""
    with reading(data_dir) as connection:
        named = set() if connection is None else set(connection.execute(select(runs.c.file)).scalars())
    found = [path for path in (data_dir / "runs").rglob("*") if path.is_file()]
    return sorted(name for path in found if (name := str(path.relative_to(data_dir))) not in named)
