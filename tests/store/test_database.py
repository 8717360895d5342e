"""The store: what it takes in, what it leaves out by name, what a reader sees meanwhile, what no query can reach."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from siuo_dash.errors import CatalogueError, NoRun, SchemaError
from siuo_dash.store import files
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import RESULTS, write_parquet
from siuo_dash.store.registry.change import Upload
from siuo_dash.store.registry.opening import REGISTRY, changing
from siuo_dash.store.runs.parquet import parquet_bytes
from siuo_dash.store.runs.run_file import responses, run_table
from tests.make.registry import file_of
from tests.make.runs import IDS, make_run, run_id_of, with_column
from tests.make.stores import add, make_data

pytestmark = pytest.mark.postgres(heavy=True)

FIVE = [True, True, False, True, None]


def models(store: Store) -> list[str]:
    return list(store.frame("SELECT model FROM runs ORDER BY model")["model"])


def name_file(data: Path, file: str, run_id: str = "broken") -> None:
    """Publish a run of which nothing is known but its file."""
    upload = Upload(run_id, f"{run_id:0<64}", False, file, "self-reported", "Broken", "human", None)
    with changing(data) as now:
        now.bring("publish", upload, owner=None, verified=False)


def move(data: Path, *moves: tuple[str, str]) -> None:
    """Withdraw or restore runs in one change: (event, run_id)."""
    with changing(data) as now:
        for event, run_id in moves:
            row = now.run(run_id)
            assert row is not None
            now.move(event, row, None, "why")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data", make_run("Sound", FIVE))


def test_counts_one_run_as_its_rows_say(tmp_path: Path) -> None:
    run = make_run(
        "Mixed",
        [True, True, False, None],
        [True, False, True, None],
        [True, False, False, None],
        mcqa=[True, False, False],
        flags={0: ["cut_off"], 3: ["ungraded", "empty"]},
    )
    store = Store(make_data(tmp_path / "data", run))
    row = store.frame("SELECT * FROM runs").iloc[0]
    names = ("safe_k", "safe_n", "effective_k", "effective_n", "safe_and_effective_k", "safe_and_effective_n")
    assert [row[name] for name in names] == [2, 3, 2, 3, 1, 3]
    assert [row[name] for name in ("mcqa_k", "mcqa_n", "generation_samples", "mcqa_samples")] == [1, 3, 4, 3]
    assert (row["board"], row["judge"], row["responses_per_sample"], row["expected_samples"]) == (
        "human-3",
        "human",
        3,
        167,
    )
    flagged = store.frame("SELECT question_id, flag FROM flagged ORDER BY ALL")
    assert flagged.to_numpy().tolist() == [[1001, "cut_off"], [1004, "empty"], [1004, "ungraded"]]


def test_a_verdict_in_the_wrong_task_is_not_counted(tmp_path: Path) -> None:
    run = make_run("Strange", [True], mcqa=[True, True])
    run = with_column(run, "safe", [True, True, True])
    row = Store(make_data(tmp_path / "data", run)).frame("SELECT * FROM runs").iloc[0]
    assert (row["safe_k"], row["safe_n"], row["mcqa_k"], row["mcqa_n"]) == (1, 1, 2, 2)


def test_times_are_utc_wherever_the_machine_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    store = Store(make_data(tmp_path / "data", make_run("Timed", FIVE, submitted_at=noon)))
    assert store.frame("SELECT submitted_at FROM runs").iloc[0, 0] == noon.replace(tzinfo=None)


# What changes is noticed


def test_published_withdrawn_and_restored_runs_are_noticed(data: Path) -> None:
    store = Store(data)
    versions = [store.version]
    assert not store.refresh()

    added = make_run("Added", FIVE)
    add(data, added)
    assert store.refresh()
    assert models(store) == ["Added", "Sound"]
    versions.append(store.version)

    move(data, ("withdraw", run_id_of(added)))
    assert store.refresh()
    assert models(store) == ["Sound"]
    assert store.version == versions[0]

    move(data, ("restore", run_id_of(added)))
    assert store.refresh()
    assert (models(store), store.version) == (["Added", "Sound"], versions[1])
    assert not store.refresh()


def test_the_version_changes_with_what_is_shown_and_only_then(data: Path) -> None:
    store = Store(data)
    before = store.version
    waiting = make_run("Waits", FIVE)
    with changing(data) as now:
        upload = Upload.of(waiting, run_id_of(waiting), "0" * 64, files.keep(data, parquet_bytes(waiting)))
        now.bring("submit", upload, owner="ada@example.org", verified=True)
    assert not store.refresh()
    assert store.version == before
    with changing(data) as now:
        row = now.run(run_id_of(waiting))
        assert row is not None
        now.move("approve", row, "reviewer@example.org", source_status="re-judged")
    assert store.refresh()
    assert store.version != before
    assert store.frame("SELECT source_status FROM runs WHERE model = 'Waits'").iloc[0, 0] == "re-judged"


def test_run_id_and_badge_of_the_registry_are_laid_over_the_file(data: Path) -> None:
    table = make_run("Renamed", FIVE)
    name = files.keep(data, parquet_bytes(table))
    with changing(data) as now:
        upload = Upload.of(table, "renamed-human-2-00000000", "0" * 64, name)
        now.bring("publish", replace(upload, source_status="re-judged"), owner=None, verified=False)
    store = Store(data)
    about = store.frame("SELECT run_id, source_status, file FROM runs WHERE model = 'Renamed'").iloc[0].tolist()
    assert about == ["renamed-human-2-00000000", "re-judged", name]
    assert responses(store, "renamed-human-2-00000000", 1002)[0]["text"] == "Renamed says 1"
    downloaded = run_table(store, "renamed-human-2-00000000")
    assert set(downloaded["run_id"].to_pylist()) == {"renamed-human-2-00000000"}
    assert set(downloaded["source_status"].to_pylist()) == {"re-judged"}
    assert downloaded.drop_columns(["run_id", "source_status"]).equals(table.drop_columns(["run_id", "source_status"]))


def test_the_shipped_file_can_come_later(data: Path, root: Path) -> None:
    store = Store(data)
    assert [(broken.name, broken.why.split(";")[0]) for broken in store.broken] == [("results.parquet", "is missing")]
    shutil.copy(root / "data" / "results.parquet", data)
    assert store.refresh()
    assert len(models(store)) == 99
    assert store.broken == []


def test_a_changed_catalogue_is_taken_in_whole(data: Path) -> None:
    store = Store(data)
    path = data / "samples.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:6]), encoding="utf-8")
    before = store.version
    assert store.refresh()
    assert len(store.catalogue) == 5
    assert store.frame("SELECT expected_samples FROM runs").iloc[0, 0] == 5
    assert store.version != before
    assert not store.refresh()

    path.write_text("".join(lines[:4]), encoding="utf-8")
    assert store.refresh()
    assert models(store) == []
    assert store.broken[-1].why.startswith("question_id 1004 is not in samples.csv")


def test_a_catalogue_that_breaks_is_named_and_comes_back(data: Path) -> None:
    store = Store(data)
    path = data / "samples.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"\n1003,") + 30])
    for _ in range(2):
        with pytest.raises(CatalogueError, match=r"samples\.csv, line"):
            store.refresh()
    path.write_bytes(whole)
    store.refresh()
    assert models(store) == ["Sound"]


def test_a_directory_that_is_missing_vanishes_and_returns(data: Path) -> None:
    with pytest.raises(CatalogueError, match="point SIUO_DATA to a folder"):
        Store(data / "nowhere")
    with pytest.raises(CatalogueError, match="Not a directory"):
        Store(data / "samples.csv")
    store = Store(data)
    elsewhere = data.rename(data.with_name("elsewhere"))
    with pytest.raises(CatalogueError, match="cannot be read"):
        store.refresh()
    elsewhere.rename(data)
    store.refresh()
    assert models(store) == ["Sound"]


@pytest.mark.postgres(never=True)
def test_a_file_that_is_laid_in_by_hand_is_not_part_of_the_store(data: Path) -> None:
    store = Store(data)
    (data / "submissions").mkdir()
    for folder in ("submissions", "runs"):
        write_parquet(make_run("By hand", FIVE), data / folder / "by-hand.parquet", overwrite=False)
    assert not store.refresh()
    assert models(store) == models(Store(data)) == ["Sound"]


def test_without_a_registry_reading_makes_nothing(tmp_path: Path, root: Path) -> None:
    data = make_data(tmp_path / "data", shipped=True)
    store = Store(data)
    assert len(models(store)) == 98 and not store.refresh()
    assert sorted(path.name for path in data.iterdir()) == [RESULTS, "samples.csv"]
    add(data, make_run("First", FIVE))
    assert store.refresh() and len(models(store)) == 99


@pytest.mark.postgres(never=True)
def test_a_registry_from_a_backup_is_noticed(data: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.tar"
    backup(data, earlier)
    add(data, make_run("Later", FIVE))
    store = Store(data)
    restore_from(earlier, tmp_path / "restored")
    (tmp_path / "restored" / REGISTRY).replace(data / REGISTRY)
    for name in ("-wal", "-shm"):
        (data / f"{REGISTRY}{name}").unlink(missing_ok=True)
    assert store.refresh()
    assert models(store) == ["Sound"]


# What cannot be read is named, and the rest works


def truncated(path: Path, run: pa.Table) -> None:
    pq.write_table(run, path)
    os.truncate(path, path.stat().st_size - 40)


def scrambled(path: Path, run: pa.Table) -> None:
    pq.write_table(run, path, compression="zstd", use_dictionary=False)
    body = bytearray(path.read_bytes())
    body[4 : len(body) // 2] = bytes(len(body) // 2 - 4)
    path.write_bytes(body)


def not_utf8(run: pa.Table, name: str) -> pa.Table:
    offsets = pa.array(range(0, 2 * run.num_rows + 1, 2), pa.int32()).buffers()[1]
    values = pa.Array.from_buffers(pa.string(), run.num_rows, [None, offsets, pa.py_buffer(b"\xff\xfe" * run.num_rows)])
    return run.set_column(run.schema.get_field_index(name), run.schema.field(name), values)


def written(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path, pa.Table], None]:
    return lambda path, run: pq.write_table(change(run), path)


BROKEN: dict[str, tuple[Callable[[Path, pa.Table], object], str]] = {
    "truncated": (truncated, "cannot be read (Parquet magic bytes not found"),
    "scrambled": (scrambled, "cannot be read ("),
    "zero bytes": (lambda path, _: path.write_bytes(b""), "cannot be read (Parquet file size is 0 bytes)"),
    "text": (lambda path, _: path.write_text("run_id,model\n"), "cannot be read (Parquet magic bytes"),
    "a directory": (lambda path, _: path.mkdir(), "is not a file"),
    "a pipe": (lambda path, _: os.mkfifo(path), "is not a file"),
    "a dead link": (lambda path, _: path.symlink_to("nothing"), "is a link to a file that is not there"),
    "a circle": (lambda path, _: path.symlink_to(path.name), "cannot be looked at (Too many levels"),
    "column missing": (written(lambda run: run.drop_columns(["judge"])), "column judge is missing; docs/data.md"),
    "column type": (
        written(lambda run: with_column(run, "question_id", ["1"] * 5, pa.string())),
        "column question_id is string, not int32",
    ),
    "no rows": (written(lambda run: run.slice(0, 0)), "it holds no run"),
    "null model": (
        written(lambda run: with_column(run, "model", [None] * 5, pa.string())),
        "column model holds nulls",
    ),
    "text that is not UTF-8": (written(lambda run: not_utf8(run, "model")), "cannot be read ("),
    "an id that is not UTF-8": (written(lambda run: not_utf8(run, "run_id")), "cannot be read ("),
    "unknown task": (written(lambda run: with_column(run, "task", ["video"] * 5)), "task video is not known"),
    "unknown evidence": (written(lambda run: with_column(run, "evidence", ["rumour"] * 5)), "evidence rumour"),
    "unknown flag": (written(lambda run: with_column(run, "flags", [["odd"]] * 5)), "flag odd is not known"),
    "unknown sample": (
        written(lambda run: with_column(run, "question_id", [1001, 1002, 1003, 1004, 9999])),
        "question_id 9999 is not in samples.csv",
    ),
    "no sample": (
        written(lambda run: with_column(run, "question_id", [None] * 5)),
        "a row without a question_id has evidence per_sample",
    ),
    "sample in totals": (
        written(lambda run: with_column(run, "evidence", ["totals"] * 5)),
        "question_id 1001 has evidence totals",
    ),
    "sample twice": (written(lambda run: pa.concat_tables([run, run])), "question_id 1001 is there twice in run"),
    "two models": (
        written(lambda run: with_column(run, "model", ["A", "A", "A", "A", "B"])),
        "has more than one model, sample set, judge or kind of evidence",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_and_the_rest_works(data: Path, kind: str) -> None:
    write, words = BROKEN[kind]
    store = Store(data)
    path = data / "runs" / "broken.parquet"
    write(path, make_run("Broken", FIVE))
    name_file(data, "runs/broken.parquet")
    add(data, make_run("Later", FIVE))
    assert store.refresh()
    assert models(store) == ["Later", "Sound"]
    named = {broken.name: broken.why for broken in store.broken}
    why = named["run broken, runs/broken.parquet"]
    assert words in why and str(data) not in why
    assert not store.refresh()

    # Restored from a backup, or withdrawn, it is fine again.
    path.rmdir() if path.is_dir() else path.unlink()
    assert store.refresh()
    assert "cannot be read (No such file or directory); restore it from a backup or withdraw" in store.broken[-1].why
    write_parquet(make_run("Restored", FIVE), path, overwrite=False)
    assert store.refresh()
    assert models(store) == ["Later", "Restored", "Sound"]
    move(data, ("withdraw", "broken"))
    assert store.refresh()
    assert [broken.name for broken in store.broken] == [RESULTS]


def test_a_file_that_may_not_be_read(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = add(data, make_run("Closed", FIVE))
    opened = os.open

    def refuse(name: str | Path, *how: int, **more: int) -> int:
        if Path(name) == path:  # the superuser, whom tests may run as, is refused nothing
            raise PermissionError(13, "Permission denied", str(path))
        return opened(name, *how, **more)

    monkeypatch.setattr(os, "open", refuse)
    store = Store(data)
    assert models(store) == ["Sound"]
    assert store.broken[-1].why.startswith("cannot be read (Permission denied)")


def test_one_run_in_two_files_counts_once(data: Path) -> None:
    write_parquet(make_run("Sound", FIVE), data / RESULTS, overwrite=False)
    store = Store(data)
    assert models(store) == ["Sound"]
    (broken,) = store.broken
    assert broken.name.startswith(f"run {run_id_of(make_run('Sound', FIVE))}, runs/")
    assert "is also in results.parquet; remove one of the two" in broken.why
    # Removing either of the two is enough.
    (data / RESULTS).unlink()
    assert store.refresh()
    assert models(store) == ["Sound"]
    assert [broken.name for broken in store.broken] == [RESULTS]


def test_other_writers_names_orders_and_nulls_are_understood(data: Path) -> None:
    path = data / "runs"
    pq.write_table(make_run("Backwards", FIVE).select(make_run("x", FIVE).schema.names[::-1]), path / "b.parquet")
    relaxed = make_run("Relaxed", FIVE)
    relaxed = relaxed.cast(pa.schema([pa.field(field.name, field.type) for field in relaxed.schema]))
    pq.write_table(relaxed, path / "r.parquet")
    pq.write_table(make_run("Items", FIVE, flags={0: ["empty"]}), path / "i.parquet")
    duckdb.connect().execute(f"COPY (SELECT * FROM '{path}/i.parquet') TO '{path}/d.parquet'")
    for letter in "brd":
        name_file(data, f"runs/{letter}.parquet", letter)
    store = Store(data)
    assert [broken.name for broken in store.broken] == [RESULTS]
    assert models(store) == ["Backwards", "Items", "Relaxed", "Sound"]
    assert store.frame("SELECT flag FROM flagged")["flag"].tolist() == ["empty"]
    for letter in "brd":
        assert len(responses(store, letter, 1002)) == 1 and run_table(store, letter).num_rows == 5


# Responses


def test_the_responses_of_one_sample(data: Path) -> None:
    store = Store(data)
    name = run_id_of(make_run("Sound", FIVE))
    second = responses(store, name, IDS[1])
    assert [(response["text"], response["safe"]) for response in second] == [("Sound says 1", True)]
    assert responses(store, name, 9001) == []
    with pytest.raises(NoRun):
        responses(store, "no-such-run", 1001)
    file_of(data, name).unlink()
    with pytest.raises(SchemaError, match="cannot be read"):
        responses(store, name, 1001)


def test_no_aggregate_reads_the_texts(data: Path) -> None:
    run = make_run("Unreadable texts", FIVE)
    path = add(data, run)
    metadata = pq.read_metadata(path)
    group = metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    text = next(column for column in columns if column.path_in_schema == "responses.list.element.text")
    body = bytearray(path.read_bytes())
    start = text.dictionary_page_offset or text.data_page_offset
    body[start : start + text.total_compressed_size] = b"\xff" * text.total_compressed_size
    path.write_bytes(body)
    store = Store(data)
    assert models(store) == ["Sound", "Unreadable texts"]
    assert store.frame("SELECT safe_k, safe_n FROM runs WHERE model LIKE 'Unr%'").iloc[0].tolist() == [3, 4]
    with pytest.raises(SchemaError):
        responses(store, run_id_of(run), 1001)


# Readers


def test_eight_readers_see_whole_states_while_files_change(data: Path) -> None:
    add(data, make_run("Other", FIVE))
    store = Store(data)
    states = [make_run("Changing", [True] * 60, [False] * 60), make_run("Changing", [False] * 40, [True] * 40)]
    for state in states:
        add(data, state)
        move(data, ("withdraw", run_id_of(state)))
    one, two = map(run_id_of, states)
    changes = [[("restore", one)], [("withdraw", one), ("restore", two)], [("withdraw", two)]]
    faults: list[object] = []
    done = threading.Event()
    started = threading.Barrier(9)

    def read() -> None:
        started.wait()
        while not done.is_set():
            with store.reading():
                version = store.version
                runs = store.frame(
                    "SELECT run_no, generation_samples, safe_k, effective_k FROM runs WHERE model = 'Changing'"
                )
                rows = store.frame(
                    "SELECT v.run_no, COUNT(*) AS n, COUNT(*) FILTER (WHERE v.safe) AS safe FROM verdicts v "
                    "JOIN runs r ON r.run_no = v.run_no WHERE r.model = 'Changing' GROUP BY v.run_no"
                )
                count = store.frame("SELECT COUNT(*) FROM runs").iloc[0, 0]
                same = store.version == version
            seen = [*runs.to_numpy().tolist(), *rows.to_numpy().tolist()]
            whole = [
                [],
                *([[no, 60, 60, 0], [no, 60, 60]] for no in runs["run_no"]),
                *([[no, 40, 0, 40], [no, 40, 0]] for no in runs["run_no"]),
            ]
            if seen not in whole or count != 2 + len(runs) or not same:
                faults.append((seen, count))

    def reader() -> None:
        try:
            read()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test must tell)
            faults.append(error)

    threads = [threading.Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    for step in range(12):
        move(data, *changes[step % 3])
        if step == 7:
            os.utime(data / "samples.csv")  # the whole database is made again
        assert store.refresh()
    done.set()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_reader_moves_on_with_its_own_refresh_only(data: Path) -> None:
    store = Store(data)
    with store.reading():
        before = store.version
        add(data, make_run("Added", FIVE))
        refreshed = threading.Thread(target=store.refresh)
        refreshed.start()
        refreshed.join()
        assert (models(store), store.version) == (["Sound"], before)
        store.refresh()
        assert models(store) == ["Added", "Sound"]
        assert store.version != before
    assert models(store) == ["Added", "Sound"]


# What no query can reach


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{data}/samples.csv')",
        "SELECT * FROM '{data}/runs/*.parquet'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'https://example.org/a.parquet'",
        "COPY runs TO '{data}/stolen.csv'",
        "EXPORT DATABASE '{data}/stolen'",
        "ATTACH '{data}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET python_enable_replacements = true",
        "SELECT * FROM secret_frame",
        "SELECT getenv('PATH')",
        "DELETE FROM runs",
        "UPDATE runs SET safe_k = safe_n",
        "INSERT INTO verdicts SELECT * FROM verdicts",
        "DROP TABLE runs",
        "CREATE TABLE mine (i INTEGER)",
        "CREATE MACRO lower(x) AS 'x'",
    ],
)
def test_queries_reach_nothing_outside_and_change_nothing(guarded: Store, sql: str) -> None:
    secret_frame = guarded.frame("SELECT 1 AS secret")
    assert len(secret_frame) == 1
    sql = sql.format(data=guarded.data_dir)
    with pytest.raises(duckdb.Error):
        guarded.frame(sql)
    with guarded.reading(), pytest.raises(duckdb.Error):
        guarded.frame(sql)
    assert models(guarded) == ["Sound"]
    left = sorted(path.name for path in guarded.data_dir.iterdir() if not path.name.startswith(f"{REGISTRY}-"))
    assert left == [REGISTRY, "runs", "samples.csv"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(make_data(tmp_path_factory.mktemp("guarded") / "data", make_run("Sound", FIVE)))
