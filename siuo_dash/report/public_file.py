"""The verdicts of every public run as one Parquet file."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from siuo_dash.analysis.public_verdicts import SCHEMA, tables
from siuo_dash.store.engine.database import Store

VERSION: Final = b"siuo_data_version"
"""The file's own note of the data that it was made of."""
_lock: Final = threading.Lock()
_kept: Final[dict[Path, tuple[str, bytes]]] = {}
"""{data directory: (data version, the file)}; only of the version that was asked last."""


def public_file(store: Store) -> bytes:
    """The file, made once for each version of the data; the same bytes wherever it is made. Under `store.reading`."""
    with _lock:
        version, file = _kept.get(store.data_dir, ("", b""))
        if version != store.version:
            file = _made(store)
            _kept[store.data_dir] = store.version, file
        return file


def _made(store: Store) -> bytes:
    written = io.BytesIO()
    schema = SCHEMA.with_metadata({VERSION: store.version.encode()})
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        for table in tables(store):
            writer.write_table(table.cast(schema))
    return written.getvalue()
