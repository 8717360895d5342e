"""Hosted, the server takes files only from who may upload, and no message that is meant for a developer's own page.

Streamlit's own address for dropped files asks for nothing but an open page, which everybody has who reads; a message
over its socket empties the caches for all visitors at once; and signing out takes away this browser's cookie, no more.
"""

from __future__ import annotations

import logging
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.ui import identity
from siuo_dash.ui.streamlit_private import SIGN_OUT, UPLOADS, cookie_claims, held_bytes, is_for_developers

log = logging.getLogger("siuo_dash")
_FRAMING: Final = 16_384
"""Bytes that a request may have beside the file."""


class UploadGate:
    """Answers 403 to who may not upload, 411 to a missing Content-Length, 413 to too much; drops developer messages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._arriving: dict[str, dict[str, int]] = {}
        """{person: {session: bytes that are on their way}}; a session stays while the server holds files of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosted = identity.settings().hosted
        if hosted and scope["type"] == "http" and scope["method"] in ("PUT", "POST") and UPLOADS in scope["path"]:
            await self._upload(scope, receive, send)
            return
        if hosted and scope["type"] == "http" and scope["path"].endswith(SIGN_OUT):
            await anyio.to_thread.run_sync(identity.sign_out, cookie_claims(Request(scope).cookies))
        if hosted and scope["type"] == "websocket":
            receive = _without_developers(receive)
        await self.app(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        refused, who = _refused(request)
        if refused is None:
            size, session = int(request.headers["content-length"]), _session(request)
            refused = self._too_much(who, session, size)
        if refused is not None:
            await refused(scope, receive, send)
            return
        # All on one event loop, so that nothing comes between looking and counting.
        arriving = self._arriving[who]
        arriving[session] = arriving.get(session, 0) + size
        try:
            await self.app(scope, receive, send)
        finally:
            arriving[session] -= size  # at 0 it stays, so that what has arrived is counted while it is held

    def _too_much(self, who: str, session: str, size: int) -> PlainTextResponse | None:
        """Refuse what would make the server hold too much for one person, in all their tabs and on its way."""
        most = identity.settings().upload_mb * 1024**2
        arriving = self._arriving.setdefault(who, {})
        for gone in [each for each, left in arriving.items() if not left and not held_bytes(each)]:
            del arriving[gone]
        held = sum(map(held_bytes, arriving.keys() | {session})) + sum(arriving.values())
        # Twice: files that replace others are there before those are let go.
        if size <= most + _FRAMING and size + held <= 2 * (most + _FRAMING):
            return None
        words = f"an upload may have {identity.settings().upload_mb} MB, in all your tabs together\n"
        return PlainTextResponse(words, status_code=413)


def _without_developers(receive: Receive) -> Receive:
    async def received() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or not is_for_developers(message.get("bytes")):
                return message
            log.warning("a message for developers was passed over")

    return received


def _refused(request: Request) -> tuple[PlainTextResponse | None, str]:
    """Why a file is not taken, and whose it is."""
    found = identity.settings()
    who = identity.visitor_with(cookie_claims(request.cookies))
    why = identity.why_no_upload(who, found)
    if why or who.actor is None or who.actor.id is None:
        return PlainTextResponse(f"{why or 'uploading needs a sign-in'}\n", status_code=403), ""
    told = request.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit() and len(told) < 16):
        return PlainTextResponse("the length of the file is not told\n", status_code=411), ""
    return None, who.actor.id


def _session(request: Request) -> str:
    return request.url.path.split(UPLOADS, 1)[1].split("/")[0]
