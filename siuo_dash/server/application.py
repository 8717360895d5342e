"""What the server does before its first visitor, and what it answers beside the pages."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SO_ACCEPTCONN, SOL_SOCKET, TCP_NODELAY
from stat import S_ISSOCK
from typing import Any, Final

import anyio
import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from siuo_dash import __version__
from siuo_dash.errors import SiuoError
from siuo_dash.ingest import reader_process
from siuo_dash.server import first_view, gate, guards, logs, monitoring, names
from siuo_dash.server.api.routes import routes as api_routes
from siuo_dash.server.monitoring import measured
from siuo_dash.settings.paths import data_dir, engine_url
from siuo_dash.store import snapshots
from siuo_dash.store.engine import table_files
from siuo_dash.ui import page, streamlit_private

MOST_TO_A_PAGE: Final = 200_000_000
"""Bytes that one message to a page may have, as Streamlit's own default allows."""
SNAPSHOTS_EVERY: Final = 60.0
"""Seconds between two looks."""
__all__ = ["explain", "lifespan", "measured", "middleware", "routes"]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Read the results at start-up, so that the first visitor does not wait for it."""
    logs.install(monitoring.Counting())
    reader_process.start()
    streamlit_private.ignore_pages_folder()
    streamlit_private.let_pages_be_large(MOST_TO_A_PAGE)
    streamlit_private.remember_media()
    try:
        await anyio.to_thread.run_sync(page.warm_up)
    except SiuoError as error:  # the pages name it, too, and go on looking
        logs.event("data not readable", level=logging.WARNING, error=error)
    send_at_once()
    logs.event("start", version=__version__)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep_snapshots)
        yield
        tasks.cancel_scope.cancel()
    reader_process.stop()
    logs.event("stop")


def send_at_once() -> None:
    """Let what this process answers be sent without waiting for the receipt of what was sent before (TCP_NODELAY).

    An answer is sent as its head and its body. Without this the system holds the body back until the other side has
    acknowledged the head, which that puts off for 40 ms: on every request after a connection's first. asyncio does so
    for connections that name TCP as their protocol; those of Streamlit's and uvicorn's listening sockets name none.
    Connections have the option from the socket that listens for them, which is found among the open files.
    """
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):
            if S_ISSOCK(path.stat().st_mode):
                with socket.socket(fileno=os.dup(int(path.name))) as found:
                    if found.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) and found.family in (AF_INET, AF_INET6):
                        found.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)


async def _keep_snapshots() -> None:
    """Look every minute whether a new snapshot is worth its while, so that starts stay quick; a cluster shows each."""
    keep_up = table_files.keep_up if engine_url() else snapshots.keep_up
    while True:
        await anyio.sleep(SNAPSHOTS_EVERY)
        try:
            await anyio.to_thread.run_sync(keep_up, data_dir(), abandon_on_cancel=True)
        except Exception as error:  # noqa: BLE001 - the next look tries again; what left the task would end all pages
            logs.event("no snapshot", level=logging.WARNING, error=error)


async def _home(request: Request) -> Response:
    """The home page's own name leads to it, with its state."""
    return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/")


def routes() -> list[Route]:
    """Addresses beside Streamlit's own."""
    return [
        Route(f"/{page.HOME}", _home),
        Route(first_view.SCRIPT_URL, first_view.script),
        Route("/healthz", monitoring.health),
        Route("/metrics", monitoring.figures),
        *api_routes(),
    ]


def middleware() -> list[Middleware]:
    """What every request passes through before Streamlit sees it, the outermost first."""
    return [
        Middleware(logs.RequestLog),
        Middleware(guards.SecurityHeaders),
        Middleware(guards.LocalOnly),
        Middleware(names.KnownNames),
        Middleware(gate.PageLimit),
        Middleware(gate.UploadGate),
        Middleware(first_view.FirstPage),
    ]


def explain(error: Exception) -> bool:
    """For st.App(on_script_error): words and a reference on the page, the traceback under it in the log."""
    reference = secrets.token_hex(4)
    monitoring.ERRORS.labels("page").inc()
    logs.event("page error", level=logging.ERROR, error=error, reference=reference)
    st.error(
        "This page could not be shown: an error of the program, not of yours. Nothing that was published is lost. "
        f"Reload the page; if it stays, tell whoever runs this dashboard the reference {reference}.",
        icon=":material/error:",
    )
    return True
