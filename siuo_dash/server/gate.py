"""Hosted, the server takes files only from who may upload, and no message that is meant for a developer's own page.

Streamlit's own address for dropped files asks for nothing but an open page, which everybody has who reads; a message
over its socket empties the caches for all visitors at once; and signing out takes away this browser's cookie, no more.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Final

import anyio.to_thread
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from siuo_dash.ui import identity

log = logging.getLogger("siuo_dash")
PATH: Final = "/_stcore/upload_file/"
SIGN_OUT: Final = "/auth/logout"
DEVELOPERS: Final = (
    "clear_cache", "set_run_on_save", "load_git_info", "debug_disconnect_websocket", "debug_shutdown_runtime",
)  # fmt: skip
"""Kinds of messages that only a developer's page sends."""
_FRAMING: Final = 16_384
"""Bytes that a request may have beside the file."""


class Gate:
    """Answers 403 to who may not upload, 411 to a length that is not told, 413 to too much; passes over DEVELOPERS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._arriving: dict[str, dict[str, int]] = {}
        """{person: {session: bytes that are on their way}}; a session stays while the server holds files of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosted = identity.settings().hosted
        if hosted and scope["type"] == "http" and scope["method"] in ("PUT", "POST") and PATH in scope["path"]:
            await self._upload(scope, receive, send)
            return
        if hosted and scope["type"] == "http" and scope["path"].endswith(SIGN_OUT):
            await anyio.to_thread.run_sync(identity.sign_out, claims(Request(scope).cookies))
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
        for gone in [each for each, left in arriving.items() if not left and not _held(each)]:
            del arriving[gone]
        held = sum(map(_held, arriving.keys() | {session})) + sum(arriving.values())
        # Twice: files that replace others are there before those are let go.
        if size <= most + _FRAMING and size + held <= 2 * (most + _FRAMING):
            return None
        words = f"an upload may have {identity.settings().upload_mb} MB, in all your tabs together\n"
        return PlainTextResponse(words, status_code=413)


def _without_developers(receive: Receive) -> Receive:
    async def received() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or not _is_for_developers(message.get("bytes")):
                return message
            log.warning("a message for developers was passed over")

    return received


def _is_for_developers(frame: bytes | None) -> bool:
    try:
        return BackMsg.FromString(frame or b"").WhichOneof("type") in DEVELOPERS
    except DecodeError:
        return False  # Streamlit closes the socket over it


def claims(cookies: dict[str, str]) -> dict[str, Any]:
    """What Streamlit's signed cookie says of a person; nothing when there is none, or its signature is not ours."""
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1"))

    try:
        found = json.loads(get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    except (ValueError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _refused(request: Request) -> tuple[PlainTextResponse | None, str]:
    """Why a file is not taken, and whose it is."""
    found = identity.settings()
    who = identity.visitor_with(claims(request.cookies))
    why = identity.why_no_upload(who, found)
    if why or who.actor is None or who.actor.id is None:
        return PlainTextResponse(f"{why or 'uploading needs a sign-in'}\n", status_code=403), ""
    told = request.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit() and len(told) < 16):
        return PlainTextResponse("the length of the file is not told\n", status_code=411), ""
    return None, who.actor.id


def _session(request: Request) -> str:
    return request.url.path.split(PATH, 1)[1].split("/")[0]


def _held(session: str) -> int:
    """Bytes that the server holds for a session."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return 0
    return sum(len(file.data) for file in list(manager.file_storage.get(session, {}).values()))
