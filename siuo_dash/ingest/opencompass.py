"""OpenCompass' details of a result: what was wanted of the model is left out, what "correct" means is asked."""

from __future__ import annotations

from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Contents, Format
from siuo_dash.ingest.tables import names_beside

_WANTED: Final = frozenset("references reference gold answer answers prompt origin_prompt refr".split())


def _fits(table: Table) -> bool:
    """Whether the rows are the details beside an accuracy, each with what was wanted or whether it was met."""
    names = table.first.keys()
    is_detail = isinstance(table.whole, dict) and "details" in table.whole
    return is_detail and bool({"prediction", "predictions", "pred"} & names) and bool({"correct", *_WANTED} & names)


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    rows = tuple((number, _clean(row)) for number, row in table.rows)
    return Contents(known=[names_beside(table)], tables=[Table(table.file, rows, "json")])


def _clean(row: Row) -> dict[str, Any]:
    kept = {name: cell for name, cell in row.items() if name not in _WANTED and name != "correct"}
    return {**kept, "result": {"correct": row["correct"]}} if "correct" in row else kept


DETAILS: Final = Format(
    "opencompass",
    "OpenCompass details",
    _fits,
    _read,
    "**OpenCompass**: results with `details`.",
    "drop results with a verdict in their details, or map the field that holds it",
    is_fixed=True,
)
