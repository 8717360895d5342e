"""The files of uploads as they lie in their folder: until the registry names them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from siuo_dash.store.files import FileState, state_of

SUBMISSIONS: Final = "submissions"


def scan(data_dir: Path) -> dict[str, FileState]:
    """The files by name relative to the directory; hidden files are not ours yet."""
    found: dict[str, FileState] = {}
    try:
        with os.scandir(data_dir / SUBMISSIONS) as entries:
            listed = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        return found
    except OSError as error:
        return {SUBMISSIONS: FileState(problem=f"cannot be listed ({error.strerror})")}
    for name in listed:
        if name.endswith(".parquet") and not name.startswith("."):
            known = state_of(data_dir / SUBMISSIONS / name)
            if known is not None and _readable(name) != name:
                known = FileState(problem="has a name that is not UTF-8 text; rename it")
            if known is not None:  # else withdrawn between the listing and the look
                found[f"{SUBMISSIONS}/{_readable(name)}"] = known
    return found


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
