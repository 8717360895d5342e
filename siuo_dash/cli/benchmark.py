"""The commands that bring in the benchmark's own text and pictures, and the words behind the shipped runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from siuo_dash.cli.options import DataOption
from siuo_dash.cli.output import print_line
from siuo_dash.settings.paths import USUAL
from siuo_dash.sources.benchmark_fetch import Report, Sources, Step, fetch_benchmark, import_folder
from siuo_dash.sources.responses import address_in, fetch_responses
from siuo_dash.text import counted

_MOST_FINDINGS = 40


def fetch(
    data: DataOption = USUAL,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Take the files from this folder instead of the network.")
    ] = None,
    pictures: Annotated[bool, typer.Option(help="Bring in the pictures too.")] = True,
) -> None:
    """Fetch the benchmark's own text, pictures (CC BY-NC 4.0) and rubric; called again, it goes on.

    The rubric is for `evaluate`: what model and judge are told, as the released scripts have it.
    SIUO_BENCHMARK_GENERATION, SIUO_BENCHMARK_MULTIPLE_CHOICE, SIUO_BENCHMARK_PICTURES and SIUO_BENCHMARK_RUBRIC change
    the addresses.
    """
    if folder is not None:
        _shown(partial(import_folder, data, folder, pictures=pictures, rubric=True))
    else:
        _shown(partial(fetch_benchmark, data, Sources.from_environment(os.environ), pictures=pictures, rubric=True))


def fetch_words(data: DataOption = USUAL) -> None:
    """Fetch the responses and the judge's words of the shipped runs that have a verdict for every sample.

    They come from their authors' public repository, are checked against the shipped lengths and verdicts, and are kept
    beside what fetch-benchmark brings; called again, it goes on. SIUO_RESPONSES changes the address.
    """
    _shown(partial(fetch_responses, data, address_in(os.environ)))


def _shown(fetching: Callable[..., Report]) -> None:
    """Fetch with a bar that shows how far it is, and say what it came to. fetching: takes `progress`."""
    columns = (TextColumn("{task.fields[file]}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[bytes]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        report = fetching(progress=_shown_on(bar, bar.add_task("", total=None, file="", bytes="")))
    _print(report)
    if not report.complete:
        raise typer.Exit(1)


def _shown_on(bar: Progress, task: TaskID) -> Callable[[Step], None]:
    def show(step: Step) -> None:
        kilobytes = f"{step.received // 1024} kB" if step.received else ""
        bar.update(task, completed=step.done, total=step.files, file=step.name, bytes=kilobytes)

    return show


def _print(report: Report) -> None:
    print_line(f"{counted(len(report.brought), 'file')} brought in, {len(report.kept)} were there already")
    for finding in report.findings[:_MOST_FINDINGS]:
        print_line(f"{finding.severity}: {finding}")
    if len(report.findings) > _MOST_FINDINGS:
        print_line(f"… and {len(report.findings) - _MOST_FINDINGS} more")
