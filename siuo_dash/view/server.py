"""What the server does before its first visitor: nothing that a page would wait for is left to do then."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from siuo_dash.errors import SiuoError
from siuo_dash.view import shell

log = logging.getLogger("siuo_dash")


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Read the results at start-up, so that the first visitor does not wait for it."""
    # A folder named pages/ makes Streamlit take the first session for an old multipage app until
    # st.navigation has run once: a first visitor who opens /method would be told that there is no such page.
    PagesManager.uses_pages_directory = False
    try:
        await anyio.to_thread.run_sync(shell.warm_up)
    except SiuoError as error:  # the pages name it, too, and go on looking
        log.warning("%s: %s", type(error).__name__, error)
    yield


async def _home(request: Request) -> Response:
    """The home page's own name leads to it, with its state."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/")


def routes() -> list[Route]:
    """Addresses beside Streamlit's own."""
    return [Route(f"/{shell.HOME}", _home)]
