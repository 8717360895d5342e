"""Hosted, the server takes files only from who may upload, and no message that is meant for a developer's own page.

Streamlit's own address for dropped files asks for nothing but an open page, which everybody has who reads; a message
over its socket empties the caches for all visitors at once; signing out takes away this browser's cookie, no more, and
does so for a link on any other site; pictures and downloads are given to whoever knows their address; and an address
may open as many pages as it likes.
"""

from __future__ import annotations

import logging
from collections import Counter
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.ui import identity
from siuo_dash.ui.streamlit_private import (
    MEDIA,
    SIGN_OUT,
    UPLOADS,
    as_of_a_page,
    cookie_claims,
    held_bytes,
    may_have_media,
)

log = logging.getLogger("siuo_dash")
FRAMING: Final = 16_384
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
        if hosted and scope["type"] == "http" and (refusal := await _turned_away(Request(scope))) is not None:
            await refusal(scope, receive, send)
            return
        if hosted and scope["type"] == "websocket":
            receive = _of_pages(receive)
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
        if size <= most + FRAMING and size + held <= 2 * (most + FRAMING):
            return None
        words = f"an upload may have {identity.settings().upload_mb} MB, in all your tabs together\n"
        return PlainTextResponse(words, status_code=413)


async def _turned_away(request: Request) -> PlainTextResponse | None:
    """Refuse somebody else's picture or download, and a sign-out by another site; end the sign-in for any other."""
    path = request.url.path
    if path.startswith(MEDIA) and not may_have_media(request.cookies, path):
        return PlainTextResponse("This file was made for an open page: download it there.\n", status_code=404)
    if path.endswith(SIGN_OUT):
        if not _from_own_page(request):
            words = "Nobody was signed out: the button on the dashboard's own pages does that.\n"
            return PlainTextResponse(words, status_code=403)
        await anyio.to_thread.run_sync(identity.sign_out, cookie_claims(request.cookies))
    return None


class PageLimit:
    """Hosted, refuses a page to an address that has `pages_per_address` open, unless the visitor is signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or not identity.settings().hosted:
            await self.app(scope, receive, send)
            return
        address = neighbourhood(scope)
        if self._open[address] >= identity.settings().pages_per_address:
            who = await anyio.to_thread.run_sync(identity.visitor_with, cookie_claims(HTTPConnection(scope).cookies))
            if who.actor is None:
                await send({"type": "websocket.close", "code": 1008})
                return
        self._open[address] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


def neighbourhood(scope: Scope) -> str:
    """Whence a page is opened: an address, as a trusted proxy states it; of IPv6 the network that one line has."""
    client = str((scope.get("client") or ("",))[0])
    try:
        address = ip_address(client)
    except ValueError:
        return client
    return address.exploded[:19] if isinstance(address, IPv6Address) and not address.ipv4_mapped else client


def _from_own_page(request: Request) -> bool:
    """Whether a page of the dashboard led here, going by what no page of another site can make a browser send."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    try:  # an old browser, or one without TLS; the pages' own Referrer-Policy lets it say so
        led_by = urlsplit(request.headers.get("referer", "")).netloc
    except ValueError:
        return False
    return bool(led_by) and led_by.casefold() == request.headers.get("host", "").casefold()


def _of_pages(receive: Receive) -> Receive:
    async def received() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            frame = message.get("bytes")
            if frame is None or (passed := as_of_a_page(frame)) is frame:
                return message
            if passed is not None:
                return {**message, "bytes": passed}
            log.warning("a message for developers was passed over")

    return received


def _refused(request: Request) -> tuple[PlainTextResponse | None, str]:
    """Why a file is not taken, and whose it is."""
    found = identity.settings()
    who = identity.visitor_with(cookie_claims(request.cookies))
    why = identity.why_no_upload(who, found)
    if why or who.actor is None or who.actor.id is None:
        return PlainTextResponse(f"{why or 'uploading needs a sign-in'}\n", status_code=403), ""
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers:  # however long it says it is, it may come in as many parts as it likes
        length = ""
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        return PlainTextResponse("Content-Length is required\n", status_code=411), ""
    return None, who.actor.id


def _session(request: Request) -> str:
    return request.url.path.split(UPLOADS, 1)[1].split("/")[0]
