"""Findings in submitted files, as tables and in words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import pandas as pd

from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.errors import Finding
from siuo_dash.report.export import Provenance, Table, defuse, plain_table

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
    frame = _frame(findings).rename(columns=_LABELS)
    empty = [name for name in frame.columns[1:-2] if frame[name].isna().all() or frame[name].eq("").all()]
    return frame.drop(columns=empty if kinds else ["Kind", *empty])


def findings_csv(findings: Sequence[Finding]) -> bytes:
    """All findings with their severity, for whoever repairs the file; nothing in it runs as a formula."""
    frame = _frame(findings)
    for name in ("file", "field", "message", "hint"):
        frame[name] = frame[name].map(defuse)
    body = io.StringIO()
    frame.to_csv(body, index=False, lineterminator="\r\n")
    return body.getvalue().encode()


def label_findings_export(findings: Sequence[Finding], provenance: Provenance) -> Table:
    """The findings in a label file as a download."""
    return plain_table("label-findings", "Findings in a label file", findings_frame(findings, kinds=True), provenance)


def _frame(findings: Sequence[Finding]) -> pd.DataFrame:
    rows = [{"severity": finding.severity} | finding.as_dict() for finding in findings]
    return pd.DataFrame(rows, columns=list(_LABELS)).astype({"row": "Int64", "question_id": "Int64"})


def by_kind(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """The first finding of each kind and how many there are: those that give the same advice on the same field."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.field, finding.hint or finding.message), []).append(finding)
    return [(found[0], len(found)) for found in kinds.values()]


def sentence(words: str) -> str:
    """A message as a sentence: a full stop, and a capital letter unless it begins with a script or field."""
    ended = words if words.endswith((".", "?", "!")) else f"{words}."
    return ended[:1].upper() + ended[1:] if ended.split(" ", 1)[0].isalpha() else ended


def place_words(finding: Finding) -> str:
    """Where a finding is: 'a.json, row 5, sample 1004, field label'; '' when it is of the whole run."""
    parts = (
        finding.file,
        f"row {finding.row}" if finding.row is not None else "",
        f"sample {finding.question_id}" if finding.question_id is not None else "",
        f"field {finding.field}" if finding.field and finding.field not in FLAGS else "",
    )
    return ", ".join(part for part in parts if part)
