"""Samples: how many runs pass each, whether it separates good runs from bad, and whether its responses can be trusted."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.queries import OUTCOMES, Query
from siuo_dash.benchmark.schema import FLAGS, Metric
from siuo_dash.store.engine.database import Store

# Multiple choice is scored alike everywhere, so its board takes in every run that answered it, by that metric only.
_BOARD: Final = (
    "r.evidence = 'per_sample' "
    "AND (r.board = $board OR ($board = 'exact-match-1' AND '{task}' = 'mcqa' AND r.mcqa_n > 0))"
)

SAMPLE_COUNTS: Final = Query(
    "sample_counts",
    "For each sample, how many runs of a board pass it, are graded on it, and have a response to it.",
    f"""
    SELECT s.question_id, s.domain, s.subcategory, s.primary_dimension, s.scene, s.request,
        COUNT(*) FILTER (WHERE v.{{column}}) AS k, COUNT(v.{{column}}) AS n, COUNT(*) AS runs
    FROM samples s JOIN verdicts v ON v.question_id = s.question_id JOIN runs r ON r.run_no = v.run_no
    WHERE v.task = '{{task}}' AND {_BOARD}
    GROUP BY s.question_id, s.domain, s.subcategory, s.primary_dimension, s.scene, s.request
    ORDER BY s.question_id
    """,  # noqa: S608 (a condition of our own)
)

SAMPLE_FLAGS: Final = Query(
    "sample_flags",
    "For each sample and health flag, how many runs of a board carry it there.",
    f"""
    SELECT f.question_id, f.flag, COUNT(DISTINCT f.run_no) AS flagged
    FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE f.task = '{{task}}' AND {_BOARD}
    GROUP BY f.question_id, f.flag
    """,  # noqa: S608 (a condition of our own)
)

SAMPLE_ANY_FLAG: Final = Query(
    "sample_any_flag",
    "For each sample, how many runs of a board carry any health flag there.",
    f"""
    SELECT f.question_id, COUNT(DISTINCT f.run_no) AS flagged
    FROM flagged f JOIN runs r ON r.run_no = f.run_no
    WHERE f.task = '{{task}}' AND {_BOARD}
    GROUP BY f.question_id
    """,  # noqa: S608 (a condition of our own)
)

QUERIES: Final = (SAMPLE_COUNTS, SAMPLE_FLAGS, SAMPLE_ANY_FLAG)
DOMINATED: Final = 0.5
"""Flagged responses dominate a sample when more than this share of the runs carries a flag there."""


def sample_figures(store: Store, board: str, metric: Metric, flag: str | None = None) -> pd.DataFrame:
    """Every sample that a per-sample run of the board has: what is known of it, and

    k of n graded runs that pass (`rate`, a fraction; NaN where none is graded), `discrimination` (item-rest
    correlation, NaN where it is not defined), `runs` with a response, `flagged` of them (by `flag`, or by any),
    `dominated`, and `flags`: {flag: runs}, the most frequent first.
    """
    with store.reading():
        frame = SAMPLE_COUNTS.run(store, metric=metric, board=board)
        by_flag = SAMPLE_FLAGS.run(store, metric=metric, board=board)
        any_flag = SAMPLE_ANY_FLAG.run(store, metric=metric, board=board)
        outcomes = OUTCOMES.run(store, metric=metric, board=board)
    chosen = any_flag if flag is None else by_flag[by_flag["flag"] == flag]
    flagged = chosen.set_index("question_id")["flagged"].reindex(frame["question_id"]).fillna(0).astype(int).to_numpy()
    flags: dict[int, dict[str, int]] = {}
    for question_id, name, count in by_flag.sort_values(["flagged", "flag"], ascending=[False, True]).itertuples(
        index=False
    ):
        flags.setdefault(int(question_id), {})[name] = int(count)
    return frame.assign(
        rate=frame["k"] / frame["n"].where(frame["n"] > 0),
        discrimination=_discrimination(frame["question_id"], outcomes),
        flagged=flagged,
        dominated=flagged > DOMINATED * frame["runs"],
        flags=[flags.get(int(question_id), {}) for question_id in frame["question_id"]],
    )


def flags_in_use(store: Store, board: str, metric: Metric) -> list[str]:
    """The flags that any per-sample run of the board carries, in the order of the schema."""
    found = set(SAMPLE_FLAGS.run(store, metric=metric, board=board)["flag"])
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


def _discrimination(samples: pd.Series[int], outcomes: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows, runs = pd.factorize(outcomes["run_no"])
    columns = pd.Index(samples).get_indexer(outcomes["question_id"])
    matrix = np.full((len(runs), len(samples)), np.nan)
    known = columns >= 0
    matrix[rows[known], columns[known]] = outcomes["outcome"].to_numpy(dtype=float)[known]
    return stats.discrimination(matrix)
