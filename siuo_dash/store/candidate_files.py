"""Where a data directory keeps candidates for new samples: a folder for each, as construct/ writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = "candidates"
_FILE: Final = r"(?:candidates|pictures)\.jsonl|prompts/[\w-]+\.txt|pictures/[0-9a-f]{64}\.\w+"
HELD: Final = rf"{FOLDER}/(?!\.)[^/\\\x00-\x1f]+/(?:{_FILE})"
"""The names of their files, from the data directory on, as a regular expression."""


def names(data_dir: Path) -> Iterator[str]:
    """Every file of the candidates, from the data directory on: first the lines, then what they name."""
    for pattern in ("*/*.jsonl", "*/prompts/*.txt", "*/pictures/*"):
        for path in sorted((data_dir / FOLDER).glob(pattern)):
            yield str(path.relative_to(data_dir))
