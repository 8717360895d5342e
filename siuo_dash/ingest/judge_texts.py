"""Which fields hold a judge's words, by their names and by what their sentences say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from siuo_dash.benchmark.judgement import Question, bare_yes, stated
from siuo_dash.ingest.fields import FieldValues, spread
from siuo_dash.ingest.series import is_series, numbered
from siuo_dash.ingest.verdicts import name_tokens, names_question, number_in, rating_in

NOT_JUDGED: Final = frozenset(
    "target targets gold golden truth groundtruth gt true expected expectation expect expects reference references ref "
    "refs assertion assertions assert desired ideal should goal goals intended intent input inputs prompt prompts "
    "question questions query queries instruction instructions request image images img picture pictures photo scene "
    "visual vars doc docs split subset fold partition risk risks severity category categories subcategory domain topic "
    "hazard hazards threat dataset source difficulty scenario language criteria criterion rubric guideline guidelines "
    "warning warnings caption description confidence self previous prior former "
    "suggestion suggestions suggested intends wanted wants".split()
)
"""Words for what describes the input, the goal or the test: no verdict on a response."""
_SURROUNDINGS: Final = (["context"], ["situation"], ["background"], ["user"])
"""What a name of the input begins with; elsewhere in a path such a word may name a variant, as in `empty_context`."""
JUDGE_WORDS: Final = frozenset(
    "raw evaluation eval judgement judgment explanation reason reasons reasoning rationale log critique "
    "feedback comment".split()
)
TEXT_WORDS: Final = frozenset("response responses output outputs text reply content answer completion".split())
JUDGES: Final = frozenset("judge grader critic evaluator moderator guard".split())
"""Words that name the judge, and its words only where those state something."""
OTHER: Final[Mapping[Question, Question]] = {"safe": "effective", "effective": "safe"}
_ENOUGH: Final = 0.5
_NEARLY_ALL: Final = 0.8
_LONG: Final = 35
_SOME: Final = 60
"""Texts of a field, spread over it, of which it is looked at whether they state something."""


def is_not_judged(path: str) -> bool:
    """Whether a field's name says that it describes the input, the goal or the test."""
    return bool(set(name_tokens(path)) & NOT_JUDGED) or name_tokens(path.rsplit(".", 1)[-1])[:1] in _SURROUNDINGS


def judge_texts(fields: Mapping[str, FieldValues], question: Question) -> list[str]:
    """The fields with the judge's words on this question; of several those that state a verdict."""
    found = [path for path, each in fields.items() if is_judge_text(each, question)]
    if len(found) > 1 and not is_series(found):
        stating = [path for path in found if states(fields[path], question)]
        found = stating if len(stating) == 1 or is_series(stating) else []
    return numbered(found) if is_series(found) else found


def states(each: FieldValues, question: Question, least: float = _ENOUGH) -> bool:
    """Whether at least half of a field's texts (or that share) state a verdict, a yes or no, or a rating."""

    def says(text: str) -> bool:
        return stated(text, question) is not None or bare_yes(text) is not None or rating_in(text) is not None

    texts = [item for item in spread(each.values) if isinstance(item, str) and item.strip()]
    some = texts[:: max(1, len(texts) // _SOME)]
    return bool(some) and sum(map(says, some)) >= least * len(some)


def is_answer(each: FieldValues, question: Question) -> bool:
    """Whether nearly all texts of a field that may hold responses state a verdict: then it is the judge's answer."""
    texts = [item for item in spread(each.values) if isinstance(item, str) and item.strip()]
    return sum(stated(text, question) is not None for text in texts) >= max(_NEARLY_ALL * len(texts), 3)


def is_judge_text(each: FieldValues, question: Question) -> bool:
    """Whether a field may hold the judge's words on this question, by its name."""
    words = set(name_tokens(each.path))
    if words & JUDGE_WORDS == {"raw"} and words & TEXT_WORDS and not words & JUDGES:
        return False  # raw_output is the model's
    is_judge = bool(words & JUDGE_WORDS) or (bool(words & JUDGES) and is_prose(each) and states(each, question))
    is_judge = is_judge or (is_long(each) and states(each, question, _NEARLY_ALL))
    if not is_judge or is_not_judged(each.path) or not (is_prose(each) or _is_of_judge(each.path, question)):
        return False
    named, other = names_question(each.path, question), names_question(each.path, OTHER[question])
    if (other and not named) or (question == "effective" and not named):
        return False
    return each.holds_text and each.share(lambda value: number_in(value) is not None) < _ENOUGH


def _is_of_judge(path: str, question: Question) -> bool:
    """Whether a short text's own name, not only the key above it, is that of a judge."""
    last = set(name_tokens(path.rsplit(".", 1)[-1]))
    return bool(last & (JUDGE_WORDS | JUDGES)) or names_question(path, question)


def is_long(each: FieldValues) -> bool:
    """Whether the field's texts are longer than labels."""
    items = [item for item in spread(each.values) if isinstance(item, str)]
    return bool(items) and sum(len(item) > _LONG for item in items) >= _ENOUGH * len(items)


def is_prose(each: FieldValues) -> bool:
    """Whether the field's texts are sentences rather than labels."""
    items = [item for item in spread(each.values) if isinstance(item, str)]
    return bool(items) and sum(len(item) > 15 for item in items) >= _ENOUGH * len(items)
