"""Made-up runs by their four outcomes, and the store over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.store.engine.database import Store
from tests.conftest import ROOT
from tests.make.stores import make_data, make_run, share


def counted(
    model: str, both: int, safe_only: int, effective_only: int, neither: int, *, totals: bool = True, **about: Any
) -> pa.Table:
    """A run with these four outcomes, in this order of samples."""
    safe = [True] * (both + safe_only) + [False] * (effective_only + neither)
    effective = [True] * both + [False] * safe_only + [True] * effective_only + [False] * neither
    return make_run(model, safe, effective, share(both, len(safe)), totals=totals, **about)


def store(directory: Path, *runs: pa.Table) -> Store:
    """A store of these runs alone."""
    return Store(make_data(directory / "data", *runs))


def shipped() -> Store:
    """The store of the shipped data."""
    return Store(ROOT / "data")
