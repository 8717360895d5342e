"""Samples with their responses as JSON lines, for somebody who re-judges or trains."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict

from siuo_dash.analysis import queries
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_rows


def records(
    store: Store, run_ids: Iterable[str], question_ids: Collection[int], *, task: str | None = None
) -> Iterator[str]:
    """One JSON object a line for each run and sample: what is known of the sample, the verdicts, and the responses.

    task: only this one. The benchmark's own text is not in it; `question_id` and the fingerprint lead to it. The runs'
    files are read row group by row group while the lines are taken.
    """
    wanted = set(question_ids)
    for run_id in run_ids:
        run = queries.find_run(store, run_id)
        known = {name: run[name] for name in ("run_id", "model", "judge")}
        for row in run_rows(store, run_id, only=wanted):
            if task in (None, row["task"]):
                sample = asdict(store.catalogue.by_id[row["question_id"]])
                yield json.dumps(known | {"data_version": store.version} | sample | row, ensure_ascii=False)
