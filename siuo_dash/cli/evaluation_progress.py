"""What a person watches on standard error while an evaluation runs."""

from __future__ import annotations

import sys
import time
from typing import Final

from siuo_dash.evaluate.asking import Progress
from siuo_dash.text import spelled_out

_EVERY: Final = 15.0
"""Seconds between two lines of progress where they are written to a file."""


def tell(text: str) -> None:
    """A line on standard error; standard output is for the results."""
    print(spelled_out(text), file=sys.stderr)  # noqa: T201


class Line:
    """The line of progress on standard error: rewritten in a terminal, a line now and then in a file.

    counted: what is counted.
    """

    def __init__(self, counted: str = "answers") -> None:
        self._counted = counted
        self._is_live = sys.stderr.isatty()
        self._last = 0.0

    def show(self, now: Progress) -> None:
        """Show how far the run is."""
        moment = time.monotonic()
        if moment - self._last < (0.2 if self._is_live else _EVERY):
            return
        self._last = moment
        tokens_to, tokens_from = (
            sum(getattr(each, name) for each in now.usage.values()) for name in ("input_tokens", "output_tokens")
        )
        parts = [
            f"{now.done:,}/{now.planned:,} {self._counted}",
            f"{now.failed} failed",
            f"{now.retries} retries",
            f"{now.rate:.1f} a second",
            f"{tokens_to:,} tokens in, {tokens_from:,} out",
        ]
        parts += [f"${now.cost:.2f}"] if now.cost is not None else []
        left = now.seconds_left
        parts += [f"{int(left // 60)}:{int(left % 60):02d} left"] if left is not None else []
        text = " · ".join(parts)
        if self._is_live:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        else:
            tell(text)

    def end(self) -> None:
        """Leave the line."""
        if self._is_live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
