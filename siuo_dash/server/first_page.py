"""Puts the leaderboard into the home page's HTML: it is read while the interactive page is still loading."""

from __future__ import annotations

import logging
from functools import lru_cache

import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.server import logs
from siuo_dash.server.first_view import SCRIPT, first_view
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import page
from siuo_dash.ui.streamlit_private import PAGE_ROOT


class FirstPage:
    """Adds the first view to the home page's own address; an address with state is left to the interactive page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/" or scope["query_string"]:
            await self.app(scope, receive, send)
            return
        part = await anyio.to_thread.run_sync(_part)
        await self.app(scope, receive, _adding(part, send) if part else send)


async def script(_request: Request) -> Response:
    """What takes the first view away again."""
    return Response(SCRIPT, media_type="text/javascript")


def _adding(part: bytes, send: Send) -> Send:
    started: list[Message] = []
    body = bytearray()

    async def passed_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        whole = bytes(body).replace(PAGE_ROOT, PAGE_ROOT + part, 1)
        headers = MutableHeaders(raw=list(started[0]["headers"]))
        headers["content-length"] = str(len(whole))
        for name in ("etag", "last-modified"):  # they are of the file without the addition
            if name in headers:
                del headers[name]
        await send({**started[0], "headers": headers.raw})
        await send({"type": "http.response.body", "body": whole})

    return passed_on


def _part() -> bytes:
    """The first view of the data as they are now; nothing where they cannot be read, which the page will say."""
    try:
        store = page.the_store()
        store.refresh()
        with store.reading():
            return _of(store, store.version)
    except Exception as error:  # noqa: BLE001 - the interactive page meets it, too, and says what to do
        logs.event("no first view", level=logging.WARNING, error=error)
        return b""


@lru_cache(maxsize=2)
def _of(store: Store, _version: str) -> bytes:
    boards = queries.boards(store)
    if not boards:
        return b""
    frame = leaderboard(store, Filters(board=boards[0].id), METRICS["safe"])
    return first_view(frame, boards[0].label).encode()
