"""Findings: short statements about the data that is loaded, each with its figures, count, interval and caveat.

Nothing is remembered: with other data the sentences change, and where the data cannot support one it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from siuo_dash.analysis.board_list import Board
from siuo_dash.analysis.findings import hardest, judges, leaders, metrics, models
from siuo_dash.analysis.findings.statement import Statement, board_view
from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.engine.database import Store

THEMES: Final = {
    "leaders": ("Best runs", leaders.best),
    "level": ("The board as a whole", leaders.level),
    "weights": ("Closed and open weights", models.weights),
    "size": ("Size", models.size),
    "refusal": ("Safety by refusal", metrics.refusal),
    "mcqa": ("Multiple choice and generation", metrics.mcqa),
    "judges": ("One model, several judges", judges.statements),
    "hardest": ("Hardest samples and domains", hardest.statements),
}
"""By id: the title of a theme and what it says of a board."""
SURPRISES: Final = (
    *("refusal-order", "judges", "announced", "mcqa", "refusal", "best", "best-by-others", "hardest", "domains"),
    *("weights", "size", "below-half", "mcqa-guessing", "refusal-range", "size-families", "judges-direction"),
    *("mcqa-gap", "median"),
)
"""Statements by how much they say against what a reader expects of a leaderboard, the most surprising first."""


@dataclass(frozen=True)
class Theme:
    """A theme: its title and its statements, never none."""

    id: str
    title: str
    statements: tuple[Statement, ...]


def by_surprise(themes: Sequence[Theme]) -> list[Statement]:
    """What is said, the most surprising first; differences and correlations whose interval includes 0 come last."""
    said = [statement for theme in themes for statement in theme.statements if statement.said]
    return sorted(said, key=lambda statement: (_shows_nothing(statement), SURPRISES.index(statement.id)))


def _shows_nothing(statement: Statement) -> bool:
    first = statement.figures[0] if statement.figures else None
    return bool(first and first.unit != "percent" and (first.interval is None or first.interval.contains(0)))


def findings(store: Store, board: Board, metric: Metric) -> tuple[Theme, ...]:
    """All themes, computed from what the store holds now. Slow with thousands of runs."""
    view = board_view(store, board, metric)
    return tuple(Theme(id, title, tuple(statements(view))) for id, (title, statements) in THEMES.items())
