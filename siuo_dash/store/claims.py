"""Which run holds which content: one small file a content hash, so that a duplicate is found without a search.

A claim is a pointer, not a truth: it counts only while the run that it names exists, and `repair` can
write all of them again from the Parquet files. Claims are read and written under the journal's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from siuo_dash.errors import NoRun
from siuo_dash.store import files, journal


def key(table: pa.Table, content_hash: str) -> str | None:
    """What a run's content is known by; None where only totals are known, since equal counts prove nothing."""
    totals = "totals" in table.column("evidence").unique().to_pylist()
    return None if totals else content_hash


def holder(data_dir: Path, key: str) -> str | None:
    """The run that holds this content, published or withdrawn; None when nobody does, or the claim is stale."""
    try:
        run_id = path_of(data_dir, key).read_text(encoding="ascii").strip()
        return run_id if journal.place_of(data_dir, run_id) else None
    except (FileNotFoundError, UnicodeDecodeError, NoRun):
        return None


@contextmanager
def claimed(data_dir: Path, key: str | None, run_id: str) -> Iterator[None]:
    """Claim a content for the run that is about to appear; given up when it does not."""
    if key is not None:
        write(data_dir, key, run_id)
    try:
        yield
    except BaseException:
        if key is not None and journal.place_of(data_dir, run_id) is None:
            with suppress(OSError):  # a stale claim harms nobody
                path_of(data_dir, key).unlink()
        raise


def write(data_dir: Path, key: str, run_id: str) -> None:
    """Name the holder of a content, durably."""
    files.replace(path_of(data_dir, key), run_id.encode("ascii"), by_way_of=journal.folder(data_dir, "incoming"))


def path_of(data_dir: Path, key: str) -> Path:
    """The claim's file."""
    return journal.folder(data_dir, "claims") / key
