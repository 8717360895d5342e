"""Where the samples are in a JSON value: a list, keyed by id, a table, in groups; and what is beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import normalise
from siuo_dash.ingest.fields import Row, is_image, parse_id
from siuo_dash.text import counted

_WRAPPERS: Final = ("data", "results", "samples", "predictions", "rows", "records", "items", "outputs")
_HEADERS: Final = ("columns", "header", "headers", "fields")
_IDS: Final = ("question_id", "id")
_NAMES_OF_IDS: Final = ("id", "index", "image", "img", "file", "item")
_DEPTH: Final = 5
_LOOKED_AT: Final = 20
_GROUPS: Final = 50
"""Objects in an object up to which each is looked into for samples."""
_CATEGORIES: Final = {normalise(name) for domain in DOMAINS for name in (domain.id, domain.label)}
_TEXT: Final = 20
"""Characters from which on a key or a value is taken for a text, not for a name."""


@dataclass(frozen=True)
class Found:
    """The samples in a JSON value.

    rows: the items that should be samples. beside: the objects around them, without them, the outermost first. unread:
    other lists of samples that were left out, named with their counts.
    """

    rows: list[Any]
    beside: tuple[Row, ...] = ()
    unread: tuple[str, ...] = ()


def find_rows(value: Any) -> Found | None:
    """The samples in a JSON value, whatever they are wrapped in; None where there are none."""
    if isinstance(value, list):
        return _of_list(value)
    return _of_object(value, "value", 0) if isinstance(value, dict) and value else None


def is_sample_id(value: object) -> bool:
    """Whether a value looks like a question_id of the benchmark: 1001, 'siuo_1001'; without knowing the samples."""
    number = parse_id(value)
    return number is not None and 1000 < number < 10_000 and 0 < number % 1000 <= 300


def is_category(value: object) -> bool:
    """Whether a value is one of the benchmark's domains, by its id or label."""
    return isinstance(value, str) and len(value) < 100 and normalise(value) in _CATEGORIES


def _of_list(items: list[Any]) -> Found:
    """The items; lists of cells below a header become objects, a single wrapper is opened."""
    first = items[0] if items else None
    if len(items) > 1 and isinstance(first, list) and (rows := _below(first, items[1:])):
        return Found(rows)
    if len(items) == 1 and isinstance(first, dict) and not _has_id(first):
        inner = _of_object(first, "value", 0)
        return Found(items) if inner is None or len(inner.rows) < 2 else inner
    return Found(items)


def _of_object(value: dict[str, Any], name: str, depth: int) -> Found | None:
    """name: the key of the object, which names what is keyed by id alone."""
    lists = {key: inner for key, inner in value.items() if isinstance(inner, list)}
    for header in _HEADERS:
        for key, cells in lists.items():
            if key != header and header in lists and (rows := _below(lists[header], cells)):
                return Found(rows, (_without(value, header, key, "index"),))
    wrapper = next((key for key in _WRAPPERS if _holds_objects(lists.get(key)) or lists.get(key) == []), None)
    if wrapper is not None:
        others = [key for key, inner in lists.items() if key != wrapper and _share_of_ids(inner) > 0]
        unread = tuple(f"{key} ({counted(len(lists[key]), 'entry', 'entries')})" for key in others)
        return Found(list(lists[wrapper]), (_without(value, wrapper),), unread)
    if any(is_sample_id(value.get(key)) for key in _IDS):
        return Found([value])
    found = _columns(value, lists) or _keyed(value, name) or _series(value) or _grouped(value, lists)
    found = found or (_nested(value, depth) if depth < _DEPTH else None)
    if found is None and not all(isinstance(inner, dict) for inner in value.values()):
        return Found([value]) if "question_id" in value or "id" in value else _scalars(value, lists)
    return found or _by_text(value)


def _below(header: list[Any], cells: Any) -> list[Row] | None:
    """Objects of lists of cells and a list of names; None where they do not fit. A name twice is another table."""
    if not (isinstance(cells, list) and cells and header and len(set(map(str, header))) == len(header)):
        return None
    if not all(isinstance(key, str) and not is_sample_id(key) for key in header):
        return None
    if not all(isinstance(row, list) and len(row) == len(header) for row in cells):
        return None
    return [dict(zip(header, row, strict=True)) for row in cells]


def _columns(value: dict[str, Any], lists: dict[str, list[Any]]) -> Found | None:
    """One list a column, all of one length; the run's metadata may be beside them."""
    if len(lists) < 2 or len({len(inner) for inner in lists.values()}) > 1 or any(map(_holds_objects, lists.values())):
        return None
    if 2 * sum(map(is_sample_id, lists)) >= len(lists):  # each list is of a sample: its rounds, not a column
        return None
    if len(lists) < len(value) and not any(_share_of_ids(inner) > 0.5 for inner in lists.values()):
        return None
    rows = [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)]
    return Found(rows, (_without(value, *lists),))


def _keyed(value: dict[str, Any], name: str) -> Found | None:
    """Samples under their ids, row numbers or any key beside which they hold an id themselves."""
    ids = dict.fromkeys(key for key in value if is_sample_id(key))
    objects = {key: inner for key, inner in value.items() if isinstance(inner, dict)}
    if 2 * len(ids) >= len(value):
        rows = [row for key, inner in value.items() if key in ids for row in _under(key, inner, name)]
        fields = {field for row in rows for field in row}
        extra = {key: inner for key, inner in objects.items() if key not in ids}
        rows += [{"id": key, **inner} for key, inner in extra.items() if fields & inner.keys()]  # such as an average
        return Found(rows, (_without(value, *ids),))
    numbered = [key for key in objects if key.isdecimal()]
    if numbered and 2 * len(numbered) >= len(value):
        if columns := _by_column(value, objects):
            return columns
        kept = numbered
    else:
        kept = [key for key, inner in objects.items() if _has_id(inner)]
        if len(kept) < 2 or 2 * len(kept) < len(value):
            return None
    return Found([_with_id(key, objects[key]) for key in kept], (_without(value, *kept),))


def _series(value: dict[str, Any]) -> Found | None:
    """Several objects that are each keyed by the same ids or row numbers: one a column, as pandas writes them."""
    return _by_column(value, {key: inner for key, inner in value.items() if isinstance(inner, dict)})


def _by_column(value: dict[str, Any], objects: dict[str, Any]) -> Found | None:
    keyed = {
        column: cells
        for column, cells in objects.items()
        if len(cells) > 0 and all(key.isdecimal() or is_sample_id(key) for key in cells)
    }
    keys = list(dict.fromkeys(key for cells in keyed.values() for key in cells))
    if len(keyed) < 2 or sum(map(len, keyed.values())) < 1.5 * len(keys):  # apart: groups, not columns
        return None
    has_id = any(column in keyed for column in _IDS) or not all(map(is_sample_id, keys))
    rows: list[Any] = [
        {**({} if has_id else {"id": key}), **{column: cells[key] for column, cells in keyed.items() if key in cells}}
        for key in keys
    ]
    return Found(rows, (_without(value, *keyed),))


def _grouped(value: dict[str, Any], lists: dict[str, list[Any]]) -> Found | None:
    """One list of samples, or several: by domain, by model; each row then says which."""
    held = {key: inner for key, inner in lists.items() if _holds_objects(inner)}
    with_ids = {key: inner for key, inner in held.items() if _share_of_ids(inner) > 0.5}
    chosen = with_ids or held
    if not chosen or (len(chosen) > 1 and not with_ids and not all(map(is_category, chosen))):
        return None
    if len(chosen) == 1:
        key, rows = next(iter(chosen.items()))
        return Found(rows, (_without(value, key),))
    return Found(list(_named(chosen)), (_without(value, *chosen),))


def _nested(value: dict[str, Any], depth: int) -> Found | None:
    """The samples one level down, in the one object that has them, or in several, as groups."""
    objects = {key: each for key, each in value.items() if isinstance(each, dict) and each}
    if len(objects) > _GROUPS:
        return None
    inner = {key: _of_object(each, key, depth + 1) for key, each in objects.items()}
    found = {key: each for key, each in inner.items() if each is not None and len(each.rows) > 1}
    with_ids = {key: each for key, each in found.items() if _share_of_ids(each.rows) > 0.5}
    chosen = with_ids or found
    if len(chosen) == 1:
        key, only = next(iter(chosen.items()))
        return replace(only, beside=(_without(value, key), *only.beside))
    if not with_ids:
        return None
    groups = _named({key: each.rows for key, each in chosen.items()})
    return Found(
        list(groups), (_without(value, *chosen),), tuple(name for each in chosen.values() for name in each.unread)
    )


def _by_text(value: dict[str, Any]) -> Found | None:
    """Objects under keys that are texts, such as the questions; names alone are no samples."""
    objects = {key: inner for key, inner in value.items() if isinstance(inner, dict)}
    texts = sum(len(key) > _TEXT or any(_is_text(each) for each in inner.values()) for key, inner in objects.items())
    if len(objects) < 2 or 2 * texts < len(objects):
        return None
    return Found([_with_id(key, inner) for key, inner in objects.items()])


def _scalars(value: dict[str, Any], lists: dict[str, list[Any]]) -> Found | None:
    """A list that is known to hold the samples, though it holds no objects: what is wrong with it can be said."""
    wrapper = next((key for key in _WRAPPERS if lists.get(key)), None)
    return None if wrapper is None else Found(list(lists[wrapper]), (_without(value, wrapper),))


def _under(key: str, inner: Any, name: str) -> Iterator[Row]:
    """The value of a sample's id, as its rows."""
    if isinstance(inner, dict):
        yield _with_id(key, inner)
    elif _holds_objects(inner):
        for number, item in enumerate(inner, 1):
            numbered = {"response_index": number} if len(inner) > 1 and "response_index" not in item else {}
            yield {**_with_id(key, item), **numbered}
    else:
        yield {"id": key, name: inner}


def _with_id(key: str, inner: Row) -> Row:
    """The sample with its key as its id, unless it holds an id that is one."""
    if _has_id(inner) or ("question_id" in inner and not is_sample_id(key)):
        return inner
    if "id" not in inner:
        return {"id": key, **inner}
    return {"question_id": key, **inner} if is_sample_id(key) else inner


def _named(groups: Mapping[str, list[Any]]) -> Iterator[Any]:
    """The rows of several groups, each with its group's name."""
    for key, rows in groups.items():
        for row in rows:
            yield {"group": key, **row} if isinstance(row, dict) else row


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value[:_LOOKED_AT])


def _share_of_ids(items: list[Any]) -> float:
    """Share of the first items that are an id or hold one."""
    first = items[:_LOOKED_AT]
    held = sum(any(map(_has_id, _levels(item))) if isinstance(item, dict) else is_sample_id(item) for item in first)
    return held / len(first) if first else 0.0


def _levels(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An object and the objects directly in it."""
    yield item
    yield from (inner for inner in item.values() if isinstance(inner, dict))


def _has_id(item: Mapping[str, Any]) -> bool:
    """Whether a field that is called an id, or any name that ends so, holds one."""
    return any(
        is_sample_id(inner) and " " not in str(inner).strip()
        for key, inner in item.items()
        if is_image(inner) or any(name in key.lower() for name in _NAMES_OF_IDS)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) > _TEXT


def _without(value: Mapping[str, Any], *keys: str) -> Row:
    left_out = set(keys)
    return {key: inner for key, inner in value.items() if key not in left_out}
