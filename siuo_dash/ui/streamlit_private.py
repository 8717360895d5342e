"""All that this program uses of Streamlit beyond its documented interface, in one file.

Nothing here is promised by Streamlit, so pyproject.toml pins its minor version, and tests/ui/test_streamlit_private.py
has a test for each name that fails when a new version does something else. No other file may import these modules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import click
import streamlit as st
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit import config, runtime
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx
from streamlit.web import bootstrap, cli
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from siuo_dash.errors import SettingsError

__all__ = ["StopException"]

PAGE_ROOT: Final = b'<div id="root"></div>'
"""Where Streamlit's page draws; once in `page_html`."""
UPLOADS: Final = "/_stcore/upload_file/"
"""The address for dropped files; a session's id and a file's follow."""
SIGN_OUT: Final = "/auth/logout"
PROBES: Final = ("/_stcore/health", "/_stcore/host-config")
"""Where Streamlit's page looks for its server, also below the page's own address, where it is not."""
OPERATORS: Final = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
"""Addresses that tell of the server or run the script for whoever asks."""
DEVELOPERS: Final = (
    "clear_cache",
    "set_run_on_save",
    "load_git_info",
    "debug_disconnect_websocket",
    "debug_shutdown_runtime",
)
"""Kinds of messages that only a developer's page sends."""
UNCAUGHT: Final = ("streamlit.error_util", "Uncaught app execution")
"""The logger, and its words, for an error of a page that `on_script_error` has already been given."""
NO_VISIT: Final = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""The logger that warns when data are read outside a visit, as they are at the start."""


def page_html() -> bytes:
    """Streamlit's one HTML page, as it is served at every address."""
    return (Path(st.__file__).parent / "static" / "index.html").read_bytes()


def ignore_pages_folder() -> None:
    """Keep the folder pages/ from being taken for an old multipage app.

    Streamlit does so in the first session, until st.navigation has run once: the first visitor who opens /method would
    read that there is no such page.
    """
    PagesManager.uses_pages_directory = False


async def is_ready() -> bool:
    """Whether the server takes visitors: it has started and is not stopping."""
    return runtime.exists() and (await runtime.get_instance().is_ready_for_browser_connection)[0]


def cookie_claims(cookies: Mapping[str, str]) -> dict[str, Any]:
    """What the signed cookie of a sign-in says of a person; empty when there is none, or the signature is not ours."""
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        value = cookies.get(name)
        return None if value is None else decode_signed_value(secret, name, value.encode("latin-1"))

    try:
        found = json.loads(get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    except (ValueError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}


def is_for_developers(frame: bytes | None) -> bool:
    """Whether a message over a page's socket is one of DEVELOPERS; False for what is no message, which closes it."""
    try:
        return BackMsg.FromString(frame or b"").WhichOneof("type") in DEVELOPERS
    except DecodeError:
        return False


def held_bytes(session: str) -> int:
    """Bytes of dropped files that the server holds for a session."""
    manager = runtime.get_instance().uploaded_file_mgr if runtime.exists() else None
    if not isinstance(manager, MemoryUploadedFileManager):
        return 0
    return sum(len(file.data) for file in list(manager.file_storage.get(session, {}).values()))


def free_files(files: Iterable[str]) -> None:
    """Free these dropped files of this session: Streamlit keeps them until the tab is closed.

    files: their ids. The manager's own protocol frees all files of a session only, and other pages may have some, too.
    """
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=file)


def restore_query() -> None:
    """Put back what Streamlit dropped from the query of the address that led to this page.

    It drops what a widget of the page before was bound to, and takes a widget's first value from the rest only.
    To be called before any widget is drawn.
    """
    context = get_script_run_ctx()
    asked = parse_qs(context.query_string if context else "", keep_blank_values=True)
    dropped = {name: values for name, values in asked.items() if name not in st.query_params}
    if context is not None and dropped:
        st.query_params.update(dropped)
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def load_options(arguments: list[str], script: Path) -> None:
    """Set Streamlit's options from flags, environment and files, as `streamlit run SCRIPT` does.

    SettingsError for a wrong one.
    """

    def load(**flags: Any) -> None:
        bootstrap.load_config_options(flag_options=flags)

    config._main_script_path = str(script)  # beside which it looks for files, too
    cli.main.command("options")(cli.configurator_options(load))
    try:
        cli.main(["options", *arguments], prog_name="streamlit", standalone_mode=False)
    except (click.ClickException, RuntimeError) as error:
        words = error.format_message() if isinstance(error, click.ClickException) else error
        raise SettingsError(f"Streamlit does not take its options: {words}: correct that option") from error
