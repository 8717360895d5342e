"""What both parts of the compare page are about, and how other runs are chosen from within them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from siuo_dash.benchmark.schema import Metric
from siuo_dash.store.engine.database import Store


@dataclass(frozen=True)
class Scope:
    """The metric, the chosen runs and those on offer (ids); labels: {run_id: label}."""

    store: Store
    metric: Metric
    chosen: Sequence[str]
    offered: Sequence[str]
    labels: dict[str, str]

    def key_of(self, *parts: object) -> str:
        """A widget key for a table: another one for other rows, because a selection goes by row number."""
        return hashlib.sha256(repr((self.store.version, *parts)).encode()).hexdigest()[:10]


def compare_two(runs: list[str]) -> None:
    """For buttons: these labels are the chosen runs, and the first two are compared."""
    st.session_state["runs"] = runs
    st.session_state["mode"] = "two"
