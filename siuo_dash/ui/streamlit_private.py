"""All that this program uses of Streamlit beyond its documented interface, in one file.

Nothing here is promised by Streamlit, so pyproject.toml pins its minor version, and tests/ui/test_streamlit_private.py
has a test for each name that fails when a new version does something else. No other file may import these modules.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click
import streamlit as st
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from streamlit import config, runtime
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import runtime_util
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx
from streamlit.runtime.state.common import GENERATED_ELEMENT_ID_PREFIX
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from streamlit.web import bootstrap, cli
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value, validate_xsrf_token
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME, XSRF_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from siuo_dash.errors import SettingsError

__all__ = ["StopException", "is_host_allowed"]

PAGE_ROOT: Final = b'<div id="root"></div>'
"""Where Streamlit's page draws; once in `page_html`."""
STORED_THEME: Final = "`stActiveTheme-${location.pathname}-v2`"
"""Where a browser keeps the theme that its visitor chose, as JavaScript; JSON of "Light", "Dark" or "System"."""
UPLOADS: Final = "/_stcore/upload_file/"
"""The address for dropped files; a session's id and a file's follow."""
SIGN_OUT: Final = "/auth/logout"
MEDIA: Final = "/media/"
"""The address of pictures and downloads; a file's id follows."""
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
_WIDGETS: Final = (GENERATED_ELEMENT_ID_PREFIX, STREAMLIT_INTERNAL_KEY_PREFIX)
"""How the names begin under which a page sends the values of its widgets."""
_SCRIPTS: Final = re.compile(rb'<script type="module"[^>]{1,300}></script>|<link rel="modulepreload"[^>]{1,300}>')
UNCAUGHT: Final = ("streamlit.error_util", "Uncaught app execution")
"""The logger, and its words, for an error of a page that `on_script_error` has already been given."""
NO_VISIT: Final = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""The logger that warns when data are read outside a visit, as they are at the start."""


def page_html() -> bytes:
    """Streamlit's one HTML page, as it is served at every address."""
    return (Path(st.__file__).parent / "static" / "index.html").read_bytes()


def without_scripts(whole: bytes) -> tuple[bytes, bytes]:
    """Streamlit's page without its script and what that imports, and these."""
    return _SCRIPTS.sub(b"", whole), b"".join(_SCRIPTS.findall(whole))


def ignore_pages_folder() -> None:
    """Keep the folder pages/ from being taken for an old multipage app.

    Streamlit does so in the first session, until st.navigation has run once: the first visitor who opens /method would
    read that there is no such page.
    """
    PagesManager.uses_pages_directory = False


def site_name() -> str:
    """The name under which the settings say that people open the dashboard; "" where none was set."""
    named = "browser.serverAddress"
    return str(config.get_option(named)) if config.is_manually_set(named) else ""


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


def salt_of(person: str) -> str:
    """A text of this site and this person that nobody can compute who has not the secret that signs cookies."""
    return hmac.new(get_cookie_secret().encode(), b"run_id " + person.encode(), "sha256").hexdigest()


def as_of_a_page(frame: bytes | None) -> bytes | None:
    """A message over a socket as a page of this program could have sent it; None for one of DEVELOPERS.

    Values whose names no widget can have are left out: from the first of them on, every run of that page would fail.
    What is no message stays as it is, and closes the socket.
    """
    try:
        message = BackMsg.FromString(frame or b"")
    except DecodeError:
        return frame
    if message.WhichOneof("type") in DEVELOPERS:
        return None
    widgets = message.rerun_script.widget_states.widgets
    known = [each for each in widgets if each.id.startswith(_WIDGETS)]
    if len(known) == len(widgets):
        return frame
    del widgets[:]
    widgets.extend(known)
    return bytes(message.SerializeToString())


def let_pages_be_large(most_bytes: int) -> None:
    """Let a message to a page have so many bytes; server.maxMessageSize then limits what comes from one, no more.

    To be called once the server has read that option: Streamlit has one limit for both ways, and a table of thousands
    of runs is far larger than anything that a page sends.
    """
    runtime_util._max_message_size_bytes = most_bytes


_media_of: Final[dict[str, set[str]]] = {}
"""{session: ids of the pictures and downloads that were made for it}"""


def remember_media() -> None:
    """Note from now on for which session each picture and download is made; `may_have_media` goes by it."""

    def noted(session: str, address: str) -> str:
        if session not in _media_of and runtime.exists():
            kept = {info.session.id for info in runtime.get_instance()._session_mgr.list_sessions()}
            for gone in set(_media_of) - kept:
                _media_of.pop(gone, None)
        _media_of.setdefault(session, set()).add(Path(address).stem)
        return address

    add, execute = MediaFileManager.add, MediaFileManager.execute_deferred

    @wraps(add)
    def adding(self: MediaFileManager, *arguments: Any, **named: Any) -> str:
        context = get_script_run_ctx()
        address = add(self, *arguments, **named)
        return noted(context.session_id, address) if context else address

    @wraps(execute)
    def executing(self: MediaFileManager, file_id: str) -> str:
        entry = self._deferred_callables.get(file_id)
        address = execute(self, file_id)
        return noted(entry["session_id"], address) if entry else address

    MediaFileManager.add, MediaFileManager.execute_deferred = adding, executing  # type: ignore[method-assign]


def may_have_media(cookies: Mapping[str, str], path: str) -> bool:
    """Whether a picture or download, by its address, was made for an open page of the browser with these cookies."""
    if not runtime.exists():
        return False
    token, file_id = cookies.get(XSRF_COOKIE_NAME), Path(path).stem
    return any(
        file_id in _media_of.get(info.session.id, ())
        and info.client.client_context is not None
        and validate_xsrf_token(token, info.client.client_context.cookies.get(XSRF_COOKIE_NAME))
        for info in runtime.get_instance()._session_mgr.list_active_sessions()
    )


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


def write_query(query: Mapping[str, Sequence[str]]) -> None:
    """Make this the query of the address, in one step of the browser's history.

    Streamlit's own way refuses a query that holds a value of a bound widget, even where the value stays as it is.
    """
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as params:
            params.clear_with_no_forward_msg(preserve_embed=True)
            for name, values in query.items():
                params.set_with_no_forward_msg(name, list(values))
            params._send_query_param_msg()


def went_back() -> bool:
    """Whether the browser's Back or Forward led to this run of the page."""
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)


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
