"""The tables of a store as Parquet files in a folder or an object store: what a cluster reads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from siuo_dash.errors import StoreError
from siuo_dash.store.engine.database import Store

TABLES: Final = ("samples", "judges", "runs", "verdicts", "flagged")
_CURRENT: Final = "current"
_KEPT: Final = 8


def place_of(place: str) -> tuple[pa.fs.FileSystem, str]:
    """The file system of a folder, or of an address such as s3://bucket/tables, and the path in it."""
    uri = place if "://" in place else str(Path(place).absolute())
    system, path = pa.fs.FileSystem.from_uri(uri)
    return system, path.rstrip("/")


def write_tables(store: Store, place: str) -> str:
    """Write the store's tables as they are now, unless they are there; the version, which `current` names then.

    Each version is a folder of its own that never changes; the oldest are removed. StoreError when it cannot be
    written.
    """
    try:
        system, folder = place_of(place)
        with store.reading():
            version = store.version
            if _named(system, folder) == version:
                return version
            system.create_dir(f"{folder}/{version}", recursive=True)
            for name in TABLES:
                table = store.table(f"SELECT * FROM {name}")  # noqa: S608
                pq.write_table(table, f"{folder}/{version}/{name}.parquet", filesystem=system)
        with system.open_output_stream(f"{folder}/.{_CURRENT}") as file:
            file.write(version.encode())
        system.move(f"{folder}/.{_CURRENT}", f"{folder}/{_CURRENT}")
        found = system.get_file_info(pa.fs.FileSelector(folder, recursive=True))  # in a bucket, folders have no time
        written = {
            Path(each.path).parent.name: each.mtime for each in found if each.base_name == f"{TABLES[-1]}.parquet"
        }
        for old in sorted(written.keys() - {version}, key=written.__getitem__)[: 1 - _KEPT]:
            system.delete_dir(f"{folder}/{old}")
        return version
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"the tables cannot be written ({error})", where=place, hint="look at the place") from error


def current(place: str) -> str:
    """The version of the tables that are the newest. StoreError when there are none."""
    try:
        version = _named(*place_of(place))
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"the tables cannot be read ({error})", where=place, hint="look at the place") from error
    if not version:
        raise StoreError("there are no tables", where=place, hint="write them: `python -m siuo_dash write-tables`")
    return version


def _named(system: pa.fs.FileSystem, folder: str) -> str:
    try:
        with system.open_input_stream(f"{folder}/{_CURRENT}") as file:
            return str(file.read().decode())
    except FileNotFoundError:
        return ""
