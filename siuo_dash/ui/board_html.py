"""The leaderboard's table as HTML that needs no script: what board_cells.js draws, with every word escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode


def css() -> str:
    """The table's styles."""
    return (Path(__file__).parent / "board_table.css").read_text(encoding="utf-8")


def table_html(value: Mapping[str, Any], most: int) -> str:
    """The table of `report.board_rows.table_value` in its own order, at most so many rows of it."""
    columns = value["columns"]
    cols = "".join(
        _tag("col", {"class": f"{column['kind']} {column['id']}" + (" long" if column.get("long") else "")})
        for column in columns
    )
    head = "".join(_head(column, value) for column in columns)
    rows = "".join(_row(value, row) for row in range(min(most, len(value["runs"]))))
    attributes = {
        "class": f"n{value['rates']}",
        "style": f"--n:{value['rates']};--rest:{value['rest']}px;--least:{value['least']}px",
        "aria-label": value["name"],
        "aria-rowcount": len(value["runs"]) + 1,
    }
    parts = f"<colgroup>{cols}</colgroup><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="siuo-board"><div class="frame">{_tag("table", attributes)}{parts}</table></div></div>'


def _classes(column: Mapping[str, Any]) -> str:
    return f"{column['kind']} {column['id']}{' long' if column.get('long') else ''}"


def _tag(name: str, attributes: Mapping[str, Any]) -> str:
    said = "".join(f' {key}="{escape(str(each))}"' for key, each in attributes.items() if each is not None)
    return f"<{name}{said}>"


def _head(column: Mapping[str, Any], value: Mapping[str, Any]) -> str:
    tinted = " by" if column["id"] == value["ranked"] else ""
    attributes = {
        "scope": "col",
        "class": f"{column['kind']} {column['id']}{tinted}",
        "aria-sort": "ascending" if column["id"] == "rank" else "none",
        "title": column["help"],
    }
    button = _tag("button", {"type": "button", "class": "sort", "data-sort": column["id"]})
    words = f"{button}{escape(column['label'])}</button>"
    if column["id"] == "model" and value["groups"]:
        group = {"type": "button", "class": "group", "data-sort": "base", "aria-pressed": "false"}
        words += f"{_tag('button', group)}Group by base model</button>"
    return f"{_tag('th', attributes)}{words}</th>"


def _row(value: Mapping[str, Any], row: int) -> str:
    model = next(column["cells"][row][0] for column in value["columns"] if column["kind"] == "model")
    cells = []
    for column in value["columns"]:
        kind, cell = column["kind"], column["cells"][row]
        name = f"{kind} {column['id']}" + (" by" if column["id"] == value["ranked"] else "")
        if kind == "rank":
            cells.append(_rank(name, model, cell))
        elif kind == "model":
            cells.append(_model(name, value["runs"][row], cell))
        else:
            attributes, content = _DRAW[kind](column, cell)
            more = f" {attributes['class']}" if "class" in attributes else ""
            style = f"--c:{column['colour']}" if "colour" in column else None
            cells.append(f"{_tag('td', attributes | {'class': name + more, 'style': style})}{content}</td>")
    return f"{_tag('tr', {'data-row': row, 'aria-rowindex': row + 2})}{''.join(cells)}</tr>"


def _rank(name: str, model: str, cell: list[int | None]) -> str:
    rank, low, high = cell
    span = "" if low is None else f"{low}" if low == high else f"{low}–{high}"
    title = "Not ranked" if rank is None else f"Rank {rank}; 95% range {span}" if span else None
    box = _tag("input", {"type": "checkbox", "aria-label": f"Select {model}", "disabled": ""})
    if name.startswith("rank pick"):
        return f"{_tag('td', {'class': name})}{box}</td>"
    said = "–" if rank is None else rank
    return f"{_tag('td', {'class': name, 'title': title})}{box}<b>{said}</b><small>{span}</small></td>"


def _model(name: str, run: str, cell: list[str]) -> str:
    model, small = cell
    more = {"type": "button", "class": "more", "aria-expanded": "false", "aria-label": f"Details of {model}"}
    link = {"class": "name", "href": f"run?{urlencode({'run': run})}", "title": model}
    words = f"{_tag('a', link)}{escape(model)}</a>{_tag('small', {'title': small})}{escape(small)}</small>"
    head = _tag("th", {"scope": "row", "class": name, "aria-label": model})
    return f"{head}<div>{_tag('button', more | {'disabled': ''})}›</button><div>{words}</div></div></th>"


def _rate(column: Mapping[str, Any], cell: Any) -> tuple[dict[str, Any], str]:
    if isinstance(cell, str):
        return {"class": "none"}, f"<small>{escape(cell)}</small>"
    k, n, rate, low, high, *partial = cell
    words = f"({low:.1f}–{high:.1f})"
    track = (
        ""
        if partial
        else f"{_tag('span', {'class': 'track', 'style': f'--l:{low:.1f};--h:{high:.1f};--r:{rate:.1f}'})}</span>"
    )
    small = f"<small>{words}{' partial' if partial else ''}</small>"
    title = f"{column['label']}: {k} of {n} samples, {rate:.1f}% {words}{', partial' if partial else ''}"
    return {"title": title}, f"<div>{track}<b>{rate:.1f}</b> {small}</div>"


def _points(_column: Mapping[str, Any], cell: Any) -> tuple[dict[str, Any], str]:
    if cell is None:
        return {"class": "none"}, "–"
    _, words, beside, how = cell
    return {"title": how}, f"<b>{escape(words)}</b> <small>{escape(beside)}</small>"


def _link(_column: Mapping[str, Any], cell: Any) -> tuple[dict[str, Any], str]:
    words, address = cell
    attributes = {"href": address, "target": "_blank", "rel": "noopener noreferrer"}
    said = escape(words)
    return {"class": "link", "title": words}, f"{_tag('a', attributes)}{said}</a>" if address else said


def _text(_column: Mapping[str, Any], cell: str) -> tuple[dict[str, Any], str]:
    return {"class": "text", "title": cell}, escape(cell)


_DRAW: Final[dict[str, Callable[[Mapping[str, Any], Any], tuple[dict[str, Any], str]]]] = {
    "rate": _rate,
    "points": _points,
    "link": _link,
    "text": _text,
}
