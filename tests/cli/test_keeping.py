"""verify, backup and restore --from: what they print, and their exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from siuo_dash.store.publish import publish
from tests.make.runs import run_id_of, run_table
from tests.make.stores import make_data

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
    assert (done.returncode, done.stdout) == (0, f"sound: {data}\n")
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
    assert done.returncode == 1
    assert "error: log.jsonl: the log is gone or empty" in done.stdout
    done = siuo("verify", "--repair", "--data", data)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"sound: {data}")
    assert f"repaired: logged publish of {run_id_of(run_table())}; nobody owns it now" in done.stdout


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


def test_no_data_directory(siuo: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    before = sorted(path.name for path in tmp_path.iterdir())
    commands = (("verify",), ("verify", "--repair"), ("verify", "--json"), ("backup", "--to", tmp_path / "b.tar"))
    for path in (tmp_path / "never", tmp_path / "file"):
        for command in commands:
            done = siuo(*command, "--data", path)
            assert done.returncode == 1
            said = done.stdout + done.stderr
            assert "the data directory is not there" in said and str(path) in said and "Traceback" not in said
    (data / "samples.csv").unlink()
    done = siuo("backup", "--to", tmp_path / "b.tar", "--data", data)
    assert done.returncode == 1
    assert "this is no data directory: it has no samples.csv" in done.stderr and str(data) in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_of_a_store_with_faults_says_so_and_can_be_restored(siuo: Run, data: Path, tmp_path: Path) -> None:
    (data / "submissions" / f"{run_id_of(run_table())}.parquet").rename(data / "submissions" / "My_Run.parquet")
    saved, elsewhere = tmp_path / "saved.tar", tmp_path / "elsewhere"
    done = siuo("backup", "--to", saved, "--data", data)
    first, *warnings = done.stdout.splitlines()
    assert done.returncode == 0 and first.startswith(f"wrote {saved}: 1 run")
    assert all(line.startswith("warning: ") for line in warnings) and len(warnings) == 2
    assert warnings[0].startswith("warning: submissions/My_Run.parquet: this is not the name of a run; ")
    assert siuo("restore", "--from", saved, "--data", elsewhere).returncode == 0
    done = siuo("verify", "--repair", "--data", elsewhere)
    assert done.returncode == 1 and "My_Run.parquet: this is not the name of a run" in done.stdout
    assert "Traceback" not in done.stderr


def test_help_says_what_protects_the_log(siuo: Run) -> None:
    assert "the last one by the note of the last change" in " ".join(siuo("verify", "--help").stdout.split())
