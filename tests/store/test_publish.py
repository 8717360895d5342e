"""Publishing, withdrawing and restoring on a real directory."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.errors import NoRun, StoreError, SubmissionError
from siuo_dash.store.files import write_parquet
from siuo_dash.store.registry import Actor, AlreadyPublished, opening, publish, restore, sqlite, withdraw, withdrawn
from siuo_dash.store.registry.opening import changing, close, version
from siuo_dash.store.registry.reading import public_runs
from siuo_dash.store.registry.tables import runs
from siuo_dash.store.runs.parquet import CONTENT_HASH, with_made
from tests.make.registry import asked, events, faults, file_of, left_over, rewrite, without_an_index
from tests.make.runs import named, run_id_of, run_table, totals_table
from tests.store.review_runs import LOCAL

pytestmark = pytest.mark.postgres(heavy=True)


def visible(data_dir: Path) -> list[str]:
    return sorted(run.run_id for run in public_runs(data_dir))


def happened(data_dir: Path) -> list[tuple[str, str]]:
    return [(event.event, event.run_id) for event in events(data_dir)]


def test_a_published_run_is_there_whole_and_logged(tmp_path: Path) -> None:
    table = run_table()
    published = publish(tmp_path, table, by="ada@example.org")
    assert published.run_id == run_id_of(table)
    assert published.path == file_of(tmp_path, published.run_id)
    assert published.path.stem == hashlib.sha256(published.path.read_bytes()).hexdigest()
    assert pq.read_table(published.path, partitioning=None).equals(table)
    assert pq.read_schema(published.path).metadata[CONTENT_HASH.encode()].decode() == content_hash(table)
    (event,) = events(tmp_path)
    assert (event.event, event.run_id, event.by) == ("publish", published.run_id, "ada@example.org")
    assert event.content_hash == content_hash(table)
    assert faults(tmp_path) == []
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("again", [run_table(), run_table("Renamed-8B", content="Example-7B")], ids=["same", "renamed"])
def test_the_same_content_is_refused_whatever_its_name(tmp_path: Path, again: pa.Table) -> None:
    first = publish(tmp_path, run_table(), by=None)
    with pytest.raises(AlreadyPublished, match=f"already published as {first.run_id}") as refused:
        publish(tmp_path, again, by=None)
    assert (refused.value.existing_run_id, refused.value.state) == (first.run_id, "published")
    assert visible(tmp_path) == [first.run_id]
    assert len(events(tmp_path)) == 1
    assert faults(tmp_path) == []


def by_judge(judge: str, status: str = "self-reported", content: str = "Example-7B") -> pa.Table:
    table = run_table("Example-7B", judge=judge, content=content)
    at = table.schema.get_field_index("source_status")
    return table.set_column(at, table.schema.field(at), pa.array([status] * table.num_rows))


def test_two_judges_may_say_the_same_of_the_same_responses(tmp_path: Path) -> None:
    first = publish(tmp_path, by_judge("judge-a"), by=None)
    second = publish(tmp_path, by_judge("judge-b", "re-judged"), by=None)
    made = publish(tmp_path, with_made(by_judge("judge-c"), {"engine": "inspect-ai"}), by=None)
    assert visible(tmp_path) == sorted(each.run_id for each in (first, second, made))
    for again in (by_judge("Judge A", "re-judged"), by_judge("judge-b"), with_made(by_judge("judge-c"), {})):
        with pytest.raises(AlreadyPublished):
            publish(tmp_path, again, by=None)
    assert faults(tmp_path) == [] and len(events(tmp_path)) == 3


def test_another_judges_name_alone_makes_no_other_run(tmp_path: Path) -> None:
    first = publish(tmp_path, by_judge("judge-a"), by=None)
    with pytest.raises(AlreadyPublished, match=f"already published as {first.run_id}"):
        publish(tmp_path, by_judge("judge-b"), by=None)
    write_parquet(by_judge("judge-a", content="Shipped"), tmp_path / "results.parquet", overwrite=False)
    with pytest.raises(AlreadyPublished, match="shipped with the program"):
        publish(tmp_path, by_judge("judge-b", content="Shipped"), by=None)
    publish(tmp_path, by_judge("judge-b", "re-judged", content="Shipped"), by=None)


def test_a_registry_of_an_earlier_version_takes_another_judges_run(tmp_path: Path) -> None:
    publish(tmp_path, by_judge("judge-a"), by=None)
    close(tmp_path)
    with closing(sqlite3.connect(tmp_path / "registry.db")) as earlier, earlier:
        earlier.execute("DROP INDEX one_public_run_a_judgement")
        earlier.execute("CREATE UNIQUE INDEX one_public_run_a_content ON runs (content_hash) WHERE state != 'draft'")
    publish(tmp_path, by_judge("judge-b", "re-judged"), by=None)
    with pytest.raises(sqlite3.IntegrityError), closing(sqlite3.connect(tmp_path / "registry.db")) as now, now:
        now.execute("UPDATE runs SET judge = 'judge-a'")  # the claim itself, whatever the program asks before


def test_the_same_content_as_a_withdrawn_run_is_refused(tmp_path: Path) -> None:
    first = publish(tmp_path, run_table(), by=None)
    withdraw(tmp_path, first.run_id, LOCAL, "wrong judge")
    with pytest.raises(AlreadyPublished, match="published and withdrawn") as refused:
        publish(tmp_path, run_table("Renamed", content="Example-7B"), by=None)
    assert (refused.value.existing_run_id, refused.value.state) == (first.run_id, "withdrawn")


def test_a_shipped_run_is_refused_under_any_name(tmp_path: Path) -> None:
    shipped = run_table("Shipped-1B")
    write_parquet(pa.concat_tables([shipped, totals_table("Totals")]), tmp_path / "results.parquet", overwrite=False)
    with pytest.raises(AlreadyPublished, match="shipped with the program") as refused:
        publish(tmp_path, run_table("Renamed", content="Shipped-1B"), by=None)
    assert (refused.value.existing_run_id, refused.value.state) == (run_id_of(shipped), "shipped")
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
    assert faults(tmp_path) == []


def test_broken_shipped_results_say_so(tmp_path: Path) -> None:
    (tmp_path / "results.parquet").write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(StoreError, match="siuo_dash build"):
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
    publish(tmp_path, run_table("First"), by=None)
    with changing(tmp_path) as now:
        now.connection.execute(update(runs).values(run_id=run_id_of(run_table())))
    with pytest.raises(SubmissionError, match="taken by other content"):
        publish(tmp_path, run_table(), by=None)
    assert visible(tmp_path) == [run_id_of(run_table())]
    assert len(events(tmp_path)) == 1 and left_over(tmp_path) == []


def test_withdrawn_and_restored_it_is_the_same_file(tmp_path: Path) -> None:
    published = publish(tmp_path, run_table(), by="ada")
    other = publish(tmp_path, run_table("Other"), by=None)
    before = published.path.read_bytes()
    withdraw(tmp_path, published.run_id, Actor(None, reviewer=True, name="bob"), "  the judge was cut off  ")
    assert visible(tmp_path) == [other.run_id]
    withdraw(tmp_path, other.run_id, LOCAL, "later")
    latest, first = withdrawn(tmp_path)
    assert (first.run_id, first.why, first.by) == (published.run_id, "the judge was cut off", "bob")
    assert latest.run_id == other.run_id
    assert first.at is not None and latest.at is not None
    assert first.at < latest.at
    restore(tmp_path, published.run_id, LOCAL)
    assert published.path.read_bytes() == before
    assert [each.run_id for each in withdrawn(tmp_path)] == [other.run_id]
    assert happened(tmp_path) == [
        ("publish", published.run_id),
        ("publish", other.run_id),
        ("withdraw", published.run_id),
        ("withdraw", other.run_id),
        ("restore", published.run_id),
    ]
    assert {event.content_hash for event in events(tmp_path)} == {
        content_hash(run_table()),
        content_hash(run_table("Other")),
    }
    assert faults(tmp_path) == []


@pytest.mark.parametrize("why", ["", " \n\t", "x" * 2_001])
def test_a_withdrawal_needs_a_reason_of_a_sentence(tmp_path: Path, why: str) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    with pytest.raises(SubmissionError, match="reason"):
        withdraw(tmp_path, run_id, LOCAL, why)
    assert visible(tmp_path) == [run_id]


@pytest.mark.parametrize("run_id", ["no-such-run-00000000", "../results", "a/b", "", "x" * 300, "a\x00b", "Über"])
@pytest.mark.parametrize("act", [lambda d, r: withdraw(d, r, LOCAL, "why"), lambda d, r: restore(d, r, LOCAL)])
def test_an_unknown_run_is_named(tmp_path: Path, act: Callable[[Path, str], object], run_id: str) -> None:
    with pytest.raises(NoRun):
        act(tmp_path, run_id)


def test_a_shipped_run_cannot_be_withdrawn_and_the_hint_says_what_can(tmp_path: Path) -> None:
    table = run_table("Shipped-1B")
    write_parquet(table, tmp_path / "results.parquet", overwrite=False)
    with pytest.raises(NoRun, match="shipped with the program") as refused:
        withdraw(tmp_path, run_id_of(table), LOCAL, "why")
    assert "siuo_dash build" in refused.value.hint


def test_twice_withdrawn_and_twice_restored_is_told(tmp_path: Path) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    with pytest.raises(NoRun, match="already published"):
        restore(tmp_path, run_id, LOCAL)
    withdraw(tmp_path, run_id, LOCAL, "why")
    with pytest.raises(NoRun, match="already withdrawn"):
        withdraw(tmp_path, run_id, LOCAL, "why")


def test_a_broken_file_can_be_withdrawn(tmp_path: Path) -> None:
    published = publish(tmp_path, run_table(), by=None)
    published.path.write_bytes(b"PAR1 garbage PAR1")
    withdraw(tmp_path, published.run_id, LOCAL, "the file is broken")
    assert [each.run_id for each in withdrawn(tmp_path)] == [published.run_id]


def test_without_a_data_directory_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the data directory is not there"):
        publish(tmp_path / "unmounted", run_table(), by=None)
    assert withdrawn(tmp_path / "unmounted") == []
    assert not (tmp_path / "unmounted").exists()


@pytest.mark.postgres(never=True)
def test_a_store_held_by_another_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, run_table(), by=None)
    close(tmp_path)
    for module in (opening, sqlite):  # a thread of this process, another process
        monkeypatch.setattr(module, "LOCK_SECONDS", 0.0)
    with closing(sqlite3.connect(tmp_path / opening.REGISTRY, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process"):
            publish(tmp_path, run_table("Other"), by=None)
        assert visible(tmp_path) == [run_id_of(run_table())], "who reads does not wait"
    assert left_over(tmp_path) == []
    with changing(tmp_path), ThreadPoolExecutor(1) as pool, pytest.raises(StoreError, match="another process"):
        pool.submit(publish, tmp_path, run_table("Other"), by=None).result()
    publish(tmp_path, run_table("Other"), by=None)
    assert faults(tmp_path) == []


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
    assert faults(tmp_path) == []


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
    assert faults(tmp_path) == []
    assert left_over(tmp_path) == []
    publish(tmp_path, run_table(), by=None)


@pytest.mark.postgres(never=True)
def test_a_file_is_whole_on_the_disk_before_a_row_names_it(tmp_path: Path) -> None:
    steps: list[str] = []
    watched = {("posix", name) for name in ("write", "fsync", "link", "replace", "rename")}

    def record(_frame: object, event: str, function: Any) -> None:
        if event == "c_call" and (function.__module__, function.__name__) in watched:
            steps.append(function.__name__)
        elif event == "c_call" and isinstance(getattr(function, "__self__", None), sqlite3.Connection):
            steps.append(f"sqlite {function.__name__}")

    publish(tmp_path, run_table("First"), by=None)
    sys.setprofile(record)
    try:
        publish(tmp_path, run_table(), by=None)
    finally:
        sys.setprofile(None)
    of_disk = [step for step in steps if not step.startswith("sqlite")]
    assert of_disk == ["write", "fsync", "link", "fsync"], "the bytes, then the name, each synced"
    assert steps.index("sqlite commit") > max(place for place, step in enumerate(steps) if step == "fsync")


@pytest.mark.postgres(never=True)
def test_every_commit_is_synced(tmp_path: Path) -> None:
    publish(tmp_path, run_table(), by=None)
    with changing(tmp_path) as now:
        pragmas = [
            now.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


@pytest.mark.postgres(never=True)
def test_the_cost_does_not_grow_with_the_store(tmp_path: Path) -> None:
    publish(tmp_path, run_table("Model-000"), by=None)
    with asked() as few:
        publish(tmp_path, run_table("Model-001"), by=None)
    for number in range(2, 60):
        publish(tmp_path, run_table(f"Model-{number:03}"), by=None)
    with asked() as many:
        publish(tmp_path, run_table("Model-060"), by=None)
    assert [sql for sql, _ in many] == [sql for sql, _ in few] != []
    assert without_an_index(tmp_path, many) == []


def test_noticing_a_change_is_one_question(tmp_path: Path) -> None:
    assert version(tmp_path) == 0 and list(tmp_path.iterdir()) == [], "reading makes nothing"
    publish(tmp_path, run_table(), by=None)
    with asked() as questions:
        assert version(tmp_path) == 1
    assert [sql for sql, _ in questions if sql != "BEGIN"] == ["SELECT head.seq \nFROM head"]


def test_named_gives_the_id_that_publish_asks_for(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match="does not belong"):
        publish(tmp_path, run_table().set_column(1, RESULT_SCHEMA.field("model"), pa.array(["Else"] * 5)), by=None)
    publish(tmp_path, named(run_table()), by=None)


def test_a_time_that_is_none_does_not_hide_the_withdrawn(tmp_path: Path) -> None:
    run_id = publish(tmp_path, run_table(), by=None).run_id
    withdraw(tmp_path, run_id, LOCAL, "why")
    rewrite(tmp_path, at="yesterday")
    assert [(each.run_id, each.why, each.at) for each in withdrawn(tmp_path)] == [(run_id, "why", None)]
