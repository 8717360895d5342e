"""The same model under different judges and protocols."""

from __future__ import annotations

from typing import Final

import pandas as pd

from siuo_dash.analysis import board_list
from siuo_dash.analysis.findings.statement import BoardView, Link, Statement, cannot, count, share, unpaired
from siuo_dash.analysis.stats.differences import UnpairedDifference, unpaired_difference
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.benchmark.schema import BENCHMARK, Metric
from siuo_dash.benchmark.text import normalise
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from siuo_dash.text import percent

MOST_FIGURES: Final = 6
ALL_RUNS: Final = "all"
"""The id of the view of all runs, in addresses."""

# Several uploads of a model on one board would count one protocol twice, so the first of them is taken.
SEVERAL_BOARDS: Final = Query(
    "several_boards",
    "The models that were judged on several boards of a sample set, with their first run on each.",
    """
    WITH judged AS (
        SELECT *, ROW_NUMBER()
            OVER (PARTITION BY LOWER(model), board ORDER BY submitted_at NULLS FIRST, run_id) AS place
        FROM runs WHERE {metric}_n > 0 AND sample_set = $sample_set
    )
    SELECT run_no, run_id, model, board, judge, evidence, {metric}_k AS k, {metric}_n AS n FROM judged
    WHERE place = 1
        AND LOWER(model) IN (SELECT LOWER(model) FROM judged WHERE place = 1 GROUP BY LOWER(model) HAVING COUNT(*) > 1)
    ORDER BY LOWER(model), CAST({metric}_k AS DOUBLE) / {metric}_n, board
    """,
)

Gap = tuple[pd.Series, pd.Series, UnpairedDifference]
"""The rows of a model's lowest and highest board, and their difference."""


def statements(view: BoardView) -> list[Statement]:
    """How far apart the boards put the same model, and whether one board is always the most lenient."""
    metric = view.generation
    frame = several_boards(view.store, metric, view.board.protocol.sample_set)
    if frame.empty:
        why = (
            f"No model has been judged on two boards by {metric.label}, so judges and protocols cannot be set against "
            "each other."
        )
        return [cannot("judges", why, n="no model", link=Link("leaderboard", "All runs", {"board": ALL_RUNS}))]
    gaps = board_gaps(frame)
    return [_widest(gaps, metric), *_direction(frame, gaps, metric)]


def several_boards(store: Store, metric: Metric, sample_set: str = BENCHMARK) -> pd.DataFrame:
    """One row a model and board, for models that are on several boards of the sample set: run_id, model, name (the
    same on all boards), board, board_label, board_short, judge, evidence, k, n, rate, low, high (fractions, Wilson
    95%). Lowest rate of a model first.
    """
    frame = SEVERAL_BOARDS.run(store, metric=metric, sample_set=sample_set)
    labels = {board.id: board.label for board in board_list.boards(store)}
    k, n = (frame[part].to_numpy(dtype=float) for part in ("k", "n"))
    low, high = wilson_array(k, n)
    name = frame.groupby(frame["model"].map(normalise))["model"].transform("first")
    names = {"name": name, "board_label": frame["board"].map(labels)}
    names["board_short"] = frame["board"].map(board_list.short_labels(store))
    return frame.assign(**names, rate=k / n, low=low, high=high)


def board_gaps(frame: pd.DataFrame) -> list[Gap]:
    """Of each model the row of its lowest and of its highest board and their difference, the widest first."""
    found = []
    for _, rows in frame.groupby("name", sort=True):
        low, high = rows.loc[rows["rate"].idxmin()], rows.loc[rows["rate"].idxmax()]
        if low["board"] == high["board"]:  # the same rate everywhere
            low, high = rows.iloc[0], rows.iloc[-1]
        found.append((low, high, unpaired_difference(*_counts(high, low))))
    return sorted(found, key=lambda gap: -gap[2].difference)


def _counts(first: pd.Series, second: pd.Series) -> tuple[int, int, int, int]:
    return int(first["k"]), int(first["n"]), int(second["k"]), int(second["n"])


def _widest(gaps: list[Gap], metric: Metric) -> Statement:
    low, high, difference = gaps[0]
    clear = sum(not gap.interval.contains(0) for _, _, gap in gaps)
    sentence = (
        f"The same model, {low['name']}, is {percent(low['rate'])} {metric.label} on “{low['board_short']}” and "
        f"{percent(high['rate'])} on “{high['board_short']}”."
    )
    if difference.difference == 0:
        sentence = f"The models that are on several boards have the same {metric.label} rate on each of them."
    if len(gaps) > 1:
        sentence += f" Of {len(gaps)} models on several boards, {clear} differ by more than chance."
    elif not clear:
        sentence += " The difference may be chance."
    figures = tuple(
        unpaired(f"{high['name']}: {high['board_short']} minus {low['board_short']}", *_counts(high, low))
        for low, high, _ in gaps[:MOST_FIGURES]
    )
    caveat = (
        "Boards differ in judge, number of responses, answer length and what the judge is shown, all at once: what "
        "causes the gap is not known. Unpaired; with more than two boards the extremes are compared, which widens gaps."
    )
    link = Link("leaderboard", "Both runs", {"board": ALL_RUNS, "q": str(low["name"])[:100], "metric": metric.id})
    return Statement("judges", sentence, count(len(gaps), "model"), figures, caveat, link)


def _direction(frame: pd.DataFrame, gaps: list[Gap], metric: Metric) -> list[Statement]:
    """The board that most often has the highest rate of a model."""
    highest = [high["board_short"] for _, high, gap in gaps if gap.difference > 0]
    if len(gaps) < 2 or not highest:
        return []
    most_lenient = pd.Series(highest, dtype=object).value_counts()
    board, k = str(most_lenient.index[0]), int(most_lenient.iloc[0])
    n = frame.loc[frame["board_short"] == board, "name"].nunique()
    which = f"each of the {n}" if k == n else f"{k} of the {n}"
    sentence = f"The board “{board}” gives the highest {metric.label} rate to {which} models"
    sentence += " that it shares with another board."
    figures = (share(f"Highest on “{board}”", k, n, "models"),)
    caveat = "This cannot separate a lenient judge from easier conditions."
    link = Link("reliability", "Judges on the same responses")
    return [Statement("judges-direction", sentence, count(n, "model"), figures, caveat, link)]
