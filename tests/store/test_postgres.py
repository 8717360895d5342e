"""The registry in PostgreSQL: addresses, a database that goes away, two instances; disks that SQLite must not use."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from siuo_dash.errors import StoreError
from siuo_dash.settings import storage
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import opening, sign_outs
from siuo_dash.store.registry.opening import REGISTRY, changing, close, rows, version
from siuo_dash.store.registry.tables import head, turns
from tests.make.postgres import Cluster
from tests.make.registry import events, faults, replayed, runs_in, states
from tests.make.runs import run_table
from tests.make.stores import make_data
from tests.store.review_runs import ADA, REVIEWER, RUN, correction_waits, published


@pytest.fixture
def in_database(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory whose registry is in PostgreSQL, here and in the processes that a test starts."""
    monkeypatch.setenv("SIUO_REGISTRY", cluster.schema(tmp_path))
    yield tmp_path
    close(tmp_path)


@pytest.mark.postgres
def test_whatever_happens_the_log_replays_to_the_states(tmp_path: Path) -> None:
    correction_waits(tmp_path)
    registry.withdraw(tmp_path, RUN, REVIEWER, "a reason")
    sign_outs.end(tmp_path, {"iss": "x", "sub": "y"})
    assert sign_outs.has_ended(tmp_path, {"iss": "x", "sub": "y"})
    assert not sign_outs.has_ended(tmp_path, {"iss": "x", "sub": "z"})
    assert replayed(tmp_path) == states(tmp_path) and faults(tmp_path) == []
    assert version(tmp_path) == len(events(tmp_path)) == 4


@pytest.mark.postgres
def test_a_table_that_a_new_version_brings_is_made_at_the_first_change(tmp_path: Path) -> None:
    published(tmp_path)
    with changing(tmp_path) as now:
        turns.drop(now.connection)
    close(tmp_path)
    assert version(tmp_path) == 2 and rows(tmp_path, select(turns)) == ()
    with registry.upload_lock(tmp_path, ADA):
        assert len(rows(tmp_path, select(turns))) == 1
    assert version(tmp_path) == 2 and faults(tmp_path) == []


def test_nothing_is_written_into_the_data_directory_but_run_files(in_database: Path) -> None:
    published(in_database)
    assert sorted(path.name for path in in_database.iterdir()) == ["runs"]


def test_what_the_directory_keeps_itself_is_not_passed_over(in_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(in_database / "data", run_table())
    assert len(Store(data).frame("SELECT * FROM runs")) == 1
    monkeypatch.delenv("SIUO_REGISTRY")
    published(data)
    monkeypatch.undo()
    monkeypatch.setenv("SIUO_REGISTRY", "postgresql+psycopg://siuo@127.0.0.1:9/siuo")
    with pytest.raises(StoreError, match="not in the database yet; run `python -m siuo_dash migrate`"):
        Store(data)


def test_a_database_that_goes_away_and_comes_back(in_database: Path, cluster: Cluster) -> None:
    data = make_data(in_database / "data", run_table("Before"))
    store = Store(data)
    cluster.stop(signal.SIGQUIT)
    try:
        for attempt in (
            lambda: version(data),
            store.refresh,
            lambda: registry.own(data, ADA),
            lambda: registry.submit(data, run_table("Meanwhile"), ADA),
            lambda: sign_outs.has_ended(data, {"sub": "x"}),
        ):
            with pytest.raises(StoreError, match="the registry's database does not answer; try again in a minute"):
                attempt()
        assert len(store.frame("SELECT * FROM runs")) == 1, "what is in memory is shown"
    finally:
        cluster.start()
    assert version(data) == 1 and not store.refresh()
    registry.publish(data, run_table("After"), by=None)
    assert store.refresh() and len(store.frame("SELECT * FROM runs")) == 2
    assert faults(data) == []


def test_a_change_waits_for_that_of_another_instance(in_database: Path, cluster: Cluster) -> None:
    """The other one holds the row of `head`; what it keeps meanwhile is what the second one decides by."""
    first = registry.publish(in_database, run_table("First"), by=None)
    refused: list[BaseException] = []

    def second() -> None:
        try:
            registry.publish(in_database, run_table("Second"), by=None)
        except BaseException as error:  # noqa: BLE001
            refused.append(error)

    engine = opening.kept(in_database).engine()
    with engine.begin() as other:
        last = other.execute(select(head.c.seq).with_for_update()).scalar_one()
        waiting = Thread(target=second)
        waiting.start()
        with cluster.connect() as watching:
            deadline = monotonic() + 300
            while not watching.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchall():
                assert monotonic() < deadline
                sleep(0.01)
        assert last == 1 and runs_in(in_database, "published") == [first.run_id]
    engine.dispose()
    waiting.join()
    assert refused == [] and len(runs_in(in_database, "published")) == 2 and faults(in_database) == []


PUBLISHER = """
import sys
from pathlib import Path
from siuo_dash.store.registry import AlreadyPublished, publish
from tests.make.runs import run_table
won = 0
sys.stdin.read()
for number in range(12):
    try:
        publish(Path(sys.argv[1]), run_table(f"Model-{number}"), by=sys.argv[2])
        won += 1
    except AlreadyPublished:
        pass
print(won)
"""


def test_two_instances_and_the_same_contents(in_database: Path) -> None:
    """The tables are not there yet: both make them, too."""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISHER, in_database, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("one", "two")
    ]
    won = [int(each.communicate()[0]) for each in both]
    assert sum(won) == 12 == len(runs_in(in_database, "published")) and faults(in_database) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://siuo:secret@db/siuo", "begins with mysql:, but only postgresql+psycopg:// is understood"),
        ("sqlite:////data/registry.db", "is no address of a database"),
        ("db.example.org", "is no address of a database"),
        ("postgresql+psycopg://siuo:secret@db", "names no database"),
    ],
)
def test_an_address_that_is_none(url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_REGISTRY", url)
    (fault,) = storage.faults(hosted=True, instances=0)
    assert fault.startswith("SIUO_REGISTRY ") and said in fault and "secret" not in fault
    with pytest.raises(StoreError, match="SIUO_REGISTRY: this ") as refused:
        version(tmp_path)
    assert "secret" not in str(refused.value)


def test_a_password_is_never_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_REGISTRY", "postgresql+psycopg://siuo:secret@127.0.0.1:9/siuo")
    assert list(storage.faults(hosted=True, instances=0)) == []
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9/siuo: the registry's database does not answer") as refused:
        version(tmp_path)
    assert "secret" not in str(refused.value)


MOUNTS = """\
/dev/vda / ext4 rw 0 0
nas:/export /srv nfs4 rw 0 0
//nas/share /mnt/my\\040share cifs rw 0 0
/dev/vdb /srv/local xfs rw 0 0
bucket /mnt/bucket fuse.s3fs rw 0 0
/home /mnt/bound fuse.bindfs rw 0 0
nas:/x /mnt/over nfs rw 0 0
/dev/vdc /mnt/over ext4 rw 0 0
a line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/siuo", ""),
        ("/srv/siuo", "nfs4"),
        ("/srvs", ""),
        ("/srv/local/siuo", ""),
        ("/mnt/my share/siuo", "cifs"),
        ("/mnt/bucket", "fuse.s3fs"),
        ("/mnt/bound/x", ""),
        ("/mnt/over/x", ""),
    ],
)
def test_network_disks(path: str, kind: str) -> None:
    assert storage.shared_by_machines(Path(path), MOUNTS) == kind


def test_sqlite_on_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published(tmp_path)
    close(tmp_path)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nnas:/export {tmp_path} nfs rw 0 0\n")
    monkeypatch.setattr(storage, "_MOUNTS", mounts)
    with pytest.raises(StoreError, match=r"on a network disk \(nfs\), where an SQLite database loses .*PostgreSQL"):
        version(tmp_path)
    monkeypatch.setenv("SIUO_DATA", str(tmp_path))
    (fault,) = storage.faults(hosted=False, instances=0)
    assert "network disk (nfs)" in fault
    with sqlite3.connect(tmp_path / REGISTRY) as connection:  # nothing is wrong with it
        assert connection.execute("SELECT seq FROM head").fetchall() == [(2,)]


@pytest.mark.parametrize(("hosted", "instances", "refused"), [(True, 0, True), (True, 2, True), (True, 1, False)])
def test_a_bucket_with_a_registry_in_a_file(
    hosted: bool, instances: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIUO_BLOBS", "s3://bucket/siuo")
    assert bool(list(storage.faults(hosted=hosted, instances=instances))) is refused
    assert list(storage.faults(hosted=False, instances=0)) == []
    monkeypatch.setenv("SIUO_REGISTRY", "postgresql+psycopg://siuo@db/siuo")
    assert list(storage.faults(hosted=hosted, instances=instances)) == []
    monkeypatch.setenv("SIUO_BLOBS", "ftp://bucket/siuo")
    (fault,) = storage.faults(hosted=hosted, instances=instances)
    assert "must begin with s3://, gs://, abfs://" in fault


def test_nothing_but_plain_words_while_the_database_comes_and_goes(in_database: Path, cluster: Cluster) -> None:
    """Whatever is asked at whatever moment of a crash and a start: an answer, or a StoreError."""
    published(in_database)
    over, seen, wrong = Event(), Counter[str](), list[BaseException]()

    def ask(what: Callable[[], object]) -> None:
        while not over.is_set():
            try:
                what()
                seen["answered"] += 1
            except StoreError:
                seen["refused"] += 1
            except BaseException as error:  # noqa: BLE001
                wrong.append(error)
                return

    questions: list[Callable[[], object]] = [
        lambda: version(in_database),
        lambda: states(in_database),
        lambda: sign_outs.end(in_database, {"sub": "x"}),
        lambda: registry.one(in_database, RUN, ADA),
    ]
    threads = [Thread(target=ask, args=(each,)) for each in questions * 2]
    for each in threads:
        each.start()
    try:
        for _ in range(4):
            before = seen["answered"]
            while seen["answered"] < before + 40 and not wrong:
                sleep(0.001)
            cluster.stop(signal.SIGQUIT)
            cluster.start()
    finally:
        over.set()
        for each in threads:
            each.join()
    assert wrong == [] and seen["refused"] > 0, wrong
    assert version(in_database) == 2 and faults(in_database) == []
