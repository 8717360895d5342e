"""The leaderboard's table on the page: what is ticked, sorted, unfolded and compared, and where its links lead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from siuo_dash.ui import address, page
from siuo_dash.ui.board_html import css

_HERE: Final = Path(__file__).parent
HTML: Final = """<div class="siuo-board"><div class="frame"></div>
<div class="actions" role="region" aria-label="Selected runs" hidden></div></div>"""
KEY: Final = "board-table"
_STATES: Final = ("picked", "sort", "open", "to")


@dataclass(frozen=True)
class Shown:
    """What a table shows. rows: the value of `report.board_rows.table_value` as JSON.

    order: its rows, where they are not in their own order. details: of the rows that can be unfolded at once.
    """

    rows: str
    order: Sequence[int] | None
    sort: str
    details: Mapping[str, Any]


def script() -> str:
    """What runs in the browser."""
    return "".join((_HERE / name).read_text(encoding="utf-8") for name in ("board_cells.js", "board_table.js"))


@cache
def _table() -> Any:
    # Not isolated: the first view has the same HTML and the same styles, and what checks pages sees the rows.
    return st.components.v2.component("siuo_board", html=HTML, css=css(), js=script(), isolate_styles=False)


def opened() -> list[str]:
    """The runs whose rows are unfolded: where not all details are sent, theirs are."""
    return list(_state("open", []))


def show(shown: Shown, picked: Iterable[str]) -> None:
    """Draw the table. picked: the ids of the chosen runs, also of those that are in no row of it."""
    data = {
        "rows": shown.rows,
        "order": shown.order,
        "sort": shown.sort,
        "details": shown.details,
        "picked": list(picked),
        "seen": max((value["at"] for value in _states().values()), default=0),
    }
    _table()(
        key=KEY,
        data=data,
        on_picked_change=lambda: address.choose("runs", map(str, _state("picked", []))),
        on_sort_change=lambda: address.choose("sort", [str(_state("sort", "rank"))]),
        on_to_change=lambda: address.choose("to", [str(_state("to", ""))]),
        on_open_change=lambda: None,
        on_go_change=_go,
    )


def as_json(value: Mapping[str, Any]) -> str:
    """A value as the browser reads it, which knows no NaN."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _states() -> dict[str, dict[str, Any]]:
    """What the browser said last, by what it is of; a visitor may send anything."""
    kept = st.session_state.get(KEY) or {}
    found = {name: value for name in _STATES if isinstance(value := kept.get(name), dict)}
    return {name: value for name, value in found.items() if isinstance(value.get("at"), int)}


def _state(name: str, default: Any) -> Any:
    value = _states().get(name, {}).get("value", default)
    return value if isinstance(value, type(default)) else default


def _go() -> None:
    """Leave for another page with the runs that a link names."""
    asked = (st.session_state.get(KEY) or {}).get("go")
    if not isinstance(asked, dict) or asked.get("page") not in ("run", "compare", "domains", "samples"):
        return
    run, runs = asked.get("run"), [str(each) for each in asked.get("runs") or ()]
    query: dict[str, str | list[str]] = {"run": str(run)} if run else {}
    page.go_later(asked["page"], query | ({"runs": runs} if runs else {}))
