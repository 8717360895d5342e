"""The health of all runs: on how many samples each carries each flag, and what its score is without them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.queries import Query
from siuo_dash.benchmark.schema import FLAGS, Metric
from siuo_dash.store.engine.database import Store

CLEAN_COUNTS: Final = Query(
    "clean_counts",
    "For each examined run, its samples, those with a flag, and its counts with and without them.",
    """
    WITH chosen AS (SELECT * FROM runs WHERE evidence = 'per_sample' AND ({where})),
    marked AS (
        SELECT DISTINCT f.run_no, f.task, f.question_id FROM flagged f JOIN chosen c ON c.run_no = f.run_no
    ),
    marked_samples AS (SELECT run_no, COUNT(DISTINCT question_id) AS flagged FROM marked GROUP BY run_no),
    marked_counts AS (
        SELECT v.run_no, COUNT(*) FILTER (WHERE v.{column}) AS k, COUNT(v.{column}) AS n
        FROM marked m JOIN verdicts v ON v.run_no = m.run_no AND v.task = m.task AND v.question_id = m.question_id
        WHERE v.task = '{task}' GROUP BY v.run_no
    )
    SELECT c.run_no, c.run_id, c.model, c.board, GREATEST(c.generation_samples, c.mcqa_samples) AS samples,
        COALESCE(s.flagged, 0) AS flagged, c.{metric}_k AS k, c.{metric}_n AS n,
        c.{metric}_k - COALESCE(d.k, 0) AS clean_k, c.{metric}_n - COALESCE(d.n, 0) AS clean_n
    FROM chosen c LEFT JOIN marked_samples s ON s.run_no = c.run_no LEFT JOIN marked_counts d ON d.run_no = c.run_no
    ORDER BY CAST(COALESCE(s.flagged, 0) AS DOUBLE) / GREATEST(c.generation_samples, c.mcqa_samples) DESC, c.model, c.run_id
    """,
)


def health(store: Store, filters: Filters, metric: Metric) -> pd.DataFrame:
    """One row for each examined run of the filters, the most flagged first.

    run_id, model, board, samples (of the larger task), flagged (samples with any flag), one column for each flag id (samples), k, n,
    clean_k, clean_n (the metric with and without the flagged samples; 0 of 0 where it was not judged).
    """
    where = filters.where()
    with store.reading():
        frame = CLEAN_COUNTS.run(store, metric=metric, where=where)
        counts = queries.HEALTH.run(store, where=where)
    table = counts.pivot(index="run_no", columns="flag", values="samples") if len(counts) else pd.DataFrame()
    table = table.reindex(index=frame["run_no"], columns=list(FLAGS)).fillna(0).astype(np.int64)
    return pd.concat([frame.drop(columns="run_no"), table.reset_index(drop=True)], axis=1)
