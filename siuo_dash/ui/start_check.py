"""How Streamlit is set to serve: its options, from wherever it takes them.

As a program it checks, without a server, what `streamlit run app.py` with the same arguments, environment and files
would check at its start: `python -m siuo_dash.ui.start_check --server.address 0.0.0.0`. The command line, which loads
no Streamlit, calls it that way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import streamlit as st

from siuo_dash import settings as rules
from siuo_dash.errors import SettingsError
from siuo_dash.settings import Serving, Settings
from siuo_dash.settings.paths import ROOT
from siuo_dash.ui import streamlit_private


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings, as they were at the start."""
    return rules.read([Path(path) for path in st.get_option("secrets.files")])


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
        open_to=tuple(_open_to()),
    )


def _open_to() -> Iterator[str]:
    """The options that undo what the pages and the settings rely on, in either mode, and what each does."""
    if not st.get_option("server.enableCORS"):
        yield "server.enableCORS is off, so that a page of any site could act here"
    if st.get_option("global.developmentMode"):
        yield "global.developmentMode is on, so that a page of any site could act here, and stop the server"
    if st.get_option("server.enableAgentApi"):
        yield "server.enableAgentApi is on, so that programs could use the pages without being asked who they are"
    if str(st.get_option("client.showErrorDetails")).casefold() not in ("none", "type", "false"):
        yield "client.showErrorDetails shows an error's own words and code, which may quote somebody's upload"
    if "*" in (names := st.get_option("server.allowedHosts")) or not names:
        yield "server.allowedHosts allows every name, so that any site could point one of its own here"


def check_start(word: str = "refused", arguments: list[str] | None = None) -> None:
    """End the process when it must not be served as it is set up; each fault a line of standard error after the word.

    arguments: Streamlit's own, which a server has taken already.
    """
    try:
        if arguments is not None:
            streamlit_private.load_options(arguments, ROOT / "app.py")
        rules.check(settings(), serving())
    except SettingsError as error:
        for fault in str(error).splitlines():
            print(f"{word}: {fault}", file=sys.stderr)  # noqa: T201
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    check_start("error", sys.argv[1:])
    print(rules.summary(settings()))  # noqa: T201
