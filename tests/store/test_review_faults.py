"""Faults while submissions move: killed at every step, no room, no permission, a broken file, a cut log, no directory.

Afterwards every submission lies in one folder, the log says which, and what was published is not lost or doubled.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from siuo_dash.errors import NoRun, SchemaError, SiuoError, StoreError, SubmissionError
from siuo_dash.store import registry
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.registry import AlreadySubmitted
from siuo_dash.store.registry.log import FOLDERS
from siuo_dash.store.registry.opening import REGISTRY, changing, close, make, version
from siuo_dash.store.registry.reading import log_lines, public_runs
from siuo_dash.store.registry.tables import log
from tests.make.heavy import some_heavy
from tests.make.registry import events, faults, file_of, left_over, replayed, runs_in, states
from tests.make.runs import run_id_of, run_table
from tests.store.crash import FAILED
from tests.store.review_runs import (
    ADA,
    BOB,
    CASES,
    CORRECTED,
    CORRECTION,
    FIRST,
    REVIEWER,
    RUN,
    correction_waits,
    submitted,
)
from tests.store.test_faults import STEPS, crash, errors, in_a_namespace, killed_everywhere, open_to_all, state

SOME = some_heavy(CASES, "submit", "approve", "approve a correction")


def started(tmp_path: Path, name: str) -> Path:
    start = tmp_path / "start"
    start.mkdir()
    if (before := CASES[name][0]) is not None:
        before(start)
    return start


def visible(data_dir: Path) -> set[str]:
    return {run.run_id for run in public_runs(data_dir)}


@pytest.mark.parametrize("every", STEPS)
@pytest.mark.parametrize("name", SOME)
def test_killed_at_every_step(root: Path, tmp_path: Path, name: str, every: int) -> None:
    _, action, before, after = CASES[name]
    start = started(tmp_path, name)
    lines = len(events(start))
    assert states(start) == before
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, f"review: {name}", start, every):
        assert errors(data_dir) == []
        now = states(data_dir)
        assert now in (before, after)
        assert replayed(data_dir) == now
        if "published" in before.values() and "published" in after.values():
            assert visible(data_dir), "one of the two is always to be seen"
        assert {each.run_id for each in registry.own(data_dir, ADA)} == set(now)
        assert len(events(data_dir)) - lines in ((0,) if now == before else (1, 2))
        outcomes.add(now == before)
        if now == before:
            action(data_dir)
        else:
            with pytest.raises(SiuoError):
                action(data_dir)
        assert states(data_dir) == after == replayed(data_dir)
        registry.submit(data_dir, run_table("Another"), BOB)
        assert left_over(data_dir) == []
        assert faults(data_dir) == []
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("room", [0, 5_000])
def test_a_log_that_cannot_grow_undoes_the_change(root: Path, tmp_path: Path, name: str, room: int) -> None:
    """SQLite writes all of a change into its write-ahead log first: that has grown longer than any other file."""
    start = started(tmp_path, name)
    begun(start)
    held = sqlite3.connect(start / REGISTRY, isolation_level=None)
    held.execute("PRAGMA wal_autocheckpoint=0")
    while (length := (start / f"{REGISTRY}-wal").stat().st_size) < 300_000:
        held.execute("INSERT INTO sign_outs VALUES (?, 0)", [str(length)])
    before, lines = states(start), log_lines(start)
    said = crash(root, "cut short", start, f"review: {name}", length + room, "gently")
    held.close()
    assert "the disk refused" in said or "larger than this system allows" in said
    assert said.split()[-1] == str(FAILED)
    assert states(start) == before
    assert log_lines(start) == lines
    CASES[name][1](start)
    assert states(start) == CASES[name][3]


def begun(data_dir: Path) -> None:
    """A registry that is there, and read."""
    make(data_dir)
    assert version(data_dir) >= 0


@pytest.mark.parametrize("name", SOME)
def test_a_disk_mounted_read_only(root: Path, tmp_path: Path, name: str) -> None:
    data_dir = started(tmp_path, name)
    close(data_dir)
    before = state(data_dir)
    wrapper = in_a_namespace(f"mount --bind '{data_dir}' '{data_dir}'\nmount -o remount,ro,bind '{data_dir}'")
    said = crash(root, "cut short", data_dir, f"review: {name}", 10**6, "gently", wrapper=wrapper)
    assert "the disk is mounted read-only" in said
    assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before


@pytest.mark.parametrize("closed", [".", "runs"])
def test_a_folder_without_write_permission(root: Path, tmp_path: Path, closed: str) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    submitted(data_dir)
    registry.submit(data_dir, CORRECTED, ADA, corrects=RUN)
    registry.approve(data_dir, CORRECTION, REVIEWER)
    registry.submit(data_dir, FIRST, ADA, corrects=CORRECTION)
    held = states(data_dir)
    (waiting,) = runs_in(data_dir, "pending")
    close(data_dir)
    open_to_all(data_dir)
    (data_dir / closed).chmod(0o555)
    before = state(data_dir)
    said = crash(root, "as nobody", data_dir, "review: approve the one that waits")
    (data_dir / closed).chmod(0o777)
    if closed == "runs":  # an approval changes no file of a run
        assert said.split()[-1] == "0", said
        return
    assert "no permission to write here; ask the owner" in said
    assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before
    assert states(data_dir) == held
    assert registry.approve(data_dir, waiting, REVIEWER).state == "published"
    assert faults(data_dir) == []


def test_a_full_disk(root: Path, tmp_path: Path) -> None:
    """No page free, one, two, …: a submission is approved wholly, its predecessor superseded, or nothing happened."""
    wrapper = in_a_namespace(f"mount -t tmpfs -o size=1m,mode=700 tmpfs '{tmp_path}'\nmkdir '{tmp_path}/data'")
    reports = [
        json.loads(line)
        for line in crash(root, "fill the disk in review", tmp_path / "data", wrapper=wrapper).splitlines()
    ]
    assert len(reports) > 2
    for report in reports[:-1]:
        assert "the disk is full" in report["error"]
        assert report["findings"] == []
        assert report["states"] == {RUN: "published", CORRECTION: "pending"}
    assert reports[-1]["error"] is None
    assert reports[-1]["states"] == {RUN: "superseded", CORRECTION: "published"}


@pytest.mark.parametrize("damage", ["cut", "empty", "other rows", "no Parquet"])
def test_a_broken_file_is_listed_and_can_be_rejected_but_not_approved(tmp_path: Path, damage: str) -> None:
    submitted(tmp_path)
    path = file_of(tmp_path, RUN)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "no Parquet":
        path.write_bytes(b"<script>" * 500)
    else:
        pq.write_table(run_table("Example-7B", content="swapped"), path)
    (waiting,) = registry.waiting(tmp_path, REVIEWER)
    assert waiting.run_id == RUN
    assert waiting.model == "Example-7B"
    assert [each.run_id for each in registry.own(tmp_path, ADA)] == [RUN]
    with pytest.raises(SubmissionError, match=r"reject it, or restore the file"):
        registry.approve(tmp_path, RUN, REVIEWER)
    if damage != "other rows":
        with pytest.raises(SubmissionError, match="cannot be read"):
            registry.table_of(tmp_path, RUN, REVIEWER)
    assert errors(tmp_path) != []
    assert registry.reject(tmp_path, RUN, REVIEWER, "the file is broken").state == "rejected"
    assert visible(tmp_path) == set()


def test_a_damaged_line_of_the_log_hides_itself_alone(tmp_path: Path) -> None:
    submitted(tmp_path)
    registry.request_changes(tmp_path, RUN, REVIEWER, "say more")
    with changing(tmp_path) as now:
        now.connection.execute(update(log).where(log.c.seq == 1).values(line=b"\x00" * 40))
    (mine,) = registry.own(tmp_path, ADA)
    assert [event.event for event in mine.history] == ["request-changes"]
    for actor in (BOB, REVIEWER):
        with pytest.raises(NoRun):
            registry.send(tmp_path, RUN, actor)
    assert registry.send(tmp_path, RUN, ADA).state == "pending"


def test_a_directory_that_vanishes_and_returns(tmp_path: Path) -> None:
    data_dir, away = tmp_path / "data", tmp_path / "away"
    data_dir.mkdir()
    correction_waits(data_dir)
    data_dir.rename(away)
    asked: list[Callable[[], object]] = [
        lambda: registry.own(data_dir, ADA),
        lambda: registry.waiting(data_dir, REVIEWER),
        lambda: registry.one(data_dir, RUN, ADA),
        lambda: registry.table_of(data_dir, RUN, ADA),
        lambda: registry.earlier_of(data_dir, "ada@example.org", REVIEWER),
        lambda: registry.attempts(data_dir),
        lambda: registry.submit(data_dir, FIRST, ADA),
        lambda: registry.approve(data_dir, CORRECTION, REVIEWER),
        lambda: registry.retract(data_dir, CORRECTION, ADA),
    ]
    for ask in asked:
        with pytest.raises(StoreError, match="the data directory is not there"):
            ask()
    assert not data_dir.exists()
    away.rename(data_dir)
    assert registry.approve(data_dir, CORRECTION, REVIEWER).state == "published"
    assert states(data_dir) == {RUN: "superseded", CORRECTION: "published"}
    assert faults(data_dir) == []


def test_a_backup_brings_back_every_place(tmp_path: Path) -> None:
    data_dir, file, new = tmp_path / "data", tmp_path / "backup.tar", tmp_path / "new"
    data_dir.mkdir()
    correction_waits(data_dir)
    registry.approve(data_dir, CORRECTION, REVIEWER)
    for number, name in enumerate(("draft", "pending", "rejected", "retracted")):
        table = run_table(f"Model-{number}")
        (registry.save_draft if name == "draft" else registry.submit)(data_dir, table, BOB)
        if name == "rejected":
            registry.reject(data_dir, run_id_of(table), REVIEWER, "why")
        if name == "retracted":
            registry.retract(data_dir, run_id_of(table), BOB)
    backup(data_dir, file)
    restore_from(file, new)
    assert states(new) == states(data_dir)
    assert set(states(new).values()) == set(FOLDERS) - {"withdrawn"}
    assert replayed(new) == states(new)
    assert faults(new) == []
    assert registry.own(new, BOB) == registry.own(data_dir, BOB)
    with pytest.raises(AlreadySubmitted):
        registry.submit(new, run_table("Model-1"), BOB)


def test_what_is_no_result_is_refused_by_its_column(tmp_path: Path) -> None:
    for put in (registry.submit, registry.save_draft):
        with pytest.raises(SchemaError, match="column judge is missing"):
            put(tmp_path, FIRST.drop_columns(["judge"]), ADA)
    assert list(tmp_path.iterdir()) == []
