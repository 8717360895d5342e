"""What this program uses of Streamlit without a promise: a test a name, which fails when Streamlit does otherwise."""

from __future__ import annotations

import ast
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import streamlit as st
from streamlit import auth_util, config, error_util
from streamlit.config_option import ConfigOption
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import runtime_util
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.testing.v1 import AppTest
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from siuo_dash.ui import streamlit_private as private
from tests.conftest import ROOT

# A server's parts, without a port: which addresses it answers, whether it is ready, what it holds of a session.
SERVER = """
import asyncio, json
from pathlib import Path
from streamlit import config
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes
from siuo_dash.ui import streamlit_private as private

async def main():
    said = {"ready": [await private.is_ready()], "held": [private.held_bytes("a")]}
    files = MemoryUploadedFileManager("/_stcore/upload_file")
    runtime = Runtime(RuntimeConfig("app.py", MemoryMediaFileStorage("/media"), files))
    config.set_option("server.scriptHealthCheckEnabled", True)
    said["paths"] = [route.path for route in create_streamlit_routes(runtime) if hasattr(route, "path")]
    said["ready"].append(await private.is_ready())
    await runtime.start()
    said["ready"].append(await private.is_ready())
    files.add_file("a", UploadedFileRec("1", "x.json", "application/json", b"12345"))
    files.add_file("a", UploadedFileRec("2", "y.json", "application/json", b"67"))
    said["held"] += [private.held_bytes("a"), private.held_bytes("b")]
    private.remember_media()
    made = runtime.media_file_mgr.add_deferred(lambda: b"x", "text/plain", "0", file_name="x.txt")
    address = runtime.media_file_mgr.execute_deferred(made)
    known = {Path(address).stem} == private._media_of.get("dontcare")
    said["media"] = [sorted(private._media_of), known, private.may_have_media({}, address)]
    runtime.stop()
    await runtime.stopped
    said["ready"].append(await private.is_ready())
    print(json.dumps(said))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def server() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", SERVER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "address", [private.UPLOADS, private.SIGN_OUT, private.MEDIA, *private.PROBES, *private.OPERATORS]
)
def test_the_addresses_are_streamlits(server: dict[str, Any], address: str) -> None:
    assert [path for path in server["paths"] if path.startswith(address)], server["paths"]


def test_is_ready_between_start_and_stop(server: dict[str, Any]) -> None:
    assert server["ready"] == [False, False, True, False]


def test_held_bytes_are_those_of_one_session(server: dict[str, Any]) -> None:
    assert server["held"] == [0, 7, 0]


def test_the_page_has_one_place_to_draw_in() -> None:
    assert private.page_html().count(private.PAGE_ROOT) == 1


def test_every_kind_of_message_is_known() -> None:
    kinds = {each.name for each in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert kinds >= set(private.DEVELOPERS)
    # A kind that Streamlit adds must be looked at here, and be put on one side or the other.
    visitors = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
    assert kinds - set(private.DEVELOPERS) == visitors


@pytest.mark.parametrize("kind", private.DEVELOPERS)
def test_a_message_for_developers_is_known_by_its_bytes(kind: str) -> None:
    message = BackMsg()
    setattr(message, kind, True)
    assert private.as_of_a_page(message.SerializeToString()) is None


def test_a_visitors_message_and_no_message_are_not_for_developers() -> None:
    message = BackMsg()
    message.rerun_script.query_string = "q=1"
    for frame in (message.SerializeToString(), b"\xff\xff", None):
        assert private.as_of_a_page(frame) is frame


def test_values_that_no_widget_can_have_sent_are_left_out() -> None:
    message = BackMsg()
    message.rerun_script.query_string = "q=1"
    for name in ("x", f"{private._WIDGETS[0]}-0-runs", "", f"{private._WIDGETS[1]}__x"):
        message.rerun_script.widget_states.widgets.add(id=name, string_value="1")
    passed = BackMsg.FromString(private.as_of_a_page(message.SerializeToString()) or b"")
    assert [each.id for each in passed.rerun_script.widget_states.widgets] == [
        "$$ID-0-runs",
        f"{private._WIDGETS[1]}__x",
    ]
    assert passed.rerun_script.query_string == "q=1"


def test_a_page_may_be_sent_more_than_it_may_send() -> None:
    before = runtime_util.get_max_message_size_bytes()
    private.let_pages_be_large(before + 1)
    assert runtime_util.get_max_message_size_bytes() == before + 1
    private.let_pages_be_large(before)


def test_a_salt_is_of_one_person_and_one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    one = private.salt_of("ada@example.org")
    assert one == private.salt_of("ada@example.org") != private.salt_of("bob@example.org")
    monkeypatch.setattr(private, "get_cookie_secret", lambda: "another")  # the option is not read where [auth] has one
    assert private.salt_of("ada@example.org") != one


def test_the_site_has_a_name_when_one_is_set() -> None:
    before = config.get_option("browser.serverAddress")
    assert private.site_name() == "" != before
    config._set_option("browser.serverAddress", "siuo.example.org", "a test")
    assert private.site_name() == "siuo.example.org"
    config._set_option("browser.serverAddress", before, ConfigOption.DEFAULT_DEFINITION)
    assert private.site_name() == ""


def test_names_of_hosts_are_checked() -> None:
    assert private.is_host_allowed("localhost:9") and not private.is_host_allowed("evil.example")


def test_media_belong_to_the_session_that_they_were_made_for(server: dict[str, Any]) -> None:
    assert server["media"] == [["dontcare"], True, False]


def test_stop_ends_a_page_with_stop_exception(caplog: pytest.LogCaptureFixture) -> None:
    def page() -> None:
        import logging

        import streamlit as st

        from siuo_dash.ui import streamlit_private as private

        try:
            st.stop()
        except private.StopException:
            logging.getLogger("a test").warning("stopped")
            raise

    AppTest.from_function(page).run()
    assert [each.msg for each in caplog.records if each.name == "a test"] == ["stopped"]


def test_the_pages_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    PagesManager(str(ROOT / "app.py"))
    assert PagesManager.uses_pages_directory is True, "Streamlit looks no more, so this can go"
    private.ignore_pages_folder()
    PagesManager(str(ROOT / "app.py"))
    assert PagesManager.uses_pages_directory is False


def test_an_uncaught_error_is_logged_where_it_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    logger, words = private.UNCAUGHT
    seen: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.getLogger(logger), "handle", seen.append)
    monkeypatch.setattr(error_util, "_print_rich_exception", None)  # else rich prints it for a person to read
    error_util.handle_uncaught_app_exception(ValueError("a test"))
    assert [each.msg for each in seen if each.exc_info] == [words]


def test_reading_outside_a_visit_is_logged_where_it_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    logger = logging.getLogger(private.NO_VISIT)
    monkeypatch.setattr(logger, "handle", lambda record: seen.append(record.getMessage()))
    monkeypatch.setattr(logger, "level", logging.WARNING)
    monkeypatch.setattr(st.config, "_main_script_path", None)
    thread = threading.Thread(target=get_script_run_ctx)
    thread.start()
    thread.join()
    assert len(seen) == 1 and "missing ScriptRunContext" in seen[0]


@pytest.fixture
def secret() -> Iterator[str]:
    before = config.get_option("server.cookieSecret")
    config._set_option("server.cookieSecret", "a-secret-of-this-test", "a test")
    yield get_cookie_secret()  # Streamlit's secrets, where a test before left some in this process, come first
    config._set_option("server.cookieSecret", before, "a test")


def cookies_of(claims: dict[str, Any], secret: str) -> dict[str, str]:
    made: dict[str, str] = {}
    auth_util.set_cookie_with_chunks(
        lambda name, value: made.update({name: create_signed_value(secret, name, value).decode()}),
        lambda name, value: create_signed_value(secret, name, value),
        "_streamlit_user",
        claims,
        cookie_attr_size=100,
    )
    return made


@pytest.mark.parametrize("length", [10, 20_000])
def test_the_cookie_of_a_sign_in_is_read_in_one_piece_and_in_many(secret: str, length: int) -> None:
    claims = {"is_logged_in": True, "email": "a@example.org", "name": token_hex(length)}
    cookies = cookies_of(claims, secret)
    assert (len(cookies) == 1) is (length == 10)
    assert private.cookie_claims(cookies) == claims


def test_a_cookie_with_another_signature_says_nothing(secret: str) -> None:
    assert private.cookie_claims(cookies_of({"is_logged_in": True}, "another-secret-of-this-test")) == {}
    assert private.cookie_claims({"_streamlit_user": "no cookie of ours"}) == {} == private.cookie_claims({})


def test_free_files_frees_these_and_no_others() -> None:
    def page() -> None:
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx
        from streamlit.runtime.uploaded_file_manager import UploadedFileRec

        from siuo_dash.ui import streamlit_private

        context = get_script_run_ctx()
        assert context is not None
        for name in ("1", "2", "3"):
            file = UploadedFileRec(name, name, "text/plain", b"x")
            context.uploaded_file_mgr.add_file(context.session_id, file)  # type: ignore[attr-defined]
        streamlit_private.free_files(["1", "3"])
        left = context.uploaded_file_mgr.get_files(context.session_id, ["1", "2", "3"])
        st.text(",".join(each.file_id for each in left))

    assert AppTest.from_function(page).run().text[0].value == "2"


def test_write_query_keeps_what_a_widget_is_bound_to() -> None:
    def page() -> None:
        import streamlit as st

        from siuo_dash.ui import streamlit_private

        st.text_input("Bound", key="bound", bind="query-params")
        streamlit_private.write_query({"bound": ["asked"], "several": ["a", "b"]})

    test = AppTest.from_function(page)
    test.query_params["bound"] = "asked"
    test.query_params["dropped"] = "x"
    test.run()
    assert not test.exception and test.text_input[0].value == "asked"
    assert dict(test.query_params) == {"bound": "asked", "several": ["a", "b"]}
    test.run()
    assert not test.exception and test.text_input[0].value == "asked"


LOAD = """
import sys
from pathlib import Path
import streamlit as st
from siuo_dash.errors import SettingsError
from siuo_dash.ui import streamlit_private
try:
    streamlit_private.load_options(sys.argv[2:], Path(sys.argv[1]))
except SettingsError as error:
    print("refused:", error)
else:
    print(st.get_option("server.address"), st.get_option("server.port"), st.get_option("server.maxUploadSize"))
"""


@pytest.mark.parametrize(
    ("flags", "environment", "words"),
    [
        (["--server.address=::1"], {}, "::1 8600 7"),
        ([], {"STREAMLIT_SERVER_PORT": "8700"}, "None 8700 7"),
        (["--server.port=8701"], {"STREAMLIT_SERVER_PORT": "8700"}, "None 8701 7"),
        (["--server.port=x"], {}, "refused: Streamlit does not take its options: Invalid value for '--server.port'"),
        (["--no.option=x"], {}, "refused: Streamlit does not take its options: No such option '--no.option'"),
        (
            [],
            {"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": "x"},
            "refused: Streamlit does not take its options: bad JSON value for server.trustedUserHeaders",
        ),
    ],
)
def test_load_options_takes_flags_environment_and_the_file_beside_the_script(
    tmp_path: Path, flags: list[str], environment: dict[str, str], words: str
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text("[server]\nport = 8600\nmaxUploadSize = 7\n")
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "app.py"), *flags],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith(words), done


def test_the_page_without_its_scripts() -> None:
    whole, scripts = private.without_scripts(private.page_html())
    assert b'.js"' not in whole and not private._SCRIPTS.search(whole)
    assert private.PAGE_ROOT in whole and b'<link rel="stylesheet"' in whole
    found = re.findall(rb'<(script|link) [^>]{1,60}(?:src|href)="./(\S+\.js)">', scripts)
    assert [kind for kind, _ in found].count(b"script") == 1 and len(found) > 20
    assert all((Path(st.__file__).parent / "static" / address.decode()).is_file() for _, address in found)


def test_the_chosen_theme_is_kept_where_the_first_view_looks_for_it() -> None:
    scripts = (Path(st.__file__).parent / "static" / "static" / "js").glob("utils.*.js")
    pattern = re.compile(r"=(\d+),\w+=(`stActiveTheme-[^`]*`)")
    kept = [match for script in scripts for match in pattern.findall(script.read_text(encoding="utf-8"))]
    assert [f"{name[:-1]}-v{version}`".replace("window.", "") for version, name in kept] == [private.STORED_THEME]


def test_nobody_went_back_outside_a_visit() -> None:
    assert not private.went_back()  # that Back is known to be one, tests/browser finds out


def test_every_name_has_a_test_here() -> None:
    tree = ast.parse(Path(private.__file__).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    used = {
        f"{node.attr}" for node in ast.walk(ast.parse(Path(__file__).read_text())) if isinstance(node, ast.Attribute)
    }
    assert {name for name in names if name not in used and f"private.{name}" not in SERVER + LOAD} == set()
