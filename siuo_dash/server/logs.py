"""The log: one line an event, as JSON where a machine reads it, in words where a person does.

An exception is told by its kind and its places in the code. Its own words are left out unless they are the operating
system's or this project's: other libraries quote the value that they could not take, which may be somebody's text.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from siuo_dash.errors import SiuoError
from siuo_dash.ui.streamlit_private import NO_VISIT, UNCAUGHT

LOGGER: Final = "siuo_dash"
LONGEST: Final = 2_000
_FOREIGN: Final = ("streamlit", "uvicorn", "websockets")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def event(name: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """Write one event. fields: short facts (names, counts, seconds); never a response's text, a token or a cookie."""
    logging.getLogger(LOGGER).log(level, name, exc_info=error, extra={"event": name, **fields})


class Line(logging.Formatter):
    """A record as one line; nothing in it can end the line or begin another."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        entry = entry_of(record)
        if self.as_json:
            return json.dumps(entry, ensure_ascii=True, default=str)
        facts = " ".join(
            f"{name}={json.dumps(value, default=str)}"
            for name, value in entry.items()
            if name not in ("at", "level", "logger", "message", "event", "traceback")
        )
        words = json.dumps(entry.get("message", entry["event"]), ensure_ascii=False)[1:-1]
        return f"{entry['at'][11:19]} {entry['level']:7} {words} {facts}".rstrip() + (
            f"\n{entry['traceback']}" if "traceback" in entry else ""
        )


def entry_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, as a flat object: at, level, logger, event, its facts, and an exception's traceback."""
    entry: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": getattr(record, "event", "message"),
    }
    if entry["event"] == "message":
        entry["message"] = record.getMessage()[:LONGEST]
    for name, value in vars(record).items():
        if name not in _STANDARD and name not in entry:
            entry[name] = value[:LONGEST] if isinstance(value, str) else value
    if record.exc_info and (error := record.exc_info[1]) is not None:
        entry |= _told(error)
    return entry


def _told(error: BaseException) -> dict[str, Any]:
    kinds: list[str] = []
    places: list[str] = []
    known: BaseException | None = error
    while known is not None and len(kinds) < 5:
        words = f": {known}"[:LONGEST] if isinstance(known, SiuoError | OSError) else ""
        kinds.append(type(known).__name__ + words)
        places.append("".join(traceback.format_tb(known.__traceback__)))
        known = known.__cause__ or (None if known.__suppress_context__ else known.__context__)
    notes = {"notes": list(error.__notes__)} if getattr(error, "__notes__", None) else {}
    return {"error": " from ".join(kinds), "traceback": "\ncaused by\n".join(places)} | notes


def install(*extra: logging.Handler, stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Send this project's log, Streamlit's and the server's to one place (standard error) in one form.

    extra: further handlers for this project's own log. as_json: else JSON unless a person looks on.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(Line(as_json=not target.isatty() if as_json is None else as_json))
    logging.getLogger().handlers = [handler]
    own = logging.getLogger(LOGGER)
    own.handlers, own.propagate = list(extra), True
    own.setLevel(logging.INFO)
    adopt()


def adopt() -> None:
    """Take over the loggers that Streamlit has made since: each comes with a handler of its own."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] in _FOREIGN:
            logger = logging.getLogger(name)
            if logger.handlers:  # one without any was silenced on purpose
                logger.handlers, logger.propagate = [], True
    # What is read at the start, before any visit, has no visit: nothing to warn of.
    logging.getLogger(NO_VISIT).setLevel(logging.ERROR)
    # Told by `unexpected.explain`, with what a person was shown.
    told = logging.getLogger(UNCAUGHT[0])
    if _not_told_twice not in told.filters:
        told.addFilter(_not_told_twice)


def _not_told_twice(record: logging.LogRecord) -> bool:
    return record.msg != UNCAUGHT[1]
