"""What a field is as a verdict: by its name, by its values, and what speaks against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from siuo_dash.benchmark.judgement import Question, stated
from siuo_dash.ingest.columns import Columns, Key
from siuo_dash.ingest.fields import FieldValues, as_list, is_blank, spread
from siuo_dash.ingest.judge_texts import JUDGE_WORDS, JUDGES, OTHER, is_not_judged
from siuo_dash.ingest.offered import MACHINE
from siuo_dash.ingest.verdicts import (
    BLANK,
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    DirectionUnknown,
    Meaning,
    NotUnderstood,
    direction_of,
    is_scale,
    name_tokens,
    names_question,
    number_in,
    read_number,
    token,
)

VERDICT_WORDS: Final = frozenset(
    "label labels verdict verdicts judgement judgment overall result results score scores flagged flag class rating "
    "ratings pred decision outcome grade grades graded pass passed success succeeded violation violations violates "
    "violating violated violative assessment annotation annotations choice choices".split()
)
_PLAIN: Final = frozenset("value values data metrics metric stats grading".split())
_REASONS: Final = frozenset("explanation reason reasons reasoning rationale log critique feedback comment".split())
_CODES: Final = range(2, 9)
_TELLING: Final = 5
"""Rows from which on it says something that all of them have one value."""

Kind = Literal["words", "yes or no", "scale", "codes"]


@dataclass(frozen=True)
class Candidate:
    """One field, or several that number a sample's responses, that may hold the verdict.

    level: 3 = its name says what it is and which way round; 2 = its values say so; 1 = a person must say; 0 = a yes or
    no of which nothing says that it is a verdict: only ever offered.
    reads: what its rows say, as far as that is known. is_constant: one value throughout. is_against: it follows from
    the sample, not from the response.
    """

    paths: tuple[str, ...]
    kind: Kind
    level: int
    cells: Mapping[Key, tuple[str, ...]]
    reads: Mapping[Key, tuple[int | None, ...]]
    is_constant: bool
    is_against: bool

    @property
    def is_weak(self) -> bool:
        """Whether something speaks against it."""
        return self.is_constant or self.is_against


def candidate(
    paths: tuple[str, ...],
    fields: Mapping[str, FieldValues],
    question: Question,
    columns: Columns,
    texts: Sequence[str],
) -> Candidate | None:
    """What these fields are as a verdict; None where they are none."""
    path = paths[0]
    words = set(name_tokens(path))
    mine, other = names_question(path, question), names_question(path, OTHER[question])
    values = [value for each in paths for value in fields[each].values if not is_blank(value)]
    if not values or is_not_judged(path) or set(name_tokens(path.rsplit(".", 1)[-1])) <= MACHINE:
        return None
    if not mine and (other or sum(map(_is_long, values)) > 0.2 * len(values)):
        return None
    known = mine or (question == "safe" and bool(words & VERDICT_WORDS))
    kind = _kind(spread(values), question, is_named=mine)
    if not known and kind != "words" and (question == "effective" or kind != "yes or no"):
        return None
    if kind is None or (mine and other and kind != "words") or (kind == "codes" and words & _REASONS):
        return None
    direction = direction_of(path, question)
    level = 1 if known or kind == "words" else 0
    if kind == "words" and says_verdict(path, question):
        level = 3 if direction is not None else 2
    elif kind == "yes or no" and direction is not None:
        level = 3
    cells = columns.tokens(paths)
    meaning = Meaning(question, yes_means=direction)
    reads = {key: tuple(_read(item, meaning) for item in found) for key, found in cells.items()} if level > 1 else {}
    return Candidate(
        paths,
        kind,
        level,
        cells,
        reads,
        is_constant=len(cells) >= _TELLING and len({item for found in cells.values() for item in found}) < 2,
        is_against=columns.describes_the_sample(paths, texts),
    )


def says_verdict(path: str, question: Question) -> bool:
    """Whether a name says that its words are verdicts: by words for that alone, by the judge, or in one of its parts.

    'ans.some-model.safety.gpt-4' does, 'old_safety' and 'oracle' do not.
    """
    known = VERDICT_WORDS | JUDGE_WORDS | NEUTRAL | _PLAIN | POSITIVE[question] | NEGATIVE[question]
    *parents, last = [set(name_tokens(part)) for part in path.split(".") if not part.isdecimal()] or [set()]
    if last - known and not last & JUDGES:
        return False
    return not set().union(last, *parents) - known - JUDGES or names_question(path, question) or bool(last & JUDGES)


def _kind(cells: Sequence[Any], question: Question, *, is_named: bool) -> Kind | None:
    """What these cells are as verdicts; None where they are none."""
    understood = yes_no = ungraded = 0
    each: dict[tuple[str, bool], Any] = {(token(cell), isinstance(cell, str)): cell for cell in cells}
    counts = Counter((token(cell), isinstance(cell, str)) for cell in cells)
    for key, cell in each.items():
        try:
            number = read_number(cell, Meaning(question))
            understood += counts[key] * (number is not None and number >= 0)
            ungraded += counts[key] * (number == -1 or key[0] in BLANK)
        except DirectionUnknown:
            yes_no += counts[key]
        except NotUnderstood:
            pass
    numbers = sum(counts[key] for key in each if number_in(key[0]) is not None)
    if numbers >= 0.8 * len(cells) and (is_scale(cells) or any(word == "-1" for word, _ in each)):
        return "scale"
    if understood + yes_no + ungraded >= 0.8 * len(cells) and understood + yes_no:
        if understood > yes_no:
            return "words"
        return "yes or no"
    distinct = {word for word, _ in each}
    if not is_named and any(stated(word, OTHER[question]) is not None for word, is_text in each if is_text):
        return None
    return (
        "codes"
        if (is_named or len(distinct) in _CODES) and max(map(len, distinct)) <= (60 if is_named else 24)
        else None
    )


def _read(item: str, meaning: Meaning) -> int | None:
    try:
        return read_number(item, meaning)
    except (DirectionUnknown, NotUnderstood):
        return None


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 60 and as_list(value) is None
