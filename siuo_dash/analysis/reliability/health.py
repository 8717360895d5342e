"""The health of all runs: on how many samples each carries each flag, and what its score is without them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.queries import Query
from siuo_dash.benchmark.schema import FLAGS, Metric
from siuo_dash.store.database import Store

CLEAN_COUNTS: Final = Query(
    "clean_counts",
    "For each examined run, its samples, those with a flag, and its counts with and without them.",
    """
    WITH chosen AS (SELECT run_no FROM runs WHERE evidence = 'per_sample' AND ({where})),
    marked AS (
        SELECT DISTINCT f.run_no, f.task, f.question_id FROM flagged f JOIN chosen c ON c.run_no = f.run_no
    ),
    counted AS (
        SELECT v.run_no, COUNT(DISTINCT v.question_id) AS samples, COUNT(DISTINCT m.question_id) AS flagged,
            COUNT(*) FILTER (WHERE v.task = '{task}' AND v.{column}) AS k,
            COUNT(v.{column}) FILTER (WHERE v.task = '{task}') AS n,
            COUNT(*) FILTER (WHERE v.task = '{task}' AND v.{column} AND m.question_id IS NULL) AS clean_k,
            COUNT(v.{column}) FILTER (WHERE v.task = '{task}' AND m.question_id IS NULL) AS clean_n
        FROM verdicts v JOIN chosen c ON c.run_no = v.run_no
            LEFT JOIN marked m ON m.run_no = v.run_no AND m.task = v.task AND m.question_id = v.question_id
        GROUP BY v.run_no
    )
    SELECT r.run_no, r.run_id, r.model, r.board, c.samples, c.flagged, c.k, c.n, c.clean_k, c.clean_n
    FROM counted c JOIN runs r ON r.run_no = c.run_no
    ORDER BY CAST(c.flagged AS DOUBLE) / c.samples DESC, r.model, r.run_id
    """,
)

QUERIES: Final = (CLEAN_COUNTS,)


def health(store: Store, filters: Filters, metric: Metric) -> pd.DataFrame:
    """One row for each examined run of the filters, the most flagged first.

    run_id, model, board, samples, flagged (samples with any flag), one column for each flag id (samples), k, n,
    clean_k, clean_n (the metric with and without the flagged samples; 0 of 0 where it was not judged).
    """
    where = filters.where()
    with store.reading():
        frame = CLEAN_COUNTS.run(store, metric=metric, where=where)
        counts = queries.HEALTH.run(store, where=where)
    table = counts.pivot(index="run_no", columns="flag", values="samples") if len(counts) else pd.DataFrame()
    table = table.reindex(index=frame["run_no"], columns=list(FLAGS)).fillna(0).astype(np.int64)
    return pd.concat([frame.drop(columns="run_no"), table.reset_index(drop=True)], axis=1)
