"""Text to rows: the encoding is found, then JSON and JSON Lines (in the shapes that evaluations leave), CSV or TSV."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.records import clean
from siuo_dash.text import counted

MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 1_000
MAX_CELL: Final = 1_000_000
"""Characters of one cell; a response of 100,000 tokens has about half as many."""
MAX_ITEMS: Final = 1_000_000
"""Values in one file; counted by their separators before anything is built."""
MAX_NESTING: Final = 40
_WRAPPERS: Final = ("data", "results", "samples", "predictions", "rows", "records", "items", "outputs")
_DEEP: Final = f"nested more than {MAX_NESTING} deep"
Rows = tuple[tuple[int, Row], ...]
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a text file; raises Unreadable."""
    text = decode(data)
    start = text.lstrip()[:1]
    if not start:
        raise Unreadable("the file is empty", "was the evaluation finished before it was saved?")
    if start in "{[":
        return _read_json(name, text, findings)
    if start == "<":
        raise Unreadable(
            "HTML or XML, not results", "was a login or error page saved instead of the file? download it again"
        )
    return _delimited(name, text, findings)


def decode(data: bytes) -> str:
    """The text, from UTF-8, UTF-16 or UTF-32; raises Unreadable for anything else."""
    mark, encoding = next(((mark, code) for mark, code in _MARKS if data.startswith(mark)), (b"", ""))
    if not encoding:
        head = data[:2000]
        odd, even = head[1::2].count(0), head[::2].count(0)
        # ASCII in UTF-16 has a zero in every second byte, and none in the others.
        wide = "utf-16-le" if odd > even else "utf-16-be"
        encoding = wide if max(odd, even) > 0.3 * len(head) and min(odd, even) == 0 else "utf-8"
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start + len(mark)
        message = f"not {encoding.upper()} text: byte {data[at]:#04x} at position {at:,}"
        raise Unreadable(message, "save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable("holds NUL characters: not a text file, or damaged", "save it again as UTF-8 text")
    return text


def _delimited(name: str, text: str, findings: Findings) -> Table:
    header_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max("\t,;", key=header_line.count)
    if delimiter not in header_line:
        raise Unreadable(
            f"no table: the first line has one column, {shown(header_line.strip())}",
            "expected JSON, JSON Lines, CSV or TSV with a header",
        )
    csv.field_size_limit(MAX_CELL)
    rows: list[tuple[int, Row]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = check_header(next(record for record in reader if record))
        for number, record in enumerate(reader, 2):
            if len(rows) >= MAX_ROWS:
                raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
            if not any(record):
                continue
            if len(record) > len(header):
                findings.error(
                    f"{counted(len(record), 'cell')} where the header has {len(header)}",
                    kind="more cells than the header",
                    hint="is a text with a comma not in quotes?",
                    row=number,
                )
            else:
                rows.append((number, dict(zip(header, record + [""] * (len(header) - len(record)), strict=True))))
    except csv.Error as error:
        line = f"line {reader.line_num:,}"
        message = f"not readable as a table: {error}, at {line}"
        if "field limit" in str(error):
            message = f"a cell of more than {MAX_CELL:,} characters at {line}"
        raise Unreadable(message, "is a quote not closed?") from error
    return Table(name, tuple(rows), "tsv" if delimiter == "\t" else "csv")


def check_header(cells: list[str]) -> list[str]:
    """The column names, unnamed ones numbered; raises Unreadable where two are the same or there are too many."""
    if len(cells) > MAX_COLUMNS:
        raise Unreadable(f"{len(cells):,} columns; the limit is {MAX_COLUMNS:,}")
    names = [cell.strip() or f"column {position}" for position, cell in enumerate(cells, 1)]
    twice = next((column for column in names if names.count(column) > 1), None)
    if twice is not None:
        raise Unreadable(f"two columns have the name {shown(twice)}", "give each column its own name", row=1)
    return names


class _Repeated(ValueError):
    """A key stands twice in one object."""


def _read_json(name: str, text: str, findings: Findings) -> Table:
    """The rows of a JSON text; raises Unreadable, which says where it breaks.

    Rows are numbered from 1; those of JSON Lines by line. JSON without a list of samples has no row: only a format that
    looks at the whole value can read it.
    """
    if sum(map(text.count, ",[{")) > MAX_ITEMS:
        raise Unreadable(f"more than {MAX_ITEMS:,} values", ONE_RUN)
    value, error = _load(text)
    if error is None:
        items = [
            (number, item, f"expected an object, found {shown(item)}") for number, item in _numbered(rows_of(value))
        ]
        hint = "each sample is an object with its fields"
        return Table(name, _objects(items, "expected an object", hint, findings), "json", value)
    lines = [(number, line) for number, line in _numbered(text.splitlines()) if line.strip()]
    first, line_error = _load(lines[0][1])
    if line_error is not None or not isinstance(first, Mapping) or len(lines) < 2:
        raise Unreadable(f"not readable as JSON: {error}", "was the file cut off, or are there two in one?")
    read = ((number, *_load(line)) for number, line in lines)
    items = [(n, item, f"the line is not readable as JSON: {wrong or 'not an object'}") for n, item, wrong in read]
    hint = "was the run interrupted while it wrote this line?"
    return Table(name, _objects(items, "a line is not readable as JSON", hint, findings), "jsonl")


def _numbered(items: Iterable[Any] | None) -> Iterable[tuple[int, Any]]:
    return enumerate(items or [], 1)


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


def _objects(items: Iterable[tuple[int, Any, str]], kind: str, hint: str, findings: Findings) -> Rows:
    """The items that are objects, with their numbers; for any other a finding, with what is said of it."""
    rows = []
    for number, item, said in items:
        if isinstance(item, Mapping):
            rows.append((number, item))
        else:
            findings.error(said, kind=kind, hint=hint, row=number)
    return tuple(rows)
