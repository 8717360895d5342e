"""How Streamlit was told to serve: its options, from wherever it takes them.

As a program it says, without a server, what `streamlit run app.py` with the same arguments, environment and files
would go by: `python -m siuo_dash.ui.options --server.address 0.0.0.0`. The command line, which loads no
Streamlit, asks it that way.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import streamlit as st

from siuo_dash.errors import SettingsError
from siuo_dash.settings import Serving

_APP: Final = Path(__file__).resolve().parents[2] / "app.py"


def serving() -> Serving:
    """How the server listens. SettingsError for an option that is taken by Streamlit and is none."""
    most = st.get_option("server.maxUploadSize")
    if isinstance(most, bool) or not isinstance(most, int | float):  # a file may say anything
        raise SettingsError(f"server.maxUploadSize is {most!r}, and must be a number of megabytes: correct that option")
    return Serving(
        address=st.get_option("server.address") or None,
        xsrf_protection=bool(st.get_option("server.enableXsrfProtection")),
        trusted_headers=bool(st.get_option("server.trustedUserHeaders")),
        max_upload_mb=int(most),
    )


def main(arguments: list[str]) -> None:
    """Print it and the secrets files as JSON. Reads the arguments and the environment as `streamlit run` does, with its own code."""
    from streamlit import config
    from streamlit.web import bootstrap, cli

    def show(**flags: Any) -> None:
        bootstrap.load_config_options(flag_options=flags)
        print(json.dumps(asdict(serving()) | {"secrets": list(st.get_option("secrets.files"))}))  # noqa: T201

    config._main_script_path = str(_APP)  # beside which it looks for files, too
    cli.main.command("options")(cli.configurator_options(show))
    cli.main(["options", *arguments], prog_name="streamlit")


if __name__ == "__main__":
    main(sys.argv[1:])
