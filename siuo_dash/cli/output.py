"""What commands print, and the store they read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table as ScreenTable
from rich.text import Text

from siuo_dash.analysis.stats.proportions import limits
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from siuo_dash.text import spelled_out


def open_store(data: Path) -> Store:
    """The store of a data directory; files that had to be left out are named on standard error."""
    store = Store(data)
    for broken in store.broken:
        typer.echo(spelled_out(f"warning: {broken.name}: {broken.why}"), err=True)
    return store


def print_json(value: object) -> None:
    """JSON, indented, nothing rounded."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def print_line(text: str) -> None:
    """One line of plain text; hidden characters in it are written as codes."""
    typer.echo(spelled_out(text))


def print_table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table for a terminal; as wide as it must be when the output is a file."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
    table = ScreenTable(box=None, pad_edge=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(spelled_out(str(cell))) for cell in row))
    console.print(table)


def run_record(row: dict[str, Any], *, ranked: bool = False) -> dict[str, Any]:
    """A row of a frame of runs as JSON gives it: fractions not rounded, null where nothing was graded.

    ranked: with its rank, the range of ranks, and its health.
    """
    ranks = {name: None if pd.isna(row[name]) else int(row[name]) for name in _RANKS} if ranked else {}
    return {
        "run_id": row["run_id"],
        "model": row["model"],
        **{name: row[name] if pd.notna(row[name]) else None for name in ("base_model", "method", "organization")},
        "board": row["board"],
        "evidence": row["evidence"],
        **ranks,
        **{metric: _rate(row[f"{metric}_k"], row[f"{metric}_n"]) for metric in METRICS},
        **({"health": row["health"]} if ranked else {}),
    }


_RANKS = ("rank", "rank_low", "rank_high")


def _rate(k: int, n: int) -> dict[str, Any] | None:
    if not n:
        return None
    low, high = limits(int(k), int(n))
    return {"k": int(k), "n": int(n), "rate": int(k) / int(n), "low": low, "high": high}
