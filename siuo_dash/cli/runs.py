"""Commands about runs that are in the store: list, withdraw, restore, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import pyarrow as pa
import typer

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.app import SHIPPED, DataOption, program
from siuo_dash.cli.rankings import open_store, print_json, print_line, print_table, rate_or_none
from siuo_dash.store import publish
from siuo_dash.store.files import write_parquet
from siuo_dash.store.runs.parquet import CONTENT_HASH
from siuo_dash.store.runs.run_file import run_table

RunArgument = Annotated[str, typer.Argument(metavar="RUN_ID", help="The run's id, as `runs` lists it.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it; kept in the log.")]


@program.command(epilog="Example: python -m siuo_dash runs --withdrawn --json")
def runs(
    data: DataOption = SHIPPED,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="List the withdrawn runs instead.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every run with its board and its scores, or the withdrawn runs with their reasons."""
    if withdrawn:
        _withdrawn(data, as_json=json)
        return
    frame = queries.RUNS.run(open_store(data), where=Filters().where())
    records = [
        {
            "run_id": row["run_id"],
            "model": row["model"],
            "organization": row["organization"] if pd.notna(row["organization"]) else None,
            "board": row["board"],
            "evidence": row["evidence"],
            **{metric: rate_or_none(row[f"{metric}_k"], row[f"{metric}_n"]) for metric in METRICS},
        }
        for row in frame.to_dict("records")
    ]
    if json:
        print_json(records)
        return
    print_table(
        ("Run", "Model", "Board", "Evidence"),
        [(item["run_id"], item["model"], item["board"], item["evidence"]) for item in records],
    )


@program.command(
    epilog='Example: python -m siuo_dash withdraw my-model-human-1a2b3c4d --why "the judge saw other pictures"'
)
def withdraw(
    run_id: RunArgument,
    why: Annotated[str, typer.Option("--why", help="What a reader of the list of withdrawn runs is told.")],
    data: DataOption = SHIPPED,
    by: ByOption = None,
) -> None:
    """Take an uploaded run off every page; its file is kept and can be restored."""
    publish.withdraw(data, run_id, why, by)
    print_line(f"withdrawn {run_id}")


@program.command(epilog="Example: python -m siuo_dash export my-model-human-1a2b3c4d --to my-model.parquet")
def export(
    run_ids: Annotated[list[str], typer.Argument(metavar="RUN_ID...", help="The runs' ids, as `runs` lists them.")],
    to: Annotated[Path, typer.Option("--to", help="The Parquet file to write; one that is there is replaced.")],
    data: DataOption = SHIPPED,
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
    gone = publish.withdrawn(data)
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
