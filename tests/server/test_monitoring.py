"""Health and figures of a running server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from tests.conftest import ROOT
from tests.server.instance import Instance, copy_data, running


def figures(server: Instance) -> dict[str, float]:
    """{"name{label,…}": value} of /metrics, read by the reference parser."""
    families = text_string_to_metric_families(server.get("/metrics").text)
    return {
        f"{sample.name}{{{','.join(str(value) for value in sample.labels.values())}}}": sample.value
        for family in families
        for sample in family.samples
    }


def test_figures_are_in_the_usual_format(server: Instance) -> None:
    before = figures(server)
    server.get("/media/none.png")
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream"):
        during = figures(server)
    assert server.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
    assert during["siuo_sessions_started_total{}"] - before["siuo_sessions_started_total{}"] == 1
    assert during["siuo_sessions{}"] == before["siuo_sessions{}"] + 1
    assert during["siuo_answers_total{4xx}"] - before.get("siuo_answers_total{4xx}", 0) == 1
    assert during["process_resident_memory_bytes{}"] > 50e6


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Path]]:
    """A server and its data directory, which a test may spoil if it mends it again."""
    data = copy_data(tmp_path_factory.mktemp("own") / "data")
    with running(data.parent, data) as server:
        yield server, data


def test_health_tells_a_data_directory_that_goes_and_comes_back(own: tuple[Instance, Path]) -> None:
    server, data = own
    assert (server.get("/healthz").status, server.get("/healthz").text) == (200, "ok\n")
    data.rename(data.with_name("elsewhere"))
    gone = server.get("/healthz")
    assert gone.status == 503
    assert gone.text.startswith("the data directory cannot be read (No such file or directory); mount it")
    assert str(data.parent) not in gone.text
    data.with_name("elsewhere").rename(data)
    assert server.get("/healthz").status == 200


def test_health_does_not_wait_for_a_disk_that_hangs(own: tuple[Instance, Path]) -> None:
    server, data = own
    pipe = data / "samples.csv"
    pipe.unlink()
    os.mkfifo(pipe)  # opening it waits until somebody writes, as a dead network disk does
    for _ in range(2):  # the look that still hangs does not keep the next one from being answered
        answer = server.get("/healthz")
        assert answer.status == 503
        assert answer.text == "the data directory did not answer within 2 seconds; look at the disk or the mount\n"
    pipe.open("wb").close()  # lets the look that was left behind end
    pipe.unlink()
    shutil.copy(ROOT / "data" / "samples.csv", pipe)
    assert server.get("/healthz").status == 200


def test_a_server_without_data_starts_says_so_and_serves(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path / "none") as server:
        assert server.get("/healthz").status == 503
        assert server.get("/").status == 200
        (told,) = server.of("data not readable")
        assert told["level"] == "warning" and "samples.csv" in told["error"]
