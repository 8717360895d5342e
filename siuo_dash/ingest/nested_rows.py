"""Rows that hold a list of rows: an array of runs with their samples, or a sample with what each model said."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Row, Table, parse_id
from siuo_dash.ingest.repeats import kind_of_field
from siuo_dash.ingest.text_rows import MAX_ROWS

_MOST: Final = 0.5


def spread_out(table: Table, catalogue: Catalogue) -> Table:
    """The table with a row for each entry of such lists, which keeps the other fields of its row; else as it is.

    A list is spread where its entries hold sample ids and the row holds none, or where each entry names its own model,
    judge or annotator. Other lists are a sample's responses.
    """
    if table.kind not in ("json", "jsonl"):
        return table
    for name in table.first:
        lists = [_objects(row.get(name)) for row in table.values]
        entries = [entry for found in lists for entry in found]
        if len(entries) < 2 or sum(map(bool, lists)) < _MOST * len(lists) or len(entries) > MAX_ROWS:
            continue
        if _holds_samples(table, name, entries, catalogue) or _names_its_makers(lists):
            rows = [
                (number, {key: value for key, value in row.items() if key != name} | _without_clash(row, name, entry))
                for (number, row), found in zip(table.rows, lists, strict=True)
                for entry in found or [{}]
            ]
            return replace(table, rows=tuple(rows), whole=None)
    return table


def _objects(value: Any) -> list[Row]:
    """The objects of a list; none where it holds anything else."""
    if not isinstance(value, list) or not all(isinstance(entry, Dictionary) for entry in value):
        return []
    return value


def _holds_samples(table: Table, name: str, entries: list[Row], catalogue: Catalogue) -> bool:
    rows = [{key: value for key, value in row.items() if key != name} for row in table.values]
    return _with_ids(entries, catalogue) >= 0.9 and _with_ids(rows, catalogue) < _MOST


def _with_ids(rows: Sequence[Row], catalogue: Catalogue) -> float:
    """The largest share of rows that have a sample's id in one and the same field."""
    names = dict.fromkeys(key for row in rows[:50] for key in row)
    shares = [sum(parse_id(row.get(key), catalogue.by_id) in catalogue.by_id for row in rows) for key in names]
    return max(shares, default=0) / len(rows)


def _names_its_makers(lists: list[list[Row]]) -> bool:
    """Whether the entries of most lists differ in the model, judge or annotator that they name."""
    several = [found for found in lists if len(found) > 1]
    keys = [key for key in dict.fromkeys(key for found in several[:1] for key in found[0]) if kind_of_field(key)]
    return any(
        2 * sum(len({str(entry.get(key)) for entry in found}) == len(found) for found in several) > len(lists)
        for key in keys
    )


def _without_clash(row: Row, name: str, entry: Row) -> dict[str, Any]:
    """The entry's fields, under the list's name where the row has a field of that name."""
    return {f"{name}.{key}" if key in row and key != name else key: value for key, value in entry.items()}
