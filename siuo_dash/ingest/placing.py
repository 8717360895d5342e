"""Which sample a row is about, and whether the rest of the row agrees."""

from __future__ import annotations

import re
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import fingerprint, normalise
from siuo_dash.ingest.fields import Row, has_field, is_blank, parse_id, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.text_rows import MAX_CELL

_INT32: Final = 2**31
UNKNOWN_SAMPLE: Final = "unknown sample"
OTHER_QUESTION: Final = "the question is not that of the sample"
NO_QUESTION: Final = "the question is not the benchmark's"
OTHER_SET: Final = "another sample set"
ELSEWHERE: Final = frozenset({UNKNOWN_SAMPLE, OTHER_QUESTION, NO_QUESTION, OTHER_SET})
"""Kinds of findings that a file has which is read for another set than it is of."""
_BEFORE: Final = re.compile(r"(?:\s*<[^<>\n]{1,40}>)*+\s*(?:(?:question|user|human)\s?:\s)?", re.IGNORECASE)
"""What a prompt may have before the question itself: '<image>', 'USER: '."""
_LONGEST: Final = 5_000


def find_sample(
    row: Row, mapping: Mapping, catalogue: Catalogue, findings: Findings, *, question_first: bool
) -> Sample | None:
    """The sample that a row is about, by its id or its question's text; None with a finding.

    question_first: the question's text decides, the id only where that fails. findings: at the row.
    """
    question = None if mapping.question is None else value_at(row, mapping.question)
    text = question if isinstance(question, str) and len(question) < MAX_CELL else None
    asked = None if text is None else question_of(text, catalogue)
    id_field = next((path for path in mapping.id if has_field(row, path)), None)
    raw_id = None if id_field is None else value_at(row, id_field)
    question_id = parse_id(raw_id, catalogue.by_id)
    if asked is not None and (question_first or is_blank(raw_id)):
        return asked
    if question_id is None and asked is None and isinstance(question, str) and is_blank(raw_id):
        kind = NO_QUESTION
        hint = "map the field with the benchmark's question, or one with the question_id"
        findings.error(f"{kind}: {shown(question)}", kind=kind, hint=hint, field=mapping.question)
        return None
    if question_id is None:
        kind, hint = "no usable id", "map the field that holds the question_id, 1001 to 9999"
        what = kind if is_blank(raw_id) else f"{kind} in {shown(raw_id)}"
        findings.error(what, kind=kind, hint=hint, field=id_field or "")
        return None
    sample = catalogue.by_id.get(question_id)
    if sample is None:
        small = abs(question_id) < _INT32
        why = f"unknown sample {question_id}: {catalogue.why_unknown(question_id)}"
        findings.error(
            why if small else "unknown sample: the id is out of range",
            kind=UNKNOWN_SAMPLE,
            hint="check the id, or map the field with the question's text",
            question_id=question_id if small else None,
            field=id_field or "",
        )
    elif isinstance(question, str) and asked is not sample and not is_blank(question):
        theirs = f"it is the question of {asked.question_id}" if asked else "it is not a question of the benchmark"
        findings.error(
            f"the question is not that of sample {question_id}: {theirs}",
            kind=OTHER_QUESTION,
            hint="correct the id or the text; a changed question is another test",
            field=mapping.question,
            question_id=question_id,
        )
        return None
    return sample


def is_question(value: Any, catalogue: Catalogue) -> bool:
    """Whether a value is a question of the benchmark."""
    return question_of(value, catalogue) is not None


def question_of(value: Any, catalogue: Catalogue) -> Sample | None:
    """The sample whose question a value is, with or without a mark of its picture before it: '<image>' and a line."""
    if not isinstance(value, str) or len(value) >= _LONGEST:
        return None
    found = catalogue.by_fingerprint.get(fingerprint(value))
    if found is None and (before := _BEFORE.match(value)) and before.end():
        found = catalogue.by_fingerprint.get(fingerprint(value[before.end() :]))
    return found


def check_category(row: Row, mapping: Mapping, sample: Sample, findings: Findings) -> None:
    """Say where a row's category is not the sample's."""
    category = None if mapping.category is None else value_at(row, mapping.category)
    if is_blank(category):
        return
    label = next(domain.label for domain in DOMAINS if domain.id == sample.domain)
    if not isinstance(category, str) or normalise(category) not in (normalise(sample.domain), normalise(label)):
        what = f"the category {shown(category)} is not the sample's: {sample.domain}"
        kind = "the category is not the sample's"
        findings.error(what, kind=kind, hint="is the id right?", field=mapping.category)
