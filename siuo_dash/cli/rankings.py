"""Commands that read: boards, leaderboard, and build."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table as ScreenTable
from rich.text import Text

from siuo_dash.analysis import leaderboard as analysis
from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.stats import Rate
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.app import SHIPPED, DataOption, program
from siuo_dash.report import export
from siuo_dash.report import leaderboard as view
from siuo_dash.sources.build import build as build_results
from siuo_dash.store.engine.database import Store

Format = StrEnum("Format", ["table", "json", "csv", "latex", "markdown"])
BoardFormat = StrEnum("BoardFormat", ["table", "json"])
MetricName = StrEnum("MetricName", ["safe", "effective", "safe_and_effective", "mcqa"])
ALL = "all"


@program.command(epilog="Example: python -m siuo_dash boards --format json")
def boards(
    data: DataOption = SHIPPED,
    format: Annotated[BoardFormat, typer.Option(help="How to print.")] = BoardFormat.table,
) -> None:
    """List the boards: judge × responses per sample, with the number of runs."""
    found = queries.boards(open_store(data))
    if format is BoardFormat.json:
        print_json(
            [
                {
                    "board": board.id,
                    "judge": board.protocol.judge,
                    "responses_per_sample": board.protocol.responses_per_sample,
                    "runs": board.runs,
                }
                for board in found
            ]
        )
        return
    rows = [(board.id, board.label, str(board.runs), str(board.per_sample_runs)) for board in found]
    print_table(("Board", "Judge, responses per sample", "Runs", "Per sample"), rows)


@program.command(
    epilog="Example: python -m siuo_dash leaderboard --board human-3 --metric safe --format latex > table.tex"
)
def leaderboard(
    data: DataOption = SHIPPED,
    board: Annotated[
        str | None,
        typer.Option(help="A board's id or its words (see `boards`), or `all`.", show_default="the first board"),
    ] = None,
    metric: Annotated[MetricName, typer.Option(help="What to rank by.")] = MetricName.safe,
    format: Annotated[Format, typer.Option(help="How to print.")] = Format.table,
    search: Annotated[str, typer.Option(help="Only runs whose model or organization contains this.")] = "",
    partial: Annotated[bool, typer.Option("--partial", help="Rank runs that lack some samples, too.")] = False,
) -> None:
    """Rank the runs of one board, with intervals, rank ranges and health."""
    store = open_store(data)
    known = queries.boards(store)
    chosen = None
    if board is None or board.strip().lower() != ALL:
        chosen = queries.find_board(store, board) if board is not None else (known[0] if known else None)
    filters = Filters(board=chosen.id if chosen else None, search=search)
    frame = analysis.leaderboard(store, filters, METRICS[metric.value], rank_partial=partial)
    ranges = analysis.rank_ranges(store, chosen.id, METRICS[metric.value], rank_partial=partial) if chosen else None
    frame = view.with_ranges(frame, ranges)
    if format is Format.json:
        print_json([_record(row) for row in frame.to_dict("records")])
        return
    columns = view.TERMINAL_COLUMNS if format is Format.table else view.FILE_COLUMNS
    if chosen is None:
        columns = ("board", *columns[2:])
    provenance = export.Provenance(
        store.version, chosen.label if chosen else "all runs, not comparable", filters.sentence()
    )
    title = f"SIUO, {chosen.label}" if chosen else "SIUO, all runs"
    table = view.export_table(frame, columns, {item.id: item.label for item in known}, provenance, title)
    if format is Format.table:
        words = table.text("range")
        print_table(tuple(words.columns), list(words.itertuples(index=False, name=None)))
        return
    makers = {Format.csv: export.to_csv, Format.latex: export.to_latex, Format.markdown: export.to_markdown}
    sys.stdout.buffer.write(makers[format](table))


@program.command(epilog="Example: python -m siuo_dash build")
def build(data: DataOption = SHIPPED) -> None:
    """Make results.parquet anew from samples.csv and sources/, byte for byte the same on every run."""
    print_line(f"wrote {build_results(data)}")


def open_store(data: Any) -> Store:
    """The store of a data directory; files that had to be left out are named on standard error."""
    store = Store(data)
    for broken in store.broken:
        typer.echo(_visible(f"warning: {broken.name}: {broken.why}"), err=True)
    return store


def print_json(value: object) -> None:
    """JSON, indented, nothing rounded."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def print_line(text: str) -> None:
    """One line of plain text; control characters in it are shown, not obeyed."""
    typer.echo(_visible(text))


def print_table(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A table for a terminal; as wide as it must be when the output is a file."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
    table = ScreenTable(box=None, pad_edge=False)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text("".join(c if c.isprintable() else "�" for c in str(cell))) for cell in row))
    console.print(table)


def _visible(text: str) -> str:
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _record(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": row["run_id"],
        "model": row["model"],
        "organization": row["organization"] if pd.notna(row["organization"]) else None,
        "board": row["board"],
        "evidence": row["evidence"],
        **{name: None if pd.isna(row[name]) else int(row[name]) for name in ("rank", "rank_low", "rank_high")},
        **{metric: rate_or_none(row[f"{metric}_k"], row[f"{metric}_n"]) for metric in METRICS},
        "health": row["health"],
    }


def rate_or_none(k: int, n: int) -> dict[str, Any] | None:
    """{"k", "n", "rate", "low", "high"}, fractions not rounded; None when nothing was graded."""
    return Rate(int(k), int(n)).as_dict() if n else None
