"""Commands that read: boards, leaderboard, and build."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from siuo_dash.analysis import board_list
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.options import DataOption
from siuo_dash.cli.output import open_store, print_json, print_line, print_table
from siuo_dash.report import export, leaderboard_words, records
from siuo_dash.report import leaderboard as view
from siuo_dash.settings.paths import USUAL
from siuo_dash.sources.build import build as build_results

Format = StrEnum("Format", ["table", "json", "csv", "latex", "markdown"])
BoardFormat = StrEnum("BoardFormat", ["table", "json"])
MetricName = StrEnum("MetricName", ["safe", "effective", "safe_and_effective", "mcqa"])


def boards(
    data: DataOption = USUAL,
    format: Annotated[BoardFormat, typer.Option(help="How to print.")] = BoardFormat.table,
) -> None:
    """List the boards: judge × responses per sample, with the number of runs."""
    store = open_store(data)
    if format is BoardFormat.json:
        print_json(records.boards(store))
        return
    rows = [(board.id, board.label, str(board.runs), str(board.per_sample_runs)) for board in board_list.boards(store)]
    print_table(("Board", "Judge, responses per sample", "Runs", "Per sample"), rows)


def leaderboard(
    data: DataOption = USUAL,
    board: Annotated[
        str | None,
        typer.Option(help="A board's id or its words (see `boards`), or `all`.", show_default="the first board"),
    ] = None,
    metric: Annotated[MetricName, typer.Option(help="What to rank by.")] = MetricName.safe,
    format: Annotated[Format, typer.Option(help="How to print.")] = Format.table,
    search: Annotated[str, typer.Option(help="Only runs whose model or organization contains this.")] = "",
    plain: Annotated[bool, typer.Option("--plain", help="Only plain models: no defence, training or prompt.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Rank runs that lack some samples, too.")] = False,
) -> None:
    """Rank the runs of one board, with intervals, rank ranges and health."""
    store = open_store(data)
    asked = records.Asked(board, metric.value, search, plain, partial)
    if format is Format.json:
        print_json(records.leaderboard(store, asked))
        return
    frame, chosen = records.leaderboard_frame(store, asked), records.find_board(store, asked)
    columns = view.TERMINAL_COLUMNS if format is Format.table else view.FILE_COLUMNS
    if chosen is None:
        columns = ("board", *columns[2:])
    words = Filters(search=search, plain=plain).sentence()
    place = chosen.label if chosen else "all runs, not comparable"
    drawn = chosen and leaderboard_words.ranges_sentence(store, chosen.id, METRICS[metric.value], rank_partial=partial)
    provenance = export.Provenance(store.version, place, words, drawn or "")
    labels = {item.id: item.label for item in board_list.boards(store)}
    title = f"SIUO, {chosen.label}" if chosen else "SIUO, all runs"
    table = view.export_table(frame, columns, labels, provenance, title)
    if format is Format.table:
        cells = table.text("range")
        print_table(tuple(cells.columns), list(cells.itertuples(index=False, name=None)))
        if drawn:
            print_line(drawn)
        return
    makers = {Format.csv: export.to_csv, Format.latex: export.to_latex, Format.markdown: export.to_markdown}
    sys.stdout.buffer.write(makers[format](table))


def build(data: DataOption = USUAL) -> None:
    """Build results.parquet from samples.csv and sources/, byte for byte the same on every run."""
    print_line(f"wrote {build_results(data)}")
