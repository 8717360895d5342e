"""Names that are probably the same model: 'GPT 4o' and GPT-4o."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz

from siuo_dash.benchmark.names import letters

ALIKE: Final = 88.0
"""Similarity of the letters, 0 to 100, from which two names are pointed out."""


def similar(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Known names that differ from this one in spelling only, the likeliest first; none for an exact match.

    Numbers must be the same, in the same order: Qwen2-VL is another model than Qwen2.5-VL.
    """
    listed = list(dict.fromkeys(known))
    if name.strip() in listed:
        return []
    own, numbers = _parts(name)
    scored = []
    for other in listed:
        theirs, other_numbers = _parts(other)
        if numbers == other_numbers and (own or theirs):
            likeness = fuzz.ratio(own, theirs)
            if likeness >= ALIKE:
                scored.append((-likeness, other))
    return [other for _, other in sorted(scored)[:limit]]


def _parts(name: str) -> tuple[str, tuple[str, ...]]:
    """The letters of a name, and its numbers: 'GPT-4o' → 'gpto', ('4',)."""
    read = letters(name[:300])
    # Where a number ends is told by what stands between, which `letters` leaves out.
    numbers = re.findall(r"\d+", unicodedata.normalize("NFKC", name[:300]))
    return "".join(char for char in read if char.isalpha()), tuple(numbers)
