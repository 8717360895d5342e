"""Review by many at once, and at what cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from siuo_dash.errors import NoRun
from siuo_dash.store import journal, log, review
from siuo_dash.store.review import Actor
from siuo_dash.store.review.ledger import Ledger
from siuo_dash.store.verify import verify
from tests.make.runs import run_id_of, run_table
from tests.store.crash import DONE
from tests.store.review_runs import ADA, BOB, REVIEWER, places, replayed


@pytest.mark.parametrize("killed", [0, 6])
def test_many_processes_at_once(root: Path, tmp_path: Path, killed: int) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.store.review_race", str(tmp_path), "16", str(killed)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout)
    assert set(codes[killed:]) == {DONE}
    assert set(codes[:killed]) <= {-9, DONE}
    assert killed == 0 or -9 in codes
    review.submit(tmp_path, run_table("The last one"), BOB)  # finishes what a killed process began
    assert replayed(tmp_path) == places(tmp_path)
    assert verify(tmp_path) == []
    assert not any(journal.folder(tmp_path, "incoming").iterdir())
    events = log.read(tmp_path)
    assert len(events) > 40
    assert max(Counter(event.run_id for event in events if event.event == "approve").values()) == 1
    ledger = Ledger(events)
    public = [ledger.root(run_id) for run_id, place in places(tmp_path).items() if place == journal.PUBLISHED]
    assert len(public) == len(set(public))


def test_the_cost_of_a_submission_and_an_approval_does_not_grow_with_the_store(tmp_path: Path) -> None:
    """Apart from the log, no file and no folder of another run is looked at, whatever their number."""
    looked: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("open", "os.listdir", "os.scandir", "glob.glob", "pathlib.Path.glob"):
            looked.append(str(arguments[0]))

    watching = False
    sys.addaudithook(watch)
    found = []
    for others in (2, 60):
        data_dir = tmp_path / str(others)
        data_dir.mkdir()
        for number in range(others):
            table = run_table(f"Model-{number}")
            review.submit(data_dir, table, BOB)
            if number % 2:
                review.approve(data_dir, run_id_of(table), REVIEWER)
        looked.clear()
        watching = True
        mine = review.submit(data_dir, run_table("Mine"), ADA)
        review.approve(data_dir, mine.run_id, REVIEWER)
        watching = False
        assert not [name for name in looked if "model-" in name]
        found.append(len(looked))
    assert found[0] == found[1] > 0


def long_log(data_dir: Path, lines: int) -> None:
    written, previous = [], None
    for number in range(lines):
        event = log.Event("2026-01-01T00:00:00+00:00", "submit", f"run-{number}-abcdef01", "ab" * 32, by=f"p{number % 50}@example.org", previous=previous, model=f"M{number % 90}")  # fmt: skip
        written.append(event.line())
        previous = log.hash_of(event)
    (data_dir / log.LOG).write_bytes(b"".join(written))


def test_of_a_long_log_only_what_is_new_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long_log(tmp_path, 2_000)
    parsed: list[bytes] = []
    parse = log.parse

    def counted(line: bytes) -> log.Event:
        parsed.append(line)
        return parse(line)

    monkeypatch.setattr(log, "parse", counted)
    review.attempts(tmp_path)
    assert len(parsed) == 2_000
    told = review.submit(tmp_path, run_table("Mine"), ADA, limits=review.Limits(10, 10))
    review.approve(tmp_path, told.run_id, REVIEWER)
    assert told.run_id in review.attempts(tmp_path)
    assert len(parsed) == 2_002


def test_a_line_that_was_changed_in_its_place_is_read_anew(tmp_path: Path) -> None:
    """As long as before and of the same time: only who holds the lock must see it, and does."""
    told = review.submit(tmp_path, run_table("Mine"), ADA)
    path = tmp_path / log.LOG
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"ada@example.org", b"eve@example.org"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(NoRun):
        review.retract(tmp_path, told.run_id, ADA)
    assert review.retract(tmp_path, told.run_id, Actor("eve@example.org")).state == "withdrawn"
