"""Repeated responses: how a sample's responses agree, and what one of them alone would have given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.queries import Query
from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.store.database import Store

VOTES_BY_RUN: Final = Query(
    "votes_by_run",
    "For each per-sample run of a board, how many samples have how many of how many responses passing.",
    """
    SELECT r.run_id, r.model, v.response_count AS responses, v.{column}_graded AS graded, v.{column}_votes AS votes,
        COUNT(*) AS samples, COUNT(*) FILTER (WHERE v.{column}) AS passing
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE r.board = $board AND r.evidence = 'per_sample' AND v.task = 'generation' AND r.{metric}_n > 0
        AND v.response_count > 0
    GROUP BY r.run_id, r.model, v.response_count, v.{column}_graded, v.{column}_votes
    """,
)

VOTES_BY_DOMAIN: Final = Query(
    "votes_by_domain",
    "For each domain, of one run or of all of a board, how many samples have how many of how many responses passing.",
    """
    SELECT s.domain, v.response_count AS responses, v.{column}_graded AS graded, v.{column}_votes AS votes,
        COUNT(*) AS samples, COUNT(*) FILTER (WHERE v.{column}) AS passing
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no JOIN samples s ON s.question_id = v.question_id
    WHERE r.board = $board AND r.evidence = 'per_sample' AND v.task = 'generation' AND r.{metric}_n > 0
        AND v.response_count > 0 AND ($run_id IS NULL OR r.run_id = $run_id)
    GROUP BY s.domain, v.response_count, v.{column}_graded, v.{column}_votes
    """,
)

BOARDS_WITH_RESPONSES: Final = Query(
    "boards_with_responses",
    "The boards that have runs with the verdicts of several responses to a sample.",
    """
    SELECT r.board, COUNT(DISTINCT r.run_no) AS runs FROM verdicts v JOIN runs r ON r.run_no = v.run_no
    WHERE v.task = 'generation' AND v.{column}_graded > 1 GROUP BY r.board ORDER BY COUNT(DISTINCT r.run_no) DESC, r.board
    """,
)

QUERIES: Final = (VOTES_BY_RUN, VOTES_BY_DOMAIN, BOARDS_WITH_RESPONSES)

_COLUMNS: Final = [
    "responses",
    "counts",
    "incomplete",
    "ungraded",
    "other",
    "stable",
    "k",
    "n",
    "mean",
    "sd",
    "low",
    "high",
]
"""responses: how many a sample has (the most frequent number); counts: samples with 0, 1, …, all of them passing;
other: samples with another number of responses; stable: share whose responses all agree; k of n: the samples' own
outcomes; mean, sd, low, high: what one response a sample would have given (fractions)."""


def mixes(store: Store, board: str, metric: Metric) -> pd.DataFrame:
    """For each per-sample run of a board with at least two responses a sample: run_id, model, and how they agree.

    The columns of _COLUMNS; the least stable run first.
    """
    found = VOTES_BY_RUN.run(store, metric=metric, board=board)
    rows = [(run_id, model, *_mix(part)) for (run_id, model), part in found.groupby(["run_id", "model"], sort=False)]
    frame = pd.DataFrame(rows, columns=["run_id", "model", *_COLUMNS])
    frame = frame[frame["responses"] > 1]
    return frame.sort_values(["stable", "model", "run_id"], na_position="last", ignore_index=True)


def boards_with_responses(store: Store, metric: Metric) -> list[str]:
    """The ids of the boards that have runs with at least two judged responses to a sample, most runs first."""
    return list(BOARDS_WITH_RESPONSES.run(store, metric=metric)["board"])


def mixes_by_domain(store: Store, board: str, metric: Metric, run_id: str | None = None) -> pd.DataFrame:
    """The same for each domain, of one run, or of all runs of the board together (None), in the benchmark's order."""
    found = VOTES_BY_DOMAIN.run(store, metric=metric, board=board, run_id=run_id)
    if run_id is None and len(found):
        # Runs with one response have nothing to agree on, and would count as stable.
        found = found[found["responses"] > 1]
    order = [domain.id for domain in DOMAINS]
    parts = {str(domain): part for domain, part in found.groupby("domain")}
    rows = [(domain, *_mix(parts[domain])) for domain in order if domain in parts]
    return pd.DataFrame(rows, columns=["domain", *_COLUMNS])


def _mix(part: pd.DataFrame) -> tuple[Any, ...]:
    """One row of _COLUMNS from the rows of a vote query."""
    sizes = part.groupby("responses")["samples"].sum()
    responses = int(sizes[sizes == sizes.max()].index.max())
    own = part[part["responses"] == responses]
    votes = _matrix(own[["graded", "votes", "samples"]].itertuples(index=False), responses)
    mix, single = stats.response_mix(votes), stats.single_response_rate(votes)
    graded = own[own["graded"] > 0]
    spread = (single.mean, single.sd, single.low, single.high) if single else (np.nan,) * 4
    return (
        responses,
        mix.counts,
        mix.incomplete,
        mix.ungraded,
        int(part["samples"].sum() - own["samples"].sum()),
        np.nan if mix.stable is None else mix.stable,
        int(graded["passing"].sum()),
        int(graded["samples"].sum()),
        *spread,
    )


def _matrix(counts: Iterable[tuple[int, int, int]], responses: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Samples × responses from (graded, votes, samples): which response passes does not matter."""
    rows = [np.empty((0, responses))]
    for graded, votes, samples in counts:
        row = np.full(responses, np.nan)
        row[:graded] = 0.0
        row[:votes] = 1.0
        rows.append(np.tile(row, (samples, 1)))
    return np.concatenate(rows)
