"""Guesses a mapping from names and contents, and asks where they settle nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.options import parse_option
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import fingerprint, normalise
from siuo_dash.ingest.columns import FieldValues, field_values, is_series, numbered
from siuo_dash.ingest.fields import Table, as_list, parse_id
from siuo_dash.ingest.guess_verdicts import direction_needs, with_verdicts
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.verdicts import name_tokens, token

_ENOUGH: Final = 0.5
_IDS: Final = "question_id qid questionid siuo_id original_index id sample_id item_id index idx uid".split()
_RESPONSES: Final = (
    "responses response predictions prediction model_response model_responses model_output output outputs generated_text "
    "generated_response generation completion model_answer reply answer text content"
).split()
_ANSWERS: Final = (
    "response_mcqa pred_option predicted_option chosen_option selected_option choice chosen pred_ans".split()
)
_INDEX: Final = (
    "response_index response_idx response_id response_number sample_idx sample_index trial attempt run repeat repetition seed "
    "generation_id iteration rollout n k"
).split()
_MODELS: Final = "model model_name model_id evaluated_model".split()
_JUDGES: Final = "judge judge_model judge_name judge_model_id judge_model_name grader".split()


def guess(tables: Sequence[Table], catalogue: Catalogue) -> tuple[Mapping, list[Need]]:
    """A mapping for these tables together, and the questions that a person must answer first."""
    everything = [field_values(table) for table in tables]
    fields = {each.path: each for listed in everything for each in listed}
    ids = dict.fromkeys(path for listed in everything if (path := _id(listed, catalogue)) is not None)
    question = _first(fields.values(), lambda f: f.share(lambda v: _is_question(v, catalogue)) >= _ENOUGH)
    category = _first(fields.values(), lambda f: f.share(_is_category) >= _ENOUGH)
    mapping = Mapping(id=tuple(ids), question=question, category=category)
    mapping = replace(mapping, model=_constant(fields, _MODELS), judge=_constant(fields, _JUDGES))
    needs: list[Need] = []
    if not mapping.id and mapping.question is None:
        needs.append(Need("id", "Which field holds the question_id?", tuple(fields)))
    taken = {*ids, question, category, mapping.model, mapping.judge, *_references(fields, catalogue)}
    free = {path: each for path, each in fields.items() if path not in taken}
    answer = _answer(free, fields)
    if answer is not None:
        return replace(mapping, answer=answer), needs
    mapping = with_verdicts(mapping, free, "safe", needs)
    used = {*mapping.safe, *mapping.safety_judgement}
    mapping = with_verdicts(
        mapping, {path: each for path, each in free.items() if path not in used}, "effective", needs
    )
    used = {*mapping.safe, *mapping.effective, *mapping.safety_judgement, *mapping.effectiveness_judgement}
    mapping = _with_responses(mapping, {path: each for path, each in free.items() if path not in used}, needs)
    mapping = replace(mapping, response_index=_response_index(mapping, everything, catalogue))
    return mapping, [*needs, *direction_needs(mapping, tables)]


def named_fields(table: Table) -> tuple[str | None, str | None]:
    """The fields that name the model and the judge throughout, where there are such."""
    fields = {each.path: each for each in field_values(table)}
    return _constant(fields, _MODELS), _constant(fields, _JUDGES)


def _first(fields: Iterable[FieldValues], test: Callable[[FieldValues], bool]) -> str | None:
    return next((each.path for each in fields if test(each)), None)


def _id(fields: list[FieldValues], catalogue: Catalogue) -> str | None:
    """The field whose values are the most often ids of samples; a known name counts more than another.

    Without such a field one that is called question_id is taken, so that what is wrong with it can be said.
    """

    def weight(each: FieldValues) -> float:
        share = each.share(lambda value: parse_id(value, catalogue.by_id) in catalogue.by_id)
        if each.last in _IDS:
            return 0.0 if share < _ENOUGH else 2 + share - _IDS.index(each.last) / 100
        return share if share >= 0.9 and each.share(_is_short) == 1 else 0.0

    best = max(fields, key=weight, default=None)
    if best is not None and weight(best) > 0:
        return best.path
    asked = any(each.share(lambda value: _is_question(value, catalogue)) >= _ENOUGH for each in fields)
    return None if asked else next((each.path for each in fields if each.last in _IDS[:3]), None)


def _is_short(value: Any) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 24 and " " not in value)


def _is_question(value: Any, catalogue: Catalogue) -> bool:
    return isinstance(value, str) and len(value) < 5000 and fingerprint(value) in catalogue.by_fingerprint


def _is_category(value: Any) -> bool:
    known = {normalise(name) for domain in DOMAINS for name in (domain.id, domain.label)}
    return isinstance(value, str) and len(value) < 100 and normalise(value) in known


def _references(fields: dict[str, FieldValues], catalogue: Catalogue) -> set[str]:
    """Fields with the benchmark's own reference answers: never a response."""
    references = {sample.reference_fingerprint for sample in catalogue.samples}
    return {
        path
        for path, each in fields.items()
        if each.share(lambda value: isinstance(value, str) and fingerprint(value[:5000]) in references) >= _ENOUGH
    }


def _constant(fields: dict[str, FieldValues], names: list[str]) -> str | None:
    """A field of one of these names that holds one text throughout."""
    for name in names:
        for path, each in fields.items():
            values = {value for value in each.values if isinstance(value, str) and value.strip()}
            if each.last == name and len(values) == 1:
                return path
    return None


def _answer(free: dict[str, FieldValues], fields: dict[str, FieldValues]) -> str | None:
    """The field with the chosen option, where these are multiple-choice results."""
    named = [path for name in _ANSWERS for path, each in free.items() if each.last == name and _reads_letters(each)]
    if named:
        return named[0]
    has_options = {"A", "B", "C", "D"} <= set(fields) or "options.A" in fields or "correct_option" in fields
    letters = [
        path
        for name in _RESPONSES
        for path, each in free.items()
        if each.last == name and (has_options or each.share(_is_short_letter) >= _ENOUGH) and _reads_letters(each)
    ]
    return letters[0] if letters else None


def _reads_letters(each: FieldValues) -> bool:
    return each.share(lambda value: isinstance(value, str) and parse_option(value[:2000]) is not None) >= 0.25


def _is_short_letter(value: Any) -> bool:
    return isinstance(value, str) and len(value.strip()) <= 3 and parse_option(value) is not None


def _with_responses(mapping: Mapping, free: dict[str, FieldValues], needs: list[Need]) -> Mapping:
    def rank(each: FieldValues) -> int | None:
        stem = "_".join(word for word in name_tokens(each.path.rsplit(".", 1)[-1]))
        whole = "_".join(name_tokens(each.path))
        is_text = each.share(lambda value: isinstance(value, str) or bool(as_list(value))) >= _ENOUGH
        known = next((name for name in (stem, whole) if name in _RESPONSES), None)
        if known is None and each.path.rsplit(".", 1)[-1].isdecimal():
            known = next((name for name in [whole] if name in _RESPONSES), None)
        return _RESPONSES.index(known) // 2 if known is not None and is_text else None

    ranked: dict[int, list[str]] = {}
    for path, each in free.items():
        position = rank(each)
        if position is not None:
            ranked.setdefault(position, []).append(path)
    if not ranked:
        return mapping
    best = numbered(ranked[min(ranked)])
    if len(best) > 1 and not is_series(best):
        needs.append(Need("responses", "Which field holds the model's response?", tuple(best)))
        return mapping
    return replace(mapping, responses=tuple(best))


def _response_index(mapping: Mapping, everything: list[list[FieldValues]], catalogue: Catalogue) -> str | None:
    """The field that numbers a sample's responses, where ids repeat and it tells the rows apart."""
    for fields in everything:
        by_path = {each.path: each for each in fields}
        ids = next((by_path[path] for path in mapping.id if path in by_path), None)
        if ids is None:
            continue
        parsed = [parse_id(value, catalogue.by_id) for value in ids.values]
        if max(Counter(parsed).values(), default=0) < 2:
            continue
        for name in _INDEX:
            for each in fields:
                pairs = list(zip(parsed, map(token, each.values), strict=True))
                if each.last == name and len(set(pairs)) == len(pairs):
                    return each.path
    return None
