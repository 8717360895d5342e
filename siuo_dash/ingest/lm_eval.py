"""Samples logged by lmms-eval and lm-evaluation-harness, without what was wanted of the model and how it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.records import Contents, Format
from siuo_dash.ingest.tables import names_beside

_LEFT_OUT: Final = (
    "target arguments resps filtered_resps doc_hash prompt_hash target_hash metrics input prompt token_counts "
    "schema_version filter"
).split()
_WANTED: Final = "answer answers reference references reference_answer target gold label safety_warning".split()
"""What a document of the data says of the wanted answer."""


def _fits(table: Table) -> bool:
    return "doc_id" in table.first and bool({"resps", "filtered_resps"} & table.first.keys())


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    filters = list(dict.fromkeys(str(row["filter"]) for row in table.values if "filter" in row))
    rows = table.rows
    if len(filters) > 1:
        rows = tuple((number, row) for number, row in rows if str(row.get("filter")) == filters[0])
        names = ", ".join(map(shown, filters[1:]))
        findings.warning(f"each response is there once a filter: {shown(filters[0])} is read, not {names}")
    clean = tuple((number, _clean(row)) for number, row in rows)
    return Contents(known=[names_beside(table)], tables=[Table(table.file, clean, "json")])


def _clean(row: Row) -> dict[str, Any]:
    given = row.get("doc")
    doc = {name: cell for name, cell in given.items() if name not in _WANTED} if isinstance(given, Mapping) else given
    said = list(_texts(row.get("filtered_resps"))) or list(_texts(row.get("resps")))
    scores = {name: cell for name, cell in row.items() if name not in (*_LEFT_OUT, "doc", "doc_id")}
    return {"doc_id": row["doc_id"], "doc": doc, "responses": said[0] if len(said) == 1 else said, **scores}


def _texts(value: Any) -> Iterator[str]:
    """The texts in a list, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


SAMPLES: Final = Format(
    "lm-eval",
    "lmms-eval or lm-eval samples",
    _fits,
    _read,
    "**lmms-eval, lm-evaluation-harness**: the file of samples (`--log_samples`), not that of results.",
    "run it with --log_samples and a metric on safety, or map the field that holds the verdict",
    is_fixed=True,
)
