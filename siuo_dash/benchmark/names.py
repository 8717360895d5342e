"""Names as the eye reads them: what cannot be seen, and letters of another script that look like Latin ones."""

from __future__ import annotations

import unicodedata
from typing import Final

_LOOK: Final = {
    **dict(zip("авекмнорстухіјѕԁԛԝһӏ", "abekmhopctyxijsdqwhl", strict=True)),
    **dict(zip("αβεηικμνορτυχωγζ", "abenikmvoptuxwyz", strict=True)),
    **dict(zip("ıɡɑℓ", "igal", strict=True)),
}
"""Lower-case Cyrillic, Greek and other letters to the Latin ones that they look like (Unicode TR 39 holds many more)."""
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
"""Letters and marks by their category that show nothing."""
MOST_MARKS: Final = 2


def unseen(text: str, allowed: str = "") -> str:
    """The first character that shows nothing, or piles marks on one letter; '' where all can be seen."""
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        variation = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
        hidden = unicodedata.category(char) in _UNSEEN or char in _BLANK or variation or marks > MOST_MARKS
        if hidden and char not in allowed:
            return char
    return ""


def letters(name: str) -> str:
    """Letters and digits of a name as the eye reads them, in order: 'GPT-4o' in whatever script → 'gpt4o'."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(_LOOK.get(char, char) for char in folded if char.isalnum() and char not in _BLANK)
