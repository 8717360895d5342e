"""What is installed is what was chosen: one version each, known by its hash."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

EXTRAS = ("dev", "evaluate", "postgres")
FILES = ("requirements.txt", *(f"requirements-{extra}.txt" for extra in EXTRAS), "hosting/requirements.txt")


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.sub(r"\\\n", " ", text).splitlines()
    named = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(named) > 20
    for line in named:
        assert re.match(
            r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+( ; [^#]+)?( +--hash=sha256:[0-9a-f]{64})+$", line.rstrip()
        ), line[:80]
