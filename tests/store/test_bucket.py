"""Run files in a bucket, asked for by a real HTTP server of the S3 protocol on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.errors import NotAllowed, StoreError, SubmissionError
from siuo_dash.store import blobs, registry
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import AlreadySubmitted, Limits, publishing
from siuo_dash.store.registry.opening import close
from siuo_dash.store.registry.reading import log_lines, public_runs
from siuo_dash.store.runs.run_file import responses, run_parquet, run_table
from siuo_dash.store.verify import repair
from tests.make.bucket import ObjectStorage
from tests.make.registry import faults, states
from tests.make.runs import run_id_of
from tests.make.runs import run_table as table
from tests.make.stores import make_data
from tests.store.review_runs import ADA, CORRECTED, CORRECTION, FIRST, REVIEWER, RUN, correction_waits


@pytest.fixture
def data(tmp_path: Path, bucket: str) -> Path:
    return make_data(tmp_path / "data")


def in_bucket(data_dir: Path) -> set[str]:
    return blobs.of(data_dir).names("runs")


def test_all_of_it_without_a_file_here(data: Path) -> None:
    """Sent, decided with a badge, corrected, withdrawn; what a decision changes is laid over the file."""
    store = Store(data)
    correction_waits(data)
    assert len(in_bucket(data)) == 2 and not list((data / "runs").glob("*"))
    assert registry.table_of(data, CORRECTION, REVIEWER).num_rows == CORRECTED.num_rows
    assert store.refresh() and store.frame("SELECT run_id, source_status FROM runs").values.tolist() == [
        [RUN, "self-reported"]
    ]
    registry.approve(data, CORRECTION, REVIEWER, badge="reproduced")
    assert store.refresh()
    assert store.frame("SELECT run_id, source_status FROM runs").values.tolist() == [[CORRECTION, "reproduced"]]
    assert responses(store, CORRECTION, int(CORRECTED["question_id"][0].as_py()))
    kept = run_table(store, CORRECTION)
    assert set(kept["source_status"].to_pylist()) == {"reproduced"} and len(run_parquet(store, CORRECTION)) > 1000
    registry.withdraw(data, CORRECTION, ADA, "a reason")
    assert store.refresh() and store.frame("SELECT * FROM runs").empty
    assert len(in_bucket(data)) == 2 and faults(data) == []


def test_a_refused_submission_leaves_no_file(data: Path) -> None:
    registry.submit(data, FIRST, ADA)
    before = in_bucket(data)
    with pytest.raises(AlreadySubmitted):
        registry.submit(data, FIRST, ADA)
    with pytest.raises(NotAllowed):
        registry.submit(data, CORRECTED, ADA, limits=Limits(bytes=1))
    assert in_bucket(data) == before and blobs.of(data).names("runs/.incoming") == set()
    registry.submit(data, CORRECTED, ADA, limits=Limits(bytes=10_000_000, bytes_per_day=10_000_000))
    assert len(in_bucket(data)) == 2


def test_a_bucket_that_goes_away_and_comes_back(
    data: Path, object_storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "_AGAIN", 0.001)
    registry.publish(data, FIRST, by=None)
    store, late = Store(data), Store(data)
    registry.publish(data, table("Before"), by=None)
    object_storage.stop()
    try:
        with pytest.raises(StoreError, match="the bucket of the run files does not answer; try again in a minute"):
            registry.submit(data, CORRECTED, ADA)
        store.refresh()
        (broken,) = store.broken[1:]
        assert str(broken.name) == "1 run" and "does not answer" in broken.why
        assert store.frame("SELECT run_id FROM runs")["run_id"].tolist() == [RUN], "what is in memory is shown"
    finally:
        object_storage.start()
    assert store.refresh() and len(store.broken) == 1 and len(store.frame("SELECT * FROM runs")) == 2
    assert late.refresh() and late.version == store.version == Store(data).version
    registry.submit(data, CORRECTED, ADA)
    assert states(data)[CORRECTION] == "pending" and faults(data) == []


def test_a_file_that_is_damaged_or_gone(data: Path) -> None:
    registry.submit(data, FIRST, ADA)
    (name,) = in_bucket(data)
    kept = blobs.of(data)
    body = kept.read(name)
    kept.write(name, b"something else")
    with pytest.raises(SubmissionError, match="not the one that was sent"):
        registry.approve(data, RUN, REVIEWER)
    kept.remove(name)
    with pytest.raises(SubmissionError, match="not the one that was sent"):
        registry.approve(data, RUN, REVIEWER)
    (fault,) = faults(data)
    assert "the registry names this file, but it is gone" in str(fault)
    kept.write(name, body)
    assert faults(data) == []
    registry.approve(data, RUN, REVIEWER)


def test_what_a_killed_process_left_is_removed(data: Path) -> None:
    registry.publish(data, FIRST, by=None)
    with publishing.incoming(data, b"of a process that dies") as (_, reveal):
        reveal()
    (fault,) = faults(data)
    assert "no run names this file" in fault.message
    (said,) = repair(data)
    assert said.startswith("removed runs/") and faults(data) == [] and len(in_bucket(data)) == 1


@pytest.mark.parametrize("back", ["bucket", "folder"])
def test_backup_and_restore(
    data: Path, tmp_path: Path, back: str, monkeypatch: pytest.MonkeyPatch, object_storage: ObjectStorage
) -> None:
    correction_waits(data)
    assert backup(data, tmp_path / "backup.tar").runs == 2
    if back == "folder":
        monkeypatch.delenv("SIUO_BLOBS")
    else:
        monkeypatch.setenv("SIUO_BLOBS", object_storage.bucket("another"))
    restore_from(tmp_path / "backup.tar", tmp_path / "new")
    assert (tmp_path / "new" / "runs").exists() is (back == "folder")
    assert states(tmp_path / "new") == states(data) and log_lines(tmp_path / "new") == log_lines(data)
    assert faults(tmp_path / "new") == []
    assert [run.run_id for run in public_runs(tmp_path / "new")] == [RUN]
    assert len(Store(tmp_path / "new").frame("SELECT * FROM runs")) == 1
    close(tmp_path / "new")


@pytest.mark.parametrize("url", ["s3://", "s3://bucket?nothing=1", "s3:bucket"])
def test_an_address_that_is_none(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_BLOBS", url)
    with pytest.raises(StoreError, match="no address of a bucket"):
        registry.publish(make_data(tmp_path / "data"), FIRST, by=None)


def test_secrets_of_an_address_are_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_BLOBS", "s3://key:topsecret@bucket/x?endpoint_override=127.0.0.1:9&scheme=http&region=x")
    assert blobs.of(tmp_path).name == "s3://bucket/x" and "topsecret" not in repr(blobs.of(tmp_path))


def test_the_same_bytes_twice_are_one_file(data: Path) -> None:
    registry.submit(data, FIRST, ADA)
    registry.retract(data, RUN, ADA)
    registry.submit(data, FIRST, ADA)
    assert len(in_bucket(data)) == 1 and len(states(data)) == 2 and run_id_of(FIRST) in states(data)
