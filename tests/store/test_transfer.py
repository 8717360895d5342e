"""Moving a data directory's registry to PostgreSQL, and its run files into a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.cli import app
from siuo_dash.errors import StoreError
from siuo_dash.store import blobs, registry
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import tokens
from siuo_dash.store.registry.opening import close, version
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.transfer import migrate
from tests.make.bucket import ObjectStorage
from tests.make.old_directory import OldWriter
from tests.make.postgres import Cluster
from tests.make.registry import faults, left_over, replayed, states
from tests.make.runs import run_table
from tests.make.stores import make_data
from tests.store.review_runs import ADA, BOB, CORRECTION, FIRST, REVIEWER, RUN, correction_waits


@pytest.fixture
def elsewhere(
    cluster: Cluster, object_storage: ObjectStorage, tmp_path: Path, request: pytest.FixtureRequest
) -> dict[str, str]:
    """An empty database and an empty bucket, as settings."""
    name = f"m{abs(hash(request.node.name)):x}"
    return {"SIUO_REGISTRY": cluster.schema(tmp_path), "SIUO_BLOBS": object_storage.bucket(name)}


def switch(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name in ("SIUO_REGISTRY", "SIUO_BLOBS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("parts", [("SIUO_REGISTRY", "SIUO_BLOBS"), ("SIUO_REGISTRY",), ("SIUO_BLOBS",)])
def test_a_directory_moves_and_goes_on(
    tmp_path: Path, elsewhere: dict[str, str], parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data(tmp_path / "data", run_table("Before"))
    correction_waits(data)
    was, lines, shown = states(data), log_lines(data), Store(data).version
    switch(monkeypatch, {name: elsewhere[name] for name in parts})
    tried = migrate(data, dry_run=True)
    assert sorted(path.name for path in data.iterdir() if not path.name.startswith("registry.db-")) == [
        *("registry.db", "runs", "samples.csv")
    ]
    done = migrate(data)
    assert tried == done and done.missing == ()
    assert done.lines == (4 if "SIUO_REGISTRY" in parts else None) and done.files == (3 if "SIUO_BLOBS" in parts else 0)
    kept = {path.name for path in data.iterdir() if not path.name.startswith("registry.db-")}
    stays = {name for name, part in (("registry.db", "SIUO_REGISTRY"), ("runs", "SIUO_BLOBS")) if part not in parts}
    assert kept == {"samples.csv", "before-migration", *stays}
    assert states(data) == was == replayed(data) and log_lines(data) == lines and faults(data) == []
    store = Store(data)
    assert store.version == shown
    registry.approve(data, CORRECTION, REVIEWER)
    assert store.refresh() and states(data)[RUN] == "superseded" and faults(data) == []
    again = migrate(data)
    assert (again.files, again.lines) == (0, None) and states(data)[RUN] == "superseded"
    close(data)


def test_without_its_settings_a_moved_directory_is_no_empty_one(
    tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data(tmp_path / "data", FIRST)
    switch(monkeypatch, elsewhere)
    migrate(data)
    close(data)
    switch(monkeypatch, {})
    for attempt in (lambda: Store(data), lambda: registry.submit(data, run_table("New"), ADA)):
        with pytest.raises(StoreError, match="was moved into a database; set SIUO_REGISTRY"):
            attempt()
    assert not (data / "registry.db").exists()


def test_a_move_that_is_broken_off_is_finished(
    tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bucket refuses after the first file; meanwhile the old server goes on; then the same command again."""
    data = make_data(tmp_path / "data", run_table("One"), run_table("Two"))
    switch(monkeypatch, elsewhere)
    written = blobs.Bucket.write

    def once(self: blobs.Bucket, name: str, body: bytes) -> None:
        monkeypatch.setattr(blobs.Bucket, "write", refused)
        written(self, name, body)

    def refused(self: blobs.Bucket, name: str, body: bytes) -> None:
        raise StoreError("the bucket does not answer")

    monkeypatch.setattr(blobs.Bucket, "write", once)
    with pytest.raises(StoreError):
        migrate(data)
    assert (data / "registry.db").exists() and not (data / "before-migration").exists() and version(data) == 0
    monkeypatch.setattr(blobs.Bucket, "write", written)
    switch(monkeypatch, {})
    registry.publish(data, run_table("Three"), by=None)
    close(data)
    switch(monkeypatch, elsewhere)
    done = migrate(data)
    assert (done.files, done.lines) == (2, 3) and faults(data) == [] and len(states(data)) == 3
    close(data)


def test_an_older_copy_is_brought_up_to_date_and_another_registry_refused(
    tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data(tmp_path / "data", run_table("One"))
    settings = {"SIUO_REGISTRY": elsewhere["SIUO_REGISTRY"]}
    with monkeypatch.context() as patch:
        patch.setattr("siuo_dash.store.transfer._put_aside", lambda _: None)  # killed before its last step
        switch(patch, settings)
        assert migrate(data).lines == 1
        close(data)
    registry.publish(data, run_table("Two"), by=None)
    close(data)
    switch(monkeypatch, settings)
    assert migrate(data).lines == 2 and len(states(data)) == 2 and faults(data) == []
    switch(monkeypatch, {})
    other = make_data(tmp_path / "other", run_table("Other"))
    close(other)
    switch(monkeypatch, settings)
    with pytest.raises(StoreError, match="the database holds another registry"):
        migrate(other)
    assert (other / "registry.db").exists()
    close(data)


def test_tokens_move_also_before_the_first_run(
    tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data(tmp_path / "data")
    token, made = tokens.make(data, ADA, "nightly", 30)
    switch(monkeypatch, {"SIUO_REGISTRY": elsewhere["SIUO_REGISTRY"]})
    migrate(data)
    assert tokens.own(data, ADA) == [made] and tokens.owner_of(data, token, tokens.SUBMIT) == ADA.id
    close(data)


def test_a_directory_of_the_version_before_the_registry(
    tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = OldWriter(tmp_path / "data")
    make_data(tmp_path / "data")
    old.change("publish", run_table("One"))
    old.change("submit", FIRST)
    switch(monkeypatch, elsewhere)
    with pytest.raises(StoreError, match="an earlier version wrote this data directory"):
        migrate(old.data_dir, dry_run=True)
    assert old_files(old.data_dir)
    done = migrate(old.data_dir)
    assert done.lines == 2 and done.files == 2 and not old_files(old.data_dir)
    assert sorted(states(old.data_dir).values()) == ["pending", "published"] and faults(old.data_dir) == []
    assert len(Store(old.data_dir).frame("SELECT * FROM runs")) == 1
    close(old.data_dir)


def old_files(data_dir: Path) -> bool:
    return (data_dir / "log.jsonl").exists()


def test_a_backup_of_both_is_restored_into_both_and_into_a_folder(
    tmp_path: Path, elsewhere: dict[str, str], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(monkeypatch, elsewhere)
    data = make_data(tmp_path / "data")
    correction_waits(data)
    registry.save_draft(data, run_table("Draft"), BOB)
    backup(data, tmp_path / "backup.tar")
    was, lines = states(data), log_lines(data)
    with pytest.raises(StoreError, match="the database holds a registry already"):
        restore_from(tmp_path / "backup.tar", tmp_path / "second")
    assert not (tmp_path / "second").exists()
    close(data)
    for target, settings in (
        ("third", elsewhere | {"SIUO_REGISTRY": cluster.schema("third")}),
        ("fourth", {}),
    ):
        switch(monkeypatch, settings)
        restore_from(tmp_path / "backup.tar", tmp_path / target)
        assert states(tmp_path / target) == was and log_lines(tmp_path / target) == lines
        assert faults(tmp_path / target) == [] and (left_over(tmp_path / target) == [] or settings)
        registry.approve(tmp_path / target, CORRECTION, REVIEWER)
        close(tmp_path / target)


def test_the_command(
    tmp_path: Path,
    elsewhere: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = make_data(tmp_path / "data", FIRST)
    for settings, options, said in (
        ({}, [], "nothing says where to move to"),
        (elsewhere, ["--dry-run"], "would move 1 line of the log, 1 run file ("),
        (elsewhere, [], "moved 1 line of the log, 1 run file ("),
        (elsewhere, [], "moved 0 run files (0 bytes)"),
    ):
        switch(monkeypatch, settings)
        monkeypatch.setattr("sys.argv", ["siuo_dash", "migrate", "--data", str(data), *options])
        with pytest.raises(SystemExit):
            app.main()
        told = capsys.readouterr()
        assert said in told.out + told.err
    close(data)
