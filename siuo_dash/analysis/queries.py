"""The named queries that several questions share, and what they give as frames.

The SQL is kept to the standard where the standard has a way to say it, so that it can be moved to another engine.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from siuo_dash.analysis.filters import EVERY, Clause, Filters, numbered
from siuo_dash.analysis.once import once
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.benchmark.protocol import is_mcqa, mcqa_board, set_of
from siuo_dash.benchmark.schema import BENCHMARK, Metric
from siuo_dash.errors import NoRun
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

RUNS: Final = Query(
    "runs",
    "Every run with its metadata, its counts and its samples.",
    "SELECT * FROM runs WHERE {where} ORDER BY model, board, submitted_at, run_id",
)
RUNS_ORDER: Final = RUNS.sql.split(" ORDER BY ")[1]

LEADERBOARD: Final = Query(
    "leaderboard",
    "The runs of a board ranked by a metric; a filter hides rows but never changes a rank.",
    """
    WITH board AS (
        SELECT *, {metric}_n < expected_samples AS partial,
            CASE WHEN {metric}_n > 0 THEN CAST({metric}_k AS DOUBLE) / {metric}_n END AS rate,
            $comparable AND {metric}_n > 0 AND ({metric}_n >= expected_samples OR $rank_partial) AS ranked
        FROM runs WHERE $board IS NULL OR run_no IN (SELECT run_no FROM board_runs WHERE board = $board)
    ),
    placed AS (
        SELECT *, CASE WHEN ranked AND $board IS NOT NULL
            THEN CAST(RANK() OVER (PARTITION BY ranked ORDER BY rate DESC) AS BIGINT) END AS rank
        FROM board
    )
    SELECT * FROM placed WHERE {where}
    ORDER BY rank NULLS LAST, CASE WHEN $board IS NULL THEN NULL ELSE rate END DESC NULLS LAST, model, run_id
    """,
)

HEALTH: Final = Query(
    "health",
    "For each run, the number of its samples that carry each health flag.",
    """
    SELECT run_no, flag, COUNT(DISTINCT question_id) AS samples
    FROM flagged WHERE run_no IN (SELECT run_no FROM runs WHERE {where})
    GROUP BY run_no, flag ORDER BY run_no, samples DESC, flag
    """,
)

# Not in order: it is millions of rows with many runs, and goes into a matrix.
OUTCOMES: Final = Query(
    "outcomes",
    "One metric's verdict for each graded sample of each of the chosen runs.",
    """
    SELECT run_no, question_id, CAST({column} AS INTEGER) AS outcome FROM verdicts
    WHERE task = '{task}' AND question_id IS NOT NULL AND {column} IS NOT NULL
        AND run_no IN (SELECT run_no FROM runs WHERE {where})
    """,
)

SAMPLE_COUNTS: Final = Query(
    "sample_counts",
    "The chosen samples of a set, each with how many of the chosen runs pass it, are graded on it, have a row for it.",
    """
    WITH counts AS (
        SELECT question_id, COUNT(*) FILTER (WHERE {column}) AS k, COUNT({column}) AS n, COUNT(*) AS runs FROM verdicts
        WHERE task = '{task}' AND run_no IN (SELECT run_no FROM runs WHERE sample_set = $sample_set AND ({where}))
        GROUP BY question_id
    )
    SELECT s.question_id, s.split, s.domain, s.subcategory, s.primary_dimension, s.needs_knowledge, s.needs_reasoning,
        s.image, s.correct_option, s.question_fingerprint, s.reference_fingerprint, s.scene, s.request, s.hazard,
        COALESCE(c.k, 0) AS k, COALESCE(c.n, 0) AS n, COALESCE(c.runs, 0) AS runs
    FROM samples s LEFT JOIN counts c ON c.question_id = s.question_id
    WHERE s.sample_set = $sample_set AND ({samples}) ORDER BY {order}
    """,
)

PAIRED_COUNTS: Final = Query(
    "paired_counts",
    "For each of the chosen runs, or for each domain, the 2×2 of outcomes and another run's, over the samples that are "
    "graded in both; a run on another sample set shares none.",
    """
    SELECT {by}, COUNT(*) FILTER (WHERE o.{column} AND b.{column}) AS both,
        COUNT(*) FILTER (WHERE o.{column} AND NOT b.{column}) AS run_only,
        COUNT(*) FILTER (WHERE b.{column} AND NOT o.{column}) AS baseline_only,
        COUNT(*) FILTER (WHERE NOT o.{column} AND NOT b.{column}) AS neither
    FROM verdicts b JOIN verdicts o ON o.question_id = b.question_id AND o.task = b.task
        JOIN runs r ON r.run_no = b.run_no
        JOIN samples s ON s.sample_set = r.sample_set AND s.question_id = b.question_id
    WHERE b.run_no = $baseline AND b.task = '{task}' AND o.run_no <> b.run_no
        AND b.{column} IS NOT NULL AND o.{column} IS NOT NULL
        AND o.run_no IN (SELECT run_no FROM runs WHERE ({where})
            AND sample_set = (SELECT sample_set FROM runs WHERE run_no = $baseline))
    GROUP BY {by} ORDER BY {by}
    """,
)

RUN_IDS: Final = Query(
    "run_ids",
    "The first of the runs that pass the filters, in one of several orders.",
    "SELECT run_id FROM runs WHERE {where} ORDER BY {order} LIMIT $most",
)

EVERY_ROW: Final = (1 << 31) - 1
"""A limit that is none; Spark takes 32 bits and no NULL there."""

RUN_NAMES: Final = Query(
    "run_names",
    "The model, judge and sample set of every run, in the order in which the runs came.",
    "SELECT run_id, model, judge, sample_set FROM runs ORDER BY submitted_at NULLS FIRST, run_id",
)

DOMAIN_COUNTS: Final = Query(
    "domain_counts",
    "For each run and domain, how many samples were graded and how many passed; of totals, where they name a domain.",
    """
    SELECT v.run_no, COALESCE(s.domain, v.domain) AS domain,
        COUNT(*) FILTER (WHERE v.{column}) AS k, COUNT(v.{column}) AS n
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        LEFT JOIN samples s ON s.sample_set = r.sample_set AND s.question_id = v.question_id
    WHERE v.task = '{task}' AND v.run_no IN (SELECT run_no FROM runs WHERE {where})
        AND COALESCE(s.domain, v.domain) IS NOT NULL
    GROUP BY v.run_no, COALESCE(s.domain, v.domain) ORDER BY v.run_no, 2
    """,
)

SAMPLES: Final = Query(
    "samples",
    "The catalogue of a sample set.",
    "SELECT * FROM samples WHERE sample_set = $sample_set ORDER BY question_id",
)

ORGANIZATIONS: Final = Query(
    "organizations",
    "The organizations that have a run.",
    "SELECT DISTINCT organization FROM runs WHERE organization IS NOT NULL ORDER BY organization",
)


def samples_of(store: Store, board: str | None = None) -> pd.DataFrame:
    """The catalogue of the set that a board is of, by question_id; of no board, the benchmark's own."""
    return SAMPLES.run(store, sample_set=set_of(board))


@once
def organizations(store: Store) -> list[str]:
    """The organizations that have a run."""
    found: list[str] = ORGANIZATIONS.run(store)["organization"].tolist()
    return found


def find_run(store: Store, run_id: str) -> pd.Series[Any]:
    """The row of `runs` with this id; NoRun when there is none."""
    found = RUNS.run(store, where=Clause("run_id = $run_id", {"run_id": run_id}))
    if found.empty:
        raise NoRun(f"there is no run {run_id!r}", hint="`python -m siuo_dash runs` lists them")
    return found.iloc[0]


def health_counts(store: Store, filters: Filters) -> dict[int, dict[str, int]]:
    """{run_no: {flag: samples}} for the runs of a filter; a run without flags has no entry."""
    counts: dict[int, dict[str, int]] = {}
    for row in HEALTH.run(store, where=filters.where()).itertuples():
        counts.setdefault(int(row.run_no), {})[row.flag] = int(row.samples)
    return counts


def ranking(store: Store, filters: Filters, metric: Metric, *, rank_partial: bool = False) -> pd.DataFrame:
    """The runs of `filters`, best first, with `rate`, `partial` and `rank`: the place in the whole board.

    rank is null without a board, without the metric, for a partial run unless it is asked for, and on the
    multiple-choice board by verdicts of different judges.
    """
    return LEADERBOARD.run(
        store,
        metric=metric,
        where=filters.where(),
        board=filters.board,
        rank_partial=rank_partial,
        comparable=not is_mcqa(filters.board) or metric.id == "mcqa",
    )


def paired_counts(store: Store, baseline: int, metric: Metric, where: Clause) -> pd.DataFrame:
    """By run_no: both, run_only, baseline_only, neither: the samples that a run and the baseline (a run_no) pass."""
    parts = {"by": "o.run_no"}
    return PAIRED_COUNTS.run(store, metric=metric, where=where, parts=parts, baseline=baseline).set_index("run_no")


def run_ids(store: Store, where: Clause, order: str = "run_id", most: int | None = None) -> list[str]:
    """The runs of a choice, the first `most` of them; order: SQL, never of a user."""
    found: list[str] = RUN_IDS.run(
        store, where=where, parts={"order": order}, most=EVERY_ROW if most is None else most
    )["run_id"].tolist()
    return found


def sample_counts(
    store: Store,
    metric: Metric,
    runs: Clause,
    samples: Clause = EVERY,
    order: str = "s.question_id",
    *,
    sample_set: str = BENCHMARK,
) -> pd.DataFrame:
    """The samples of a set as the catalogue has them, and how many of the runs on it pass (`k`), are graded (`n`), have
    a row (`runs`).

    samples: a condition on `s` (the catalogue) and `c` (the counts); order: SQL, never of a user.
    """
    parts, values = {"samples": samples.sql, "order": order}, dict(samples.values) | {"sample_set": sample_set}
    return SAMPLE_COUNTS.run(store, metric=metric, where=runs, parts=parts, **values)


def with_rates(frame: pd.DataFrame, prefix: str = "") -> pd.DataFrame:
    """The frame with `rate`, `low` and `high` of its `k` and `n`: fractions, Wilson 95%, NaN where nothing was graded.

    prefix: of all five names, such as 'safe_'.
    """
    k, n = (frame[f"{prefix}{part}"].to_numpy(dtype=float) for part in ("k", "n"))
    low, high = wilson_array(k, n)
    rate = np.divide(k, n, out=np.full_like(k, np.nan), where=n > 0)
    return frame.assign(**{f"{prefix}rate": rate, f"{prefix}low": low, f"{prefix}high": high})


def board_for(metric: Metric, board: str) -> str:
    """Where the runs of a board are compared by a metric: multiple choice is one board for all on a sample set."""
    return mcqa_board(set_of(board)) if metric.id == "mcqa" else board


def outcome_matrix(
    store: Store, metric: Metric, run_nos: pd.Series, question_ids: pd.Series
) -> npt.NDArray[np.float32]:
    """A metric's outcomes as runs × samples in the order of the two columns: 1, 0 or NaN = not known.

    A row of the engine's for each of them: for more than bounded.MOST_OUTCOMES nobody may ask.
    """
    found = OUTCOMES.run(store, metric=metric, where=numbered(run_nos))
    matrix = np.full((len(run_nos), len(question_ids)), np.nan, dtype=np.float32)
    rows = pd.Index(run_nos).get_indexer(found["run_no"])
    columns = pd.Index(question_ids).get_indexer(found["question_id"])
    known = (rows >= 0) & (columns >= 0)
    matrix[rows[known], columns[known]] = found["outcome"].to_numpy(dtype=np.float32)[known]
    return matrix
