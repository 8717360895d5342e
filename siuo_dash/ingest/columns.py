"""The fields of a table as columns: what a guess looks at, and what the mapping's editor shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from siuo_dash.ingest.fields import Table, field_paths, is_blank, value_at
from siuo_dash.ingest.verdicts import name_tokens, token

LOOKED_AT: Final = 200
"""Rows of a file that are looked at for a guess."""


@dataclass(frozen=True)
class FieldInfo:
    """A field of the files, for the mapping's editor: where it stands, and examples of its values."""

    path: str
    files: tuple[str, ...]
    examples: tuple[Any, ...]
    distinct: int


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


def field_infos(tables: Iterable[Table]) -> list[FieldInfo]:
    """All fields of these files, with the first three different values of each."""
    infos: dict[str, FieldInfo] = {}
    for table in tables:
        for each in field_values(table):
            distinct = dict.fromkeys(token(value) if not isinstance(value, str) else value for value in each.values)
            known = infos.get(each.path, FieldInfo(each.path, (), (), 0))
            infos[each.path] = FieldInfo(
                each.path,
                (*known.files, table.file),
                known.examples or tuple(value[:200] for value in list(distinct)[:3]),
                max(known.distinct, len(distinct)),
            )
    return list(infos.values())


def field_values(table: Table) -> list[FieldValues]:
    """Each field of a table with its values in the first rows."""
    rows = table.values[:LOOKED_AT]
    return [FieldValues(path, tuple(value_at(row, path) for row in rows)) for path in field_paths(rows[:50])]


def numbered(paths: list[str]) -> list[str]:
    """response_2 before response_10."""
    return sorted(paths, key=_number_in) if is_series(paths) else paths


def _number_in(path: str) -> tuple[int, ...]:
    return tuple(int(digits[:9]) for digits in re.findall(r"\d+", path))


def is_series(paths: Sequence[str]) -> bool:
    """Whether the names differ in a number only: one field a response."""
    shapes = {re.sub(r"\d+", "#", path) for path in paths}
    return len(shapes) == 1 and "#" in shapes.pop()
