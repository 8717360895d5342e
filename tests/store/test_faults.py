"""Faults on the real store: killed at every step, no room, no permission, twenty at once, readers all the while.

Afterwards each run is whole or absent, none is lost, none doubled, and the log's chain holds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.store import journal, log
from siuo_dash.store.engine.database import Store
from siuo_dash.store.publish import AlreadyPublished, publish, restore, withdraw, withdrawn
from siuo_dash.store.verify import verify
from tests.make.runs import run_id_of, run_table
from tests.store.crash import DONE, FAILED, REFUSED

RUN = run_id_of(run_table())
ANOTHER = run_id_of(run_table("Another"))


def crash(root: Path, task: str, *arguments: object, wrapper: tuple[str, ...] = ()) -> str:
    command = [*wrapper, sys.executable, "-W", "error", "-m", "tests.store.crash", task, *map(str, arguments)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(data_dir: Path) -> tuple[tuple[str, int, int], ...]:
    """What lies on the disk, apart from random names: killed processes that leave the same are one case."""
    return tuple(
        sorted(
            (re.sub(r"\d+-[0-9a-f]{8}\.siuo-tmp", "tmp", str(path.relative_to(data_dir))), stat.st_size, stat.st_nlink)
            for path in data_dir.rglob("*")
            if (stat := path.stat()) and path.is_file()
        )
    )


def places(data_dir: Path) -> dict[str, str]:
    return {path.stem: place for place in journal.PLACES for path in (data_dir / place).glob("[!.]*.parquet")}


def errors(data_dir: Path) -> list[str]:
    """What verify finds wrong, apart from what the next change sets right by itself."""
    return [str(finding) for finding in verify(data_dir) if finding.severity == "error"]


def assert_sound(data_dir: Path) -> None:
    """Nothing amiss, nothing left over, and as many publish lines as runs."""
    assert verify(data_dir) == []
    assert not any(journal.folder(data_dir, "incoming").iterdir())
    published = [event.run_id for event in log.read(data_dir) if event.event == "publish"]
    assert sorted(published) == sorted(places(data_dir))


def killed_everywhere(root: Path, tmp_path: Path, action: str, start: Path) -> list[Path]:
    """One directory for each distinct state that killing the action at some step leaves behind."""
    out = tmp_path / "killed"
    out.mkdir()
    report = json.loads(crash(root, "kill everywhere", start, action, out))
    assert report["code"] == DONE
    assert report["steps"] > 25
    directories = sorted(out.iterdir())
    assert len(directories) == report["steps"] + 1
    distinct = {state(directory): directory for directory in reversed(directories)}
    return sorted(distinct.values())


def test_killed_at_every_step_of_publishing(root: Path, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, "publish", start):
        visible = places(data_dir)
        assert errors(data_dir) == []
        outcomes.add((len(visible), len(log.read(data_dir))))
        try:
            publish(data_dir, run_table(), by="ada")
            assert visible == {}
        except AlreadyPublished as refused:
            assert visible == {RUN: "submissions"}
            assert refused.existing_run_id == RUN
        assert places(data_dir) == {RUN: "submissions"}
        assert pq.read_table(data_dir / "submissions" / f"{RUN}.parquet", partitioning=None).equals(run_table())
        assert_sound(data_dir)
    assert outcomes == {(0, 0), (1, 0), (1, 1)}


@pytest.mark.parametrize("action", ["withdraw", "restore"])
def test_killed_at_every_step_of_withdrawing_and_restoring(root: Path, tmp_path: Path, action: str) -> None:
    start = tmp_path / "start"
    start.mkdir()
    publish(start, run_table(), by="ada")
    if action == "restore":
        withdraw(start, RUN, "a reason", "ada")
    lines = len(log.read(start))
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, action, start):
        (place,) = places(data_dir).values()
        if place == "withdrawn":
            assert [(each.run_id, each.why, each.by) for each in withdrawn(data_dir)] == [(RUN, "a reason", "ada")]
        outcomes.add((place, len(log.read(data_dir)) - lines))
        publish(data_dir, run_table("Another"), by=None)
        assert places(data_dir) == {RUN: place, ANOTHER: "submissions"}
        assert_sound(data_dir)
    before, after = ("submissions", "withdrawn") if action == "withdraw" else ("withdrawn", "submissions")
    assert outcomes == {(before, 0), (after, 0), (after, 1)}


def visible_with_a_torn_line(root: Path, data_dir: Path) -> None:
    """A store whose last publish died in the middle of its log line, its run visible."""
    data_dir.mkdir()
    publish(data_dir, run_table("First"), by=None)
    grow_the_log(data_dir)
    size = (data_dir / log.LOG).stat().st_size
    assert crash(root, "cut short", data_dir, "publish", size + 100, "deadly").strip() == "-25"
    assert (data_dir / log.LOG).stat().st_size == size + 100
    assert RUN in places(data_dir)


def grow_the_log(data_dir: Path) -> None:
    """Make the log longer than a run's file, so that a limit on sizes hits the log first."""
    (run_id,) = places(data_dir)
    while (data_dir / log.LOG).stat().st_size < 16_000:
        withdraw(data_dir, run_id, "x" * 2_000, None)
        restore(data_dir, run_id, None)


def test_killed_at_every_step_of_finishing_what_a_killed_process_left(root: Path, tmp_path: Path) -> None:
    start = tmp_path / "start"
    visible_with_a_torn_line(root, start)
    piece = (start / log.LOG).read_bytes()[-100:]
    for data_dir in killed_everywhere(root, tmp_path, "publish another", start):
        assert errors(data_dir) == []
        assert RUN in places(data_dir)
        with suppress(AlreadyPublished):
            publish(data_dir, run_table("Another"), by=None)
        assert len(places(data_dir)) == 3
        assert_sound(data_dir)
        assert [event.reconciled for event in log.read(data_dir) if event.run_id == RUN] == [True]
        assert {path.read_bytes() for path in data_dir.glob("log.torn-*")} == {piece}


def test_a_log_line_that_only_lacks_its_newline_is_kept(root: Path, tmp_path: Path) -> None:
    data_dir, rehearsal = tmp_path / "data", tmp_path / "rehearsal"
    data_dir.mkdir()
    publish(data_dir, run_table("First"), by=None)
    grow_the_log(data_dir)
    shutil.copytree(data_dir, rehearsal)
    publish(rehearsal, run_table(), by="ada")
    whole = (rehearsal / log.LOG).stat().st_size
    assert crash(root, "cut short", data_dir, "publish", whole - 1, "deadly").strip() == "-25"
    with pytest.raises(AlreadyPublished):
        publish(data_dir, run_table(), by="ada")
    assert (data_dir / log.LOG).stat().st_size == whole
    assert [event.reconciled for event in log.read(data_dir) if event.run_id == RUN] == [False]
    assert_sound(data_dir)


@pytest.mark.parametrize("room", [0, 1, 150])
def test_a_log_that_cannot_grow_takes_the_run_back(root: Path, tmp_path: Path, room: int) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    first = publish(data_dir, run_table("First"), by=None)
    grow_the_log(data_dir)
    before = (data_dir / log.LOG).read_bytes()
    said = crash(root, "cut short", data_dir, "publish", len(before) + room, "gently")
    assert "larger than this system allows" in said
    assert said.split()[-1] == str(FAILED)
    assert places(data_dir) == {first.run_id: "submissions"}
    assert (data_dir / log.LOG).read_bytes() == before
    assert_sound(data_dir)
    publish(data_dir, run_table(), by=None)
    assert_sound(data_dir)


@pytest.mark.parametrize("largest", [0, 20, 300, 4_000])
def test_a_file_that_cannot_grow_leaves_nothing(root: Path, tmp_path: Path, largest: int) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    assert crash(root, "cut short", data_dir, "publish", largest, "gently").split()[-1] == str(FAILED)
    assert places(data_dir) == {}
    publish(data_dir, run_table(), by=None)
    assert_sound(data_dir)


def in_a_namespace(script: str) -> tuple[str, ...]:
    """A command prefix that mounts things for one process only, by root's or an own user namespace's rights."""
    unshare = shutil.which("unshare")
    for flags in ("-m", "-rm"):
        if unshare and subprocess.run([unshare, flags, "true"], capture_output=True, check=False).returncode == 0:
            return (unshare, flags, "--propagation", "private", "sh", "-ec", f'{script}\nexec "$@"', "sh")
    pytest.skip("this machine does not let a test mount a file system of its own")


def test_a_full_disk(root: Path, tmp_path: Path) -> None:
    wrapper = in_a_namespace(f"mount -t tmpfs -o size=256k,mode=700 tmpfs '{tmp_path}'\nmkdir '{tmp_path}/data'")
    lines = crash(root, "fill the disk", tmp_path / "data", wrapper=wrapper).splitlines()
    reports = [json.loads(line) for line in lines]
    assert len(reports) > 4
    for report in reports[:-1]:
        assert "the disk is full" in report["error"]
        assert report["findings"] == []
        assert {Path(name).name for name in report["files"]} <= {".lock", log.LOG}
    assert reports[-1]["error"] is None
    assert f"submissions/{RUN}.parquet" in reports[-1]["files"]


def test_a_disk_mounted_read_only(root: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    publish(data_dir, run_table("First"), by=None)
    before = state(data_dir)
    wrapper = in_a_namespace(f"mount --bind '{data_dir}' '{data_dir}'\nmount -o remount,ro,bind '{data_dir}'")
    for action in ("publish", "withdraw"):
        said = crash(root, "cut short", data_dir, action, 10**6, "gently", wrapper=wrapper)
        assert "the disk is mounted read-only" in said
        assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before


@pytest.mark.parametrize("closed", [".", "submissions", "submissions/.journal/incoming"])
def test_a_directory_without_write_permission(root: Path, tmp_path: Path, closed: str) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if closed != ".":
        publish(data_dir, run_table("First"), by=None)
    open_to_all(data_dir)
    (data_dir / closed).chmod(0o555)
    before = state(data_dir)
    said = crash(root, "as nobody", data_dir, "publish")
    assert "no permission to write here; ask the owner" in said
    assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before


def open_to_all(data_dir: Path) -> None:
    for path in (data_dir, *data_dir.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


@pytest.mark.parametrize(
    ("models", "killed"),
    [
        (["Same"] * 20, []),
        ([f"Model-{number % 5}" for number in range(20)], []),
        ([f"Model-{number}" for number in range(20)], range(8)),
    ],
    ids=["the same run", "five runs four times", "twenty runs, eight killed"],
)
def test_twenty_at_once_while_another_reads(root: Path, tmp_path: Path, models: list[str], killed: range) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    publish(data_dir, run_table("First"), by=None)
    steps = [3 + 5 * number if number in killed else -1 for number in range(20)]
    report = json.loads(crash(root, "race", data_dir, json.dumps(models), json.dumps(steps)).splitlines()[-1])
    assert report["reader"] == DONE
    codes = report["writers"]
    assert all((code == -9) == (number in killed) for number, code in enumerate(codes))
    alive = [model for model, code in zip(models, codes, strict=True) if code == DONE]
    if not killed:
        assert sorted(alive) == sorted(set(models))
        assert codes.count(REFUSED) == 20 - len(set(models))
    for number in killed:  # what a killed process had not made visible can be published, what it had is refused
        visible = run_id_of(run_table(models[number])) in places(data_dir)
        try:
            publish(data_dir, run_table(models[number]), by=None)
            assert not visible
        except AlreadyPublished:
            assert visible
    assert set(places(data_dir)) == {run_id_of(run_table(model)) for model in [*models, "First"]}
    assert_sound(data_dir)


def test_the_dashboard_works_afterwards(root: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    visible_with_a_torn_line(root, data_dir)
    shutil.copy(root / "data" / "samples.csv", data_dir)
    store = Store(data_dir)
    assert [broken.name for broken in store.broken] == ["results.parquet"]  # never built here

    def count() -> int:
        return int(store.frame("SELECT count(*) AS n FROM runs")["n"].iloc[0])

    assert count() == 2
    publish(data_dir, run_table("Another"), by=None)
    assert store.refresh()
    assert count() == 3
    withdraw(data_dir, RUN, "why", None)
    assert store.refresh()
    assert count() == 2
