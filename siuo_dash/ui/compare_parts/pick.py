"""A table of samples, one of which is picked to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from siuo_dash.ui import display

_WIDTHS: Final = {"Domain": 150, "Scene": 220, "Request": 260, "Flags": 190, "Flags of A": 150, "Flags of B": 150}
_ROW: Final = 66
"""Streamlit folds long text in cells of more than four lines' height only."""


def pick_sample(table: pd.DataFrame, question_ids: Sequence[int], *, key: str, alt: str) -> int:
    """The question_id of the chosen row: the first to begin with, and after a visit elsewhere the last one chosen.

    question_ids: the sample of each row; key: another one for other rows, because a selection goes by row number.
    """
    if key not in st.session_state:
        st.session_state[f"{key}-start"] = st.session_state.get(f"{key}-row", 0)
    state = display.table(
        table,
        key=key,
        alt=alt,
        height="content" if len(table) <= 6 else 470,
        select="rerun",
        mode="single-row",
        selection_default={"selection": {"rows": [st.session_state[f"{key}-start"]]}},
        row_height=_ROW,
        columns={
            "Pass, %": st.column_config.NumberColumn(format="%.0f"),
            "Discrimination": st.column_config.NumberColumn(format="%+.2f"),
        }
        | {name: st.column_config.TextColumn(width=width) for name, width in _WIDTHS.items()},
    )
    picked = [*state["selection"]["rows"], st.session_state[f"{key}-start"]]
    row = next((row for row in picked if row < len(question_ids)), 0)
    st.session_state[f"{key}-row"] = row
    return int(question_ids[row])
