"""An address of the API: declared once, answered from one state of the data, which its ETag names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siuo_dash import __version__
from siuo_dash.errors import SiuoError
from siuo_dash.report.records import as_json
from siuo_dash.server.api import addresses, parameters
from siuo_dash.server.api.parameters import Asked, Parameter
from siuo_dash.server.api.problems import Refused, refused
from siuo_dash.server.api.sharing import PREFIX, READERS, is_shared
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import page

JSON: Final = "application/json"
HTML: Final = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
)
"""How a page without scripts begins."""
# Limits of its own: what programs ask must not use up the threads that serve pages. Few threads, since only one of
# them computes at a time, and the pages wait for the same processor.
_WORKERS: Final = anyio.CapacityLimiter(3)
_FILES: Final = anyio.CapacityLimiter(1)
"""For the one file, which takes seconds to make: whoever wants it, too, waits without a thread."""
_MOST_WAITING: Final = 40
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True)
class Part:
    """One page of a list: the answer's body, how many there are in all, and what to ask for the next (None = no more).

    after: the parameters of the next page; those that are not named stay as they were asked.
    """

    body: bytes
    total: int
    after: Mapping[str, object] | None


@dataclass(frozen=True)
class Endpoint:
    """One address and method.

    path: below PREFIX, as OpenAPI writes it. media, schema: of the answer. make: the answer's body, from a state of the
    data, or a Part of a list where it is `paged`; respond: in its place, for what is not read from there. cost: how
    many requests it counts for. ranges: whether parts of the answer can be asked for. max_age: seconds for which others
    may show it without asking again. more: what openapi.json says beside all this.
    """

    path: str
    summary: str
    media: str = JSON
    schema: Mapping[str, Any] = field(default_factory=dict)
    make: Callable[[Store, Asked], bytes | Part] | None = None
    respond: Callable[[Request, Asked], Awaitable[Response]] | None = None
    parameters: tuple[Parameter, ...] = ()
    method: str = "GET"
    cost: int = 1
    ranges: bool = False
    paged: bool = False
    max_age: int = 0
    more: Mapping[str, Any] = field(default_factory=dict)

    def route(self) -> Route:
        """Its route in the server."""

        async def answer(request: Request) -> Response:
            return await self.answer(request)

        return Route(f"{PREFIX}{self.path}", answer, methods=[self.method], name=f"{self.method} {self.path}")

    async def answer(self, request: Request) -> Response:
        """The answer, or what is wrong with the request; only what may be shared can be read by other sites' pages."""
        try:
            addresses.must_have_room(request.scope, self.cost)
            parameters.refuse_tokens(f"{request.url.path}?{request.url.query}")
            given = request.query_params.multi_items()
            asked, wrong = parameters.read(self.parameters, given, request.path_params)
            if self.respond is not None:
                parameters.check(self.parameters, asked, wrong, None)
                response = await self.respond(request, asked)
            else:
                response = await self._read(request, asked, wrong)
        except Refused as problem:
            response = problem.answer()
        except SiuoError as error:
            response = refused(error).answer()
        return shared(request, response)

    async def _read(self, request: Request, asked: Asked, wrong: list[dict[str, str]]) -> Response:
        limiter = _FILES if self.ranges else _WORKERS
        if limiter.statistics().tasks_waiting >= _MOST_WAITING:
            raise Refused(503, "too much is being asked at once", hint="try again soon", headers={"Retry-After": "5"})
        known = request.headers.get("if-none-match")
        body, tag = await anyio.to_thread.run_sync(self._made, asked, wrong, known, limiter=limiter)
        kept = f"public, max-age={self.max_age}" if self.max_age else "public, no-cache"
        headers = {"ETag": tag, "Cache-Control": kept} | ({"Accept-Ranges": "bytes"} if self.ranges else {})
        if body is None:
            return Response(None, 304, headers)
        if isinstance(body, Part):
            headers["X-Total-Count"] = str(body.total)
            if body.after is not None:
                # Only the query, which is right behind any proxy: it is read against the address that was asked.
                query = urlencode(dict(request.query_params.multi_items()) | {**body.after})
                headers["Link"] = f'<?{query}>; rel="next"'
            body = body.body
        part = _part_of(request, tag, len(body)) if self.ranges else None
        if part is None:
            return Response(body, 200, headers, self.media)
        if not part:
            raise Refused(
                416,
                f"this part is outside the file, which has {len(body)} bytes",
                hint="ask for the file without Range, or for a part of it",
                headers={"Content-Range": f"bytes */{len(body)}"},
            )
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
        return Response(body[part.start : part.stop], 206, headers, self.media)

    def _made(self, asked: Asked, wrong: list[dict[str, str]], known: str | None) -> tuple[bytes | Part | None, str]:
        """The body, None where whoever asks has it already, and its tag: the program's and the data's version."""
        assert self.make is not None
        store = page.the_store()
        store.refresh()
        with store.reading():
            parameters.check(self.parameters, asked, wrong, store)
            tag = f'"{__version__}-{store.version}"'
            if known is not None and _names(known, tag) and not any(each.place == "path" for each in self.parameters):
                return None, tag
            body = self.make(store, asked)
            return (None if known is not None and _names(known, tag) else body), tag


def json_of(value: object) -> bytes:
    """The same bytes as the command line prints."""
    return f"{as_json(value)}\n".encode("utf-8", "replace")


def shared(request: Request, response: Response) -> Response:
    """The answer, with what lets other sites' pages read it where they may."""
    if is_shared(request.scope):
        response.headers.update(dict(READERS))
    return response


def _names(known: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; a proxy that packs an answer makes its tag a weak one."""
    return known.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in known.split(","))


def _part_of(request: Request, tag: str, size: int) -> range | None:
    """The one part of the file that is asked for; None = the whole, empty = it is outside the file.

    Several parts at once are answered with the whole, as is a part of another version.
    """
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or asked.group(0) == "bytes=-" or request.headers.get("if-range", tag) != tag:
        return None
    first, last = asked.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < int(first):
        return None
    return range(int(first), end + 1)
