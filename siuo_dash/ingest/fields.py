"""Tables and their fields: nested fields by dotted path, ids inside strings, a field's values as a column."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.ingest.verdicts import name_tokens, token

Row = Mapping[str, Any]
LOOKED_AT: Final = 200
"""Rows of a file that are looked at for a guess."""
MAX_FIELDS: Final = 500
MAX_CELLS: Final = 1_500_000
"""Cells of all files together, those inside lists and objects too."""
SHEET: Final = ", sheet "
"""Between a workbook's name and its sheet's, where several are read."""
_LONGEST_LIST: Final = 101
_FIELD_DEPTH: Final = 5
_NAME_LENGTH: Final = 200
_ID: Final = re.compile(r"(?<!\d)\d{4}(?!\d)")
_IMAGE: Final = re.compile(
    r"(?<![A-Za-z0-9])(DS|IM|[SDMICRP])-(\d{2,3})\.(?:png|jpe?g|webp)\b", re.ASCII | re.IGNORECASE
)
_BLOCKS: Final = ("S", "D", "M", "I", "C", "DS", "R", "IM", "P")
"""What the names of each domain's pictures begin with, in the order of the blocks of ids: S-01.png is of 1001."""
_LONGEST_ADDRESS: Final = 500


@dataclass(frozen=True)
class Table:
    """One file's rows, each with the row number that a person finds it by.

    kind: what it was read from: json, jsonl, csv, tsv, xlsx, parquet. whole: of JSON, the value that the rows were
    found in, for formats that say more around them; there is no row where no list of samples was found in it. beside:
    what the file says around its rows, such as the model's name. sheet: of a spreadsheet with several.
    """

    file: str
    rows: tuple[tuple[int, Row], ...]
    kind: str
    whole: Any = None
    beside: tuple[Row, ...] = ()
    sheet: str = ""

    @property
    def values(self) -> list[Row]:
        """The rows without their numbers."""
        return [row for _, row in self.rows]

    @property
    def first(self) -> Row:
        """The first row; an empty one where there is none."""
        return self.rows[0][1] if self.rows else {}


def cells_of(table: Table) -> int:
    """How many cells a table has, those inside lists and objects too."""
    count = 0
    level: list[Any] = table.values
    while level:
        inside = [inner for outer in level for inner in (outer.values() if isinstance(outer, Mapping) else outer)]
        count += len(inside)
        level = [inner for inner in inside if isinstance(inner, (Mapping, list, tuple))]
    return count


def value_at(row: Row, path: str) -> Any:
    """The value of a field; 'original_response.is_safe' goes into objects, 'outputs.0.text' into lists.

    None where the row has no such field. A key that holds a dot itself comes before the path.
    """
    if path in row:
        return row[path]
    here: Any = row
    rest = path
    while rest:
        if isinstance(here, Mapping):
            key = rest if rest in here else _first_key(here, rest)
            if key is None:
                return None
            here = here[key]
        elif isinstance(here, (list, tuple)):
            key = rest.split(".", 1)[0]
            if not key.isdecimal() or len(key) > 4 or int(key) >= len(here):
                return None
            here = here[int(key)]
        else:
            return None
        rest = rest[len(key) + 1 :]
    return here


def _first_key(here: Row, path: str) -> str | None:
    """The key that a path begins with; it may hold dots itself: 'llava-1.5' of 'llava-1.5.text'."""
    parts = path.split(".")[:10]
    return next((key for last in range(1, len(parts)) if (key := ".".join(parts[:last])) in here), None)


def has_field(row: Row, path: str) -> bool:
    """Whether the row has this field, with whatever value."""
    if path in row:
        return True
    head, _, last = path.rpartition(".")
    parent = value_at(row, head) if head else None
    return (isinstance(parent, Mapping) and last in parent) or value_at(row, path) is not None


def field_paths(rows: Iterable[Row]) -> list[str]:
    """Paths of all fields in these rows, in the order found; a list is one field unless it holds objects."""
    paths: dict[str, None] = {}
    for row in rows:
        _gather(row, "", paths, 0)
        if len(paths) > MAX_FIELDS:
            break
    return list(paths)[:MAX_FIELDS]


def parse_id(value: object, known: Iterable[int] = ()) -> int | None:
    """The question_id that a value holds: 1001, 1001.0, '1,001', 'siuo_1001', or its picture's name: 'img/S-01.png'.

    None where it holds none or several.
    """
    match value:
        case bool():
            return None
        case int():
            return value
        case float():
            return int(value) if math.isfinite(value) and value.is_integer() else None
        case str() if is_image(value):
            ids = {1000 * (_BLOCKS.index(block.upper()) + 1) + int(place) for block, place in _IMAGE.findall(value)}
            return ids.pop() if len(ids) == 1 else None
        case str() if len(value) <= 64:
            text = value.strip()
            text = text.replace(",", "") if re.fullmatch(r"\d,\d{3}", text, re.ASCII) else text
            if re.fullmatch(r"[+-]?\d{1,9}(?:\.0+)?", text, re.ASCII):
                return int(text.split(".")[0])
            found = [int(digits) for digits in _ID.findall(text) if digits.isascii()]
            if len(found) > 1:
                found = [number for number in found if number in set(known)]
            return found[0] if len(set(found)) == 1 else None
        case _:
            return None


def is_image(value: object) -> bool:
    """Whether a value is the name or the address of a picture of the benchmark, and no text that names one."""
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST_ADDRESS
        and len(value.split()) == 1
        and bool(_IMAGE.search(value))
    )


def as_list(value: object) -> list[Any] | None:
    """A value that is a list, or a string that holds a JSON list; None otherwise."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str) and value.lstrip().startswith("[") and value.rstrip().endswith("]"):
        try:
            read = json.loads(value, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            return None
        return read if isinstance(read, list) else None
    return None


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing: missing, an empty string or not a number."""
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or (isinstance(value, str) and not value.strip())
    )


def spread(values: Iterable[Any]) -> list[Any]:
    """The cells, lists spread out; of a long list, its beginning."""
    return [item for value in values for item in (as_list(value) or [value])[:_LONGEST_LIST]]


@dataclass(frozen=True)
class FieldValues:
    """A field's values in the first rows of one file."""

    path: str
    values: tuple[Any, ...]

    @property
    def last(self) -> str:
        """The last part of the path, as words: 'data.sampleIdx' → 'sample_idx'."""
        return "_".join(name_tokens(self.path.rsplit(".", 1)[-1]))

    def share(self, test: Callable[[Any], bool]) -> float:
        """Share of the filled values that pass."""
        filled = [value for value in self.values if not is_blank(value)]
        return sum(map(test, filled)) / len(filled) if filled else 0.0

    @property
    def holds_text(self) -> bool:
        """Whether at least half of the filled values are texts or lists."""
        return self.share(lambda value: isinstance(value, str) or bool(as_list(value))) >= 0.5


def field_examples(tables: Iterable[Table]) -> dict[str, tuple[str, ...]]:
    """{path: its first three different values} of all fields of these files, for the mapping's editor."""
    examples: dict[str, tuple[str, ...]] = {}
    for each in (each for table in tables for each in field_values(table)):
        distinct = dict.fromkeys(value if isinstance(value, str) else token(value) for value in each.values)
        examples[each.path] = examples.get(each.path) or tuple(value[:200] for value in list(distinct)[:3])
    return examples


def field_values(table: Table) -> list[FieldValues]:
    """Each field of a table with its values in the first rows."""
    rows = table.values[:LOOKED_AT]
    return [FieldValues(path, tuple(value_at(row, path) for row in rows)) for path in field_paths(rows[:50])]


def _gather(value: Row, prefix: str, paths: dict[str, None], depth: int) -> None:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if len(paths) > MAX_FIELDS:
            return
        if len(path) > _NAME_LENGTH:
            continue
        if isinstance(inner, Mapping) and inner and depth < _FIELD_DEPTH:
            _gather(inner, f"{path}.", paths, depth + 1)
        elif isinstance(inner, list) and inner and isinstance(inner[0], Mapping) and depth < _FIELD_DEPTH:
            for position, item in enumerate(inner[:5]):
                if isinstance(item, Mapping):
                    _gather(item, f"{path}.{position}.", paths, depth + 1)
        else:
            paths[path] = None
