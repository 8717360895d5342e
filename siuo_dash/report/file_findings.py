"""Findings in an uploaded file: the table, its CSV, one line a kind, and the place of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.errors import Finding
from siuo_dash.text import defuse

_LABELS: Final = {
    "severity": "Kind",
    "file": "File",
    "row": "Row",
    "question_id": "Sample",
    "field": "Field",
    "message": "What is wrong",
    "hint": "What to do",
}


def findings_frame(findings: Sequence[Finding], *, kinds: bool = False) -> pd.DataFrame:
    """One row a finding; columns that are empty throughout are left out. kinds: say which are errors."""
    frame = _findings(findings).rename(columns=_LABELS)
    empty = [name for name in frame.columns[1:-2] if frame[name].isna().all() or frame[name].eq("").all()]
    return frame.drop(columns=empty if kinds else ["Kind", *empty])


def findings_csv(findings: Sequence[Finding]) -> bytes:
    """All findings with their severity, for whoever repairs the file; nothing in it runs as a formula."""
    frame = _findings(findings)
    for name in ("file", "field", "message", "hint"):
        frame[name] = frame[name].map(defuse)
    body = io.StringIO()
    frame.to_csv(body, index=False, lineterminator="\r\n")
    return body.getvalue().encode()


def by_kind(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """The first finding of each kind and how many there are; without a kind: the same advice on the same field."""
    kinds: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        key = ("", finding.kind) if finding.kind else (finding.field, finding.hint or finding.message)
        kinds.setdefault((finding.severity, *key), []).append(finding)
    return [(found[0], sum(each.count for each in found)) for found in kinds.values()]


def place_words(finding: Finding) -> str:
    """Where a finding is: 'a.json, row 5, sample 1004, field label'; '' when it is of the whole run."""
    parts = (
        finding.file,
        f"row {finding.row}" if finding.row is not None else "",
        f"sample {finding.question_id}" if finding.question_id is not None else "",
        f"field {finding.field}" if finding.field and finding.field not in FLAGS else "",
    )
    return ", ".join(part for part in parts if part)


def _findings(findings: Sequence[Finding]) -> pd.DataFrame:
    rows = [{"severity": finding.severity} | finding.as_dict() for finding in findings]
    return pd.DataFrame(rows, columns=list(_LABELS)).astype({"row": "Int64", "question_id": "Int64"})
