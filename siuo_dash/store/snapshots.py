"""Snapshots: the verdicts and flags of all public runs in one pair of files, with the registry as it was then.

An instance that starts reads the last one instead of every run's file, then what changed since. `latest.json` says
which files it is made of; they are named by the hash of their bytes, and those of the one before are kept for whoever
is reading them. Without the database, a snapshot and the run files are a whole store. `engine/table_files` adds the
tables that a cluster reads.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import func, select

from siuo_dash.errors import SiuoError, StoreError, SubmissionError
from siuo_dash.settings import paths
from siuo_dash.store import blobs, files
from siuo_dash.store.blobs import Blobs
from siuo_dash.store.files import RUNS
from siuo_dash.store.registry.copying import PUBLISHED, image
from siuo_dash.store.registry.opening import REGISTRY, reading, rows
from siuo_dash.store.registry.reading import PublicRun, named_files, public_in
from siuo_dash.store.registry.tables import head, log, runs
from siuo_dash.store.registry.uploading import turn
from siuo_dash.store.runs.verdict_rows import NOTHING, Part, read_part
from siuo_dash.store.transfer import move_registry

FOLDER: Final = "snapshots"
LATEST: Final = f"{FOLDER}/latest.json"
MANY: Final = 64
"""A new snapshot is worth its while when more runs changed since the last."""
_TURN: Final = "snapshot"
_logger: Final = logging.getLogger("siuo_dash.store")


@dataclass(frozen=True)
class Tables:
    """What a cluster reads. files: one for each of `table_files.TABLES`; version: of the store that they show.

    seq, own: the registry and the instance's own files that they were made from; broken: what was left out, and why.
    """

    seq: int
    own: str
    version: str
    files: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]

    @classmethod
    def said(cls, value: Mapping[str, Any]) -> Tables:
        """From JSON, which has lists for tuples."""
        return cls(**{**value, "files": tuple(value["files"]), "broken": tuple((k, v) for k, v in value["broken"])})


@dataclass(frozen=True)
class Snapshot:
    """What `latest.json` says. seq, hash: of the log's last line then; the others: names of files.

    runs: run_id, file, source_status and digest of each public run that could be read; rows, flags: of `Part`;
    registry: as `registry.db`; log: its lines, as `log.jsonl`. before: the files of the snapshot before; tables: the
    last that were written, which may be those of an earlier snapshot.
    """

    seq: int
    hash: str | None
    made: str
    runs: str
    rows: str
    flags: str
    registry: str
    log: str
    before: tuple[str, ...] = ()
    tables: Tables | None = None

    @property
    def files(self) -> tuple[str, ...]:
        own = self.runs, self.rows, self.flags, self.registry, self.log
        return own if self.tables is None else own + self.tables.files


@dataclass(frozen=True)
class Taken:
    """What a snapshot gives to a store that starts: a part of many runs, and the hash of each run's file."""

    part: Part
    digests: Mapping[str, str]


def latest(kept: Blobs) -> Snapshot | None:
    """The last snapshot; None where there is none that this version understands. StoreError for a bucket away."""
    try:
        said = json.loads(kept.read(LATEST))
        tables = None if said.get("tables") is None else Tables.said(said["tables"])
        return Snapshot(**(said | {"before": tuple(said["before"]), "tables": tables}))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def whole(kept: Blobs, name: str) -> bytes:
    """A file of a snapshot. FileNotFoundError; StoreError where somebody changed it, or the bucket is away."""
    body = kept.read(name)
    if hashlib.sha256(body).hexdigest() != Path(name).stem:
        hint = "write another snapshot, or restore a backup"
        raise StoreError("its bytes are not those that it is named by", where=name, hint=hint)
    return body


def take(data_dir: Path, wanted: Mapping[str, PublicRun]) -> Taken | None:
    """Of the wanted runs those that the last snapshot has just as they are; None where it is of no use.

    wanted: by run_id. A snapshot of another registry's history, or of another version's columns, is passed over.
    """
    kept = blobs.of(data_dir)
    with suppress(OSError, pa.ArrowException, SiuoError, KeyError):  # a column is missing: then each file is read
        last = latest(kept)
        if last is None or not is_of(data_dir, last):
            return None
        listed = _table(kept, last.runs).to_pylist()
        digests = {
            each["run_id"]: str(each["digest"])
            for each in listed
            if wanted.get(each["run_id"]) == PublicRun(each["run_id"], each["file"], each["source_status"])
        }
        tables = []
        for name, empty in ((last.rows, NOTHING.rows), (last.flags, NOTHING.flags)):
            table = _table(kept, name, dictionaries=[each.name for each in empty.schema if each.type == pa.string()])
            if not table.schema.equals(_with_dictionaries(empty.schema)):
                return None
            if len(digests) < len(listed):
                table = table.filter(pc.is_in(table["run_id"].cast(pa.string()), pa.array(digests, pa.string())))
            tables.append(table)
        return Taken(Part(tables[0], tables[1], tuple(digests), ""), digests)
    return None


def keep_up(data_dir: Path) -> Snapshot | None:
    """Make a new snapshot if it is worth its while and nobody else is making one; what was made."""
    return make_if_due(data_dir, _is_due, write)


def make_if_due(data_dir: Path, is_due: Callable[[Path], bool], make: Callable[[Path], Snapshot]) -> Snapshot | None:
    """What was made, by this instance alone; None where nothing is due, or another instance is making it."""
    if not is_due(data_dir):
        return None
    try:
        with turn(data_dir, _TURN, ""):
            return make(data_dir) if is_due(data_dir) else None
    except SubmissionError:
        return None


def write(data_dir: Path) -> Snapshot:
    """Make a snapshot of what is public now; only files that the last one does not have are read.

    A run whose file cannot be read is left out. StoreError when there is no registry yet, or something does not answer.
    """
    kept = blobs.of(data_dir)
    with reading(data_dir) as connection:
        if connection is None:
            raise StoreError("nothing was ever published here", where=str(data_dir), hint="publish a run first")
        end = connection.execute(select(head.c.seq, head.c.hash)).one()
        public = {run.run_id: run for run in public_in(connection)}
        registry = image(connection, PUBLISHED)
        lines = connection.execute(select(log.c.line).order_by(log.c.seq)).scalars().all()
    before, taken = latest(kept), take(data_dir, public)
    parts = [] if taken is None else [taken.part]
    digests = {} if taken is None else dict(taken.digests)
    for run in public.values():
        if run.run_id in digests:
            continue
        try:
            part = read_part(kept.read(run.file), run.run_id, run.source_status)
        except StoreError:
            raise
        except (SiuoError, OSError, pa.ArrowException) as error:  # pages and `verify` name it
            _logger.warning("left out of the snapshot: %s (%s)", run.file, error)
            continue
        parts.append(part)
        digests[run.run_id] = part.digest
    listed = pa.Table.from_pylist(
        [{**public[run_id]._asdict(), "digest": digest} for run_id, digest in digests.items()],
        pa.schema([(name, pa.string()) for name in (*PublicRun._fields, "digest")]),
    )
    made = Snapshot(
        end.seq,
        end.hash,
        datetime.now(UTC).isoformat(timespec="seconds"),
        keep_table(kept, listed),
        keep_table(kept, _joined(NOTHING.rows, (part.rows for part in parts))),
        keep_table(kept, _joined(NOTHING.flags, (part.flags for part in parts))),
        _keep(kept, registry, "db"),
        _keep(kept, b"".join(line + b"\n" for line in lines), "jsonl"),
        () if before is None else before.files,
        None if before is None else before.tables,
    )
    point_to(kept, made)
    _logger.info("snapshot", extra={"event": "snapshot"})
    return made


def point_to(kept: Blobs, made: Snapshot) -> None:
    """Make this snapshot, whose files are there, the last one; files that nobody needs any more are removed."""
    kept.write(LATEST, json.dumps(asdict(made), indent=1).encode())
    for name in kept.names(FOLDER) - {LATEST, *made.files, *made.before}:
        kept.remove(name)


def _is_due(data_dir: Path) -> bool:
    """Whether more than MANY runs changed since the last snapshot, or none is of this registry."""
    last = latest(blobs.of(data_dir))
    since = last.seq if last is not None and is_of(data_dir, last) else 0
    changed = rows(data_dir, select(func.count()).select_from(runs).where(runs.c.changed > since))
    return bool(changed) and changed[0][0] > MANY


def is_of(data_dir: Path, snapshot: Snapshot) -> bool:
    """Whether the registry went through the state that the snapshot shows, as each did through that without a line."""
    if snapshot.seq == 0:
        return True
    known = rows(data_dir, select(log.c.hash).where(log.c.seq == snapshot.seq))
    return [digest for (digest,) in known] == [snapshot.hash]


def _table(kept: Blobs, name: str, dictionaries: Sequence[str] = ()) -> pa.Table:
    """The table in a file. dictionaries: text columns that repeat themselves, which are read in half the time."""
    with pq.ParquetFile(pa.BufferReader(whole(kept, name)), read_dictionary=list(dictionaries)) as file:
        return file.read(use_threads=False)


def _with_dictionaries(schema: pa.Schema) -> pa.Schema:
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([each.with_type(text) if each.type == pa.string() else each for each in schema])


def _joined(empty: pa.Table, tables: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([empty, *(table.cast(empty.schema) for table in tables)])


def keep_table(kept: Blobs, table: pa.Table) -> str:
    """Write a table as a file of a snapshot; its name."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", row_group_size=1 << 20)
    return _keep(kept, memoryview(sink.getvalue()), "parquet")


def _keep(kept: Blobs, data: bytes | memoryview, kind: str) -> str:
    name = f"{FOLDER}/{hashlib.sha256(data).hexdigest()}.{kind}"
    kept.write(name, data)
    return name


@dataclass(frozen=True)
class Restored:
    """What came back: lines of the log, when the snapshot was made; run files that are gone, and that no run names."""

    seq: int
    made: str
    missing: tuple[str, ...]
    unnamed: tuple[str, ...]


def restore(data_dir: Path) -> Restored:
    """Make the registry again from the last snapshot, where it was lost; the run files are where they were.

    What happened after the snapshot is not in it: those runs' files are `unnamed`. StoreError when there is a registry,
    or no snapshot.
    """
    kept = blobs.of(data_dir)
    with reading(data_dir) as connection:
        if connection is not None:
            hint = "restore a backup into a new directory instead"
            raise StoreError("there is a registry already", where=str(data_dir), hint=hint)
    last = latest(kept)
    if last is None:
        raise StoreError("there is no snapshot", where=kept.name, hint="restore a backup: `restore --from FILE`")
    body = whole(kept, last.registry)
    if paths.registry_url():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, REGISTRY).write_bytes(body)
            move_registry(Path(folder), data_dir, dry_run=False)
    else:
        with files.explained(data_dir), files.staged(data_dir, REGISTRY) as staged:
            files.fill(staged.descriptor, body)
            for kind in ("-wal", "-shm"):  # what is left of the lost one is not to be read into this one
                (data_dir / f"{REGISTRY}{kind}").unlink(missing_ok=True)
            files.move(staged.path, data_dir / REGISTRY)
    named, there = named_files(data_dir), kept.names(RUNS)
    return Restored(last.seq, last.made, tuple(sorted(named - there)), tuple(sorted(there - named)))
