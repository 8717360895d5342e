"""Hosted, the server takes files only from who may upload, and not more of them than an upload may have.

Streamlit's own address for dropped files asks for nothing but an open page, which everybody has who reads.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from siuo_dash.view import identity

PATH: Final = "/_stcore/upload_file/"
_FRAMING: Final = 16_384
"""Bytes that a request may have beside the file."""


class Gate:
    """Answers 403 to who may not upload, 411 to a length that is not told, 413 to too much; else lets a file pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("PUT", "POST") and PATH in scope["path"]:
            refused = _refused(Request(scope)) if identity.settings().hosted else None
            if refused is not None:
                await refused(scope, receive, send)
                return
        await self.app(scope, receive, send)


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
