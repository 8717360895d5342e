"""Files on their way to the API: who sends them, how large they may be, how long they may take, one upload a person."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from siuo_dash.errors import NotAllowed
from siuo_dash.ingest.files import MAX_FILES
from siuo_dash.ingest.submission import UploadedFile
from siuo_dash.server.api.problems import Refused
from siuo_dash.server.gate import FRAMING
from siuo_dash.store.registry import Actor
from siuo_dash.ui import identity

SECONDS: Final = 300.0
"""How long the files of one upload may take to arrive."""
_MOST_FIELDS: Final = 40
_LONGEST_FIELD: Final = 512 * 1024
_ASKING: Final = anyio.CapacityLimiter(2)
LOCAL: Final = (
    "this dashboard runs in local mode, where any page that a browser has open could send to it, so nothing can be sent"
)
_AT_ONCE: Final = 4
"""Uploads on their way to an instance at the same time: all of them are in its memory."""
_arriving: Final[set[str]] = set()
"""Whose files are on their way to this instance. One event loop asks, no lock."""


async def holder(request: Request) -> Actor:
    """Whose token the request carries, asked of the registry each time. Refused without one that holds, and locally."""
    if not identity.settings().hosted:
        raise Refused(403, LOCAL, hint="publish with `python -m siuo_dash submit FILE` on this machine")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(
            401,
            "this address needs a token in the header Authorization",
            hint="make one on the upload page, and send `Authorization: Bearer …`",
            headers={"WWW-Authenticate": 'Bearer realm="siuo-dash"'},
        )
    try:
        return await anyio.to_thread.run_sync(identity.holder_of, token.strip(), limiter=_ASKING)
    except NotAllowed as error:
        challenge = 'Bearer realm="siuo-dash", error="invalid_token"'
        raise Refused(401, error.what, hint=error.hint, headers={"WWW-Authenticate": challenge}) from None


@contextmanager
def one_at_a_time(actor: Actor) -> Iterator[None]:
    """Refuse a second upload of a person at this instance, and one more than it can hold in memory."""
    person = actor.id or ""
    if person in _arriving:
        raise Refused(409, "another upload of yours is on its way", hint="wait until it is done, then try again")
    if len(_arriving) >= _AT_ONCE:
        raise Refused(503, "other uploads are on their way", hint="try again soon", headers={"Retry-After": "10"})
    _arriving.add(person)
    try:
        yield
    finally:
        _arriving.discard(person)


class _InMemory(MultiPartParser):
    """Nothing is put aside on a disk: what may arrive is limited before."""

    spool_max_size = 1 << 40


async def form(request: Request) -> tuple[list[UploadedFile], list[tuple[str, str]]]:
    """The files and the other fields of the form that arrives. Refused for what is none, is too large or too slow."""
    most = identity.settings().upload_mb * 1024**2 + FRAMING
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        words = "the files come as multipart/form-data"
        raise Refused(415, words, hint="with curl: -F file=@results.json -F model=… -F judge=…")
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers or not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Refused(411, "Content-Length is required", hint="send the files with their length")
    if int(length) > most:
        raise Refused(
            413, f"an upload may have {identity.settings().upload_mb} MB", hint="send one run only, or pack it"
        )
    parser = _InMemory(
        request.headers,
        _at_most(request, most),
        max_files=MAX_FILES,
        max_fields=_MOST_FIELDS,
        max_part_size=_LONGEST_FIELD,
    )
    try:
        with anyio.fail_after(SECONDS):
            received = await parser.parse()
    except TimeoutError:
        raise Refused(408, f"the files did not arrive within {SECONDS:.0f} s", hint="try again") from None
    except (MultiPartException, ClientDisconnect) as error:
        words = error.message if isinstance(error, MultiPartException) else "the upload broke off"
        raise Refused(400, f"the form cannot be read: {words}", hint="send it as multipart/form-data") from None
    fields = [(name, value) for name, value in received.multi_items() if isinstance(value, str)]
    files = [
        UploadedFile(value.filename or "file", value.file.read())
        for name, value in received.multi_items()
        if isinstance(value, UploadFile) and name == "file"
    ]
    await received.close()
    return files, fields


async def _at_most(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """What arrives, to its stated length, whatever a server in between lets through."""
    so_far = 0
    async for chunk in request.stream():
        so_far += len(chunk)
        if so_far > most:
            raise Refused(413, "more arrives than was announced", hint="send the files with their length")
        yield chunk
