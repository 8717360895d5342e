"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from siuo_dash.settings.paths import made

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        help="The data directory.",
        envvar="SIUO_DATA",
        callback=made,
        show_default="the shipped data/; of an installed program ~/.local/share/siuo-dash",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it; kept in the log.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN_ID", help="The run's id, as `runs` lists it.")]
FilesArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, readable=True, help="The result files of one run."),
]
SetOption = Annotated[
    str | None,
    typer.Option("--set", help="The sample set that the run is on, as `sets list` names it.", show_default="found"),
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A mapping of the fields, as the upload page saves it.",
    ),
]

SaveMappingOption = Annotated[
    Path | None,
    typer.Option("--save-mapping", dir_okay=False, help="Write the mapping that was used, or guessed, to this file."),
]
