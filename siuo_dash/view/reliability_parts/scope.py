"""What every part of the reliability page is about, and how a sample is picked from a table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from siuo_dash.analysis.queries import Board
from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.database import Store
from siuo_dash.view import shell
from siuo_dash.view.export import Provenance


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


def choose_sample(table: pd.DataFrame, question_ids: list[int], key: str, alt: str) -> int:
    """A table of samples, one row of which is chosen (the first to begin with); its question_id."""
    state = shell.table(
        table,
        key=key,
        alt=alt,
        height="content" if len(table) <= 6 else 470,
        select="rerun",
        mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        row_height=66,
        column_config={
            "Pass, %": st.column_config.NumberColumn(format="%.0f"),
            "Discrimination": st.column_config.NumberColumn(format="%+.2f"),
        }
        | {name: st.column_config.TextColumn(width=width) for name, width in (("Domain", 150), ("Scene", 210), ("Request", 260), ("Flags", 190))},
    )  # fmt: skip
    return int(question_ids[next((row for row in state["selection"]["rows"] if row < len(question_ids)), 0)])
