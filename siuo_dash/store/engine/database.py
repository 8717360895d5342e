"""The store: an in-memory DuckDB over the Parquet files of a data directory, kept up to date."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.errors import SchemaError, SiuoError, StoreError
from siuo_dash.store import sample_sets, snapshots, takeover
from siuo_dash.store.catalogue_file import read_catalogue, read_judges
from siuo_dash.store.engine import tables
from siuo_dash.store.engine.sources import Loaded, Source, look_at, mend, read_all
from siuo_dash.store.files import RESULTS, SAMPLES, FileState, state_of
from siuo_dash.store.registry.opening import version
from siuo_dash.store.registry.reading import PublicRun, public_runs
from siuo_dash.store.runs.parquet import unreadable
from siuo_dash.store.runs.verdict_rows import NOTHING, Part
from siuo_dash.text import counted


@dataclass(frozen=True)
class BrokenFile:
    """A file that was left out, and why. away: whether the bucket does not answer, and nothing is wrong with it."""

    name: str
    why: str
    away: bool = False


@dataclass(frozen=True)
class _Seen:
    """What a change of the data shows in: the sample sets, the shipped results and the registry's last change."""

    samples: tuple[object, ...]
    results: FileState | None
    registry: int


@dataclass(frozen=True)
class _State:
    """One whole state of the store: the database, and what filled it, by run_id (RESULTS: the shipped ones)."""

    connection: duckdb.DuckDBPyConnection
    writer: duckdb.DuckDBPyConnection
    sets: Mapping[str, Catalogue]
    broken_sets: Mapping[str, SiuoError]
    seen: _Seen
    loaded: Mapping[str, Loaded]

    @cached_property
    def version(self) -> str:
        own, *others = self.sets.values()
        digest = hashlib.sha256(repr(own.samples).encode())
        for each in others:
            digest.update(f"\n{each.sample_set}:{each.samples!r}".encode())
        for name, item in sorted(self.loaded.items()):
            if not item.broken:
                digest.update(f"\n{name}:{item.digest}:{item.source.source_status or ''}".encode())
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
        takeover.settle(data_dir)
        self.data_dir = data_dir
        self._lock = threading.Lock()
        self._held = _Held()
        self._away: tuple[float, StoreError] | None = None
        self._state = self._open()

    @property
    def sets(self) -> Mapping[str, Catalogue]:
        """What is known about the samples of each set, by its id; the benchmark's own are the first."""
        return (self._held.state or self._state).sets

    @property
    def catalogue(self) -> Catalogue:
        """What is known about the benchmark's own samples."""
        return self.sets[BENCHMARK]

    @property
    def version(self) -> str:
        """12 hex digits that name the data: the samples and every file that was read."""
        return (self._held.state or self._state).version

    @property
    def broken(self) -> list[BrokenFile]:
        """The files that could not be read, each with its reason."""
        loaded = self._state.loaded
        away = [item for item in loaded.values() if item.away]
        broken = [BrokenFile(counted(len(away), "run"), away[0].broken, away=True)] if away else []
        broken += [
            BrokenFile(
                item.source.file if item.source.run_id is None else f"run {name}, {item.source.file}", item.broken
            )
            for name, item in sorted(loaded.items())
            if item.broken and not item.away
        ]
        broken += [BrokenFile(name, f"{error.what}; {error.hint}") for name, error in self._state.broken_sets.items()]
        if RESULTS not in loaded:
            why = "is missing; `python -m siuo_dash build` makes it from the published figures"
            broken.insert(0, BrokenFile(RESULTS, why))
        return broken

    def frame(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        """The answer to one query, its values bound; it can change nothing. Safe to call from any thread."""
        with self._asking() as cursor:
            return cursor.execute(sql, values).df()

    def table(self, sql: str) -> pa.Table:
        """The same as an Arrow table, whose types are the database's own."""
        with self._asking() as cursor:
            return cursor.sql(sql).to_arrow_table()

    @contextmanager
    def _asking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._held.cursor is not None:
            yield self._held.cursor
            return
        cursor = _read_only(self._state)
        try:
            yield cursor
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
        """Take in what was published, withdrawn or replaced since; True when it was.

        Costs one question to the registry and a stat of samples.csv and results.parquet, however many runs there are.
        """
        with self._lock:
            if self._away is not None and monotonic() < self._away[0]:
                raise StoreError(*self._away[1].args, where=self._away[1].where, hint=self._away[1].hint)
            started = monotonic()
            try:
                changed = self._update()
            except StoreError as error:
                # A database that does not even refuse is asked again after a while: all visitors wait for the answer.
                waited = monotonic() - started
                self._away = (monotonic() + 3 * waited, error) if waited > 1 else None
                raise
            self._away = None
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
        seen = self._look()
        left_out = ((item.source.file, item.state) for item in state.loaded.values() if item.broken)
        if seen == state.seen and all(look_at(self.data_dir, file) == known for file, known in left_out):
            return False
        self._state = self._open() if seen.samples != state.seen.samples else self._load(replace(state, seen=seen))
        return self._state.loaded != state.loaded or self._state.sets is not state.sets

    def _look(self) -> _Seen:
        # Looked at before it is read: a change meanwhile is then seen by the next refresh. The catalogue first: of a
        # directory that is gone, it says so.
        samples = state_of(self.data_dir / SAMPLES)
        if samples is None or samples.problem:
            read_catalogue(self.data_dir / SAMPLES)
        sets = sample_sets.look(self.data_dir)
        return _Seen((samples, *sets), state_of(self.data_dir / RESULTS), version(self.data_dir))

    def _open(self) -> _State:
        """A new database with the samples of all sets and every run."""
        seen = self._look()
        sets, broken = sample_sets.catalogues(self.data_dir)
        connection = tables.empty_database(sets.values(), read_judges(self.data_dir))
        return self._load(_State(connection, connection.cursor(), sets, broken, seen, {}))

    def _sources(self, seen: _Seen) -> dict[str, Source]:
        shipped = {} if seen.results is None else {RESULTS: Source(RESULTS, state=seen.results)}
        runs = public_runs(self.data_dir)
        return shipped | {run.run_id: Source(run.file, run.run_id, run.source_status) for run in runs}

    def _load(self, state: _State) -> _State:
        """Bring the database of `state` up to what was seen; the state that it is in then."""
        found = self._sources(state.seen)
        # What was left out is tried again: the file that it contradicted may be gone.
        kept = {name: item for name, item in state.loaded.items() if found.get(name) == item.source and not item.broken}
        changed = {name: source for name, source in found.items() if name not in kept}
        gone = [run_id for name, item in state.loaded.items() if name not in kept for run_id in item.run_ids]
        if not changed and not gone:
            return replace(state, loaded=kept)
        holders = {run_id: item.source.file for item in kept.values() for run_id in item.run_ids}
        parts: dict[str, Part] = {}
        broken: dict[str, tuple[str, str]] = {}
        away: set[str] = set()
        many, digests = NOTHING, dict[str, str]()
        if not state.loaded:  # a start
            runs = [PublicRun(name, source.file, source.source_status or "") for name, source in changed.items()]
            taken = snapshots.take(self.data_dir, {run.run_id: run for run in runs})
            many, digests = (NOTHING, digests) if taken is None else (taken.part, dict(taken.digests))
        looks = {
            name: source.state or look_at(self.data_dir, source.file)
            for name, source in changed.items()
            if name not in digests
        }
        for name, read in read_all(self.data_dir, {name: changed[name] for name in looks}, looks):
            source = changed[name]
            try:
                if isinstance(read, Exception):
                    raise read
                if twice := sorted(holders.keys() & set(read.run_ids)):
                    raise SchemaError(f"run {twice[0]} is also in {holders[twice[0]]}", hint="remove one of the two")
            except (SiuoError, OSError, pa.ArrowException) as error:
                broken[name] = unreadable(error)
                away |= {name} if isinstance(error, StoreError) else set()
                continue
            holders |= dict.fromkeys(read.run_ids, source.file)
            parts[name] = read
        for run_id in holders.keys() & digests.keys():
            what = f"run {run_id} is also in {holders[run_id]}"
            broken[run_id] = what, "remove one of the two"
        many = replace(many, run_ids=tuple(run_id for run_id in digests if run_id not in broken))
        files = {name: source.file for name, source in changed.items()}
        faults = tables.swap(state.writer, gone, parts, files, many)
        broken |= {name: (what, "") for name, what in faults.items()}
        for name, source in changed.items():
            if name in broken:
                what, hint = broken[name]
                words = f"{what}; {hint or mend(source)}"
                look = looks[name] if name in looks else look_at(self.data_dir, source.file)
                kept[name] = Loaded(source, broken=words, state=look, away=name in away)
            elif name in digests:
                kept[name] = Loaded(source, (name,), digests[name])
            else:
                kept[name] = Loaded(source, parts[name].run_ids, parts[name].digest)
        return replace(state, loaded=kept)


def _read_only(state: _State) -> duckdb.DuckDBPyConnection:
    cursor = state.connection.cursor()
    cursor.execute("BEGIN TRANSACTION READ ONLY")
    return cursor
