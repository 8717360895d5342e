"""What is logged and counted of visits: pages opened and closed, files dropped, and what was refused."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.server import logs, metrics
from siuo_dash.ui.streamlit_private import PROBES, UPLOADS

_PRIVATE: Final = (UPLOADS, "/media/", "/oauth2callback", "/auth/")
"""Paths whose rest, or whose query, could open somebody's session: only their beginning is logged."""


class Watch:
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
                metrics.SESSIONS.inc()
                metrics.SESSIONS_MADE.inc()
                logs.adopt()
                logs.event("page opened")
            elif message["type"] == "websocket.close" and started is None:
                logs.event("page refused", level=logging.WARNING, code=message.get("code"))
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            if started is not None:
                metrics.SESSIONS.dec()
                logs.event("page closed", seconds=round(perf_counter() - started, 1))

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
            metrics.ANSWERS.labels(f"{status // 100}xx").inc()
            if scope["method"] == "PUT" and scope["path"].startswith(UPLOADS):
                _upload(scope, status, perf_counter() - started)
            elif 400 <= status < 500 and not scope["path"].endswith(PROBES):
                logs.event("refused", method=scope["method"], path=place(scope["path"]), status=status)


def _upload(scope: Scope, status: int, seconds: float) -> None:
    metrics.UPLOADS.labels(str(status)).inc()
    length = Headers(scope=scope).get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    if status < 300 and size:
        metrics.UPLOAD_BYTES.inc(size)
    logs.event("upload", status=status, bytes=size, seconds=round(seconds, 3))


def place(path: str) -> str:
    """A path as it may be logged."""
    private = next((each for each in _PRIVATE if path.startswith(each)), None)
    return f"{private}…" if private else path[:120]
