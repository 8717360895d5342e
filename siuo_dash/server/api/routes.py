"""All addresses of the API, and what is answered where there is none."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route

from siuo_dash.server.api import charting, described, reading, sending, showing
from siuo_dash.server.api.endpoint import JSON, Endpoint, json_of, shared
from siuo_dash.server.api.parameters import Asked, refuse_tokens
from siuo_dash.server.api.problems import Refused
from siuo_dash.server.api.sharing import PREFIX, PREFLIGHT, is_shared
from siuo_dash.ui import identity

_UNCHANGING: Final = {"Cache-Control": "public, max-age=300"}


async def _openapi(_request: Request, _asked: Asked) -> Response:
    return Response(json_of(described.document(ENDPOINTS)), 200, _UNCHANGING, JSON)


async def _page(_request: Request, _asked: Asked) -> Response:
    words = described.page(ENDPOINTS, hosted=identity.settings().hosted)
    return Response(words, 200, _UNCHANGING, "text/html")


ENDPOINTS: Final = (
    *reading.ENDPOINTS,
    *charting.ENDPOINTS,
    *showing.ENDPOINTS,
    *sending.ENDPOINTS,
    Endpoint("/openapi.json", "This description.", schema={"type": "object"}, respond=_openapi),
    Endpoint("/", "The API on one page, for people.", media="text/html", schema={"type": "string"}, respond=_page),
)


def routes() -> list[Route]:
    """The API's routes; the last one answers all that is none of its addresses."""
    known = [each.route() for each in ENDPOINTS]

    async def other(request: Request) -> Response:
        """What to say where no address or method fits; to a browser that asks first, what a page may ask."""
        fitting = [route for route in known if route.matches(request.scope)[0] is not Match.NONE]
        allowed = sorted({method for route in fitting for method in route.methods or ()})
        if request.method == "OPTIONS" and fitting and is_shared(request.scope):
            return shared(request, Response(None, 204, dict(PREFLIGHT)))
        try:
            refuse_tokens(f"{request.url.path}?{request.url.query}")
            if fitting:
                words = f"this address takes {' and '.join(allowed)}, not {request.method}"
                raise Refused(405, words, headers={"Allow": ", ".join(allowed)})
            raise Refused(404, "there is nothing at this address", hint=f"{PREFIX}/ says what there is")
        except Refused as problem:
            return shared(request, problem.answer())

    async def home(_: Request) -> Response:
        return RedirectResponse(f"{PREFIX}/")

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [
        *known,
        Route("/api", home),
        Route(PREFIX, home),
        Route("/api/{rest:path}", other, methods=every),
    ]
