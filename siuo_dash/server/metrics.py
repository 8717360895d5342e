"""Figures for a monitor, in the Prometheus text format; none of them names a person or a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

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
from starlette.responses import Response

from siuo_dash.ui.streamlit_private import StopException

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
ERRORS: Final = Counter(
    "siuo_errors", "Errors that a page or a request did not expect", ["where"], registry=REGISTRY
)  # fmt: skip
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
    except StopException:  # the page said all that it had to say
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


async def answer(_request: Request) -> Response:
    """`/metrics`, for who asks the server directly (`headers.Guard` keeps it from who comes through a proxy)."""
    return Response(exposition.generate_latest(REGISTRY), media_type=exposition.CONTENT_TYPE_PLAIN_0_0_4)
