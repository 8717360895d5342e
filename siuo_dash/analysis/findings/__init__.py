"""Findings: short statements about the data that is loaded, each with its figures, count, interval and caveat.

Nothing is remembered: with other data the sentences change, and where the data cannot carry one it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from siuo_dash.analysis.findings import hardest, judges, leaders, level, mcqa, refusal, size, weights
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.findings.scene import Scene, scene_of
from siuo_dash.analysis.findings.statement import Figure, Link, Statement
from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.engine.database import Store

THEMES: Final = (leaders, level, weights, size, refusal, mcqa, judges, hardest)


@dataclass(frozen=True)
class Theme:
    """A theme: its title and its statements, never none."""

    id: str
    title: str
    statements: tuple[Statement, ...]


def findings(store: Store, board: Board, metric: Metric) -> tuple[Theme, ...]:
    """All themes, computed from what the store holds now. Slow with thousands of runs."""
    scene = scene_of(store, board, metric)
    return tuple(
        Theme(module.__name__.rsplit(".", 1)[-1], module.TITLE, tuple(module.statements(scene))) for module in THEMES
    )


__all__ = ["Figure", "Link", "Scene", "Statement", "Theme", "findings", "scene_of", "several_boards"]
