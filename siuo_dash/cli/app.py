"""The command line's frame: the program, its shared options, and errors as one line."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final

import typer

from siuo_dash.errors import SiuoError

SHIPPED: Final = Path(__file__).resolve().parents[2] / "data"

program = typer.Typer(
    name="siuo_dash",
    help="Read, check and publish results of the SIUO benchmark.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DataOption = Annotated[
    Path, typer.Option("--data", help="The data directory.", envvar="SIUO_DATA", show_default="the shipped data/")
]


def main() -> None:
    """Run the command line; the project's own errors are one line on standard error, and exit code 1."""
    from siuo_dash.cli import benchmark, keeping, rankings, runs, settings, submissions  # noqa: F401  (each adds its commands to the program)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names are Unicode, whatever the terminal's language
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        program(prog_name="python -m siuo_dash")
    except SiuoError as error:
        print(" ".join(f"error: {error}".split()), file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        raise SystemExit(0) from None
