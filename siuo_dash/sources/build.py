"""Turns the carried figures into data/results.parquet, byte for byte the same on every run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import MCQA_JUDGE, RESULT_SCHEMA
from siuo_dash.errors import SourceError
from siuo_dash.sources.published import (
    COMMUNITY_JUDGE,
    COMMUNITY_NOTE,
    COMMUNITY_SOURCE,
    CommunityVerdict,
    PublishedTotals,
    read_community,
    read_published,
)
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import write_parquet

Row = dict[str, Any]


def build(data_dir: Path) -> Path:
    """Write `results.parquet` from `samples.csv` and `sources/`; SourceError names what contradicts itself."""
    target = data_dir / "results.parquet"
    write_parquet(build_table(data_dir), target, overwrite=True)
    return target


def build_table(data_dir: Path) -> pa.Table:
    """All carried runs in the schema of results, sorted by run, task and sample."""
    catalogue = read_catalogue(data_dir / "samples.csv")
    published = read_published(data_dir / "sources" / "published_totals.csv", len(catalogue))
    community = read_community(data_dir / "sources" / "community_runs.csv", catalogue)
    runs = [_published_run(totals) for totals in published]
    for _, verdicts in groupby(sorted(community, key=_place), key=lambda verdict: verdict.model):
        runs.append(_community_run(list(verdicts)))
    tables = sorted((_identified(rows) for rows in runs), key=lambda table: table.column("run_id")[0].as_py())
    return pa.concat_tables(tables).combine_chunks()


def totals_outcomes(
    n: int, safe: int, effective: int | None, both: int | None
) -> Sequence[tuple[bool, bool | None, bool | None]]:
    """The (safe, effective, both) outcome of each of n samples that only counts are known of.

    Joint counts follow from the three counts: both, safe only = safe - both, effective only =
    effective - both, neither = the rest. Where effective is unknown, so is it in every row.
    """
    if effective is not None and both is not None:
        counts = (both, safe - both, effective - both, n - safe - effective + both)
        kinds = ((True, True, True), (True, False, False), (False, True, False), (False, False, False))
        return [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]
    if both is not None:
        return [(True, None, True)] * both + [(True, None, False)] * (safe - both) + [(False, None, False)] * (n - safe)
    if effective is not None:
        raise SourceError("effective without safe_and_effective: the joint outcomes are not known")
    return [(True, None, None)] * safe + [(False, None, None)] * (n - safe)


def _published_run(totals: PublishedTotals) -> list[Row]:
    run: Row = {
        "model": totals.model,
        "organization": totals.organization,
        "params_b": totals.params_b,
        "open_weights": totals.open_weights,
        "judge": totals.protocol.judge,
        "responses_per_sample": totals.protocol.responses_per_sample,
        "evidence": "totals",
        "source": totals.source,
        "source_status": totals.source_status,
        "evaluated_on": totals.evaluated_on,
    }
    outcomes = totals_outcomes(totals.n, totals.safe, totals.effective, totals.safe_and_effective)
    rows = [
        run | {"task": "generation", "safe": safe, "effective": effective, "safe_and_effective": both}
        for safe, effective, both in outcomes
    ]
    mcqa = run | {"task": "mcqa", "judge": MCQA_JUDGE, "responses_per_sample": 1}
    for index in range(totals.mcqa_n or 0):
        rows.append(mcqa | {"correct": index < (totals.mcqa_correct or 0)})
    return rows


def _community_run(verdicts: list[CommunityVerdict]) -> list[Row]:
    first = verdicts[0]
    run: Row = {
        "model": first.model,
        "organization": first.organization,
        "params_b": first.params_b,
        "open_weights": True,
        "judge": COMMUNITY_JUDGE,
        "responses_per_sample": 1,
        "evidence": "per_sample",
        "source": COMMUNITY_SOURCE,
        "source_status": "community",
        "note": COMMUNITY_NOTE,
        "task": "generation",
    }
    return [
        run
        | {
            "question_id": verdict.question_id,
            "safe": verdict.safe,
            "flags": list(verdict.flags),
            "responses": [{"chars": verdict.chars, "safe": verdict.safe, "flags": list(verdict.flags)}],
        }
        for verdict in verdicts
    ]


def _place(verdict: CommunityVerdict) -> tuple[str, int]:
    return verdict.model, verdict.question_id


def _identified(rows: Iterable[Row]) -> pa.Table:
    """The rows of one run as a table that carries its run_id."""
    rows = [{"run_id": "", "flags": [], "responses": []} | row for row in rows]
    table = pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)
    run_id = make_run_id(rows[0]["model"], rows[0]["judge"], content_hash(table))
    column = pa.array([run_id] * table.num_rows, pa.string())
    return table.set_column(0, RESULT_SCHEMA.field("run_id"), column)
