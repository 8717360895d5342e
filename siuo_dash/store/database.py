"""The store: an in-memory DuckDB over the Parquet files of a data directory, kept up to date."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.errors import SchemaError, SiuoError
from siuo_dash.store import tables
from siuo_dash.store.facts import read_catalogue

RESULTS = "results.parquet"
SUBMISSIONS = "submissions"
SAMPLES = "samples.csv"


@dataclass(frozen=True)
class BrokenFile:
    """A file that was left out, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class _FileState:
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True)
class _Loaded:
    state: _FileState
    digest: str
    broken: str | None = None


class Store:
    """Results and catalogue of one data directory.

    One process holds one Store; any number of threads call `frame` and `refresh`. Reads go through a
    cursor each; a refresh swaps in changed files in one transaction, so that a reader sees all or nothing of it.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._lock = threading.Lock()
        self._files: dict[str, _Loaded] = {}
        self._catalogue_state: _FileState | None = None
        self._next_run = 0
        self._open()

    def _open(self) -> None:
        self.catalogue: Catalogue = read_catalogue(self.data_dir / SAMPLES)
        self._catalogue_state = _state(self.data_dir / SAMPLES)
        connection = duckdb.connect(":memory:")
        connection.execute(tables.CREATE)
        frame = pd.DataFrame([asdict(sample) for sample in self.catalogue.samples])
        connection.register("incoming_samples", frame)
        connection.execute("INSERT INTO samples BY NAME SELECT * FROM incoming_samples")
        connection.unregister("incoming_samples")
        # From here on no query can read a file, load an extension, see a Python variable or undo this.
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        self._connection = connection
        self._writer = connection.cursor()
        self._files = {}
        self._load(_scan(self.data_dir))

    @property
    def broken(self) -> list[BrokenFile]:
        """The files that could not be read, each with its reason."""
        broken = [BrokenFile(name, loaded.broken) for name, loaded in sorted(self._files.items()) if loaded.broken]
        if RESULTS not in self._files:
            broken.insert(
                0, BrokenFile(RESULTS, "is missing; `python -m siuo_dash build` makes it from the carried figures")
            )
        return broken

    def frame(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> pd.DataFrame:
        """The answer to one query, its values bound. Safe to call from any thread."""
        cursor = self._connection.cursor()
        try:
            return cursor.execute(sql, values).df()
        finally:
            cursor.close()

    def refresh(self) -> bool:
        """Take in files that were added, changed or removed since; True when anything was. Costs one stat a file."""
        with self._lock:
            if _state(self.data_dir / SAMPLES) != self._catalogue_state:
                self._open()
                return True
            found = _scan(self.data_dir)
            if {name: loaded.state for name, loaded in self._files.items()} == found:
                return False
            self._load(found)
            return True

    def responses(self, run_id: str, question_id: int, task: str = "generation") -> list[dict[str, Any]]:
        """The responses of one run to one sample, read from the run's file: only that sample's row group is opened."""
        found = self.frame("SELECT file FROM runs WHERE run_id = ?", [run_id])
        if found.empty:
            return []
        # Partitioning is off: a folder named like 'x=1' must not become a column.
        table = pq.read_table(
            self.data_dir / str(found["file"].iloc[0]),
            columns=["responses"],
            filters=[("run_id", "=", run_id), ("question_id", "=", question_id), ("task", "=", task)],
            partitioning=None,
        )
        return list(table.column("responses")[0].as_py()) if table.num_rows else []

    def _load(self, found: dict[str, _FileState]) -> None:
        changed = [name for name, state in found.items() if name not in self._files or self._files[name].state != state]
        gone = [name for name in self._files if name not in found]
        loaded = {name: item for name, item in self._files.items() if name in found and name not in changed}
        read: list[pa.Table] = []
        files: list[tuple[str, str]] = []
        known = set(self._run_ids(exclude_files=[*changed, *gone]))
        for name in changed:
            try:
                table, digest = _read(self.data_dir / name)
                run_ids = table.column("run_id").unique().to_pylist()
                if twice := known.intersection(run_ids):
                    raise SchemaError(
                        f"run {min(twice)} is also in another file", where=name, hint="remove one of the two"
                    )
                known.update(run_ids)
            except (SiuoError, OSError, pa.ArrowException) as error:
                loaded[name] = _Loaded(found[name], "", _reason(error))
                continue
            loaded[name] = _Loaded(found[name], digest)
            read.append(table)
            files += [(run_id, name) for run_id in run_ids]
        self._replace([*changed, *gone], read, files)
        self._files = loaded
        listing = "\n".join(f"{name}:{item.digest}" for name, item in sorted(loaded.items()))
        catalogue = hashlib.sha256((self.data_dir / SAMPLES).read_bytes()).hexdigest()
        self.version = hashlib.sha256(f"{catalogue}\n{listing}".encode()).hexdigest()[:12]

    def _run_ids(self, exclude_files: list[str]) -> list[str]:
        sql = "SELECT run_id FROM runs WHERE NOT list_contains(?, file)"
        return [row[0] for row in self._connection.cursor().execute(sql, [exclude_files]).fetchall()]

    def _replace(self, files: list[str], read: list[pa.Table], placed: list[tuple[str, str]]) -> None:
        """Swap the rows of these files for what was read of them, in one transaction."""
        connection = self._writer
        connection.execute("BEGIN")
        try:
            for table in ("verdicts", "flagged"):
                connection.execute(
                    f"DELETE FROM {table} WHERE run_no IN (SELECT run_no FROM runs WHERE list_contains(?, file))",  # noqa: S608
                    [files],
                )
            connection.execute("DELETE FROM runs WHERE list_contains(?, file)", [files])
            if read:
                self._insert(pa.concat_tables(read), placed)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _insert(self, table: pa.Table, placed: list[tuple[str, str]]) -> None:
        connection = self._writer
        first, self._next_run = self._next_run, self._next_run + len(placed)
        numbered = pa.table(
            {
                "run_id": [run_id for run_id, _ in placed],
                "file": [name for _, name in placed],
                "run_no": pa.array(range(first, self._next_run), pa.int32()),
            }
        )
        views = {"incoming": tables.rows_of(table), "incoming_flags": tables.flags_of(table), "numbered": numbered}
        for name, view in views.items():
            connection.register(name, view)
        try:
            for statement in (tables.SUMMARISE, tables.INSERT_VERDICTS, tables.INSERT_FLAGGED):
                connection.execute(statement)
        finally:
            for name in views:
                connection.unregister(name)
        protocols = connection.execute(
            "SELECT DISTINCT judge, responses_per_sample FROM runs WHERE board IS NULL"
        ).fetchall()
        for judge, count in protocols:
            connection.execute(
                "UPDATE runs SET board = ? WHERE board IS NULL AND judge = ? AND responses_per_sample IS NOT DISTINCT FROM ?",
                [Protocol(judge, count).id, judge, count],
            )


def _scan(data_dir: Path) -> dict[str, _FileState]:
    """The Parquet files that make up the store, by name relative to the directory; hidden files are not ours yet."""
    found = {}
    shipped = _state(data_dir / RESULTS)
    if shipped is not None:
        found[RESULTS] = shipped
    try:
        with os.scandir(data_dir / SUBMISSIONS) as entries:
            for entry in entries:
                if entry.name.endswith(".parquet") and not entry.name.startswith("."):
                    try:
                        stat = entry.stat()
                    except FileNotFoundError:  # withdrawn between the listing and the look
                        continue
                    found[f"{SUBMISSIONS}/{entry.name}"] = _FileState(stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except FileNotFoundError:
        pass
    return found


def _state(path: Path) -> _FileState | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return _FileState(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _read(path: Path) -> tuple[pa.Table, str]:
    """The columns that aggregates need, and the SHA-256 of the whole file."""
    body = path.read_bytes()
    file = pq.ParquetFile(pa.BufferReader(body))
    tables.check_schema(file.schema_arrow, path.name)
    return file.read(columns=tables.READ_COLUMNS), hashlib.sha256(body).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, SiuoError):
        return str(error)
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"cannot be read ({first.rstrip('.')}); restore it from a backup or remove it"
