"""Fields that number a sample's responses: response_1, response_2, response_3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from siuo_dash.ingest.verdicts import name_tokens

_PLUS: Final = " + "
_RANGE: Final = re.compile(r"\{(\d{1,3})\.\.(\d{1,3})\}")
_WHO: Final = frozenset("model judge annotator rater evaluator grader coder human reviewer".split())


def grouped(fields: Iterable[str]) -> list[tuple[str, ...]]:
    """The fields, those together that number a sample's responses: response_1, response_2, response_3.

    They may be in different objects: meta.response_1, out.response_2.
    """
    found: list[tuple[str, ...]] = []
    for paths in _alike(fields, _last).values():
        if is_series(paths):
            found.append(tuple(numbered(paths)))
            continue
        for same in _alike(paths, str).values():
            found += [tuple(numbered(same))] if is_series(same) else [(path,) for path in same]
    return found


def _alike(paths: Iterable[str], part: Callable[[str], str]) -> dict[str, list[str]]:
    """The paths by the shape of a part of them, numbers aside."""
    shapes: dict[str, list[str]] = {}
    for path in paths:
        shapes.setdefault(re.sub(r"\d+", "#", part(path)), []).append(path)
    return shapes


def _last(path: str) -> str:
    """The last part of a path, where it holds a number; else all of it."""
    last = path.rsplit(".", 1)[-1]
    return last if re.match(r"[\W\d]*+[^\W\d]\D*+\d", last) else path


def is_series(paths: Sequence[str], *, of_people: bool = False) -> bool:
    """Whether the names differ in one number only that counts from 0 or 1: one field a response.

    Not where the number is part of a name such as gpt3 and gpt4, or counts models or judges, unless of_people.
    """
    if len(paths) > 1 and len({re.sub(r"\d+", "#", path) for path in paths}) > 1:
        paths = [_last(path) for path in paths]
    if len(paths) < 2 or len({re.sub(r"\d+", "#", path) for path in paths}) > 1:
        return len(paths) == 1 and bool(re.search(r"\d", paths[0]))
    digits = [re.findall(r"\d+", path) for path in paths]
    varying = [column for column in zip(*digits, strict=True) if len(set(column)) > 1]
    if len(varying) != 1 or (not of_people and _counts_people(paths[0], digits[0].index(varying[0][0]))):
        return False
    counts = sorted(int(number[:9]) for number in varying[0])
    return counts[0] in (0, 1) and counts == list(range(counts[0], counts[0] + len(counts)))


def _counts_people(path: str, place: int) -> bool:
    """Whether the number at this place follows a word for a model or a judge: judge_1_safe; not judge_safe_1."""
    before = re.split(r"\d+", path)[place]
    return bool(set(name_tokens(before)[-1:]) & _WHO)


def numbered(paths: Sequence[str]) -> list[str]:
    """response_2 before response_10."""
    return sorted(paths, key=lambda path: [int(digits[:9]) for digits in re.findall(r"\d+", _last(path))])


def named(paths: Sequence[str]) -> str:
    """One name for fields that number a sample's responses: 'safe_{0..2}', or 'a.safe_0 + b.safe_1'."""
    if len(paths) < 2:
        return paths[0]
    if len({re.sub(r"\d+", "#", path) for path in paths}) > 1:
        return _PLUS.join(paths)
    digits = [re.findall(r"\d+", path) for path in paths]
    place = next(place for place, column in enumerate(zip(*digits, strict=True)) if len(set(column)) > 1)
    start = [found.span() for found in re.finditer(r"\d+", paths[0])][place]
    return f"{paths[0][: start[0]]}{{{digits[0][place]}..{digits[-1][place]}}}{paths[0][start[1] :]}"


def expanded(name: str) -> tuple[str, ...]:
    """The fields that one name stands for: 'safe_{0..2}' → safe_0, safe_1, safe_2."""
    if _PLUS in name:
        return tuple(name.split(_PLUS))
    found = _RANGE.search(name)
    if found is None or not 0 < int(found[2]) - int(found[1]) < 100:
        return (name,)
    numbers = range(int(found[1]), int(found[2]) + 1)
    return tuple(f"{name[: found.start()]}{number}{name[found.end() :]}" for number in numbers)
