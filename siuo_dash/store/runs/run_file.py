"""One run's own rows, read from its file row group by row group when a sample is opened, searched or downloaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.errors import NoRun, SchemaError
from siuo_dash.store import blobs
from siuo_dash.store.blobs import Folder
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from siuo_dash.store.files import RESULTS
from siuo_dash.store.runs.parquet import MADE, made_in, parquet_bytes, under_schema, unreadable, with_values

FILE_OF_RUN: Final = Query(
    "file_of_run",
    "The file that holds a run, and its badge.",
    "SELECT file, source_status FROM runs WHERE run_id = $run_id",
)
_VERDICTS: Final = ("question_id", "task", "safe", "effective", "safe_and_effective", "answer", "correct", "flags")
_WORDS: Final = ("effectiveness_judgement", "safety_judgement", "text")


def responses(store: Store, run_id: str, question_id: int, task: str = "generation") -> list[dict[str, Any]]:
    """The responses of one run to one sample; only the row groups that can hold the sample are opened.

    Raises NoRun, and SchemaError when the file is gone or broken since it was loaded.
    """
    for table in _row_groups(store, run_id, ("question_id", "task"), question_id=question_id):
        wanted = pc.and_(pc.equal(table["question_id"], question_id), pc.equal(table["task"], task))
        for row in table.filter(wanted).to_pylist():
            return list(row["responses"])
    return []


def run_rows(
    store: Store, run_id: str, *, texts: bool = True, only: Collection[int] | None = None
) -> Iterator[dict[str, Any]]:
    """question_id, task, safe, effective, safe_and_effective, answer, correct, flags and responses of a run's samples.

    A long run is never in memory whole. texts: read the texts too, else only the verdicts of each response.
    only: these samples. Raises NoRun, SchemaError.
    """
    parts = None if texts else ("safe", "effective", "flags", "chars")
    for table in _row_groups(store, run_id, _VERDICTS, parts):
        for row in table.to_pylist():
            if row["question_id"] is not None and (only is None or row["question_id"] in only):
                yield row


def run_table(store: Store, run_id: str) -> pa.Table:
    """All rows of one run under RESULT_SCHEMA, with the run_id and the badge that the registry gives it."""
    name, source_status = _file_of(store, run_id)
    with _explained(name):
        table = pa.concat_tables(_row_groups(store, run_id, RESULT_SCHEMA.names))
        table = under_schema(table)
    return with_values(table, run_id=run_id, source_status=source_status)


def how_made(store: Store, run_id: str) -> dict[str, Any]:
    """How a run was made, where it was made here; {} for all others. Raises NoRun, SchemaError."""
    name, _ = _file_of(store, run_id)
    if name == RESULTS:
        return {}
    with _explained(name):
        said = made_in(pq.read_schema(_source(store.data_dir, name))).get(MADE, "")
    try:
        how = json.loads(said) if said else {}
    except ValueError:
        how = {}
    return how if isinstance(how, dict) else {}


def run_parquet(store: Store, run_id: str) -> bytes:
    """One run as a Parquet file under RESULT_SCHEMA, as it can be uploaded elsewhere."""
    return bytes(parquet_bytes(run_table(store, run_id)))


def samples_with(store: Store, run_id: str, words: str) -> set[int]:
    """The samples in whose responses, or in what the judge said of them, the words occur (case aside)."""
    found: set[int] = set()
    for table in _row_groups(store, run_id, ("question_id",), _WORDS):
        every = table.column("responses").combine_chunks()
        owners = pc.take(table.column("question_id").combine_chunks(), pc.list_parent_indices(every))
        for part in _WORDS:
            hits = pc.match_substring(pc.struct_field(pc.list_flatten(every), part), words, ignore_case=True)
            found.update(pc.unique(owners.filter(hits, null_selection_behavior="drop")).to_pylist())
    return {question_id for question_id in found if question_id is not None}


def response_fingerprints(store: Store, run_id: str, task: str = "generation") -> dict[int, str]:
    """{question_id: one fingerprint of all the sample's responses}, whatever their order; {} for no such run.

    Samples without texts (or not all of them) are left out. No text is kept. Raises SchemaError.
    """
    prints: dict[int, str] = {}
    try:
        for table in _row_groups(store, run_id, ("question_id", "task"), ("text",)):
            prints |= fingerprints_of(table.filter(pc.equal(table["task"], task)))
    except NoRun:
        return {}
    return prints


def fingerprints_of(rows: pa.Table) -> dict[int, str]:
    """{question_id: one fingerprint of all the sample's responses} of rows with `question_id` and `responses`."""
    prints = {}
    for question_id, given in zip(rows["question_id"], rows["responses"], strict=True):
        texts = [response["text"] for response in given.as_py()]
        if question_id.is_valid and texts and None not in texts:
            joined = "\n".join(sorted(map(fingerprint, texts)))
            prints[question_id.as_py()] = hashlib.sha256(joined.encode("ascii")).hexdigest()[:16]
    return prints


def _file_of(store: Store, run_id: str) -> tuple[str, str]:
    """The run's file inside the data directory, and its source_status; NoRun when there is no such run."""
    found = FILE_OF_RUN.run(store, run_id=run_id)
    if found.empty:
        raise NoRun(f"there is no run {run_id!r}", hint="it may have been withdrawn; the leaderboard lists all runs")
    return str(found["file"].iloc[0]), str(found["source_status"].iloc[0])


def _row_groups(
    store: Store,
    run_id: str,
    names: Collection[str],
    parts: Collection[str] | None = None,
    *,
    question_id: int | None = None,
) -> Iterator[pa.Table]:
    """The run's rows, one row group at a time: these columns, and these fields of the responses (None = all).

    question_id: leave out row groups that cannot hold it. Raises NoRun, SchemaError.
    """
    name, _ = _file_of(store, run_id)
    with _explained(name), pq.ParquetFile(_source(store.data_dir, name)) as file:
        leaves = [file.schema.column(index).path for index in range(len(file.schema))]
        wanted = [leaf for leaf in leaves if _is_wanted(leaf.split("."), names, parts)]
        asked = {"question_id": question_id} | ({"run_id": run_id} if name == RESULTS else {})
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            if all(_may_hold(group.column(leaves.index(leaf)), value) for leaf, value in asked.items()):
                table = file.read_row_group(number, columns=wanted)
                # An upload's file holds one run, whatever that was called when it was written.
                yield table.filter(pc.equal(table["run_id"], run_id)) if name == RESULTS else table


def _source(data_dir: Path, name: str) -> Path | pa.NativeFile:
    """A file of the data directory, or of its runs, for a reader that moves about in it."""
    return (Folder(data_dir) if name == RESULTS else blobs.of(data_dir)).source(name)


def _is_wanted(leaf: list[str], names: Collection[str], parts: Collection[str] | None) -> bool:
    if leaf[0] == "responses":
        return parts is None or not set(parts).isdisjoint(leaf)
    return leaf[0] == "run_id" or leaf[0] in names


def _may_hold(chunk: Any, value: object) -> bool:
    """Whether a column chunk can hold a value, by the least and greatest one that its footer names."""
    if value is None or not chunk.is_stats_set or not chunk.statistics.has_min_max:
        return True
    return bool(chunk.statistics.min <= value <= chunk.statistics.max)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what a broken or missing file raises into a SchemaError that names it."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        what, _ = unreadable(error)
        raise SchemaError(what, where=name, hint="reload the page") from error
