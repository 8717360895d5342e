"""Repeated responses: how a sample's responses agree, and what one of them alone would have given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pandas as pd

from siuo_dash.analysis import stats
from siuo_dash.analysis.filters import Clause, of_runs, together
from siuo_dash.analysis.queries import Query
from siuo_dash.benchmark.schema import DOMAINS, Metric
from siuo_dash.store.engine.database import Store

VOTES: Final = Query(
    "votes",
    "For each of the chosen runs, or for each domain, how many samples have how many of how many responses passing.",
    """
    SELECT {by}, v.response_count AS responses, v.{column}_graded AS graded, v.{column}_votes AS votes,
        COUNT(*) AS samples, COUNT(*) FILTER (WHERE v.{column}) AS passing
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no JOIN samples s ON s.question_id = v.question_id
    WHERE v.task = 'generation' AND r.{metric}_n > 0 AND {where}
    GROUP BY {by}, v.response_count, v.{column}_graded, v.{column}_votes
    ORDER BY {by}, v.response_count, v.{column}_graded, v.{column}_votes
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
    found = _votes(store, board, metric, "r.run_id, r.model")
    rows = [(run_id, model, *_mix(votes)) for (run_id, model), votes in _grouped(found, ["run_id", "model"]).items()]
    frame = pd.DataFrame(rows, columns=["run_id", "model", *_COLUMNS])
    frame = frame[frame["responses"] > 1]
    return frame.sort_values(["stable", "model", "run_id"], na_position="last", ignore_index=True)


def boards_with_responses(store: Store, metric: Metric) -> list[str]:
    """The ids of the boards that have runs with at least two judged responses to a sample, most runs first."""
    return list(BOARDS_WITH_RESPONSES.run(store, metric=metric)["board"])


def mixes_by_domain(store: Store, board: str, metric: Metric, run_id: str | None = None) -> pd.DataFrame:
    """The same for each domain, of one run, or of all runs of the board together (None), in the benchmark's order."""
    found = _votes(store, board, metric, "s.domain", None if run_id is None else of_runs([run_id]))
    if run_id is None and len(found):
        # Runs with one response have nothing to agree on, and would count as stable.
        found = found[found["responses"] > 1]
    parts = _grouped(found, ["domain"])
    rows = [(domain.id, *_mix(parts[(domain.id,)])) for domain in DOMAINS if (domain.id,) in parts]
    return pd.DataFrame(rows, columns=["domain", *_COLUMNS])


def mix_of_run(store: Store, run_id: str, metric: Metric) -> stats.ResponseMix:
    """How a run's responses to one sample agree: 3/3, 2/3, 1/3, 0/3 (n is samples, never responses)."""
    found = VOTES.run(store, metric=metric, where=of_runs([run_id]), parts={"by": "r.run_id"})
    responses = int(found["responses"].max()) if len(found) else 0
    counts = found[["graded", "votes", "samples"]].itertuples(index=False, name=None)
    return _agreement(responses, tuple((int(graded), int(votes), int(samples)) for graded, votes, samples in counts))[0]


def _votes(store: Store, board: str, metric: Metric, by: str, runs: Clause | None = None) -> pd.DataFrame:
    """The votes of the samples of a board's runs that have a response."""
    where = together([Clause("r.board = $board AND v.response_count > 0", {"board": board}), runs])
    return VOTES.run(store, metric=metric, where=where, parts={"by": by})


@dataclass(frozen=True)
class _Votes:
    """So many samples have this many responses, graded ones and passing ones; `passing` of the samples pass."""

    responses: int
    graded: int
    votes: int
    samples: int
    passing: int


def _grouped(found: pd.DataFrame, keys: list[str]) -> dict[tuple[str, ...], list[_Votes]]:
    groups: dict[tuple[str, ...], list[_Votes]] = {}
    for row in found[[*keys, "responses", "graded", "votes", "samples", "passing"]].itertuples(index=False):
        groups.setdefault(tuple(row[: len(keys)]), []).append(_Votes(*map(int, row[len(keys) :])))
    return groups


def _mix(votes: list[_Votes]) -> tuple[Any, ...]:
    """One row of _COLUMNS from the rows of a vote query."""
    sizes: dict[int, int] = {}
    for each in votes:
        sizes[each.responses] = sizes.get(each.responses, 0) + each.samples
    responses = max(sizes, key=lambda size: (sizes[size], size))
    own = [each for each in votes if each.responses == responses]
    counts = tuple(sorted((each.graded, each.votes, each.samples) for each in own))
    mix, single = _agreement(responses, counts)
    graded = [each for each in own if each.graded]
    return (
        responses,
        mix.counts,
        mix.incomplete,
        mix.ungraded,
        sum(sizes.values()) - sizes[responses],
        np.nan if mix.stable is None else mix.stable,
        sum(each.passing for each in graded),
        sum(each.samples for each in graded),
        *((single.mean, single.sd, single.low, single.high) if single else (np.nan,) * 4),
    )


# The same run has the same counts in every version of the data.
@lru_cache(maxsize=1 << 15)
def _agreement(
    responses: int, counts: tuple[tuple[int, int, int], ...]
) -> tuple[stats.ResponseMix, stats.SingleResponse | None]:
    """How samples × responses agree, from (graded, passing, samples): which of the responses pass does not matter."""
    rows = [np.empty((0, responses))]
    for graded, passing, samples in counts:
        row = np.full(responses, np.nan)
        row[:graded] = 0.0
        row[:passing] = 1.0
        rows.append(np.tile(row, (samples, 1)))
    matrix = np.concatenate(rows)
    return stats.response_mix(matrix), stats.single_response_rate(matrix)
