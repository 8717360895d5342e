"""Reading what somebody uploaded, in a process of its own: whatever a file does there, this program goes on answering.

`validate` and `read_labels` are what pages and commands call. A process that has everything loaded makes a copy of
itself for each upload, one ahead, which may use so much memory, processor and time, writes nothing and talks to
nobody (`reading_child`). What goes over a limit becomes a finding that names it.
"""

from __future__ import annotations

import atexit
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import Labels
from siuo_dash.errors import Finding
from siuo_dash.ingest import as_data, reading_child
from siuo_dash.ingest.files import MAX_FILE, UploadedFile, safe_name
from siuo_dash.ingest.findings import ONE_RUN
from siuo_dash.ingest.formats import UNKNOWN
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.read import Reading
from siuo_dash.ingest.submission import Submission
from siuo_dash.ingest.which_set import read_for

AT_ONCE: Final = 2
"""Uploads that are read at the same time; others wait for their turn."""
_TURN: Final = 120.0
_START: Final = 60.0
"""Seconds until the first process has everything loaded, on a machine that is very busy."""
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_SET: Final = {
    # One heap, and none that reserves address space in advance: the limit of memory is one of address space.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_SMALLER: Final = "drop only the results of one run, or save the file in another format"


class ReaderFault(RuntimeError):
    """A fault of this program while it read a file, with the traceback of the process where it happened."""


class OverLimit(Exception):
    """A limit was reached, or the process ended: what to say of it, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Readers:
    """The process that is copied, started when it is first needed or after it has ended.

    program: what Python runs as that process.
    """

    def __init__(self, *program: str) -> None:
        self._program = program or ("-m", reading_child.__name__)
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready: socket.socket | None = None

    def start(self) -> None:
        """Start it, unless it runs, and a copy that waits for the next upload."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            self._prepare()

    def stop(self) -> None:
        """End it, and with it whatever is being read."""
        with self._lock:
            self._end()

    def ask(self, request: bytes, files: Sequence[UploadedFile]) -> Any:
        """What a new process makes of these files; raises OverLimit and ReaderFault."""
        if not self._turns.acquire(timeout=_TURN):
            raise OverLimit("other files are being read, and this one waited too long", "try again in a minute")
        try:
            with self._take() as upload:
                kind, content = self._exchange(upload, request, files)
        finally:
            self._turns.release()
            with self._lock:
                self._prepare()
        if kind == reading_child.OK:
            return as_data.loads(content)
        if kind == reading_child.FAULT:
            raise ReaderFault(content.decode("utf-8", "replace"))
        raise _over(kind, content)

    def _take(self) -> socket.socket:
        """A connection to a new copy: to the one that waits, or to one that is made now."""
        with self._lock:
            taken, self._ready = self._ready, None
            if taken is not None:
                is_running = self._process is not None and self._process.poll() is None
                if is_running and not select.select([taken.fileno()], [], [], 0)[0]:
                    return taken
                taken.close()  # it has ended since
            return self._connect()

    def _prepare(self) -> None:
        if self._ready is None and self._control is not None:
            with suppress(OSError):  # it has ended; the next upload starts it again
                self._ready = self._connect()

    def _connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            if self._control is None:
                self._start()
            try:
                self._pass(theirs)
            except OSError:  # it has ended since
                self._start()
                self._pass(theirs)
        return ours

    def _pass(self, connection: socket.socket) -> None:
        assert self._control is not None
        socket.send_fds(self._control, [b"1"], [connection.fileno()])

    def _exchange(self, upload: socket.socket, request: bytes, files: Sequence[UploadedFile]) -> tuple[bytes, bytes]:
        upload.settimeout(reading_child.SECONDS + _START)
        try:
            try:
                as_data.send(upload, b"r", request)
                for file in files:
                    as_data.send(upload, b"f", file.data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has ended before it had read all, and why comes now
            return as_data.receive(upload, reading_child.RESULT)
        except TimeoutError:
            self.stop()  # neither the process nor the kernel ended it in time
            return reading_child.ENDED, str(int(signal.SIGALRM)).encode()
        except (OSError, EOFError, ValueError):
            return reading_child.ENDED, b"0"

    def _start(self) -> None:
        self._end()
        ours, theirs = socket.socketpair()
        root = Path(__file__).parents[2]
        environment = {name: value for name, value in os.environ.items() if name in _KEPT} | _SET
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *self._program],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=root,
                env=environment,
            )
        self._control = ours

    def _end(self) -> None:
        for connection in (self._ready, self._control):
            if connection is not None:
                connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._ready = self._control = self._process = None


_readers: Final = Readers()
start: Final = _readers.start
stop: Final = _readers.stop
atexit.register(stop)
os.register_at_fork(after_in_child=_readers.__init__)  # type: ignore[misc]


def validate(
    files: Sequence[UploadedFile],
    sets: Dictionary[str, Catalogue] | Catalogue,
    mapping: Mapping | None = None,
    named: str | None = None,
) -> Submission:
    """Read, score and examine the files of one run; never raises for bad input.

    sets: the catalogues of the sample sets, by id, among which that of the files is found; or the one it is. named: its
    id.
    """
    known = {sets.sample_set: sets} if isinstance(sets, Catalogue) else sets
    return read_for(known, lambda catalogue: _validate(files, catalogue, mapping), mapping, named)


def _validate(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None) -> Submission:
    try:
        submission: Submission = _ask("run", files, catalogue, mapping)
    except OverLimit as over:
        finding = _finding(over, files)
        return Submission(Reading(UNKNOWN, findings=(finding,)), findings=(finding,))
    return submission


def read_labels(file: UploadedFile, catalogue: Catalogue) -> tuple[Labels | None, list[Finding]]:
    """The labels in a file, and what was found; None where a finding is an error. Never raises for bad input."""
    try:
        read: tuple[Labels | None, list[Finding]] = _ask("labels", [file], catalogue, None)
    except OverLimit as over:
        return None, [_finding(over, [file])]
    return read


def _ask(what: str, files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None) -> Any:
    # Of a file that is too large, one byte more than the limit says so.
    cut = [UploadedFile(each.name, each.data[: MAX_FILE + 1]) for each in files]
    return _readers.ask(pickle.dumps((what, [each.name for each in cut], catalogue, mapping)), cut)


def _over(kind: bytes, content: bytes) -> OverLimit:
    if kind == reading_child.NO_MEMORY:
        return OverLimit(f"reading it takes more than {reading_child.MEMORY // 1024**2} MB of memory", ONE_RUN)
    if kind == reading_child.TOO_LARGE:
        return OverLimit(f"what was read of it has more than {reading_child.RESULT // 1_000_000} MB", ONE_RUN)
    number = int(content) if content.isdigit() else 0
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return OverLimit(f"reading it takes more than {reading_child.PROCESSOR_SECONDS} s of processor time", _SMALLER)
    if number == signal.SIGALRM:
        return OverLimit(
            f"reading it takes longer than {reading_child.SECONDS} s", f"try again; if it stays, {_SMALLER}"
        )
    return OverLimit("the process that read it ended before it was done", f"try again; if it stays, {_SMALLER}")


def _finding(over: OverLimit, files: Sequence[UploadedFile]) -> Finding:
    return Finding("error", str(over), hint=over.hint, file=safe_name(files[0].name) if len(files) == 1 else "")
