"""Samples: the catalogue with how hard a board finds each, and what runs made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Clause, Filters, among, of_runs, together
from siuo_dash.analysis.once import once
from siuo_dash.analysis.queries import sample_counts
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.schema import BENCHMARK, FLAGS, METRICS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

ORDERS: Final = {"hardest": "Hardest first", "easiest": "Easiest first", "number": "By number"}
_ORDER_SQL: Final = {
    "number": "s.question_id",
    "hardest": "CAST(c.k AS DOUBLE) / NULLIF(c.n, 0) NULLS LAST, s.question_id",
    "easiest": "CAST(c.k AS DOUBLE) / NULLIF(c.n, 0) DESC NULLS LAST, s.question_id",
}

VERDICTS: Final = Query(
    "verdicts",
    "The verdicts of some runs or of one sample, by sample and board.",
    """
    SELECT r.run_id, r.model, r.board, v.task, v.question_id, v.safe, v.effective, v.safe_and_effective, v.answer,
        v.correct, v.response_count, v.safe_votes, v.safe_graded, v.effective_votes, v.effective_graded,
        r.safe_n, r.effective_n
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.question_id IS NOT NULL AND {where}
    ORDER BY v.question_id, CASE WHEN r.board = $first THEN 0 ELSE 1 END, r.board, v.task, r.model, r.run_id
    LIMIT $most
    """,
)

FLAGS_OF_RUNS: Final = Query(
    "flags_of_runs",
    "The health flags of some runs or of one sample.",
    """
    SELECT r.run_id, f.task, f.question_id, f.flag FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE {where} ORDER BY f.question_id, f.flag, f.task, r.run_id
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
    WHERE v.question_id = $question_id AND r.sample_set = $sample_set
    GROUP BY r.board, v.task ORDER BY COUNT(*) DESC, r.board, v.task
    """,
)

_DESCRIBED: Final = ["question_id", "domain", "subcategory", "primary_dimension", "scene", "request", "hazard"]
_FLAG_ORDER: Final = list(FLAGS)


def sample_list(store: Store, filters: SampleFilters, board: str, order: str = "number") -> pd.DataFrame:
    """The samples of `filters` in the given order (ORDERS), with `board_k` of `board_n` runs that pass by its metric.

    The runs that the filters name are not counted: those two are of the board's other runs.
    """
    named = Clause("NOT list_contains($named, run_id)", {"named": [run_id for run_id, _ in filters.runs]})
    runs = together([Filters(board=board).where(), named if filters.runs else None])
    where, by = filters.where(), _ORDER_SQL[order]
    found = sample_counts(store, METRICS[filters.metric], runs, where, by, sample_set=set_of(board))
    return found.rename(columns={"k": "board_k", "n": "board_n"}).drop(columns="runs")


def verdicts_of_runs(store: Store, run_ids: Sequence[str], question_id: int | None = None) -> pd.DataFrame:
    """The verdicts of these runs, of all samples or of one: a row a run, task and sample, with `flags` (a list)."""
    where = together([of_runs(run_ids), None if question_id is None else _of_sample(question_id)])
    return with_flags(
        VERDICTS.run(store, where=where, first="", most=queries.EVERY_ROW), FLAGS_OF_RUNS.run(store, where=where)
    )


def verdicts_of_sample(store: Store, question_id: int, *, first: str, most: int) -> pd.DataFrame:
    """At most `most` verdicts on one sample of the set of the board `first`, by board, that board on top, with `flags`
    (a list).
    """
    on_set = Clause("r.sample_set = $sample_set", {"sample_set": set_of(first)})
    where = together([_of_sample(question_id), on_set])
    return with_flags(VERDICTS.run(store, where=where, first=first, most=most), FLAGS_OF_RUNS.run(store, where=where))


@once
def with_verdicts(store: Store) -> frozenset[str]:
    """The runs that have a verdict for each sample; of the others only totals are known."""
    return frozenset(queries.run_ids(store, Clause("evidence = 'per_sample'")))


def boards_of_sample(store: Store, question_id: int, sample_set: str = BENCHMARK) -> pd.DataFrame:
    """For one sample of a set, k of n runs of each board and task, by each metric."""
    return BOARDS_OF_SAMPLE.run(store, question_id=question_id, sample_set=sample_set)


def described(
    store: Store, question_ids: Iterable[int], metric: Metric, boards: Iterable[str], *, without: Sequence[int]
) -> pd.DataFrame:
    """These samples in the order of the catalogue, with how many other runs of the boards, all of one set, pass each.

    Columns: question_id, domain, subcategory, primary_dimension, scene, request, hazard, and `others_k` of `others_n`
    graded runs. without: the run_no of those that are not counted.
    """
    on_boards = "run_no IN (SELECT run_no FROM board_runs WHERE list_contains($boards, board))"
    values: dict[str, list[Any]] = {"boards": list(boards), "without": list(without)}
    sample_set = set_of(values["boards"][0])
    others = Clause(f"{on_boards} AND NOT list_contains($without, run_no)", values)
    among_them = among("s.question_id", "described", question_ids)
    found = sample_counts(store, metric, others, among_them, sample_set=sample_set)
    return found.rename(columns={"k": "others_k", "n": "others_n"})[[*_DESCRIBED, "others_k", "others_n"]]


def with_flags(frame: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """The verdicts with a column `flags`: the list of each row's flags, in the order of the schema.

    flags: of FLAGS_OF_RUNS.
    """
    raised: dict[tuple[str, str, int], list[str]] = {}
    for row in flags.itertuples():
        raised.setdefault((row.run_id, row.task, int(row.question_id)), []).append(row.flag)
    keys = zip(frame["run_id"], frame["task"], frame["question_id"], strict=True)
    return frame.assign(
        flags=[sorted(raised.get((run, task, int(qid)), []), key=_FLAG_ORDER.index) for run, task, qid in keys]
    )


def _of_sample(question_id: int) -> Clause:
    return Clause("question_id = $question_id", {"question_id": question_id})
