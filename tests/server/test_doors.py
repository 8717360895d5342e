"""What a stranger, another site's page, or one person can make a hosted dashboard do; and a page of another port."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser.driver import free_port
from tests.browser.hosted import PEOPLE
from tests.make.files import as_json, judged
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.test_monitoring import figures
from tests.server.visitor import BROKEN, Visitor

PAGES = 6
FOREIGN = ("evil.example", "evil.example:8501", "localhost.evil.example", "", "127.0.0.1@evil.example", "*")


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("doors")
    quick = PEOPLE["submitter"] | {"email": "quick@example.org", "iat": int(time.time())}
    with serving(Provider(people=PEOPLE | {"quick": quick}), free_port()) as provider:
        settings = {
            "SIUO_MODE": "hosted",
            "SIUO_REVIEWERS": "reviewer@example.org",
            "SIUO_PAGES_PER_ADDRESS": str(PAGES),
            "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(folder)),
        }
        with running(folder, copy_data(folder / "data"), environment=settings) as server:
            yield server


def upgrade(server: Instance, **more: str) -> socket.socket:
    """An open socket of a page; OSError, with what was answered, where it is refused."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=300)
    headers = {
        "Host": f"127.0.0.1:{server.port}",
        "Origin": f"http://127.0.0.1:{server.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "streamlit",
    } | more
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{lines}\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head and (read := connection.recv(4096)):
        head += read
    if not head.startswith(b"HTTP/1.1 101"):
        connection.close()
        raise OSError(head.split(b"\r\n")[0].decode())
    return connection


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_refused_everywhere(server: Instance, hosted: Instance, host: str) -> None:
    for each in (server, hosted):
        for path in ("/", "/method", "/healthz", "/metrics", "/_stcore/health", "/_stcore/host-config", "/media/x"):
            if not host and path in ("/healthz", "/metrics", "/_stcore/health"):
                continue  # a load balancer may name nothing
            answer = each.get(path, host=host)
            assert answer.status == 421 and "STREAMLIT_SERVER_ALLOWED_HOSTS" in answer.text, path


def test_a_load_balancer_asks_for_the_health_by_any_address(hosted: Instance) -> None:
    for host in ("10.1.2.3:8501", "192.0.2.7", "[fd00::7]:8501", ""):
        assert hosted.get("/healthz", host=host).text == "ok\n"
        assert hosted.get("/", host=host).status == 421


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example"])
def test_a_page_of_another_port_or_site_may_do_nothing(server: Instance, hosted: Instance, name: str) -> None:
    for each in (server, hosted):
        for origin in (f"http://{name}:9999", f"http://{name}", "null", "http://[", f"https://{name}:9999"):
            with pytest.raises(OSError, match="403"):
                upgrade(each, Origin=origin)
            for method in ("GET", "OPTIONS", "PUT"):
                answer = each.get("/_stcore/upload_file/a/b", method=method, origin=origin)
                assert answer.status == 403 and "access-control-allow-origin" not in answer.headers
        own = f"http://127.0.0.1:{each.port}"
        assert each.get("/_stcore/health", origin=own).status == 200
        upgrade(each).close()


@pytest.mark.parametrize("header", ["via", "forwarded", "x_forwarded_host", "x_forwarded_proto", "cf_connecting_ip"])
def test_any_sign_of_a_proxy_closes_the_operators_addresses(hosted: Instance, header: str) -> None:
    said: dict[str, Any] = {header: "1.1 proxy"}
    assert hosted.get("/metrics", **said).status == 404
    assert hosted.get("/metrics").status == 200


def test_what_one_page_can_make_the_server_hold(hosted: Instance) -> None:
    """One message of a page, all but its last byte: a megabyte is waited for, more is refused at its beginning."""
    before = figures(hosted)["process_resident_memory_bytes{}"]
    held = []
    for _ in range(PAGES):
        connection = upgrade(hosted)
        connection.sendall(b"\x82\xff" + struct.pack("!Q", 190_000_000) + b"\0\0\0\0")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(bytes(20_000_000))
        held.append(connection)
    for connection in held:
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass
        connection.close()
    assert figures(hosted)["process_resident_memory_bytes{}"] - before < 30_000_000
    # A page's own messages are below a hundredth of that: the longest words that a field takes, many times over.
    small = upgrade(hosted)
    small.sendall(b"\x82\xff" + struct.pack("!Q", 900_000) + b"\0\0\0\0" + bytes(900_000))
    said = b""
    while b"\x88" not in said and (read := small.recv(64)):
        said += read
    assert b"\x88\x02\x03\xea" in said, "taken whole, and then no message: 1002, not 1009"
    small.close()


def test_an_address_may_open_so_many_pages_before_somebody_signs_in(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as person:
            await person.open()
            await person.sign_in("submitter")
            await person.close()
            held: list[socket.socket] = []
            try:
                with pytest.raises(OSError, match="403"):
                    for _ in range(PAGES + 2):
                        held.append(await asyncio.to_thread(upgrade, hosted))
                assert len(held) == PAGES
                with pytest.raises(BROKEN):
                    async with Visitor(hosted.address) as stranger:
                        await stranger.open()
                # Behind a proxy on this machine it is the visitor's own address that counts.
                (await asyncio.to_thread(upgrade, hosted, **{"X-Forwarded-For": "192.0.2.9"})).close()
                await person.open()
                assert "Leaderboard" in person.words(), "who is signed in still reads"
            finally:
                for each in held:
                    each.close()
        async with asyncio.timeout(300):
            while True:  # the closed ones are noticed soon
                with contextlib.suppress(*BROKEN):
                    async with Visitor(hosted.address) as stranger:
                        await stranger.open()
                        return

    finished(visit())


def test_a_link_on_another_site_signs_nobody_out(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as person:
            await person.open()
            await person.sign_in("submitter")
            cookie = person.http.cookie_line()
            other = "https://evil.example/page"
            tried: tuple[dict[str, Any], ...] = (
                {},
                {"sec_fetch_site": "cross-site"},
                {"sec_fetch_site": "same-site"},
                {"sec_fetch_site": "none"},
                {"sec_fetch_site": "cross-site", "referer": f"{hosted.address}/upload"},
                {"referer": other},
                {"referer": f"https://evil.example/?{hosted.address}/"},
                {"referer": "http://["},
            )
            for more in tried:
                answer = await asyncio.to_thread(hosted.get, "/auth/logout", cookie=cookie, **more)
                assert answer.status == 403 and "set-cookie" not in answer.headers, more
            await person.open("upload")
            assert person.widget("button", "Sign out")
            await person.press("Sign out")
            await asyncio.to_thread(person.http.location, urljoin(hosted.address, person._redirect))
            await person.open("upload")
            assert person.widget("button", "Sign in")

    finished(visit())


def test_who_signs_out_and_in_within_a_second_is_in(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as person:
            for _ in range(2):
                await person.open()
                await person.sign_in("quick")
                await person.open("upload")
                assert person.widget("button", "Sign out")
                old = dict(person.cookies)
                await person.press("Sign out")
                await asyncio.to_thread(person.http.location, urljoin(hosted.address, person._redirect))
                async with Visitor(hosted.address, cookies=old) as copied:
                    await copied.open("upload")
                    assert copied.widget("button", "Sign in"), "a copied cookie has ended"

    finished(visit())


def test_an_upload_in_parts_is_not_taken_at_its_word(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as person:
            await person.open()
            await person.sign_in("submitter")
            await person.open("upload")
            for told in ("Content-Length: 10\r\n", ""):
                head = (
                    f"PUT /_stcore/upload_file/{person.session}/{uuid4()} HTTP/1.1\r\n"
                    f"Host: {urlsplit(hosted.address).netloc}\r\n{told}Transfer-Encoding: chunked\r\n"
                    f"Cookie: {person.http.cookie_line()}\r\nX-Xsrftoken: {person.cookies['_streamlit_xsrf']}\r\n"
                    "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
                )
                with socket.create_connection(("127.0.0.1", hosted.port), timeout=300) as raw:
                    raw.sendall(head.encode() + b"5\r\n--x\r\n\r\n")
                    assert raw.recv(65_536).split(b" ")[1] in (b"400", b"411"), told

    finished(visit())


def test_a_download_is_for_the_open_page_that_it_was_made_for(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as reader, Visitor(hosted.address) as other:
            for visitor in (reader, other):
                await visitor.open("tradeoff")
            address = await reader.download()
            assert address.startswith("/media/")
            cookie = reader.http.cookie_line()
            assert (await asyncio.to_thread(hosted.get, address, cookie=cookie)).status == 200
            for foreign in ("", other.http.cookie_line(), "_streamlit_xsrf=2|aaaaaaaa|aaaaaaaa|1"):
                assert (await asyncio.to_thread(hosted.get, address, cookie=foreign)).status == 404
            await reader.close()
            async with asyncio.timeout(300):
                while (await asyncio.to_thread(hosted.get, address, cookie=cookie)).status != 404:
                    await asyncio.sleep(0.05)

    finished(visit())


def test_a_widget_that_no_page_has_is_no_error_of_the_program(hosted: Instance) -> None:
    async def visit() -> None:
        async with Visitor(hosted.address) as stranger:
            await stranger.open()
            for name in ("x", "$$ID-0-None", "$$ID-0-runs", "", "runs", "$$STREAMLIT_INTERNAL_KEY__x"):
                stranger._states = {name: WidgetState(id=name, string_value="x")}
                for _ in range(2):
                    await stranger.again()
                    assert not stranger.alerts() and "Leaderboard" in stranger.words()
                await stranger.go("method")
                await stranger.go("")

    finished(visit())
    assert hosted.of("page error") == []


def test_every_page_says_what_may_be_wrong_when_it_does_not_come(hosted: Instance) -> None:
    for path in ("/", "/method", "/samples?run=x", "/domains"):
        text = hosted.get(path, accept_encoding="gzip, deflate, br, zstd").text  # as a browser asks
        assert text.count('id="siuo-waiting"') == 1 and "too many pages may be\nopen" in text
    assert 'id="siuo-waiting"' not in hosted.get("/favicon.png").text


def test_who_sends_what_somebody_else_keeps_is_not_told(hosted: Instance) -> None:
    async def kept_by(person: str) -> str:
        async with Visitor(hosted.address) as visitor:
            await visitor.open()
            await visitor.sign_in(person)
            await visitor.open("upload")
            await visitor.drop("results.json", as_json(judged(safe=77)))
            await visitor.type("Model", "Draft-7B")
            await visitor.type("Judge", "human")
            await visitor.press("Keep as draft")
            await visitor.open("upload", {"section": "My submissions"})
            return str(list(visitor.elements.values()))

    async def visit() -> None:
        told = [await kept_by(person) for person in ("submitter", "other")]
        for words in told:
            assert "Draft-7B" in words and "-human-2-" not in words

    finished(visit())
