"""Review by many at once, and at what cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from siuo_dash.store import registry
from siuo_dash.store.verify import repair
from tests.make.registry import asked, events, faults, left_over, replayed, runs_in, states, without_an_index
from tests.make.runs import run_id_of, run_table
from tests.store.crash import DONE
from tests.store.review_runs import ADA, BOB, REVIEWER
from tests.store.test_review_states import roots


@pytest.mark.parametrize("killed", [0, 6])
def test_many_processes_at_once(root: Path, tmp_path: Path, killed: int) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.store.review_race", str(tmp_path), "16", str(killed)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout)
    assert set(codes[killed:]) == {DONE}
    assert set(codes[:killed]) <= {-9, DONE}
    assert killed == 0 or -9 in codes
    registry.submit(tmp_path, run_table("The last one"), BOB)
    assert replayed(tmp_path) == states(tmp_path)
    assert all(name.startswith("runs/") for name in left_over(tmp_path)) and (killed or not left_over(tmp_path))
    repair(tmp_path)
    assert left_over(tmp_path) == []
    assert faults(tmp_path) == []
    logged = events(tmp_path)
    assert len(logged) > 40
    assert max(Counter(event.run_id for event in logged if event.event == "approve").values()) == 1
    public = [roots(tmp_path)[run_id] for run_id in runs_in(tmp_path, "published")]
    assert len(public) == len(set(public))


def test_the_cost_of_a_submission_and_an_approval_does_not_grow_with_the_store(tmp_path: Path) -> None:
    """The same is asked however many runs there are, each finds its rows by an index, no other file is read."""
    found = []
    for others in (2, 60):
        data_dir = tmp_path / str(others)
        data_dir.mkdir()
        for number in range(others):
            table = run_table(f"Model-{number}")
            registry.submit(data_dir, table, BOB)
            if number % 2:
                registry.approve(data_dir, run_id_of(table), REVIEWER)
        with asked() as questions:
            mine = registry.submit(data_dir, run_table("Mine"), ADA, limits=registry.Limits(10, 10))
            registry.approve(data_dir, mine.run_id, REVIEWER)
        assert without_an_index(data_dir, questions) == []
        found.append([sql for sql, _ in questions])
    assert found[0] == found[1] != []
