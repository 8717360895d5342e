"""Hosted, the server takes files only from who may upload, and no message that is meant for a developer's own page.

Streamlit's own address for dropped files asks for nothing but an open page, which everybody has who reads; and a
message over its socket empties the caches for all visitors at once.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Final

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

from siuo_dash.view import identity

log = logging.getLogger("siuo_dash")
PATH: Final = "/_stcore/upload_file/"
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("PUT", "POST") and PATH in scope["path"]:
            refused = _refused(Request(scope)) if identity.settings().hosted else None
            if refused is not None:
                await refused(scope, receive, send)
                return
        if scope["type"] == "websocket" and identity.settings().hosted:
            receive = _without_developers(receive)
        await self.app(scope, receive, send)


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


def _refused(request: Request) -> PlainTextResponse | None:
    found = identity.settings()
    who = identity.visitor_of(claims(request.cookies), found, time.time())
    why = identity.why_no_upload(who, found)
    if why or who.actor is None:
        return PlainTextResponse(f"{why or 'uploading needs a sign-in'}\n", status_code=403)
    told = request.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit() and len(told) < 16):
        return PlainTextResponse("the length of the file is not told\n", status_code=411)
    most = found.upload_mb * 1024**2
    session = request.url.path.split(PATH, 1)[1].split("/")[0]
    # Twice: files that replace others are there before those are let go.
    if int(told) > most + _FRAMING or int(told) + _held(session) > 2 * most + _FRAMING:
        return PlainTextResponse(f"an upload may have {found.upload_mb} MB\n", status_code=413)
    return None


def _held(session: str) -> int:
    """Bytes that the server holds for a session."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return 0
    return sum(len(file.data) for file in list(manager.file_storage.get(session, {}).values()))
