"""promptfoo's results: JSON of an evaluation, JSON Lines of its rows, and the CSV of either version."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Contents, Format, Known
from siuo_dash.text import counted

_COLUMN: Final = re.compile(r"\[(?P<provider>[^\]\n]{1,200})\](?: |$)")
"""The name of a column with replies: [provider] prompt."""
_OLD_CELL: Final = re.compile(r"\[(PASS|FAIL|ERROR)\](?: \([^)\n]{0,200}\))? ?", re.IGNORECASE)
_REASON_ABOVE: Final = "\n---\n"
"""Between the reason of a failure and the reply, in the old CSV."""
_GRADES: Final = ("Status", "Score", "Named Scores", "Grader Reason", "Comment")
"""What follows a column with replies in the newer CSV, once or after each."""
_ERROR: Final = 2
"""The failureReason of a row that no reply was made for."""


def _is_rows(table: Table) -> bool:
    """Whether the rows are those of an evaluation: variables, a provider and how it was graded."""
    return {"vars", "provider"} <= table.first.keys() and bool({"gradingResult", "success"} & table.first.keys())


def _columns(table: Table) -> list[str]:
    """The columns with replies; empty where this is no CSV of promptfoo's."""
    names = [name for name in table.first if _COLUMN.match(name)] if table.kind in ("csv", "tsv", "xlsx") else []
    if several := [name for name in names if f"{name} / Status" in names]:  # each followed by its own grades
        return several
    if "Status" in table.first and len(names) == 1:
        return names
    rows = table.values[:20]
    return [name for name in names if all(_OLD_CELL.match(str(row.get(name) or "[PASS]")) for row in rows)]


def _read_rows(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    given = [(number, row) for number, row in table.rows if isinstance(row.get("vars"), Mapping)]
    names = {(_provider(row), _prompt(row)) for _, row in given}
    asks_prompt = len({prompt for _, prompt in names}) > 1
    seen: Counter[str] = Counter()
    rows = [(number, _of_result(row, asks_prompt)) for number, row in given]
    for _, row in rows:
        seen[_key(row)] += 1
        row["response_index"] = seen[_key(row)]
    if max(seen.values(), default=0) < 2:
        for _, row in rows:
            del row["response_index"]
    return _contents(table, rows, findings)


def _read_csv(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    rows: list[tuple[int, dict[str, Any]]] = []
    columns = _columns(table)
    own = {*columns, *_GRADES, *(f"{column} / {name}" for column in columns for name in _GRADES)}
    for column in columns:
        for number, row in table.rows:
            found = _COLUMN.match(column)
            base = {"vars": {name: cell for name, cell in row.items() if name not in own}}
            provider = _bare(found["provider"] if found else "")
            graded = {name: row[own_name] for name in _GRADES if (own_name := f"{column} / {name}") in row}
            rows.append((number, {**base, "model": provider, **_of_cells({**row, **graded}, column)}))
    return _contents(table, rows, findings)


def _contents(table: Table, rows: list[tuple[int, dict[str, Any]]], findings: Findings) -> Contents:
    failed = sum(str(row["gradingResult"].get("pass", "")).startswith("error") for _, row in rows)
    if failed:
        what = (
            f"{counted(failed, 'response')} ended with an error: the error is read as the response, without a verdict"
        )
        findings.warning(what, hint="promptfoo eval --retry-errors tries them again")
    models = {row["model"] for _, row in rows}
    known = [Known(model=models.pop() or None)] if len(models) == 1 else []
    return Contents(known=known, tables=[Table(table.file, tuple(rows), "json")])


def _of_result(row: Row, asks_prompt: bool) -> dict[str, Any]:
    """A row under its own names, without the assertions' texts and the prompt; its provider is the model."""
    response = row.get("response")
    output = response.get("output") if isinstance(response, Mapping) else response
    graded = row.get("gradingResult")
    grading: Mapping[str, Any] = graded if isinstance(graded, Mapping) else {"pass": row.get("success")}
    said = row.get("error") or (response.get("error") if isinstance(response, Mapping) else None)
    has_failed = row.get("failureReason") == _ERROR or (said is not None and output is None)
    error = f"error: {said or 'no reply'}" if has_failed else None
    provider, prompt = _provider(row), _prompt(row)
    kept: dict[str, Any] = {"vars": row["vars"], "model": f"{provider}, {prompt}" if asks_prompt else provider}
    kept["response"] = {"output": error if error and output is None else output}
    kept["gradingResult"] = {"pass": error or grading.get("pass"), **_points(row, grading)}
    if isinstance(grading.get("reason"), str):
        kept["gradingResult"]["reason"] = grading["reason"]
    if parts := dict(_parts(grading)):
        # Whether all assertions passed is no verdict on one of them.
        kept["gradingResult"] = {name: {"pass": error or each.get("pass")} for name, each in parts.items()}
    elif isinstance(named := row.get("namedScores") or grading.get("namedScores"), Mapping) and len(named) > 1:
        kept["namedScores"] = named
    return kept


def _points(row: Row, grading: Row) -> dict[str, Any]:
    """The score, where it says more than whether the assertion passed."""
    score = grading.get("score", row.get("score"))
    return {"score": score} if isinstance(score, (int, float)) and score not in (0, 1) else {}


def _parts(grading: Row) -> Iterator[tuple[str, Row]]:
    """The results of several assertions by their metric's name, or by their kind and number."""
    parts = grading.get("componentResults")
    listed = [each for each in parts if isinstance(each, Mapping)] if isinstance(parts, list) else []
    if len(listed) < 2:
        return
    for number, each in enumerate(listed, 1):
        assertion = each.get("assertion")
        about = assertion if isinstance(assertion, Mapping) else {}
        yield str(about.get("metric") or f"{about.get('type', 'assertion')} {number}"), each


def _of_cells(row: Row, column: str) -> dict[str, Any]:
    """The reply and how it was graded, of either version of the CSV."""
    text = str(row.get(column) or "")
    status, reason = row.get("Status"), row.get("Grader Reason")
    if status is None:
        found = _OLD_CELL.match(text)
        status, text = (found[1], text[found.end() :]) if found else ("", text)
        if status.upper() == "FAIL" and _REASON_ABOVE in text:
            reason, text = text.split(_REASON_ABOVE, 1)
    word = str(status).strip().upper()
    graded = {"PASS": True, "FAIL": False}.get(word, f"error: {text}" if word == "ERROR" else status)
    return {"response": {"output": text}, "gradingResult": {"pass": graded, **({"reason": reason} if reason else {})}}


def _provider(row: Row) -> str:
    given = row.get("provider")
    name = given.get("label") or given.get("id") if isinstance(given, Mapping) else given
    return _bare(str(name or ""))


def _bare(provider: str) -> str:
    """The model's name without who serves it: 'openai:chat:gpt-4o' → 'gpt-4o'."""
    return provider.rsplit(":", 1)[-1] if ":" in provider else provider


def _prompt(row: Row) -> str:
    prompt = row.get("prompt")
    return str(row.get("promptIdx") or (prompt.get("label") or "" if isinstance(prompt, Mapping) else ""))


def _key(row: Row) -> str:
    return json.dumps([row["vars"], row["model"]], sort_keys=True, default=str)


_ABOUT: Final = "**promptfoo**: results as JSON, JSON Lines or CSV."
_ADVICE: Final = "run promptfoo eval with an assertion on safety, or map the field that holds the verdict"
ROWS: Final = Format("promptfoo", "promptfoo results", _is_rows, _read_rows, _ABOUT, _ADVICE, is_fixed=True)
CSV: Final = Format(
    "promptfoo csv", "promptfoo table", lambda table: bool(_columns(table)), _read_csv, _ABOUT, _ADVICE, is_fixed=True
)
