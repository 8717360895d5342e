"""Files to which whole lines are only ever added: a line is there or not, whatever is killed, and is never changed.

Readers trust nothing: what is no line of JSON is named with its number and left out.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from siuo_dash.errors import ConstructionError, Finding
from siuo_dash.store.files import explained, opened, sync_directory

LONGEST: Final = 1_000_000
"""Bytes of a line; a longer one is not written, and not read."""


@dataclass(frozen=True)
class Log:
    """A file that this process alone writes to, as long as `writing` lasts."""

    path: Path
    descriptor: int

    def append(self, value: Mapping[str, Any]) -> None:
        """Add a line and wait until the disk has it. StoreError when the disk refuses: then nothing was added."""
        line = (json.dumps(value, allow_nan=False) + "\n").encode()
        if len(line) > LONGEST:
            raise ConstructionError("this line is longer than 1 MB", where=str(self.path), hint="shorten its texts")
        size = os.fstat(self.descriptor).st_size
        with explained(self.path):
            try:
                written = 0
                while written < len(line):  # a disk that is almost full takes a part
                    written += os.write(self.descriptor, line[written:])
                os.fsync(self.descriptor)
            except OSError:
                with suppress(OSError):  # what cannot be cut off now is cut off by the next writer
                    os.ftruncate(self.descriptor, size)
                raise


@contextmanager
def writing(path: Path) -> Iterator[Log]:
    """The file, for this process alone; another one waits. What a killed process left of a line is cut off."""
    with explained(path):
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _mend(descriptor)
            if is_new:
                sync_directory(path.parent)
            yield Log(path, descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> tuple[list[tuple[int, dict[str, Any]]], list[Finding]]:
    """(number, object) of each line, and what was left out. A file that is not there has no line."""
    found: list[tuple[int, dict[str, Any]]] = []
    findings: list[Finding] = []
    with explained(path):
        try:
            file = opened(path)
        except FileNotFoundError:
            return found, findings
        with file:
            for number, line in _lines(file):
                value = None if line is None else _parsed(line)
                if value is not None:
                    found.append((number, value))
                else:
                    findings.append(Finding("warning", _why(line), "it is left out", path.name, number))
    return found, findings


def plain(value: object) -> str:
    """A text from a file as it can be kept and shown: halves of characters are replaced; '' for anything else."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _lines(file: BufferedReader) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None for one that is too long, which is not held in memory."""
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST and not line.endswith(b"\n"):
            while (more := file.readline(LONGEST)) and not more.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a whole line."""
    if not line.endswith(b"\n"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _why(line: bytes | None) -> str:
    if line is None:
        return "the line is longer than 1 MB"
    return "the line is no JSON object" if line.endswith(b"\n") else "the last line was not written to its end"


def _mend(descriptor: int) -> None:
    """End a whole last line that lost its line break; cut off one that was not written to its end."""
    size = os.fstat(descriptor).st_size
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    start = max(0, size - LONGEST)
    tail = os.pread(descriptor, size - start, start)
    last = tail.rpartition(b"\n")[2]
    if _parsed(last + b"\n") is not None or len(last) == LONGEST:
        os.write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, size - len(last))
