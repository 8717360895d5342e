"""What the aggregates need of a results file: a row a sample, a row a flag, never the texts of responses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_COLUMNS, RESULT_SCHEMA
from siuo_dash.errors import SchemaError
from siuo_dash.store.runs.parquet import check_schema, with_later, with_values

_SKIPPED = {"responses", "flags"}
_ROW_COLUMNS: Final = [column.name for column in RESULT_COLUMNS if column.name not in _SKIPPED]
"""What aggregates read; the texts of responses stay on disk until a sample is opened."""
_PARTS: Final = {"chars": pa.int32(), "safe": pa.bool_(), "effective": pa.bool_()}
"""What is read of each response."""
_READ_SCHEMA: Final = pa.schema(
    [
        *(RESULT_SCHEMA.field(name).with_nullable(True) for name in _ROW_COLUMNS),
        pa.field("flags", pa.list_(pa.string())),
        pa.field("responses", pa.list_(pa.struct(list(_PARTS.items())))),
    ]
)


@dataclass(frozen=True)
class Part:
    """What one file gives to the database: a row a sample, a row a flag, and the ids of its runs."""

    rows: pa.Table
    flags: pa.Table
    run_ids: tuple[str, ...]
    digest: str


def read_part(body: bytes, run_id: str | None = None, source_status: str | None = None) -> Part:
    """The columns that aggregates need. body: of a results file. Raises SchemaError, ArrowException.

    run_id, source_status: laid over what the file says, which then holds one run.
    """
    table = _read(pq.ParquetFile(pa.BufferReader(body)))
    run_ids = tuple(table.column("run_id").unique().to_pylist())
    if not run_ids:
        raise SchemaError("it holds no run")
    if run_id is not None:
        if len(run_ids) > 1:
            raise SchemaError(f"it holds {len(run_ids)} runs, not one")
        table, run_ids = with_values(table, run_id=run_id, source_status=source_status), (run_id,)
    return Part(_rows_of(table), _flags_of(table), run_ids, hashlib.sha256(body).hexdigest())


def _read(file: pq.ParquetFile) -> pa.Table:
    """The columns that aggregates need, whoever wrote the file; SchemaError names the column that is wrong.

    Writers differ in the names of list elements, the order of columns and what may be null: the tables of all
    files come out alike.
    """
    check_schema(file.schema_arrow, exact=False)
    leaves = [file.schema.column(index).path for index in range(len(file.schema))]
    wanted = [path for path in leaves if path.split(".")[0] != "responses" or path.split(".")[-1] in _PARTS]
    table = with_later(file.read(columns=wanted, use_threads=False)).select(_READ_SCHEMA.names)
    for name in table.column_names:
        if not RESULT_SCHEMA.field(name).nullable and table.column(name).null_count:
            raise SchemaError(f"column {name} holds nulls", hint="it must always be filled")
    table.validate(full=True)  # text that is not UTF-8 would otherwise stop the whole database
    return table.cast(_READ_SCHEMA)


def _rows_of(table: pa.Table) -> pa.Table:
    """The rows without responses and flags, with how many responses each sample has and how they were judged.

    Adds `response_count`, `response_chars` (of all of them; null where one is not known) and, for safe, effective and
    the AND of each response (False when either is False), `_votes` (passing responses) and `_graded` (responses with a
    verdict); 0 of 0 where the sample was not judged.
    """
    rows = table.select(_ROW_COLUMNS)
    responses = table.column("responses").combine_chunks()
    counts = pc.list_value_length(responses)
    rows = rows.append_column("response_count", counts.cast(pa.int32()))
    ends = np.concatenate([[0], np.cumsum(counts.to_numpy(), dtype=np.int64)])
    each = pc.list_flatten(responses)
    rows = rows.append_column("response_chars", _chars(pc.struct_field(each, "chars"), ends))
    safe, effective = pc.struct_field(each, "safe"), pc.struct_field(each, "effective")
    verdicts = {"safe": safe, "effective": effective, "safe_and_effective": pc.and_kleene(safe, effective)}
    for column, values in verdicts.items():
        judged = pc.is_valid(rows.column(column)).to_numpy()
        for part, counted in (("votes", pc.fill_null(values, False)), ("graded", pc.is_valid(values))):
            until = np.concatenate([[0], np.cumsum(counted.to_numpy(zero_copy_only=False), dtype=np.int64)])
            sums = np.where(judged, until[ends[1:]] - until[ends[:-1]], 0)
            rows = rows.append_column(f"{column}_{part}", pa.array(sums, pa.int16()))
    return rows


def _chars(each: pa.Array, ends: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
    """The characters of each sample's responses together; null where a response's are not known, or there is none."""
    known = np.concatenate([[0], np.cumsum(pc.is_valid(each).to_numpy(zero_copy_only=False), dtype=np.int64)])
    until = np.concatenate([[0], np.cumsum(pc.fill_null(each, 0).to_numpy(), dtype=np.int64)])
    whole = (known[ends[1:]] - known[ends[:-1]] == ends[1:] - ends[:-1]) & (ends[1:] > ends[:-1])
    return pa.array(until[ends[1:]] - until[ends[:-1]], pa.int32(), mask=~whole)


def _flags_of(table: pa.Table) -> pa.Table:
    """One row a sample and flag: run_id, task, question_id, flag."""
    flags = table.column("flags").combine_chunks()
    parents = pc.list_parent_indices(flags)
    chosen = table.select(["run_id", "task", "question_id"]).take(parents)
    return chosen.append_column("flag", pc.list_flatten(flags))


_NO_ROWS: Final = pa.Table.from_batches([], _READ_SCHEMA)
NOTHING: Final = Part(_rows_of(_NO_ROWS), _flags_of(_NO_ROWS), (), "")
"""A part without runs, whose tables have the columns of all parts."""
