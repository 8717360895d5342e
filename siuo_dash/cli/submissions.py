"""Commands about single runs: list them."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.cli.app import SHIPPED, DataOption, program
from siuo_dash.cli.rankings import open_store, print_json, print_table, rate_or_none


@program.command(epilog="Example: python -m siuo_dash runs --json")
def runs(
    data: DataOption = SHIPPED,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List every run with its board and its scores."""
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
