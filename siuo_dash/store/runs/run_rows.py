"""A run's own rows, read from its file when somebody opens, searches or downloads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NoRun, SchemaError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.parquet import parquet_bytes


def run_file(store: Store, run_id: str) -> str:
    """The name of the run's file inside the data directory; NoRun when there is none."""
    found = store.frame("SELECT file FROM runs WHERE run_id = ?", [run_id])
    if found.empty:
        raise NoRun(f"there is no run {run_id!r}", hint="it may have been withdrawn; the leaderboard lists all runs")
    return str(found["file"].iloc[0])


def run_table(store: Store, run_id: str) -> pa.Table:
    """All rows of one run under RESULT_SCHEMA, texts included."""
    name = run_file(store, run_id)
    try:
        table = pq.read_table(store.data_dir / name, filters=[("run_id", "=", run_id)], partitioning=None)
        return table.select(RESULT_SCHEMA.names).cast(RESULT_SCHEMA)
    except (OSError, pa.ArrowException) as error:
        raise _gone(name, error) from error


def run_parquet(store: Store, run_id: str) -> bytes:
    """One run as a Parquet file under RESULT_SCHEMA, as it can be uploaded elsewhere."""
    return bytes(parquet_bytes(run_table(store, run_id)))


def run_rows(
    store: Store, run_id: str, *, texts: bool = True, only: Collection[int] | None = None
) -> Iterator[dict[str, Any]]:
    """question_id, task, safe, effective, safe_and_effective, answer, correct, flags and responses of a run's samples.

    Row group by row group, so that a long run never stands in memory whole. texts: read the words too, else only the
    verdicts of each response. only: these samples.
    """
    names = ("question_id", "task", "safe", "effective", "safe_and_effective", "answer", "correct", "flags")
    parts = None if texts else {"safe", "effective", "flags", "chars"}
    for table in _groups(store, run_id, names, parts):
        for row in table.to_pylist():
            if row["question_id"] is not None and (only is None or row["question_id"] in only):
                yield row


def samples_with(store: Store, run_id: str, words: str) -> set[int]:
    """The samples in whose responses, or in what the judge said of them, the words occur (case aside)."""
    found: set[int] = set()
    parts = {"text", "safety_judgement", "effectiveness_judgement"}
    for table in _groups(store, run_id, ("question_id",), parts):
        responses = table.column("responses").combine_chunks()
        owners = pc.take(table.column("question_id").combine_chunks(), pc.list_parent_indices(responses))
        each = pc.list_flatten(responses)
        for part in sorted(parts):
            hits = pc.match_substring(pc.struct_field(each, part), words, ignore_case=True)
            found.update(pc.unique(owners.filter(hits, null_selection_behavior="drop")).to_pylist())
    return {question_id for question_id in found if question_id is not None}


def _groups(store: Store, run_id: str, names: Collection[str], parts: set[str] | None) -> Iterator[pa.Table]:
    """The run's rows, one row group at a time, with these columns and these parts of the responses (None = all)."""
    name = run_file(store, run_id)
    try:
        with pq.ParquetFile(store.data_dir / name) as file:
            leaves = [file.schema.column(index).path for index in range(len(file.schema))]
            wanted = [
                leaf
                for leaf in leaves
                if leaf.split(".")[0] in (*names, "run_id")
                or (leaf.startswith("responses.") and (parts is None or parts.intersection(leaf.split("."))))
            ]
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=wanted)
                yield table.filter(pc.equal(table.column("run_id"), run_id))
    except (OSError, pa.ArrowException) as error:
        raise _gone(name, error) from error


def _gone(name: str, error: Exception) -> SchemaError:
    return SchemaError(f"cannot be read any more ({str(error).splitlines()[0]})", where=name, hint="reload the page")
