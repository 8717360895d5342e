"""What the upload page tells of dropped files: what was recognised, found and understood, and what they say of the run."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from siuo_dash.benchmark.schema import FLAGS
from siuo_dash.errors import Finding
from siuo_dash.ingest.formats import TABLE, understood
from siuo_dash.ingest.submission import Submission
from siuo_dash.report.export import defuse
from siuo_dash.store.registry import Withdrawal

_LINES: Final = "\n".join(f"- {line}" for line in understood())
UNDERSTOOD: Final = f"""
What is understood, whatever the file is called:

{_LINES} Any of these may come in a .gz or .zip.
"""
EXAMPLES: Final = {
    "template.csv": "Template to fill in",
    "example-generation.json": "Example: responses and verdicts",
    "example-multiple-choice.json": "Example: multiple choice",
    "example-table.csv": "Example: a table that needs an answer",
    "example-mapping.json": "Its mapping",
}
"""Files of examples/ that can be had from the page: invented, in our own words."""
_NOT_UNDERSTOOD: Final = re.compile(
    r"the value '(?P<value>.*)' is not understood as (?P<question>safe|effective) or ", re.DOTALL
)
_COLUMNS: Final = ("file", "row", "question_id", "field", "message", "hint")
_LABELS: Final = ("File", "Row", "Sample", "Field", "What is wrong", "What to do")


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a finding; a place that is not known is empty. Columns in which nothing stands are left out."""
    frame = pd.DataFrame([finding.as_dict() for finding in findings], columns=list(_COLUMNS))
    for name in ("row", "question_id"):
        frame[name] = frame[name].astype("Int64")
    frame.columns = pd.Index(_LABELS)
    empty = [
        name for name in ("File", "Row", "Sample", "Field") if frame[name].isna().all() or frame[name].eq("").all()
    ]
    return frame.drop(columns=empty)


def findings_csv(findings: Sequence[Finding]) -> bytes:
    """All findings with their severity, for whoever repairs the file; nothing in it runs as a formula."""
    rows = [{"severity": finding.severity} | finding.as_dict() for finding in findings]
    frame = pd.DataFrame(rows, columns=["severity", *_COLUMNS])
    for name in ("row", "question_id"):
        frame[name] = frame[name].astype("Int64")
    for name in ("file", "field", "message", "hint"):
        frame[name] = frame[name].map(defuse)
    body = io.StringIO()
    frame.to_csv(body, index=False, lineterminator="\r\n")
    return body.getvalue().encode()


def by_kind(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """The first finding of each kind and how many there are: those that give the same advice on the same field."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.field, finding.hint or finding.message), []).append(finding)
    return [(found[0], len(found)) for found in kinds.values()]


def sentence(words: str) -> str:
    """A message as a sentence: a full stop, and a capital letter unless it begins with the name of a script or field."""
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


def recognised(submission: Submission) -> str:
    """What the files were taken for: 'Recognised as VLMEvalKit SIUO_GEN: 167 samples, 1 response each.'"""
    count = submission.n_samples
    how = "Read as a table" if submission.reading.format == TABLE else f"Recognised as {submission.reading.format}"
    if submission.reading.needs:
        return f"{how}. Its scores depend on what the file does not tell."
    words = f"{how}: {count:,} {'sample' if count == 1 else 'samples'}"
    each = submission.responses_per_sample
    if each is not None:
        words += f", {each} {'response' if each == 1 else 'responses'} each"
    return words + "."


def understood_frame(submission: Submission, rows: int = 8) -> pd.DataFrame:
    """The first samples as they were understood: how the mapping reads the file."""
    found: list[dict[str, Any]] = []
    for record in submission.reading.samples[:rows]:
        row: dict[str, Any] = {"Sample": record.question_id}
        if record.task == "mcqa":
            row["Answer"] = _short(record.answer)
        else:
            first = next((each.text for each in record.responses if each.text is not None), None)
            row |= {
                "Responses": len(record.responses),
                "First response": _short(first),
                "Safety": ", ".join(_verdict(each.safety, "safe", "unsafe") for each in record.responses),
                "Effectiveness": ", ".join(
                    _verdict(each.effectiveness, "effective", "ineffective") for each in record.responses
                ),
            }
        found.append(row)
    return pd.DataFrame(found)


def values_not_understood(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """{'safe' or 'effective': values of the verdict that need a meaning}, as the findings quote them."""
    values: dict[str, list[str]] = {}
    for finding in findings:
        found = _NOT_UNDERSTOOD.match(finding.message)
        if found and not found["value"].endswith("…"):
            values.setdefault(found["question"], []).append(found["value"].strip().lower())
    return {question: list(dict.fromkeys(listed)) for question, listed in values.items()}


def withdrawn_frame(gone: Sequence[Withdrawal]) -> pd.DataFrame:
    """The withdrawn runs: which, why, by whom and when."""
    rows = [
        (
            each.run_id,
            each.why or "not known",
            each.by or "not stated",
            each.at.strftime("%Y-%m-%d %H:%M UTC") if each.at else "not known",
        )
        for each in gone
    ]
    return pd.DataFrame(rows, columns=["Run", "Reason", "Withdrawn by", "When"])


def _short(text: str | None, length: int = 120) -> str:
    if text is None:
        return ""
    line = " ".join(text[: length + 1].split())
    return line if len(text) <= length else f"{line[:length]}…"


def _verdict(verdict: Any, yes: str, no: str) -> str:
    if verdict is None:
        return "–"
    return "ungraded" if verdict.value is None else yes if verdict.value else no
