"""`run`: the dashboard's server, on a checkout's app or on the one that an installed program holds."""

from __future__ import annotations

import os
import runpy
import sys
from typing import Annotated

import typer

from siuo_dash.cli.options import DataOption
from siuo_dash.settings.paths import ROOT, USUAL


def run(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; elsewhere than on this machine only when hosted.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The port.", show_default="8501")] = None,
    data: DataOption = USUAL,
) -> None:
    """Start the dashboard. What is uploaded is kept in the data directory.

    Streamlit's own options come from its configuration, or from variables such as STREAMLIT_SERVER_BASE_URL_PATH.
    """
    os.environ["SIUO_DATA"] = str(data.absolute())
    given = [f"--server.{name}={value}" for name, value in (("address", host), ("port", port)) if value is not None]
    # In this process, by name: the command line itself loads no Streamlit.
    sys.argv = ["streamlit", "run", str(ROOT / "app.py"), *given]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
