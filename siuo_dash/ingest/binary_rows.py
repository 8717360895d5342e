"""Parquet and Arrow to rows: in batches, so that a small file cannot become a huge one unseen; values only, no code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.files import ARROW_FILE, MAX_FILE, MEGABYTE
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.json_rows import MAX_ITEMS
from siuo_dash.ingest.parquet_pages import unpacked
from siuo_dash.ingest.text_rows import MAX_COLUMNS, MAX_ROWS

_BATCH_BYTES: Final = 32 * MEGABYTE
_BATCH_ROWS: Final = 1024
_TOO_LARGE: Final = f"larger than {MAX_FILE // MEGABYTE} MB when unpacked"
_BROKEN: Final = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError)


def read_parquet(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a Parquet file, numbered from 1; raises Unreadable."""
    try:
        rows = _parquet_rows(data, findings)
    except MemoryError:  # Arrow's is also an error of Arrow
        raise
    except _BROKEN as error:
        raise _unreadable("Parquet", error) from error
    return _table(name, rows)


def read_arrow(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of an Arrow or Feather file or of a stream of Hugging Face's; numbered from 1; raises Unreadable."""
    try:
        if data.startswith(ARROW_FILE):
            file = pa.ipc.open_file(pa.BufferReader(data))
            batches = (file.get_batch(place) for place in range(file.num_record_batches))
            rows = _rows(file.schema, batches, findings)
        else:
            stream = pa.ipc.open_stream(pa.BufferReader(data))
            rows = _rows(stream.schema, stream, findings)
    except MemoryError:  # Arrow's is also an error of Arrow
        raise
    except _BROKEN as error:
        raise _unreadable("an Arrow or Feather file", error) from error
    return _table(name, rows)


def _table(name: str, rows: list[dict[str, object]]) -> Table:
    if not rows:
        raise Unreadable("the table has no rows")
    return Table(name, tuple(enumerate(rows, 1)), "parquet")


def _unreadable(what: str, error: Exception) -> Unreadable:
    reason = " ".join(str(error).split())[:120]
    return Unreadable(f"not readable as {what}: {reason}", "write it again, or save it as CSV")


def _parquet_rows(data: bytes, findings: Findings) -> list[dict[str, object]]:
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        metadata = file.metadata
        if metadata.num_rows > MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
            size = f"{metadata.num_rows:,} rows of {metadata.num_columns:,} columns"
            raise Unreadable(f"{size}; the limits are {MAX_ROWS:,} and {MAX_COLUMNS:,}", ONE_RUN)
        really = unpacked(data, metadata)
        if really.size > MAX_FILE:
            raise Unreadable(_TOO_LARGE, ONE_RUN)
        if really.values > MAX_ITEMS:
            raise Unreadable(f"more than {MAX_ITEMS:,} values", ONE_RUN)
        # One value can fill a whole dictionary, and each row can repeat it.
        batch_size = max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(1, really.repeated)))
        return _rows(file.schema_arrow, file.iter_batches(batch_size=batch_size), findings)


def _rows(schema: pa.Schema, batches: Iterable[pa.RecordBatch], findings: Findings) -> list[dict[str, object]]:
    """The rows of batches; columns of bytes are left out with a word."""
    if len(schema) > MAX_COLUMNS:
        raise Unreadable(f"{len(schema):,} columns; the limit is {MAX_COLUMNS:,}", ONE_RUN)
    left_out = [each.name for each in schema if _holds_bytes(each.type)]
    kept = [each.name for each in schema if each.name not in left_out]
    if left_out:
        findings.warning(f"pictures or other bytes are not read: {', '.join(map(shown, left_out[:8]))}")
    rows: list[dict[str, object]] = []
    weight = 0
    for batch in batches:
        for part in _parts(batch.select(kept)):
            read = part.to_pylist()
            weight += sum(map(_weight, read))
            if weight > MAX_FILE:
                raise Unreadable(_TOO_LARGE, ONE_RUN)
            rows.extend(read)
            if len(rows) > MAX_ROWS:
                raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
    return rows


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in pieces, so that what each row repeats of a dictionary is weighed early."""
    for start in range(0, batch.num_rows, _BATCH_ROWS):
        yield batch.slice(start, _BATCH_ROWS)


def _holds_bytes(kind: pa.DataType) -> bool:
    """Whether values of this type are bytes, or hold some: a picture's."""
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return True
    return any(_holds_bytes(kind.field(place).type) for place in range(kind.num_fields))


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
