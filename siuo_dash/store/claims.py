"""Which runs hold which content: one small file a content hash, so that a duplicate is found without a search.

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


def holders(data_dir: Path, key: str) -> list[str]:
    """The runs that hold this content, in whatever place, as they came; stale claims are left out."""
    try:
        named = path_of(data_dir, key).read_text(encoding="ascii").split()
    except (FileNotFoundError, UnicodeDecodeError):
        return []
    found = []
    for run_id in dict.fromkeys(named):
        with suppress(NoRun):
            if journal.place_of(data_dir, run_id):
                found.append(run_id)
    return found


def holder(data_dir: Path, key: str) -> str | None:
    """The run that holds this content, a visible one rather than another; None when nobody does."""
    order = {place: position for position, place in enumerate(journal.PLACES)}
    found = [
        (order[place], run_id) for run_id in holders(data_dir, key) if (place := journal.place_of(data_dir, run_id))
    ]
    return min(found)[1] if found else None


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
                if not holders(data_dir, key):
                    path_of(data_dir, key).unlink()
        raise


def write(data_dir: Path, key: str, run_id: str) -> None:
    """Name a run as a holder of a content, durably, beside those that hold it already."""
    named = dict.fromkeys([*holders(data_dir, key), run_id])
    files.replace(
        path_of(data_dir, key), "\n".join(named).encode("ascii"), by_way_of=journal.folder(data_dir, "incoming")
    )


def path_of(data_dir: Path, key: str) -> Path:
    """The claim's file."""
    return journal.folder(data_dir, "claims") / key
