"""What every part of the reliability page is about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.schema import Metric
from siuo_dash.report.export import Provenance
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Scope:
    """The chosen board and metric; labels: {run_id: what people read}; boards: {board id: label}."""

    store: Store
    board: Board
    metric: Metric
    labels: dict[str, str]
    boards: dict[str, str]

    def provenance(self, filters: str, of_board: str | None = None) -> Provenance:
        """Where an export comes from; of_board: in place of the chosen board's label."""
        return Provenance(self.store.version, of_board or self.board.label, filters)

    def key_of(self, *parts: object) -> str:
        """A widget key for a table: another one for other rows, because a selection goes by row number."""
        return hashlib.sha256(repr((self.store.version, *parts)).encode()).hexdigest()[:10]
