"""The log: one line an event, as JSON where a machine reads it, in words where a person does.

An exception is logged as its type and its stack. Its message is left out unless they are the operating
system's or this project's: other libraries quote the value that they could not take, which may be somebody's text.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final, TextIO

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.errors import SiuoError
from siuo_dash.server import monitoring
from siuo_dash.store.registry.tokens import hidden
from siuo_dash.ui.streamlit_private import NO_VISIT, PROBES, UNCAUGHT, UPLOADS

LOGGER: Final = "siuo_dash"
LONGEST: Final = 2_000
_FOREIGN: Final = ("streamlit", "uvicorn", "websockets")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

_PRIVATE: Final = (UPLOADS, "/media/", "/oauth2callback", "/auth/")
"""Paths whose rest, or whose query, could open somebody's session: only their beginning is logged."""


def event(name: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """Write one event. fields: short facts (names, counts, seconds); never a response's text, a token or a cookie."""
    logging.getLogger(LOGGER).log(level, name, exc_info=error, extra={"event": name, **fields})


class Line(logging.Formatter):
    """A record as one line; nothing in it can end the line or begin another."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        return hidden(self._line(entry_of(record)))

    def _line(self, entry: dict[str, Any]) -> str:
        if self.as_json:
            return json.dumps(entry, ensure_ascii=True, default=str)
        facts = " ".join(
            f"{name}={json.dumps(value, default=str)}"
            for name, value in entry.items()
            if name not in ("at", "level", "logger", "message", "event", "traceback")
        )
        words = json.dumps(entry.get("message", entry["event"]), ensure_ascii=False)[1:-1]
        return f"{entry['at'][11:19]} {entry['level']:7} {words} {facts}".rstrip() + (
            f"\n{entry['traceback']}" if "traceback" in entry else ""
        )


def entry_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, as a flat object: at, level, logger, event, its facts, and an exception's traceback."""
    entry: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": getattr(record, "event", "message"),
    }
    if entry["event"] == "message":
        entry["message"] = record.getMessage()[:LONGEST]
    for name, value in vars(record).items():
        if name not in _STANDARD and name not in entry:
            entry[name] = value[:LONGEST] if isinstance(value, str) else value
    if record.exc_info and (error := record.exc_info[1]) is not None:
        entry |= _told(error)
    return entry


def _told(error: BaseException) -> dict[str, Any]:
    kinds: list[str] = []
    places: list[str] = []
    known: BaseException | None = error
    while known is not None and len(kinds) < 5:
        words = f": {known}"[:LONGEST] if isinstance(known, SiuoError | OSError) else ""
        kinds.append(type(known).__name__ + words)
        places.append("".join(traceback.format_tb(known.__traceback__)))
        known = known.__cause__ or (None if known.__suppress_context__ else known.__context__)
    notes = {"notes": list(error.__notes__)} if getattr(error, "__notes__", None) else {}
    return {"error": " from ".join(kinds), "traceback": "\ncaused by\n".join(places)} | notes


def install(*extra: logging.Handler, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Send this project's log, Streamlit's and the server's to one place (standard error) in one form.

    extra: further handlers for this project's own log. as_json: else JSON unless a person looks on.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(Line(as_json=not target.isatty() if as_json is None else as_json))
    logging.getLogger().handlers = [handler]
    own = logging.getLogger(LOGGER)
    own.handlers, own.propagate = list(extra), True
    own.setLevel(logging.INFO)
    adopt()


def adopt() -> None:
    """Take over the loggers that Streamlit has made since: each comes with a handler of its own."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in _FOREIGN:
            logger = logging.getLogger(name)
            if logger.handlers:  # one without any was silenced on purpose
                logger.handlers, logger.propagate = [], True
    # What is read at the start, before any visit, has no visit: nothing to warn of.
    logging.getLogger(NO_VISIT).setLevel(logging.ERROR)
    # Logged by `application.explain`, with what a person was shown.
    told = logging.getLogger(UNCAUGHT[0])
    if _not_told_twice not in told.filters:
        told.addFilter(_not_told_twice)


def _not_told_twice(record: logging.LogRecord) -> bool:
    return record.msg != UNCAUGHT[1]


class RequestLog:
    """Counts every answer; writes a line for what an operator would ask about. Addresses lose their query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._visit(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _visit(self, scope: Scope, receive: Receive, send: Send) -> None:
        started: float | None = None

        async def watched(message: Message) -> None:
            nonlocal started
            if message["type"] == "websocket.accept":
                started = perf_counter()
                monitoring.SESSIONS.inc()
                monitoring.SESSIONS_MADE.inc()
                adopt()
                event("page opened")
            elif message["type"] == "websocket.close" and started is None:
                event("page refused", level=logging.WARNING, code=message.get("code"))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            if started is not None:
                monitoring.SESSIONS.dec()
                event("page closed", seconds=round(perf_counter() - started, 1))

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        started = perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            monitoring.ANSWERS.labels(f"{status // 100}xx").inc()
            if scope["method"] == "PUT" and scope["path"].startswith(UPLOADS):
                _upload(scope, status, perf_counter() - started)
            elif 400 <= status < 500 and not scope["path"].endswith(PROBES):
                event("refused", method=scope["method"], path=place(scope["path"]), status=status)


def _upload(scope: Scope, status: int, seconds: float) -> None:
    monitoring.UPLOADS.labels(str(status)).inc()
    length = Headers(scope=scope).get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    if status < 300 and size:
        monitoring.UPLOAD_BYTES.inc(size)
    event("upload", status=status, bytes=size, seconds=round(seconds, 3))


def place(path: str) -> str:
    """A path as it may be logged."""
    private = next((each for each in _PRIVATE if path.startswith(each)), None)
    return f"{private}…" if private else hidden(path)[:120]
