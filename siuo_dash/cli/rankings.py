"""Commands about what is in the store: boards, leaderboard, build; list, withdraw, export runs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from siuo_dash.analysis import board_list
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.options import ByOption, DataOption, JsonOption, RunArgument
from siuo_dash.cli.output import open_store, print_json, print_line, print_table
from siuo_dash.report import export as exports
from siuo_dash.report import leaderboard as view
from siuo_dash.report import leaderboard_words, records
from siuo_dash.settings.paths import USUAL
from siuo_dash.sources.build import build as build_results
from siuo_dash.store import registry
from siuo_dash.store.files import write_parquet
from siuo_dash.store.runs.parquet import CONTENT_HASH
from siuo_dash.store.runs.run_file import run_table
from siuo_dash.text import counted

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
    ranked_by = METRICS[metric.value].label if chosen else ""
    provenance = exports.Provenance(store.version, place, words, drawn or "", ranked_by)
    labels = {item.id: item.label for item in board_list.boards(store)}
    title = f"SIUO, {chosen.label}, ranked by {ranked_by}" if chosen else "SIUO, all runs"
    table = view.export_table(frame, columns, labels, provenance, title)
    if format is Format.table:
        cells = table.text("range")
        print_table(tuple(cells.columns), list(cells.itertuples(index=False, name=None)))
        if cells.empty:
            filters = Filters(board=chosen.id if chosen else None, search=search, plain=plain)
            others = board_list.elsewhere(store, filters) if chosen else {}
            there = "; ".join(f"{counted(runs, 'run')} on {board}" for board, runs in others.items())
            print_line(f"no run here matches: {words}" + (f" {there}" if there else ""))
        if drawn:
            print_line(drawn)
        return
    makers = {Format.csv: exports.to_csv, Format.latex: exports.to_latex, Format.markdown: exports.to_markdown}
    sys.stdout.buffer.write(makers[format](table))


def build(data: DataOption = USUAL) -> None:
    """Build results.parquet from samples.csv and sources/, byte for byte the same on every run."""
    print_line(f"wrote {build_results(data)}")


def runs(
    data: DataOption = USUAL,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="List the withdrawn runs instead.")] = False,
    json: JsonOption = False,
) -> None:
    """List every run with its board and its scores, or the withdrawn runs with their reasons."""
    if withdrawn:
        _withdrawn(data, as_json=json)
        return
    found = records.all_runs(open_store(data))
    if json:
        print_json(found)
        return
    print_table(
        ("Run", "Model", "Board", "Evidence"),
        [(item["run_id"], item["model"], item["board"], item["evidence"]) for item in found],
    )


def withdraw(
    run_id: RunArgument,
    why: Annotated[str, typer.Option("--why", help="What a reader of the list of withdrawn runs is told.")],
    data: DataOption = USUAL,
    by: ByOption = None,
) -> None:
    """Take an uploaded run off every page; its file is kept and can be restored."""
    registry.withdraw(data, run_id, registry.local(by), why)
    print_line(f"withdrawn {run_id}")


def export(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN_ID...", help="The runs' ids, as `runs` lists them.")],
    to: Annotated[Path, typer.Option("--to", help="The Parquet file to write; one that is there is replaced.")],
    data: DataOption = USUAL,
) -> None:
    """Write runs with their texts as Parquet. A file of one run can be submitted elsewhere and comes back whole."""
    if not to.parent.is_dir() or to.is_dir():
        raise typer.BadParameter(
            f"{to} cannot be written: its folder is not there, or it is a folder itself", param_hint="--to"
        )
    store = open_store(data)
    table = pa.concat_tables([run_table(store, run_id) for run_id in dict.fromkeys(run_ids)])
    metadata = {CONTENT_HASH: content_hash(table)} if len(set(run_ids)) == 1 else None
    write_parquet(table, to, overwrite=True, metadata=metadata)
    print_line(f"wrote {to}: {table.num_rows} rows")


def _withdrawn(data: Path, *, as_json: bool) -> None:
    gone = registry.withdrawn(data)
    if as_json:
        print_json(
            [
                {"run_id": each.run_id, "why": each.why, "by": each.by, "at": each.at.isoformat() if each.at else None}
                for each in gone
            ]
        )
        return
    rows = [
        (each.run_id, each.why or "not known", each.by or "", each.at.isoformat(timespec="seconds") if each.at else "")
        for each in gone
    ]
    print_table(("Run", "Reason", "By", "When"), rows)
