"""The tables that a cluster reads: those of a store as Parquet files, beside the snapshot of the runs."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from siuo_dash.errors import StoreError
from siuo_dash.settings.storage import only_shows
from siuo_dash.store import blobs, sample_sets, snapshots
from siuo_dash.store.blobs import Folder
from siuo_dash.store.catalogue_file import read_judges
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import RESULTS
from siuo_dash.store.registry.opening import version
from siuo_dash.store.snapshots import Snapshot, Tables

TABLES: Final = ("samples", "judges", "runs", "verdicts", "flagged")


def keep_up(data_dir: Path) -> Snapshot | None:
    """Write a snapshot with its tables if anything changed and no other instance is writing one; what was written."""
    return None if only_shows() else snapshots.make_if_due(data_dir, _is_due, write)


def write(data_dir: Path) -> Snapshot:
    """Write a snapshot, then the tables of the store that starts from it. StoreError as `snapshots.write`."""
    made, own, kept = snapshots.write(data_dir), _own(data_dir), blobs.of(data_dir)
    store = Store(data_dir)
    if away := [each for each in store.broken if each.away]:
        raise StoreError(away[0].why, where=away[0].name)
    # In an order of their own: the same rows are the same file, which a cluster need not read again.
    asked = [f"SELECT * FROM {name} ORDER BY ALL" for name in TABLES]  # noqa: S608
    files = tuple(snapshots.keep_table(kept, store.table(sql)) for sql in asked)
    broken = tuple((each.name, each.why) for each in store.broken)
    made = replace(made, tables=Tables(made.seq, own, store.version, files, broken))
    snapshots.point_to(kept, made)
    return made


def _is_due(data_dir: Path) -> bool:
    """Whether a change, a mended file or another shipped one is not in the tables; some milliseconds."""
    last = snapshots.latest(blobs.of(data_dir))
    if last is None or last.tables is None or last.tables.broken or not snapshots.is_of(data_dir, last):
        return True
    return (last.tables.seq, last.tables.own) != (version(data_dir), _own(data_dir))


def _own(data_dir: Path) -> str:
    """A hash of what an instance brings itself: samples, judges, shipped results."""
    sets, _ = sample_sets.catalogues(data_dir)
    digest = hashlib.sha256(repr(([each.samples for each in sets.values()], read_judges(data_dir))).encode())
    with suppress(FileNotFoundError):
        digest.update(Folder(data_dir).read(RESULTS))
    return digest.hexdigest()
