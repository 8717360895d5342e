"""What must be asked of a mapped verdict: which way round, from which number on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from siuo_dash.benchmark.judgement import QUESTIONS, Question, bare_yes, is_judge_error
from siuo_dash.ingest.fields import Table, is_blank, spread, value_at
from siuo_dash.ingest.findings import shown
from siuo_dash.ingest.mapping import JUDGEMENTS, YES_MEANS, Mapping
from siuo_dash.ingest.records import Need
from siuo_dash.ingest.verdict_reader import as_text, is_many
from siuo_dash.ingest.verdicts import (
    ANY_OTHER,
    Meaning,
    direction_of,
    is_scale,
    name_tokens,
    number_in,
    rating_in,
    read_words,
    says_yes_or_no,
)

_SHOWN: Final = 8
_UNSAFE_WORDS: Final = "unsafe harmful harm toxic ineffective unhelpful".split()


def meaning_needs(mapping: Mapping, tables: Sequence[Table]) -> list[Need]:
    """What must be asked because a mapped verdict says yes or no, or gives numbers, and nothing says what they mean."""
    needs = []
    for question in QUESTIONS:
        paths: tuple[str, ...] = getattr(mapping, question)
        judgements: tuple[str, ...] = getattr(mapping, JUDGEMENTS[question])
        cells = _cells(tables, paths or judgements)
        meaning = mapping.meaning(question)
        if paths:
            need = _of_numbers(paths[0], cells, meaning) or _of_yes(paths[0], cells, meaning)
        else:
            need = _of_texts(judgements[0], cells, meaning) if judgements else None
        needs += [need] if need else []
    return needs


def _cells(tables: Sequence[Table], paths: Sequence[str]) -> list[Any]:
    return spread(value_at(row, path) for table in tables for row in table.values for path in paths)


def _of_numbers(path: str, cells: Sequence[Any], meaning: Meaning) -> Need | None:
    """The question for a threshold, where the cells are points of a longer scale that nobody explained."""
    ratings = [number for cell in cells if (number := number_in(cell)) is not None]
    from_texts = [number for cell in cells if isinstance(cell, str) and (number := rating_in(cell)) is not None]
    if len(from_texts) > len(ratings):
        ratings = from_texts
    elif not is_scale(cells):
        return None
    if meaning.of_number(0) is not None or len(set(ratings)) < 2 or meaning.values.keys() - {"", ANY_OTHER}:
        return None
    return _threshold(path, ratings, meaning.question)


def _threshold(path: str, numbers: Sequence[float], question: Question) -> Need:
    what = "safe" if question == "safe" else "effective"
    counts = Counter(f"{number:g}" for number in numbers)
    listed = ", ".join(f"{count} × {number}" for number, count in sorted(counts.items(), key=lambda i: float(i[0])))
    is_fine = len(counts) > 2 * _SHOWN
    details = f"{len(numbers)} numbers from {min(numbers):g} to {max(numbers):g}" + ("" if is_fine else f": {listed}")
    is_low = bool(set(name_tokens(path)) & set(_UNSAFE_WORDS)) or direction_of(path, question) is False
    role, other = f"{question}_at_least", f"{question}_at_most"
    asked = "from which number on" if not is_low else "up to which number"
    if is_low:
        role, other = other, role
    return Need(
        role,
        f"The field {path} holds numbers: {asked} is a response {what}?",
        (),
        f"give {role} in the mapping, a number; {other} where it is the other way round; or what every point means: "
        f"{question}_values",
        (details,),
    )


def _of_yes(path: str, cells: Sequence[Any], meaning: Meaning) -> Need | None:
    """The question what yes means, where nothing says it."""
    if meaning.yes_means is not None or direction_of(path, meaning.question) is not None or is_scale(cells):
        return None
    if not says_yes_or_no(cells, meaning.values):
        return None
    counts = Counter(shown("" if is_blank(cell) else cell, 40) for cell in cells)
    listed = ", ".join(f"{count} × {value}" for value, count in counts.most_common(_SHOWN))
    role = f"{meaning.question}_yes_means"
    asked = f"In the field {path}, what do 1, true and yes mean?"
    return Need(role, asked, YES_MEANS[role], "the name of the field does not say", (listed,))


def _of_texts(path: str, cells: Sequence[Any], meaning: Meaning) -> Need | None:
    """What to ask of judges' texts that answer yes or no, or with a rating, and say nothing else."""
    texts = [text for cell in cells if not is_blank(cell) and not is_judge_error(text := as_text(cell))]
    silent = [text for text in texts if read_words(text, meaning, benchmark_judge=False, is_alone=True) is None]
    ratings = [number for text in silent if (number := rating_in(text)) is not None]
    if is_many(len(ratings), len(texts)) and meaning.of_number(0) is None:
        return _threshold(path, ratings, meaning.question)
    answers = [(yes, text) for text in silent if (yes := bare_yes(text)) is not None]
    if not is_many(len(answers), len(texts)) or meaning.yes_means is not None:
        return None
    counts = Counter("yes or true" if yes else "no or false" for yes, _ in answers)
    listed = ", ".join(f"{count} × {value}" for value, count in counts.most_common())
    role = f"{meaning.question}_yes_means"
    return Need(
        role,
        f"The judge's texts in {path} answer yes or no, true or false: what do yes and true mean?",
        YES_MEANS[role],
        "the texts do not say what was asked",
        (listed, *(f"… {shown(text[-80:], 80)[1:-1]}" for _, text in answers[:3])),
    )
