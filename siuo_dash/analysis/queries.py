"""Named queries: each a sentence and its SQL. Values are bound; identifiers come from the schema only.

The SQL is kept to the standard where the standard has a way to say it, so that it can be moved to another engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.filters import Clause, Filters
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.errors import NoBoard, NoRun
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Query:
    """A named query. `{metric}`, `{column}` and `{task}` stand for a metric's parts, `{where}` for a filter's condition."""

    name: str
    sentence: str
    sql: str

    def run(
        self, store: Store, *, metric: Metric | None = None, where: Clause | None = None, **values: Any
    ) -> pd.DataFrame:
        """The answer as a frame; the metric is looked up in the schema, the values are bound."""
        text = self.sql
        if metric is not None:
            known = METRICS[metric.id]
            text = text.replace("{metric}", known.id).replace("{column}", known.column).replace("{task}", known.task)
        if where is not None:
            text = text.replace("{where}", where.sql)
            values |= where.values
        return store.frame(text, values)


BOARDS: Final = Query(
    "boards",
    "The boards: each judge × responses per sample with its number of runs.",
    """
    SELECT board, MIN(judge) AS judge, MIN(responses_per_sample) AS responses_per_sample, COUNT(*) AS runs,
        COUNT(*) FILTER (WHERE evidence = 'per_sample') AS per_sample_runs
    FROM runs GROUP BY board
    ORDER BY CASE WHEN MIN(judge) = 'human' THEN 0 ELSE 1 END, COUNT(*) DESC, board
    """,
)

RUNS: Final = Query(
    "runs",
    "Every run with what is known of it, its counts and its samples.",
    "SELECT * FROM runs WHERE {where} ORDER BY model, board, submitted_at, run_id",
)

LEADERBOARD: Final = Query(
    "leaderboard",
    "The runs of a board ranked by a metric; a filter hides rows but never changes a rank.",
    """
    WITH board AS (
        SELECT *, {metric}_n < expected_samples AS partial,
            CASE WHEN {metric}_n > 0 THEN CAST({metric}_k AS DOUBLE) / {metric}_n END AS rate,
            {metric}_n > 0 AND ({metric}_n >= expected_samples OR $rank_partial)
                AND ($board IS NULL OR $board <> 'exact-match-1' OR '{metric}' = 'mcqa') AS ranked
        FROM runs WHERE $board IS NULL OR board = $board OR ($board = 'exact-match-1' AND mcqa_n > 0)
    ),
    placed AS (
        SELECT *, CASE WHEN ranked AND $board IS NOT NULL
            THEN RANK() OVER (PARTITION BY ranked ORDER BY rate DESC) END AS rank
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

OUTCOMES: Final = Query(
    "outcomes",
    "One metric's verdict for each sample of each per-sample run of a board.",
    """
    SELECT v.run_no, v.question_id, CAST(v.{column} AS INTEGER) AS outcome
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.task = '{task}' AND r.evidence = 'per_sample' AND v.question_id IS NOT NULL AND v.{column} IS NOT NULL
        AND (r.board = $board OR ($board = 'exact-match-1' AND r.mcqa_n > 0))
    """,
)

DISCORDANT: Final = Query(
    "discordant",
    "For each run, on how many samples only the leader, or only that run, has the better verdict.",
    """
    SELECT o.run_no,
        COUNT(*) FILTER (WHERE l.{column} AND NOT o.{column}) AS leader_only,
        COUNT(*) FILTER (WHERE o.{column} AND NOT l.{column}) AS other_only,
        COUNT(*) AS pairs
    FROM verdicts l JOIN verdicts o ON o.question_id = l.question_id AND o.task = l.task
    WHERE l.run_no = $leader AND l.task = '{task}' AND o.run_no <> l.run_no
        AND l.{column} IS NOT NULL AND o.{column} IS NOT NULL
    GROUP BY o.run_no
    """,
)

SAMPLES: Final = Query("samples", "The catalogue of samples.", "SELECT * FROM samples ORDER BY question_id")

ORGANIZATIONS: Final = Query(
    "organizations",
    "The organizations that have a run.",
    "SELECT DISTINCT organization FROM runs WHERE organization IS NOT NULL ORDER BY organization",
)

ALL: Final = (BOARDS, RUNS, LEADERBOARD, HEALTH, OUTCOMES, DISCORDANT, SAMPLES, ORGANIZATIONS)


@dataclass(frozen=True)
class Board:
    """A board as people choose it."""

    id: str
    protocol: Protocol
    runs: int
    per_sample_runs: int

    @property
    def label(self) -> str:
        return self.protocol.label


def boards(store: Store) -> list[Board]:
    """All boards, human verdicts first, then by number of runs."""
    found = []
    for row in BOARDS.run(store).itertuples():
        count = None if pd.isna(row.responses_per_sample) else int(row.responses_per_sample)
        found.append(Board(row.board, Protocol(row.judge, count), int(row.runs), int(row.per_sample_runs)))
    return found


def find_board(store: Store, name: str) -> Board:
    """The board with this id or label (case aside); NoBoard lists what there is."""
    known = boards(store)
    wanted = name.strip().lower()
    for board in known:
        if wanted in (board.id, board.label.lower()):
            return board
    raise NoBoard(f"there is no board {name!r}", hint=f"one of {', '.join(board.id for board in known)}")


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
