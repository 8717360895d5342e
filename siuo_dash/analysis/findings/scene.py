"""What the themes look at: the store, the chosen board and metric, and the board's ranked runs."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings import words
from siuo_dash.analysis.findings.statement import Link
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.protocol import MCQA_BOARD
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Scene:
    """One board seen by one metric. runs: its ranked runs, best first, as `leaderboard` gives them."""

    store: Store
    board: Board
    metric: Metric
    runs: pd.DataFrame

    @property
    def generation(self) -> Metric:
        """The metric to set against multiple choice, or to judge: the chosen one, or Safe."""
        return METRICS["safe"] if self.metric.task == "mcqa" else self.metric

    @property
    def rate(self) -> str:
        return f"{self.metric.label} rate"

    @property
    def n(self) -> str:
        return words.count(len(self.runs), "run")

    def link(self, url: str, label: str, metric: Metric | None = None) -> Link:
        """A link that keeps board and metric."""
        return Link(url, label, {"board": self.board.label, "metric": (metric or self.metric).label})

    def by_model(self, value: str | None = None) -> pd.DataFrame:
        """One row a model: its first run's facts, the mean of its runs' rates as `rate` (several uploads are one model)."""
        value = value or f"{self.metric.id}_rate"
        runs = self.runs.sort_values(["submitted_at", "run_id"], na_position="first")
        means = runs.groupby("model", sort=True)[value].mean()
        first = runs.drop_duplicates("model").set_index("model")
        return first.assign(rate=means).reset_index()


def scene_of(store: Store, board: Board, metric: Metric) -> Scene:
    """The scene of a board and metric; partial runs are left out, as they are not ranked."""
    return Scene(store, board, metric, ranked_runs(store, board, metric))


def ranked_runs(store: Store, board: Board, metric: Metric) -> pd.DataFrame:
    """The ranked runs of a board by a metric. Only multiple choice is compared across judges."""
    frame = leaderboard(store, Filters(board=board.id), metric)
    frame = frame[frame["rank"].notna()]
    if board.id == MCQA_BOARD and metric.task != "mcqa":
        frame = frame[frame["board"] == board.id]
    return frame.reset_index(drop=True)


def boards_with_samples(store: Store, first: Board) -> list[Board]:
    """The boards whose runs have a verdict for each sample, `first` before the others."""
    known = [board for board in queries.boards(store) if board.per_sample_runs]
    return sorted(known, key=lambda board: (board.id != first.id, -board.per_sample_runs, board.id))
