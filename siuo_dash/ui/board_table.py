"""The leaderboard's table on the page: what is ticked, sorted, unfolded and compared, and where its links lead."""

from __future__ import annotations

import hashlib
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
ROWS_JS: Final = """export default ({ data }) => {
  const rows = (window.siuoRows ??= new Map());
  const end = data.indexOf(10);
  const text = (part) => new TextDecoder().decode(part);
  const print = text(data.subarray(0, end));
  rows.delete(print);
  rows.set(print, text(data.subarray(end + 1)));
  if (rows.size > 3) rows.delete(rows.keys().next().value);
  window.dispatchEvent(new Event("siuo-rows"));
};"""
"""Keeps the last rows by their fingerprint: those of an earlier run of the page may come after those of a later."""
KEY: Final = "board-table"
_STATES: Final = ("picked", "sort", "open", "to")


@dataclass(frozen=True)
class Shown:
    """What a table shows. rows: of `packed`.

    order: its rows, where they are not in their own order. details: of the rows that can be unfolded at once.
    """

    rows: bytes
    order: Sequence[int] | None
    sort: str
    details: Mapping[str, Any]


def script() -> str:
    """What runs in the browser."""
    return "".join((_HERE / name).read_text(encoding="utf-8") for name in ("board_cells.js", "board_table.js"))


@cache
def _rows() -> Any:
    return st.components.v2.component("siuo_board_rows", html="<span></span>", js=ROWS_JS)


@cache
def _table() -> Any:
    # Not isolated: the first view has the same HTML and the same styles, and what checks pages sees the rows.
    return st.components.v2.component("siuo_board", html=HTML, css=css(), js=script(), isolate_styles=False)


def opened() -> list[str]:
    """The runs whose rows are unfolded: where not all details are sent, theirs are."""
    return list(_state("open", []))


def show(shown: Shown, picked: Iterable[str], hidden: Any) -> None:
    """Draw the table. picked: the ids of the chosen runs, also of those that are in no row of it.

    hidden: a container for what is not seen: the rows come by an element of their own, which Streamlit sends once.
    """
    with hidden:
        _rows()(key="board-rows", data=shown.rows)
    data = {
        "rows": shown.rows.partition(b"\n")[0].decode(),
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


def packed(value: Mapping[str, Any]) -> bytes:
    """A value of `report.board_rows.table_value` for the browser: its fingerprint, a line break, JSON without NaN."""
    content = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(content).hexdigest()[:16].encode() + b"\n" + content


def unpacked(rows: bytes) -> dict[str, Any]:
    """The value that was packed."""
    found: dict[str, Any] = json.loads(rows.partition(b"\n")[2])
    return found


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
