"""Which field holds the verdict: what speaks for it, what against it, and what a person must settle.

A field is taken only with positive evidence (its name, its words) and no counter-evidence; two that differ are asked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from siuo_dash.benchmark.judgement import Question
from siuo_dash.ingest.candidates import VERDICT_WORDS, Candidate, candidate, says_verdict
from siuo_dash.ingest.columns import Columns
from siuo_dash.ingest.fields import FieldValues
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
from siuo_dash.ingest.offered import any_other, judge_reads
from siuo_dash.ingest.series import grouped, is_series, named, numbered
from siuo_dash.ingest.verdicts import NEGATIVE, POSITIVE, name_tokens, names_question

_HARMLESS: Final = frozenset(
    "is was are judge judged judgement judgment verdict verdicts score scores vote votes majority pass passed binary "
    "bool eval evaluation evaluations result results final llm".split()
)
"""Words in a name that do not distinguish runs, as 'gpt4o', 'original' and 'response' may."""
_VERDICTS_OF: Final = frozenset("human humans attack attacked jailbreak jailbreaks jb bypass bypassed".split())
"""Words in names of a person's verdict, or of what an attack came to, in whatever coding."""
_CORRECTIONS: Final = frozenset("override overrides overridden overruled corrected correction corrections".split())
"""Words in names of verdicts that replace others, where they are filled in."""
_BY_WHOM: Final = frozenset("gpt gpt4 gpt4o gpt4v llm".split())


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
        each for path in fields if path not in alone and (each := candidate((path,), fields, question, columns, texts))
    ]
    found = [
        candidate(group, fields, question, columns, texts) or singles[0]
        for kind in dict.fromkeys(each.kind for each in singles)
        for group in grouped(each.paths[0] for each in singles if each.kind == kind)
    ]
    found.sort(key=lambda each: (each.is_weak, -each.level))
    pool = _distinct([each for each in found if not each.is_weak]) or _distinct(found)
    best = [each for each in pool if each.level == max(every.level for every in pool)]
    others = [path for path in any_other(fields, texts) if path not in alone and not _is_of_other(path, question)]
    if not best or (best[0].level == 0 and judged):
        doubted = [
            each for each in grouped(others) if any(_is_rival_of_words(i, judged, question, columns) for i in each)
        ]
        beside = list(itertools.chain.from_iterable(doubted))
        options = [*judged, *beside] if beside else [] if judged or question == "effective" else others
        return Choice(options=_offered(map(named, grouped(options)))), found if options else []
    rivals = [each for each in pool if each is not best[0] and _rivals(best[0], each)]
    rivals += [
        each
        for each in found
        if each.level and each.is_constant and not each.is_against and names_question(each.paths[0], question)
        if each not in pool
    ]
    # What a level of 1 means is asked in any case, with the counts of its values.
    is_shown = (best[0].level == 3 and is_beside) or (best[0].level == 1 and best[0].kind != "words")
    is_sure = not best[0].is_weak or (is_shown and not best[0].is_against)
    if best[0].level < 2:
        is_sure = is_sure and best[0].kind != "words" and says_verdict(best[0].paths[0], question)
    taken = {path for each in found for path in each.paths}
    others = [path for path in others if path not in taken]
    # A name such as doc.safe_2 describes the input, unless safe_0 and safe_1 are verdicts that it goes on from.
    left_out = [path for path in fields if is_not_judged(path)]
    whole = next(paths for paths in grouped([*best[0].paths, *left_out]) if best[0].paths[0] in paths)
    if set(best[0].paths) < set(whole):
        return Choice(options=(named(whole), named(best[0].paths))), found
    beside = [path for path in judged if not is_prose(fields[path])]
    beside += [each.paths[0] for each in found if each.level == 0]
    beside += [
        path for path in others if set(name_tokens(path)) & (VERDICT_WORDS | JUDGE_WORDS | JUDGES | _VERDICTS_OF)
    ]
    is_sure &= best[0].kind != "words" or not any(
        _is_rival_of_words(path, best[0].paths, question, columns) for path in beside
    )
    is_sure &= not any(set(name_tokens(each.paths[0])) & _CORRECTIONS for each in found if each is not best[0])
    if len(best) == 1 and not rivals and is_sure and not (others and _of_another_model(best[0].paths[0])):
        return Choice(best[0].paths), found
    asked = dict.fromkeys(named(each.paths) for each in [*best, *rivals, *pool, *found])
    if question == "safe":
        asked |= dict.fromkeys(map(named, grouped([*judged, *others])))
    return Choice(options=_offered(asked)), found


def _is_rival_of_words(path: str, words: Sequence[str], question: Question, columns: Columns) -> bool:
    """Whether a yes or no, or a score, mostly says what a judge's words say, or by its name should and does not."""
    reads = judge_reads(question)
    names = set(name_tokens(path)) & _VERDICTS_OF
    return columns.differs(path, words, reads) if names else columns.nearly_follows(path, words, reads)


def _offered(names: Iterable[str]) -> tuple[str, ...]:
    """The options, after those of them together that count judges: judge_1 and judge_2 may be on two responses."""
    alike: dict[str, list[str]] = {}
    for name in (options := tuple(names)):
        alike.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    together = [named(numbered(each)) for each in alike.values() if len(each) > 1 and is_series(each, of_people=True)]
    return *together, *options


def _is_of_other(path: str, question: Question) -> bool:
    """Whether a name speaks of the other question alone."""
    return names_question(path, OTHER[question]) and not names_question(path, question)


def _of_another_model(path: str) -> bool:
    """Whether a name may speak of another model's answer: gpt4v_answer_safe."""
    words = set(name_tokens(path))
    return bool(words & _BY_WHOM and words & (TEXT_WORDS | {"answer", "answers"}))


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

    A field whose name settles its direction goes before one whose name leaves doubt, unless that one says safe and
    unsafe in words, or the two are siblings: `gpt4o_safe` and `llava_safe`, `original.is_safe` and `revised.is_safe`,
    `safe` and `safe_rejudged`.
    """
    if other.level == 0 and best.level > 1:
        return False
    if best.level < 3 or other.level >= best.level or other.kind == "words":
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
