"""Rows that are no samples (totals, headings, a first or last line about the run): left out with a word about each."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from siuo_dash.ingest.fields import LOOKED_AT, Row, Table, field_paths, has_field, is_blank, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.wrapping import is_sample_id

_ENOUGH_ROWS: Final = 4
_ENOUGH_IDS: Final = 0.5
_AROUND: Final = 2
"""Rows before the first sample and after the last one that may be about the run."""
_TOTAL: Final = re.compile(
    r"\b(?:averages?|avg|mean|totals?|subtotals?|sum|overall|summary|median|std|stdev|aggregated?|macro|micro|all|"
    r"accuracy|count|durchschnitt|mittelwert|summe|gesamt)\b|平均|总计|合计|總計",
    re.IGNORECASE,
)
_BESIDE: Final = frozenset(
    "of the for in per by safe safety unsafe effective effectiveness score scores rate rates samples sample rows n "
    "domain category model response responses weighted and".split()
)
"""Words that a total's name may have besides."""
_NAME: Final = 60
"""Characters up to which a cell may be the name of a total."""
_NUMBER: Final = re.compile(r"[\s\d.,%/±()+-]{1,40}")


def samples_only(table: Table, findings: Findings) -> Table:
    """The table without the rows that are no samples, each named in a warning; what says something of the run is kept
    beside the rows.

    A row is left out only where the others have an id, or where it holds nothing but a total's name and numbers: a row
    that could be a sample stays, and what is wrong with it is said.
    """
    if len(table.rows) < _ENOUGH_ROWS:
        return table
    path = _id_path(table)
    with_field = [place for place, (_, row) in enumerate(table.rows) if path is not None and has_field(row, path)]
    around = {*range(len(table.rows))} - {*range(with_field[0], with_field[-1] + 1)} if with_field else set()
    around = around if len(around) <= _AROUND else set()
    common = table.rows[with_field[0]][1].keys() if with_field else set()
    last = max((n for n, (_, row) in enumerate(table.rows) if path and is_sample_id(value_at(row, path))), default=0)
    kept: list[tuple[int, Row]] = []
    beside: list[Row] = []
    for place, (number, row) in enumerate(table.rows):
        at = findings.at(row=number)
        if place in around and 2 * len(row.keys() & common) < len(common):
            beside.append(row)
            names = ", ".join(shown(name, 30)[1:-1] for name in list(row)[:5])
            at.warning(f"no sample, not read as one: it has {names}", kind="a row that is no sample")
        elif path is not None and place > last and (below := _below(row, path)):
            at.warning(f"not read: {below}, below the samples", kind="below the samples")
        elif (name := _other_than_sample(row, path)) is not None:
            what = f"not read: {name}, not a sample" if name else "not read: numbers without an id, not a sample"
            at.warning(what, kind="a row of totals", hint="nothing to do if it is a total or a heading")
        else:
            kept.append((number, row))
    return replace(table, rows=tuple(kept), beside=(*table.beside, *beside))


def _id_path(table: Table) -> str | None:
    """The field that holds an id in most rows, one that is called so before others."""
    rows = table.values[:LOOKED_AT]
    shares = {
        path: sum(is_sample_id(value_at(row, path)) for row in rows) / len(rows) for path in field_paths(rows[:50])
    }
    fitting = [path for path, share in shares.items() if share >= _ENOUGH_IDS]
    return max(fitting, key=lambda path: ("id" in path.lower(), shares[path]), default=None)


def _below(row: Row, path: str) -> str:
    """What a row says that is below the last sample and has no id, where it is less than a sample: a legend."""
    name = value_at(row, path)
    filled = [value for value in row.values() if not is_blank(value)]
    has_number = not is_blank(name) and any(map(str.isdecimal, str(name)))
    is_note = (
        not is_sample_id(name) and filled and (len(filled) == 1 or (not has_number and 2 * len(filled) <= len(row)))
    )
    return " ".join(shown(value, 30) for value in filled) if is_note else ""


def _other_than_sample(row: Row, path: str | None) -> str | None:
    """The name of a row that is a total or a heading; '' where it has no name; None for any other row."""
    name = None if path is None else value_at(row, path)
    if path is not None and is_sample_id(name):
        return None
    filled = [value for value in row.values() if not is_blank(value)]
    texts = [value for value in filled if not _is_number(value)][:2]
    if path is None:
        is_total = len(texts) == 1 and len(filled) > 1 and _is_total(texts[0])
        return shown(texts[0]) if is_total else None
    if is_blank(name):
        if not filled:
            return None
        if not texts:
            return ""
        return shown(texts[0]) if len(texts) == 1 and _is_total(texts[0]) else None
    if _is_total(name) or (len(filled) == 1 and isinstance(name, str) and not any(map(str.isdigit, name))):
        return shown(name)
    return None


def _is_total(value: object) -> bool:
    """Whether a text is the name of a total: one of its words, and little else; 'not at all' is a reply."""
    if not isinstance(value, str) or len(value) > _NAME or _TOTAL.search(value) is None:
        return False
    rest = re.findall(r"[^\W\d_]+", _TOTAL.sub(" ", value.lower()))
    return len(rest) <= 3 and all(word in _BESIDE for word in rest)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and _NUMBER.fullmatch(value) is not None)
