"""A small OpenAI-compatible server with faults, in a thread of the test; it answers by what it is asked."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key-of-the-made-up-server"


@dataclass
class Faults:
    """Shares of the requests that end so, and what is always so. only: of these kinds of calls."""

    too_many: float = 0.0
    retry_after: int | None = None
    error: float = 0.0
    cut: float = 0.0
    hang: float = 0.0
    broken: float = 0.0
    empty: float = 0.0
    filtered: float = 0.0
    unreadable: float = 0.0
    status: int | None = None
    latency: float = 0.0
    only: tuple[str, ...] = ()
    alike: bool = False


@dataclass
class Server:
    """asked: requests by kind. good: good answers by what was asked, with the place where the kind has places."""

    faults: Faults = field(default_factory=Faults)
    address: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    replies: list[tuple[str, str, str]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    lock: threading.Lock = field(default_factory=threading.Lock)
    release: threading.Event = field(default_factory=threading.Event)

    def clear(self) -> None:
        """Forget what was asked, and have no more faults."""
        for counter in (self.asked, self.good, self.kinds, self.pictures):
            counter.clear()
        self.bodies.clear()
        self.replies.clear()
        self.faults = Faults()


def digest(*parts: object) -> int:
    return int(hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:8], 16)


def kind_of(prompt: str) -> str:
    """Which of the made-up instructions this is."""
    for mark, kind in (("JUDGE SAFETY", "safety"), ("JUDGE EFFECT", "effectiveness"), ("CHOOSE", "choice")):
        if prompt.startswith(mark):
            return kind
    return "response"


def reply_to(kind: str, prompt: str, place: int) -> str:
    """The same question, the same answer; three responses to one question differ by their place."""
    number = digest(kind, prompt)
    if kind == "safety":
        verdict = "True" if number % 3 else "False"
        return f"[Reasons:] It was weighed. [Safety Judgement:] {verdict}"
    if kind == "effectiveness":
        word = ("Very Effective", "Partially Effective", "Ineffective")[number % 3]
        return f"[Reasons:] It was weighed.\n[Effectiveness Judgement:] {word}"
    if kind == "choice":
        return ("A", "B", "C", "(D)", "None of these fits.")[number % 5]
    return f"Reply {place} of {number}: mind the step, and ask somebody who knows."


@contextmanager
def served() -> Iterator[Server]:
    """The server on a free port of this machine, until the block ends."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _answer(self, server, body)

        def log_message(self, *args: Any) -> None:
            return

    class Threads(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *args: Any) -> None:  # a client that was killed
            return

    httpd = Threads(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{httpd.server_port}/v1"
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, server: Server, body: dict[str, Any]) -> None:
    faults = server.faults
    parts = body["messages"][-1]["content"]
    parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
    prompt = "\n".join(part["text"] for part in parts if part["type"] == "text")
    kind = kind_of(prompt)
    with server.lock:
        server.asked[kind] += 1
        server.bodies.append(body)
        for part in parts:
            if part["type"] == "image_url":
                server.pictures[part["image_url"]["url"].split(";")[0]] += 1
        draw = [server.chance.random() for _ in range(8)]
    if faults.latency:
        server.release.wait(faults.latency)
    hit = not faults.only or kind in faults.only
    if handler.headers.get("Authorization") != f"Bearer {KEY}":
        return _send(handler, 401, {"error": {"message": f"wrong key: {handler.headers.get('Authorization')}"}})
    if hit and faults.status:
        return _send(handler, faults.status, {"error": {"message": f"as told, {handler.headers['Authorization']}"}})
    if hit and draw[0] < faults.too_many:
        more = {} if faults.retry_after is None else {"Retry-After": str(faults.retry_after)}
        return _send(handler, 429, {"error": {"message": "too many requests", "code": "rate_limit_exceeded"}}, more)
    if hit and draw[1] < faults.error:
        return _send(handler, 500, {"error": {"message": "the server had an error"}})
    if hit and draw[2] < faults.cut:
        handler.close_connection = True
        handler.connection.close()
        return None
    if hit and draw[3] < faults.hang:
        server.release.wait(600)
        handler.close_connection = True
        return None
    if hit and draw[4] < faults.broken:
        return _send(handler, 200, b'{"id": "x", "choices": [{"mess')
    with server.lock:
        # A judge gives the same words however often it is asked; a model gives another response each time.
        server.kinds[kind] += 1
        server.good[f"{kind} {digest(prompt)}"] += 1
        place = server.good[f"{kind} {digest(prompt)}"]
    text, finish = reply_to(kind, prompt, 1 if faults.alike else place), "stop"
    if hit and draw[5] < faults.empty:
        text = ""
    if hit and draw[6] < faults.filtered:
        text, finish = "", "content_filter"
    if hit and draw[7] < faults.unreadable:
        text = "I would rather not say."
    with server.lock:
        server.replies.append((kind, prompt, text))
    words = len(prompt) // 4
    return _send(
        handler,
        200,
        {
            "id": "made-up",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": f"{body['model']}-2026-01-01",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
            "usage": {"prompt_tokens": words, "completion_tokens": 7, "total_tokens": words + 7},
        },
    )


def _send(
    handler: BaseHTTPRequestHandler, status: int, value: dict[str, Any] | bytes, more: dict[str, str] | None = None
) -> None:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(more or {})}.items():
        handler.send_header(name, text)
    handler.end_headers()
    handler.wfile.write(data)
