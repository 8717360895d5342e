"""Fills the database: the catalogue once, and the rows of changed files in one transaction each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import duckdb
import pandas as pd
import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import EVIDENCE, FLAGS, TASKS
from siuo_dash.store.engine import tables
from siuo_dash.store.runs.result_files import Part


def empty_database(catalogue: Catalogue) -> duckdb.DuckDBPyConnection:
    """A database in memory that holds the catalogue and can reach nothing outside itself."""
    connection = duckdb.connect(":memory:")
    connection.execute(tables.CREATE)
    connection.register("incoming_samples", pd.DataFrame([asdict(sample) for sample in catalogue.samples]))
    connection.execute("INSERT INTO samples BY NAME SELECT * FROM incoming_samples")
    connection.unregister("incoming_samples")
    # From here on no query can read a file, load an extension, see a Python variable or undo this.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def run_holders(writer: duckdb.DuckDBPyConnection, without: Sequence[str]) -> dict[str, str]:
    """{run_id: file} of the runs that are there, those of the files in `without` apart."""
    sql = "SELECT run_id, file FROM runs WHERE NOT list_contains(?, file)"
    return dict(writer.execute(sql, [list(without)]).fetchall())


def swap(writer: duckdb.DuckDBPyConnection, files: Sequence[str], parts: Mapping[str, Part]) -> dict[str, str]:
    """Replace the rows of `files` by `parts`, in one transaction; {file: why} for the parts that contradict themselves.

    parts: by file name. Nothing changes when an error is raised.
    """
    writer.execute("BEGIN")
    try:
        first = int(writer.execute("SELECT COALESCE(MAX(run_no), -1) + 1 FROM runs").fetchall()[0][0])
        for table in ("verdicts", "flagged"):
            writer.execute(
                f"DELETE FROM {table} WHERE run_no IN (SELECT run_no FROM runs WHERE list_contains(?, file))",  # noqa: S608
                [list(files)],
            )
        writer.execute("DELETE FROM runs WHERE list_contains(?, file)", [list(files)])
        faults = _insert(writer, parts, first)
        if faults:
            _insert(writer, {name: part for name, part in parts.items() if name not in faults}, first)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise
    return faults


def _insert(writer: duckdb.DuckDBPyConnection, parts: Mapping[str, Part], first: int) -> dict[str, str]:
    """Insert all parts, their runs numbered from `first`; or nothing, and which file has which fault."""
    if not parts:
        return {}
    placed = [(run_id, name) for name, part in parts.items() for run_id in part.run_ids]
    numbered = pa.table(
        {
            "run_id": [run_id for run_id, _ in placed],
            "file": [name for _, name in placed],
            "run_no": pa.array(range(first, first + len(placed)), pa.int32()),
        }
    )
    views = {
        "incoming": pa.concat_tables([part.rows for part in parts.values()]),
        "incoming_flags": pa.concat_tables([part.flags for part in parts.values()]),
        "numbered": numbered,
    }
    for name, view in views.items():
        writer.register(name, view)
    try:
        known = {"tasks": list(TASKS), "evidence": list(EVIDENCE), "flags": list(FLAGS)}
        faults = dict(writer.execute(tables.FAULTS, known).fetchall())
        if faults:
            return {name: f"{what}; restore it from a backup or remove it" for name, what in faults.items()}
        for statement in (tables.SUMMARISE, tables.INSERT_VERDICTS, tables.INSERT_FLAGGED):
            writer.execute(statement)
    finally:
        for name in views:
            writer.unregister(name)
    _name_boards(writer)
    return {}


def _name_boards(writer: duckdb.DuckDBPyConnection) -> None:
    new = writer.execute("SELECT DISTINCT judge, responses_per_sample FROM runs WHERE board IS NULL").fetchall()
    for judge, count in new:
        writer.execute(
            "UPDATE runs SET board = ? WHERE board IS NULL AND judge = ? AND responses_per_sample IS NOT DISTINCT FROM ?",
            [Protocol(judge, count).id, judge, count],
        )
