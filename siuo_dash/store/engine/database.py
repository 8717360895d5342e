"""The store: an in-memory DuckDB over the Parquet files of a data directory, kept up to date."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import SchemaError, SiuoError
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.engine import tables
from siuo_dash.store.files import RESULTS, SAMPLES
from siuo_dash.store.runs import result_files
from siuo_dash.store.runs.parquet import unreadable
from siuo_dash.store.runs.result_files import FileState
from siuo_dash.store.runs.verdict_rows import Part, read_part


@dataclass(frozen=True)
class BrokenFile:
    """A file that was left out, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class _Loaded:
    state: FileState
    digest: str = ""
    broken: str = ""


@dataclass(frozen=True)
class _State:
    """One whole state of the store: the database, and what it was filled from."""

    connection: duckdb.DuckDBPyConnection
    writer: duckdb.DuckDBPyConnection
    catalogue: Catalogue
    catalogue_state: FileState | None
    files: Mapping[str, _Loaded]

    @cached_property
    def version(self) -> str:
        digest = hashlib.sha256(repr(self.catalogue.samples).encode())
        for name, item in sorted(self.files.items()):
            digest.update(f"\n{name}:{item.digest}".encode())
        return digest.hexdigest()[:12]


class _Held(threading.local):
    """What a thread holds while it is `reading`."""

    cursor: duckdb.DuckDBPyConnection | None = None
    state: _State | None = None


class Store:
    """Results and catalogue of one data directory.

    One process holds one Store; any number of threads call `frame` and `refresh`. Reads go through a
    cursor each; a refresh swaps in changed files in one transaction, so that a query sees all or nothing of it.
    `reading` gives the same to several queries. CatalogueError when samples.csv is missing or wrong.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._lock = threading.Lock()
        self._held = _Held()
        self._state = self._open()

    @property
    def catalogue(self) -> Catalogue:
        """What is known about the samples."""
        return (self._held.state or self._state).catalogue

    @property
    def version(self) -> str:
        """12 hex digits that name the data: the samples and every file that was read."""
        return (self._held.state or self._state).version

    @property
    def broken(self) -> list[BrokenFile]:
        """The files that could not be read, each with its reason."""
        files = self._state.files
        broken = [BrokenFile(name, loaded.broken) for name, loaded in sorted(files.items()) if loaded.broken]
        if RESULTS not in files:
            why = "is missing; `python -m siuo_dash build` makes it from the carried figures"
            broken.insert(0, BrokenFile(RESULTS, why))
        return broken

    def frame(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        """The answer to one query, its values bound; it can change nothing. Safe to call from any thread."""
        if self._held.cursor is not None:
            return self._held.cursor.execute(sql, values).df()
        cursor = _read_only(self._state)
        try:
            return cursor.execute(sql, values).df()
        finally:
            cursor.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All queries of this thread inside the block see one whole state, whatever is published meanwhile.

        A `refresh` by the same thread moves on to the newest state.
        """
        if self._held.cursor is not None:
            yield
            return
        self._hold()
        try:
            yield
        finally:
            self._let_go()

    def refresh(self) -> bool:
        """Take in files that were added, changed or removed since; True when anything was. Costs one stat a file."""
        with self._lock:
            changed = self._update()
        if self._held.state not in (None, self._state):
            self._let_go()
            self._hold()
        return changed

    def _hold(self) -> None:
        with self._lock:
            self._held.state, self._held.cursor = self._state, _read_only(self._state)
            # What a transaction sees is fixed by its first look, not by its beginning.
            self._held.cursor.execute("SELECT COUNT(*) FROM runs").fetchall()

    def _let_go(self) -> None:
        if self._held.cursor is not None:
            self._held.cursor.close()
        self._held.cursor = self._held.state = None

    def _update(self) -> bool:
        state = self._state
        if result_files.state(self.data_dir / SAMPLES) != state.catalogue_state:
            self._state = self._open()
            return True
        found = result_files.scan(self.data_dir)
        if {name: loaded.state for name, loaded in state.files.items()} == found:
            return False
        self._state = self._load(state, found)
        return True

    def _open(self) -> _State:
        """A new database with the catalogue and every file."""
        # Looked at before it is read: a change meanwhile is then seen by the next refresh.
        catalogue_state = result_files.state(self.data_dir / SAMPLES)
        catalogue = read_catalogue(self.data_dir / SAMPLES)
        connection = tables.empty_database(catalogue)
        empty = _State(connection, connection.cursor(), catalogue, catalogue_state, {})
        return self._load(empty, result_files.scan(self.data_dir))

    def _load(self, state: _State, found: Mapping[str, FileState]) -> _State:
        """Bring the database of `state` up to the files that were found; the state that it is in then."""
        # What was left out is tried again: the file that it contradicted may be gone.
        kept = {
            name: item
            for name, item in state.files.items()
            if found.get(name) == item.state and not item.broken
        }  # fmt: skip
        changed = [name for name in found if name not in kept]
        replaced = [*changed, *(name for name in state.files if name not in found)]
        holders = tables.run_holders(state.writer, without=replaced)
        parts: dict[str, Part] = {}
        broken: dict[str, str] = {}
        for name in changed:
            try:
                if found[name].problem:
                    raise SchemaError(found[name].problem)
                part = read_part(self.data_dir / name)
                if twice := sorted(holders.keys() & set(part.run_ids)):
                    raise SchemaError(f"run {twice[0]} is also in {holders[twice[0]]}", hint="remove one of the two")
            except (SiuoError, OSError, pa.ArrowException) as error:
                broken[name] = "; ".join(filter(None, unreadable(error)))
                continue
            holders |= dict.fromkeys(part.run_ids, name)
            parts[name] = part
        broken |= tables.swap(state.writer, replaced, parts)
        for name in changed:
            digest = "" if name in broken else parts[name].digest
            kept[name] = _Loaded(found[name], digest, broken.get(name, ""))
        return replace(state, files=kept)


def _read_only(state: _State) -> duckdb.DuckDBPyConnection:
    cursor = state.connection.cursor()
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    return cursor
