"""Faults on the real store: killed at every step, no room, no permission, twenty at once, readers all the while.

Afterwards each run is whole or absent, none is lost, none doubled, and the log's chain holds.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import AlreadyPublished, publish, withdraw, withdrawn
from siuo_dash.store.registry.opening import REGISTRY, close
from siuo_dash.store.verify import repair
from tests.make.heavy import heavy, some_heavy
from tests.make.registry import events, faults, file_of, left_over, replayed, states
from tests.make.runs import run_id_of, run_table
from tests.store.crash import DONE, FAILED, REFUSED
from tests.store.review_runs import LOCAL, LOCAL_ADA

RUN = run_id_of(run_table())
ANOTHER = run_id_of(run_table("Another"))
STEPS = [pytest.param(8, id="each eighth"), pytest.param(1, id="each", marks=heavy)]
"""How many of an action's steps are killed: where files come and go, all (see kill_everywhere)."""


def crash(root: Path, task: str, *arguments: object, wrapper: tuple[str, ...] = ()) -> str:
    for argument in arguments:
        if isinstance(argument, Path):
            close(argument)  # SQLite's files must not be copied, and what is held of them not used, beside an open one
    command = [*wrapper, sys.executable, "-W", "error", "-m", "tests.store.crash", task, *map(str, arguments)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(data_dir: Path) -> tuple[tuple[str, str, int], ...]:
    """What lies on the disk, apart from random names: killed processes that leave the same are one case.

    SQLite makes the index of its write-ahead log again by itself, and an empty log says nothing.
    """
    return tuple(
        sorted(
            (
                re.sub(r"\d+-[0-9a-f]{8}\.siuo-tmp", "tmp", str(path.relative_to(data_dir))),
                sha256(path),
                path.stat().st_nlink,
            )
            for path in data_dir.rglob("*")
            if path.is_file() and not path.name.endswith("-shm")
            if path.stat().st_size or not path.name.endswith("-wal")
        )
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def errors(data_dir: Path) -> list[str]:
    """What verify finds wrong, apart from what is left over and harms nobody."""
    return [str(finding) for finding in faults(data_dir) if finding.severity == "error"]


def assert_sound(data_dir: Path) -> None:
    """Nothing amiss, nothing left over, and as many publish lines as runs."""
    assert faults(data_dir) == []
    assert left_over(data_dir) == []
    published = [event.run_id for event in events(data_dir) if event.event == "publish"]
    assert sorted(published) == sorted(states(data_dir))
    assert replayed(data_dir) == states(data_dir)


def killed_everywhere(root: Path, tmp_path: Path, action: str, start: Path, every: int) -> list[Path]:
    """One directory for each distinct state that killing the action at some step leaves behind."""
    out = tmp_path / "killed"
    out.mkdir()
    report = json.loads(crash(root, "kill everywhere", start, action, out, every))
    assert report["code"] == DONE
    assert report["steps"] > 25
    directories = sorted(out.iterdir())
    assert len(directories) > report["steps"] / every
    distinct = {state(directory): directory for directory in reversed(directories)}
    return sorted(distinct.values())


@pytest.mark.parametrize("every", STEPS)
def test_killed_at_every_step_of_publishing(root: Path, tmp_path: Path, every: int) -> None:
    start = tmp_path / "start"
    start.mkdir()
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, "publish", start, every):
        visible = states(data_dir)
        assert errors(data_dir) == []
        outcomes.add((len(visible), len(events(data_dir))))
        try:
            publish(data_dir, run_table(), by="ada")
            assert visible == {}
        except AlreadyPublished as refused:
            assert visible == {RUN: "published"}
            assert refused.existing_run_id == RUN
        assert states(data_dir) == {RUN: "published"}
        assert pq.read_table(file_of(data_dir, RUN), partitioning=None).equals(run_table())
        assert_sound(data_dir)
    assert outcomes == {(0, 0), (1, 1)}


@pytest.mark.parametrize("every", STEPS)
@pytest.mark.parametrize("action", some_heavy(["withdraw", "restore"], "withdraw"))
def test_killed_at_every_step_of_withdrawing_and_restoring(root: Path, tmp_path: Path, action: str, every: int) -> None:
    start = tmp_path / "start"
    start.mkdir()
    publish(start, run_table(), by="ada")
    if action == "restore":
        withdraw(start, RUN, LOCAL_ADA, "a reason")
    lines = len(events(start))
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, action, start, every):
        (now,) = states(data_dir).values()
        if now == "withdrawn":
            assert [(each.run_id, each.why, each.by) for each in withdrawn(data_dir)] == [(RUN, "a reason", "ada")]
        outcomes.add((now, len(events(data_dir)) - lines))
        publish(data_dir, run_table("Another"), by=None)
        assert states(data_dir) == {RUN: now, ANOTHER: "published"}
        assert_sound(data_dir)
    before, after = ("published", "withdrawn") if action == "withdraw" else ("withdrawn", "published")
    assert outcomes == {(before, 0), (after, 1)}


@pytest.mark.parametrize("first", [True, False], ids=["the first run of all", "one more run"])
@pytest.mark.parametrize("every", STEPS)
def test_killed_in_the_middle_of_any_write(root: Path, tmp_path: Path, first: bool, every: int) -> None:
    """No file may grow beyond a limit, and the write that would cross it kills: SQLite's own writes, too."""
    start = tmp_path / "start"
    start.mkdir()
    if not first:
        publish(start, run_table("First"), by=None)
    out = tmp_path / "cut"
    out.mkdir()
    outcomes = set()
    for name, code in json.loads(crash(root, "cut everywhere", start, "publish", out, every)).items():
        data_dir = out / name
        assert code in (-25, DONE)
        assert errors(data_dir) == []
        whole = RUN in states(data_dir)
        assert whole or code != DONE, "what was acknowledged is there"
        outcomes.add((code, whole))
        with suppress(AlreadyPublished):
            publish(data_dir, run_table(), by="ada")
        assert_sound(data_dir)
    assert {(-25, False), (DONE, True)} <= outcomes


@pytest.mark.parametrize("times", [12, pytest.param(40, marks=heavy)])
def test_killed_at_any_moment(root: Path, tmp_path: Path, times: int) -> None:
    """What was acknowledged before a kill at a random moment is there; nothing else is there by half."""
    acknowledged = json.loads(crash(root, "kill at random", tmp_path, times))
    assert len(acknowledged) > 10
    found = states(tmp_path)
    for run_id, state in acknowledged.items():
        assert found[run_id] == state or (state == "published" and found[run_id] == "withdrawn")
    assert replayed(tmp_path) == found
    assert errors(tmp_path) == []
    for run_id in found:
        rows = pq.read_table(file_of(tmp_path, run_id), partitioning=None)
        assert run_id_of(rows) == run_id and rows.num_rows == 5
    repair(tmp_path)
    assert_sound(tmp_path)


@pytest.mark.parametrize("largest", [0, 20, 300, 4_000, 20_000, 40_000])
def test_a_file_that_cannot_grow_leaves_nothing(root: Path, tmp_path: Path, largest: int) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    assert crash(root, "cut short", data_dir, "publish", largest, "gently").split()[-1] == str(FAILED)
    assert states(data_dir) == {}
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
    wrapper = in_a_namespace(f"mount -t tmpfs -o size=512k,mode=700 tmpfs '{tmp_path}'\nmkdir '{tmp_path}/data'")
    lines = crash(root, "fill the disk", tmp_path / "data", wrapper=wrapper).splitlines()
    reports = [json.loads(line) for line in lines]
    assert len(reports) > 4
    for report in reports[:-1]:
        assert "the disk is full" in report["error"]
        assert report["findings"] == []
        assert report["states"] == {}
        assert {Path(name).name for name in report["files"]} <= {REGISTRY, f"{REGISTRY}-wal", f"{REGISTRY}-shm"}
    assert reports[-1]["error"] is None
    assert reports[-1]["states"] == {RUN: "published"}


def test_a_disk_mounted_read_only(root: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    publish(data_dir, run_table(), by=None)
    close(data_dir)
    before = state(data_dir)
    wrapper = in_a_namespace(f"mount --bind '{data_dir}' '{data_dir}'\nmount -o remount,ro,bind '{data_dir}'")
    for action in ("publish another", "withdraw"):
        said = crash(root, "cut short", data_dir, action, 10**6, "gently", wrapper=wrapper)
        assert "the disk is mounted read-only" in said
        assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before


@pytest.mark.parametrize("closed", [".", "runs", "runs/.incoming"])
def test_a_directory_without_write_permission(root: Path, tmp_path: Path, closed: str) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if closed != ".":
        publish(data_dir, run_table("First"), by=None)
    close(data_dir)
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
        visible = run_id_of(run_table(models[number])) in states(data_dir)
        try:
            publish(data_dir, run_table(models[number]), by=None)
            assert not visible
        except AlreadyPublished:
            assert visible
    assert set(states(data_dir)) == {run_id_of(run_table(model)) for model in [*models, "First"]}
    assert_sound(data_dir)


def test_the_dashboard_works_afterwards(root: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    publish(data_dir, run_table("First"), by=None)
    assert crash(root, "cut short", data_dir, "publish", 40_000, "deadly").strip() == "-25"
    shutil.copy(root / "data" / "samples.csv", data_dir)
    store = Store(data_dir)
    assert [broken.name for broken in store.broken] == ["results.parquet"]  # never built here

    def count() -> int:
        return int(store.frame("SELECT count(*) AS n FROM runs")["n"].iloc[0])

    assert count() == 1
    publish(data_dir, run_table("Another"), by=None)
    assert store.refresh()
    assert count() == 2
    withdraw(data_dir, ANOTHER, LOCAL, "why")
    assert store.refresh()
    assert count() == 1
