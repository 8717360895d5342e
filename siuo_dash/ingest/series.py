"""Fields that number a sample's responses: response_1, response_2, response_3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from siuo_dash.ingest.verdicts import name_tokens

_WHO: Final = frozenset("model judge annotator rater evaluator grader coder human reviewer".split())


def grouped(fields: Iterable[str]) -> list[tuple[str, ...]]:
    """The fields, those together that number a sample's responses: response_1, response_2, response_3."""
    shapes: dict[str, list[str]] = {}
    for path in fields:
        shapes.setdefault(re.sub(r"\d+", "#", path), []).append(path)
    return [
        group
        for paths in shapes.values()
        for group in ([tuple(numbered(paths))] if is_series(paths) else [(path,) for path in paths])
    ]


def is_series(paths: Sequence[str]) -> bool:
    """Whether the names differ in one number only that counts from 0 or 1: one field a response.

    Not where the number counts models or judges, or is part of a name such as gpt3 and gpt4.
    """
    if len(paths) < 2 or len({re.sub(r"\d+", "#", path) for path in paths}) > 1:
        return len(paths) == 1 and bool(re.search(r"\d", paths[0]))
    digits = [re.findall(r"\d+", path) for path in paths]
    varying = [column for column in zip(*digits, strict=True) if len(set(column)) > 1]
    if len(varying) != 1 or set(name_tokens(re.sub(r"\d+", " ", paths[0]))) & _WHO:
        return False
    counts = sorted(int(number[:9]) for number in varying[0])
    return counts[0] in (0, 1) and counts == list(range(counts[0], counts[0] + len(counts)))


def numbered(paths: Sequence[str]) -> list[str]:
    """response_2 before response_10."""
    return sorted(paths, key=lambda path: [int(digits[:9]) for digits in re.findall(r"\d+", path)])
