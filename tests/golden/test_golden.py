"""Nothing that people see or download has changed since the digests were recorded (see __main__.py)."""

from __future__ import annotations

import json

import pytest

from tests.golden.__main__ import digest_file
from tests.golden.collect import FIXTURES, PARTS, collect, digests, fixtures
from tests.make.heavy import some_heavy

HOW = """
Of these outputs, {count} differ from tests/golden/digests.json (#data: figures; #whole: words as well):
  {names}
To see how, dump both and compare, where OLD is a checkout of a commit that passes:
  python -m tests.golden dump /tmp/new --part {part}
  python -m tests.golden dump /tmp/old --root OLD --part {part}
  diff -r /tmp/old /tmp/new
If the change is meant: python -m tests.golden record"""
MOST = 40


@pytest.mark.parametrize("part", some_heavy(PARTS, "shipped", "examples", FIXTURES))
def test_outputs_are_those_recorded(part: str) -> None:
    if part == FIXTURES and not fixtures().is_dir():
        pytest.skip("the maintainers' fixtures (a folder beside the clone) are not at hand")
    recorded: dict[str, str] = json.loads(digest_file(everything=False).read_text())
    before = {name: digest for name, digest in recorded.items() if name.startswith(f"{part}/")}
    now = digests(collect(part))
    changed = sorted(name for name in before | now if before.get(name) != now.get(name))
    names = "\n  ".join(changed[:MOST] + ["…"] * (len(changed) > MOST))
    assert not changed, HOW.format(count=len(changed), names=names, part=part)
