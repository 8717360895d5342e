"""Whether this server can serve: for the proxy and for a monitor."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from siuo_dash.settings import paths
from siuo_dash.store.files import SAMPLES
from siuo_dash.ui import streamlit_private

PATIENCE: Final = 2.0
"""Seconds that a disk may take to say that it is there."""
# A limit of its own: a look that hangs must not use up the threads that serve files, and one is enough.
_LOOKING: Final = anyio.CapacityLimiter(1)


async def answer(_request: Request) -> Response:
    """`/healthz`: 200 and `ok`, or 503 and what is wrong, without naming a path."""
    wrong = await problem(paths.data_dir())
    return PlainTextResponse(
        wrong or "ok\n", status_code=503 if wrong else 200, headers={"Cache-Control": "no-store"}
    )  # fmt: skip


async def problem(data_dir: Path, *, patience: float = PATIENCE) -> str:
    """What keeps this server from serving, in a line of words; empty when nothing does."""
    if not await streamlit_private.is_ready():
        return "the server is starting or stopping; ask again in a moment\n"
    with anyio.move_on_after(patience):
        # Left behind when the disk never answers: the pages go on from memory.
        return await anyio.to_thread.run_sync(_unreadable, data_dir, abandon_on_cancel=True, limiter=_LOOKING)
    return f"the data directory did not answer within {patience:g} seconds; look at the disk or the mount\n"


def _unreadable(data_dir: Path) -> str:
    try:
        with (data_dir / SAMPLES).open("rb") as file:
            file.read(1)
        next(data_dir.iterdir())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return (
            f"the data directory cannot be read ({reason}); mount it, or give this server's user the right to read it\n"
        )
    return ""
