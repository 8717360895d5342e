"""How far the figures can be trusted: the health of runs, what each sample says of them, and repeated responses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from siuo_dash.analysis.filters import Clause, Filters, of_runs, together
from siuo_dash.analysis.queries import HEALTH, sample_counts
from siuo_dash.analysis.stats.association import item_rest
from siuo_dash.analysis.stats.responses import ResponseMix, SingleResponse, response_mix, single_response_rate
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.schema import DOMAIN_LABELS, FLAGS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query

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
    ORDER BY CAST(COALESCE(s.flagged, 0) AS DOUBLE) / GREATEST(c.generation_samples, c.mcqa_samples) DESC,
        c.model, c.run_id
    """,
)

SAMPLE_FLAGS: Final = Query(
    "sample_flags",
    "For each sample, how many of the chosen runs carry each health flag there, and any of them (flag is null).",
    """
    SELECT question_id, flag, COUNT(DISTINCT run_no) AS flagged FROM flagged
    WHERE task = '{task}' AND run_no IN (SELECT run_no FROM runs WHERE {where})
    GROUP BY GROUPING SETS ((question_id, flag), (question_id)) ORDER BY question_id, flagged DESC, flag NULLS FIRST
    """,
)

# Whole numbers, so that it is the same figure on every engine, whatever the order of adding.
ITEM_REST: Final = Query(
    "item_rest",
    "For each sample, and each number of other samples that a run is graded on: the runs graded on it, those that pass "
    "it, and sums over them of how many of the others they pass.",
    """
    WITH graded AS (
        SELECT run_no, question_id, CAST({column} AS INTEGER) AS outcome FROM verdicts
        WHERE task = '{task}' AND {column} IS NOT NULL AND run_no IN (SELECT run_no FROM runs WHERE {where})
            AND question_id IN (SELECT question_id FROM samples WHERE sample_set = $sample_set)
    ),
    totals AS (
        SELECT run_no, CAST(SUM(outcome) AS BIGINT) AS passed, COUNT(*) - 1 AS others
        FROM graded GROUP BY run_no HAVING COUNT(*) > 1
    ),
    rests AS (
        SELECT g.question_id, t.others, g.outcome, t.passed - g.outcome AS rest
        FROM graded g JOIN totals t ON t.run_no = g.run_no
    )
    SELECT question_id, others, COUNT(*) AS runs, CAST(SUM(outcome) AS BIGINT) AS passed,
        CAST(SUM(rest) AS BIGINT) AS rest, CAST(SUM(outcome * rest) AS BIGINT) AS passed_rest,
        CAST(SUM(rest * rest) AS BIGINT) AS rest_squared
    FROM rests GROUP BY question_id, others ORDER BY question_id, others
    """,
)

VOTES: Final = Query(
    "votes",
    "For each of the chosen runs, or for each domain, how many samples have how many of how many responses passing.",
    """
    SELECT {by}, v.response_count AS responses, v.{column}_graded AS graded, v.{column}_votes AS votes,
        COUNT(*) AS samples, COUNT(*) FILTER (WHERE v.{column}) AS passing
    FROM verdicts v JOIN runs r ON r.run_no = v.run_no
        JOIN samples s ON s.sample_set = r.sample_set AND s.question_id = v.question_id
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
    WHERE v.task = 'generation' AND v.{column}_graded > 1
    GROUP BY r.board ORDER BY COUNT(DISTINCT r.run_no) DESC, r.board
    """,
)


def health(store: Store, filters: Filters, metric: Metric) -> pd.DataFrame:
    """One row for each examined run of the filters, the most flagged first.

    run_id, model, board, samples (of the larger task), flagged (samples with any flag), one column for each flag id
    (samples), k, n, clean_k, clean_n (the metric with and without the flagged samples; 0 of 0 where it was not judged).
    """
    where = filters.where()
    with store.reading():
        frame = CLEAN_COUNTS.run(store, metric=metric, where=where)
        counts = HEALTH.run(store, where=where)
    table = counts.pivot(index="run_no", columns="flag", values="samples") if len(counts) else pd.DataFrame()
    table = table.reindex(index=frame["run_no"], columns=list(FLAGS)).fillna(0).astype(np.int64)
    return pd.concat([frame.drop(columns="run_no"), table.reset_index(drop=True)], axis=1)


_SHOWN: Final = ["question_id", "domain", "subcategory", "primary_dimension", "scene", "request", "k", "n", "runs"]
DOMINATED: Final = 0.5
"""Flagged responses dominate a sample when more than this share of the runs carries a flag there."""


def sample_figures(store: Store, board: str, metric: Metric) -> pd.DataFrame:
    """Every sample that a per-sample run of the board has: its facts, and

    k of n graded runs that pass (`rate`, a fraction; NaN where none is graded), `discrimination` (item-rest
    correlation, NaN where it is not defined), `runs` with a response, `flagged` of them (by any flag), `dominated`
    (more than DOMINATED are), and `flags`: {flag: runs}, the most frequent first.
    """
    # The multiple-choice board takes in the runs of others by that metric only.
    where = Filters(board=board).where() if metric.id == "mcqa" else Clause("board = $board", {"board": board})
    with store.reading():
        raised = SAMPLE_FLAGS.run(store, metric=metric, where=where)
        frame = sample_counts(store, metric, where, sample_set=set_of(board))
        frame = frame.loc[frame["runs"] > 0, _SHOWN].reset_index(drop=True)
        sums = ITEM_REST.run(store, metric=metric, where=where, sample_set=set_of(board))
    flags: dict[int, dict[str, int]] = {}
    for question_id, name, count in raised[raised["flag"].notna()].itertuples(index=False):
        flags.setdefault(int(question_id), {})[name] = int(count)
    flagged = raised[raised["flag"].isna()].set_index("question_id")["flagged"]
    rate = frame["k"] / frame["n"].where(frame["n"] > 0)
    frame = frame.assign(rate=rate, discrimination=item_rest(sums, frame["question_id"]))
    frame = _flagged(frame, flagged.reindex(frame["question_id"], fill_value=0).to_numpy())
    return frame.assign(flags=[flags.get(int(question_id), {}) for question_id in frame["question_id"]])


def counted_by(figures: pd.DataFrame, flag: str) -> pd.DataFrame:
    """Figures of `sample_figures` whose `flagged` and `dominated` go by one flag."""
    return _flagged(figures, np.array([flags.get(flag, 0) for flags in figures["flags"]], dtype=np.int64))


def _flagged(figures: pd.DataFrame, flagged: npt.NDArray[np.int64]) -> pd.DataFrame:
    return figures.assign(flagged=flagged, dominated=flagged > DOMINATED * figures["runs"])


def flags_in_use(figures: pd.DataFrame) -> list[str]:
    """The flags that any run carries on a sample of `sample_figures`, in the order of the schema."""
    return [flag for flag in FLAGS if any(flag in flags for flags in figures["flags"])]


def chance_limit(runs: int) -> float | None:
    """A correlation over so many runs has to exceed this (in size) to be more than chance at 5%; None below three.

    t / √(n - 2 + t²), t the 97.5% point of Student's distribution with n - 2 degrees of freedom.
    """
    if runs < 3:
        return None
    from scipy.stats import t as student

    point = float(student.ppf(0.975, runs - 2))
    return point / sqrt(runs - 2 + point**2)


_AGREEING: Final = ("responses", "counts", "incomplete", "ungraded", "other", "stable")
_COLUMNS: Final = [*_AGREEING, "k", "n", "mean", "sd", "low", "high"]
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
    rows = [(domain, *_mix(parts[(domain,)])) for domain in DOMAIN_LABELS if (domain,) in parts]
    return pd.DataFrame(rows, columns=["domain", *_COLUMNS])


def mix_of_run(store: Store, run_no: int, metric: Metric) -> ResponseMix:
    """How a run's responses to one sample agree: 3/3, 2/3, 1/3, 0/3 (n is samples, never responses)."""
    found = VOTES.run(
        store, metric=metric, where=Clause("r.run_no = $run_no", {"run_no": run_no}), parts={"by": "r.run_id"}
    )
    responses = int(found["responses"].max()) if len(found) else 0
    counts = found[["graded", "votes", "samples"]].itertuples(index=False, name=None)
    return _agreement(responses, tuple((int(graded), int(votes), int(samples)) for graded, votes, samples in counts))[0]


def _votes(store: Store, board: str, metric: Metric, by: str, runs: Clause | None = None) -> pd.DataFrame:
    """The votes of the samples of a board's runs that have a response."""
    where = together([Clause("r.board = $board AND v.response_count > 0", {"board": board}), runs])
    return VOTES.run(store, metric=metric, where=where, parts={"by": by})


@dataclass(frozen=True)
class _Group:
    """So many samples have this many responses, graded ones and passing ones; `passing` of the samples pass."""

    responses: int
    graded: int
    votes: int
    samples: int
    passing: int


def _grouped(found: pd.DataFrame, keys: list[str]) -> dict[tuple[str, ...], list[_Group]]:
    groups: dict[tuple[str, ...], list[_Group]] = {}
    for row in found[[*keys, "responses", "graded", "votes", "samples", "passing"]].itertuples(index=False):
        groups.setdefault(tuple(row[: len(keys)]), []).append(_Group(*map(int, row[len(keys) :])))
    return groups


def _mix(votes: list[_Group]) -> tuple[Any, ...]:
    """One row of _COLUMNS from the rows of a vote query."""
    sizes: dict[int, int] = {}
    for group in votes:
        sizes[group.responses] = sizes.get(group.responses, 0) + group.samples
    responses = max(sizes, key=lambda size: (sizes[size], size))
    own = [group for group in votes if group.responses == responses]
    counts = tuple(sorted((group.graded, group.votes, group.samples) for group in own))
    mix, single = _agreement(responses, counts)
    graded = [group for group in own if group.graded]
    return (
        responses,
        mix.counts,
        mix.incomplete,
        mix.ungraded,
        sum(sizes.values()) - sizes[responses],
        np.nan if mix.stable is None else mix.stable,
        sum(group.passing for group in graded),
        sum(group.samples for group in graded),
        *((single.mean, single.sd, single.low, single.high) if single else (np.nan,) * 4),
    )


# The same run has the same counts in every version of the data.
@lru_cache(maxsize=1 << 15)
def _agreement(responses: int, counts: tuple[tuple[int, int, int], ...]) -> tuple[ResponseMix, SingleResponse | None]:
    """How samples × responses agree, from (graded, passing, samples): which of the responses pass does not matter."""
    rows = [np.empty((0, responses))]
    for graded, passing, samples in counts:
        row = np.full(responses, np.nan)
        row[:graded] = 0.0
        row[:passing] = 1.0
        rows.append(np.tile(row, (samples, 1)))
    matrix = np.concatenate(rows)
    return response_mix(matrix), single_response_rate(matrix)
