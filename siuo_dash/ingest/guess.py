"""Guesses a mapping from names and contents, and asks where they settle nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.choice_letter import parse_option
from siuo_dash.benchmark.judgement import Question
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.ingest.fields import FieldValues, Table, as_list, field_values, is_blank, parse_id, spread
from siuo_dash.ingest.mapping import JUDGEMENTS, YES_MEANS, Mapping
from siuo_dash.ingest.placing import is_category, is_question
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.table import direction_needs
from siuo_dash.ingest.verdicts import (
    BLANK,
    UNGRADED,
    DirectionUnknown,
    NotUnderstood,
    direction_of,
    is_scale,
    name_tokens,
    names_question,
    read_number,
    says_yes_or_no,
    token,
)

_ENOUGH: Final = 0.5
_IDS: Final = "question_id qid questionid siuo_id original_index id sample_id item_id index idx uid".split()
_RESPONSES: Final = (
    "responses response predictions prediction model_response model_responses model_output output outputs "
    "generated_text generated_response generation completion model_answer reply answer text content"
).split()
_ANSWERS: Final = (
    "response_mcqa pred_option predicted_option chosen_option selected_option choice chosen pred_ans".split()
)
INDICES: Final = (
    "response_index response_idx response_id response_number sample_idx sample_index trial attempt run repeat "
    "repetition seed generation_id iteration rollout n k round round_index round_number round_id epoch epochs "
    "run_index run_number run_idx trial_id trial_index attempt_index attempt_number sample rep replicate iter pass "
    "try draw seed_index generation"
).split()
"""Last names of fields that number a sample's responses."""
_MODELS: Final = "model model_name model_id evaluated_model".split()
_JUDGES: Final = "judge judge_model judge_name judge_model_id judge_model_name grader".split()
_OTHER: Final[dict[Question, Question]] = {"safe": "effective", "effective": "safe"}
_VERDICT_WORDS: Final = set(
    "label labels verdict verdicts judgement judgment overall result score flagged flag class rating pred "
    "decision outcome".split()
)
_JUDGE_WORDS: Final = set(
    "raw evaluation eval judgement judgment explanation reason reasons reasoning rationale log critique "
    "feedback comment".split()
)
_NOT_JUDGED: Final = set("warning reference gold question prompt query category domain image input".split())


def guess(tables: Sequence[Table], catalogue: Catalogue) -> tuple[Mapping, list[Need]]:
    """A mapping for these tables together, and the questions that a person must answer first."""
    everything = [field_values(table) for table in tables]
    fields = {each.path: each for listed in everything for each in listed}
    ids = dict.fromkeys(path for listed in everything if (path := _id(listed, catalogue)) is not None)
    question = _first(fields.values(), lambda f: f.share(lambda v: is_question(v, catalogue)) >= _ENOUGH)
    category = _first(fields.values(), lambda f: f.share(is_category) >= _ENOUGH)
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
    mapping = _with_verdicts(mapping, free, "safe", needs)
    mapping = _with_verdicts(mapping, _unused(free, mapping), "effective", needs)
    mapping = _with_responses(mapping, _unused(free, mapping), needs)
    mapping = replace(mapping, response_index=_response_index(mapping, everything, catalogue))
    return mapping, [*needs, *direction_needs(mapping, tables)]


def _unused(free: dict[str, FieldValues], mapping: Mapping) -> dict[str, FieldValues]:
    used = {*mapping.safe, *mapping.effective, *mapping.safety_judgement, *mapping.effectiveness_judgement}
    return {path: each for path, each in free.items() if path not in used}


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
    asked = any(each.share(lambda value: is_question(value, catalogue)) >= _ENOUGH for each in fields)
    return None if asked else next((each.path for each in fields if each.last in _IDS[:3]), None)


def _is_short(value: Any) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 24 and " " not in value)


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
    has_options = {"A", "B", "C", "D"} <= set(fields) or "options.A" in fields or "correct_option" in fields
    for name in (*_ANSWERS, *_RESPONSES):
        for path, each in free.items():
            is_choice = name in _ANSWERS or has_options or each.share(_is_short_letter) >= _ENOUGH
            if each.last == name and is_choice and _reads_letters(each):
                return path
    return None


def _reads_letters(each: FieldValues) -> bool:
    return each.share(lambda value: isinstance(value, str) and parse_option(value[:2000]) is not None) >= 0.25


def _is_short_letter(value: Any) -> bool:
    return isinstance(value, str) and len(value.strip()) <= 3 and parse_option(value) is not None


def _with_responses(mapping: Mapping, free: dict[str, FieldValues], needs: list[Need]) -> Mapping:
    def rank(each: FieldValues) -> int | None:
        whole = "_".join(name_tokens(each.path))
        known = next((name for name in (each.last, whole) if name in _RESPONSES), None)
        return _RESPONSES.index(known) // 2 if known is not None and each.holds_text else None

    best = _best(free, rank)
    if not best:
        return mapping
    if len(best) > 1 and not _is_series(best):
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
        for name in INDICES:
            for each in fields:
                pairs = list(zip(parsed, map(token, each.values), strict=True))
                if each.last == name and len(set(pairs)) == len(pairs):
                    return each.path
    return None


def _with_verdicts(mapping: Mapping, free: dict[str, FieldValues], question: Question, needs: list[Need]) -> Mapping:
    """The mapping with this question's verdict field, direction and judge's words, as far as they are settled."""
    best = _best(free, lambda each: _verdict_rank(each, question))
    judged = [path for path, each in free.items() if path not in best and _is_judge_text(each, question)]
    if best and not judged and all(_is_judge_text(free[path], question) and _is_prose(free[path]) for path in best):
        best, judged = [], best
    if len(best) > 1 and not _is_series(best):
        what = "safety" if question == "safe" else "effectiveness"
        needs.append(Need(question, f"Which field holds the {what} verdict?", tuple(best)))
        return mapping
    if best:
        mapping = mapping.having(**{question: tuple(best)})
        direction = direction_of(best[0], question)
        values = spread(free[best[0]].values)
        if direction is not None and says_yes_or_no(values) and not is_scale(values):
            mapping = mapping.having(**{f"{question}_yes_means": YES_MEANS[f"{question}_yes_means"][not direction]})
    if judged and (len(judged) == 1 or _is_series(judged)):
        mapping = mapping.having(**{JUDGEMENTS[question]: tuple(_numbered(judged))})
    return mapping


def _verdict_rank(each: FieldValues, question: Question) -> int | None:
    """How well a field fits as the verdict: 0 the best, None not at all."""
    values = spread(value for value in each.values if not is_blank(value))
    words = set(name_tokens(each.path))
    named = names_question(each.path, question)
    if (
        not values
        or words & _NOT_JUDGED
        or (not named and (each.share(_is_long) > 0.2 or names_question(each.path, _OTHER[question])))
    ):
        return None
    understood = yes_no = 0
    for value in values:
        try:
            number = read_number(value, question)
            understood += number is not None and number >= 0
        except DirectionUnknown:
            yes_no += 1
        except NotUnderstood:
            pass
    ungraded = sum(token(value) in UNGRADED | BLANK for value in values)
    if understood + yes_no + ungraded < 0.8 * len(values) or not understood + yes_no:
        # A field of that name is taken nevertheless, so that its values can be explained.
        return 5 if named and each.share(_is_long) < 0.2 else None
    if words & _JUDGE_WORDS and not named:
        # The judge's words state a verdict themselves: taken as such only where nothing else does.
        return 4 if question == "safe" else None
    if understood > yes_no:
        return 0 if named else 1
    if direction_of(each.path, question) is not None:
        return 0
    if named:
        return 2
    # A bare yes or no under another name is offered as a safety verdict only: asked, not guessed.
    return 3 if question == "safe" and words & _VERDICT_WORDS else None


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 60 and as_list(value) is None


def _is_prose(each: FieldValues) -> bool:
    """Whether the field's texts are sentences rather than labels."""
    items = [item for item in spread(each.values) if isinstance(item, str)]
    return bool(items) and sum(len(item) > 15 for item in items) >= _ENOUGH * len(items)


def _is_judge_text(each: FieldValues, question: Question) -> bool:
    """Whether the field holds the judge's words on this question."""
    words = set(name_tokens(each.path))
    if not words & _JUDGE_WORDS or words & _NOT_JUDGED:
        return False
    if names_question(each.path, _OTHER[question]) or (
        question == "effective" and not names_question(each.path, question)
    ):
        return False
    return each.holds_text


def _best(free: dict[str, FieldValues], rank: Callable[[FieldValues], int | None]) -> list[str]:
    """The paths of the fields with the lowest rank, response_2 before response_10."""
    ranked = {path: found for path, each in free.items() if (found := rank(each)) is not None}
    lowest = min(ranked.values(), default=None)
    return _numbered([path for path, found in ranked.items() if found == lowest])


def _numbered(paths: list[str]) -> list[str]:
    """response_2 before response_10."""
    return (
        sorted(paths, key=lambda path: [int(digits[:9]) for digits in re.findall(r"\d+", path)])
        if _is_series(paths)
        else paths
    )


def _is_series(paths: Sequence[str]) -> bool:
    """Whether the names differ in a number only: one field a response."""
    shapes = {re.sub(r"\d+", "#", path) for path in paths}
    return len(shapes) == 1 and "#" in shapes.pop()
