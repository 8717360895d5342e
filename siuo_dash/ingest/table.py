"""A table of any origin to partial records, by a mapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import QUESTIONS
from siuo_dash.ingest.choice_fields import key_option
from siuo_dash.ingest.fields import Row, Table, has_field, is_blank, value_at
from siuo_dash.ingest.findings import Findings
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.placing import check_category, find_sample
from siuo_dash.ingest.read_as import Account
from siuo_dash.ingest.records import Known, Partial, clean
from siuo_dash.ingest.text_rows import MAX_CELL
from siuo_dash.ingest.verdict_reader import MAX_RESPONSES, VerdictReader, as_text, values_in
from siuo_dash.ingest.verdicts import token

_BY_RESPONSE: Final = ("responses", "safe", "safety_judgement", "effective", "effectiveness_judgement")


@dataclass(frozen=True)
class Reader:
    """How one table is read: the mapping, and what is known about its origin.

    question_first: the question's text finds the sample, the id only where that fails. benchmark_judge: the file is of
    the benchmark's scripts or of one that follows them, so that a judge's bare 'True' means safe and -1 is ungraded.
    extras: fields that hold what the file itself made of an answer. names: what the file calls fields that were
    renamed for reading. together: the tables that hold parts of the run, where there are several. stopped: the field
    that says why each response ended.
    """

    mapping: Mapping
    question_first: bool = False
    benchmark_judge: bool = False
    extras: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    together: Sequence[Table] = ()
    stopped: str | None = None


def read_rows(table: Table, reader: Reader, catalogue: Catalogue, findings: Findings) -> list[Partial]:
    """One partial record a row; rows that cannot be placed or understood become findings."""
    mapping = _filled_in(table, reader.mapping)
    partials: list[Partial] = []
    safe, effective = (
        VerdictReader(table, mapping, question, benchmark_judge=reader.benchmark_judge, together=reader.together)
        for question in QUESTIONS
    )
    has_texts = any(not is_blank(value) for row in table.values for value in values_in(row, mapping.responses) or [])
    for row_number, row in table.rows:
        at = findings.at(row=row_number)
        sample = find_sample(row, mapping, catalogue, at, question_first=reader.question_first)
        if sample is None:
            continue
        place = {"row": row_number, "question_id": sample.question_id}
        at = findings.at(**place)
        check_category(row, mapping, sample, at)
        index = None if mapping.response_index is None else value_at(row, mapping.response_index)
        who = None if mapping.annotator is None else value_at(row, mapping.annotator)
        # A column that is blank throughout says that the responses are not known, not that all are empty.
        texts = _texts(row, mapping.responses, at) if has_texts else None
        partials.append(
            Partial(
                task="generation" if mapping.answer is None else "mcqa",
                question_id=sample.question_id,
                file=table.file,
                row=row_number,
                index=None if is_blank(index) else token(index),
                annotator=None if is_blank(who) else token(who),
                texts=texts,
                safe=safe.numbers(row, place),
                safe_words=safe.words(row),
                effective=effective.numbers(row, place),
                effective_words=effective.words(row),
                stopped=None if reader.stopped is None else _stopped(value_at(row, reader.stopped), texts),
                answer=_answer(row, mapping.answer),
                benchmark_judge=reader.benchmark_judge,
                correct_by_file=mapping.correct_by == "file",
                **_extras(row, reader, at),
            )
        )
    safe.report(findings)
    effective.report(findings)
    findings.accounts.append(Account(table, mapping, partials, reader.names, reader.stopped))
    return partials


def names_in(table: Table, model: str | None, judge: str | None) -> Known:
    """The names in two fields of a table: the model's without its owner, the judge's with."""
    first = table.first
    return Known(
        model=None if model is None else name_in(value_at(first, model), parts=1),
        judge=None if judge is None else name_in(value_at(first, judge), parts=2),
    )


def name_in(value: object, parts: int) -> str | None:
    """The name in a cell, without the folders of a local path; a hub's 'owner/name' keeps `parts` parts."""
    if not isinstance(value, str) or not value.strip() or len(value) > 300:
        return None
    value = clean(value)
    pieces = [piece for piece in re.split(r"[/\\]", value.strip()) if piece]
    is_local = value.startswith(("/", ".", "~")) or "\\" in value or len(pieces) > 2
    return "/".join(pieces[-1:] if is_local else pieces[-parts:]) or None


def _filled_in(table: Table, mapping: Mapping) -> Mapping:
    """The mapping without those of a role's several fields that are blank throughout: response_3 of a template."""
    filled = {
        role: tuple(path for path in paths if not all(is_blank(value_at(row, path)) for row in table.values))
        for role in _BY_RESPONSE
        if len(paths := getattr(mapping, role)) > 1
    }
    return mapping.having(**{role: kept for role, kept in filled.items() if kept})


def _texts(row: Row, paths: Sequence[str], findings: Findings) -> tuple[str, ...] | None:
    values = values_in(row, paths)
    if values is None:
        return None
    texts = tuple(clean(as_text(value)) for value in values)
    if len(texts) > MAX_RESPONSES or any(len(text) > MAX_CELL for text in texts):
        what = f"more than {MAX_RESPONSES} responses, or one of more than {MAX_CELL:,} characters"
        findings.error(what, kind="too much text", hint="is this the response field?", field=paths[0])
        return None
    return texts


def _stopped(value: object, texts: Sequence[str] | None) -> tuple[str, ...] | None:
    """Why each response ended: a text, or a list; None where the row does not say it of each of them."""
    said = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(str(each)[:40] for each in said) if texts and len(said) == len(texts) else None


def _answer(row: Row, path: str | None) -> str | None:
    """The model's words on a multiple-choice item; None where the row has no such field."""
    return None if path is None or not has_field(row, path) else clean(as_text(value_at(row, path)))[:MAX_CELL]


def _extras(row: Row, reader: Reader, at: Findings) -> dict[str, Any]:
    """What the file made of a multiple-choice answer: its letter, its score, its key."""
    extras = reader.extras if reader.mapping.key is None else reader.extras | {"file_key": reader.mapping.key}
    found = {name: value_at(row, path) for name, path in extras.items() if has_field(row, path)}
    letter, correct, key = (found.get(name) for name in ("file_answer", "file_correct", "file_key"))
    if (path := reader.mapping.key) is not None and (option := key_option(path, key)) is not None:
        key = option
    elif reader.mapping.correct_by == "file":
        kind, hint = (
            "no key in the file",
            "name the file's key in the mapping (key), or count the benchmark's (correct_by)",
        )
        at.error(kind, kind=kind, hint=hint, field=path or "key")
    return {
        "file_answer": None if is_blank(letter) else as_text(letter)[:20],
        "file_correct": {"1": True, "true": True, "0": False, "false": False}.get(token(correct)),
        "file_key": None if is_blank(key) else as_text(key)[:20],
    }
