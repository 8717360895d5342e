"""Publishing, withdrawing and restoring on a real directory."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NoRun, SubmissionError
from siuo_dash.store import claims, journal, log
from siuo_dash.store.files import write_parquet
from siuo_dash.store.publish import AlreadyPublished, publish, restore, withdraw, withdrawn
from siuo_dash.store.runs.parquet import stored_hash
from siuo_dash.store.verify import repair, verify
from tests.make.runs import named, run_id_of, run_table, totals_table


def visible(data_dir: Path) -> list[str]:
    return sorted(path.stem for path in (data_dir / "submissions").glob("[!.]*.parquet"))


def events(data_dir: Path) -> list[tuple[str, str]]:
    return [(event.event, event.run_id) for event in log.read(data_dir)]


def test_a_published_run_is_there_whole_and_logged(tmp_path: Path) -> None:
    table = run_table()
    published = publish(tmp_path, table, by="ada@example.org")
    assert published.run_id == run_id_of(table)
    assert published.path == tmp_path / "submissions" / f"{published.run_id}.parquet"
    assert pq.read_table(published.path, partitioning=None).equals(table)
    assert stored_hash(published.path) == content_hash(table)
    (event,) = log.read(tmp_path)
    assert (event.event, event.run_id, event.by) == ("publish", published.run_id, "ada@example.org")
    assert event.content_hash == content_hash(table)
    assert verify(tmp_path) == []
    assert list(journal.folder(tmp_path, "incoming").iterdir()) == []


@pytest.mark.parametrize("again", [run_table(), run_table("Renamed-8B", content="Example-7B")], ids=["same", "renamed"])
def test_the_same_content_is_refused_whatever_its_name(tmp_path: Path, again: pa.Table) -> None:
    first = publish(tmp_path, run_table(), by=None)
    with pytest.raises(AlreadyPublished, match=f"already published as {first.run_id}") as refused:
        publish(tmp_path, again, by=None)
    assert (refused.value.existing_run_id, refused.value.place) == (first.run_id, "submissions")
    assert visible(tmp_path) == [first.run_id]
    assert len(log.read(tmp_path)) == 1
    assert verify(tmp_path) == []


def test_the_same_content_as_a_withdrawn_run_is_refused(tmp_path: Path) -> None:
    first = publish(tmp_path, run_table(), by=None)
    withdraw(tmp_path, first.run_id, "wrong judge", None)
    with pytest.raises(AlreadyPublished, match="published and withdrawn") as refused:
        publish(tmp_path, run_table("Renamed", content="Example-7B"), by=None)
    assert (refused.value.existing_run_id, refused.value.place) == (first.run_id, "withdrawn")


def test_a_shipped_run_is_refused_under_any_name(tmp_path: Path) -> None:
    shipped = run_table("Shipped-1B")
    write_parquet(pa.concat_tables([shipped, totals_table("Totals")]), tmp_path / "results.parquet", overwrite=False)
    with pytest.raises(AlreadyPublished, match="shipped with the program") as refused:
        publish(tmp_path, run_table("Renamed", content="Shipped-1B"), by=None)
    assert (refused.value.existing_run_id, refused.value.place) == (run_id_of(shipped), "shipped")
    with pytest.raises(AlreadyPublished):
        publish(tmp_path, totals_table("Totals"), by=None)
    assert visible(tmp_path) == []


def test_equal_counts_of_two_models_are_two_runs(tmp_path: Path) -> None:
    first, second = totals_table("One"), totals_table("Two")
    assert content_hash(first) == content_hash(second)
    write_parquet(totals_table("Shipped"), tmp_path / "results.parquet", overwrite=False)
    publish(tmp_path, first, by=None)
    publish(tmp_path, second, by=None)
    with pytest.raises(AlreadyPublished):
        publish(tmp_path, second, by=None)
    assert visible(tmp_path) == sorted([run_id_of(first), run_id_of(second)])
    assert verify(tmp_path) == []


def test_broken_shipped_results_say_so(tmp_path: Path) -> None:
    (tmp_path / "results.parquet").write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(SubmissionError, match="siuo_dash build"):
        publish(tmp_path, run_table(), by=None)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (pa.concat_tables([run_table("One"), run_table("Two")]), "2 runs of 2 models"),
        (RESULT_SCHEMA.empty_table(), "0 runs of 0 models"),
        (run_table().set_column(0, RESULT_SCHEMA.field("run_id"), pa.array(["../../x"] * 5)), "does not belong"),
    ],
    ids=["two runs", "no rows", "a path for an id"],
)
def test_what_is_not_one_run_is_refused(tmp_path: Path, table: pa.Table, what: str) -> None:
    with pytest.raises(SubmissionError, match=what):
        publish(tmp_path, table, by=None)
    assert list(tmp_path.iterdir()) == []


def test_other_content_under_a_taken_name_is_never_overwritten(tmp_path: Path) -> None:
    table = run_table()
    publish(tmp_path, run_table("First"), by=None)
    stranger = tmp_path / "submissions" / f"{run_id_of(table)}.parquet"
    write_parquet(run_table("Stranger"), stranger, overwrite=False)
    before = stranger.read_bytes()
    with pytest.raises(SubmissionError, match="taken by other content"):
        publish(tmp_path, table, by=None)
    assert stranger.read_bytes() == before
    assert len(log.read(tmp_path)) == 1


def test_withdrawn_and_restored_it_is_the_same_file(tmp_path: Path) -> None:
    published = publish(tmp_path, run_table(), by="ada")
    other = publish(tmp_path, run_table("Other"), by=None)
    before = published.path.read_bytes()
    withdraw(tmp_path, published.run_id, "  the judge was cut off  ", "bob")
    assert visible(tmp_path) == [other.run_id]
    withdraw(tmp_path, other.run_id, "later", None)
    latest, first = withdrawn(tmp_path)
    assert (first.run_id, first.why, first.by) == (published.run_id, "the judge was cut off", "bob")
    assert latest.run_id == other.run_id
    assert first.at is not None and latest.at is not None
    assert first.at < latest.at
    restore(tmp_path, published.run_id, "ada")
    assert published.path.read_bytes() == before
    assert [each.run_id for each in withdrawn(tmp_path)] == [other.run_id]
    assert events(tmp_path) == [
        ("publish", published.run_id),
        ("publish", other.run_id),
        ("withdraw", published.run_id),
        ("withdraw", other.run_id),
        ("restore", published.run_id),
    ]
    assert {event.content_hash for event in log.read(tmp_path)} == {
        content_hash(run_table()),
        content_hash(run_table("Other")),
    }
    assert verify(tmp_path) == []


@pytest.mark.parametrize("why", ["", " \n\t", "x" * 2_001])
def test_a_withdrawal_needs_a_reason_of_a_sentence(tmp_path: Path, why: str) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    with pytest.raises(SubmissionError, match="reason"):
        withdraw(tmp_path, run_id, why, None)
    assert visible(tmp_path) == [run_id]


@pytest.mark.parametrize("run_id", ["no-such-run-00000000", "../results", "a/b", "", "x" * 300, "a\x00b", "Über"])
@pytest.mark.parametrize("act", [lambda d, r: withdraw(d, r, "why", None), lambda d, r: restore(d, r, None)])
def test_an_unknown_run_is_named(tmp_path: Path, act: Callable[[Path, str], None], run_id: str) -> None:
    with pytest.raises(NoRun):
        act(tmp_path, run_id)


def test_a_shipped_run_cannot_be_withdrawn_and_the_hint_says_what_can(tmp_path: Path) -> None:
    table = run_table("Shipped-1B")
    write_parquet(table, tmp_path / "results.parquet", overwrite=False)
    with pytest.raises(NoRun, match="shipped with the program") as refused:
        withdraw(tmp_path, run_id_of(table), "why", None)
    assert "siuo_dash build" in refused.value.hint


def test_twice_withdrawn_and_twice_restored_is_told(tmp_path: Path) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    with pytest.raises(NoRun, match="already in submissions"):
        restore(tmp_path, run_id, None)
    withdraw(tmp_path, run_id, "why", None)
    with pytest.raises(NoRun, match="already in withdrawn"):
        withdraw(tmp_path, run_id, "why", None)


def test_a_broken_file_can_be_withdrawn(tmp_path: Path) -> None:
    published = publish(tmp_path, run_table(), by=None)
    published.path.write_bytes(b"PAR1 garbage PAR1")
    withdraw(tmp_path, published.run_id, "the file is broken", None)
    assert log.read(tmp_path)[-1].content_hash is None
    assert [each.run_id for each in withdrawn(tmp_path)] == [published.run_id]


def test_without_a_data_directory_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="the data directory is not there"):
        publish(tmp_path / "unmounted", run_table(), by=None)
    assert withdrawn(tmp_path / "unmounted") == []
    assert not (tmp_path / "unmounted").exists()


def test_a_store_held_by_another_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, run_table(), by=None)
    monkeypatch.setattr(journal, "LOCK_SECONDS", 0.0)
    with (tmp_path / "submissions" / ".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(SubmissionError, match="another process"):
            publish(tmp_path, run_table("Other"), by=None)
    assert list(journal.folder(tmp_path, "incoming").iterdir()) == []
    publish(tmp_path, run_table("Other"), by=None)
    assert verify(tmp_path) == []


def test_threads_of_one_server_exclude_each_other(tmp_path: Path) -> None:
    tables = [run_table(f"Model-{number % 4}") for number in range(16)]

    def attempt(table: pa.Table) -> str | None:
        try:
            return publish(tmp_path, table, by=None).run_id
        except AlreadyPublished:
            return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = [run_id for run_id in pool.map(attempt, tables) if run_id]
    assert sorted(outcomes) == visible(tmp_path) == sorted({run_id_of(table) for table in tables})
    assert verify(tmp_path) == []


def test_an_interrupt_between_the_steps_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(tmp_path, run_table("First"), by=None)
    link = os.link

    def interrupted(source: Any, target: Any) -> None:
        link(source, target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "link", interrupted)
        publish(tmp_path, run_table(), by=None)
    assert visible(tmp_path) == [first.run_id]
    assert verify(tmp_path) == []
    assert len(list(journal.folder(tmp_path, "claims").iterdir())) == 1
    publish(tmp_path, run_table(), by=None)


def test_every_visible_step_is_synced_before_and_after(tmp_path: Path) -> None:
    steps: list[str] = []
    watched = {("posix", name) for name in ("write", "fsync", "link", "replace", "rename", "ftruncate")}

    def record(_frame: object, event: str, function: Any) -> None:
        if event == "c_call" and (function.__module__, function.__name__) in watched:
            steps.append(function.__name__)

    publish(tmp_path, run_table("First"), by=None)
    sys.setprofile(record)
    try:
        run_id = publish(tmp_path, run_table(), by=None).run_id
        withdraw(tmp_path, run_id, "why", None)
    finally:
        sys.setprofile(None)
    assert steps.count("link") == 1
    assert steps.count("rename") == 1
    for before, step, after in zip(["fsync", *steps], steps, [*steps[1:], "fsync"], strict=False):
        if step in ("link", "replace", "rename"):
            assert (before, after) == ("fsync", "fsync")
        if step == "write":
            assert after == "fsync"


def test_the_cost_does_not_grow_with_the_store(tmp_path: Path) -> None:
    def calls(model: str) -> Counter[str]:
        counted: Counter[str] = Counter()

        def record(_frame: object, event: str, function: Any) -> None:
            if event == "c_call":
                counted[f"{function.__module__}.{function.__qualname__}"] += 1

        sys.setprofile(record)
        try:
            publish(tmp_path, run_table(model), by=None)
        finally:
            sys.setprofile(None)
        return counted

    publish(tmp_path, run_table("Model-000"), by=None)
    few = calls("Model-001")
    for number in range(2, 60):
        publish(tmp_path, run_table(f"Model-{number:03}"), by=None)
    many = calls("Model-060")
    assert few["posix.open"] > 5
    assert many == few


def test_files_copied_in_by_hand_are_logged_and_claimed_by_repair(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    published = publish(there, run_table(), by=None)
    removed = publish(there, run_table("Other"), by=None)
    withdraw(there, removed.run_id, "why", None)
    for place in ("submissions", "withdrawn"):
        (here / place).mkdir()
        for path in (there / place).glob("*.parquet"):
            shutil.copy(path, here / place)
    assert [finding.file for finding in verify(here) if finding.severity == "error"] == [log.LOG]
    assert len(repair(here)) == 5
    assert verify(here) == []
    assert [(event.event, event.run_id, event.reconciled) for event in log.read(here)] == [
        ("publish", published.run_id, True),
        ("publish", removed.run_id, True),
        ("withdraw", removed.run_id, True),
    ]
    assert repair(here) == []
    with pytest.raises(AlreadyPublished):
        publish(here, run_table("Renamed", content="Example-7B"), by=None)


def test_verify_names_each_fault(tmp_path: Path) -> None:
    kept, lost, edited, moved, torn = (publish(tmp_path, run_table(f"Model-{n}"), by=None) for n in range(5))
    lost.path.unlink()
    table = pq.read_table(edited.path, partitioning=None)
    digest = stored_hash(edited.path)
    assert digest
    flipped = table.set_column(16, RESULT_SCHEMA.field("safe"), pa.array([True] * 5))
    write_parquet(flipped, edited.path, overwrite=True, metadata={"siuo.content_hash": digest})
    moved.path.rename(tmp_path / "withdrawn" / moved.path.name)
    torn.path.write_bytes(torn.path.read_bytes()[:-20])
    twin = run_table("Twin", content="Model-0")
    write_parquet(twin, tmp_path / "submissions" / f"{run_id_of(twin)}.parquet", overwrite=False)
    found = {
        finding.file.removesuffix(".parquet").partition("/")[2]: finding.message
        for finding in verify(tmp_path)
        if finding.severity == "error"
    }
    assert "its file is gone" in found[lost.run_id]
    assert "which is not the run_id's" in found[edited.run_id]
    assert "by the log it should be in submissions" in found[moved.run_id]
    assert "cannot be read" in found[torn.run_id]
    assert "the same content is also in" in found[run_id_of(twin)]
    assert kept.run_id not in found


def test_an_unreadable_note_is_set_aside(tmp_path: Path) -> None:
    publish(tmp_path, run_table(), by=None)
    note = journal.folder(tmp_path, "incoming").parent / "pending.json"
    note.write_text(json.dumps({"event": "of a later version", "at": "", "run_id": "x", "content_hash": None}))
    publish(tmp_path, run_table("Other"), by=None)
    assert note.with_suffix(".unreadable").exists()
    assert verify(tmp_path) == []


def test_named_gives_the_id_that_publish_asks_for(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="does not belong"):
        publish(tmp_path, run_table().set_column(1, RESULT_SCHEMA.field("model"), pa.array(["Else"] * 5)), by=None)
    publish(tmp_path, named(run_table()), by=None)


def test_a_claim_without_its_run_bars_nobody_and_repair_removes_it(tmp_path: Path) -> None:
    table = run_table()
    publish(tmp_path, run_table("First"), by=None)
    claims.write(tmp_path, content_hash(table), "killed-before-it-appeared-00000000")
    claims.write(tmp_path, "ab" * 32, "../outside")
    published = publish(tmp_path, table, by=None)
    assert claims.holder(tmp_path, content_hash(table)) == published.run_id
    assert repair(tmp_path) == [f"removed the stale claim {'ab' * 32}"]
    claims.write(tmp_path, "cd" * 32, "no-such-run-00000000")
    assert repair(tmp_path) == [f"removed the stale claim {'cd' * 32}"]
    assert verify(tmp_path) == []


def test_a_time_that_is_none_does_not_hide_the_withdrawn(tmp_path: Path) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    withdraw(tmp_path, run_id, "why", None)
    lines = [json.loads(line) | {"at": "yesterday"} for line in (tmp_path / log.LOG).read_text().splitlines()]
    (tmp_path / log.LOG).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert [(each.run_id, each.why, each.at) for each in withdrawn(tmp_path)] == [(run_id, "why", None)]
