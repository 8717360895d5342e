"""The processes that read files: one that has everything loaded, and a copy of it for each upload, within limits.

Run by `reader_process` as `python -m siuo_dash.ingest.reading_child`, with a socket as standard input: each connection
that comes through it is an upload, read by a process of its own. It ends with the socket's other side.
"""

from __future__ import annotations

import gc
import math
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Final, NoReturn

MEMORY: Final = 512 * 1024**2
"""Bytes of memory that reading may take, beyond what the process has when it starts."""
PROCESSOR_SECONDS: Final = 7
SECONDS: Final = 30
RESULT: Final = 128_000_000
"""Bytes of a result."""
OK: Final = b"+"
NO_MEMORY: Final = b"m"
TOO_LARGE: Final = b"l"
FAULT: Final = b"!"
ENDED: Final = b"x"
"""Kinds of answers: a result; two limits; the traceback of a fault of ours; the number of the signal that ended it."""


def main() -> NoReturn:
    """Serve uploads until the other side of standard input is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses Ctrl-C ends the server, which ends this
    control = socket.socket(fileno=os.dup(0))
    _load()
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    uploads: dict[int, socket.socket] = {}
    while True:
        ready = select.select([control.fileno(), wake], [], [])[0]
        if wake in ready:
            os.read(wake, 4096)
            _bury(uploads)
        if control.fileno() not in ready:
            continue
        message, passed, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            os._exit(0)
        upload = socket.socket(fileno=passed[0])
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            _serve(upload)
        uploads[pid] = upload


def _load() -> None:
    """Import what reading takes, and keep the collector from touching it, which would copy the memory."""
    from siuo_dash.ingest import labels, no_calls, submission  # noqa: F401

    gc.collect()
    gc.freeze()


def _bury(uploads: dict[int, socket.socket]) -> None:
    """Say of each process that has ended by a signal by which, where its upload waits for an answer."""
    while uploads:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        upload = uploads.pop(pid)
        upload.setblocking(False)  # nobody may be there any more
        try:
            if os.WIFSIGNALED(status):
                upload.sendall(_frame(ENDED, str(os.WTERMSIG(status)).encode()))
        except OSError:
            pass
        finally:
            upload.close()


def _frame(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(8, "big") + content


def _serve(upload: socket.socket) -> NoReturn:
    """Read one upload in this process, answer, and end."""
    try:
        _let_go(upload)
        _warm_up()
        _limit()
        if not upload.recv(1, socket.MSG_PEEK):
            os._exit(0)  # nobody came
        signal.alarm(SECONDS)
        upload.sendall(_frame(*_answer(upload)))
    except OSError:  # nobody waits for the answer
        pass
    finally:
        os._exit(0)


def _answer(upload: socket.socket) -> tuple[bytes, bytes]:
    from siuo_dash.ingest import as_data

    try:
        content = as_data.dumps(_read(upload))
    except MemoryError:
        return NO_MEMORY, b""
    except Exception:  # noqa: BLE001
        return FAULT, traceback.format_exc(limit=-20).encode("utf-8", "replace")[-20_000:]
    return (OK, content) if len(content) <= RESULT else (TOO_LARGE, b"")


def _read(upload: socket.socket) -> Any:
    """What the request asks for: its head is ours, the files' bytes follow it."""
    import pickle

    from siuo_dash.ingest import as_data, labels, submission
    from siuo_dash.ingest.files import UploadedFile

    what, names, catalogue, mapping = pickle.loads(as_data.receive(upload, 1 << 40)[1])
    files = [UploadedFile(name, as_data.receive(upload, 1 << 40)[1]) for name in names]
    if what == "labels":
        return labels.read_labels(files[0], catalogue)
    return submission.validate(files, catalogue, mapping)


def _let_go(upload: socket.socket) -> None:
    """Nothing is open but the connection, and this process ends with the one that it is a copy of."""
    template = os.getppid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != template:
            os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    kept = upload.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, 1024)


def _warm_up() -> None:
    """Read something small: what is touched first is copied first, while nobody waits."""
    from siuo_dash.benchmark.catalogue import Catalogue, Sample
    from siuo_dash.ingest import as_data, submission
    from siuo_dash.ingest.files import UploadedFile

    texts = ("safe", "self-harm", "x", "integration", True, True, "1001.png", "A", "x", "y", "x", "x", "x")
    catalogue = Catalogue([Sample(1001, *texts)])
    row = b'{"question_id": 1001, "responses": ["No."], "safety_evaluation": ["[Safety Judgement:] True"]}'
    as_data.dumps(submission.validate([UploadedFile("x.json", b"[" + row + b"]")], catalogue))


def _limit() -> None:
    """From now on: no more than so much, no network, and no write but the answer."""
    from siuo_dash.ingest import no_calls

    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_AS, _address_space() + MEMORY if _address_space() else resource.RLIM_INFINITY),
    ):
        resource.setrlimit(what, (most, most))
    most = math.ceil(time.process_time()) + PROCESSOR_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    for number in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    no_calls.refuse()


def _address_space() -> int:
    """Bytes that the process has now; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    main()
