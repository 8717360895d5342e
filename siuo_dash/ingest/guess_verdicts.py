"""Guesses which fields hold verdicts and the judge's words, and asks where a name settles nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from siuo_dash.ingest.columns import FieldValues, is_series, numbered
from siuo_dash.ingest.fields import Table, as_list, is_blank, value_at
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
    is_scale,
    name_tokens,
    names_question,
    read_number,
    token,
)

_OTHER: Final[dict[Question, Question]] = {"safe": "effective", "effective": "safe"}
_ENOUGH: Final = 0.5
_VERDICT_WORDS: Final = frozenset(
    "label labels verdict verdicts judgement judgment overall result score flagged flag class rating pred decision outcome".split()
)
_JUDGE_WORDS: Final = frozenset(
    "raw evaluation eval judgement judgment explanation reason reasons reasoning rationale log critique feedback comment".split()
)
_NOT_JUDGED: Final = frozenset("warning reference gold question prompt query category domain image input".split())


def with_verdicts(mapping: Mapping, free: dict[str, FieldValues], question: Question, needs: list[Need]) -> Mapping:
    """The mapping with this question's verdict field, direction and judge's words, as far as they are settled."""
    words = "safety_judgement" if question == "safe" else "effectiveness_judgement"
    ranked: dict[int, list[str]] = {}
    for path, each in free.items():
        rank = None if set(name_tokens(path)) & _NOT_JUDGED else _verdict_rank(each, question)
        if rank is not None:
            ranked.setdefault(rank, []).append(path)
    best = numbered(ranked[min(ranked)]) if ranked else []
    judged = [path for path, each in free.items() if path not in best and _is_judge_text(each, question)]
    if best and not judged and all(_is_judge_text(free[path], question) and _is_prose(free[path]) for path in best):
        best, judged = [], best
    if len(best) > 1 and not is_series(best):
        what = "safety" if question == "safe" else "effectiveness"
        needs.append(Need(question, f"Which field holds the {what} verdict?", tuple(best)))
        return mapping
    if best:
        mapping = mapping.having(**{question: tuple(best)})
        direction = direction_of(best[0], question)
        values = _items(free[best[0]].values)
        if direction is not None and _says_yes_or_no(values, set()) and not is_scale(values):
            mapping = mapping.having(**{f"{question}_yes_means": YES_MEANS[f"{question}_yes_means"][not direction]})
    if judged and (len(judged) == 1 or is_series(judged)):
        mapping = mapping.having(**{words: tuple(numbered(judged))})
    return mapping


def _verdict_rank(each: FieldValues, question: Question) -> int | None:
    """How well a field fits as the verdict: 0 the best, None not at all."""
    values = _items(value for value in each.values if not is_blank(value))
    words = set(name_tokens(each.path))
    named = names_question(each.path, question)
    if not values or (not named and (each.share(_is_long) > 0.2 or names_question(each.path, _OTHER[question]))):
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


def direction_needs(mapping: Mapping, tables: Sequence[Table]) -> list[Need]:
    """What must be asked because a mapped verdict says yes or no, 1 or 0, and nothing says to what."""
    needs = []
    for role, options in YES_MEANS.items():
        question: Question = "safe" if role.startswith("safe") else "effective"
        paths: tuple[str, ...] = getattr(mapping, question)
        if not paths or mapping.yes_means(question) is not None or direction_of(paths[0], question) is not None:
            continue
        values = _items(value_at(row, path) for table in tables for row in table.values for path in paths)
        if not is_scale(values) and _says_yes_or_no(values, set(mapping.meanings(question))):
            asked = f"In the field {paths[0]}, what do 1, true and yes mean?"
            needs.append(Need(role, asked, options, "the name of the field does not say"))
    return needs


def _says_yes_or_no(values: Iterable[Any], explained: set[str]) -> bool:
    """Whether any of these cells is a 1, 0, yes, no, true or false that nobody explained."""
    return bool(set(map(token, values)) & (YES | NO) - explained)


def _items(values: Iterable[Any]) -> list[Any]:
    """The cells, lists spread out."""
    return [item for value in values for item in (as_list(value) or [value])]


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 60 and as_list(value) is None


def _is_prose(each: FieldValues) -> bool:
    """Whether the field's texts are sentences rather than labels."""
    items = [item for item in _items(each.values) if isinstance(item, str)]
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
    return each.share(lambda value: isinstance(value, str) or bool(as_list(value))) >= _ENOUGH
