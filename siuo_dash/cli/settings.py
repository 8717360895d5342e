"""check-settings: whether the program would start as it is set up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from siuo_dash.cli.app import program


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
    # In a process of its own: the command line loads no Streamlit, whose options and files decide.
    done = subprocess.run([sys.executable, "-m", "siuo_dash.ui.options", *flags], stdin=subprocess.DEVNULL, check=False)
    raise typer.Exit(done.returncode)
