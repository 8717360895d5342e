"""The words of the field, in code and documents: phrases that only this project used do not come back."""

from __future__ import annotations

import re

from tests.conftest import ROOT

DIALECT = re.compile(
    r"told apart|not told|cannot be told|\bat hand\b|\banew\b|what is known of|\bstands\b(?! (in )?for)|"
    r"\bcarried (figures?|runs?|from)|people who run this place|\bIN_VAIN\b|\btold_apart\b",
    re.IGNORECASE,
)
PLACES = ("siuo_dash", "pages", "app.py", "docs", "README.md", "data/README.md", "hosting", "benchmarks", "Makefile")


def test_no_dialect() -> None:
    found = []
    for path in (path for place in PLACES for path in [ROOT / place, *(ROOT / place).rglob("*")]):
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in (".py", ".md", ".conf", ".service") or name == "Makefile":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                found += [f"{name}:{number}: {match.group()}" for match in DIALECT.finditer(line)]
    assert found == []
