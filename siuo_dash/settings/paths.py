"""Where this program lies, and where its data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]
INSTALLED: Final = (_PACKAGE / "dashboard").is_dir()
"""Whether this is the program of a wheel, which has app, pages and data inside the package."""
ROOT: Final = _PACKAGE / "dashboard" if INSTALLED else _PACKAGE.parent
SHIPPED: Final = ROOT / "data"
_SHARE: Final = os.environ.get("XDG_DATA_HOME") or f"{os.environ.get('HOME', '')}/.local/share"
USUAL: Final = Path(_SHARE, "siuo-dash") if INSTALLED else SHIPPED
"""The data directory where none is named: a checkout's own; of an installed program a folder of who runs it."""


def data_dir() -> Path:
    """The data directory: SIUO_DATA, or the usual one."""
    return made(Path(os.environ.get("SIUO_DATA", "") or USUAL))


def made(folder: Path) -> Path:
    """The folder; where it is the person's own and not there yet, it is made."""
    if INSTALLED and folder == USUAL:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def placed(path: Path) -> Path:
    """Where a file of a data directory is: of a file that the person's own folder does not have, the shipped one."""
    if INSTALLED and path.parent == USUAL and not os.path.lexists(path):
        shipped = SHIPPED / path.name
        return shipped if shipped.exists() else path
    return path


def registry_url() -> str:
    """The database of the registry: SIUO_REGISTRY; "" = a file in the data directory."""
    return os.environ.get("SIUO_REGISTRY", "").strip()


def engine_url() -> str:
    """The cluster that answers the pages' queries: SIUO_ENGINE (sc://host:port); "" = this process's own DuckDB."""
    return os.environ.get("SIUO_ENGINE", "").strip()


def blobs_url() -> str:
    """The bucket of the run files: SIUO_BLOBS; "" = a folder in the data directory."""
    return os.environ.get("SIUO_BLOBS", "").strip()
