"""The commands that add a sample set to a data directory and list those that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.cli.options import DataOption, JsonOption
from siuo_dash.cli.output import print_json, print_line, print_table
from siuo_dash.settings.paths import USUAL
from siuo_dash.store import sample_sets

program = typer.Typer(
    help="Sample sets: the benchmark's own, and reviewed sets of new samples.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@program.command("add", epilog="Example: python -m siuo_dash sets add fresh-samples-v1")
def add(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a frozen set.")],
    data: DataOption = USUAL,
) -> None:
    """Check a frozen set by its fingerprint and copy it into the data directory; the last line is its id."""
    added = sample_sets.add(data, folder)
    print_line(f"{added.samples} samples, fingerprint {added.fingerprint}")
    print_line(added.id)


@program.command("list", epilog="Example: python -m siuo_dash sets list --json")
def show(data: DataOption = USUAL, json: JsonOption = False) -> None:
    """List the sample sets that runs can be on."""
    found, broken = sample_sets.catalogues(data)
    rows = []
    for name, catalogue in found.items():
        about = None if name == BENCHMARK else sample_sets.read_set(sample_sets.home(data, name))
        domains = len({sample.domain for sample in catalogue.samples})
        rows.append((name, len(catalogue), domains, "" if about is None else about.fingerprint))
    if json:
        print_json([dict(zip(("id", "samples", "domains", "fingerprint"), row, strict=True)) for row in rows])
    else:
        print_table(("Sample set", "Samples", "Domains", "Fingerprint"), [tuple(map(str, row)) for row in rows])
    for name, error in broken.items():
        typer.echo(f"warning: {name}: {error.what}; {error.hint}", err=True)
