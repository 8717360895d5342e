"""Samples: how many runs pass each, whether it separates good runs from bad, and whether its responses can be trusted."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.filters import Clause, Filters
from siuo_dash.analysis.queries import SAMPLE_COUNTS, SAMPLES, Query, outcome_matrix
from siuo_dash.benchmark.schema import FLAGS, Metric
from siuo_dash.store.engine.database import Store

SAMPLE_FLAGS: Final = Query(
    "sample_flags",
    "For each sample, how many of the chosen runs carry each health flag there, and any of them (flag is null).",
    """
    SELECT question_id, flag, COUNT(DISTINCT run_no) AS flagged FROM flagged
    WHERE task = '{task}' AND run_no IN (SELECT run_no FROM runs WHERE {where})
    GROUP BY GROUPING SETS ((question_id, flag), (question_id)) ORDER BY question_id, flag NULLS FIRST
    """,
)

_SHOWN: Final = ["question_id", "domain", "subcategory", "primary_dimension", "scene", "request"]
DOMINATED: Final = 0.5
"""Flagged responses dominate a sample when more than this share of the runs carries a flag there."""


def sample_figures(store: Store, board: str, metric: Metric, flag: str | None = None) -> pd.DataFrame:
    """Every sample that a per-sample run of the board has: what is known of it, and

    k of n graded runs that pass (`rate`, a fraction; NaN where none is graded), `discrimination` (item-rest
    correlation, NaN where it is not defined), `runs` with a response, `flagged` of them (by `flag`, or by any),
    `dominated`, and `flags`: {flag: runs}, the most frequent first.
    """
    where = _compared(board, metric)
    with store.reading():
        counts = SAMPLE_COUNTS.run(store, metric=metric, where=where)
        raised = SAMPLE_FLAGS.run(store, metric=metric, where=where)
        frame = SAMPLES.run(store)[_SHOWN].merge(counts, on="question_id")
        matrix = outcome_matrix(store, metric, where, frame["question_id"])
    by_flag, any_flag = raised[raised["flag"].notna()], raised[raised["flag"].isna()]
    chosen = any_flag if flag is None else by_flag[by_flag["flag"] == flag]
    flagged = chosen.set_index("question_id")["flagged"].reindex(frame["question_id"]).fillna(0).astype(int).to_numpy()
    flags: dict[int, dict[str, int]] = {}
    for question_id, name, count in by_flag.sort_values(["flagged", "flag"], ascending=[False, True]).itertuples(
        index=False
    ):
        flags.setdefault(int(question_id), {})[name] = int(count)
    return frame.assign(
        rate=frame["k"] / frame["n"].where(frame["n"] > 0),
        discrimination=stats.discrimination(matrix.astype(np.float64)),
        flagged=flagged,
        dominated=flagged > DOMINATED * frame["runs"],
        flags=[flags.get(int(question_id), {}) for question_id in frame["question_id"]],
    )


def flags_in_use(store: Store, board: str, metric: Metric) -> list[str]:
    """The flags that any per-sample run of the board carries, in the order of the schema."""
    found = set(SAMPLE_FLAGS.run(store, metric=metric, where=_compared(board, metric))["flag"])
    return [flag for flag in FLAGS if flag in found]


def chance_limit(runs: int) -> float | None:
    """A correlation over so many runs has to exceed this (in size) to be more than chance at 5 %; None below three.

    t / √(n - 2 + t²), t the 97.5 % point of Student's distribution with n - 2 degrees of freedom.
    """
    if runs < 3:
        return None
    from scipy.stats import t as student

    point = float(student.ppf(0.975, runs - 2))
    return point / sqrt(runs - 2 + point**2)


def _compared(board: str, metric: Metric) -> Clause:
    """The runs of a board; the multiple-choice board takes in those of others by that metric only."""
    if metric.id == "mcqa":
        return Filters(board=board).where()
    return Clause("board = $board", {"board": board})
