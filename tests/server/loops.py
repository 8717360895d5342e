"""Asynchronous work in a test process whose own thread may belong to a browser's driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, run to its end on a thread of its own; where a test's time is up, nobody waits for it."""
    return beside(lambda: asyncio.run(work))


def beside(work: Callable[[], T]) -> T:
    """What `work` returns, which may start an event loop, on a thread of its own."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 – raised where the result is asked for
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result()
