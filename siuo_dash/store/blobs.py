"""The files of runs, each under the SHA-256 of its bytes: in a folder of the data directory, or in a bucket.

What is there never changes. Names are those of `runs.file`: `runs/<hash>.parquet`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
from pyarrow import fs

from siuo_dash.errors import StoreError
from siuo_dash.settings import paths
from siuo_dash.store import files
from siuo_dash.store.files import RUNS, FileState

_INCOMING: Final = f"{RUNS}/.incoming"
_OLD: Final = timedelta(days=1)
"""What was half written in a bucket for so long, nobody is writing any more."""
_AGAIN: Final = 15
"""Seconds after which a file of a bucket that could not be read is tried again."""


class Blobs(Protocol):
    """Where the files of runs are. Raises OSError for a file, StoreError where nothing can be read or written."""

    @property
    def name(self) -> str:
        """As a person knows it, without secrets."""

    def address(self, name: str) -> str:
        """Where another program finds a file, by its own right to read it."""

    def source(self, name: str) -> Path | pa.NativeFile:
        """A file that is there, for a reader that moves about in it."""

    def read(self, name: str) -> bytes:
        """All of a file."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def size(self, name: str) -> int:
        """Bytes of a file; 0 of one that is not there."""

    def state(self, name: str) -> FileState | None:
        """What tells whether a file that could not be read is worth another try."""

    def names(self, folder: str) -> set[str]:
        """The files of a folder, hidden ones apart."""

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole file, durably; the one before, if any, is gone in the same step."""

    def incoming(self, data: bytes | memoryview) -> AbstractContextManager[tuple[str, Callable[[], None]]]:
        """A run's file that is written: its name, and what puts it in its place, durably.

        The latter is to be called in the transaction that names it. What is not in its place at the end is removed.
        """

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""

    def clean(self) -> None:
        """Remove what killed processes left half written."""


def of(data_dir: Path) -> Blobs:
    """Where the files of the runs of a data directory are. StoreError when a bucket does not answer."""
    url = paths.blobs_url()
    return _bucket(url) if url else Folder(data_dir)


def name_of(data: bytes | memoryview) -> str:
    """What a run's file of these bytes is called."""
    return f"{RUNS}/{hashlib.sha256(data).hexdigest()}.parquet"


def is_whole(blobs: Blobs, name: str) -> bool:
    """Whether a run's file has the bytes that its name says. StoreError when the bucket does not answer."""
    try:
        return hashlib.sha256(blobs.read(name)).hexdigest() == Path(name).stem
    except OSError:
        return False


@dataclass(frozen=True)
class Folder:
    """The files of one data directory, in it."""

    data_dir: Path

    @property
    def name(self) -> str:
        return str(self.data_dir)

    def address(self, name: str) -> str:
        return str(self.data_dir.absolute() / name)

    def source(self, name: str) -> Path:
        files.opened(self.data_dir / name).close()  # Arrow would wait for ever at a pipe
        return paths.placed(self.data_dir / name)

    def read(self, name: str) -> bytes:
        with files.opened(self.data_dir / name) as file:
            return file.read()

    def has(self, name: str) -> bool:
        return os.path.lexists(self.data_dir / name)

    def size(self, name: str) -> int:
        return files.size_of(self.data_dir / name)

    def state(self, name: str) -> FileState | None:
        return files.state_of(self.data_dir / name)

    def names(self, folder: str) -> set[str]:
        with suppress(FileNotFoundError), os.scandir(self.data_dir / folder) as entries:
            return {f"{folder}/{entry.name}" for entry in entries if not entry.name.startswith(".")}
        return set()

    def write(self, name: str, data: bytes | memoryview) -> None:
        target = self.data_dir / name
        with files.explained(self.data_dir):
            files.make_directory(target.parent)
            files.replace(target, data)

    @contextmanager
    def incoming(self, data: bytes | memoryview) -> Iterator[tuple[str, Callable[[], None]]]:
        name = name_of(data)
        target = self.data_dir / name
        with files.explained(self.data_dir):
            for folder in (RUNS, _INCOMING):
                files.make_directory(self.data_dir / folder)
            self.clean()
            with files.staged(self.data_dir / _INCOMING, "run") as staged:
                files.fill(staged.descriptor, data)

                def reveal() -> None:
                    try:
                        files.reveal(staged, target)
                    except FileExistsError:  # with the same bytes, unless somebody damaged it
                        if not is_whole(self, name):
                            staged.path.replace(target)
                        # Whoever put it there may have died before its name was durable.
                        files.sync_directory(target.parent)

                yield name, reveal

    def remove(self, name: str) -> None:
        (self.data_dir / name).unlink(missing_ok=True)

    def clean(self) -> None:
        files.clean(self.data_dir / _INCOMING)


@lru_cache(maxsize=4)
def _bucket(url: str) -> Bucket:
    name = re.sub(r"//[^/]*@", "//", url.partition("?")[0])  # without keys
    with _explained(name):
        system, root = fs.FileSystem.from_uri(url)
    return Bucket(name, system, root.rstrip("/"))


# The threads that ask a bucket do not live on in a process that was forked.
os.register_at_fork(after_in_child=_bucket.cache_clear)


@dataclass(frozen=True)
class Bucket:
    """The files in object storage: s3://, gs:// or abfs://, as pyarrow.fs knows it."""

    name: str
    system: Any = field(repr=False)
    root: str = ""
    _sizes: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def address(self, name: str) -> str:
        return f"{self.name.replace('s3://', 's3a://', 1)}/{name}"  # Hadoop's name for it; Sail knows both

    def source(self, name: str) -> pa.NativeFile:
        with _explained(self.name):
            return self.system.open_input_file(f"{self.root}/{name}")

    def read(self, name: str) -> bytes:
        with _explained(self.name), self.system.open_input_file(f"{self.root}/{name}") as file:
            return bytes(file.read())

    def has(self, name: str) -> bool:
        with _explained(self.name):
            return bool(self.system.get_file_info(f"{self.root}/{name}").is_file)

    def size(self, name: str) -> int:
        if name not in self._sizes:
            with _explained(self.name):
                info = self.system.get_file_info(f"{self.root}/{name}")
            if not info.is_file:
                return 0
            self._sizes[name] = int(info.size)
        return self._sizes[name]

    def state(self, name: str) -> FileState | None:
        return FileState(mtime_ns=int(time.monotonic() // _AGAIN))

    def names(self, folder: str) -> set[str]:
        selector = fs.FileSelector(f"{self.root}/{folder}", allow_not_found=True)
        with _explained(self.name):
            found = self.system.get_file_info(selector)
        return {f"{folder}/{each.base_name}" for each in found if each.is_file and not each.base_name.startswith(".")}

    def write(self, name: str, data: bytes | memoryview) -> None:
        with _explained(self.name), self.system.open_output_stream(f"{self.root}/{name}") as out:
            out.write(data)

    @contextmanager
    def incoming(self, data: bytes | memoryview) -> Iterator[tuple[str, Callable[[], None]]]:
        # Beside its place first: in the transaction, for which all others wait, no more than a copy is asked for.
        name, beside = name_of(data), f"{_INCOMING}/{secrets.token_hex(16)}"
        self.write(beside, data)

        def reveal() -> None:
            with _explained(self.name):
                self.system.copy_file(f"{self.root}/{beside}", f"{self.root}/{name}")

        try:
            yield name, reveal
        finally:
            with suppress(StoreError, OSError):
                self.remove(beside)

    def remove(self, name: str) -> None:
        self._sizes.pop(name, None)
        with suppress(FileNotFoundError), _explained(self.name):
            self.system.delete_file(f"{self.root}/{name}")

    def clean(self) -> None:
        with _explained(self.name):
            for each in self.system.get_file_info(fs.FileSelector(f"{self.root}/{_INCOMING}", allow_not_found=True)):
                if each.is_file and datetime.now(UTC) - each.mtime > _OLD:
                    self.system.delete_file(each.path)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn what a bucket refuses into a StoreError that a person can act on; a file that is not there stays one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        said = str(error)
        closed = any(each in said for each in ("ACCESS_DENIED", "Forbidden", "INVALID_ACCESS_KEY", "SIGNATURE", "403"))
        if isinstance(error, pa.ArrowInvalid):
            what, hint = "this is no address of a bucket", "docs/scale.md has examples; check SIUO_BLOBS"
        elif closed:
            what, hint = "the bucket of the run files refuses these credentials", "check them and the bucket's rules"
        else:
            what, hint = "the bucket of the run files does not answer", "try again in a minute; nothing was kept"
        raise StoreError(what, where=where, hint=hint) from error
