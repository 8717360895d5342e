"""The selected runs: a list to choose them from, tables whose ticked rows they are. They travel between pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import pandas as pd
import streamlit as st

from siuo_dash.analysis import board_list
from siuo_dash.analysis.filters import Filters
from siuo_dash.store.engine.database import Store
from siuo_dash.text import counted
from siuo_dash.ui import address, display, frame
from siuo_dash.ui.display import plain

MOST_RUN_OPTIONS: Final = 500
_RENEWED: Final = "renewed-tables"


def choose_runs(
    offered: Iterable[str], labels: dict[str, str], *, label: str = "Runs", help: str = "", **more: Any
) -> list[str]:
    """The selected runs' ids, at most what the visitor chose. Key and URL name: runs.

    offered: run ids, of which the first are offered; runs chosen elsewhere stay, so that nothing is lost between pages.
    """
    chosen = runs_chosen(labels)
    options = {run_id: labels[run_id] for run_id in dict.fromkeys([*chosen, *islice(offered, MOST_RUN_OPTIONS)])}
    return address.several(
        st.multiselect,
        label,
        options,
        name="runs",
        aliases={text: run_id for run_id, text in labels.items()},
        placeholder="Select runs",
        help=help or None,
        on_change=renew_tables,
        **more,
    )


def runs_chosen(labels: Mapping[str, str], name: str = "runs") -> list[str]:
    """The ids of the runs that are selected, also by the labels that older links carry; labels: {run_id: label}."""
    asked = address.chosen(name)
    ids = {text: run_id for run_id, text in labels.items()} if any(run not in labels for run in asked) else {}
    named = [run if run in labels else ids.get(run, "") for run in asked]
    return list(dict.fromkeys(filter(None, named)))


def selectable_table(
    shown: pd.DataFrame, run_ids: Sequence[str], labels: dict[str, str], chosen: Sequence[str], *, key: str, **more: Any
) -> None:
    """A table whose ticked rows are the chosen runs; the two stay in step whichever is changed.

    shown: what is displayed; run_ids: the run of each row. The selection lives in the chosen runs: other rows make
    another table, because a selection goes by row number.
    """
    table_key = f"{key}-{display.row_key(*run_ids)}-{st.session_state.get(_RENEWED, 0)}"

    def take_over() -> None:
        picked = [run_ids[row] for row in st.session_state[table_key]["selection"]["rows"]]
        elsewhere = [run_id for run_id in runs_chosen(labels) if run_id not in set(run_ids)]
        address.choose("runs", [*elsewhere, *picked])

    default = {"selection": {"rows": [row for row, run_id in enumerate(run_ids) if run_id in set(chosen)]}}
    display.table(shown, key=table_key, select=take_over, selection_default=default, **more)


def renew_tables() -> None:
    """The chosen runs were changed by hand: only a new table shows it."""
    st.session_state[_RENEWED] = st.session_state.get(_RENEWED, 0) + 1


def elsewhere(store: Store, filters: Filters, labels: Mapping[str, str]) -> None:
    """Where else a search finds runs, a button for each board; nothing without a search, or where all boards are shown.

    labels: {board id: label}.
    """
    if not filters.search.strip() or filters.board is None:
        return
    found = board_list.elsewhere(store, filters)
    if not found:
        return
    with frame.notes(), st.container(horizontal=True, gap="small", vertical_alignment="center", key="elsewhere"):
        more = counted(sum(found.values()), "match on other boards:", "matches on other boards:")
        st.markdown(more, width="content")
        for board, runs in found.items():
            label = f"{plain(labels[board])} ({runs})"
            st.button(label, type="tertiary", key=f"board-{board}", on_click=address.choose, args=("board", [board]))
