"""Text as the project compares it: fingerprints and slugs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import groupby
from typing import Final

MOST_MARKS: Final = 64
"""Combining marks in a row that are compared; no writing has more, and sorting n of them costs n²."""
_MAY_BE_MARKS: Final = re.compile(rf"[\W\uff9e\uff9f]{{{MOST_MARKS + 1},}}")
"""A row in which all could be marks; the two letters among them become marks in NFKC."""


def nfkc(text: str) -> str:
    """The text in Unicode's form NFKC, of combining marks in a row only the first 64: in linear time on any text."""
    return unicodedata.normalize("NFKC", _MAY_BE_MARKS.sub(_few_marks, text))


def _few_marks(row: re.Match[str]) -> str:
    groups = ((is_mark, "".join(chars)) for is_mark, chars in groupby(row.group(), _is_mark))
    return "".join(chars[:MOST_MARKS] if is_mark else chars for is_mark, chars in groups)


def _is_mark(char: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) > 0


def normalise(text: str) -> str:
    """NFKC, lower case, every run of white space folded to one space, ends trimmed."""
    return " ".join(nfkc(text).lower().split())


def fingerprint(text: str) -> str:
    """First 16 hex digits of SHA-256 of the normalised text; the catalogue stores these."""
    return hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fingerprint_of(*parts: str | bytes) -> str:
    """The first 16 hex digits of the SHA-256 of these parts; unlike a text's fingerprint, of every character."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens: 'GPT-4V(ision)' → 'gpt-4v-ision'."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
