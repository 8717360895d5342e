"""What a finding is: a sentence with its figures, a caveat and a link; and what all of them look at: one board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from siuo_dash.analysis import board_list
from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.analysis.stats.association import Correlation
from siuo_dash.analysis.stats.differences import newcombe
from siuo_dash.analysis.stats.proportions import Interval, wilson
from siuo_dash.benchmark.protocol import is_mcqa
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted

Unit = Literal["percent", "points", "rho"]


@dataclass(frozen=True)
class Figure:
    """One figure: what it is of, its value, its 95% interval, what it was counted from and how.

    value, interval: fractions (rho as it is); interval None where none is defined. k of n samples, runs or models
    (`of`); k None where the figure is no share. method: how the interval comes about.
    """

    label: str
    unit: Unit
    value: float
    interval: Interval | None
    n: int
    of: str = "samples"
    k: int | None = None
    method: str = ""

    def words(self, digits: int = 1) -> str:
        """'53.3% (45.7–60.7), 89 of 167 samples'."""
        sign = {"percent": "%", "points": " points", "rho": ""}[self.unit]
        counted_from = f"{self.k} of {self.n} {self.of}" if self.k is not None else f"n = {self.n} {self.of}"
        return f"{number(self.value, self.unit, digits)}{sign}{self.around(digits)}, {counted_from}"

    def around(self, digits: int = 1) -> str:
        """Its interval: ' (45.7–60.7)', ' (+0.6 to +11.3)'; '' where it has none."""
        if self.interval is None:
            return ""
        ends = (number(limit, self.unit, digits) for limit in (self.interval.low, self.interval.high))
        return f" ({('–' if self.unit == 'percent' else ' to ').join(ends)})"


def number(value: float, unit: Unit, digits: int = 1) -> str:
    """'53.3', '+6.0' or, with one digit more, '-0.20' for rho; what rounds to nothing has no sign."""
    text = {
        "percent": f"{100 * value:.{digits}f}",
        "points": f"{100 * value:+.{digits}f}",
        "rho": f"{value:.{digits + 1}f}",
    }[unit]
    return text if float(text) else text.lstrip("+-")


def share(label: str, k: int, n: int, of: str = "samples") -> Figure:
    """The figure of k of n samples with Wilson's interval, or of k of n runs, models or families without one.

    Runs are no random choice of anything, so an interval over them would look exact and mean nothing.
    """
    sampled = "samples" in of
    return Figure(label, "percent", k / n, wilson(k, n) if sampled else None, n, of, k, "Wilson" if sampled else "")


def rate(run: Mapping[Any, Any], metric: str) -> Figure:
    """The figure of a run's rate; the run is a row of `leaderboard`."""
    k, n = int(run[f"{metric}_k"]), int(run[f"{metric}_n"])
    return share(f"{run['model']}, {METRICS[metric].label}", k, n)


def correlation(label: str, found: Correlation, of: str) -> Figure:
    """The figure of a rank correlation over runs or models (`of`)."""
    return Figure(label, "rho", found.rho, found.interval, found.n, of, method="Bonett–Wright")


def unpaired(label: str, k1: int, n1: int, k2: int, n2: int) -> Figure:
    """The figure of k1/n1 - k2/n2 over samples that are not paired."""
    of = "samples each" if n1 == n2 else f"and {n2} samples"
    return Figure(label, "points", k1 / n1 - k2 / n2, newcombe(k1, n1, k2, n2), n1, of, method="Newcombe")


@dataclass(frozen=True)
class Link:
    """The view that shows a finding: a page's address, what the link says, the state it sets (labels)."""

    url: str
    label: str
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """A finding about the data that is loaded; with `said` False, why the data support none.

    id: the kind of statement, whatever it comes to. n: what it is based on, in words ('15 runs').
    """

    id: str
    sentence: str
    n: str = ""
    figures: tuple[Figure, ...] = ()
    caveat: str = ""
    link: Link | None = None
    said: bool = True


def cannot(id: str, why: str, *, n: str = "", link: Link | None = None) -> Statement:
    """The statement that the data do not support one, and why."""
    return Statement(id, why, n=n, link=link, said=False)


def count(number: int, noun: str, plural: str = "") -> str:
    """'no run', '1 run', '15 runs'."""
    return counted(number, noun, plural) if number else f"no {noun}"


@dataclass(frozen=True)
class BoardView:
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
        return count(len(self.runs), "run")

    def link(self, url: str, label: str, metric: Metric | None = None) -> Link:
        """A link that keeps board and metric."""
        return Link(url, label, {"board": self.board.id, "metric": (metric or self.metric).id})

    def ranked(self, metric_id: str) -> pd.DataFrame:
        """The board's ranked runs by another metric."""
        return self.runs if metric_id == self.metric.id else ranked_runs(self.store, self.board, METRICS[metric_id])

    @property
    def without_methods(self) -> str:
        """That `by_model` leaves runs out, if it does; else ''."""
        methods = int(self.runs["method"].notna().sum())
        return f" Plain models only: {count(methods, 'run')} of a method left out." if methods else ""

    def by_model(self) -> pd.DataFrame:
        """One row a plain model: its first run's facts, and the mean of its runs' rates as `rate`."""
        runs = self.runs[self.runs["method"].isna()].sort_values(["submitted_at", "run_id"], na_position="first")
        means = runs.groupby("model", sort=True)[f"{self.metric.id}_rate"].mean()
        return runs.drop_duplicates("model").set_index("model").assign(rate=means).reset_index()


def board_view(store: Store, board: Board, metric: Metric) -> BoardView:
    """A board seen by a metric; partial runs are left out, as they are not ranked."""
    return BoardView(store, board, metric, ranked_runs(store, board, metric))


def ranked_runs(store: Store, board: Board, metric: Metric) -> pd.DataFrame:
    """The ranked runs of a board by a metric. Only multiple choice is compared across judges."""
    frame = leaderboard(store, Filters(board=board.id), metric)
    frame = frame[frame["rank"].notna()]
    if is_mcqa(board.id) and metric.task != "mcqa":
        frame = frame[frame["board"] == board.id]
    return frame.reset_index(drop=True)


def boards_with_samples(store: Store, first: Board) -> list[Board]:
    """The boards whose runs have a verdict for each sample, `first` before the others."""
    known = [board for board in board_list.boards(store) if board.per_sample_runs]
    return sorted(known, key=lambda board: (board.id != first.id, -board.per_sample_runs, board.id))
