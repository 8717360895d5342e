"""One upload at a time for each person, in all their tabs and at all instances: a second one waits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from siuo_dash.errors import SubmissionError
from siuo_dash.store import files, journal
from siuo_dash.store.review.people import Actor


@contextmanager
def turn(data_dir: Path, actor: Actor) -> Iterator[None]:
    """Hold the person's turn while an upload of theirs is read or sent; it ends with the process that holds it.

    Raises SubmissionError when another upload of the same person is under way, or the disk refuses. Who has no address
    need not wait.
    """
    if actor.id is None:
        yield
        return
    turns = journal.folder(data_dir, "turns")
    path = turns / hashlib.sha256(actor.id.encode()).hexdigest()
    with files.explained(data_dir):
        journal.prepare(data_dir)
        files.make_directory(turns)
        descriptor = files.lock(path)
    if descriptor is None:
        raise SubmissionError(
            "another upload of yours is being read or sent", hint="wait until it is done, then try again"
        )
    try:
        yield
    finally:
        with suppress(OSError):  # a file that nobody holds keeps nobody waiting
            path.unlink()
        os.close(descriptor)
