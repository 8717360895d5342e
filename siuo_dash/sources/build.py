"""Turns the published figures into data/results.parquet, byte for byte the same on every run."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import BENCHMARK, RESULT_SCHEMA
from siuo_dash.sources.published import Row, read_community, read_published
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import write_parquet


def build(data_dir: Path) -> Path:
    """Write `results.parquet` from `samples.csv` and `sources/`; SourceError names what contradicts itself."""
    target = data_dir / "results.parquet"
    write_parquet(build_table(data_dir), target, overwrite=True)
    return target


def build_table(data_dir: Path) -> pa.Table:
    """All shipped runs in the schema of results, sorted by run, task and sample."""
    catalogue = read_catalogue(data_dir / "samples.csv")
    runs = read_published(data_dir / "sources" / "published_totals.csv", len(catalogue))
    community = read_community(data_dir / "sources" / "community_runs.csv", catalogue)
    community.sort(key=itemgetter("model", "question_id"))
    runs += [list(rows) for _, rows in groupby(community, key=itemgetter("model"))]
    tables = sorted((_identified(rows) for rows in runs), key=lambda table: table.column("run_id")[0].as_py())
    return pa.concat_tables(tables).combine_chunks()


def _identified(rows: Iterable[Row]) -> pa.Table:
    """The rows of one run as a table that carries its run_id."""
    rows = [{"run_id": "", "sample_set": BENCHMARK, "flags": [], "responses": []} | row for row in rows]
    table = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
    run_id = make_run_id(rows[0]["model"], rows[0]["judge"], content_hash(table))
    column = pa.array([run_id] * table.num_rows, pa.string())
    return table.set_column(0, RESULT_SCHEMA.field("run_id"), column)
