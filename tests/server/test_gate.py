"""What the server does not take: files from nobody, and messages that only a developer's own page sends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg

from siuo_dash.server.gate import UploadGate
from siuo_dash.ui import identity
from siuo_dash.ui.streamlit_private import DEVELOPERS, UPLOADS
from tests.server.loops import finished
from tests.settings.test_settings import HOSTED, auth


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in HOSTED.items():
        monkeypatch.setenv(name, value)
    before = config.get_option("secrets.files")
    config._set_option("secrets.files", [str(auth(tmp_path))], "a test")
    identity.settings.cache_clear()
    yield
    config._set_option("secrets.files", before, "a test")
    identity.settings.cache_clear()


def passed(scope: dict[str, Any], incoming: list[Message]) -> tuple[list[Message], list[Message]]:
    """What comes through the gate to the program behind it, and what the gate answers by itself."""
    through: list[Message] = []
    answered: list[Message] = []
    waiting = iter(incoming)

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            through.append(message)
            if message["type"] == "http.request":
                return

    async def receive() -> Message:
        return next(waiting, {"type": "websocket.disconnect"})

    async def send(message: Message) -> None:
        answered.append(message)

    finished(UploadGate(app)(scope, receive, send))
    return through, answered


def frame(kind: str) -> Message:
    message = BackMsg()
    if kind == "rerun_script":
        message.rerun_script.query_string = "q=1"
    elif kind == "file_urls_request":
        message.file_urls_request.session_id = "x"
    else:
        setattr(message, kind, True)
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def test_messages_of_developers_are_passed_over(hosted: None, caplog: pytest.LogCaptureFixture) -> None:
    usual = [frame("rerun_script"), frame("stop_script"), frame("app_heartbeat"), frame("file_urls_request")]
    broken: Message = {"type": "websocket.receive", "bytes": b"\xff\xff"}
    with caplog.at_level(logging.WARNING, "siuo_dash"):
        through, _ = passed(
            {"type": "websocket", "path": "/_stcore/stream"}, [*usual, *map(frame, DEVELOPERS), broken, usual[0]]
        )
    assert through == [*usual, broken, usual[0]]
    assert len(caplog.records) == len(DEVELOPERS)


def test_locally_a_developer_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_MODE", "local")
    identity.settings.cache_clear()
    through, _ = passed({"type": "websocket", "path": "/_stcore/stream"}, [frame("clear_cache")])
    assert len(through) == 1
    identity.settings.cache_clear()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_file_from_nobody_is_not_read(hosted: None, method: str) -> None:
    scope = {"type": "http", "method": method, "path": f"{UPLOADS}s/f", "query_string": b"", "headers": []}
    through, answered = passed(scope, [{"type": "http.request", "body": b"x"}])
    assert through == [] and answered[0]["status"] == 403
    forged = scope | {"headers": [(b"cookie", b"_streamlit_user=eyJpc19sb2dnZWRfaW4iOiB0cnVlfQ.aaaa.bbbb")]}
    assert passed(forged, [])[1][0]["status"] == 403
