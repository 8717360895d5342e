"""Parquet to rows, in batches, so that a small file cannot become a huge one unseen."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.files import MAX_FILE, MEGABYTE
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable
from siuo_dash.ingest.text_rows import MAX_COLUMNS, MAX_ROWS

_BATCH_BYTES: Final = 32 * MEGABYTE
_TOO_LARGE: Final = f"larger than {MAX_FILE // MEGABYTE} MB when unpacked"
_BROKEN: Final = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError)


def read_parquet(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a Parquet file, numbered from 1; raises Unreadable."""
    try:
        rows = _rows(data)
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:120]
        raise Unreadable(f"not readable as Parquet: {reason}", "write it again, or save it as CSV") from error
    if not rows:
        raise Unreadable("the table has no rows")
    return Table(name, tuple(enumerate(rows, 1)), "parquet")


def _rows(data: bytes) -> list[dict[str, object]]:
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        metadata = file.metadata
        if metadata.num_rows > MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
            size = f"{metadata.num_rows:,} rows of {metadata.num_columns:,} columns"
            raise Unreadable(f"{size}; the limits are {MAX_ROWS:,} and {MAX_COLUMNS:,}", ONE_RUN)
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        chunks = [group.column(index).total_uncompressed_size for group in groups for index in range(group.num_columns)]
        if sum(chunks) > MAX_FILE:
            raise Unreadable(_TOO_LARGE, ONE_RUN)
        # One value can fill a whole chunk, and a dictionary lets each row repeat it.
        batch_size = max(1, min(1024, _BATCH_BYTES // max([1, *chunks])))
        rows: list[dict[str, object]] = []
        weight = 0
        for batch in file.iter_batches(batch_size=batch_size):
            read = batch.to_pylist()
            weight += sum(map(_weight, read))
            if weight > MAX_FILE:
                raise Unreadable(_TOO_LARGE, ONE_RUN)
            rows.extend(read)
    return rows


def _weight(value: object) -> int:
    """About how many bytes a value takes; Arrow's own count misses what a dictionary repeats."""
    match value:
        case str() | bytes():
            return 50 + len(value)
        case dict():
            return 50 + sum(map(_weight, value.values()))
        case list():
            return 50 + sum(map(_weight, value))
        case _:
            return 30
