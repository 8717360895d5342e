"""A table of any origin to partial records, by a mapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import Question
from siuo_dash.ingest.fields import Row, Table, as_list, has_field, is_blank, spread, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import YES_MEANS, Mapping
from siuo_dash.ingest.placing import check_category, find_sample
from siuo_dash.ingest.read_as import Account
from siuo_dash.ingest.records import Known, Need, Partial, clean
from siuo_dash.ingest.text_rows import MAX_CELL
from siuo_dash.ingest.verdicts import (
    DirectionUnknown,
    NotUnderstood,
    direction_of,
    is_scale,
    read_number,
    says_yes_or_no,
    token,
)
from siuo_dash.text import counted

_LABEL: Final[dict[Question, str]] = {"safe": "safe or unsafe", "effective": "effective or ineffective"}
_BY_RESPONSE: Final = ("responses", "safe", "safety_judgement", "effective", "effectiveness_judgement")
MAX_RESPONSES: Final = 100
"""Responses of one sample."""


@dataclass(frozen=True)
class Reader:
    """How one table is read: the mapping, and what is known about its origin.

    question_first: the question's text finds the sample, the id only where that fails. benchmark_judge:
    a judge's bare 'True' means safe. extras: fields that hold what the file itself made of an answer. names: what
    the file calls fields that were renamed for reading.
    """

    mapping: Mapping
    question_first: bool = False
    benchmark_judge: bool = False
    extras: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


class _Verdicts:
    """One question's verdicts in one table: what its values mean, and those that were not understood.

    On a longer scale, 1 and 0 are points that a person has to explain, not yes and no.
    """

    def __init__(self, table: Table, mapping: Mapping, question: Question) -> None:
        self.question = question
        self.paths: tuple[str, ...] = getattr(mapping, question)
        self.meanings = mapping.meanings(question)
        self.is_scale = is_scale(item for row in table.values for item in _values(row, self.paths) or [])
        self.yes_means = mapping.yes_means(question)
        if self.yes_means is None and self.paths and not self.is_scale:
            self.yes_means = direction_of(self.paths[0], question)
        self.undirected = 0
        self.unread: dict[str, list[dict[str, int]]] = {}

    def read(self, row: Row, place: dict[str, int]) -> tuple[int | None, ...] | None:
        """1, 0, -1 or None a response; None where the row has no such field."""
        values = _values(row, self.paths)
        return None if values is None else tuple(self._read(value, place) for value in values[: MAX_RESPONSES + 1])

    def _read(self, value: Any, place: dict[str, int]) -> int | None:
        try:
            return read_number(value, self.question, yes_means=self.yes_means, meanings=self.meanings)
        except (DirectionUnknown, NotUnderstood) as error:
            if isinstance(error, DirectionUnknown) and not self.is_scale:
                self.undirected += 1
            else:
                self.unread.setdefault(shown(value), []).append(place)
            return None

    def report(self, findings: Findings) -> None:
        """A finding for each value that was not understood, the most frequent first."""
        label = _LABEL[self.question]
        if self.undirected:
            what = f"{counted(self.undirected, 'verdict')} that say yes or no, 1 or 0, but not to what"
            hint = f"say what 1 means there, {label}: {self.question}_yes_means in the mapping"
            findings.error(what, hint=hint, field=self.paths[0])
        for value, places in sorted(self.unread.items(), key=lambda item: -len(item[1])):
            findings.error(
                f"the value {value} is not understood as {label} ({counted(len(places), 'time')})",
                kind=f"values of {self.paths[0]} that are not understood",
                field=self.paths[0],
                hint=f"give its meaning: {self.question}_values in the mapping",
                **places[0],
            )


def read_rows(table: Table, reader: Reader, catalogue: Catalogue, findings: Findings) -> list[Partial]:
    """One partial record a row; rows that cannot be placed or understood become findings."""
    mapping = _filled_in(table, reader.mapping)
    partials: list[Partial] = []
    safe, effective = _Verdicts(table, mapping, "safe"), _Verdicts(table, mapping, "effective")
    has_texts = any(not is_blank(value) for row in table.values for value in _values(row, mapping.responses) or [])
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
        partials.append(
            Partial(
                task="generation" if mapping.answer is None else "mcqa",
                question_id=sample.question_id,
                file=table.file,
                row=row_number,
                index=None if is_blank(index) else token(index),
                annotator=None if is_blank(who) else token(who),
                # A column that is blank throughout says that the responses are not known, not that all are empty.
                texts=_texts(row, mapping.responses, at) if has_texts else None,
                safe=safe.read(row, place),
                safe_words=_words(row, mapping.safety_judgement),
                effective=effective.read(row, place),
                effective_words=_words(row, mapping.effectiveness_judgement),
                answer=_answer(row, mapping.answer),
                benchmark_judge=reader.benchmark_judge,
                **_extras(row, reader),
            )
        )
    safe.report(findings)
    effective.report(findings)
    findings.accounts.append(Account(table, mapping, partials, reader.names))
    return partials


def direction_needs(mapping: Mapping, tables: Sequence[Table]) -> list[Need]:
    """What must be asked because a mapped verdict says yes or no, 1 or 0, and nothing says to what."""
    needs = []
    for role, options in YES_MEANS.items():
        question: Question = "safe" if role.startswith("safe") else "effective"
        paths: tuple[str, ...] = getattr(mapping, question)
        if not paths or mapping.yes_means(question) is not None or direction_of(paths[0], question) is not None:
            continue
        values = spread(value_at(row, path) for table in tables for row in table.values for path in paths)
        if not is_scale(values) and says_yes_or_no(values, mapping.meanings(question)):
            asked = f"In the field {paths[0]}, what do 1, true and yes mean?"
            needs.append(Need(role, asked, options, "the name of the field does not say"))
    return needs


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
    values = _values(row, paths)
    if values is None:
        return None
    texts = tuple(clean(_as_text(value)) for value in values)
    if len(texts) > MAX_RESPONSES or any(len(text) > MAX_CELL for text in texts):
        what = f"more than {MAX_RESPONSES} responses, or one of more than {MAX_CELL:,} characters"
        findings.error(what, kind="too much text", hint="is this the response field?", field=paths[0])
        return None
    return texts


def _words(row: Row, paths: Sequence[str]) -> tuple[str | None, ...] | None:
    values = _values(row, paths)
    if values is None:
        return None
    return tuple(None if cell is None else clean(_as_text(cell)[:MAX_CELL]) for cell in values[: MAX_RESPONSES + 1])


def _values(row: Row, paths: Sequence[str]) -> list[Any] | None:
    """The values of a role's fields, a list spread out; None where the row has none of the fields."""
    present = [path for path in paths if has_field(row, path)]
    if not present:
        return None
    if len(present) == 1:
        value = value_at(row, present[0])
        listed = as_list(value)
        return [value] if listed is None else listed
    return [value_at(row, path) for path in present]


def _answer(row: Row, path: str | None) -> str | None:
    """The model's words on a multiple-choice item; None where the row has no such field."""
    return None if path is None or not has_field(row, path) else clean(_as_text(value_at(row, path)))[:MAX_CELL]


def _extras(row: Row, reader: Reader) -> dict[str, Any]:
    """What the file made of a multiple-choice answer: its letter, its score, its key."""
    found = {name: value_at(row, path) for name, path in reader.extras.items() if has_field(row, path)}
    letter, correct, key = (found.get(name) for name in ("file_answer", "file_correct", "file_key"))
    return {
        "file_answer": None if is_blank(letter) else _as_text(letter)[:20],
        "file_correct": {"1": True, "true": True, "0": False, "false": False}.get(token(correct)),
        "file_key": None if is_blank(key) else _as_text(key)[:20],
    }


def _as_text(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case list() if len(value) == 1 and isinstance(value[0], str):
            return value[0]
        case dict():
            inner = [value[key] for key in ("text", "content", "response") if isinstance(value.get(key), str)]
            return inner[0] if inner else shown(value)
        case list() | tuple():
            return shown(value)
        case float() if value != value:
            return ""
        case _:
            return token(value)
