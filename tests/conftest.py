"""What the tests share: the shipped data, and the real fixtures where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of real result files; a user's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("the maintainers' fixtures (a folder beside the clone) are not at hand")
    return SHARED
