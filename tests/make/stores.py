"""Data directories for tests: a copy of the catalogue, and runs made row by row under the schema of results."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.store import files
from siuo_dash.store.registry.change import Upload
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.runs.parquet import CONTENT_HASH, parquet_bytes
from tests.conftest import ROOT

Verdict = bool | None


@cache
def question_ids() -> tuple[int, ...]:
    """All ids of the shipped catalogue, in order."""
    with (ROOT / "data" / "samples.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(int(row["question_id"]) for row in csv.DictReader(lines))


def make_run(
    model: str,
    safe: Sequence[Verdict] = (),
    effective: Sequence[Verdict] | None = None,
    both: Sequence[Verdict] | None = None,
    *,
    mcqa: Sequence[Verdict] = (),
    totals: bool = False,
    flags: Mapping[int, Sequence[str]] | None = None,
    **about: Any,
) -> pa.Table:
    """One run: a generation row for each of `safe`, a multiple-choice row for each of `mcqa`, from sample 1001 on.

    flags: by place of the sample. about: columns of the run that differ from the defaults.
    """
    run = {
        "run_id": "",
        "model": model,
        "judge": "human",
        "responses_per_sample": 3,
        "evidence": "totals" if totals else "per_sample",
        "source_status": "self-reported",
        "flags": [],
        "responses": [],
    } | about
    empty: list[Verdict] = [None] * len(safe)
    rows = []
    for place, verdicts in enumerate(zip(safe, effective or empty, both or empty, strict=True)):
        raised = list((flags or {}).get(place, ()))
        row = run | dict(zip(("safe", "effective", "safe_and_effective"), verdicts, strict=True))
        row |= {"task": "generation", "flags": raised}
        if not totals:
            response = {"text": f"{model} says {place}", "chars": 9, "safe": verdicts[0], "effective": verdicts[1]}
            row |= {"question_id": question_ids()[place], "responses": [response | {"flags": raised}]}
        rows.append(row)
    for place, correct in enumerate(mcqa):
        row = run | {"task": "mcqa", "judge": "exact match", "responses_per_sample": 1, "correct": correct}
        rows.append(row if totals else row | {"question_id": question_ids()[place], "answer": "A"})
    table = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
    return with_column(table, "run_id", [make_run_id(model, str(run["judge"]), content_hash(table))] * table.num_rows)


def share(k: int, n: int = 167) -> list[bool]:
    """n verdicts of which k are true."""
    return [place < k for place in range(n)]


def with_column(table: pa.Table, name: str, values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Table:
    """The table with other values (and, if given, another type) in one column."""
    field = RESULT_SCHEMA.field(name) if kind is None else pa.field(name, kind)
    return table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))


def run_id(table: pa.Table) -> str:
    return str(table.column("run_id")[0].as_py())


def make_data(directory: Path, *runs: pa.Table, shipped: bool = False) -> Path:
    """A data directory with the catalogue and these runs published; with the shipped figures, if they are asked for."""
    directory.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "samples.csv", directory)
    if shipped:
        shutil.copy(ROOT / "data" / "results.parquet", directory)
    if runs:
        add(directory, *runs)
    return directory


def add(directory: Path, *runs: pa.Table) -> Path:
    """Put runs among the published ones, whatever is wrong with them; the file that the last one is in."""
    name = ""
    with changing(directory) as now:
        for run in runs:
            digest = content_hash(run)
            name = files.keep(directory, parquet_bytes(run, {CONTENT_HASH: digest}))
            upload = Upload.of(run, run_id(run), digest, name)
            if not upload.totals and now.same_content(upload.run_id, digest, upload.totals):
                upload = replace(upload, content_hash=hashlib.sha256(upload.run_id.encode()).hexdigest())
            now.bring("publish", upload, owner=None, verified=False)
    return directory / name
