"""Health and figures of a running server."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from siuo_dash.server import monitoring
from siuo_dash.ui import streamlit_private
from tests.conftest import ROOT
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.visitor import Visitor


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


@pytest.mark.parametrize("name", ["samples.csv", "results.parquet"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(own: tuple[Instance, Path], name: str) -> None:
    server, data = own

    async def pages() -> list[str]:
        async with Visitor(server.address) as visitor:
            said = []
            for page in ("", "method", "samples"):
                await visitor.open(page)
                said.append(" ".join(each.alert.body for each in visitor._of("alert")))
            return said

    file = data / name
    file.unlink()
    os.mkfifo(file)
    assert all("is not a file" in words and name in words for words in finished(pages()))
    assert server.get("/healthz").status == (503 if name == "samples.csv" else 200)
    file.unlink()
    shutil.copy(ROOT / "data" / name, file)
    assert server.get("/healthz").status == 200
    assert finished(pages()) == ["", "", ""]
    assert server.of("page error") == []


def test_health_does_not_wait_for_a_disk_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file of a sound disk can be made to hang, so the look at it does."""
    goes_on = threading.Event()

    async def ready() -> bool:
        return True

    monkeypatch.setattr(streamlit_private, "is_ready", ready)
    monkeypatch.setattr(monitoring, "_unreadable", lambda _: "" if goes_on.wait(60) else "never")
    hangs = "the data directory did not answer within 0.1 seconds; look at the disk or the mount\n"

    async def looks() -> list[str]:
        # The look that still hangs does not keep the next one from being answered.
        said = [await monitoring.problem(tmp_path, patience=0.1) for _ in range(2)]
        goes_on.set()
        return [*said, await monitoring.problem(tmp_path, patience=60)]

    assert finished(looks()) == [hangs, hangs, ""]


def test_a_server_without_data_starts_says_so_and_serves(tmp_path: Path) -> None:
    with running(tmp_path, tmp_path / "none") as server:
        assert server.get("/healthz").status == 503
        assert server.get("/").status == 200
        (told,) = server.of("data not readable")
        assert told["level"] == "warning" and "samples.csv" in told["error"]
