"""What a method gains over its own base model in the same board: a run minus the plain run, as fractions."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.baseline import paired_row, unpaired_row
from siuo_dash.analysis.filters import Clause
from siuo_dash.benchmark.schema import Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

COLUMNS: Final = ("gain", "gain_low", "gain_high", "gain_p", "gain_paired", "base_run_id", "base_k", "base_n")

# Of several plain runs, one that pairs comes first, then one of the same source, then the one that came first.
METHOD_BASES: Final = Query(
    "method_bases",
    "Each chosen run of a method with the run of its plain base model in the same board, and their 2×2 of outcomes "
    "where both are known sample by sample.",
    """
    WITH candidates AS (
        SELECT m.run_no, m.run_id, m.{metric}_k AS k, m.{metric}_n AS n,
            b.run_no AS base_no, b.run_id AS base_run_id, b.{metric}_k AS base_k, b.{metric}_n AS base_n,
            m.evidence = 'per_sample' AND b.evidence = 'per_sample' AS paired,
            ROW_NUMBER() OVER (PARTITION BY m.run_no ORDER BY
                CASE WHEN m.evidence = 'per_sample' AND b.evidence = 'per_sample' THEN 0 ELSE 1 END,
                CASE WHEN m.source = b.source THEN 0 ELSE 1 END, b.submitted_at NULLS FIRST, b.run_id) AS place
        FROM (SELECT * FROM runs WHERE {where}) m JOIN runs b
            ON LOWER(TRIM(b.model)) = LOWER(TRIM(m.base_model)) AND b.sample_set = m.sample_set
                AND ('{task}' = 'mcqa' OR b.board = m.board)
        WHERE m.method IS NOT NULL AND b.method IS NULL AND m.{metric}_n > 0 AND b.{metric}_n > 0
    ),
    bases AS (SELECT * FROM candidates WHERE place = 1),
    shared AS (
        SELECT p.run_no, COUNT(*) FILTER (WHERE o.{column} AND v.{column}) AS both,
            COUNT(*) FILTER (WHERE o.{column} AND NOT v.{column}) AS run_only,
            COUNT(*) FILTER (WHERE v.{column} AND NOT o.{column}) AS baseline_only,
            COUNT(*) FILTER (WHERE NOT o.{column} AND NOT v.{column}) AS neither
        FROM bases p JOIN verdicts o ON o.run_no = p.run_no AND o.task = '{task}'
            JOIN verdicts v ON v.run_no = p.base_no AND v.task = '{task}' AND v.question_id = o.question_id
        WHERE p.paired AND o.{column} IS NOT NULL AND v.{column} IS NOT NULL GROUP BY p.run_no
    )
    SELECT p.run_id, p.k, p.n, p.base_run_id, p.base_k, p.base_n, s.both, s.run_only, s.baseline_only, s.neither
    FROM bases p LEFT JOIN shared s ON s.run_no = p.run_no ORDER BY p.run_id
    """,
)


def gains(store: Store, where: Clause, metric: Metric) -> pd.DataFrame:
    """Each chosen run of a method minus the plain run of its base model in the same board; one row a run, by run_id.

    COLUMNS: `gain`, `gain_low`, `gain_high` (fractions, 95%), `gain_p`, `gain_paired` (Bonett–Price and McNemar mid-p
    where both have a verdict for each sample, else Newcombe and a score test), `base_run_id`, and the base's counts
    over the samples compared. A run whose base model has no plain run there is left out.
    """
    found = METHOD_BASES.run(store, metric=metric, where=where).set_index("run_id")
    rows = [_row(pair) for _, pair in found.iterrows()]
    frame = pd.DataFrame(rows, index=found.index, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[:4], "float64") | {"gain_paired": "boolean", "base_run_id": "string"})


def _row(pair: pd.Series[Any]) -> tuple[Any, ...]:
    """The figures of COLUMNS."""
    if pd.isna(pair["both"]):
        counts = int(pair["k"]), int(pair["n"])
        row = unpaired_row(*counts, Tally(int(pair["base_k"]), int(pair["base_n"])))
    else:
        row = paired_row(*(int(pair[name]) for name in ("both", "run_only", "baseline_only", "neither")))
    paired, _, _, base_k, base_n, _, _, difference, low, high, p = row
    return difference, low, high, p, paired, pair["base_run_id"], base_k, base_n
