"""Which format a file is in, by its content, and which names it tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from siuo_dash.ingest import official, own, vlmevalkit
from siuo_dash.ingest.fields import Table, value_at
from siuo_dash.ingest.files import Part
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.guess import named_fields
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.parquet_rows import read_parquet
from siuo_dash.ingest.records import Known
from siuo_dash.ingest.text_rows import read_text
from siuo_dash.ingest.xlsx_rows import read_xlsx

TABLE: Final = "table"


def table_of(part: Part, findings: Findings) -> Table | None:
    """The rows of an unpacked file, or None with a finding."""
    readers = {"parquet": read_parquet, "xlsx": read_xlsx, "text": read_text}
    table = readers[part.kind](part.name, part.data, findings)
    if table is not None and not table.rows:
        findings.error("no rows", hint="was the evaluation finished before it was saved?", file=part.name)
        return None
    return table


def format_of(table: Table) -> str:
    """The format that a table's fields show, whatever the file is called."""
    tests: tuple[tuple[str, Callable[[Table], bool]], ...] = (
        ("score", vlmevalkit.is_score),
        ("own", own.is_own),
        ("official choice", official.is_multiple_choice),
        ("vlmevalkit both", vlmevalkit.is_both),
        ("vlmevalkit choice", vlmevalkit.is_multiple_choice),
        ("vlmevalkit", vlmevalkit.is_generation),
        ("official", official.is_generation),
    )
    return next((name for name, fits in tests if fits(table)), TABLE)


def fields_with_names(table: Table) -> Mapping:
    """The fields of a known format that name the model and the judge, if any does."""
    model, judge = named_fields(table)
    return Mapping(model=model, judge=judge)


def names_in(table: Table, mapping: Mapping) -> Known:
    """The names in a table's fields: the model's without its owner, the judge's with."""
    return Known(model=_name(table, mapping.model, parts=1), judge=_name(table, mapping.judge, parts=2))


def _name(table: Table, path: str | None, parts: int) -> str | None:
    """The name in a field, without the folders of a local path; a hub's 'owner/name' keeps `parts` parts."""
    value: Any = None if path is None else value_at(table.values[0], path)
    if not isinstance(value, str) or not value.strip() or len(value) > 300:
        return None
    pieces = [piece for piece in re.split(r"[/\\]", value.strip()) if piece]
    is_local = value.startswith(("/", ".", "~")) or "\\" in value or len(pieces) > 2
    return "/".join(pieces[-1:] if is_local else pieces[-parts:]) or None
