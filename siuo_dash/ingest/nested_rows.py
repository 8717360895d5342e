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
from siuo_dash.ingest.verdicts import name_tokens, names_question

_MOST: Final = 0.5
_METRIC_KEYS: Final = frozenset(
    "metric metric_name name key criterion criteria dimension aspect category_name scorer evaluator check rubric "
    "attribute axis question_type judgement_type label_name from_name assertion measure facet".split()
)


def spread_out(table: Table, catalogue: Catalogue) -> Table:
    """The table with a row for each entry of such lists, which keeps the other fields of its row; else as it is.

    A list is spread where its entries hold sample ids and the row holds none, or where each entry names its own model,
    judge or annotator. Other lists are a sample's responses.
    """
    table = by_metric(table, catalogue)
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


def by_metric(table: Table, catalogue: Catalogue) -> Table:
    """The table with fields named by the metric, where rows, or entries of a list, say which metric they are about.

    [{"metric": "safety", "rating": 1}, …] in any order becomes {"safety": {"rating": 1}, …}; rows a metric become one
    row a sample, with the fields safety.rating and so on.
    """
    lists = _lists_in(table.values)
    rows: Sequence[tuple[int, Row]] = table.rows
    if lists:
        rows = [(number, _by_name(row, lists)) for number, row in table.rows]
    key = _metric_key([[row for _, row in rows]], per_list=False)
    return replace(table, rows=tuple(_pivoted(rows, key, catalogue) if key else rows))


def _metric_key(lists: list[list[Row]], *, per_list: bool = True) -> str | None:
    """The key under which entries name their metric: few short names, one of which speaks of safety."""
    entries = [entry for found in lists for entry in found]
    for key in dict.fromkeys(key for entry in entries[:20] for key in entry):
        names = [entry.get(key) for entry in entries]
        if "_".join(name_tokens(key)) not in _METRIC_KEYS or not all(isinstance(name, str) for name in names):
            continue
        different = {str(name) for name in names}
        speaks = [name for name in different if names_question(name, "safe") or names_question(name, "effective")]
        if not 2 <= len(different) <= 30 or not speaks or max(map(len, different)) > 60:
            continue
        if not per_list or all(len({entry.get(key) for entry in found}) == len(found) for found in lists):
            return key
    return None


def _lists_in(rows: Sequence[Row], depth: int = 3) -> dict[str, Any]:
    """The lists whose entries name their metric, by the rows' keys: the key that names it; for an object, its own."""
    found: dict[str, Any] = {}
    for name, value in (rows[0] if rows else {}).items():
        if _objects(value):
            found[name] = _metric_key([_objects(row.get(name)) for row in rows])
        elif isinstance(value, Dictionary) and depth:
            found[name] = _lists_in(
                [inner for row in rows if isinstance(inner := row.get(name), Dictionary)], depth - 1
            )
    return {name: each for name, each in found.items() if each}


def _by_name(row: Row, lists: dict[str, Any]) -> Row:
    changed = dict(row)
    for name, key in lists.items():
        value = row.get(name)
        if isinstance(key, str):
            changed[name] = _keyed(value, key)
        elif isinstance(value, Dictionary):
            changed[name] = _by_name(value, key)
    return changed


def _keyed(value: Any, key: str) -> Any:
    if not (entries := _objects(value)):
        return value
    return {str(entry[key]): {name: cell for name, cell in entry.items() if name != key} for entry in entries}


def _pivoted(rows: Sequence[tuple[int, Row]], key: str, catalogue: Catalogue) -> Sequence[tuple[int, Row]]:
    """One row for the rows of a sample; as they are where a sample's rows differ in more than the metric."""
    names = list(dict.fromkeys(name for _, row in rows[:50] for name in row if name != key))
    cells = {name: [{name: row.get(name)} for _, row in rows] for name in names}
    place = next((name for name in names if _with_ids(cells[name], catalogue) >= 0.9), None)
    if place is None:
        return rows
    groups: dict[str, list[tuple[int, Row]]] = {}
    for number, row in rows:
        groups.setdefault(str(row.get(place)), []).append((number, row))
    if any(len({row.get(key) for _, row in group}) != len(group) for group in groups.values()):
        return rows
    own = [name for name in names if any(len({repr(row.get(name)) for _, row in g}) > 1 for g in groups.values())]
    pivoted: list[tuple[int, Row]] = []
    for group in groups.values():
        number, first = group[0]
        by_metric = {str(row[key]): {name: row[name] for name in own if name in row} for _, row in group}
        pivoted.append((number, {name: first.get(name) for name in names if name not in own} | by_metric))
    return pivoted


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
