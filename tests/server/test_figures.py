"""Health, figures and the log of a running server."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from siuo_dash.errors import StoreError
from siuo_dash.server import logs
from siuo_dash.server.logs import place
from tests.conftest import ROOT
from tests.server.instance import Instance, copy_data, running

TEXT = "a response that nobody may read in a log"


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


def test_the_log_is_one_json_line_an_event_without_addresses_that_open_sessions(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.get("/_stcore/upload_file/0123-session/4567", method="PUT", body=b"x" * 10)
        server.get("/oauth2callback?code=very-secret&state=also")
        server.get("/media/..%2f?token=very-secret")
        with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream"):
            pass
        server.process.terminate()
        server.process.wait(timeout=30)
        events = server.events()
    names = [each["event"] for each in events]
    assert {"start", "upload", "page opened", "page closed", "refused", "stop"} <= set(names)
    assert all({"at", "level", "logger", "event"} <= set(each) for each in events)
    (upload,) = server.of("upload")
    assert (upload["status"], upload["bytes"]) == (403, 10)
    text = server.log.read_text()
    assert not [word for word in ("very-secret", "0123-session", "4567") if word in text]


def written(error: Exception, *, as_json: bool = True) -> str:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Line(as_json=as_json))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    try:
        raise error
    except Exception as raised:
        logger.error("page error", exc_info=raised, extra={"event": "page error", "reference": "ab\ncd"})
    return stream.getvalue()


def test_an_error_of_another_library_is_told_without_its_words() -> None:
    line = written(ValueError(f"could not convert: {TEXT}"))
    entry = json.loads(line)
    assert line.count("\n") == 1
    assert TEXT not in line
    assert entry["error"] == "ValueError" and "in written" in entry["traceback"] and entry["reference"] == "ab\ncd"
    assert TEXT not in written(ValueError(TEXT), as_json=False)


def test_what_this_project_or_the_system_says_is_told() -> None:
    assert "the disk is full" in json.loads(written(StoreError("the disk is full")))["error"]
    assert "No space" in json.loads(written(OSError(28, "No space left on device")))["error"]


def test_a_cause_is_told_too() -> None:
    try:
        raise KeyError(TEXT)
    except KeyError as cause:
        error = ValueError(TEXT)
        error.__cause__ = cause
    entry = json.loads(written(error))
    assert entry["error"] == "ValueError from KeyError" and "caused by" in entry["traceback"]


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/method", "/method"),
        ("/_stcore/upload_file/session/file", "/_stcore/upload_file/…"),
        ("/auth/login", "/auth/…"),
        ("/" + "x" * 500, "/" + "x" * 119),
    ],
)
def test_a_path_is_logged_without_what_opens_a_session(path: str, logged: str) -> None:
    assert place(path) == logged
