"""Files that survive a crash: written beside, synced, made visible in one step."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import pwd
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

import pyarrow as pa

from siuo_dash.errors import StoreError
from siuo_dash.settings.paths import placed
from siuo_dash.store.runs.parquet import parquet_bytes

SAMPLES: Final = "samples.csv"
RESULTS: Final = "results.parquet"
RUNS: Final = "runs"
"""The folder of the run files, each under the SHA-256 of its bytes: what lies there never changes."""
_MARK: Final = "siuo-tmp"
_NO_HARD_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_ADVICE: Final = {
    errno.ENOSPC: ("the disk is full", "free some space, then try again; nothing was kept"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, then try again; nothing was kept"),
    errno.EFBIG: ("the file would be larger than this system allows", "raise the limit (ulimit -f), then try again"),
    errno.EROFS: ("the disk is mounted read-only", "publish from a machine that may write here"),
    errno.EACCES: ("no permission to write here", "ask the owner of this directory for write permission"),
    errno.EPERM: ("no permission to write here", "ask the owner of this directory for write permission"),
    errno.ENOENT: ("the directory is not there", "check the path of the data directory, or mount it, then try again"),
    errno.ENOTDIR: ("this is not a directory", "check the path of the data directory"),
    errno.EEXIST: ("a file of this name is already there", "choose another name; nothing was overwritten"),
    errno.EXDEV: ("this directory is on another disk", "keep the whole data directory on one disk"),
}


@contextmanager
def explained(where: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a StoreError that a person can act on.

    where: what the person knows it by, named where the system gives no path or a hidden one.
    """
    try:
        yield
    except OSError as error:
        path = Path(error.filename) if isinstance(error.filename, str) else where
        hidden = any(part.startswith(".") for part in path.parts[len(where.parts) :])
        what, hint = _ADVICE.get(
            error.errno or 0,
            (f"the disk refused: {error.strerror or error}", "check the disk, then try again"),
        )
        raise StoreError(what, where=str(where if hidden else path), hint=hint) from error


def must_be_owner(data_dir: Path) -> None:
    """Raise StoreError for root in another user's directory, where what root made would shut out the service."""
    try:
        owner = data_dir.stat().st_uid
    except OSError:  # whoever reads or writes it says why
        return
    if os.geteuid() == 0 and owner != 0:
        try:
            name, user = (pwd.getpwuid(owner).pw_name,) * 2
        except KeyError:
            name, user = f"the user {owner}", f"'#{owner}'"
        raise StoreError(
            f"this directory belongs to {name}, and what root writes there would shut {name} out",
            where=str(data_dir),
            hint=f"run it as {name}: sudo -u {user} …",
        )


@dataclass(frozen=True)
class FileState:
    """What tells that a file is still the same; `problem` when it is seen at once that it cannot be read."""

    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    problem: str = ""


def state_of(path: Path) -> FileState | None:
    """What is there now; None when nothing is."""
    path = placed(path)
    try:
        found = path.stat()
    except FileNotFoundError:
        return FileState(problem="is a link to a file that is not there") if path.is_symlink() else None
    except OSError as error:
        return FileState(problem=f"cannot be looked at ({error.strerror})")
    if not stat.S_ISREG(found.st_mode):
        return FileState(problem="is not a file", inode=found.st_ino)
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def opened(path: Path) -> BufferedReader:
    """An ordinary file, open for reading; OSError for anything else, without waiting as opening a pipe does."""
    descriptor = os.open(placed(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, "it is not a file", str(path))
    return os.fdopen(descriptor, "rb")


def size_of(path: Path) -> int:
    """Bytes of a file; 0 of one that is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True)
class Staged:
    """A hidden file being written: its path and its open file descriptor."""

    path: Path
    descriptor: int


@contextmanager
def staged(directory: Path, name: str) -> Iterator[Staged]:
    """A hidden, empty file in `directory`, to be filled and then revealed as `name`; removed whatever happens.

    Its writer holds an advisory lock on it, which ends with the process: `clean` knows a leftover by
    that, also when the writer lived in another container, where a process id says nothing.
    """
    while True:
        path = directory / f".{name}.{os.getpid()}-{secrets.token_hex(4)}.{_MARK}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Between open and flock a cleaner may have taken the file for a leftover.
            if os.fstat(descriptor).st_nlink:
                yield Staged(path, descriptor)
                return
        finally:
            with suppress(OSError):  # what cannot be removed now is cleaned later
                path.unlink()
            os.close(descriptor)


def clean(directory: Path, name: str = "") -> None:
    """Remove what killed writers left in `directory` (for one target `name`, or for all)."""
    pattern = f".{name}.*.{_MARK}" if name else f".*.{_MARK}"
    for path in directory.glob(pattern):
        with suppress(FileNotFoundError, PermissionError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for beside in directory.glob(f"{path.name}-*"):  # what SQLite keeps beside a database
                    beside.unlink()
                path.unlink()
            except BlockingIOError:
                continue  # its writer is alive
            finally:
                os.close(descriptor)


def fill(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data` and sync it to the disk; a full disk raises after the part that fitted."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


@contextmanager
def locked(path: Path, busy: StoreError, patience: float = 0.0) -> Iterator[None]:
    """Hold an advisory lock on a file, which is made where it is missing; it ends with the process, too.

    Raises `busy` when another process holds it for longer than `patience` seconds. Who holds the lock may remove the
    file.
    """
    deadline = time.monotonic() + patience
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            with suppress(BlockingIOError, FileNotFoundError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Between open and flock the one before may have removed the file.
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    break
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise busy
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path) -> None:
    """Create one directory durably; its parent must exist, so a vanished mount is never papered over."""
    try:
        directory.mkdir()
    except FileExistsError:
        return
    sync_directory(directory.parent)


def reveal(file: Staged, target: Path) -> None:
    """Make a filled file visible under its name in one step that cannot overwrite; durable on return.

    Raises FileExistsError when the name is taken.
    """
    try:
        os.link(file.path, target)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _rename_without_overwriting(file.path, target)
    sync_directory(target.parent)


def move(source: Path, target: Path) -> None:
    """Rename durably, within one file system; FileExistsError when the name is taken."""
    _rename_without_overwriting(source, target)
    sync_directory(target.parent)
    sync_directory(source.parent)


def _rename_without_overwriting(source: Path, target: Path) -> None:
    """Look, then rename, while the directory is locked: also for file systems without hard links.

    The lock is advisory: it keeps this project's writers apart, not a foreign program.
    """
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)
    finally:
        os.close(descriptor)


def keep(data_dir: Path, data: bytes | memoryview) -> str:
    """Write a run's file durably under the hash of its bytes; its name within the data directory.

    The same bytes are the same file, whoever was faster. It counts only when the registry names it. Raises OSError.
    """
    name = f"{hashlib.sha256(data).hexdigest()}.parquet"
    target = data_dir / RUNS / name
    if not target.exists():
        make_directory(target.parent)
        with suppress(FileExistsError), staged(target.parent, name) as file:
            fill(file.descriptor, data)
            reveal(file, target)
    return f"{RUNS}/{name}"


def replace(target: Path, data: bytes | memoryview) -> None:
    """Write a whole file durably; a reader sees the old bytes or the new ones, never a mixture."""
    with staged(target.parent, target.name) as file:
        fill(file.descriptor, data)
        file.path.replace(target)
    sync_directory(target.parent)


def write_parquet(table: pa.Table, path: Path, *, overwrite: bool, metadata: Mapping[str, str] | None = None) -> None:
    """Write results as Parquet, durably and in one visible step.

    table: under RESULT_SCHEMA (SchemaError names the column). overwrite=False refuses an existing file.
    metadata: key-value pairs for the footer. Raises StoreError when the disk refuses.
    """
    data = parquet_bytes(table, metadata)
    with explained(path):
        clean(path.parent, path.name)
        if overwrite:
            replace(path, data)
            return
        with staged(path.parent, path.name) as file:
            fill(file.descriptor, data)
            reveal(file, path)
