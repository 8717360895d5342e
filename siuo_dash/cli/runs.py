"""Commands about runs that are in the store: list, withdraw, restore, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.cli.options import ByOption, DataOption, JsonOption, RunArgument
from siuo_dash.cli.output import open_store, print_json, print_line, print_table
from siuo_dash.report.records import all_runs
from siuo_dash.settings.paths import USUAL
from siuo_dash.store import registry
from siuo_dash.store.files import write_parquet
from siuo_dash.store.runs.parquet import CONTENT_HASH
from siuo_dash.store.runs.run_file import run_table


def runs(
    data: DataOption = USUAL,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="List the withdrawn runs instead.")] = False,
    json: JsonOption = False,
) -> None:
    """List every run with its board and its scores, or the withdrawn runs with their reasons."""
    if withdrawn:
        _withdrawn(data, as_json=json)
        return
    records = all_runs(open_store(data))
    if json:
        print_json(records)
        return
    print_table(
        ("Run", "Model", "Board", "Evidence"),
        [(item["run_id"], item["model"], item["board"], item["evidence"]) for item in records],
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
        raise typer.BadParameter(f"{to} cannot be written: there is no such folder, or it is one", param_hint="--to")
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
