"""A dashboard as a service runs it: its address, its process, its log."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.driver import free_port, wait_for_server
from tests.make.program import ROOT, Program


@dataclass
class Answer:
    """An HTTP answer. headers: names in lower case; a header that came twice holds both, one a line."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Instance:
    """One running server."""

    port: int
    process: Program | subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask for exactly this path: nothing tidies `..` or `%2e` on the way. headers: x_y is sent as x-y."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    @property
    def printed(self) -> str:
        """What went to standard output, which a service manager keeps like the log."""
        return self.log.with_suffix(".out").read_text(encoding="utf-8")

    def events(self) -> list[dict[str, Any]]:
        """The log's lines; each must be JSON, but for the few of Streamlit before this program's log begins."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        first = next((place for place, line in enumerate(lines) if line.startswith("{")), len(lines))
        return [json.loads(line) for line in lines[first:] if line.strip()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events() if each["event"] == event]


def answer_of(response: http.client.HTTPResponse) -> Answer:
    """The answer, read to its end."""
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        name = name.lower()
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    return Answer(response.status, headers, response.read())


@contextmanager
def running(
    folder: Path,
    data: Path | None = None,
    *,
    port: int | None = None,
    options: Mapping[str, str] | None = None,
    wait: bool = True,
    program: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    copied: bool = True,
) -> Iterator[Instance]:
    """A server on a free port; its log goes to a file in `folder`. options: Streamlit's, as {"server.x": "…"}.

    program: the folder whose app.py is run, which may be another than the dashboard's. copied: not started by Python
    itself, see tests/make/program.py.
    """
    port = port or free_port()
    log = folder / f"log-{port}-{len(list(folder.glob('log-*')))}.jsonl"
    chosen = {"server.port": str(port), "server.fileWatcherType": "none"} | dict(options or {})
    command = ["streamlit", "run", "app.py", *(f"--{name}={value}" for name, value in chosen.items())]
    settings = os.environ | dict(environment or {}) | ({"SIUO_DATA": str(data)} if data else {})
    process: Program | subprocess.Popen[bytes]
    if copied:
        process = Program(*command, cwd=program, environment=settings, out=log.with_suffix(".out"), err=log)
    else:
        with log.open("wb") as lines, log.with_suffix(".out").open("wb") as out:
            command = [sys.executable, "-m", *command]
            process = subprocess.Popen(command, cwd=program, env=settings, stdout=out, stderr=lines)
    try:
        if wait:
            wait_for_server(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield Instance(port, process, log)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=300)


def copy_data(target: Path) -> Path:
    """The shipped data, where a test may write."""
    return Path(
        shutil.copytree(
            ROOT / "data", target, ignore=shutil.ignore_patterns("runs", "registry.db*", "before-registry*")
        )
    )
