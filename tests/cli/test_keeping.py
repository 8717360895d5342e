"""verify, backup and restore --from: what they print, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from siuo_dash.store.publish import publish
from tests.store.runs import run_id_of, run_table
from tests.stores import make_data

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    publish(folder, run_table(), by=None)
    return folder


@pytest.fixture
def siuo(root: Path) -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "siuo_dash", *map(str, arguments)]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    return run


def test_a_sound_store_and_a_broken_one(siuo: Run, data: Path) -> None:
    done = siuo("verify", "--data", data)
    assert (done.returncode, done.stdout) == (0, "sound\n")
    path = data / "submissions" / f"{run_id_of(run_table())}.parquet"
    path.write_bytes(path.read_bytes()[:200])
    done = siuo("verify", "--data", data)
    assert done.returncode == 1
    assert f"error: submissions/{path.name}" in done.stdout and "restore the file from a backup" in done.stdout
    report = json.loads(siuo("verify", "--json", "--data", data).stdout)
    assert report["ok"] is False and report["repaired"] == []
    assert {"severity", "file", "row", "message", "hint"} <= set(report["findings"][0])


def test_repair_writes_what_the_files_tell(siuo: Run, data: Path) -> None:
    (data / "log.jsonl").unlink()
    done = siuo("verify", "--data", data)
    assert (done.returncode, "warning" in done.stdout) == (0, True)
    done = siuo("verify", "--repair", "--data", data)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "sound")
    assert f"repaired: logged publish of {run_id_of(run_table())}" in done.stdout


def test_there_and_back(siuo: Run, data: Path, tmp_path: Path) -> None:
    saved, elsewhere = tmp_path / "saved.tar", tmp_path / "elsewhere"
    assert siuo("backup", "--to", saved, "--data", data).stdout.startswith(f"wrote {saved}: 1 run, ")
    assert siuo("restore", "--from", saved, "--data", elsewhere).stdout.startswith(f"restored {elsewhere}: 1 run, ")
    boards = ("leaderboard", "--board", "human, 3 responses", "--format", "json", "--data")
    assert siuo(*boards, data).stdout == siuo(*boards, elsewhere).stdout != ""
    again = siuo("restore", "--from", saved, "--data", elsewhere)
    assert again.returncode == 1
    assert again.stderr.startswith("error: ") and "not empty" in again.stderr and "Traceback" not in again.stderr


@pytest.mark.parametrize("arguments", [("restore",), ("restore", "a-run", "--from", "README.md"), ("backup",)])
def test_wrong_usage(siuo: Run, data: Path, arguments: tuple[str, ...]) -> None:
    done = siuo(*arguments, "--data", data)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
