"""What the server does before its first visitor, and what it answers beside the pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from siuo_dash import __version__
from siuo_dash.errors import SiuoError
from siuo_dash.server import first_page, gate, headers, health, logs, metrics, reach, requests
from siuo_dash.server.first_view import SCRIPT_URL
from siuo_dash.server.metrics import measured
from siuo_dash.server.unexpected import explain
from siuo_dash.ui import page, streamlit_private

__all__ = ["explain", "lifespan", "measured", "middleware", "routes"]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Read the results at start-up, so that the first visitor does not wait for it."""
    logs.install(metrics.Counting())
    streamlit_private.ignore_pages_folder()
    try:
        await anyio.to_thread.run_sync(page.warm_up)
    except SiuoError as error:  # the pages name it, too, and go on looking
        logs.event("data not readable", level=logging.WARNING, error=error)
    logs.event("start", version=__version__)
    yield
    logs.event("stop")


async def _home(request: Request) -> Response:
    """The home page's own name leads to it, with its state."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/")


def routes() -> list[Route]:
    """Addresses beside Streamlit's own."""
    return [
        Route(f"/{page.HOME}", _home),
        Route(SCRIPT_URL, first_page.script),
        Route("/healthz", health.answer),
        Route("/metrics", metrics.answer),
    ]


def middleware() -> list[Middleware]:
    """What every request passes through before Streamlit sees it, the outermost first."""
    return [
        Middleware(requests.Watch),
        Middleware(headers.Guard),
        Middleware(reach.Reach),
        Middleware(gate.Gate),
        Middleware(first_page.FirstPage),
    ]
