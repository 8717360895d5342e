"""Faults while submissions move: killed at every step, no room, no permission, a broken file, a cut log, no directory.

Afterwards every submission lies in one folder, the log says which, and what was published is not lost or doubled.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.errors import NoRun, SchemaError, SiuoError, SubmissionError
from siuo_dash.store import journal, log, review
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.publish import AlreadyPublished
from siuo_dash.store.review import AlreadySubmitted
from siuo_dash.store.verify import repair, verify
from tests.make.runs import run_id_of, run_table
from tests.store.crash import FAILED
from tests.store.review_runs import (
    ADA,
    BOB,
    CASES,
    CORRECTED,
    CORRECTION,
    FIRST,
    LOCAL,
    REVIEWER,
    RUN,
    correction_waits,
    places,
    published,
    replayed,
    submitted,
)
from tests.store.test_faults import crash, errors, in_a_namespace, killed_everywhere, open_to_all, state


def started(tmp_path: Path, name: str) -> Path:
    start = tmp_path / "start"
    start.mkdir()
    if (before := CASES[name][0]) is not None:
        before(start)
    return start


def visible(data_dir: Path) -> set[str]:
    return {path.stem for path in (data_dir / "submissions").glob("[!.]*.parquet")}


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_step(root: Path, tmp_path: Path, name: str) -> None:
    _, action, before, after = CASES[name]
    start = started(tmp_path, name)
    lines = len(log.read(start))
    assert places(start) == before
    outcomes = set()
    for data_dir in killed_everywhere(root, tmp_path, f"review: {name}", start):
        assert errors(data_dir) == [] or journal.under_way(data_dir) is not None
        left = places(data_dir)
        if journal.PUBLISHED in before.values() and journal.PUBLISHED in after.values():
            assert visible(data_dir), "between the two, at least one of them is to be seen"
        mine = {each.run_id for each in review.own(data_dir, ADA)}  # finishes what the dead process began
        now = places(data_dir)
        assert now in (before, after)
        assert mine == set(now)
        assert replayed(data_dir) == now
        assert verify(data_dir) == []
        assert len(log.read(data_dir)) - lines in ((0,) if now == before else (1, 2))
        outcomes.add((left == before, now == before))
        if now == before:
            action(data_dir)
        else:
            with pytest.raises(SiuoError):
                action(data_dir)
        assert places(data_dir) == after == replayed(data_dir)
        review.submit(data_dir, run_table("Another"), BOB)
        assert not any(journal.folder(data_dir, "incoming").iterdir())
        assert verify(data_dir) == []
    assert {(True, True), (False, False)} <= outcomes


def test_killed_at_every_step_of_finishing_a_double_move(root: Path, tmp_path: Path) -> None:
    """A process dies between the two moves, and so does the one that finishes."""
    name = "approve a correction"
    after = CASES[name][3]
    start = started(tmp_path, name)
    half = tmp_path / "half"
    half.mkdir()
    (unfinished,) = [
        data_dir
        for data_dir in killed_everywhere(root, half, f"review: {name}", start)
        if (left := places(data_dir)) != after and left != places(start)
    ]
    again = tmp_path / "again"
    again.mkdir()
    for data_dir in killed_everywhere(root, again, "publish another", unfinished):
        review.own(data_dir, ADA)
        assert {run_id: place for run_id, place in places(data_dir).items() if run_id in after} == after
        assert replayed(data_dir) == places(data_dir)
        assert verify(data_dir) == []


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("room", [0, 150])
def test_a_log_that_cannot_grow_undoes_the_move(root: Path, tmp_path: Path, name: str, room: int) -> None:
    start = started(tmp_path, name)
    (start / "submissions").mkdir(exist_ok=True)
    while (start / log.LOG).exists() is False or (start / log.LOG).stat().st_size < 16_000:
        with journal.locked(start):  # longer than a run's file, so that the limit hits the log first
            log.append(start, log.next_event(start, "of a later version", "x", None, why="x" * 2_000))
    before, lines = places(start), (start / log.LOG).read_bytes()
    said = crash(root, "cut short", start, f"review: {name}", len(lines) + room, "gently")
    assert "larger than this system allows" in said
    assert said.split()[-1] == str(FAILED)
    assert places(start) == before
    assert (start / log.LOG).read_bytes() == lines
    assert journal.under_way(start) is None
    CASES[name][1](start)
    assert places(start) == CASES[name][3]


@pytest.mark.parametrize("name", CASES)
def test_a_disk_mounted_read_only(root: Path, tmp_path: Path, name: str) -> None:
    data_dir = started(tmp_path, name)
    (data_dir / "submissions").mkdir(exist_ok=True)
    (data_dir / "withdrawn").mkdir(exist_ok=True)
    before = state(data_dir)
    wrapper = in_a_namespace(f"mount --bind '{data_dir}' '{data_dir}'\nmount -o remount,ro,bind '{data_dir}'")
    said = crash(root, "cut short", data_dir, f"review: {name}", 10**6, "gently", wrapper=wrapper)
    assert "the disk is mounted read-only" in said
    assert said.split()[-1] == str(FAILED)
    assert state(data_dir) == before


@pytest.mark.parametrize("closed", ["review/pending", "submissions", "superseded", "."])
def test_a_folder_without_write_permission(root: Path, tmp_path: Path, closed: str) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    submitted(data_dir)
    review.submit(data_dir, CORRECTED, ADA, corrects=RUN)
    review.approve(data_dir, CORRECTION, REVIEWER)
    review.submit(data_dir, FIRST, ADA, corrects=CORRECTION)
    (waiting,) = [run_id for run_id, place in places(data_dir).items() if place == journal.PENDING]
    open_to_all(data_dir)
    (data_dir / closed).chmod(0o555)
    before, held = state(data_dir), places(data_dir)
    said = crash(root, "as nobody", data_dir, "review: approve the one that waits")
    (data_dir / closed).chmod(0o777)
    if closed == ".":  # the log is there already, and nothing else lies in the directory itself
        assert said.split()[-1] == "0"
        return
    assert "no permission to write here; ask the owner" in said
    assert said.split()[-1] == str(FAILED)
    assert places(data_dir) == held
    assert [each[0] for each in state(data_dir)] == [each[0] for each in before]
    assert review.approve(data_dir, waiting, REVIEWER).state == "published"
    assert verify(data_dir) == []


def test_a_full_disk(root: Path, tmp_path: Path) -> None:
    """No page free, one, two, …: a submission is approved wholly, its predecessor superseded, or nothing happened."""
    wrapper = in_a_namespace(f"mount -t tmpfs -o size=384k,mode=700 tmpfs '{tmp_path}'\nmkdir '{tmp_path}/data'")
    reports = [
        json.loads(line)
        for line in crash(root, "fill the disk in review", tmp_path / "data", wrapper=wrapper).splitlines()
    ]
    assert len(reports) > 2
    for report in reports[:-1]:
        assert "the disk is full" in report["error"]
        assert report["findings"] == []
        assert report["places"] == {RUN: journal.PUBLISHED, CORRECTION: journal.PENDING}
    assert reports[-1]["error"] is None
    assert reports[-1]["places"] == {RUN: journal.SUPERSEDED, CORRECTION: journal.PUBLISHED}


@pytest.mark.parametrize("damage", ["cut", "empty", "other rows", "no Parquet"])
def test_a_broken_file_is_listed_and_can_be_rejected_but_not_approved(tmp_path: Path, damage: str) -> None:
    submitted(tmp_path)
    path = tmp_path / journal.PENDING / f"{RUN}.parquet"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-200])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "no Parquet":
        path.write_bytes(b"<script>" * 500)
    else:
        pq.write_table(run_table("Example-7B", content="swapped"), path)
    (waiting,) = review.waiting(tmp_path, REVIEWER)
    assert waiting.run_id == RUN
    assert waiting.model == "Example-7B"
    assert [each.run_id for each in review.own(tmp_path, ADA)] == [RUN]
    with pytest.raises(SubmissionError, match=r"reject it, or restore the file"):
        review.approve(tmp_path, RUN, REVIEWER)
    if damage != "other rows":
        with pytest.raises(SubmissionError, match="cannot be read"):
            review.table_of(tmp_path, RUN, REVIEWER)
    assert errors(tmp_path) != []
    assert review.reject(tmp_path, RUN, REVIEWER, "the file is broken").state == "rejected"
    assert visible(tmp_path) == set()


def test_a_log_cut_in_the_middle_of_a_line(tmp_path: Path) -> None:
    submitted(tmp_path)
    review.submit(tmp_path, run_table("Another"), BOB)
    whole = (tmp_path / log.LOG).read_bytes()
    (tmp_path / log.LOG).write_bytes(whole[:-40])
    (waiting, orphan) = sorted(review.waiting(tmp_path, REVIEWER), key=lambda each: each.owner is None)
    assert waiting.owner == ADA.id
    assert orphan.owner is None
    with pytest.raises(NoRun):  # nobody owns what the log does not know; reviewers decide
        review.one(tmp_path, orphan.run_id, BOB)
    assert review.reject(tmp_path, orphan.run_id, REVIEWER, "the log lost it").state == "rejected"
    assert review.approve(tmp_path, RUN, REVIEWER).state == "published"


def test_a_damaged_line_gives_nobody_somebody_elses_submission(tmp_path: Path) -> None:
    submitted(tmp_path)
    review.request_changes(tmp_path, RUN, REVIEWER, "say more")
    lines = (tmp_path / log.LOG).read_bytes().splitlines(keepends=True)
    (tmp_path / log.LOG).write_bytes(b"\x00" * 40 + b"\n" + lines[1])
    for actor in (ADA, BOB, REVIEWER):
        with pytest.raises(NoRun):
            review.send(tmp_path, RUN, actor)
    assert review.one(tmp_path, RUN, LOCAL).owner is None


def test_a_directory_that_vanishes_and_returns(tmp_path: Path) -> None:
    data_dir, away = tmp_path / "data", tmp_path / "away"
    data_dir.mkdir()
    correction_waits(data_dir)
    data_dir.rename(away)
    asked: list[Callable[[], object]] = [
        lambda: review.own(data_dir, ADA),
        lambda: review.waiting(data_dir, REVIEWER),
        lambda: review.one(data_dir, RUN, ADA),
        lambda: review.table_of(data_dir, RUN, ADA),
        lambda: review.earlier_of(data_dir, "ada@example.org", REVIEWER),
        lambda: review.attempts(data_dir),
        lambda: review.submit(data_dir, FIRST, ADA),
        lambda: review.approve(data_dir, CORRECTION, REVIEWER),
        lambda: review.retract(data_dir, CORRECTION, ADA),
    ]
    for ask in asked:
        with pytest.raises(SubmissionError, match="the data directory is not there"):
            ask()
    assert not data_dir.exists()
    away.rename(data_dir)
    assert review.approve(data_dir, CORRECTION, REVIEWER).state == "published"
    assert places(data_dir) == {RUN: journal.SUPERSEDED, CORRECTION: journal.PUBLISHED}
    assert verify(data_dir) == []


def test_what_is_known_is_refused_after_a_restart_from_the_files_alone(tmp_path: Path) -> None:
    """A backup without log and claims: `repair` writes both, and nothing that waited becomes visible by that."""
    published(tmp_path)
    review.submit(tmp_path, run_table("Waiting"), BOB)
    before = places(tmp_path)
    (tmp_path / log.LOG).unlink()
    for claim in journal.folder(tmp_path, "claims").iterdir():
        claim.unlink()
    repair(tmp_path)
    assert places(tmp_path) == before == replayed(tmp_path)
    assert verify(tmp_path) == []
    with pytest.raises(AlreadyPublished):
        review.submit(tmp_path, FIRST, BOB)
    assert review.own(tmp_path, BOB) == [], "nobody owns what only its file tells of"
    assert review.submit(tmp_path, run_table("Waiting"), BOB).state == "pending"


def half_done(root: Path, tmp_path: Path, name: str) -> Path:
    """A store whose last process died between the two moves of a change."""
    start = started(tmp_path, name)
    (unfinished,) = [
        data_dir
        for data_dir in killed_everywhere(root, tmp_path, f"review: {name}", start)
        if (left := places(data_dir)) != CASES[name][3] and left != CASES[name][2]
    ]
    return unfinished


def test_a_file_that_is_moved_by_hand_after_a_crash_does_not_block_the_store(root: Path, tmp_path: Path) -> None:
    data_dir = half_done(root, tmp_path, "approve a correction")
    (data_dir / "submissions" / f"{RUN}.parquet").unlink()
    review.submit(data_dir, run_table("Another"), BOB)
    assert places(data_dir)[CORRECTION] == journal.PUBLISHED
    assert [str(each) for each in verify(data_dir)] == [
        f"submissions/{RUN}.parquet: the log names this run, but its file is gone; restore the file from a backup"
    ]


def test_a_page_alone_finishes_what_a_dead_process_began(root: Path, tmp_path: Path) -> None:
    data_dir = half_done(root, tmp_path, "approve a correction")
    assert visible(data_dir) == {RUN, CORRECTION}
    review.attempts(data_dir)  # the board asks for this
    assert visible(data_dir) == {CORRECTION}


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\x00" * 50,
        b'{"at": "", "event": "approve", "run_id": "../../x", "content_hash": null}',
        b'{"at": "", "event": "retract", "run_id": "x", "content_hash": null, "source": "submissions"}',
        b'{"at": "", "event": "retract", "run_id": "x", "content_hash": null, "source": "../x"}',
        b"[1]",
    ],
)
def test_a_damaged_note_moves_nothing_and_blocks_nothing(tmp_path: Path, note: bytes) -> None:
    published(tmp_path)
    path = journal.folder(tmp_path, "incoming").parent / "pending.json"
    path.write_bytes(note)
    assert [each.run_id for each in review.own(tmp_path, ADA)] == [RUN]
    assert path.with_suffix(".unreadable").read_bytes() == note
    assert places(tmp_path) == {RUN: journal.PUBLISHED}
    assert verify(tmp_path) == []


def test_a_backup_brings_back_every_place(tmp_path: Path) -> None:
    data_dir, file, new = tmp_path / "data", tmp_path / "backup.tar", tmp_path / "new"
    data_dir.mkdir()
    correction_waits(data_dir)
    review.approve(data_dir, CORRECTION, REVIEWER)
    for number, name in enumerate(("draft", "pending", "rejected", "retracted")):
        table = run_table(f"Model-{number}")
        (review.save_draft if name == "draft" else review.submit)(data_dir, table, BOB)
        if name == "rejected":
            review.reject(data_dir, run_id_of(table), REVIEWER, "why")
        if name == "retracted":
            review.retract(data_dir, run_id_of(table), BOB)
    backup(data_dir, file)
    restore_from(file, new)
    assert places(new) == places(data_dir)
    assert set(places(new).values()) == set(journal.PLACES) - {journal.WITHDRAWN}
    assert replayed(new) == places(new)
    assert verify(new) == []
    assert review.own(new, BOB) == review.own(data_dir, BOB)
    with pytest.raises(AlreadySubmitted):
        review.submit(new, run_table("Model-1"), BOB)


def test_what_is_no_result_is_refused_by_its_column(tmp_path: Path) -> None:
    for put in (review.submit, review.save_draft):
        with pytest.raises(SchemaError, match="column judge is missing"):
            put(tmp_path, FIRST.drop_columns(["judge"]), ADA)
    assert not (tmp_path / journal.PENDING).exists()
