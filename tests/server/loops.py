"""Asynchronous work in a test process whose own thread may belong to a browser's driver."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns, run to its end on a thread of its own; where a test's time is up, nobody waits for it."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 – raised where the result is asked for
            outcome.set_exception(error)

    Thread(target=run, daemon=True).start()
    return outcome.result()
