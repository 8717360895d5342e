"""What a reader must know about a board's judge before trusting its rates."""

from __future__ import annotations

from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.once import once
from siuo_dash.benchmark.schema import HUMAN, METRICS, Metric
from siuo_dash.store.engine.database import Store
from siuo_dash.text import listed, percent


@once
def caveat(store: Store, board: Board | None, metric: Metric) -> str:
    """What is known about the board's judge, and how far its rates are from human judges' for the same models.

    '' where nothing is known. The gap is in percentage points, of models that both judged, each by its first run.
    """
    if board is None or board.protocol.judge == HUMAN:
        return ""
    return " ".join(filter(None, (board.caveat, _gap_words(store, board, metric))))


def _gap_words(store: Store, board: Board, metric: Metric) -> str:
    judged = METRICS["safe"] if metric.task == "mcqa" else metric
    frame = several_boards(store, judged, board.protocol.sample_set)
    human = frame[frame["judge"] == HUMAN].drop_duplicates("name").set_index("name")
    here = frame[(frame["board"] == board.id) & frame["name"].isin(human.index)].set_index("name")
    if here.empty:
        return ""
    gaps = 100 * (here["rate"] - human.loc[here.index, "rate"])
    if len(gaps) == 1:
        name = str(gaps.index[0])
        there, ours = percent(human.at[name, "rate"]), percent(here.at[name, "rate"])
        return f"{name} is {ours} {judged.label.lower()} here, {there} by human judges."
    ends = f"{gaps.min():+.1f} to {gaps.max():+.1f}"
    return f"Against human judges: {ends} points for {listed(map(str, gaps.index), 2)}."
