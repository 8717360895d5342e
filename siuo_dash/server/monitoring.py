"""For monitors: whether this server can serve, and figures in the Prometheus text format, without a name of anybody."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

import anyio
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from siuo_dash.settings import paths
from siuo_dash.store.files import SAMPLES, opened
from siuo_dash.ui import streamlit_private

PATIENCE: Final = 2.0
"""Seconds that a disk may take to say that it is there."""
# A limit of its own: a look that hangs must not use up the threads that serve files, and one is enough.
_LOOKING: Final = anyio.CapacityLimiter(1)

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second figure for each, which nobody asked for
REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

SESSIONS: Final = Gauge("siuo_sessions", "Open pages: browsers connected now", registry=REGISTRY)
SESSIONS_MADE: Final = Counter("siuo_sessions_started", "Pages that were opened or reconnected", registry=REGISTRY)
RUNS: Final = Counter(
    "siuo_runs", "Runs of a page, by how they ended: finished, interrupted, failed", ["page", "end"], registry=REGISTRY
)
RUN_SECONDS: Final = Histogram(
    "siuo_run_seconds",
    "Seconds that a whole run of a page took",
    ["page"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
ERRORS: Final = Counter("siuo_errors", "Errors that a page or a request did not expect", ["where"], registry=REGISTRY)
UPLOADS: Final = Counter(
    "siuo_uploads", "Files that were dropped, by the answer's status", ["status"], registry=REGISTRY
)
UPLOAD_BYTES: Final = Counter("siuo_upload_bytes", "Bytes of accepted files", registry=REGISTRY)
ANSWERS: Final = Counter("siuo_answers", "HTTP answers, by class of status", ["status"], registry=REGISTRY)
EVENTS: Final = Counter("siuo_log_events", "Lines of this program's log", ["event", "level"], registry=REGISTRY)


@contextmanager
def measured(page: str) -> Iterator[None]:
    """Count and time one run of a page; `page` is its address, of which there are as many as pages."""
    started = perf_counter()
    end = "interrupted"
    try:
        yield
        end = "finished"
    except streamlit_private.StopException:  # the page said all that it had to say
        end = "finished"
        raise
    except Exception as error:
        end = "failed"
        error.add_note(f"on the page {page or 'home'}")
        raise
    finally:
        RUNS.labels(page or "home", end).inc()
        if end == "finished":
            RUN_SECONDS.labels(page or "home").observe(perf_counter() - started)


class Counting(logging.Handler):
    """Counts the lines of the log by event and level."""

    def emit(self, record: logging.LogRecord) -> None:
        EVENTS.labels(getattr(record, "event", "message"), record.levelname.lower()).inc()


async def figures(_request: Request) -> Response:
    """`/metrics`, for who asks the server directly; `guards.SecurityHeaders` keeps it from all others."""
    return Response(exposition.generate_latest(REGISTRY), media_type=exposition.CONTENT_TYPE_PLAIN_0_0_4)


async def health(_request: Request) -> Response:
    """`/healthz`: 200 and `ok`, or 503 and what is wrong, without naming a path."""
    wrong = await problem(paths.data_dir())
    return PlainTextResponse(wrong or "ok\n", 503 if wrong else 200, headers={"Cache-Control": "no-store"})


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
        with opened(data_dir / SAMPLES) as file:
            file.read(1)
        next(data_dir.iterdir(), None)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return (
            f"the data directory cannot be read ({reason}); mount it, or give this server's user the right to read it\n"
        )
    return ""
