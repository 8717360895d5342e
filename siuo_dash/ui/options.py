"""How Streamlit is set to serve: its options, from wherever it takes them.

As a program it checks, without a server, what `streamlit run app.py` with the same arguments, environment and files
would check at its start: `python -m siuo_dash.ui.options --server.address 0.0.0.0`. The command line, which loads no
Streamlit, calls it that way.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

from siuo_dash import settings
from siuo_dash.errors import SettingsError
from siuo_dash.settings import Serving, start
from siuo_dash.settings.paths import ROOT
from siuo_dash.ui import streamlit_private


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


def main(arguments: list[str]) -> int:
    """Check it and print what the settings come to; every fault on a line of standard error, and the exit code."""
    try:
        try:
            streamlit_private.load_options(arguments, ROOT / "app.py")
        except ValueError as error:
            raise SettingsError(f"Streamlit does not take its options: {error}: correct that option") from None
        found = settings.read([Path(path) for path in st.get_option("secrets.files")])
        start.check(found, serving())
    except SettingsError as error:
        for fault in str(error).splitlines():
            print(f"error: {fault}", file=sys.stderr)  # noqa: T201
        return start.exit_code(error)
    print(settings.summary(found))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
