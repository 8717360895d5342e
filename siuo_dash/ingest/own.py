"""Our own Parquet: an export of one run, read back whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.fact_kinds import Number
from siuo_dash.benchmark.judgement import Question
from siuo_dash.benchmark.run_facts import FACTS
from siuo_dash.benchmark.schema import BENCHMARK, FLAGS, LATER, OPTIONS, RESULT_COLUMNS, RUN_COLUMNS, TASKS
from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import JUDGEMENTS
from siuo_dash.ingest.placing import OTHER_SET, UNKNOWN_SAMPLE
from siuo_dash.ingest.records import Contents, Format, Known, ResponseRecord, SampleRecord, clean
from siuo_dash.ingest.verdict_reader import MAX_RESPONSES
from siuo_dash.ingest.verdicts import Verdict

_NEEDED: Final = {
    each.name for each in RESULT_COLUMNS if each.name not in LATER and (each.name not in FACTS or not each.nullable)
}
_CELLS: Final = {each.name: each.type for each in RESULT_COLUMNS[len(RUN_COLUMNS) :] if each.name not in LATER}
"""The type of each column that says something of the row's sample, not of the run."""


class _Malformed(ValueError):
    """A column holds what the schema does not allow."""


def _is_export(table: Table) -> bool:
    """Whether the table has the columns of our schema of results; an older export may lack facts that came later."""
    return table.kind == "parquet" and table.first.keys() >= _NEEDED


def _read(table: Table, catalogue: Catalogue, findings: Findings) -> Contents:
    known = _known(table)
    stated = table.first.get("sample_set") or BENCHMARK
    if stated != catalogue.sample_set:
        hint = f"choose that sample set, or add it: siuo-dash sets add FOLDER ({shown(stated)})"
        findings.error(f"these are results on another sample set, {shown(stated)}", kind=OTHER_SET, hint=hint)
    for name, value in (known.metadata or {}).items():
        fact = FACTS[name]
        if isinstance(fact, Number) and (wrong := fact.check(value)):
            findings.error(f"{name}: {wrong.message}", hint="export the run again", field=name)
    return Contents(records=_records(table, catalogue, findings), known=[known])


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
            hint="add it as a published figure: the page Upload, Published figure, or `submit-published`",
        )
        return []
    judged = {
        task: [name for name in JUDGEMENTS if any(row[name] is not None for row in table.values if row["task"] == task)]
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
            at.error(f"unknown sample {record.question_id}: {why}", kind=UNKNOWN_SAMPLE)
        elif records.setdefault(key, record) is not record:
            at.error("the sample is in the file twice", hint="keep one")
    return [record for _, record in sorted(records.items())]


def _known(table: Table) -> Known:
    """The run's metadata as exported."""
    row = next((row for row in table.values if row["task"] == "generation"), table.first)
    return Known(
        model=row["model"] if isinstance(row["model"], str) else None,
        judge=row["judge"] if isinstance(row["judge"], str) else None,
        metadata={name: row[name] for name, fact in FACTS.items() if fact.fits(row.get(name))},
    )


def _record(file: str, number: int, given: Row, judged: Mapping[str, list[Question]]) -> SampleRecord:
    row = {name: _typed(given[name], name) for name in _CELLS}
    task, question_id, letter, responses = row["task"], row["question_id"], row["answer"], row["responses"] or []
    if task not in TASKS:
        raise _Malformed(f"task is {shown(task)}")
    if question_id is None:
        raise _Malformed(f"question_id is {shown(question_id)}")
    if letter is not None and letter not in OPTIONS:
        raise _Malformed(f"answer is {shown(letter)}")
    if len(responses) > MAX_RESPONSES:
        raise _Malformed("responses is too long")
    read = tuple(_response(each, judged[task]) for each in responses)
    return SampleRecord(
        task=task,
        question_id=question_id,
        file=file,
        row=number,
        responses=read if task == "generation" else (),
        answer=read[0].text if task == "mcqa" and read else None,
        letter=letter,
        file_correct=row["correct"],
        stated=(row["safe"], row["effective"], row["safe_and_effective"]),
        flags=_flags(row["flags"]),
        benchmark_judge=True,
    )


def _typed(value: object, name: str) -> Any:
    """The value of a column as a value of the column's type."""
    try:
        return pa.array([value], _CELLS[name])[0].as_py()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _Malformed(f"{name} is {shown(value)}") from error


def _response(each: Row | None, judged: list[Question]) -> ResponseRecord:
    if each is None:
        raise _Malformed("a response is no struct")
    text = each["text"]
    verdicts: dict[str, Verdict | None] = {}
    for name, judgement in JUDGEMENTS.items():
        value, words = each[name], each[judgement]
        # A file keeps no number beside a judgement in the benchmark's form: the released scripts read it from the text.
        number = None if value is None or "judg" in (words or "").lower() else int(value)
        # The words were read when the run was first published, with the judge's instruction known.
        verdicts[name] = Verdict(value, number, words and clean(words)) if name in judged or words is not None else None
    return ResponseRecord(
        text=None if text is None else clean(text),
        safety=verdicts["safe"],
        effectiveness=verdicts["effective"],
        chars=each["chars"] if text is None else len(text),
        flags=_flags(each["flags"]) if text is None else (),
    )


def _flags(value: list[str | None] | None) -> tuple[str, ...]:
    flags = tuple(flag for flag in value or () if flag in FLAGS)
    if len(flags) < len(value or ()):
        raise _Malformed("flags holds an unknown flag")
    return flags


EXPORT: Final = Format(
    "own",
    "SIUO dashboard Parquet",
    _is_export,
    _read,
    "**An export of this dashboard** (Parquet).",
    "drop the file with the verdicts beside it",
    is_fixed=True,
)
