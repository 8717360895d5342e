"""Samples: the catalogue with how hard a board finds each, and what runs made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis.filters import Clause
from siuo_dash.analysis.queries import Query
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.benchmark.schema import FLAGS, METRICS, Metric
from siuo_dash.store.engine.database import Store

MCQA_BOARD: Final = "exact-match-1"
ORDERS: Final = {"number": "Sample number", "hardest": "Hardest first", "easiest": "Easiest first"}
_ORDER_SQL: Final = {
    "number": "s.question_id",
    "hardest": "CAST(d.board_k AS DOUBLE) / NULLIF(d.board_n, 0) NULLS LAST, s.question_id",
    "easiest": "CAST(d.board_k AS DOUBLE) / NULLIF(d.board_n, 0) DESC NULLS LAST, s.question_id",
}

SAMPLE_LIST: Final = Query(
    "sample_list",
    "The samples that pass the filters, each with how many of the board's runs pass it.",
    """
    WITH difficulty AS (
        SELECT v.question_id, COUNT(*) FILTER (WHERE v.{column}) AS board_k, COUNT(v.{column}) AS board_n
        FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        WHERE v.task = '{task}' AND v.question_id IS NOT NULL
            AND (r.board = $board OR ($board = 'exact-match-1' AND r.mcqa_n > 0))
        GROUP BY v.question_id
    )
    SELECT s.*, COALESCE(d.board_k, 0) AS board_k, COALESCE(d.board_n, 0) AS board_n
    FROM samples s LEFT JOIN difficulty d ON d.question_id = s.question_id
    WHERE {where} ORDER BY {order}
    """,
)

VERDICTS_OF_RUNS: Final = Query(
    "verdicts_of_runs",
    "Every sample's verdicts in the chosen runs.",
    """
    SELECT r.run_id, v.task, v.question_id, v.safe, v.effective, v.safe_and_effective, v.answer, v.correct,
        v.response_count, v.safe_votes, v.safe_graded, v.effective_votes, v.effective_graded, r.safe_n, r.effective_n
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.question_id IS NOT NULL AND {where}
    ORDER BY v.question_id, v.task
    """,
)

FLAGS_OF_RUNS: Final = Query(
    "flags_of_runs",
    "The health flags of the chosen runs' samples.",
    """
    SELECT r.run_id, f.task, f.question_id, f.flag FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE {where} ORDER BY f.question_id, f.flag
    """,
)

BOARDS_OF_SAMPLE: Final = Query(
    "boards_of_sample",
    "For one sample, how many runs of each board pass it by each metric.",
    """
    SELECT r.board, v.task, COUNT(*) AS runs,
        COUNT(*) FILTER (WHERE v.safe) AS safe_k, COUNT(v.safe) AS safe_n,
        COUNT(*) FILTER (WHERE v.effective) AS effective_k, COUNT(v.effective) AS effective_n,
        COUNT(*) FILTER (WHERE v.safe_and_effective) AS safe_and_effective_k,
        COUNT(v.safe_and_effective) AS safe_and_effective_n,
        COUNT(*) FILTER (WHERE v.correct) AS mcqa_k, COUNT(v.correct) AS mcqa_n
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.question_id = $question_id
    GROUP BY r.board, v.task ORDER BY COUNT(*) DESC, r.board, v.task
    """,
)

VERDICTS_OF_SAMPLE: Final = Query(
    "verdicts_of_sample",
    "The runs' verdicts on one sample, by board.",
    """
    SELECT r.run_id, r.model, r.board, v.task, v.question_id, v.safe, v.effective, v.safe_and_effective, v.answer, v.correct,
        v.response_count, v.safe_votes, v.safe_graded, v.effective_votes, v.effective_graded, r.safe_n, r.effective_n
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.question_id = $question_id
    ORDER BY CASE WHEN r.board = $first THEN 0 ELSE 1 END, r.board, v.task, r.model, r.run_id LIMIT $most
    """,
)

TOTALS_AMONG: Final = Query(
    "totals_among",
    "Which of the chosen runs are known by their totals only.",
    "SELECT r.run_id FROM runs r WHERE r.evidence = 'totals' AND {where}",
)

QUERIES: Final = (SAMPLE_LIST, TOTALS_AMONG, VERDICTS_OF_RUNS, FLAGS_OF_RUNS, BOARDS_OF_SAMPLE, VERDICTS_OF_SAMPLE)


def difficulty_metric(board: str) -> Metric:
    """What a board's samples are hard by: the right option on the multiple-choice board, else safety."""
    return METRICS["mcqa" if board == MCQA_BOARD else "safe"]


def sample_list(store: Store, filters: SampleFilters, board: str, order: str = "number") -> pd.DataFrame:
    """The samples of `filters` in the given order (ORDERS), with `board_k` of `board_n` runs that pass."""
    query = replace(SAMPLE_LIST, sql=SAMPLE_LIST.sql.replace("{order}", _ORDER_SQL[order]))
    return query.run(store, metric=difficulty_metric(board), where=filters.where(), board=board)


def verdicts_of_runs(store: Store, run_ids: Sequence[str], question_id: int | None = None) -> pd.DataFrame:
    """Every sample's verdicts in these runs (or one sample's), one row a run, task and sample, with `flags` (a list)."""
    runs, values = _runs(run_ids)
    if question_id is None:
        of = (Clause(runs, values), Clause(runs, values))
    else:
        values |= {"question_id": question_id}
        of = (
            Clause(f"{runs} AND v.question_id = $question_id", values),
            Clause(f"{runs} AND f.question_id = $question_id", values),
        )
    return with_flags(VERDICTS_OF_RUNS.run(store, where=of[0]), FLAGS_OF_RUNS.run(store, where=of[1]))


def verdicts_of_sample(store: Store, question_id: int, *, first: str, most: int) -> pd.DataFrame:
    """At most `most` verdicts on one sample by board, the board `first` on top, with `flags` (a list)."""
    frame = VERDICTS_OF_SAMPLE.run(store, question_id=question_id, first=first, most=most)
    where = Clause("f.question_id = $question_id", {"question_id": question_id})
    return with_flags(frame, FLAGS_OF_RUNS.run(store, where=where))


def totals_among(store: Store, run_ids: Sequence[str]) -> set[str]:
    """Those of the runs that are known by their totals only: of no sample is anything known."""
    runs, values = _runs(run_ids)
    return set(TOTALS_AMONG.run(store, where=Clause(runs, values))["run_id"])


def boards_of_sample(store: Store, question_id: int) -> pd.DataFrame:
    """For one sample, k of n runs of each board and task, by each metric."""
    return BOARDS_OF_SAMPLE.run(store, question_id=question_id)


def with_flags(frame: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """The verdicts with a column `flags`: the list of each row's flags, in the order of the schema."""
    raised: dict[tuple[str, str, int], list[str]] = {}
    for row in flags.itertuples():
        raised.setdefault((row.run_id, row.task, int(row.question_id)), []).append(row.flag)
    keys = zip(frame["run_id"], frame["task"], frame["question_id"], strict=True)
    return frame.assign(
        flags=[sorted(raised.get((run, task, int(qid)), []), key=_FLAG_ORDER.index) for run, task, qid in keys]
    )


_FLAG_ORDER: Final = list(FLAGS)


def _runs(run_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {f"run_{index}": run_id for index, run_id in enumerate(run_ids)}
    return (f"r.run_id IN ({', '.join(f'${name}' for name in names)})" if names else "FALSE"), names
