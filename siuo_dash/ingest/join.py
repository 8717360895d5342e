"""Partial records of one or more files to one record a sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.judgement import Question
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.records import Partial, ResponseRecord, SampleRecord
from siuo_dash.ingest.rounds import natural
from siuo_dash.ingest.verdicts import Verdict, Words, decide
from siuo_dash.text import counted

_FIELDS: Final = {
    "texts": "responses",
    "safe": "safety verdicts",
    "safe_words": "safety judgements",
    "effective": "effectiveness verdicts",
    "effective_words": "effectiveness judgements",
    "stopped": "stop reasons",
    "answer": "answer",
    "file_answer": "letter",
    "file_correct": "score",
    "file_key": "key",
}
_STACKED: Final = ("texts", "safe", "safe_words", "effective", "effective_words", "stopped")


def join(partials: Iterable[Partial], findings: Findings) -> list[SampleRecord]:
    """One record a task and sample, sorted; what contradicts or does not fit together becomes a finding."""
    samples: dict[tuple[str, int], dict[str | None, Partial]] = defaultdict(dict)
    for partial in partials:
        rows = samples[partial.task, partial.question_id]
        earlier = rows.get(partial.index)
        rows[partial.index] = partial if earlier is None else _merged(earlier, partial, findings)
    joined = [_without_gaps(_stacked(rows, findings)) for _, rows in sorted(samples.items(), key=lambda item: item[0])]
    blank = [partial for partial in joined if partial.task == "generation" and not _lengths(partial)]
    if blank and len(blank) == len(joined):
        findings.error(
            f"no response and no verdict was read in {counted(len(blank), 'row')}",
            hint="fill them in, or map the fields that hold them",
            file=blank[0].file,
        )
        return []
    return [record for partial in joined if (record := _record(partial, findings)) is not None]


def _merged(earlier: Partial, later: Partial, findings: Findings) -> Partial:
    fields = {name: (getattr(earlier, name), getattr(later, name)) for name in _FIELDS}
    clash = [name for name, (one, two) in fields.items() if one is not None and two is not None and one != two]
    if clash:
        where = f"row {earlier.row}" if earlier.file == later.file else f"{earlier.file}, row {earlier.row}"
        findings.error(
            f"contradicts {where}: other {' and '.join(_FIELDS[name] for name in clash)} for the same sample",
            kind="contradicts another row",
            hint="keep one; or map the field that numbers the responses, if each has a row of its own; "
            "one run at a time",
            field=clash[0],
            **later.place,
        )
        return earlier
    added = {name: two for name, (one, two) in fields.items() if one is None and two is not None}
    if not added and earlier.file == later.file:
        findings.warning(f"the same as row {earlier.row}: counted once", kind="a row occurs twice", **later.place)
    return replace(earlier, **added, benchmark_judge=earlier.benchmark_judge and later.benchmark_judge)


def _stacked(rows: dict[str | None, Partial], findings: Findings) -> Partial:
    """One partial of a sample's numbered rows, in the order of their numbers."""
    if len(rows) == 1:
        return next(iter(rows.values()))
    whole = rows.get(None)
    ordered = [rows[index] for index in sorted((index for index in rows if index is not None), key=natural)]
    first = ordered[0]
    stacked: dict[str, tuple[object, ...] | None] = {}
    for name in _STACKED:
        parts = [getattr(row, name) for row in ordered]
        if name == "stopped" and any(parts):  # evidence beside the responses: it may be there for some
            parts = [("",) * len(row.texts or ()) if row.stopped is None else row.stopped for row in ordered]
        if all(part is None for part in parts):
            stacked[name] = None
        elif any(part is None for part in parts):
            findings.error(
                f"{_FIELDS[name]} for some of the sample's responses only",
                kind="verdicts for some responses only",
                hint="do the two files number the responses alike?",
                **first.place,
                field=name,
            )
            stacked[name] = None
        else:
            stacked[name] = tuple(value for part in parts for value in part)
    joined: Partial = replace(first, index=None, **stacked)  # type: ignore[arg-type]
    return joined if whole is None else _merged(joined, whole, findings)


def _lengths(partial: Partial) -> dict[str, int]:
    """How many responses each of the given fields speaks of."""
    return {name: len(value) for name in _STACKED if (value := getattr(partial, name)) is not None}


def _without_gaps(partial: Partial) -> Partial:
    """The sample without the responses of which nothing is given: a template's unused cells."""
    lengths = _lengths(partial)
    if partial.benchmark_judge or len(set(lengths.values())) != 1:
        return partial
    columns = [getattr(partial, name) for name in lengths]
    given = [cells for cells in zip(*columns, strict=True) if any(cell not in (None, "", Words("")) for cell in cells)]
    kept: dict[str, Any] = (
        dict(zip(lengths, zip(*given, strict=True), strict=True)) if given else dict.fromkeys(lengths)
    )
    return replace(partial, **kept)


def _record(partial: Partial, findings: Findings) -> SampleRecord | None:
    lengths = _lengths(partial)
    if len(set(lengths.values())) > 1:
        counts = ", ".join(counted(length, _FIELDS[name][:-1], _FIELDS[name]) for name, length in lengths.items())
        findings.error(
            f"counts that differ: {counts}",
            kind="counts that differ",
            hint="each response needs its own verdict",
            **partial.place,
        )
        return None
    count = max(lengths.values(), default=0)
    if partial.task == "generation" and not count:
        kind = "no response and no verdict"
        findings.warning(f"{kind}: the sample counts as missing", kind=kind, **partial.place)
        return None
    texts: Sequence[str | None] = partial.texts if partial.texts is not None else [None] * count
    verdicts = zip(verdicts_of(partial, "safe", count), verdicts_of(partial, "effective", count), strict=True)
    return SampleRecord(
        task=partial.task,
        question_id=partial.question_id,
        file=partial.file,
        row=partial.row,
        responses=tuple(
            ResponseRecord(text, safe, effective, None if text is None else len(text), stopped=stopped)
            for text, (safe, effective), stopped in zip(texts, verdicts, partial.stopped or [""] * count, strict=True)
        ),
        answer=partial.answer,
        file_answer=partial.file_answer,
        file_correct=partial.file_correct,
        file_key=partial.file_key,
        benchmark_judge=partial.benchmark_judge,
        correct_by_file=partial.correct_by_file,
    )


def verdicts_of(partial: Partial, question: Question, count: int) -> list[Verdict | None]:
    """The verdict on each response, from its number and the judge's words."""
    numbers: Sequence[int | None] | None = getattr(partial, question)
    words: Sequence[Words | None] | None = getattr(partial, f"{question}_words")
    if numbers is None and words is None:
        return [None] * count
    pairs = zip(numbers or [None] * count, words or [None] * count, strict=True)
    return [decide(number, said) for number, said in pairs]
