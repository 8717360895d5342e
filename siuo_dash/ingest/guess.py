"""Guesses a mapping from names and contents, and asks where they settle nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.judgement import QUESTIONS, Question, states_both
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.ingest.candidates import Candidate
from siuo_dash.ingest.choice_fields import choose_answer, key_needs
from siuo_dash.ingest.columns import Columns
from siuo_dash.ingest.fields import FieldValues, Table, field_values, is_image, parse_id, spread
from siuo_dash.ingest.judge_texts import is_answer, judge_texts, states
from siuo_dash.ingest.mapping import JUDGEMENTS, YES_MEANS, Mapping
from siuo_dash.ingest.meaning_needs import meaning_needs
from siuo_dash.ingest.placing import is_question, question_of
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.series import expanded, grouped, named
from siuo_dash.ingest.verdict_fields import branch_of, choose
from siuo_dash.ingest.verdicts import direction_of, is_scale, name_tokens, says_yes_or_no, token
from siuo_dash.ingest.wrapping import is_category

_ENOUGH: Final = 0.5
_MOSTLY: Final = 0.9
_IDS: Final = "question_id qid questionid siuo_id original_index id sample_id item_id index idx uid".split()
_RESPONSES: Final = (
    "responses response predictions prediction model_response model_responses model_output output outputs "
    "generated_text generated_response generation completion model_answer reply answer text content"
).split()
INDICES: Final = (
    "response_index response_idx response_id response_number sample_idx sample_index trial attempt run repeat "
    "repetition seed generation_id iteration rollout n k round round_index round_number round_id epoch epochs "
    "run_index run_number run_idx trial_id trial_index attempt_index attempt_number sample rep replicate iter pass "
    "try draw seed_index generation"
).split()
"""Last names of fields that number a sample's responses."""
_MODELS: Final = "model model_name model_id evaluated_model".split()
_JUDGES: Final = "judge judge_model judge_name judge_model_id judge_model_name grader".split()
_VERDICT_OF: Final[dict[Question, str]] = {"safe": "safety", "effective": "effectiveness"}
_ASKERS: Final = frozenset({"user", "system", "human", "developer", "tool"})
_MOST: Final = 12
"""Fields that a question offers."""


def guess(tables: Sequence[Table], catalogue: Catalogue, given: Mapping | None = None) -> tuple[Mapping, list[Need]]:
    """A mapping for these tables together, and the questions that a person must answer first.

    given: what a person settled already; it stays.
    """
    given = given or Mapping()
    everything = [field_values(table) for table in tables]
    fields = _together(everything)
    ids = _ids(everything, catalogue)
    question = _first(fields.values(), lambda f: f.share(lambda v: is_question(v, catalogue)) >= _ENOUGH)
    category = _first(fields.values(), lambda f: f.share(is_category) >= _ENOUGH)
    mapping = Mapping(id=ids, question=question, category=category)
    mapping = given.over(mapping.having(model=_constant(fields, _MODELS), judge=_constant(fields, _JUDGES)))
    needs: list[Need] = []
    if not mapping.id and mapping.question is None:
        needs.append(Need("id", "Which field holds the question_id?", tuple(fields)))
    if mapping.has_verdict:
        return mapping, [*needs, *meaning_needs(mapping, tables)]
    played = {*mapping.id, mapping.question, mapping.category, mapping.model, mapping.judge}
    played |= _references(fields, catalogue)
    free = {path: each for path, each in fields.items() if path not in played}
    columns = Columns(tables, mapping.id, catalogue, mapping.question)
    if mapping.task != "generation":
        mapping, asked = choose_answer(mapping, free, fields, columns)
        mapping, more = key_needs(mapping, fields, columns)
        if mapping.answer is not None or asked:
            return mapping, [*needs, *asked, *more]
    texts = list(mapping.responses) or _responses(free)
    for role in QUESTIONS:
        mapping = _with_verdicts(mapping, _unused(free, mapping), role, texts, columns, needs)
    mapping = _with_responses(mapping, _unused(free, mapping), needs)
    if mapping.response_index is None:
        mapping = mapping.having(response_index=_response_index(mapping, everything, catalogue))
    return mapping, [*needs, *meaning_needs(mapping, tables)]


def left_open(mapping: Mapping, tables: Sequence[Table], catalogue: Catalogue) -> tuple[str | None, list[Need]]:
    """The key's field of a multiple-choice run, and what must be asked of the values of the mapped fields."""
    everything = [field_values(table) for table in tables]
    ids = mapping.id or _ids(everything, catalogue)
    mapping, needs = key_needs(mapping, _together(everything), Columns(tables, ids, catalogue, mapping.question))
    return mapping.key, [*needs, *meaning_needs(mapping, tables)]


def _together(everything: Iterable[list[FieldValues]]) -> dict[str, FieldValues]:
    """Each field with its values in all files."""
    values: dict[str, tuple[Any, ...]] = {}
    for each in (each for listed in everything for each in listed):
        values[each.path] = values.get(each.path, ()) + each.values
    return {path: FieldValues(path, found) for path, found in values.items()}


def _ids(everything: Iterable[list[FieldValues]], catalogue: Catalogue) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for listed in everything if (path := _id(listed, catalogue)) is not None))


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

    Without such a field, and without questions, it is that of the pictures, unless there are two that differ. Without
    any one that is called question_id is taken, so that what is wrong with it can be said.
    """

    def weight(each: FieldValues) -> float:
        share = each.share(lambda value: parse_id(value, catalogue.by_id) in catalogue.by_id)
        if each.last in _IDS:
            return 0.0 if share < _ENOUGH else 2 + share - _IDS.index(each.last) / 100
        return share if share >= _MOSTLY and each.share(_is_short) == 1 else 0.0

    best = max(fields, key=weight, default=None)
    if best is not None and weight(best) > 0:
        return best.path
    if any(each.share(lambda value: is_question(value, catalogue)) >= _ENOUGH for each in fields):
        return None
    pictures = [each for each in fields if each.share(is_image) >= _MOSTLY]
    if pictures:
        differ = any([*map(parse_id, each.values)] != [*map(parse_id, pictures[0].values)] for each in pictures)
        return None if differ else pictures[0].path
    return next((each.path for each in fields if each.last in _IDS[:3]), None)


def _is_short(value: Any) -> bool:
    return isinstance(value, (int, float)) or (
        isinstance(value, str) and len(value) <= 24 and value.strip().count(" ") < 2 and not is_image(value)
    )


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


def _responses(free: dict[str, FieldValues]) -> list[str]:
    """The fields that fit best as the model's responses, by their names; several where none fits better."""

    def rank(paths: tuple[str, ...]) -> int | None:
        each = free[paths[0]]
        names = (each.last, "_".join(name_tokens(each.path)))
        known = next((name for name in names if name in _RESPONSES), None)
        return _RESPONSES.index(known) // 2 if known is not None and each.holds_text else None

    said = [path for path in free if not _is_asked(path, free)]
    ranked = {paths: found for paths in grouped(said) if (found := rank(paths)) is not None}
    lowest = min(ranked.values(), default=None)
    best = [paths for paths, found in ranked.items() if found == lowest]
    return list(best[0]) if len(best) == 1 else [path for paths in best for path in paths]


def _is_asked(path: str, fields: dict[str, FieldValues]) -> bool:
    """Whether a text of a conversation is what was asked: a field beside it names the user or the system."""
    beside = [fields.get(f"{path.rpartition('.')[0]}.{name}") for name in ("role", "from")]
    return any(each.share(lambda value: token(value) in _ASKERS) > _ENOUGH for each in beside if each is not None)


def _with_responses(mapping: Mapping, free: dict[str, FieldValues], needs: list[Need]) -> Mapping:
    if mapping.responses:
        return mapping
    best = _responses(free)
    if len(best) > 1 and tuple(best) not in grouped(best):
        if not any(need.role == "responses" for need in needs):
            options = tuple(map(named, grouped(best)))
            needs.append(Need("responses", "Which field holds the model's response?", options))
        return mapping
    return mapping.having(responses=tuple(best))


def _response_index(mapping: Mapping, everything: list[list[FieldValues]], catalogue: Catalogue) -> str | None:
    """The field that numbers a sample's responses, where ids repeat and it distinguishes them; no verdict is one."""
    verdicts = {*mapping.safe, *mapping.effective}  # of "pass", say, which could be either by its name
    for fields in everything:
        by_path = {each.path: each for each in fields}
        ids = next((by_path[path] for path in mapping.id if path in by_path), None)
        asked = by_path.get(mapping.question or "") if ids is None else None
        if ids is not None:
            parsed = [parse_id(value, catalogue.by_id) for value in ids.values]
        elif asked is not None:
            samples = [question_of(value, catalogue) for value in asked.values]
            parsed = [None if sample is None else sample.question_id for sample in samples]
        else:
            continue
        if max(Counter(parsed).values(), default=0) < 2:
            continue
        for name in INDICES:
            for each in fields:
                pairs = list(zip(parsed, map(token, each.values), strict=True))
                if each.last == name and each.path not in verdicts and len(set(pairs)) == len(pairs):
                    return each.path
    return None


def _with_verdicts(
    mapping: Mapping,
    free: dict[str, FieldValues],
    question: Question,
    texts: Sequence[str],
    columns: Columns,
    needs: list[Need],
) -> Mapping:
    """The mapping with this question's verdict field, direction and judge's words, as far as they are settled.

    texts: the fields that may hold the responses; of several runs in a table each has its own, and its own verdict.
    """
    what, role = _VERDICT_OF[question], JUDGEMENTS[question]
    if question in mapping.none:
        return mapping
    if question == "effective" and mapping.safe and _is_joint(mapping.safe, columns):
        return mapping.having(effective=mapping.safe)
    mine = {path: each for path, each in free.items() if path not in texts}
    choice, found = choose(mine, question, columns, texts)
    if choice.options and (own := _of_branch(found, texts)):
        if len(own) > 1:
            if not any(need.role == "responses" for need in needs):
                details = tuple(columns.evidence(named(paths)) for paths in own)
                asked = "Which field holds the model's response? Its verdict is taken from beside it."
                needs.append(Need("responses", asked, tuple(map(named, grouped(texts))), details=details))
            return mapping
        choice, found = choose({path: mine[path] for path in own[0]}, question, columns, texts)
    offered = {path for option in choice.options for path in expanded(option)}
    judged = [path for path in judge_texts(mine, question) if path not in {*offered, *choice.paths}]
    is_open = question == "safe" and not (choice.paths or judged)
    answers = [path for path in texts if is_open and is_answer(free[path], question)]
    if choice.options or answers:
        options = (*answers, *choice.options)[:_MOST]
        details = tuple(columns.evidence(path) for path in options)
        asked = f"Which field holds the {what} verdict?"
        if len(options) == 1:
            asked = f"Is {options[0]} the {what} verdict on the response? Its name and values do not settle it."
        needs.append(Need(question, asked, options, details=details, can_be_none=True))
    elif choice.paths:
        mapping = mapping.having(**{question: choice.paths})
        direction = _direction(choice.paths[0], texts, question)
        values = spread(value for path in choice.paths for value in columns.of(path).values())
        if direction is not None and says_yes_or_no(values) and not is_scale(values):
            mapping = mapping.having(**{f"{question}_yes_means": YES_MEANS[f"{question}_yes_means"][not direction]})
    elif len(judged) == 1 and not states(free[judged[0]], question, least=0.1):
        judged = []
    return mapping.having(**{role: tuple(judged)}) if judged else mapping


def _direction(path: str, texts: Sequence[str], question: Question) -> bool | None:
    """What the verdict's name says, without the words that it shares with its response: qwen_response, qwen_safe."""
    branch = branch_of(path) if len(texts) == 1 and branch_of(path) == branch_of(texts[0]) else frozenset()
    return direction_of("_".join(word for word in name_tokens(path) if word not in branch), question)


def _is_joint(paths: Sequence[str], columns: Columns) -> bool:
    """Whether a verdict's values answer both questions: 'Unsafe & Effective'."""
    cells = [item for path in paths for item in spread(columns.of(path).values()) if isinstance(item, str)]
    return bool(cells) and sum(map(states_both, cells)) >= _ENOUGH * len(cells)


def _of_branch(found: Sequence[Candidate], texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The one candidate beside each of these responses, as their names have it; empty where one has none, or two."""
    own = []
    for branch in [branch_of(paths[0]) for paths in grouped(texts)]:
        beside = [each.paths for each in found if branch_of(each.paths[0]) == branch]
        if len(beside) != 1 or not branch:
            return []
        own += beside
    return own
