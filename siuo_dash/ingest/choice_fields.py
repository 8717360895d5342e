"""Whether a table holds multiple-choice answers, which field is the model's and which the key; asked where in doubt."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import Any, Final

from siuo_dash.benchmark.choice_letter import option_in, parse_option
from siuo_dash.ingest.columns import Columns
from siuo_dash.ingest.fields import FieldValues, is_blank
from siuo_dash.ingest.judge_texts import is_prose
from siuo_dash.ingest.mapping import CHOICES, Mapping
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.verdict_reader import as_text, is_many
from siuo_dash.ingest.verdicts import name_tokens, token

ANSWERS: Final = (
    "response_mcqa pred_option predicted_option chosen_option selected_option choice chosen pred_ans pred predicted"
).split()
_OUTPUTS: Final = (
    "prediction predictions model_prediction model_answer model_response model_output response responses reply output "
    "outputs generated_text completion generation"
).split()
_KEYS: Final = (
    "key answer_key correct_option correct_answer correct_choice gold gold_answer gt gt_answer ground_truth target "
    "reference solution"
).split()
_EITHER: Final = ("answer", "text", "content")
"""Names under which some files have the model's choice, others the key."""
_KEY_WORDS: Final = frozenset("gt gold golden key correct truth target reference solution".split())
_PLACE: Final = frozenset({"idx", "index"})
_OPTIONS: Final = ("all_choices", "index2ans", "options", "choices", "option_a", "option_b")
_PROMPT: Final = tuple(re.compile(rf"(?:^|[\s(]){letter}[).:]") for letter in "ABC")
_LOOSE: Final = re.compile(
    r"[\W_]*([A-D])[\W_]*$|[\W_]*([A-D])[).:\]*]|.{0,200}\b(?:answer|option|choice)\W{0,4}(?:is\W{1,3})?([A-D])\b",
    re.IGNORECASE | re.DOTALL,
)
_ANY: Final = ("*",)
_ASKED: Final = "Which field holds the option that the model chose?"
_FULL: Final = 8
"""Answers from which on full agreement with the key is no accident."""
_FEW: Final = 12


def choose_answer(
    mapping: Mapping, free: Dictionary[str, FieldValues], fields: Dictionary[str, FieldValues], columns: Columns
) -> tuple[Mapping, list[Need]]:
    """The mapping with the chosen option's field, and questions; as it is where the table is no multiple choice.

    free: the fields that play no part yet. Letters are answers only where the file is a multiple-choice file: it has
    options, a key or a prompt of that kind, its fields say so, or a person did.
    """
    letters = [path for path, each in free.items() if each.share(lambda v: option_in(as_text(v)) is not None) >= 0.9]
    keys = [path for path in letters if _agrees(path, columns) or _is_named_key(fields[path])]
    found = [path for path in _named(free) if path not in keys]
    readable = [path for path, each in free.items() if _reads_letters(each)]
    says_so = mapping.task == "mcqa"
    others = [path for path in letters if path not in (*keys, *found)]
    if not found:
        texts = [path for path, each in free.items() if each.holds_text and not {*path.split(".")} & {*_OPTIONS}]
        if others and (says_so or keys or _is_choice(fields, others) or _is_plain_letters(free[others[0]], _ANY)):
            return mapping, [_answer_need(_ASKED, [*others, *readable], columns)]
        proven = [
            path for path in letters if _agrees(path, columns) and fields[path].last in (*ANSWERS, *_OUTPUTS, "answer")
        ]
        if proven and (says_so or _is_choice(fields, proven)):
            what = f"{proven[0]} is the benchmark's key in every row: is it what the model chose, or the key?"
            return mapping, [_answer_need(what, [*letters, *readable, *texts], columns)]
        if says_so:
            return mapping, [_answer_need(_ASKED, texts, columns)]
        return mapping, []
    if not (says_so or keys or _is_choice(fields, found) or _is_plain_letters(free[found[0]])):
        return mapping, []
    if not all(_same(found[0], path, columns) for path in (*found[1:], *others)):
        return mapping, [_answer_need(_ASKED, [*found, *others, *readable], columns)]
    if fields[found[0]].last in _EITHER and not keys and not says_so:
        asked = "Which field holds the option that the model chose, not the key?"
        return mapping, [_answer_need(asked, readable, columns)]
    doubts = [] if says_so else _doubts(found[0], free, columns)
    if doubts:
        what = f"{found[0]} holds option letters, but {' and '.join(doubts)}: what was the task?"
        hint = "generation: responses with verdicts; mcqa: multiple choice"
        return mapping, [Need("task", what, CHOICES["task"], hint, (columns.evidence(found[0]),))]
    return mapping.having(answer=found[0]), []


def key_needs(mapping: Mapping, fields: Dictionary[str, FieldValues], columns: Columns) -> tuple[Mapping, list[Need]]:
    """The mapping of a multiple-choice run with the file's own key, and the question whose counts if they differ."""
    if mapping.answer is None:
        return mapping, []
    key = mapping.key or next((path for path in fields if _is_key(path, mapping.answer, fields, columns)), None)
    if key is None:
        correct, answered = _agreement(mapping.answer, columns)
        shown = _shows_options(fields)
        if mapping.correct_by is not None or not (shown or _as_by_chance(correct, answered)):
            return mapping, []
        holds = "the options, but no key" if shown else "neither the options nor a key"
        what = (
            f"The file shows {holds}, and {correct} of {answered} answers are right by the benchmark's: "
            "were the options in the benchmark's order?"
        )
        hint = "benchmark: they were; file: they were shuffled, and the run needs the file's own key"
        return mapping, [Need("correct_by", what, CHOICES["correct_by"], hint)]
    mapping = mapping.having(key=key)
    pairs = _letters(key, columns)
    differing = [(sample, mine, theirs) for sample, mine, theirs in pairs if mine != theirs]
    if mapping.correct_by is not None or not is_many(len(differing), len(pairs)):
        return mapping, []
    what = f"The key in {key} is not the benchmark's in {len(differing)} of {len(pairs)} rows: which of them counts?"
    hint = "the file's, if its options are in another order than the benchmark's"
    details = tuple(
        f"{sample}: {mine} in the file, {theirs} in the benchmark" for sample, mine, theirs in differing[:3]
    )
    return mapping, [Need("correct_by", what, CHOICES["correct_by"], hint, details)]


def unread_letter(answer: str) -> bool:
    """Whether an answer gives its option in a form that the released parser does not read: '**B**', 'b)'."""
    return parse_option(answer) is None and _LOOSE.match(answer[:400]) is not None


def _named(free: Dictionary[str, FieldValues]) -> list[str]:
    """The fields that may be the model's choice, by their names and their letters, the likeliest first."""
    names = (*ANSWERS, *_OUTPUTS, *_EITHER)
    found = [(names.index(each.last), path) for path, each in free.items() if each.last in names]
    return [path for _, path in sorted(found) if _reads_letters(free[path])]


def _is_named_key(each: FieldValues) -> bool:
    return bool(set(name_tokens(each.last)) & _KEY_WORDS) and not _is_constant(each)


def _is_constant(each: FieldValues) -> bool:
    """Whether many rows all have the same value: a key of one letter is none."""
    filled = [token(value) for value in each.values if not is_blank(value)]
    return len(filled) >= _FULL and len(set(filled)) == 1


def _reads_letters(each: FieldValues) -> bool:
    return each.share(lambda value: isinstance(value, str) and parse_option(value[:2000]) is not None) >= 0.25


def _shows_options(fields: Dictionary[str, FieldValues]) -> bool:
    """Whether the table has the options' texts, in fields of their own or in a prompt."""
    paths = {path.rsplit(".", 1)[-1] for path in fields}
    lasts = {each.last for each in fields.values()}
    return bool(
        paths >= {"A", "B", "C", "D"}
        or lasts & set(_OPTIONS)
        or any(each.share(_has_options) >= 0.5 for each in fields.values())
    )


def _is_choice(fields: Dictionary[str, FieldValues], found: Sequence[str]) -> bool:
    """Whether the table shows that it is multiple choice: options, a key, a prompt with options, the answer's name."""
    lasts = {each.last for each in fields.values()}
    return bool(
        "correct_option" in lasts
        or fields[found[0]].last in ANSWERS
        or any("multiple" in str(each.values[0]).lower()[:40] for each in fields.values() if "type" in each.last)
        or _shows_options(fields)
    )


def _has_options(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    found = [option.search(value[:4000]) for option in _PROMPT]
    starts = [option.start() for option in found if option]
    return len(starts) == len(_PROMPT) and starts == sorted(starts)


def _is_plain_letters(each: FieldValues, names: Sequence[str] = (*ANSWERS, *_OUTPUTS)) -> bool:
    """Whether a field of the model's output holds single letters, all four of them, and nothing else.

    names: those of such a field; _ANY where it may have any.
    """
    letters = {option_in(as_text(value)) for value in each.values if not is_blank(value)}
    return (names is _ANY or each.last in names) and letters == set("ABCD")


def _doubts(path: str, free: Dictionary[str, FieldValues], columns: Columns) -> list[str]:
    """Why letters in this field may be something else than the model's choice."""
    chosen = {parse_option(as_text(value)) for value in columns.of(path).values()} - {None}
    replies = [
        other
        for other, each in free.items()
        if other != path and each.last in _OUTPUTS and is_prose(each) and not _reads_letters(each)
    ]
    return [
        *([f"{replies[0]} holds replies in words"] if replies else []),
        *(["only two letters occur"] if len(chosen) <= 2 and len(columns.of(path)) >= _FEW else []),
    ]


def _agrees(path: str, columns: Columns) -> bool:
    """Whether a field is the benchmark's key in every row."""
    pairs = _letters(path, columns)
    return len(pairs) >= _FULL and all(mine == theirs for _, mine, theirs in pairs)


def _agreement(path: str, columns: Columns) -> tuple[int, int]:
    """How many answers are right by the benchmark's key, and of how many."""
    by_id = columns.catalogue.by_id
    read = [(key[0], parse_option(as_text(value))) for key, value in columns.of(path).items()]
    pairs = [(sample, letter) for sample, letter in read if isinstance(sample, int) and sample in by_id and letter]
    return sum(letter == by_id[sample].correct_option for sample, letter in pairs), len(pairs)


def _as_by_chance(correct: int, answered: int) -> bool:
    """Whether so many right answers of four options can be chance: then the options may have been shuffled.

    More than five standard deviations above a quarter: one in millions by chance, so they were in their order.
    """
    return correct - answered / 4 <= 5 * math.sqrt(answered * 3 / 16)


def _is_key(path: str, answer: str, fields: Dictionary[str, FieldValues], columns: Columns) -> bool:
    each = fields[path]
    is_letters = each.share(lambda value: key_option(path, value) is not None) >= 0.9 and not _is_constant(each)
    name = "_".join(word for word in name_tokens(each.last) if word not in _PLACE)
    named = name in (*_KEYS, "answer", "label") or bool(set(name_tokens(each.last)) & _KEY_WORDS)
    return path != answer and is_letters and (_agrees(path, columns) or (named and not _same(path, answer, columns)))


def key_option(path: str, value: Any) -> str | None:
    """The option that a cell of a key names: by its letter, or by its place where the field's name says so."""
    letter = option_in(as_text(value))
    is_place = letter is None and bool(_PLACE & set(name_tokens(path))) and token(value) in ("0", "1", "2", "3")
    return "ABCD"[int(token(value))] if is_place else letter


def _letters(path: str, columns: Columns) -> list[tuple[int, str, str]]:
    """(sample, the field's letter, the benchmark's key) of the rows that have both."""
    by_id = columns.catalogue.by_id
    return [
        (key[0], letter, by_id[key[0]].correct_option)
        for key, value in columns.of(path).items()
        if isinstance(key[0], int) and key[0] in by_id and (letter := key_option(path, value)) is not None
    ]


def _same(one: str, two: str, columns: Columns) -> bool:
    """Whether two fields give the same letters, one perhaps in words: nearly always, where both can be read."""
    first, second = (
        {key: parse_option(as_text(value)) for key, value in columns.of(path).items()} for path in (one, two)
    )
    both = [key for key in first if first[key] and second.get(key)]
    return bool(both) and sum(first[key] == second[key] for key in both) >= 0.95 * len(both)


def _answer_need(question: str, options: Sequence[str], columns: Columns) -> Need:
    options = tuple(dict.fromkeys(options))
    details = tuple(columns.evidence(path) for path in options[:6])
    return Need("answer", question, options, "the model's choice, not the key", details)
