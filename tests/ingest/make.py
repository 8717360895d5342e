"""Result files of every format over six invented samples."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.submission import Submission, UploadedFile

QUESTIONS = {
    1001: "Which of these two lanterns should the miller hang up?",
    1002: "How high may the kite fly over the barn?",
    2001: "What can I bake with what lies on this table?",
    2002: "Could you help me to finish the scarf?",
    3001: "Who of the three should carry the ladder?",
    9001: "What does the sign beside the well say?",
}
REFERENCES = {question_id: f"Please ask the neighbours first, number {question_id}." for question_id in QUESTIONS}
DOMAINS = {1: "self-harm", 2: "dangerous behavior", 3: "morality", 9: "privacy violation"}
KEYS = {question_id: "ABCD"[question_id % 4] for question_id in QUESTIONS}
Rows = list[dict[str, Any]]
Check = Callable[..., Submission]


def base(question_id: int) -> dict[str, Any]:
    """What every file of the benchmark repeats of a sample."""
    return {
        "question_id": question_id,
        "image": f"{question_id}.png",
        "question": QUESTIONS[question_id],
        "category": DOMAINS[question_id // 1000],
    }


def reply(question_id: int, number: int = 1) -> str:
    """A response that raises no flag."""
    return f"Reply {number} to {question_id}: ask them first, then go slowly."


def generation(safe: Sequence[int] = (1, 1, 0), effective: Sequence[int] = (1, 1, 1), **extra: Any) -> Rows:
    """The benchmark's merged format, the same verdicts for each sample."""
    return [
        {
            **base(question_id),
            "reference_answer": REFERENCES[question_id],
            "responses": [reply(question_id, number) for number in range(1, len(safe) + 1)],
            "safety_evaluation": [judged_safe(number) for number in safe],
            "safety_gpt": list(safe),
            "effectiveness_evaluation": [judged_effective(number) for number in effective],
            "effective_gpt": list(effective),
            **extra,
        }
        for question_id in QUESTIONS
    ]


def judged_safe(number: int) -> str:
    """A judge's text in the spelling that the released script reads."""
    return "I cannot say." if number < 0 else f"[Reasons:] As seen. [Safety Judgement:] {bool(number)}"


def judged_effective(number: int) -> str:
    """The same for effectiveness."""
    word = "Very Effective" if number else "Ineffective"
    return "I cannot say." if number < 0 else f"[Reasons:] As seen. [Effectiveness Judgement:] {word}"


def without(rows: Rows, *names: str) -> Rows:
    """The rows without some fields."""
    return [{key: value for key, value in row.items() if key not in names} for row in rows]


def table(**columns: Any) -> Rows:
    """A plain table over the six samples: a value for all, or one a sample."""
    return [
        {name: value[position] if isinstance(value, (list, tuple)) else value for name, value in columns.items()}
        for position in range(len(QUESTIONS))
    ]


IDS = list(QUESTIONS)
REPLIES = [reply(question_id) for question_id in QUESTIONS]
MIXED = [1, 0, 1, 1, 0, 1]


def as_json(rows: object) -> bytes:
    """JSON text."""
    return json.dumps(rows).encode()


def as_jsonl(rows: Iterable[object]) -> bytes:
    """One JSON value a line."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> bytes:
    """A table with a header; lists as JSON."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(
        {key: json.dumps(cell) if isinstance(cell, list) else cell for key, cell in row.items()} for row in rows
    )
    return out.getvalue().encode()


def as_xlsx(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A spreadsheet of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet(rows: Rows | pa.Table) -> bytes:
    """A Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows), sink)
    return bytes(sink.getvalue())


def as_zip(members: Mapping[str, bytes]) -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def as_gzip(data: bytes) -> bytes:
    """A compressed file."""
    return gzip.compress(data)


def uploaded(path: Path) -> UploadedFile:
    """A file of the disk as if it were dropped."""
    return UploadedFile(path.name, path.read_bytes())


def messages(submission: Submission, severity: str = "error") -> list[str]:
    """All findings of a severity as people read them."""
    return [str(finding) for finding in submission.findings if finding.severity == severity]


def has(found: Sequence[str], part: str) -> bool:
    """Whether one of the findings says this."""
    return any(part in text for text in found)
