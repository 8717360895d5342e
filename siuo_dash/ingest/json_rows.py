"""JSON and JSON Lines to rows, in the shapes that evaluations leave; what is wrong with a line is said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.records import clean
from siuo_dash.ingest.wrapping import find_rows

MAX_ITEMS: Final = 1_000_000
"""Values in one file; counted by their separators before anything is built. Of a table: rows times columns."""
MAX_NESTING: Final = 40
_DEEP: Final = f"nested more than {MAX_NESTING} deep"
_LINE: Final = re.compile(r"\r\n|\n|\r")
"""What ends a line of JSON Lines; U+2028, U+2029 and U+0085 may be inside a string."""
_SPACE: Final = re.compile(r"[\s,]*")
_LAST_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*+[\]}])', re.DOTALL)
"""A string, which stays, or a comma before a bracket that closes, which goes."""
_LINES: Final = 0.5
"""Share of lines that must be readable for a text to be JSON Lines."""


def read_json(name: str, text: str, findings: Findings) -> Table:
    """The rows of a JSON text; raises Unreadable, which says where it breaks.

    Rows are numbered from 1; those of JSON Lines by line. JSON without samples has no row: only a format that looks at
    the whole value can read it.
    """
    if sum(map(text.count, ",[{")) > MAX_ITEMS:
        raise Unreadable(f"more than {MAX_ITEMS:,} values", ONE_RUN)
    value, error = load_json(text)
    if error is None:
        return _of_value(name, value, findings)
    if lines := _lines(text):
        said = ((number, item, f"the line is not readable as JSON: {wrong}") for number, item, wrong in lines)
        hint = "was the run interrupted while it wrote this line?"
        return Table(name, _objects(said, "a line is not readable as JSON", hint, findings), "jsonl")
    value, still = load_json(_LAST_COMMA.sub(lambda found: found[1] or "", text))
    if still is None:
        return _of_value(name, value, findings)
    objects = list(_one_after_another(text))
    if len(objects) > 1 and all(isinstance(item, Mapping) for item in objects):
        return Table(name, tuple(enumerate(objects, 1)), "jsonl")
    raise Unreadable(f"not readable as JSON: {error}", "was the file cut off, or are there two in one?")


def _of_value(name: str, value: Any, findings: Findings) -> Table:
    found = find_rows(value)
    if found is None:
        return Table(name, (), "json", value)
    if found.unread:
        hint = "drop only the samples of one run; what is named here was left out"
        findings.warning(f"not read: {', '.join(found.unread)}", hint=hint)
    items = ((number, item, f"expected an object, found {shown(item)}") for number, item in enumerate(found.rows, 1))
    rows = _objects(items, "expected an object", "each sample is an object with its fields", findings)
    return Table(name, rows, "json", value, found.beside)


def _lines(text: str) -> list[tuple[int, Any, str]]:
    """(line number, value, what is wrong with it) of JSON Lines; empty where most lines are no object of their own."""
    lines = [(number, line.strip().rstrip(",")) for number, line in enumerate(_LINE.split(text), 1)]
    filled = [(number, line) for number, line in lines if line]
    if len(filled) < 2 or not filled[0][1].startswith("{"):
        return []
    read = []
    for number, line in filled:
        value, wrong = load_json(line)
        read.append((number, value, wrong or "not an object"))
    good = sum(isinstance(value, Mapping) for _, value, _ in read)
    return read if good >= _LINES * len(read) else []


def _one_after_another(text: str) -> Iterator[Any]:
    """The values of a text of several, each over as many lines as it likes; none after one that cannot be read."""
    decoder = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_object)
    at = _SPACE.match(text, 0).end()  # type: ignore[union-attr]
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield None  # the text breaks here: not a list of objects
            return
        if _is_deep(value):
            raise Unreadable(_DEEP)
        yield value
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]


def load_json(text: str) -> tuple[Any, str | None]:
    """The value of a JSON text and None, or None and what is wrong with it."""
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


class _Repeated(ValueError):
    """A key occurs twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = {clean(key): value for key, value in pairs}
    if len(read) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Repeated(f"the key {shown(twice)} occurs twice in one object")
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


def _objects(
    items: Iterable[tuple[int, Any, str]], kind: str, hint: str, findings: Findings
) -> tuple[tuple[int, Row], ...]:
    """The items that are objects, with their numbers; for any other a finding, with what is said of it."""
    rows = []
    for number, item, said in items:
        if isinstance(item, Mapping):
            rows.append((number, item))
        else:
            findings.error(said, kind=kind, hint=hint, row=number)
    return tuple(rows)
