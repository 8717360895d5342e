"""The Parquet files that make up a store: which there are, whether one changed, and what is read of it."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.errors import SchemaError, SiuoError
from siuo_dash.store.engine import tables

RESULTS: Final = "results.parquet"
SUBMISSIONS: Final = "submissions"
SAMPLES: Final = "samples.csv"


@dataclass(frozen=True)
class FileState:
    """What tells that a file is still the same; `problem` when it is seen at once that it cannot be read."""

    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Part:
    """What one file gives to the database: a row a sample, a row a flag, and the ids of its runs."""

    rows: pa.Table
    flags: pa.Table
    run_ids: tuple[str, ...]
    digest: str


def scan(data_dir: Path) -> dict[str, FileState]:
    """The files by name relative to the directory, the shipped one first; hidden files are not ours yet."""
    found = {}
    shipped = state(data_dir / RESULTS)
    if shipped is not None:
        found[RESULTS] = shipped
    try:
        with os.scandir(data_dir / SUBMISSIONS) as entries:
            listed = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        return found
    except OSError as error:
        return found | {SUBMISSIONS: FileState(problem=f"cannot be listed ({error.strerror})")}
    for name in listed:
        if name.endswith(".parquet") and not name.startswith("."):
            known = state(data_dir / SUBMISSIONS / name)
            if known is not None:  # else withdrawn between the listing and the look
                found[f"{SUBMISSIONS}/{_readable(name)}"] = known
    return found


def state(path: Path) -> FileState | None:
    """What is there now; None when nothing is."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return FileState(problem="is a link to a file that is not there") if path.is_symlink() else None
    except OSError as error:
        return FileState(problem=f"cannot be looked at ({error.strerror})")
    if not stat.S_ISREG(found.st_mode):
        return FileState(problem="is not a file", inode=found.st_ino)
    if _readable(path.name) != path.name:
        return FileState(problem="has a name that is not UTF-8 text; rename it", inode=found.st_ino)
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def read(path: Path) -> Part:
    """The columns that aggregates need, never the texts of responses; SchemaError, OSError or ArrowException."""
    body = path.read_bytes()
    table = tables.read(pq.ParquetFile(pa.BufferReader(body)))
    run_ids = tuple(table.column("run_id").unique().to_pylist())
    if not run_ids:
        raise SchemaError("it holds no run", hint="remove it")
    return Part(tables.rows_of(table), tables.flags_of(table), run_ids, hashlib.sha256(body).hexdigest())


def reason(error: Exception) -> str:
    """Why a file is left out, after the file's name and a colon."""
    if isinstance(error, SiuoError):
        return "; ".join(part for part in (error.what, error.hint) if part)
    first = (error.strerror if isinstance(error, OSError) else None) or (str(error) or type(error).__name__)
    return f"cannot be read ({first.splitlines()[0].rstrip('.')}); restore it from a backup or remove it"


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
