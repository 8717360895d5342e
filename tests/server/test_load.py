"""The load itself: a few visitors for some seconds go through every page, one of them publishing, without an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import load
from tests.conftest import ROOT
from tests.make import postgres
from tests.make.registry import runs_in
from tests.server.instance import copy_data, running
from tests.server.loops import finished


def test_a_small_load_runs_without_an_error_and_is_reported(tmp_path: Path) -> None:
    data = copy_data(tmp_path / "data")
    small = load.Load(seconds=8, visitors=3, uploaders=1, think=0.1)
    with running(tmp_path, data) as first, running(tmp_path, data) as second:
        told = finished(load.under_load([first, second], small, dashboard=True))
    assert told.errors == []
    assert told.visits >= 3 and told.published >= 1 and told.server_cpu > 0
    assert len([run_id for run_id in runs_in(data, "published") if run_id.startswith("load-vl-")]) == told.published
    assert {"first page", "another page", "drop a file", "publish"} <= set(told.seconds)
    table = "\n".join(load.report(told, load.Measured(took=1)))
    assert f"| runs published | {told.published} | 0 |" in table and "| errors | 0 | 0 |" in table


@pytest.mark.heavy
@pytest.mark.skipif(postgres.programs() is None, reason=postgres.HELP)
def test_a_small_load_on_several_machines_runs_without_an_error() -> None:
    small = ["--seconds", "8", "--visitors", "3", "--uploaders", "1", "--think", "0.1"]
    command = [sys.executable, "-m", "benchmarks.machines", *small]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 2 on PostgreSQL and a bucket | one over a folder |" in done.stdout and "| errors | 0 | 0 |" in done.stdout
