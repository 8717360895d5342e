"""A local HTTP server that serves files as the benchmark's places would, and fails in the ways that servers fail."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Kind = Literal["ok", "status", "cut", "hang", "cut without length", "wrong part", "no ranges", "redirect"]


@dataclass
class Step:
    """What the server does to one request: `kind`, with a status, or after so many bytes."""

    kind: Kind = "ok"
    status: int = 200
    after: int = 0
    weak: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Site:
    """The files by path, what happens to the requests of each path in turn (then 'ok'), and what was asked."""

    files: dict[str, bytes]
    steps: dict[str, list[Step]] = field(default_factory=lambda: defaultdict(list))
    asked: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""
    release: threading.Event = field(default_factory=threading.Event)

    def requests(self, path: str) -> list[str]:
        """The Range header ('' = none) of each request for a path."""
        return [asked_range for asked, asked_range in self.asked if asked == path]


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[Site]:
    """The site on a free port of this machine, until the block ends."""
    site = Site(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            site.asked.append((self.path, wanted))
            steps = site.steps[self.path]
            _answer(self, site, steps.pop(0) if steps else Step(), wanted)
            self.close_connection = True

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        site.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, site: Site, step: Step, wanted: str) -> None:
    body = site.files.get(handler.path)
    status = 404 if body is None else step.status
    if step.kind == "redirect":
        return _head(handler, 302, {"Location": step.headers["Location"], "Content-Length": "0"})
    if body is None or step.kind == "status":
        return _head(handler, status, {"Content-Length": "0", **step.headers})
    tag = f'W/"{len(body)}"' if step.weak else f'"{hash(body)}"'
    headers = {"Content-Type": "application/octet-stream", "ETag": tag}
    start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and step.kind != "no ranges" else 0
    # If-Range: another version of the file is sent whole.
    if start and handler.headers.get("If-Range") != tag:
        start = 0
    if start >= len(body):
        return _head(handler, 416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
    if start:
        first = start + 1 if step.kind == "wrong part" else start
        headers["Content-Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
    rest = body[start:]
    if step.kind != "cut without length":
        headers["Content-Length"] = str(len(rest))
    _head(handler, 206 if start else 200, headers)
    whole = step.kind in ("ok", "wrong part", "no ranges")
    handler.wfile.write(rest if whole else rest[: step.after])
    handler.wfile.flush()
    if step.kind == "hang":
        site.release.wait(timeout=30)
    return None


def _head(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    handler.send_response(status)
    # It closes the connection, and says so: a client that asks again on it would now and then find it gone.
    for name, value in {**headers, "Connection": "close"}.items():
        handler.send_header(name, value)
    handler.end_headers()
