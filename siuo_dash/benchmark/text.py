"""Text as the project compares it: fingerprints and slugs."""

from __future__ import annotations

import hashlib
import re
import unicodedata


def normalise(text: str) -> str:
    """NFKC, lower case, every run of white space folded to one space, ends trimmed."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def fingerprint(text: str) -> str:
    """First 16 hex digits of SHA-256 of the normalised text; the catalogue stores these."""
    return hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens: 'GPT-4V(ision)' → 'gpt-4v-ision'."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
