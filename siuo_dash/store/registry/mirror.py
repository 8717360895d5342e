"""A registry that is only shown: that of the last snapshot, without a database (`SIUO_REGISTRY=snapshots`).

Any number of instances can show the same; each looks for a newer snapshot every few seconds. Nothing can be changed.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine

from siuo_dash.errors import StoreError
from siuo_dash.store import blobs
from siuo_dash.store.registry.sqlite import Folder, engine_of

EVERY: Final = 10.0
"""Seconds between two looks for a newer snapshot."""


@dataclass
class _Copy:
    """What this process has of the last snapshot. looked: when it was asked for, on the monotonic clock.

    before: of the snapshot before, which a question that has begun may still open.
    """

    path: Path | None = None
    before: Path | None = None
    looked: float = float("-inf")


_copies: dict[Path, _Copy] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Mirror:
    """The registry of the last snapshot of a data directory's bucket. `opening` says what the parts are for."""

    data_dir: Path
    READ: ClassVar[dict[str, Any]] = {}
    LOOK: ClassVar[dict[str, Any]] = {}

    @property
    def CHANGE(self) -> dict[str, Any]:
        raise StoreError(
            "nothing can be kept here: this instance shows snapshots only",
            where=blobs.of(self.data_dir).name,
            hint="send it to the dashboard that takes submissions",
        )

    @property
    def name(self) -> str:
        return blobs.of(self.data_dir).name

    def mark(self) -> object:
        """The file of the registry that the last snapshot holds, copied here; None before the first snapshot.

        While the bucket is away, the one before stays.
        """
        with _lock:
            copy = _copies.setdefault(self.data_dir, _Copy())
            if time.monotonic() - copy.looked >= EVERY:
                try:
                    found = _fetched(self.data_dir, copy.path)
                    if found != copy.path:
                        if copy.before is not None:
                            copy.before.unlink(missing_ok=True)
                        copy.path, copy.before = found, copy.path
                except StoreError:
                    if copy.path is None:
                        raise
                copy.looked = time.monotonic()
            return copy.path

    def engine(self) -> Engine:
        path = _copies[self.data_dir].path
        assert path is not None
        return engine_of(path)

    def make(self, fill: Callable[[Connection], None], lock: threading.Lock) -> None:
        """Nothing is made here. StoreError."""
        assert self.CHANGE

    def refusal(self, error: Exception) -> Exception:
        return Folder(self.data_dir).refusal(error)


def _fetched(data_dir: Path, known: Path | None) -> Path | None:
    from siuo_dash.store import snapshots  # which reads registries itself

    kept = blobs.of(data_dir)
    for _ in range(3):
        last = snapshots.latest(kept)
        if last is None:
            return known
        if known is not None and known.name == Path(last.registry).name:
            return known
        try:
            body = snapshots.whole(kept, last.registry)
        except FileNotFoundError:  # a newer one came, and the next, and this one's files are gone
            continue
        path = _folder() / Path(last.registry).name
        path.write_bytes(body)
        return path
    return known


_made: list[Path] = []


def _folder() -> Path:
    if not _made:
        _made.append(Path(tempfile.mkdtemp(prefix="siuo-snapshots-")))
        atexit.register(shutil.rmtree, _made[0], ignore_errors=True)
    return _made[0]
