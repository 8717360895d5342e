"""HELM's files of one run: the state of its scenario, the statistics of its instances, the predictions it displays."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Contents, Format, Known
from siuo_dash.ingest.table import name_in
from siuo_dash.ingest.wrapping import is_sample_id

_PLACE: Final = re.compile(r"id\d{1,5}")
"""HELM's own name of an instance: its place in the list."""


def _is_state(table: Table) -> bool:
    return isinstance(table.whole, dict) and {"adapter_spec", "request_states"} <= table.whole.keys()


def _is_stats(table: Table) -> bool:
    return {"instance_id", "stats"} <= table.first.keys() and isinstance(table.first["stats"], list)


def _is_predictions(table: Table) -> bool:
    return {"instance_id", "predicted_text"} <= table.first.keys()


def _is_instances(table: Table) -> bool:
    return {"id", "input", "references"} <= table.first.keys() and isinstance(table.first["input"], Mapping)


def with_instances(tables: Sequence[Table]) -> list[Table]:
    """The tables, with what instances.json says of each instance beside its predictions or statistics."""
    given = {str(row["id"]): row for table in tables if _is_instances(table) for row in table.values if "id" in row}
    if not given or not any(_is_stats(table) or _is_predictions(table) for table in tables):
        return list(tables)
    kept = [table for table in tables if not _is_instances(table)]
    return [
        replace(
            table, rows=tuple((n, {**row, "instance": given.get(str(row.get("instance_id")))}) for n, row in table.rows)
        )
        if _is_stats(table) or _is_predictions(table)
        else table
        for table in kept
    ]


def _read_state(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """Replies and annotations; the request, the references and the prompt are left out."""
    rows = [(number, _of_state(row)) for number, row in table.rows]
    spec = table.whole["adapter_spec"]
    model = spec.get("model_deployment") or spec.get("model") if isinstance(spec, Mapping) else None
    return Contents(known=[Known(model=name_in(model, parts=1))], tables=[_clean(table, rows)])


def _read_stats(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    """Each statistic by its name: its place in the list differs from row to row."""
    if _cannot_be_placed(table, findings):
        return Contents()
    rows = [
        (n, {**_about(row), "stats": {name: each.get("mean") for name, each in _stats(row)}}) for n, row in table.rows
    ]
    orders = {tuple(name for name, _ in _stats(row)) for _, row in table.rows}
    return Contents(tables=[_clean(table, rows)], has_own_fields=len(orders) == 1)


def _read_predictions(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    if _cannot_be_placed(table, findings):
        return Contents()
    kept = ("stats", "annotations")
    rows = [
        (n, {**_about(row), "response": row["predicted_text"], **{name: row[name] for name in kept if name in row}})
        for n, row in table.rows
    ]
    return Contents(tables=[_clean(table, rows)])


def _cannot_be_placed(table: Table, findings: Findings) -> bool:
    """Whether the rows say only which place of HELM's own list they are of; a finding then."""
    if any(row.get("instance") for row in table.values):
        return False
    ids = [row.get("instance_id") for row in table.values]
    is_place = [isinstance(each, str) and _PLACE.fullmatch(each) and not is_sample_id(each) for each in ids]
    if sum(map(bool, is_place)) < 0.5 * len(ids):
        return False
    findings.error(
        "HELM's instance ids (id0, id1, …) are places in its list, not the benchmark's samples",
        hint="drop scenario_state.json of the same run, or instances.json beside this file: they have the questions",
        field="instance_id",
    )
    return True


def _of_state(row: Row) -> dict[str, Any]:
    result = row.get("result")
    clean = _instance(row)
    if _is_trial(row):
        clean["response_index"] = row["train_trial_index"]
    completions = result.get("completions") if isinstance(result, Mapping) else None
    texts = [each.get("text") for each in completions or [] if isinstance(each, Mapping)]
    clean["result"] = {"completions": [{"text": text} for text in texts]}
    if isinstance(annotations := row.get("annotations"), Mapping):
        clean["annotations"] = annotations
    return clean


def _instance(row: Row) -> dict[str, Any]:
    """What a row says of its instance: the ids of the data and the question."""
    given = row.get("instance")
    instance: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    kept = {name: instance[name] for name in ("id", "extra_data", "sub_split") if name in instance}
    asked = instance.get("input")
    question = asked.get("text") if isinstance(asked, Mapping) else None
    return {"instance": {**kept, **({"question": question} if isinstance(question, str) else {})}}


def _about(row: Row) -> dict[str, Any]:
    trial = {"response_index": row["train_trial_index"]} if _is_trial(row) else {}
    return {**(_instance(row) if "instance" in row else {"instance_id": row["instance_id"]}), **trial}


def _is_trial(row: Row) -> bool:
    return isinstance(row.get("train_trial_index"), int)


def _stats(row: Row) -> list[tuple[str, Row]]:
    found = []
    for each in row.get("stats") or []:
        named = each.get("name") if isinstance(each, Mapping) else None
        name = named.get("name") if isinstance(named, Mapping) else named
        if isinstance(name, str):
            found.append((name, each))
    return found


def _clean(table: Table, rows: list[tuple[int, dict[str, Any]]]) -> Table:
    return Table(table.file, tuple(rows), "json")


_ABOUT: Final = (
    "**HELM**: `scenario_state.json`, or `per_instance_stats.json` and `display_predictions.json`, with "
    "`instances.json` beside them where their ids are not the benchmark's."
)
_ADVICE: Final = "drop scenario_state.json of a run with a safety annotator, or map the field that holds the verdict"
STATE: Final = Format("helm", "HELM scenario state", _is_state, _read_state, _ABOUT, _ADVICE, is_fixed=True)
STATS: Final = Format("helm stats", "HELM per-instance stats", _is_stats, _read_stats, _ABOUT, _ADVICE, is_fixed=True)
PREDICTIONS: Final = Format(
    "helm predictions", "HELM predictions", _is_predictions, _read_predictions, _ABOUT, _ADVICE, is_fixed=True
)
