"""Our own Parquet: an export of one run, read back whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import FLAGS, OPTIONS, RESULT_COLUMNS, RUN_COLUMNS, TASKS
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.records import Contents, Format, Known, ResponseRecord, SampleRecord, clean
from siuo_dash.ingest.table import MAX_RESPONSES
from siuo_dash.ingest.verdicts import Verdict

_NEEDED: Final = {each.name for each in RESULT_COLUMNS if each.name not in FACTS or not each.nullable}
_CARRIED: Final = ("safe", "effective", "safe_and_effective")
_VERDICTS: Final = {"safe": "safety_judgement", "effective": "effectiveness_judgement"}


class _Malformed(ValueError):
    """A column holds what the schema does not allow."""


def _is_export(table: Table) -> bool:
    """Whether the table has the columns of our schema of results; an older export may lack facts that came later."""
    return table.kind == "parquet" and table.first.keys() >= _NEEDED


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    return Contents(records=_records(table, catalogue, findings), known=[_known(table)])


def _records(table: Table, catalogue: Catalogue, findings: Findings) -> list[SampleRecord]:
    """The records of the run in an exported file; a file of several runs or of totals is refused."""
    runs = {shown(row["run_id"]) for row in table.values}
    if len(runs) > 1:
        listed = ", ".join(sorted(runs)[:3])
        findings.error(f"holds {len(runs)} runs: {listed}, …", hint="export the runs one by one, a file each")
        return []
    if any(row["evidence"] != "per_sample" for row in table.values):
        findings.error(
            "holds totals: counts without samples",
            hint="only a run with a verdict for each sample can be published; totals are carried in data/sources",
        )
        return []
    judged = {
        task: [name for name in _VERDICTS if any(row[name] is not None for row in table.values if row["task"] == task)]
        for task in TASKS
    }
    records: dict[tuple[str, int], SampleRecord] = {}
    for number, row in table.rows:
        at = findings.at(row=number)
        try:
            record = _record(table.file, number, row, judged)
        except _Malformed as error:
            kind = "not what the schema says"
            at.error(f"{kind}: {error}", kind=kind, hint="see docs/data.md")
            continue
        key, at = (record.task, record.question_id), at.at(question_id=record.question_id)
        if record.question_id not in catalogue.by_id:
            why = catalogue.why_unknown(record.question_id)
            at.error(f"unknown sample {record.question_id}: {why}", kind="unknown sample")
        elif records.setdefault(key, record) is not record:
            at.error("the sample is in the file twice", hint="keep one")
    return [record for _, record in sorted(records.items())]


def _known(table: Table) -> Known:
    """The run's metadata as exported."""
    row = next((row for row in table.values if row["task"] == "generation"), table.first)
    return Known(
        model=row["model"] if isinstance(row["model"], str) else None,
        judge=row["judge"] if isinstance(row["judge"], str) else None,
        metadata={name: row.get(name) for name in RUN_COLUMNS},
    )


def _record(file: str, number: int, row: Row, judged: Mapping[str, list[str]]) -> SampleRecord:
    task = row["task"]
    if task not in TASKS:
        raise _Malformed(f"task is {shown(task)}")
    question_id = row["question_id"]
    if not isinstance(question_id, int) or isinstance(question_id, bool):
        raise _Malformed(f"question_id is {shown(question_id)}")
    letter = row["answer"]
    if letter is not None and letter not in OPTIONS:
        raise _Malformed(f"answer is {shown(letter)}")
    responses = row["responses"] or []
    if not isinstance(responses, list) or len(responses) > MAX_RESPONSES:
        raise _Malformed("responses is no list, or too long")
    read = tuple(_response(each, judged[task]) for each in responses)
    outcomes = tuple(_flag(row[name], name) for name in _CARRIED)
    return SampleRecord(
        task=task,
        question_id=question_id,
        file=file,
        row=number,
        responses=read if task == "generation" else (),
        answer=read[0].text if task == "mcqa" and read else None,
        letter=letter,
        file_correct=_flag(row["correct"], "correct"),
        carried=(outcomes[0], outcomes[1], outcomes[2]),
        flags=_flags(row["flags"]),
    )


def _response(each: Any, judged: list[str]) -> ResponseRecord:
    if not isinstance(each, Mapping):
        raise _Malformed("a response is no struct")
    text, chars = each.get("text"), each.get("chars")
    if not isinstance(text, str | None) or not isinstance(chars, int | None):
        raise _Malformed("a response's text or length has another type")
    verdicts: dict[str, Verdict | None] = {}
    for name, judgement in _VERDICTS.items():
        value, words = _flag(each.get(name), name), each.get(judgement)
        if not isinstance(words, str | None):
            raise _Malformed(f"{judgement} is no text")
        # A file keeps no number beside a judgement in the benchmark's form: the released scripts read it from the text.
        number = None if value is None or "judg" in (words or "").lower() else int(value)
        # The words were read when the run was first published, with the judge's instruction known.
        verdicts[name] = Verdict(value, number, words and clean(words)) if name in judged or words is not None else None
    return ResponseRecord(
        text=None if text is None else clean(text),
        safety=verdicts["safe"],
        effectiveness=verdicts["effective"],
        chars=chars if text is None else len(text),
        flags=_flags(each.get("flags")) if text is None else (),
    )


def _flag(value: object, name: str) -> bool | None:
    if not isinstance(value, bool | None):
        raise _Malformed(f"{name} is {shown(value)}")
    return value


def _flags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(flag, str) and flag in FLAGS for flag in value):
        raise _Malformed("flags holds an unknown flag")
    return tuple(value)


EXPORT: Final = Format(
    "own",
    "SIUO dashboard Parquet",
    _is_export,
    _read,
    "**An export of this dashboard** (Parquet).",
    "drop the file with the verdicts beside it",
    is_fixed=True,
)
