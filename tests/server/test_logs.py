"""The log of a running server: one line an event, without texts and without what opens a session."""

from __future__ import annotations

import json
import logging
from io import StringIO
from pathlib import Path

import pytest
from websockets.sync.client import connect

from siuo_dash.errors import StoreError
from siuo_dash.server import logs
from siuo_dash.server.logs import place
from tests.server.instance import running

TEXT = "a response that nobody may read in a log"


def test_the_log_is_one_json_line_an_event_without_addresses_that_open_sessions(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.get("/_stcore/upload_file/0123-session/4567", method="PUT", body=b"x" * 10)
        server.get("/oauth2callback?code=very-secret&state=also")
        server.get("/media/..%2f?token=very-secret")
        with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream"):
            pass
        server.process.terminate()
        server.process.wait(timeout=300)
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
