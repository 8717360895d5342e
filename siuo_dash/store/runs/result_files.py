"""The Parquet files that make up a store: which there are, and whether one changed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from siuo_dash.store.files import RESULTS

SUBMISSIONS: Final = "submissions"


@dataclass(frozen=True)
class FileState:
    """What tells that a file is still the same; `problem` when it is seen at once that it cannot be read."""

    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    problem: str = ""


def scan(data_dir: Path) -> dict[str, FileState]:
    """The files by name relative to the directory, the shipped one first; hidden files are not ours yet."""
    found = {}
    shipped = state(data_dir / RESULTS)
    if shipped is not None:
        found[RESULTS] = shipped
    try:
        with os.scandir(data_dir / SUBMISSIONS) as entries:
            listed = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        return found
    except OSError as error:
        return found | {SUBMISSIONS: FileState(problem=f"cannot be listed ({error.strerror})")}
    for name in listed:
        if name.endswith(".parquet") and not name.startswith("."):
            known = state(data_dir / SUBMISSIONS / name)
            if known is not None:  # else withdrawn between the listing and the look
                found[f"{SUBMISSIONS}/{_readable(name)}"] = known
    return found


def state(path: Path) -> FileState | None:
    """What is there now; None when nothing is."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return FileState(problem="is a link to a file that is not there") if path.is_symlink() else None
    except OSError as error:
        return FileState(problem=f"cannot be looked at ({error.strerror})")
    if not stat.S_ISREG(found.st_mode):
        return FileState(problem="is not a file", inode=found.st_ino)
    if _readable(path.name) != path.name:
        return FileState(problem="has a name that is not UTF-8 text; rename it", inode=found.st_ino)
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
