"""A dashboard in local mode that was started by another server than Streamlit's own, open to the network."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from siuo_dash.server.guards import WORDS, LocalOnly, kept_back
from siuo_dash.settings import Settings
from siuo_dash.ui import identity
from tests.browser.driver import ROOT, free_port, wait_for_server
from tests.server.instance import Instance, copy_data
from tests.server.loops import finished
from tests.server.visitor import BROKEN, Visitor


def own_address() -> str | None:
    """An address of this machine that others could reach; asking for the way there sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(asked.getsockname()[0])
    return None if address.startswith("127.") else address


def test_who_comes_over_the_network_is_turned_away(tmp_path: Path) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but its own")
    port, log = free_port(), tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", str(port)]
    with (
        log.open("wb") as lines,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"SIUO_DATA": str(copy_data(tmp_path / "data"))},
            stdout=lines,
            stderr=lines,
        ) as process,
    ):
        try:
            wait_for_server(process, f"http://127.0.0.1:{port}/_stcore/health")

            async def visits() -> None:
                async with Visitor(f"http://127.0.0.1:{port}") as here:
                    await here.open()
                    assert "Leaderboard" in here.words() and not here.alerts()
                async with Visitor(f"http://{address}:{port}") as afar:
                    with pytest.raises(BROKEN, match="403: This dashboard runs in local mode"):
                        await afar.open()

            finished(visits())
            answer = Instance(port, process, log).get("/healthz")
            assert answer.status == 200
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("server", "passes"),
    [
        (("127.0.0.1", 8501), True),
        (("127.8.9.1", 8501), True),
        (("::1", 8501), True),
        (("::ffff:127.0.0.1", 8501), True),
        (("/run/siuo.sock", None), True),
        (None, True),
        (("192.0.2.2", 8501), False),
        (("::ffff:192.0.2.2", 8501), False),
        (("fd00::2", 8501), False),
        (("0.0.0.0", 8501), False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("mode", ["local", "hosted"])
def test_which_addresses_are_this_machine_s_own(
    monkeypatch: pytest.MonkeyPatch, mode: str, kind: str, server: tuple[str, int | None] | None, passes: bool
) -> None:
    monkeypatch.setattr(identity, "settings", lambda: Settings(mode=mode))  # type: ignore[arg-type]
    came: list[str] = []
    said: list[Message] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        came.append(scope["type"])

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of who is turned away")

    finished(LocalOnly(app)({"type": kind, "server": server, "headers": []}, receive, send))
    operators: Scope = {"type": "http", "path": "/metrics", "server": server, "headers": []}
    assert kept_back(operators) is not passes, "the operator's figures are for this machine, in any mode"
    if passes or mode == "hosted":
        assert came == [kind] and said == []
    elif kind == "http":
        assert came == [] and said[0]["status"] == 403 and said[1]["body"].decode() == WORDS
    else:
        assert came == [] and said == [{"type": "websocket.close", "code": 1008}]
