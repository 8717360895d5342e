"""A run before it is published: its place in its board, and earlier runs of the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from siuo_dash.analysis import board_list, bounded, comparison, queries
from siuo_dash.analysis.filters import Clause, Filters, among, of_runs
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.stats.differences import paired_table
from siuo_dash.analysis.stats.ranking import competition_rank, rank_ranges
from siuo_dash.benchmark.protocol import set_of
from siuo_dash.benchmark.schema import MCQA_JUDGE, METRICS, Metric
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.benchmark.text import slug
from siuo_dash.errors import SchemaError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from siuo_dash.store.runs.run_file import fingerprints_of, response_fingerprints

NEW: Final = "this upload"
"""Stands for the run_id of a run that has none yet."""
MOST_EARLIER: Final = 5

NAMES: Final = Query(
    "names",
    "The models, judges and organizations that have a run.",
    "SELECT DISTINCT model, judge, organization FROM runs ORDER BY model, judge, organization",
)


@dataclass(frozen=True)
class Candidate:
    """A run that is not published.

    board: the id of the board of its generation part. expected: the number of samples of its split.
    outcomes: {metric: {question_id: outcome}}, None = ungraded; a metric that was not judged is missing. replaces: the
    run_id of the published run that it corrects, which would be gone.
    """

    board: str
    expected: int
    outcomes: Mapping[str, Mapping[int, bool | None]]
    replaces: str | None = None

    def board_for(self, metric: Metric) -> str:
        """Where it is compared by a metric: multiple choice is one board for all."""
        return queries.board_for(metric, self.board)

    def rate(self, metric: Metric) -> Tally:
        """k of n graded samples."""
        graded = [outcome for outcome in self.outcomes[metric.id].values() if outcome is not None]
        return Tally(sum(graded), len(graded))

    def is_partial(self, metric: Metric) -> bool:
        """Whether samples of its split have no verdict: such a run is not ranked unless asked for."""
        return self.rate(metric).n < self.expected


@dataclass(frozen=True)
class Standing:
    """The place of a candidate by one metric.

    board: the ranked runs and the candidate (run_id NEW), best first: run_id, model, evidence, rank, and the metric's
    _k, _n, _rate, _low, _high (fractions, Wilson 95%). A partial candidate is placed among all runs, partial ones too.
    down, up: how many of the others would lose places by it, and gain some by the run that it replaces.
    """

    metric: Metric
    rate: Tally
    partial: bool
    rank: int
    board: pd.DataFrame
    down: int = 0
    up: int = 0

    @property
    def others(self) -> int:
        """How many runs it is placed among."""
        return len(self.board) - 1


@dataclass(frozen=True)
class Earlier:
    """A run of the same model: its row of `runs`, its label, and candidate minus run for each metric both have."""

    run: pd.Series[Any]
    label: str
    same_board: bool
    differences: Mapping[str, comparison.Difference]


@dataclass(frozen=True)
class PublishedRank:
    """The place of a published run by a metric: rank among `ranked` runs; None where it is not ranked."""

    run: pd.Series[Any]
    metric: Metric
    rank: int | None
    ranked: int


def standing(store: Store, candidate: Candidate, metric: Metric, model: str) -> Standing | None:
    """The candidate's place by a metric among the runs of its board; None where no verdict of it could be read."""
    rate, partial = candidate.rate(metric), candidate.is_partial(metric)
    if not rate.n:
        return None
    ranked = _ranked(store, candidate, metric)
    k, n = f"{metric.id}_k", f"{metric.id}_n"
    board = ranked[["run_id", "model", "evidence", k, n]].copy()
    board.loc[len(board)] = [NEW, model, "per_sample", rate.k, rate.n]
    board = queries.with_rates(board, f"{metric.id}_")
    board["rank"] = competition_rank(board[f"{metric.id}_rate"].to_numpy()).astype(int)
    board["new"] = board["run_id"] == NEW
    # Among equals the new run comes first: it is the one that is looked for.
    board = board.sort_values(["rank", "new", "model", "run_id"], ascending=[True, False, True, True])
    rank = int(board.loc[board["new"], "rank"].iloc[0])
    before = board["run_id"].map(ranked.set_index("run_id")["rank"])
    down, up = (int(moved.sum()) for moved in (board["rank"] > before, board["rank"] < before))
    return Standing(metric, rate, partial, rank, board.drop(columns="new").reset_index(drop=True), down, up)


def rank_range(store: Store, candidate: Candidate, metric: Metric) -> tuple[int, int] | None:
    """The 2.5–97.5 percentiles of the candidate's rank in its board, as on the leaderboard; None without a verdict."""
    with store.reading():  # counts and verdicts must be of one state; this runs beside the page, too
        ranked = _ranked(store, candidate, metric)
        samples = queries.samples_of(store, candidate.board)
        compared = bounded.best_and_some(ranked["run_id"].tolist(), bounded.most_runs(store, candidate.board))
        ranked = ranked.iloc[compared.places]
        outcomes = queries.outcome_matrix(store, metric, ranked["run_no"], samples["question_id"])
    rate = candidate.rate(metric)
    own = samples["question_id"].map(candidate.outcomes[metric.id]).to_numpy(dtype=np.float32)
    ranges = rank_ranges(
        run_ids=[*ranked["run_id"], NEW],
        k=[*ranked[f"{metric.id}_k"].astype(int), rate.k],
        n=[*ranked[f"{metric.id}_n"].astype(int), rate.n],
        outcomes=np.vstack([outcomes, own]),
        strata=samples["domain"].to_numpy(dtype=str),
        weights=None if compared.weights is None else [*compared.weights, 0.0],
    )
    low, high = ranges[-1].rank_low, ranges[-1].rank_high
    return None if low is None or high is None else (low, high)


def known_names(store: Store) -> dict[str, list[str]]:
    """{'model': …, 'judge': …, 'organization': …}: the names in use, each once."""
    frame = NAMES.run(store)
    return {name: frame[name].dropna().drop_duplicates().tolist() for name in ("model", "judge", "organization")}


def judges(store: Store) -> dict[str, int]:
    """{judge: number of runs}, as `boards` lists them; multiple choice has none."""
    found: dict[str, int] = {}
    for board in board_list.boards(store):
        if board.protocol.judge != MCQA_JUDGE:
            found[board.protocol.judge] = found.get(board.protocol.judge, 0) + board.runs
    return found


def published_rank(store: Store, run_id: str) -> PublishedRank:
    """The place of a published run on its board, by the first metric that it is judged by; NoRun for an unknown one."""
    run = queries.find_run(store, run_id)
    metric = next(metric for metric in METRICS.values() if run[f"{metric.id}_n"])
    frame = queries.ranking(store, Filters(board=queries.board_for(metric, run["board"])), metric)
    ranks = frame.set_index("run_id")["rank"].dropna().astype(int)
    return PublishedRank(run, metric, ranks.get(run_id), len(ranks))


def uploaded_runs(store: Store, most: int) -> list[str]:
    """The ids of the uploaded runs, the latest first, at most so many: those that can be withdrawn."""
    uploaded = Clause("file LIKE 'runs/%'")
    return queries.run_ids(store, uploaded, "submitted_at DESC NULLS LAST, run_id", most)


def earlier_runs(
    store: Store, candidate: Candidate, model: str, models: Sequence[str], metrics: Sequence[Metric]
) -> list[Earlier]:
    """Runs of the same model, those of the same board and the latest first, at most MOST_EARLIER.

    models: the names in use, of which those are taken that differ in case and punctuation only.
    """
    wanted = slug(model)
    alike = [name for name in models if name == model or (wanted and slug(name) == wanted)]
    if not alike:
        return []
    found = queries.RUNS.run(store, where=among("model", "models", alike))
    found["same_board"] = found["board"] == candidate.board
    found = found.sort_values(
        ["same_board", "submitted_at", "run_id"], ascending=[False, False, True], na_position="last"
    ).head(MOST_EARLIER)
    labels = run_labels(store)
    return [
        Earlier(
            run,
            labels[run["run_id"]],
            bool(run["same_board"]),
            {
                metric.id: difference
                for metric in metrics
                if (difference := _difference(store, candidate, run, metric)) is not None
            },
        )
        for _, run in found.iterrows()
    ]


def same_responses(store: Store, run_ids: Sequence[str], table: pa.Table) -> dict[str, int]:
    """{run_id: on how many samples the run has the same responses as the candidate}; runs without texts have none.

    table: the candidate's rows under RESULT_SCHEMA. Reads the runs' files, so a page should not wait for it.
    """
    own = fingerprints_of(table.filter(pc.equal(table["task"], "generation")))
    counts = {}
    for run_id in run_ids:
        with suppress(SchemaError):  # a file that has gone meanwhile is named by the next refresh
            theirs = response_fingerprints(store, run_id)
            counts[run_id] = sum(own.get(question_id) == words for question_id, words in theirs.items())
    return counts


def _ranked(store: Store, candidate: Candidate, metric: Metric) -> pd.DataFrame:
    filters = Filters(board=candidate.board_for(metric))
    frame = queries.ranking(store, filters, metric, rank_partial=candidate.is_partial(metric))
    return frame[frame["rank"].notna() & (frame["run_id"] != candidate.replaces)].reset_index(drop=True)


def _difference(
    store: Store, candidate: Candidate, run: pd.Series[Any], metric: Metric
) -> comparison.Difference | None:
    """Candidate minus run on a metric: paired over the samples graded in both, else by the two rates."""
    own, other = candidate.rate(metric), Tally(int(run[f"{metric.id}_k"]), int(run[f"{metric.id}_n"]))
    if not own.n or not other.n:
        return None
    if run["sample_set"] != set_of(candidate.board):
        return comparison.unpaired(metric, own, other, comparison.OTHER_SET)
    if run["evidence"] == "per_sample":
        ours = candidate.outcomes[metric.id]
        theirs = queries.OUTCOMES.run(store, metric=metric, where=of_runs([run["run_id"]]))
        graded = {question_id: float(value) for question_id, value in ours.items() if value is not None}
        table = paired_table(
            theirs["question_id"].map(graded).to_numpy(dtype=float), theirs["outcome"].to_numpy(dtype=float)
        )
        if table.n:
            return comparison.paired(metric, table)
        return comparison.unpaired(metric, own, other, "no sample is graded in both runs")
    return comparison.unpaired(metric, own, other, "the earlier run is known by its totals only")
