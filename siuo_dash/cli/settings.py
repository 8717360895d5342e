"""check-settings: whether the program would start as it is set up."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from siuo_dash import settings
from siuo_dash.cli.app import SHIPPED, program
from siuo_dash.errors import SettingsError

CONFIG = SHIPPED.parent / ".streamlit" / "config.toml"


@program.command("check-settings")
def check_settings(
    address: Annotated[
        str | None,
        typer.Option(
            help="Where the server would listen.", envvar="STREAMLIT_SERVER_ADDRESS", show_default="as configured"
        ),
    ] = None,
    secrets: Annotated[
        list[Path] | None,
        typer.Option(
            help="A secrets file; may be given several times.",
            envvar="STREAMLIT_SECRETS_FILES",
            show_default="Streamlit's own places",
        ),
    ] = None,
) -> None:
    """Check all settings without a start: what is wrong, every fault a line, and exit code 78."""
    configured = tomllib.loads(CONFIG.read_text(encoding="utf-8")).get("server", {}) if CONFIG.is_file() else {}
    places = [Path.home() / ".streamlit" / "secrets.toml", Path.cwd() / ".streamlit" / "secrets.toml"]
    try:
        found = settings.read(os.environ, secrets or places)
        settings.check_serving(
            found,
            settings.Serving(
                address=address or configured.get("address"),
                xsrf_protection=bool(configured.get("enableXsrfProtection", True)),
                trusted_headers=bool(configured.get("trustedUserHeaders")),
            ),
        )
    except SettingsError as error:
        for line in str(error).splitlines():
            typer.echo(f"error: {line}", err=True)
        raise typer.Exit(settings.EXIT_CODE) from None
    typer.echo(settings.summary(found))
