"""Made-up stores: a data directory with the shipped catalogue and runs of chosen counts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.store.files import write_parquet
from tests.conftest import ROOT


@dataclass(frozen=True)
class Run:
    """A made-up run. outcomes: (safe, effective, both) of each sample, None = not known; `ids` None = totals only."""

    model: str
    outcomes: Sequence[tuple[bool | None, bool | None, bool | None]]
    ids: Sequence[int] | None = None
    params_b: float | None = None
    open_weights: bool | None = True
    judge: str = "human"
    responses_per_sample: int | None = 3
    source: str | None = None
    mcqa: tuple[int, int] | None = None


def counts(
    both: int, safe_only: int, effective_only: int, neither: int
) -> list[tuple[bool | None, bool | None, bool | None]]:
    """Outcomes with these four counts, in this order."""
    kinds = ((True, True, True), (True, False, False), (False, True, False), (False, False, False))
    return [
        kind for kind, number in zip(kinds, (both, safe_only, effective_only, neither), strict=True) for _ in range(number)
    ]


def safe_only(safe: int, total: int = 167) -> list[tuple[bool | None, bool | None, bool | None]]:
    """Outcomes of a run that was judged for safety alone."""
    return [(number < safe, None, None) for number in range(total)]


def write_store(data: Path, runs: Sequence[Run]) -> Path:
    """A data directory with these runs; its path is what SIUO_DATA or Store takes."""
    data.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "data" / "samples.csv", data)
    tables = [_table(run, number) for number, run in enumerate(runs)]
    table = pa.concat_tables(tables) if tables else RESULT_SCHEMA.empty_table()
    write_parquet(table.combine_chunks(), data / "results.parquet", overwrite=True)
    return data


def _table(run: Run, number: int) -> pa.Table:
    common: dict[str, Any] = {
        "run_id": "", "model": run.model, "organization": "Made up", "params_b": run.params_b,
        "open_weights": run.open_weights, "judge": run.judge, "responses_per_sample": run.responses_per_sample,
        "evidence": "totals" if run.ids is None else "per_sample", "source": run.source, "source_status": "draft",
        "flags": [], "responses": [],
    }  # fmt: skip
    ids: Sequence[int | None] = [None] * len(run.outcomes) if run.ids is None else run.ids
    rows = [
        common | {"task": "generation", "question_id": qid, "safe": safe, "effective": effective, "safe_and_effective": both}
        for qid, (safe, effective, both) in zip(ids, run.outcomes, strict=True)
    ]  # fmt: skip
    k, n = run.mcqa or (0, 0)
    choice = common | {"task": "mcqa", "judge": "exact match", "responses_per_sample": 1}
    mcqa_ids = ids if run.ids is not None else [None] * n
    rows += [choice | {"question_id": mcqa_ids[place], "correct": place < k} for place in range(n)]
    table = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
    run_id = make_run_id(run.model, run.judge, content_hash(table))
    # Runs with equal counts hash alike; the number keeps their ids apart.
    column = pa.array([f"{run_id[:-8]}{number:08x}"] * table.num_rows, pa.string())
    return table.set_column(0, RESULT_SCHEMA.field("run_id"), column)
