"""check-settings: whether the program would start as it is set up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from siuo_dash import settings
from siuo_dash.cli.app import SHIPPED, program
from siuo_dash.errors import SettingsError
from siuo_dash.settings import start


@program.command("check-settings")
def check_settings(
    address: Annotated[
        str | None, typer.Option(help="Where the server would listen.", show_default="as Streamlit is configured")
    ] = None,
    secrets: Annotated[
        list[Path] | None,
        typer.Option(
            help="A secrets file; may be given several times.",
            show_default="STREAMLIT_SECRETS_FILES, or Streamlit's own places",
        ),
    ] = None,
) -> None:
    """Check all settings without a start: what is wrong, every fault a line, and exit code 78; 69 for no provider."""
    flags = [f"--secrets.files={path}" for path in secrets or ()]
    if address is not None:
        flags.append(f"--server.address={address}")
    try:
        serving, places = _options(flags)
        found = settings.read(os.environ, places)
        start.check(found, serving)
    except SettingsError as error:
        for line in str(error).splitlines():
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(start.exit_code(error)) from None
    typer.echo(settings.summary(found))


def _options(flags: list[str]) -> tuple[settings.Serving, list[Path]]:
    """What the server would go by, said by Streamlit itself in a process of its own."""
    path = os.pathsep.join(filter(None, (str(SHIPPED.parent), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "siuo_dash.ui.options", *flags],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0 or not done.stdout.strip():
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise SettingsError(f"Streamlit does not take its options: {said[-1]}: correct that option")
    options: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    places = [Path(each) for each in options.pop("secrets")]
    return settings.Serving(**options), places
