"""What the models are told: one file a step under prompts/, each with a fingerprint; a folder can replace them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siuo_dash.errors import ConstructionError
from siuo_dash.evaluate.plan import fingerprint
from siuo_dash.store import files
from siuo_dash.text import listed

SHIPPED: Final = Path(__file__).with_name("prompts")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "generated": ("domains", "place", "places"),
    "redundancy": ("query", "hazard"),
    "completeness": ("query", "hazard"),
    "picture_safety": (),
    "text_safety": ("query", "answer"),
    "query_safety": ("query",),
    "options": ("query", "hazard"),
}
"""{instruction: the fields in braces that are filled in}; all but place, places and hazard must be in it."""
_MAY_MISS: Final = {"place", "places", "hazard"}
_LONGEST: Final = 50_000


@dataclass(frozen=True)
class Instructions:
    """The texts, by name."""

    texts: Mapping[str, str]

    def fill(self, name: str, values: Mapping[str, str]) -> str:
        """An instruction with its fields filled in, all at once: braces in what a model wrote stay as they are."""
        names = "|".join(FIELDS[name])
        if not names:
            return self.texts[name]
        return re.sub(rf"\{{({names})\}}", lambda found: values[found.group(1)], self.texts[name])

    def fingerprint(self, name: str) -> str:
        """16 hex digits that name an instruction."""
        return fingerprint(self.texts[name])


def read(folder: Path | None = None) -> Instructions:
    """The shipped instructions, those in the folder in their place. ConstructionError names all that is wrong."""
    texts = {name: (SHIPPED / f"{name}.txt").read_text(encoding="utf-8") for name in FIELDS}
    if folder is None:
        return Instructions(texts)
    wrong, found = [], {}
    paths = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    wrong += [f"{name}.txt is no step's" for name in paths if name not in FIELDS]
    for name, path in paths.items():
        if name not in FIELDS:
            continue
        try:
            with files.opened(path) as file:
                found[name] = file.read(_LONGEST).decode()
        except (OSError, UnicodeDecodeError) as error:
            wrong.append(f"{path.name} cannot be read ({getattr(error, 'strerror', None) or error})")
            continue
        missing = [each for each in FIELDS[name] if f"{{{each}}}" not in found[name] and each not in _MAY_MISS]
        wrong += [f"{path.name} has no {{{each}}}" for each in missing]
    if not paths:
        wrong.append("there is no instruction in it")
    if wrong:
        hint = f"one or more of {listed(f'{name}.txt' for name in FIELDS)}; docs/construct.md lists their fields"
        raise ConstructionError("; ".join(wrong), where=str(folder), hint=hint)
    return Instructions(texts | found)
