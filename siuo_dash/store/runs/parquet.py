"""Results as Parquet: checked against the schema, and the same rows always the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import LATER, RESULT_SCHEMA
from siuo_dash.errors import SchemaError, SiuoError

ROW_GROUP_SIZE: Final = 16_384
GROUP_BYTES: Final = 512 * 1024
"""Most bytes of responses in a row group, about: opening one sample reads one group."""
CONTENT_HASH: Final = "siuo.content_hash"
"""The footer's key for the content hash of a file that holds one run."""
MADE: Final = "siuo.made"
"""The footer's key for how a run was made, as JSON, where it was made here (`siuo-dash evaluate`)."""
AS_SERVICE: Final = "run this as the user that the service runs as, who must be allowed to read it"


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


def with_made(table: pa.Table, how: Mapping[str, Any]) -> pa.Table:
    """The rows of a run with how it was made, for `publish`. No column: it changes neither content nor run_id."""
    return table.replace_schema_metadata({MADE: json.dumps(how, sort_keys=True)})


def made_in(schema: pa.Schema) -> dict[str, str]:
    """{MADE: how the run was made} of a table's or a file's schema; {} where it does not say it."""
    said = (schema.metadata or {}).get(MADE.encode())
    return {} if said is None else {MADE: said.decode("utf-8", "replace")}


def _rows_a_group(table: pa.Table) -> int:
    # Characters are counted, not Arrow's buffers: those vary with how the rows were gathered.
    responses = pc.list_flatten(table.column("responses"))
    fields = (pc.struct_field(responses, name) for name in ("text", "safety_judgement", "effectiveness_judgement"))
    size: int = sum(pc.sum(pc.binary_length(field)).as_py() or 0 for field in fields)
    groups = max(1, -(-size // GROUP_BYTES))
    rows: int = table.num_rows
    return min(ROW_GROUP_SIZE, max(1, -(-rows // groups)))


def _check_nulls(field: pa.Field, values: pa.ChunkedArray, name: str) -> None:
    # Arrow does not enforce this by itself, and Parquet only on some levels of nesting.
    if not field.nullable and values.null_count:
        raise SchemaError(f"column {name} holds nulls", hint="it must always be filled")
    if pa.types.is_list(field.type):
        _check_nulls(field.type.value_field, pc.list_flatten(values), f"{name}[]")
    elif pa.types.is_struct(field.type):
        for child in field.type:
            _check_nulls(child, pc.struct_field(values, child.name), f"{name}.{child.name}")


def table_of(body: bytes) -> pa.Table:
    """All rows of a Parquet file that is in memory.

    Read in this thread: those of Arrow's data set reader may hold the bytes for longer than the call, and the process
    aborts where one of them gives them back while the interpreter ends.
    """
    with pq.ParquetFile(pa.BufferReader(body)) as file:
        return file.read(use_threads=False)


def check_schema(schema: pa.Schema, where: str = "", *, exact: bool = True) -> None:
    """Raise SchemaError naming the first column that is not RESULT_SCHEMA's.

    exact: as this program writes files: also in order, what may be null, and no other columns. Without it, files of
    other writers are understood, who name list elements and order columns as they like, and files of earlier versions,
    which lack the columns that came later.
    """
    hint = "docs/data.md lists the columns"
    for position, column in enumerate(RESULT_SCHEMA):
        places = schema.get_all_field_indices(column.name)
        if not places and not exact and column.name in LATER:
            continue
        if not places:
            raise SchemaError(f"column {column.name} is missing", where=where, hint=hint)
        found = schema.field(places[0])
        if exact and places != [position]:
            what = f"column {column.name} must be there once, as column {position + 1}"
            raise SchemaError(what, where=where, hint=hint)
        if not (found.type == column.type if exact else _same_type(found.type, column.type)):
            raise SchemaError(f"column {column.name} is {found.type}, not {column.type}", where=where, hint=hint)
        if exact and found.nullable != column.nullable:
            must = "may" if column.nullable else "must not"
            raise SchemaError(f"column {column.name} {must} be declared nullable", where=where, hint=hint)
    surplus = [name for name in schema.names if name not in RESULT_SCHEMA.names]
    if exact and surplus:
        raise SchemaError(f"column {surplus[0]} is not in the schema", where=where, hint=hint)


def _same_type(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Equal up to the names and nullability of list elements and struct fields."""
    if pa.types.is_list(found) and pa.types.is_list(wanted):
        return _same_type(found.value_type, wanted.value_type)
    if pa.types.is_struct(found) and pa.types.is_struct(wanted):
        inner = {field.name: field.type for field in found}
        return all(field.name in inner and _same_type(inner[field.name], field.type) for field in wanted)
    return bool(found == wanted)


def with_later(table: pa.Table) -> pa.Table:
    """The table with the columns that its version did not have yet, at the end."""
    for name in sorted(LATER.keys() - set(table.column_names)):
        field = RESULT_SCHEMA.field(name)
        table = table.append_column(field, pa.repeat(pa.scalar(LATER[name], field.type), table.num_rows))
    return table


def under_schema(table: pa.Table) -> pa.Table:
    """The rows of a file that `check_schema` understands, under RESULT_SCHEMA."""
    return with_later(table).select(RESULT_SCHEMA.names).cast(RESULT_SCHEMA)


def with_values(table: pa.Table, **values: str | None) -> pa.Table:
    """The table with one text in every row of the named columns; those of which the text is None stay as they are."""
    for name, value in values.items():
        if value is not None:
            column = pa.repeat(pa.scalar(value, pa.string()), table.num_rows)
            field = table.schema.field(name)
            table = table.set_column(table.schema.get_field_index(name), field, column)
    return table


def unreadable(error: Exception, hint: str = "") -> tuple[str, str]:
    """What is wrong with a file that cannot be read, after its name and a colon; and the next step.

    error: OSError or ArrowException, or the project's own, which has its own words.
    """
    if isinstance(error, SiuoError):
        return error.what, error.hint
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        what = "this is a directory, not a file" if isinstance(error, IsADirectoryError) else "this is not a directory"
        return what, f"move it away, then {hint}"
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    what = f"cannot be read ({said.splitlines()[0].rstrip('.')})"
    return what, AS_SERVICE if isinstance(error, PermissionError) else hint
