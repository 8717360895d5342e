"""Snapshots: a store that starts from one is the same store; nobody trusts one of another history; restored from it."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from siuo_dash.errors import StoreError
from siuo_dash.server import application
from siuo_dash.store import blobs, files, registry, snapshots
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import mirror
from siuo_dash.store.registry.opening import REGISTRY, close
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.registry.uploading import turn
from siuo_dash.store.snapshots import LATEST, keep_up, latest, restore, take, write
from tests.make.registry import faults, states
from tests.make.runs import run_id_of, run_table
from tests.make.stores import add, make_data
from tests.server.loops import finished
from tests.store.review_runs import ADA, BOB, CORRECTED, CORRECTION, FIRST, LOCAL, REVIEWER, RUN, correction_waits

TABLES = ("runs", "verdicts", "flagged")


def content(store: Store) -> list[list[tuple[str, ...]]]:
    """All rows, whatever number a run has in this process."""
    found = []
    for table in TABLES:
        join = "" if table == "runs" else "JOIN (SELECT run_no, run_id FROM runs) USING (run_no)"
        frame = store.frame(f"SELECT * EXCLUDE (run_no) FROM {table} {join} ORDER BY ALL")
        found.append([tuple(map(str, row)) for row in frame.itertuples(index=False)])
    return found


def read_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which run files are read from now on."""
    read: list[str] = []
    before = blobs.Folder.read

    def noted(self: blobs.Folder, name: str) -> bytes:
        if name.startswith("runs/"):
            read.append(name)
        return before(self, name)

    monkeypatch.setattr(blobs.Folder, "read", noted)
    return read


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = make_data(tmp_path / "data", *(run_table(f"Model-{number}") for number in range(5)), shipped=True)
    correction_waits(data)
    return data


@pytest.mark.postgres
def test_a_store_that_starts_from_a_snapshot_is_the_same(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Store(data)
    made = write(data)
    assert made.seq == 8 and latest(blobs.of(data)) == made
    read = read_files(monkeypatch)
    started = Store(data)
    assert read == [] and started.version == whole.version and content(started) == content(whole)
    # Withdrawn, superseded, with another badge, new: what changed since is not taken from it.
    registry.withdraw(data, run_id_of(run_table("Model-1")), REVIEWER, "a reason")
    registry.approve(data, CORRECTION, REVIEWER, badge="reproduced")
    registry.publish(data, run_table("New"), by=None)
    assert whole.refresh() and started.refresh()
    read.clear()
    late = Store(data)
    assert len(read) == 2
    assert late.version == whole.version == started.version and content(late) == content(whole) == content(started)
    read.clear()
    assert write(data).seq == 12 and len(read) == 2, "what the last one has is not read again"
    assert Store(data).version == whole.version and len(read) == 2
    assert faults(data) == []


def test_one_is_made_when_enough_changed_and_nobody_else_makes_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_up(data) is None, "five runs are soon read"
    monkeypatch.setattr(snapshots, "MANY", 3)
    with turn(data, snapshots._TURN, ""):
        assert keep_up(data) is None
    made = keep_up(data)
    assert made is not None and keep_up(data) is None
    for number in range(4):
        registry.publish(data, run_table(f"Later-{number}"), by=None)
    second = keep_up(data)
    assert second is not None and second.before == made.files
    registry.publish(data, run_table("Last"), by=None)
    third = write(data)
    there = blobs.of(data).names("snapshots")
    assert there == {LATEST, *third.files, *second.files}, "the one before stays, for who is reading it"


def test_a_server_outlives_a_look_that_nobody_foresaw(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It runs beside the pages in one task group: an error that left it would end every page."""
    write(data)
    kept = blobs.of(data)
    kept.write(LATEST, json.dumps(json.loads(kept.read(LATEST)) | {"runs": 5}).encode())
    monkeypatch.setenv("SIUO_DATA", str(data))
    monkeypatch.setattr(snapshots, "MANY", -1)
    monkeypatch.setattr(application, "SNAPSHOTS_EVERY", 0.01)

    async def two_looks() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(application._keep_snapshots)
            while [each.message for each in caplog.records].count("no snapshot") < 2:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    finished(two_looks())


@pytest.mark.parametrize(
    "what", ["cut short", "no json", "rows gone", "another verdict", "of another registry", "another column"]
)
def test_a_snapshot_of_no_use_is_passed_over(data: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made, kept = Store(data), write(data), blobs.of(data)
    said = json.loads(kept.read(LATEST))
    if what == "cut short":
        kept.write(made.rows, kept.read(made.rows)[:-100])
    elif what == "no json":
        kept.write(LATEST, b'{"seq": 8')
    elif what == "rows gone":
        kept.remove(made.rows)
    elif what == "another verdict":
        rows = pq.read_table(data / made.rows)
        pq.write_table(
            rows.set_column(rows.column_names.index("safe"), "safe", pc.invert(rows["safe"])), data / made.rows
        )
    elif what == "of another registry":
        kept.write(LATEST, json.dumps(said | {"hash": "0" * 64}).encode())
    else:
        kept.write(LATEST, json.dumps(said | {"rows": made.flags}).encode())
    assert take(data, {}) is None
    read = read_files(monkeypatch)
    started = Store(data)
    assert len(read) == 6 and started.version == whole.version and started.broken == whole.broken
    assert write(data).seq == 8 and Store(data).version == whole.version


def test_a_run_of_a_snapshot_that_the_catalogue_no_longer_allows(data: Path) -> None:
    """Checked at each start, as if it were read from its file."""
    write(data)
    lines = (data / files.SAMPLES).read_text(encoding="utf-8").splitlines(keepends=True)
    gone = int(run_table("Model-0")["question_id"][0].as_py())
    (data / files.SAMPLES).write_text("".join(line for line in lines if not line.startswith(f"{gone},")), "utf-8")
    (data / LATEST).rename(data / "latest.json")
    without = Store(data)
    (data / "latest.json").rename(data / LATEST)
    started = Store(data)
    assert len(without.broken) > 5 and started.broken == without.broken and content(started) == content(without)


def test_a_broken_file_is_left_out_and_named(data: Path) -> None:
    path = add(data, run_table("Broken"))
    path.write_bytes(b"broken")
    write(data)
    store = Store(data)
    assert len(store.broken) == 1 and "cannot be read" in store.broken[0].why


@pytest.mark.parametrize("kept", ["folder", "bucket"])
def test_a_store_is_restored_from_snapshot_and_files(
    data: Path, kept: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if kept == "bucket":
        request.getfixturevalue("bucket")
        data = make_data(tmp_path / "other", run_table("One"))
        correction_waits(data)
    registry.save_draft(data, run_table("Draft"), BOB)
    write(data)
    was, lines = states(data), log_lines(data)
    registry.publish(data, run_table("After"), by=None)
    left = (data / f"{REGISTRY}-wal").read_bytes()
    close(data)
    (data / REGISTRY).unlink()
    (data / f"{REGISTRY}-wal").write_bytes(left)  # of a process that was killed
    restored = restore(data)
    assert restored.seq == len(lines) and len(restored.unnamed) == 1
    assert states(data) == was and log_lines(data) == lines
    registry.approve(data, CORRECTION, REVIEWER)
    with pytest.raises(StoreError, match="there is a registry already"):
        restore(data)


def test_a_damaged_registry_is_not_restored(data: Path) -> None:
    made = write(data)
    close(data)
    (data / REGISTRY).unlink()
    (data / made.registry).write_bytes((data / made.registry).read_bytes()[:-1] + b"x")
    with pytest.raises(StoreError, match=f"{made.registry}: its bytes are not those that it is named by"):
        restore(data)
    assert not (data / REGISTRY).exists()


def test_without_a_snapshot_nothing_is_restored(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    with pytest.raises(StoreError, match="there is no snapshot"):
        restore(data)
    assert not (data / REGISTRY).exists()
    with pytest.raises(StoreError, match="nothing was ever published"):
        write(data)


@pytest.fixture
def reader(tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The data directories of an instance that keeps, and of one that shows its snapshots; switch by `only_shows`."""
    data = make_data(tmp_path / "writer", run_table("One"))
    correction_waits(data)
    monkeypatch.setattr(mirror, "EVERY", 0.0)
    return data, make_data(tmp_path / "reader")


def test_an_instance_that_only_shows(reader: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    data, shows = reader
    monkeypatch.setenv("SIUO_REGISTRY", "snapshots")
    store = Store(shows)
    assert store.frame("SELECT * FROM runs").empty and registry.withdrawn(shows) == []
    monkeypatch.delenv("SIUO_REGISTRY")
    write(data)
    writer = Store(data)
    monkeypatch.setenv("SIUO_REGISTRY", "snapshots")
    assert store.refresh() and not store.refresh()
    assert store.version == writer.version and content(store) == content(writer)
    assert registry.attempts(shows) and registry.table_of(shows, RUN, LOCAL).num_rows == FIRST.num_rows
    for attempt in (
        lambda: registry.submit(shows, CORRECTED, ADA),
        lambda: registry.publish(shows, run_table("Mine"), by=None),
        lambda: registry.withdraw(shows, RUN, LOCAL, "a reason"),
    ):
        with pytest.raises(StoreError, match="nothing can be kept here: this instance shows snapshots only"):
            attempt()
    monkeypatch.delenv("SIUO_REGISTRY")
    registry.withdraw(data, RUN, LOCAL, "a reason")
    write(data)
    assert states(data)[RUN] == "withdrawn" and faults(data) == []
    monkeypatch.setenv("SIUO_REGISTRY", "snapshots")
    assert store.refresh() and len(store.frame("SELECT * FROM runs")) == 1
    assert sorted(path.name for path in shows.iterdir()) == ["samples.csv"]
    earlier = set(mirror._folder().glob("*.db"))
    for number in range(3):
        monkeypatch.delenv("SIUO_REGISTRY")
        registry.publish(data, run_table(f"Later-{number}"), by=None)
        named = Path(write(data).registry).name
        monkeypatch.setenv("SIUO_REGISTRY", "snapshots")
        assert store.refresh()
    copies = {path.name for path in {*mirror._folder().glob("*.db")} - earlier}
    assert named in copies and len(copies) == 2, "old copies do not pile up"
    close(shows)
