"""Guesses a mapping from names and contents, and asks where they settle nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.options import parse_option
from siuo_dash.benchmark.schema import DOMAINS
from siuo_dash.benchmark.text import fingerprint, normalise
from siuo_dash.ingest.fields import Table, as_list, field_paths, is_blank, parse_id, value_at
from siuo_dash.ingest.mapping import YES_MEANS, Mapping
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.verdicts import (
    BLANK,
    NO,
    UNGRADED,
    YES,
    DirectionUnknown,
    NotUnderstood,
    Question,
    direction_of,
    name_tokens,
    names_question,
    read_number,
    token,
)

LOOKED_AT: Final = 200
"""Rows of a file that are looked at for a guess."""
_ENOUGH: Final = 0.5
_IDS: Final = "question_id qid questionid siuo_id original_index id sample_id item_id index idx uid".split()
_RESPONSES: Final = (
    "responses response predictions prediction model_response model_responses model_output output outputs generated_text "
    "generated_response generation completion model_answer reply answer text content"
).split()
_ANSWERS: Final = "response_mcqa pred_option predicted_option chosen_option selected_option choice chosen pred_ans".split()
_INDEX: Final = (
    "response_index response_idx response_id response_number sample_idx sample_index trial attempt run repeat repetition seed "
    "generation_id iteration rollout n k"
).split()
_MODELS: Final = "model model_name model_id evaluated_model".split()
_JUDGES: Final = "judge judge_model judge_name judge_model_id judge_model_name grader".split()
_VERDICT_WORDS: Final = frozenset(
    "label labels verdict verdicts judgement judgment overall result score flagged flag class rating pred decision outcome".split()
)
_JUDGE_WORDS: Final = frozenset(
    "raw evaluation eval judgement judgment explanation reason reasons reasoning rationale log critique feedback comment".split()
)
_NOT_JUDGED: Final = frozenset("warning reference gold question prompt query category domain image input".split())


@dataclass(frozen=True)
class FieldInfo:
    """A field of the files, for the mapping's editor: where it stands, and examples of its values."""

    path: str
    files: tuple[str, ...]
    examples: tuple[Any, ...]
    distinct: int


@dataclass(frozen=True)
class _Field:
    path: str
    values: tuple[Any, ...]

    @property
    def last(self) -> str:
        return "_".join(name_tokens(self.path.rsplit(".", 1)[-1]))

    def share(self, test: Callable[[Any], bool]) -> float:
        """Share of the filled values that pass."""
        filled = [value for value in self.values if not is_blank(value)]
        return sum(map(test, filled)) / len(filled) if filled else 0.0


def field_infos(tables: Iterable[Table]) -> list[FieldInfo]:
    """All fields of these files, with the first three different values of each."""
    infos: dict[str, FieldInfo] = {}
    for table in tables:
        for each in _fields(table):
            distinct = dict.fromkeys(token(value) if not isinstance(value, str) else value for value in each.values)
            known = infos.get(each.path, FieldInfo(each.path, (), (), 0))
            infos[each.path] = FieldInfo(
                each.path,
                (*known.files, table.file),
                known.examples or tuple(value[:200] for value in list(distinct)[:3]),
                max(known.distinct, len(distinct)),
            )
    return list(infos.values())


def guess(tables: Sequence[Table], catalogue: Catalogue) -> tuple[Mapping, list[Need]]:
    """A mapping for these tables together, and the questions that a person must answer first."""
    everything = [_fields(table) for table in tables]
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
    mapping = _with_verdicts(mapping, free, "safe", needs)
    mapping = _with_verdicts(mapping, free, "effective", needs)
    used = {*mapping.safe, *mapping.effective, *mapping.safety_judgement, *mapping.effectiveness_judgement}
    mapping = _with_responses(mapping, {path: each for path, each in free.items() if path not in used}, needs)
    mapping = replace(mapping, response_index=_response_index(mapping, everything, catalogue))
    return mapping, [*needs, *direction_needs(mapping, tables)]


def _fields(table: Table) -> list[_Field]:
    rows = table.values[:LOOKED_AT]
    return [_Field(path, tuple(value_at(row, path) for row in rows)) for path in field_paths(rows[:50])]


def _first(fields: Iterable[_Field], test: Callable[[_Field], bool]) -> str | None:
    return next((each.path for each in fields if test(each)), None)


def _id(fields: list[_Field], catalogue: Catalogue) -> str | None:
    """The field whose values are the most often ids of samples; a known name counts more than another."""

    def weight(each: _Field) -> float:
        share = each.share(lambda value: parse_id(value, catalogue.by_id) in catalogue.by_id)
        if each.last in _IDS:
            return 0.0 if share < _ENOUGH else 2 + share - _IDS.index(each.last) / 100
        return share if share >= 0.9 else 0.0

    best = max(fields, key=weight, default=None)
    return best.path if best is not None and weight(best) > 0 else None


def _is_question(value: Any, catalogue: Catalogue) -> bool:
    return isinstance(value, str) and len(value) < 5000 and fingerprint(value) in catalogue.by_fingerprint


def _is_category(value: Any) -> bool:
    known = {normalise(name) for domain in DOMAINS for name in (domain.id, domain.label)}
    return isinstance(value, str) and len(value) < 100 and normalise(value) in known


def _references(fields: dict[str, _Field], catalogue: Catalogue) -> set[str]:
    """Fields with the benchmark's own reference answers: never a response."""
    references = {sample.reference_fingerprint for sample in catalogue.samples}
    return {
        path
        for path, each in fields.items()
        if each.share(lambda value: isinstance(value, str) and fingerprint(value[:5000]) in references) >= _ENOUGH
    }


def _constant(fields: dict[str, _Field], names: list[str]) -> str | None:
    """A field of one of these names that holds one text throughout."""
    for name in names:
        for path, each in fields.items():
            values = {value for value in each.values if isinstance(value, str) and value.strip()}
            if each.last == name and len(values) == 1:
                return path
    return None


def _answer(free: dict[str, _Field], fields: dict[str, _Field]) -> str | None:
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


def _reads_letters(each: _Field) -> bool:
    return each.share(lambda value: isinstance(value, str) and parse_option(value[:2000]) is not None) >= 0.25


def _is_short_letter(value: Any) -> bool:
    return isinstance(value, str) and len(value.strip()) <= 3 and parse_option(value) is not None


def _with_verdicts(mapping: Mapping, free: dict[str, _Field], question: Question, needs: list[Need]) -> Mapping:
    """The mapping with this question's verdict field, direction and judge's words, as far as they are settled."""
    words = "safety_judgement" if question == "safe" else "effectiveness_judgement"
    ranked: dict[int, list[str]] = {}
    for path, each in free.items():
        rank = _verdict_rank(each, question)
        if rank is not None and not set(name_tokens(path)) & _NOT_JUDGED:
            ranked.setdefault(rank, []).append(path)
    best = ranked[min(ranked)] if ranked else []
    best = _numbered(best)
    judged = [path for path, each in free.items() if path not in best and _is_judge_text(each, question)]
    if len(best) > 1 and not _is_series(best):
        what = "safety" if question == "safe" else "effectiveness"
        needs.append(Need(question, f"Which field holds the {what} verdict?", tuple(best)))
        return mapping
    if best:
        mapping = mapping.having(**{question: tuple(best)})
        direction = direction_of(best[0], question)
        if direction is not None and _says_yes_or_no(free[best[0]].values, set()):
            mapping = mapping.having(**{f"{question}_yes_means": YES_MEANS[f"{question}_yes_means"][not direction]})
    if judged and (len(judged) == 1 or _is_series(judged)):
        mapping = mapping.having(**{words: tuple(_numbered(judged))})
    return mapping


def _verdict_rank(each: _Field, question: Question) -> int | None:
    """How well a field fits as the verdict: 0 the best, None not at all."""
    values = [item for value in each.values if not is_blank(value) for item in (as_list(value) or [value])]
    if not values or each.share(lambda value: isinstance(value, str) and len(value) > 60 and as_list(value) is None) > 0.2:
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
        return None
    words = set(name_tokens(each.path))
    named = names_question(each.path, question)
    if words & _JUDGE_WORDS and not named:
        return 4  # the judge's words state a verdict themselves: taken as such only where nothing else does
    if understood > yes_no:
        return 0 if named else 1
    if direction_of(each.path, question) is not None:
        return 0
    if named:
        return 2
    # A bare yes or no under another name is offered as a safety verdict only: asked, not guessed.
    return 3 if question == "safe" and words & _VERDICT_WORDS else None


def direction_needs(mapping: Mapping, tables: Sequence[Table]) -> list[Need]:
    """What must be asked because a mapped verdict says yes or no, 1 or 0, and nothing says to what."""
    needs = []
    for role, options in YES_MEANS.items():
        question: Question = "safe" if role.startswith("safe") else "effective"
        paths: tuple[str, ...] = getattr(mapping, question)
        if not paths or mapping.yes_means(question) is not None or direction_of(paths[0], question) is not None:
            continue
        values = (value_at(row, path) for table in tables for row in table.values for path in paths)
        if _says_yes_or_no(values, set(mapping.meanings(question))):
            asked = f"In the field {paths[0]}, what do 1, true and yes mean?"
            needs.append(Need(role, asked, options, "the name of the field does not say"))
    return needs


def _says_yes_or_no(values: Iterable[Any], explained: set[str]) -> bool:
    """Whether any of these cells is a 1, 0, yes, no, true or false that nobody explained."""
    tokens = {token(item) for value in values for item in (as_list(value) or [value])}
    return bool(tokens & (YES | NO) - explained)


def _is_judge_text(each: _Field, question: Question) -> bool:
    """Whether the field holds the judge's words on this question."""
    words = set(name_tokens(each.path))
    if not words & _JUDGE_WORDS or words & _NOT_JUDGED:
        return False
    other: Question = "effective" if question == "safe" else "safe"
    if names_question(each.path, other) or (question == "effective" and not names_question(each.path, question)):
        return False
    return each.share(lambda value: isinstance(value, str) or bool(as_list(value))) >= _ENOUGH


def _numbered(paths: list[str]) -> list[str]:
    """response_2 before response_10."""
    return sorted(paths, key=_number_in) if _is_series(paths) else paths


def _number_in(path: str) -> tuple[int, ...]:
    digits = "".join(char if char.isdecimal() else " " for char in path).split()
    return tuple(int(part[:9]) for part in digits)


def _is_series(paths: Sequence[str]) -> bool:
    """Whether the names differ in a number only: one field a response."""
    shapes = {"".join("#" if char.isdecimal() else char for char in path).replace("##", "#") for path in paths}
    return len(shapes) == 1 and all(any(char.isdecimal() for char in path) for path in paths)


def _with_responses(mapping: Mapping, free: dict[str, _Field], needs: list[Need]) -> Mapping:
    def rank(each: _Field) -> int | None:
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
    best = _numbered(ranked[min(ranked)])
    if len(best) > 1 and not _is_series(best):
        needs.append(Need("responses", "Which field holds the model's response?", tuple(best)))
        return mapping
    return replace(mapping, responses=tuple(best))


def _response_index(mapping: Mapping, everything: list[list[_Field]], catalogue: Catalogue) -> str | None:
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
