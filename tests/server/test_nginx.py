"""The dashboard behind Debian's nginx with TLS, as docs/hosting.md sets it up: two instances over one directory."""

from __future__ import annotations

import asyncio
import http.client
import select
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from siuo_dash.server import guards
from tests.browser.driver import free_port
from tests.make.files import as_json, judged
from tests.server.instance import Answer, Instance, answer_of, copy_data, running
from tests.server.loops import finished
from tests.server.nginx import HELP, Proxy, at_hand, proxied
from tests.server.test_monitoring import figures
from tests.server.visitor import Visitor
from tests.server.visitor_http import Refused

pytestmark = [pytest.mark.skipif(not at_hand(), reason=HELP)]

BEHIND = {"server.allowedHosts": "localhost", "browser.serverAddress": "localhost"}
Site = tuple[Proxy, Instance, Instance]


@contextmanager
def hosted(folder: Path) -> Iterator[Site]:
    data = copy_data(folder / "data")
    (folder / "nginx").mkdir()
    with (
        running(folder, data, options=BEHIND) as first,
        running(folder, data, options=BEHIND) as second,
        proxied(folder / "nginx", [first.port, second.port]) as proxy,
    ):
        yield proxy, first, second


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with hosted(tmp_path_factory.mktemp("site")) as running_site:
        yield running_site


def ask(proxy: Proxy, path: str, method: str = "GET", body: bytes | None = None, **sent: str) -> Answer:
    connection = http.client.HTTPSConnection("localhost", proxy.port, timeout=300, context=proxy.tls)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in sent.items()})
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def test_a_page_through_tls_carries_all_headers_and_safe_cookies(site: Site) -> None:
    proxy = site[0]
    answer = ask(proxy, "/")
    assert answer.status == 200
    assert {name.lower(): answer.headers[name.lower()] for name, _ in guards.always()} == dict(
        (name.lower(), value) for name, value in guards.always()
    )
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert answer.headers["server"] == "nginx"
    cookies = (
        answer.headers["set-cookie"].splitlines() + ask(proxy, "/_stcore/health").headers["set-cookie"].splitlines()
    )
    assert {cookie.split("=")[0] for cookie in cookies} == {"siuo_visitor", "_streamlit_xsrf"}
    assert all("Secure" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_plain_http_leads_to_tls_and_other_names_are_not_answered(site: Site) -> None:
    proxy = site[0]
    connection = http.client.HTTPConnection("localhost", proxy.plain_port, timeout=300)
    connection.request("GET", "/method?run=x")
    answer = answer_of(connection.getresponse())
    connection.close()
    assert (answer.status, answer.headers["location"]) == (301, "https://localhost/method?run=x")
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=300) as raw,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"),
    ):
        proxy.tls.wrap_socket(raw, server_hostname="elsewhere.example")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1", "_", "[::1]"])
def test_another_name_is_not_answered_after_the_right_ones_handshake(site: Site, host: str) -> None:
    proxy = site[0]
    for path in ("/", "/nothing-there", "/metrics", "/oauth2callback?code=x"):
        with pytest.raises(http.client.RemoteDisconnected):
            ask(proxy, path, host=host)
    assert ask(proxy, "/healthz", host=f"LOCALHOST:{proxy.port}").status == 200
    with pytest.raises(http.client.RemoteDisconnected):
        ask_plainly(proxy, "/", host=host)


def test_one_request_with_two_names_is_not_answered(site: Site) -> None:
    proxy = site[0]
    right, wrong = f"localhost:{proxy.port}", "evil.example"
    assert ask(proxy, f"https://{right}/healthz", host=right).status == 200
    for address, host in ((right, wrong), (wrong, right), (right, f"{right}.{wrong}")):
        with pytest.raises(http.client.RemoteDisconnected):
            ask(proxy, f"https://{address}/healthz", host=host)


def test_no_answer_tells_nginxs_version(site: Site) -> None:
    proxy = site[0]
    told = [ask(proxy, "/metrics"), ask(proxy, "/", x="y" * 9_000), ask_plainly(proxy, "/"), to_tls_without_it(proxy)]
    assert [answer.status for answer in told] == [404, 400, 301, 400]
    for answer in told:
        assert answer.headers["server"] == "nginx" and "nginx/" not in answer.text


def to_tls_without_it(proxy: Proxy) -> Answer:
    return plainly(proxy.port, "/")


def ask_plainly(proxy: Proxy, path: str, **sent: str) -> Answer:
    """Over plain HTTP."""
    return plainly(proxy.plain_port, path, **sent)


def plainly(port: int, path: str, **sent: str) -> Answer:
    connection = http.client.HTTPConnection("localhost", port, timeout=300)
    try:
        connection.request("GET", path, headers=sent)
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def announce(proxy: Proxy, path: str, size: int) -> Answer:
    """What is answered to a PUT that says how large it will be, before it is sent."""
    connection = http.client.HTTPSConnection("localhost", proxy.port, timeout=300, context=proxy.tls)
    try:
        connection.putrequest("PUT", path)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def own_answer(answer: Answer, *, tls: bool = True) -> None:
    """An answer of nginx's own is as closed as the dashboard's, and each header is there once."""
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers.get("strict-transport-security") == ("max-age=63072000" if tls else None)
    assert answer.headers["server"] == "nginx"
    waits = answer.status in (429, 503)
    assert answer.headers.get("retry-after") == ("5" if waits else None)
    assert answer.headers.get("cache-control") == ("no-store" if waits else None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/metrics", 404),
        ("/_stcore/metrics", 404),
        ("/_stcore/agent/mcp", 404),
        ("/_stcore/script-health-check", 404),
        ("/%zz", 400),
        ("/" + "x" * 9_000, 414),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_nginx_answers_by_itself_carries_the_headers(site: Site, path: str, status: int) -> None:
    answer = ask(site[0], path)
    assert answer.status == status
    own_answer(answer)


def test_what_is_too_large_and_the_way_to_tls_carry_the_headers(site: Site) -> None:
    proxy = site[0]
    for path, size in (("/", 2**16 + 1), ("/static/x.js", 2**20), ("/_stcore/upload_file/0/1", 67 * 2**20)):
        answer = announce(proxy, path, size)
        assert answer.status == 413, path
        own_answer(answer)
    answer = ask_plainly(proxy, "/")
    assert answer.status == 301
    own_answer(answer, tls=False)


def test_what_the_dashboard_answers_is_left_as_it_is(site: Site) -> None:
    proxy, instance, _ = site
    script = next(part for part in ask(proxy, "/").text.split('"') if part.startswith("./static/css/"))[1:]
    wanted = [(script, 200), (script, 200), ("/component/x/y", 404), ("/media/nothing-there.png", 404)]
    own = {"server", "date", "connection", "strict-transport-security", "set-cookie", "vary", "etag", "content-length"}
    own |= {"transfer-encoding"}  # how it is sent, not what
    for path, status in wanted:  # the second time, the first of them comes from nginx's cache
        direct, through = instance.get(path, host="localhost"), ask(proxy, path)
        assert (direct.status, through.status) == (status, status)
        assert through.body == direct.body
        assert {name: value for name, value in through.headers.items() if name not in own} == {
            name: value for name, value in direct.headers.items() if name not in own
        }


def test_nothing_that_nginx_writes_holds_a_session_or_a_sign_in_code(tmp_path: Path) -> None:
    folder = tmp_path / "nginx"
    folder.mkdir()
    upload, back = "/_stcore/upload_file/SESSION/f", "/oauth2callback?code=SECRET&state=SECRET"
    with proxied(folder, [free_port(), free_port()]) as proxy:  # both instances are away
        over = [ask(proxy, upload, "PUT", b"x") for _ in range(40)]
        assert {answer.status for answer in over} == {503, 429}
        for answer in over:
            own_answer(answer)
        for other in (
            "//_stcore//upload_file/SESSION/f",
            "/_stcore/%75pload_file/SESSION/f",
            "/_stcore/UPLOAD_FILE/SESSION",
        ):
            assert ask(proxy, other, "DELETE").status in (503, 429)
        assert announce(proxy, upload, 67 * 2**20).status == 413
        assert ask(proxy, f"{upload}%zz").status == 400
        assert ask(proxy, back).status == 503
        assert announce(proxy, back, 2**20).status == 413
        assert ask(proxy, back, x="y" * 9_000).status == 400
        assert ask_plainly(proxy, back).status == ask_plainly(proxy, upload).status == 301
        for host in ("evil.example", "127.0.0.1"):
            for path in (back, upload):
                with pytest.raises(http.client.RemoteDisconnected):
                    ask(proxy, path, host=host)
        # The disk refuses what nginx has to put aside: that is worse than an error to nginx.
        shutil.rmtree(folder / "body")
        (folder / "body").write_text("no directory")
        assert ask(proxy, back, "PUT", b"x" * 50_000).status == 500
    logs = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.log")}
    assert logs.keys() == {"access.log", "site-error.log", "error.log", "outer.log"}
    for name, text in logs.items():
        assert "SESSION" not in text and "SECRET" not in text, name
    # It is not that nothing was written: the operator sees what became of them.
    for line in (
        '"PUT /_stcore/upload_file/-" 429 ',
        '"PUT /_stcore/upload_file/-" 503 ',
        '"PUT /_stcore/upload_file/-" 413 ',
        '"GET /oauth2callback" 503 ',
        '"GET /oauth2callback" 301 ',
        '"PUT /oauth2callback" 500 ',
    ):
        assert line in logs["access.log"], line


def test_what_an_address_asks_of_the_api_is_counted_over_all_instances(tmp_path: Path) -> None:
    """Each instance counts for itself; a program without cookies is sent to one, then the other."""
    (tmp_path / "nginx").mkdir()
    with proxied(tmp_path / "nginx", [free_port(), free_port()]) as proxy:  # both are away
        connection = http.client.HTTPSConnection("localhost", proxy.port, context=proxy.tls, timeout=300)
        passed = 0
        while True:
            connection.request("GET", "/api/v1/boards" if passed % 2 else f"/api/v1/runs/{passed}")
            answer = answer_of(connection.getresponse())
            if answer.status == 429:
                break
            assert answer.status == 503
            passed += 1
        assert passed >= 301
        own_answer(answer)
        assert ask(proxy, "/").status == 503, "who reads pages is not counted with it"
        connection.close()


def test_uploads_that_never_end_lie_nowhere(tmp_path: Path) -> None:
    """Each is asked about at its beginning, nothing is put aside for it, and an address has a few at once."""

    def begun(proxy: Proxy) -> ssl.SSLSocket:
        raw = proxy.tls.wrap_socket(
            socket.create_connection(("127.0.0.1", proxy.port), timeout=300), server_hostname="localhost"
        )
        head = (
            f"PUT /_stcore/upload_file/0/1 HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nContent-Length: 60000000\r\n\r\n"
        )
        raw.sendall(head.encode() + b"x" * 300_000)
        return raw

    (tmp_path / "nginx").mkdir()
    with (
        socket.create_server(("127.0.0.1", 0)) as asked,
        proxied(tmp_path / "nginx", [asked.getsockname()[1]] * 2) as proxy,
    ):
        held = [begun(proxy) for _ in range(9)]
        answered, _, _ = select.select(held, [], [], 60)
        refused = answered[0].recv(65_536)
        assert len(answered) == 1 and refused.startswith(b"HTTP/1.1 429") and b"Too many requests" in refused
        asked.settimeout(60)
        came, _ = asked.accept()
        came.settimeout(60)
        assert came.recv(65_536).startswith(b"PUT /_stcore/upload_file/0/1 "), (
            "the dashboard is asked before it has come"
        )
        assert [path for path in (tmp_path / "nginx" / "body").rglob("*") if path.is_file()] == []
        for each in (*held, came):
            each.close()


def test_code_is_sent_small(site: Site) -> None:
    path = next(part for part in ask(site[0], "/").text.split('"') if part.startswith("./static/js/index."))[1:]
    whole = ask(site[0], path)
    small = ask(site[0], path, accept_encoding="gzip")
    assert small.headers["content-encoding"] == "gzip" and len(small.body) < len(whole.body) / 2
    assert small.headers["cache-control"].startswith("public, immutable") and small.headers["x-content-type-options"]


def test_nginx_asks_for_a_file_of_streamlits_once(site: Site) -> None:
    proxy, *instances = site
    path = next(part for part in ask(proxy, "/").text.split('"') if part.startswith("./static/css/"))[1:]
    ask(proxy, path)

    def asked() -> float:
        return sum(figures(each)["siuo_answers_total{2xx}"] for each in instances)

    before = asked()
    assert [ask(proxy, path).status for _ in range(5)] == [200] * 5
    assert asked() == before + len(instances)  # the two looks at the figures themselves


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/_stcore/metrics", "/_stcore/agent/mcp", "/%6detrics"])
def test_the_operators_addresses_are_closed(site: Site, path: str) -> None:
    assert ask(site[0], path).status == 404
    assert ask(site[0], path, x_forwarded_for="127.0.0.1").status == 404


def test_health_is_open_to_the_proxys_monitor(site: Site) -> None:
    assert (ask(site[0], "/healthz").status, ask(site[0], "/healthz").text) == (200, "ok\n")


def test_a_visitor_reads_uploads_and_publishes_through_it(site: Site) -> None:
    proxy = site[0]

    async def visit() -> str:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open("domains")
            assert "\nDomains\n" in visitor.words()
            for page in ("method", "tradeoff", "upload"):
                await visitor.go(page)
                assert not visitor.alerts()
            return await send(visitor, "Through-TLS-7B", 41)

    assert "is live" in finished(visit())


async def send(visitor: Visitor, model: str, safe: int) -> str:
    """From the open upload page to what the page says after Publish."""
    await visitor.drop("results.json", as_json(judged(safe=safe)))
    await visitor.type("Model", model)
    await visitor.type("Judge", "gpt-4o-mini")
    await visitor.press("Publish")
    return visitor.words()


def test_what_is_too_large_is_answered_in_words(site: Site) -> None:
    proxy = site[0]
    too_large = "This is too large: the files of one upload may have 64 MB."
    for path, size in (("/_stcore/upload_file/0/1", 67 * 2**20), ("/", 100_000)):
        answer = ask(proxy, path, "PUT", b"x" * size)
        assert answer.status == 413 and answer.text.startswith(too_large), path
        assert answer.headers["strict-transport-security"]

    async def just_too_large() -> None:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open("upload")
            with pytest.raises(Refused, match="413: File too large"):
                await visitor.drop("results.json", b"x" * (64 * 2**20 + 1))

    finished(just_too_large())


def test_a_visitor_stays_with_one_instance_and_both_have_some(site: Site) -> None:
    proxy, *instances = site
    before = [figures(each)["siuo_sessions_started_total{}"] for each in instances]

    async def visits(visitor: Visitor) -> None:
        for _ in range(3):
            await visitor.open("method")
            await visitor.close()

    async def alone() -> list[float]:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visits(visitor)
        return [
            figures(each)["siuo_sessions_started_total{}"] - was for each, was in zip(instances, before, strict=True)
        ]

    assert sorted(finished(alone())) == [0, 3]

    async def many() -> None:
        await asyncio.gather(*(visits(Visitor(proxy.address, proxy.tls)) for _ in range(12)))

    finished(many())
    made = [figures(each)["siuo_sessions_started_total{}"] - was for each, was in zip(instances, before, strict=True)]
    assert sum(made) == 3 + 36 and min(made) >= 3


def test_a_forged_cookie_chooses_no_more_than_an_instance(site: Site) -> None:
    answer = ask(site[0], "/", cookie='siuo_visitor="; return 200')
    assert answer.status == 200 and "siuo_visitor=" in answer.headers["set-cookie"]


def test_with_all_instances_away_the_page_says_so_and_comes_back(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    (tmp_path / "nginx").mkdir()
    with proxied(tmp_path / "nginx", ports) as proxy:
        answer = ask(proxy, "/")
        assert answer.status == 503 and "The dashboard is being restarted" in answer.text
        own_answer(answer)
        with running(tmp_path, port=ports[1], options=BEHIND):
            assert ask(proxy, "/").status == 200
