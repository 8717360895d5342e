"""verify, backup and restore --from: what they print, and their exit codes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from siuo_dash.store import files
from siuo_dash.store.registry import publish
from tests.make.old_directory import OldWriter
from tests.make.program import run
from tests.make.registry import file_of
from tests.make.runs import run_id_of, run_table
from tests.make.stores import make_data

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    publish(folder, run_table(), by=None)
    return folder


@pytest.fixture
def siuo() -> Run:
    return partial(run, "siuo_dash")


def test_a_sound_store_and_a_broken_one(siuo: Run, data: Path) -> None:
    done = siuo("verify", "--data", data)
    assert (done.returncode, done.stdout) == (0, f"sound: {data}\n")
    path = file_of(data, run_id_of(run_table()))
    path.write_bytes(path.read_bytes()[:200])
    done = siuo("verify", "--data", data)
    assert done.returncode == 1
    assert (
        f"error: runs/{path.name} ({run_id_of(run_table())})" in done.stdout
        and "restore the file from a backup" in done.stdout
    )
    report = json.loads(siuo("verify", "--json", "--data", data).stdout)
    assert report["ok"] is False and report["repaired"] == []
    assert {"severity", "file", "row", "message", "hint"} <= set(report["findings"][0])


def test_repair_removes_what_a_killed_process_left(siuo: Run, data: Path) -> None:
    name = files.keep(data, b"left over")
    done = siuo("verify", "--data", data)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"0 errors, 1 warnings: {data}")
    assert f"warning: {name}: no run names this file" in done.stdout
    done = siuo("verify", "--repair", "--data", data)
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [f"repaired: removed {name}, which no run names", f"sound: {data}"],
    )
    assert not (data / name).exists()


def test_a_directory_of_an_earlier_version_is_taken_over(siuo: Run, tmp_path: Path) -> None:
    old = OldWriter(tmp_path / "old")
    old.change("publish", run_table(), "somebody")
    listed = json.loads(siuo("runs", "--json", "--data", old.data_dir).stdout)
    assert [run["run_id"] for run in listed] == [run_id_of(run_table())]
    assert siuo("verify", "--data", old.data_dir).stdout.count("warning") == 2  # the shipped runs are gone, no error
    assert siuo("withdraw", run_id_of(run_table()), "--why", "why", "--data", old.data_dir).returncode == 0


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
    file_of(data, run_id_of(run_table())).unlink()
    saved, elsewhere = tmp_path / "saved.tar", tmp_path / "elsewhere"
    done = siuo("backup", "--to", saved, "--data", data)
    first, *warnings = done.stdout.splitlines()
    assert done.returncode == 0 and first.startswith(f"wrote {saved}: 0 runs")
    assert len(warnings) == 1 and warnings[0].startswith("warning: runs/") and "it is gone" in warnings[0]
    assert siuo("restore", "--from", saved, "--data", elsewhere).returncode == 0
    done = siuo("verify", "--repair", "--data", elsewhere)
    assert done.returncode == 1 and "it is gone" in done.stdout
    assert "Traceback" not in done.stderr


def test_help_says_what_protects_the_log(siuo: Run) -> None:
    assert "the last one by its hash beside the log" in " ".join(siuo("verify", "--help").stdout.split())
