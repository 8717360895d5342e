"""Names as people read them: hidden characters, letters that look like Latin ones, names that are probably the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from rapidfuzz import fuzz

from siuo_dash.text import is_hidden

_LOOK: Final = {
    **dict(zip("авекмнорстухіјѕԁԛԝһӏ", "abekmhopctyxijsdqwhl", strict=True)),
    **dict(zip("αβεηικμνορτυχωγζ", "abenikmvoptuxwyz", strict=True)),
    **dict(zip("ıɡɑℓ", "igal", strict=True)),
}
"""Lower-case Cyrillic, Greek and other letters to the Latin ones that they look like (Unicode TR 39 has many more)."""
MOST_MARKS: Final = 2
ALIKE: Final = 88.0
"""Similarity of the letters, 0 to 100, from which two names are pointed out."""


def unseen(text: str, allowed: str = "") -> str:
    """The first character that shows nothing, or piles marks on one letter; '' where all can be seen."""
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        hidden = is_hidden(char) or marks > MOST_MARKS
        if hidden and char not in allowed:
            return char
    return ""


def letters(name: str) -> str:
    """Letters and digits of a name as the eye reads them, in order: 'GPT-4o' in whatever script → 'gpt4o'."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(_LOOK.get(char, char) for char in folded if char.isalnum() and not is_hidden(char))


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
    # `letters` leaves out what separates two numbers, so they are read from the name itself.
    numbers = re.findall(r"\d+", unicodedata.normalize("NFKC", name[:300]))
    return "".join(char for char in read if char.isalpha()), tuple(numbers)
