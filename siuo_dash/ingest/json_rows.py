"""JSON and JSON Lines to rows, in the shapes that evaluations leave behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.records import clean

MAX_ITEMS: Final = 1_000_000
"""Values in one file; counted by their separators before anything is built."""
MAX_NESTING: Final = 40
_WRAPPERS: Final = ("data", "results", "samples", "predictions", "rows", "records", "items", "outputs")
_DEEP: Final = f"nested more than {MAX_NESTING} deep"


class _Repeated(ValueError):
    """A key stands twice in one object."""


def read_json(name: str, text: str, findings: Findings) -> Table:
    """The rows of a JSON text; raises Unreadable, which says where it breaks.

    Rows are numbered from 1; those of JSON Lines by line. JSON without a list of samples has no row: only a format that
    looks at the whole value can read it.
    """
    if sum(map(text.count, ",[{")) > MAX_ITEMS:
        raise Unreadable(f"more than {MAX_ITEMS:,} values", ONE_RUN)
    value, error = _load(text)
    if error is None:
        return Table(name, _objects(rows_of(value) or [], findings), "json", value)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    first, line_error = _load(lines[0][1])
    if line_error is None and isinstance(first, Mapping) and len(lines) > 1:
        return Table(name, _lines(lines, findings), "jsonl")
    raise Unreadable(f"not readable as JSON: {error}", "was the file cut off, or are there two in one?")


def _load(text: str) -> tuple[Any, str | None]:
    """The value and None, or None and what is wrong with it."""
    try:
        value = json.loads(text, parse_constant=_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        return None, f"{error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        return None, _DEEP
    except _Repeated as error:
        return None, str(error)
    except ValueError:  # an integer of thousands of digits
        return None, "a number has too many digits"
    return (None, _DEEP) if _is_deep(value) else (value, None)


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = {clean(key): value for key, value in pairs}
    if len(read) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Repeated(f"the key {shown(twice)} stands twice in one object")
    return read


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def rows_of(value: Any) -> list[Any] | None:
    """The list of samples in a JSON value, whatever it is wrapped in; None where there is none."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or not value:
        return None
    wrapped = next((value[key] for key in _WRAPPERS if isinstance(value.get(key), list)), None)
    if wrapped is not None:
        return list(wrapped)
    insides = list(value.values())
    if len(insides) > 1 and all(isinstance(inner, list) for inner in insides):
        if len({len(inner) for inner in insides}) > 1:
            return None
        return [dict(zip(value, cells, strict=True)) for cells in zip(*insides, strict=True)]  # one list a column
    if not all(isinstance(inner, dict) for inner in insides) and ("question_id" in value or "id" in value):
        return [value]
    if all(isinstance(inner, dict) for inner in insides):
        keys = list(insides[0])
        if len(value) > 1 and all(key.isdecimal() for key in keys) and all(list(inner) == keys for inner in insides):
            return [{column: cells[key] for column, cells in value.items()} for key in keys]  # pandas: by column
        return [
            inner if "id" in inner or "question_id" in inner else {"id": key, **inner} for key, inner in value.items()
        ]
    lists = [inner for inner in insides if isinstance(inner, list) and inner and isinstance(inner[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _objects(items: list[Any], findings: Findings) -> tuple[tuple[int, Row], ...]:
    rows = []
    for number, item in enumerate(items, 1):
        if isinstance(item, Mapping):
            rows.append((number, item))
        else:
            findings.error(
                f"expected an object, found {shown(item)}",
                kind="expected an object",
                row=number,
                hint="each sample is an object with its fields",
            )
    return tuple(rows)


def _lines(lines: list[tuple[int, str]], findings: Findings) -> tuple[tuple[int, Row], ...]:
    rows = []
    for number, line in lines:
        value, error = _load(line)
        if isinstance(value, Mapping):
            rows.append((number, value))
        else:
            findings.error(
                f"the line is not readable as JSON: {error or 'not an object'}",
                kind="a line is not readable as JSON",
                hint="was the run interrupted while it wrote this line?",
                row=number,
            )
    return tuple(rows)
