"""Sign-ins that have ended: at every instance over the data directory, in all tabs, and for a copied cookie."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from siuo_dash.store import files, journal

_KEPT: Final = 32 * 86_400
"""Seconds; a signed cookie is worth nothing after 31 days."""


def end(data_dir: Path, claims: Mapping[str, Any]) -> None:
    """Remember that the sign-in with these claims has ended, durably. Raises SubmissionError when the disk refuses."""
    with files.explained(data_dir):
        journal.prepare(data_dir)
        directory = journal.folder(data_dir, "signed-out")
        files.make_directory(directory)
        for old in directory.iterdir():
            with suppress(OSError):  # another instance was faster
                if time.time() - old.stat().st_mtime > _KEPT:
                    old.unlink()
        with suppress(FileExistsError), files.staged(directory, _key(claims)) as file:
            files.reveal(file, directory / _key(claims))


def has_ended(data_dir: Path, claims: Mapping[str, Any]) -> bool:
    """Whether it has."""
    return (journal.folder(data_dir, "signed-out") / _key(claims)).exists()


def _key(claims: Mapping[str, Any]) -> str:
    """One sign-in of one person: who vouches for whom, and since when. Says nothing of the person."""
    told = json.dumps([claims.get(name) for name in ("iss", "sub", "email", "iat")], default=str)
    return hashlib.sha256(told.encode()).hexdigest()
