"""Parquet to rows, in batches, so that a small file cannot become a huge one unseen."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.files import MAX_FILE, MEGABYTE
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.text_rows import MAX_COLUMNS, MAX_ROWS

_BATCH_BYTES: Final = 32 * MEGABYTE
_TOO_LARGE: Final = f"larger than {MAX_FILE // MEGABYTE} MB when unpacked"
_BROKEN: Final = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError)


def read_parquet(name: str, data: bytes, findings: Findings) -> Table | None:
    """The rows of a Parquet file, numbered from 1; None with a finding."""
    try:
        return _read(name, data, findings)
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:120]
        findings.error(f"not readable as Parquet: {reason}", hint="write it again, or save it as CSV", file=name)
        return None


def _read(name: str, data: bytes, findings: Findings) -> Table | None:
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        metadata = file.metadata
        if metadata.num_rows > MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
            findings.error(
                f"{metadata.num_rows:,} rows of {metadata.num_columns:,} columns; the limits are {MAX_ROWS:,} and {MAX_COLUMNS:,}",
                hint="drop only the results of one run",
                file=name,
            )
            return None
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        chunks = [group.column(index).total_uncompressed_size for group in groups for index in range(group.num_columns)]
        if sum(chunks) > MAX_FILE:
            findings.error(_TOO_LARGE, hint="drop only the results of one run", file=name)
            return None
        # One value can fill a whole chunk, and a dictionary lets each row repeat it.
        batch_size = max(1, min(1024, _BATCH_BYTES // max([1, *chunks])))
        rows: list[dict[str, object]] = []
        size = 0
        for batch in file.iter_batches(batch_size=batch_size):
            read = batch.to_pylist()
            size += sum(map(_weight, read))
            if size > MAX_FILE:
                findings.error(_TOO_LARGE, hint="drop only the results of one run", file=name)
                return None
            rows.extend(read)
    if not rows:
        findings.error("the table has no rows", file=name)
        return None
    return Table(name, tuple(enumerate(rows, 1)), "parquet")


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
