"""Which fields hold a verdict: what speaks for it, what against it, and what a person must settle.

A field is taken only with positive evidence (its name, its words) and no counter-evidence; two that differ are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from siuo_dash.benchmark.judgement import Question, stated
from siuo_dash.ingest.columns import Columns, Key
from siuo_dash.ingest.fields import FieldValues, as_list, is_blank, spread
from siuo_dash.ingest.judge_texts import (
    JUDGE_WORDS,
    JUDGES,
    OTHER,
    TEXT_WORDS,
    is_judge_text,
    is_not_judged,
    is_prose,
    states,
)
from siuo_dash.ingest.offered import MACHINE, any_other, judge_reads
from siuo_dash.ingest.series import grouped, named
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

_VERDICT_WORDS: Final = frozenset(
    "label labels verdict verdicts judgement judgment overall result results score scores flagged flag class rating "
    "ratings pred decision outcome grade grades graded pass passed success succeeded violation violations violates "
    "violating violated violative assessment annotation annotations choice choices".split()
)
_PLAIN: Final = frozenset("value values data metrics metric stats grading".split())
_REASONS: Final = frozenset("explanation reason reasons reasoning rationale log critique feedback comment".split())
_HARMLESS: Final = frozenset(
    "is was are judge judged judgement judgment verdict verdicts score scores vote votes majority pass passed binary "
    "bool eval evaluation evaluations result results final llm".split()
)
"""Words in a name that do not distinguish runs, as 'gpt4o', 'original' and 'response' may."""
_CODES: Final = range(2, 9)
_BY_WHOM: Final = frozenset("gpt gpt4 gpt4o gpt4v llm".split())
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


@dataclass(frozen=True)
class Choice:
    """The verdict's field, if it is settled; else what to ask among. With a single option: is it the verdict at all?"""

    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def choose(
    fields: Mapping[str, FieldValues], question: Question, columns: Columns, texts: Sequence[str]
) -> tuple[Choice, list[Candidate]]:
    """The field with this question's verdict, or a question; and the candidates, the best first.

    texts: the fields that may hold the responses.
    """
    spoken = [path for path, each in fields.items() if is_judge_text(each, question)]
    alone = [path for path in spoken if is_prose(fields[path]) or states(fields[path], question)]
    is_beside = bool(texts or spoken)
    judged = [path for path in alone if states(fields[path], question, 0.1)]
    singles = [
        each for path in fields if path not in alone and (each := _candidate((path,), fields, question, columns, texts))
    ]
    found = [
        _candidate(group, fields, question, columns, texts) or singles[0]
        for kind in dict.fromkeys(each.kind for each in singles)
        for group in grouped(each.paths[0] for each in singles if each.kind == kind)
    ]
    found.sort(key=lambda each: (each.is_weak, -each.level))
    pool = _distinct([each for each in found if not each.is_weak]) or _distinct(found)
    best = [each for each in pool if each.level == max(every.level for every in pool)]
    others = [path for path in any_other(fields, texts) if path not in alone]
    if not best or (best[0].level == 0 and judged):
        beside = [path for path in others if columns.nearly_follows(path, judged, judge_reads(question))]
        options = [*judged, *beside] if beside else [] if judged or question == "effective" else others
        return Choice(options=tuple(map(named, grouped(options)))), found if options else []
    rivals = [each for each in pool if each is not best[0] and _rivals(best[0], each)]
    rivals += [
        each
        for each in found
        if each.level > 1 and each.is_constant and not each.is_against and names_question(each.paths[0], question)
        if each not in pool
    ]
    # What a level of 1 means is asked in any case, with the counts of its values.
    is_shown = (best[0].level == 3 and is_beside) or (best[0].level == 1 and best[0].kind != "words")
    is_sure = not best[0].is_weak or (is_shown and not best[0].is_against)
    if best[0].level < 2:
        is_sure = is_sure and best[0].kind != "words" and _says_verdict(best[0].paths[0], question)
    taken = {path for each in found for path in each.paths}
    others = [path for path in others if path not in taken]
    if len(best) == 1 and not rivals and is_sure and not (others and _of_another_model(best[0].paths[0])):
        return Choice(best[0].paths), found
    asked = dict.fromkeys(named(each.paths) for each in [*best, *rivals, *pool, *found])
    if question == "safe":
        asked |= dict.fromkeys(map(named, grouped([*judged, *others])))
    return Choice(options=tuple(asked)), found


def _of_another_model(path: str) -> bool:
    """Whether a name may speak of another model's answer: gpt4v_answer_safe."""
    words = set(name_tokens(path))
    return bool(words & _BY_WHOM and words & (TEXT_WORDS | {"answer", "answers"}))


def _candidate(
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
    known = mine or (question == "safe" and bool(words & _VERDICT_WORDS))
    kind = _kind(spread(values), question, is_named=mine)
    if not known and kind != "words" and (question == "effective" or kind != "yes or no"):
        return None
    if kind is None or (mine and other and kind != "words") or (kind == "codes" and words & _REASONS):
        return None
    direction = direction_of(path, question)
    level = 1 if known or kind == "words" else 0
    if kind == "words" and _says_verdict(path, question):
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


def _says_verdict(path: str, question: Question) -> bool:
    """Whether a name says that its words are verdicts: by words for that alone, by the judge, or in one of its parts.

    'ans.some-model.safety.gpt-4' does, 'old_safety' and 'oracle' do not.
    """
    known = _VERDICT_WORDS | JUDGE_WORDS | NEUTRAL | _PLAIN | POSITIVE[question] | NEGATIVE[question]
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


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those that say the same of every row as a better one before them.

    Where one of the two is not known to mean what, they say the same if their values go together one to one.
    """
    kept: list[Candidate] = []
    reads: set[object] = set()
    patterns: dict[object, bool] = {}
    for each in candidates:
        rows = tuple(each.cells)
        said = (rows, tuple(each.reads.values()))
        numbers: dict[str, int] = {}
        pattern = (rows, tuple(tuple(numbers.setdefault(i, len(numbers)) for i in c) for c in each.cells.values()))
        is_known = said in reads or patterns.get(pattern, False) if each.reads else pattern in patterns
        if not is_known:
            kept.append(each)
            reads |= {said} if each.reads else set()
            patterns[pattern] = patterns.get(pattern, False) or not each.reads
    return kept


def _rivals(best: Candidate, other: Candidate) -> bool:
    """Whether a person must choose between these two.

    A field whose name settles its direction goes before one whose name leaves doubt, unless the two are siblings:
    `gpt4o_safe` and `llava_safe`, `original.is_safe` and `revised.is_safe`, `safe` and `safe_rejudged`.
    """
    if other.level == 0 and best.level > 1:
        return False
    if best.level < 3 or other.level >= best.level:
        return True
    question_words = POSITIVE["safe"] | POSITIVE["effective"] | NEGATIVE["safe"] | NEGATIVE["effective"]
    mine, theirs = set(name_tokens(best.paths[0])), set(name_tokens(other.paths[0]))
    is_within = other.paths[0].startswith(f"{best.paths[0]}.")
    is_alike = other.kind == best.kind and not is_within
    return bool(mine & theirs & question_words) and (is_alike or bool(mine - question_words - _HARMLESS))


def branch_of(path: str) -> frozenset[str]:
    """The words in a field's name that distinguish runs: 'rag_on.is_safe' and 'rag_on.response' → rag, on."""
    words = set(name_tokens(path))
    common = (
        POSITIVE["safe"] | POSITIVE["effective"] | NEGATIVE["safe"] | NEGATIVE["effective"] | _HARMLESS | TEXT_WORDS
    )
    return frozenset(words - common)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > 60 and as_list(value) is None
