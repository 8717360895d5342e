"""A cluster answers as DuckDB does: rows, order, names and types, for every named query; and what failures do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.errors import StoreError
from siuo_dash.settings import storage
from siuo_dash.store import blobs, sample_sets, snapshots
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.table_files import keep_up, write
from siuo_dash.store.runs.parquet import with_values
from siuo_dash.store.snapshots import LATEST, latest
from siuo_dash.ui import page
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.golden.stores import Maker, demo, totals
from tests.make.bucket import ObjectStorage
from tests.make.runs import make_run, share
from tests.make.sample_sets import make_set
from tests.make.stores import add, make_data
from tests.server.instance import copy_data, running
from tests.server.loops import finished
from tests.server.visitor import Visitor
from tests.store.engine_cases import cases

pytest.importorskip("pyspark", reason="the extra `spark` is not installed (make test installs it)")
from siuo_dash.store.engine.cluster import ClusterStore, spark_sql

SERVER = "SIUO_TEST_SPARK"
"""Names a Spark Connect server to ask in place of Sail: `make test-spark` starts Apache Spark and sets it."""


@contextmanager
def sail(port: int, s3: int = 0) -> Iterator[str]:
    """Sail, which speaks Spark Connect, listening on this machine. s3: the port of its bucket's server."""
    pytest.importorskip("pysail", reason="pysail is not installed (make test installs it)")
    command = Path(sys.executable).parent / "sail"
    of_bucket = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
    process = subprocess.Popen(
        [command, "spark", "server", "--ip", "127.0.0.1", "--port", str(port)],
        env=os.environ | of_bucket,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_open(process, port)
        yield f"sc://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    """Until something listens there; ConnectionError when the process ends before, or after five minutes."""
    deadline = monotonic() + 300
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or monotonic() > deadline:
            raise ConnectionError(f"nothing listens on port {port}")
        sleep(0.05)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if given := os.environ.get(SERVER):
        yield given
        return
    with sail(free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of every kind: several responses, flags, ungraded, multiple choice, totals, hostile names, another set."""
    maker, folder, random = Maker(ROOT), tmp_path_factory.mktemp("cluster"), np.random.default_rng(3)
    others = [
        maker.run(random, f"Other-{number}B", judge, [skill] * len(maker.ids), options=skill, faults=0.2)
        for number, (judge, skill) in enumerate((("human", 0.3), ("human", 0.8), ("gpt-4o", 0.5)), 1)
    ]
    data = maker.folder(folder / "data", [*demo(maker), *totals(maker), *map(on_another_set, others)])
    sample_sets.add(data, make_set(folder / "set", sizes={"self-harm": 12, "morality": 8}))
    return data


def on_another_set(run: pa.Table) -> pa.Table:
    """The run's rows of the samples that both sets have an id for, as those of the other set."""
    ids = [*range(1001, 1013), *range(3001, 3009)]
    return with_values(run.filter(pc.is_in(run["question_id"], pa.array(ids, pa.int32()))), sample_set="fresh-v1")


def differences(data: Path, url: str, most: int | None) -> tuple[int, list[str]]:
    """How many cases were asked on both, and which answers differ."""
    store, cluster = Store(data), ClusterStore(data, url)
    assert store.version == cluster.version
    asked, found = 0, []
    for name, sql, values in cases(store, most):
        asked += 1
        frames = [each.frame(sql, values) for each in (store, cluster)]
        if name == "outcomes":  # the one query without an order: it goes into a matrix
            frames = [frame.sort_values(["run_no", "question_id"], ignore_index=True) for frame in frames]
        try:
            pd.testing.assert_frame_equal(*frames)
        except AssertionError as error:
            found.append(f"{name} {str(values)[:200]}: {error}")
    return asked, found


def test_a_cluster_gives_duckdbs_answers(made_up: Path, server: str) -> None:
    asked, found = differences(made_up, server, 3)
    assert found == [] and asked > 60


@pytest.mark.heavy
@pytest.mark.parametrize("which", ["shipped", "made up"])
def test_a_cluster_gives_duckdbs_answers_in_every_case(which: str, made_up: Path, server: str, tmp_path: Path) -> None:
    asked, found = differences(copy_data(tmp_path / "data") if which == "shipped" else made_up, server, None)
    assert found == [] and asked > 500


COUNT = "SELECT COUNT(*) AS n FROM runs"


def counted(store: Store) -> tuple[str, int]:
    return store.version, int(store.frame(COUNT)["n"].item())


@pytest.mark.parametrize("kept", ["folder", "bucket"])
def test_a_publication_is_seen_with_the_next_snapshot_and_never_in_the_middle_of_a_page(
    kept: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket_server: ObjectStorage = request.getfixturevalue("object_storage")
    if kept == "bucket":
        request.getfixturevalue("bucket")
        monkeypatch.setattr(blobs, "_AGAIN", 1e-9)  # each look is one at the bucket
    data = make_data(tmp_path / "data", make_run("First", share(100)), shipped=True)
    store = Store(data)
    with sail(free_port(), bucket_server.port) as url:
        cluster = ClusterStore(data, url)  # which writes the first tables
        first = counted(store)
        assert counted(cluster) == first and keep_up(data) is None and not cluster.refresh()
        with cluster.reading():
            add(data, make_run("Second", share(120)))
            assert store.refresh() and not cluster.refresh() and counted(cluster) == first
            assert keep_up(data) is not None and keep_up(data) is None, "one run is enough, and no more is written"
            assert counted(cluster) == first
            assert cluster.refresh() and counted(cluster) == counted(store) == (store.version, first[1] + 1)
        for number in range(3):
            add(data, make_run(f"Run {number}", share(number)))
            keep_up(data)
            assert cluster.refresh() and counted(cluster)[1] == first[1] + 2 + number
        assert store.refresh() and counted(cluster) == counted(store)
        last = latest(blobs.of(data))
        assert last is not None and blobs.of(data).names("snapshots") == {LATEST, *last.files, *last.before}
        write(data)
        assert not cluster.refresh(), "another snapshot of the same runs is the same state"


def test_what_pages_keep_is_kept_for_a_cluster_s_store_too(server: str, tmp_path: Path) -> None:
    data, asked = make_data(tmp_path / "data", make_run("First", share(100))), []

    @page.kept(2)
    def runs(store: Store) -> int:
        asked.append(store.version)
        return counted(store)[1]

    cluster = ClusterStore(data, server)
    assert [runs(cluster), runs(cluster), runs(ClusterStore(data, server))] == [1, 1, 1] and len(asked) == 1
    add(data, make_run("Second", share(120)))
    keep_up(data)
    assert cluster.refresh() and runs(cluster) == 2 and len(asked) == 2


def test_what_is_left_out_is_named_and_comes_back(server: str, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("First", share(100)), shipped=True)
    path = add(data, make_run("Broken", share(5)))
    sound = path.read_bytes()
    path.write_bytes(b"broken")
    cluster = ClusterStore(data, server)
    assert cluster.broken == Store(data).broken and len(cluster.broken) == 1
    path.write_bytes(sound)
    assert keep_up(data) is not None and keep_up(data) is None
    assert cluster.refresh() and cluster.broken == [] and counted(cluster) == counted(Store(data))


def test_shipped_results_samples_and_judges_that_change_are_written_again(server: str, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("First", share(100)), shipped=True)
    cluster = ClusterStore(data, server)
    shipped = (ROOT / "data" / "judges.csv").read_text(encoding="utf-8").splitlines()
    (data / "judges.csv").write_text("\n".join(shipped[:3]), encoding="utf-8")
    assert keep_up(data) is not None and cluster.refresh() and len(cluster.frame("SELECT * FROM judges")) == 2
    (data / "results.parquet").unlink()
    assert keep_up(data) is not None and cluster.refresh() and counted(cluster) == counted(Store(data))
    assert counted(cluster)[1] == 1 and [each.name for each in cluster.broken] == ["results.parquet"]


def test_a_cluster_that_was_started_again_is_used_again_and_one_that_is_away_is_named(tmp_path: Path) -> None:
    data, port = make_data(tmp_path / "data", make_run("First", share(100))), free_port()
    with sail(port) as url:
        cluster = ClusterStore(data, f"{url}/;user_id=secret")
        assert len(cluster.frame("SELECT * FROM runs")) == 1
    with sail(port):
        assert len(cluster.frame("SELECT * FROM runs")) == 1
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:\d+: the cluster does not answer") as refused:
            cluster.frame("SELECT no_such_column FROM runs")
        assert "secret" not in str(refused.value)
    with pytest.raises(StoreError, match="the cluster does not answer"):
        cluster.frame("SELECT * FROM runs")


def test_who_only_shows_waits_for_the_tables_of_others(
    server: str, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, shows = make_data(tmp_path / "data", make_run("First", share(100))), make_data(tmp_path / "shows")
    snapshots.write(data)
    monkeypatch.setenv("SIUO_REGISTRY", "snapshots")
    with pytest.raises(StoreError, match="there are no tables for the cluster yet; reload in a minute"):
        ClusterStore(shows, server)
    assert keep_up(shows) is None


def test_an_instance_without_a_cluster_keeps_the_tables_of_the_others(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("First", share(100)), shipped=True)
    tables = write(data).tables
    add(data, make_run("Second", share(100)))
    made = snapshots.write(data)
    assert tables is not None and made.tables == tables and set(tables.files) <= blobs.of(data).names("snapshots")
    assert (written := keep_up(data)) is not None and written.seq == made.seq and written.tables != tables


@pytest.mark.heavy
def test_a_server_shows_what_is_published_within_its_minute(server: str, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("First", share(100)), shipped=True)
    asked = ["leaderboard", "--board", "human-3", "--format", "json", "--data", str(data)]
    with running(tmp_path, data, environment={"SIUO_ENGINE": server}) as site:

        def board() -> str:
            answer = site.get("/api/v1/leaderboard?board=human-3")
            assert answer.status == 200, answer.text
            return answer.text

        async def every_page() -> None:
            async with Visitor(site.address) as visitor:
                await visitor.open()
                for url in [each for each in visitor.pages if each]:
                    await visitor.go(url)
                    assert visitor.alerts() == [], url

        finished(every_page())
        before = board()
        assert before == CliRunner().invoke(program, asked).output and "Second" not in before
        add(data, make_run("Second", share(120)))
        until = monotonic() + 600
        while (now := board()) == before and monotonic() < until:
            sleep(1)
        assert now == CliRunner().invoke(program, asked).output and "Second" in now
        assert site.of("page error") == site.of("no snapshot") == []


@pytest.mark.parametrize(
    ("engine", "bucket_url", "words"),
    [
        ("sc://127.0.0.1:1", "abfs://account@container/runs", "but SIUO_BLOBS is abfs://"),
        ("127.0.0.1:1", "", "SIUO_ENGINE must begin with sc://"),
    ],
)
def test_an_engine_that_could_not_read_the_tables_is_refused(
    engine: str, bucket_url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIUO_ENGINE", engine)
    monkeypatch.setenv("SIUO_BLOBS", bucket_url)
    (fault,) = storage.faults(hosted=False, instances=0)
    assert words in fault


def test_tables_are_asked_by_state_and_values_stay_bound() -> None:
    text = spark_sql("SELECT r.model FROM runs r JOIN board_runs USING (run_no) WHERE run_id = $run_id", "ab12")
    assert "runs_ab12 AS r" in text and "board_runs_ab12 AS board_runs" in text and ":run_id" in text
