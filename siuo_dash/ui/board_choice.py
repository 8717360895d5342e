"""What the leaderboard's table shows: its columns, their order, and the run that the others are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from siuo_dash.report import leaderboard as report
from siuo_dash.report.leaderboard import COLUMNS, ORDERS
from siuo_dash.ui import address, frame

_HIDDEN: Final = {"difference", "base_model", "evidence", "date", "status"}
"""Columns that are shown when they are asked for: what a row unfolds to says them, too."""
_OLD_ORDERS: Final = {label: order for order, label in ORDERS.items()} | {"Evaluated, newest first": "date"}


def order(*, all_runs: bool) -> str:
    """The order of the rows that is asked for, also by the words of older links. URL name: sort."""
    asked = next(iter(address.chosen("sort")), "rank")
    order = _OLD_ORDERS.get(asked, asked)
    known = report.is_order(order) and not (all_runs and order.endswith("rank"))
    return order if known else "model" if all_runs else "rank"


def compared_with(labels: Mapping[str, str]) -> str:
    """The run that was chosen for the others to be compared with; "" where none was. URL name: to."""
    asked = next(iter(address.chosen("to")), "")
    if asked and asked not in labels:
        frame.note(f"The link compares with the run “{asked}”, which this dashboard does not have.")
    return asked if asked in labels else ""


def forget_compared(_names: Any) -> None:
    """Compare with the leader again."""
    address.choose("to", [])


def choose_columns(*, all_runs: bool) -> list[str]:
    """Which columns the table shows, in their fixed order. URL name: columns."""
    no_sense = ("rank", "rank_range", "difference") if all_runs else ()
    offered = {name: column.label for name, column in COLUMNS.items() if name not in (*no_sense, "model")}
    chosen = address.several(
        st.multiselect,
        "Columns of the table",
        offered,
        name="columns",
        key="columns-all" if all_runs else "columns",
        default=default_columns(all_runs=all_runs),
    )
    return [name for name in COLUMNS if name in chosen or name == "model"]


def default_columns(*, all_runs: bool) -> list[str]:
    """The columns that are shown while none is chosen, without the model's, which always is."""
    hidden = {*_HIDDEN, "model", *(("rank", "rank_range") if all_runs else ("board",))}
    return [name for name in COLUMNS if name not in hidden]


def choose_order(order: str, *, all_runs: bool) -> str:
    """The order of the rows by name: also those that no head of a column gives. URL name: sort."""
    offered = {name: label for name, label in ORDERS.items() if name != "rank" or not all_runs}
    if order not in offered:  # by a column, or turned round, as a head was pressed
        column = COLUMNS[order.removeprefix("-")].label
        offered |= {order: f"{column}, {'turned round' if order.startswith('-') else 'as its head sorts'}"}
    return address.one(st.selectbox, "Sort by", offered, name="sort", default="model" if all_runs else "rank")
