"""One upload at a time for each person, in all their tabs: a second one waits instead of taking everybody's processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from siuo_dash.errors import SubmissionError
from siuo_dash.store.review import Actor

_busy: Final[set[str]] = set()
_lock: Final = threading.Lock()


@contextmanager
def taken(who: Actor) -> Iterator[None]:
    """Hold the person's turn. SubmissionError when another upload of theirs is being read or sent at this moment."""
    if who.id is None:
        yield
        return
    with _lock:
        if who.id in _busy:
            raise SubmissionError(
                "another upload of yours is being read or sent", hint="wait until it is done, then try again"
            )
        _busy.add(who.id)
    try:
        yield
    finally:
        with _lock:
            _busy.discard(who.id)
