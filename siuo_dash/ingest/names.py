"""Names that are probably the same model: 'GPT 4o' and GPT-4o."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz

ALIKE: Final = 88.0
"""Similarity of the letters, 0 to 100, from which two names are pointed out."""


def similar(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Known names that differ from this one in spelling only, the likeliest first; none for an exact match.

    Numbers must be the same, in the same order: Qwen2-VL is another model than Qwen2.5-VL.
    """
    listed = list(dict.fromkeys(known))
    if name.strip() in listed:
        return []
    letters, numbers = _parts(name)
    scored = []
    for other in listed:
        other_letters, other_numbers = _parts(other)
        if numbers == other_numbers and (letters or other_letters):
            likeness = fuzz.ratio(letters, other_letters)
            if likeness >= ALIKE:
                scored.append((-likeness, other))
    return [other for _, other in sorted(scored)[:limit]]


def _parts(name: str) -> tuple[str, tuple[str, ...]]:
    """The letters of a name, and its numbers: 'GPT-4o' → 'gpto', ('4',)."""
    folded = unicodedata.normalize("NFKC", name[:300]).casefold()
    return "".join(char for char in folded if char.isalpha()), tuple(re.findall(r"\d+", folded))
