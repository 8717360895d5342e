"""Results as Parquet: checked against the schema, and the same rows always the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import SchemaError

ROW_GROUP_SIZE: Final = 16_384
GROUP_BYTES: Final = 512 * 1024
"""Most bytes of responses in a row group, about: opening one sample reads one group."""
CONTENT_HASH: Final = "siuo.content_hash"
"""The footer's key for the content hash of a file that holds one run."""


def parquet_bytes(table: pa.Table, metadata: Mapping[str, str] | None = None) -> memoryview:
    """The table as a Parquet file: the same rows give the same bytes (with the same pyarrow).

    table: under RESULT_SCHEMA, whatever metadata its schema carries is dropped. metadata: key-value pairs
    for the footer. Raises SchemaError naming the column.
    """
    check_schema(table.schema)
    for field, column in zip(RESULT_SCHEMA, table.columns, strict=True):
        _check_nulls(field, column, field.name)
    # How the rows were gathered (chunks, field metadata of a file they came from) must not show in the bytes.
    schema = RESULT_SCHEMA.with_metadata(dict(sorted(metadata.items())) if metadata else None)
    whole = pa.Table.from_arrays(table.columns, schema=schema).combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(
        whole,
        sink,
        version="2.6",
        compression="zstd",
        compression_level=9,
        row_group_size=_rows_a_group(whole),
        use_dictionary=True,
        write_statistics=True,
        data_page_version="1.0",
        store_schema=True,
    )
    return memoryview(sink.getvalue())


def _rows_a_group(table: pa.Table) -> int:
    # Characters are counted, not Arrow's buffers: those vary with how the rows were gathered.
    responses = pc.list_flatten(table.column("responses"))
    fields = (pc.struct_field(responses, name) for name in ("text", "safety_judgement", "effectiveness_judgement"))
    size: int = sum(pc.sum(pc.binary_length(field)).as_py() or 0 for field in fields)
    groups = max(1, -(-size // GROUP_BYTES))
    rows: int = table.num_rows
    return min(ROW_GROUP_SIZE, max(1, -(-rows // groups)))


def stored_hash(path: Path) -> str | None:
    """The content hash in a file's footer, believed as it stands; None where there is none."""
    return stored_value(path, CONTENT_HASH)


def stored_value(path: Path, key: str) -> str | None:
    """What a file's footer says under a key."""
    value = (pq.read_schema(path).metadata or {}).get(key.encode())
    return None if value is None else str(value.decode("ascii", "replace"))


def _check_nulls(field: pa.Field, values: pa.ChunkedArray, name: str) -> None:
    # Arrow does not enforce this by itself, and Parquet only on some levels of nesting.
    if not field.nullable and values.null_count:
        raise SchemaError(f"column {name} holds nulls", hint="it must always be filled")
    if pa.types.is_list(field.type):
        _check_nulls(field.type.value_field, pc.list_flatten(values), f"{name}[]")
    elif pa.types.is_struct(field.type):
        for child in field.type:
            _check_nulls(child, pc.struct_field(values, child.name), f"{name}.{child.name}")


def check_schema(schema: pa.Schema, where: str = "") -> None:
    """Raise SchemaError naming the first column that is not RESULT_SCHEMA's."""
    hint = "the columns are listed in docs/data.md"
    for position, column in enumerate(RESULT_SCHEMA):
        if column.name not in schema.names:
            raise SchemaError(f"column {column.name} is missing", where=where, hint=hint)
        found = schema.field(column.name) if schema.names.count(column.name) == 1 else None
        if found is None or schema.names[position] != column.name:
            raise SchemaError(f"column {column.name} must stand once, as column {position + 1}", where=where, hint=hint)
        if found.type != column.type:
            raise SchemaError(f"column {column.name} is {found.type}, not {column.type}", where=where, hint=hint)
        if found.nullable != column.nullable:
            must = "may" if column.nullable else "must not"
            raise SchemaError(f"column {column.name} {must} be declared nullable", where=where, hint=hint)
    surplus = [name for name in schema.names if name not in RESULT_SCHEMA.names]
    if surplus:
        raise SchemaError(f"column {surplus[0]} is not in the schema", where=where, hint=hint)
