"""Where this program lies, and where its data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """The data directory: SIUO_DATA, or the one that is shipped."""
    return Path(os.environ.get("SIUO_DATA", "") or ROOT / "data")
