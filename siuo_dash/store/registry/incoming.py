"""A run's file on its way in: it is written first, and counts only when the registry names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siuo_dash.errors import StoreError
from siuo_dash.store import files
from siuo_dash.store.files import RUNS
from siuo_dash.store.registry.opening import changing, must_be_there

_INCOMING: Final = f"{RUNS}/.incoming"


@dataclass(frozen=True)
class Incoming:
    """A run's file that is written and synced but not in its place yet. name: as `runs.file`."""

    name: str
    target: Path
    staged: files.Staged

    def reveal(self) -> None:
        """Put it in its place, durably. To be called in the transaction that names it.

        What lies there already has the same bytes, unless somebody damaged it: then it is replaced.
        """
        try:
            files.reveal(self.staged, self.target)
        except FileExistsError:
            if not is_whole(self.target):
                self.staged.path.replace(self.target)
                files.sync_directory(self.target.parent)


@contextmanager
def incoming(data_dir: Path, data: bytes | memoryview) -> Iterator[Incoming]:
    """A run's file on its way in; nothing of it stays when the block fails, however far it came."""
    must_be_there(data_dir)
    name = f"{RUNS}/{hashlib.sha256(data).hexdigest()}.parquet"
    with files.explained(data_dir):
        for folder in (RUNS, _INCOMING):
            files.make_directory(data_dir / folder)
        clean(data_dir)
        with files.staged(data_dir / _INCOMING, "run") as staged:
            files.fill(staged.descriptor, data)
            try:
                yield Incoming(name, data_dir / name, staged)
            except BaseException:
                with suppress(OSError, StoreError):  # what stays is left over: `verify --repair` removes it
                    discard(data_dir, name)
                raise


def clean(data_dir: Path) -> None:
    """Remove what killed processes left half written."""
    files.clean(data_dir / _INCOMING)


def discard(data_dir: Path, name: str) -> bool:
    """Remove a file that no run names; whether there was one.

    Files are put in their place in a transaction, so that in another one none can be on its way.
    """
    if not (data_dir / name).exists():
        return False
    with changing(data_dir) as now:
        if now.names(name):
            return False
        (data_dir / name).unlink(missing_ok=True)
    return True


def is_whole(path: Path) -> bool:
    """Whether a run's file has the bytes that its name says."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.stem
    except OSError:
        return False
