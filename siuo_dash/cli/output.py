"""What commands print, and the store they read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table as ScreenTable
from rich.text import Text

from siuo_dash.report.records import as_json
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
    typer.echo(as_json(value))


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
