"""A small server with faults that speaks three protocols, in a thread of the test; it answers by what it is asked."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key-of-the-made-up-server"
_KEYS = ("Authorization", "x-api-key", "x-goog-api-key")


@dataclass
class Faults:
    """Shares of the requests that end so, and what is always so. only: of these kinds; about: with these words."""

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
    about: str = ""
    alike: bool = False


@dataclass
class Server:
    """asked: requests by kind. good: good answers by what was asked; kinds: by kind. moments: when they were given."""

    faults: Faults = field(default_factory=Faults)
    address: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keeps_bodies: bool = True
    moments: list[float] = field(default_factory=list)
    replies: list[tuple[str, str, str]] = field(default_factory=list)
    kind_of: Callable[[str], str] = lambda prompt: kind_of(prompt)
    reply_to: Callable[[str, str, int, str], str] = lambda *asked: reply_to(*asked)
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


def reply_to(kind: str, prompt: str, place: int, model: str = "") -> str:
    """The same question, the same answer; three responses to one question differ by their place, judges by name."""
    number = digest(kind, prompt, "other" in model)
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


@dataclass
class Asked:
    """One call, whatever protocol it came by."""

    prompt: str
    pictures: list[str]
    model: str
    key: str


def _openai(body: dict[str, Any], key: str) -> Asked:
    parts = body["messages"][-1]["content"]
    parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
    urls = [part["image_url"]["url"].split(";")[0] for part in parts if part["type"] == "image_url"]
    return Asked("\n".join(part["text"] for part in parts if part["type"] == "text"), urls, body["model"], key)


def _anthropic(body: dict[str, Any], key: str) -> Asked:
    parts = body["messages"][-1]["content"]
    kinds = [f"data:{part['source']['media_type']}" for part in parts if part["type"] == "image"]
    return Asked("\n".join(part["text"] for part in parts if part["type"] == "text"), kinds, body["model"], key)


def _google(body: dict[str, Any], key: str, model: str) -> Asked:
    parts = [part for content in body["contents"] for part in content["parts"]]
    held = [part["inlineData"] for part in parts if "inlineData" in part]
    kinds = [f"data:{each.get('mimeType') or each['mime_type']}" for each in held]  # the library writes both
    return Asked("\n".join(part["text"] for part in parts if "text" in part), kinds, model, key)


def _answer(handler: BaseHTTPRequestHandler, server: Server, body: dict[str, Any]) -> None:
    faults, path, head = server.faults, handler.path, handler.headers
    key = next((text for name in _KEYS if (text := str(head.get(name, "")).removeprefix("Bearer "))), "")
    if path.endswith("/messages"):
        asked = _anthropic(body, key)
    elif ":generateContent" in path:
        asked = _google(body, key, path.split("/")[-1].split(":")[0])
    else:
        asked = _openai(body, key)
    prompt, kind = asked.prompt, server.kind_of(asked.prompt)
    with server.lock:
        server.asked[kind] += 1
        if server.keeps_bodies:
            server.bodies.append(body)
        server.pictures.update(asked.pictures)
        draw = [server.chance.random() for _ in range(8)]
    if faults.latency:
        server.release.wait(faults.latency)
    hit = (not faults.only or kind in faults.only) and faults.about in prompt
    if asked.key != KEY and "/api/" not in path and head.get("Authorization") != "Bearer ollama":
        return _send(handler, 401, {"error": {"message": f"wrong key: {asked.key}"}})
    if hit and faults.status:
        return _send(handler, faults.status, {"error": {"message": f"as told, {asked.key}"}})
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
    text, finish = server.reply_to(kind, prompt, 1 if faults.alike else place, asked.model), "stop"
    if kind == "response" and "3001" in prompt:  # cut off in the middle, at a full stop
        text, finish = f"{text} And then.", "length"
    if hit and draw[5] < faults.empty:
        text = ""
    if hit and draw[6] < faults.filtered:
        text, finish = "", "content_filter"
    if hit and draw[7] < faults.unreadable:
        text = "I would rather not say."
    with server.lock:
        server.replies.append((kind, prompt, text))
        server.moments.append(time.monotonic())
    return _send(handler, 200, _wrapped(path, text, finish, asked, len(prompt) // 4))


def _wrapped(path: str, text: str, finish: str, asked: Asked, words: int) -> dict[str, Any]:
    """The answer as the protocol of this path has it."""
    served = f"{asked.model}-2026-01-01"
    if path.endswith("/messages"):
        usage = {"input_tokens": words, "output_tokens": 7}
        reason = {"length": "max_tokens"}.get(finish, "end_turn")
        content = [{"type": "text", "text": text}]
        about = {"id": "made-up", "type": "message", "role": "assistant", "model": served, "stop_sequence": None}
        return about | {"content": content, "stop_reason": reason, "usage": usage}
    if ":generateContent" in path:
        reason = {"length": "MAX_TOKENS"}.get(finish, "STOP")
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason, "index": 0}
        usage = {"promptTokenCount": words, "candidatesTokenCount": 7, "totalTokenCount": words + 7}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": served}
    return {
        "id": "made-up",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": served,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": words, "completion_tokens": 7, "total_tokens": words + 7},
    }


def _send(
    handler: BaseHTTPRequestHandler, status: int, value: dict[str, Any] | bytes, more: dict[str, str] | None = None
) -> None:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    handler.send_response(status)
    for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **(more or {})}.items():
        handler.send_header(name, text)
    handler.end_headers()
    handler.wfile.write(data)
