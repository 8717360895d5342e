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

import pandas as pd
import pytest

from siuo_dash.errors import StoreError
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.table_files import current, write_tables
from tests.browser.driver import free_port
from tests.conftest import ROOT
from tests.golden.stores import Maker, demo, totals
from tests.make.runs import make_run, share
from tests.make.stores import add, make_data
from tests.store.engine_cases import cases

pytest.importorskip("pyspark", reason="the extra `spark` is not installed (make test installs it)")
from siuo_dash.store.engine.cluster import ClusterStore, spark_sql

SERVER = "SIUO_TEST_SPARK"
"""Names a Spark Connect server to ask in place of Sail: `make test-spark` starts Apache Spark and sets it."""


@contextmanager
def sail(port: int) -> Iterator[str]:
    """Sail, which speaks Spark Connect, listening on this machine."""
    pytest.importorskip("pysail", reason="pysail is not installed (make test installs it)")
    program = Path(sys.executable).parent / "sail"
    process = subprocess.Popen(
        [program, "spark", "server", "--ip", "127.0.0.1", "--port", str(port)],
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
    """Runs of every kind: several responses, flags, ungraded, multiple choice, totals, hostile names."""
    maker = Maker(ROOT)
    return maker.folder(tmp_path_factory.mktemp("cluster") / "data", [*demo(maker), *totals(maker)])


def differences(data: Path, url: str, place: Path, most: int | None) -> tuple[int, list[str]]:
    """How many cases were asked on both, and which answers differ."""
    store = Store(data)
    write_tables(store, str(place))
    cluster = ClusterStore(data, url, str(place))
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


def test_a_cluster_gives_duckdbs_answers(made_up: Path, server: str, tmp_path: Path) -> None:
    asked, found = differences(made_up, server, tmp_path, 3)
    assert found == [] and asked > 60


@pytest.mark.heavy
@pytest.mark.parametrize("which", ["shipped", "made up"])
def test_a_cluster_gives_duckdbs_answers_in_every_case(which: str, made_up: Path, server: str, tmp_path: Path) -> None:
    asked, found = differences(ROOT / "data" if which == "shipped" else made_up, server, tmp_path, None)
    assert found == [] and asked > 500


def test_a_publication_is_seen_once_the_tables_are_written_and_never_in_the_middle_of_a_page(
    server: str, tmp_path: Path
) -> None:
    data, place = make_data(tmp_path / "data", make_run("First", share(100))), str(tmp_path / "tables")
    store = Store(data)
    first = write_tables(store, place)
    cluster = ClusterStore(data, server, place)
    count = "SELECT COUNT(*) AS n FROM runs"
    assert (cluster.version, cluster.frame(count)["n"].tolist()) == (first, [1]) == (current(place), [1])
    with cluster.reading():
        add(data, make_run("Second", share(120)))
        assert not cluster.refresh() and store.refresh() and cluster.frame(count)["n"].tolist() == [1]
        second = write_tables(store, place)
        assert (cluster.version, cluster.frame(count)["n"].tolist()) == (first, [1])
        assert cluster.refresh() and (cluster.version, cluster.frame(count)["n"].tolist()) == (second, [2])
    assert write_tables(store, place) == second, "what is there is not written again"
    for number in range(7):
        add(data, make_run(f"Run {number}", share(number)))
        store.refresh()
        write_tables(store, place)
    cluster.refresh()
    assert cluster.frame(count)["n"].tolist() == [9]
    assert len([each for each in Path(place).iterdir() if each.is_dir()]) == 8, "old tables are removed"


def test_a_cluster_that_was_started_again_is_used_again_and_one_that_is_away_is_named(tmp_path: Path) -> None:
    data, place, port = (
        make_data(tmp_path / "data", make_run("First", share(100))),
        str(tmp_path / "tables"),
        free_port(),
    )
    write_tables(Store(data), place)
    with sail(port) as url:
        cluster = ClusterStore(data, f"{url}/;user_id=secret", place)
        assert len(cluster.frame("SELECT * FROM runs")) == 1
    with sail(port):
        assert len(cluster.frame("SELECT * FROM runs")) == 1
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:\d+: the cluster does not answer") as refused:
            cluster.frame("SELECT no_such_column FROM runs")
        assert "secret" not in str(refused.value)
    with pytest.raises(StoreError, match="the cluster does not answer"):
        cluster.frame("SELECT * FROM runs")


def test_tables_that_are_not_there_are_named(server: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there are no tables; write them: `python -m siuo_dash write-tables`"):
        ClusterStore(ROOT / "data", server, str(tmp_path))


def test_tables_are_asked_by_version_and_values_stay_bound() -> None:
    text = spark_sql("SELECT r.model FROM runs r JOIN board_runs USING (run_no) WHERE run_id = $run_id", "ab12")
    assert "runs_ab12 AS r" in text and "board_runs_ab12 AS board_runs" in text and ":run_id" in text
