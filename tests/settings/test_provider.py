"""What a provider may say of itself, asked over the wire: every wrong answer is refused, absence is another matter."""

from __future__ import annotations

import gzip
import importlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from siuo_dash import settings as program
from siuo_dash.errors import SettingsError
from siuo_dash.settings import Serving, Settings, provider
from siuo_dash.settings.auth import SignIn
from siuo_dash.settings.provider import MOST_BYTES, PAUSES, Unavailable
from tests.browser.driver import free_port
from tests.oidc.provider import CLIENT, Provider, serving
from tests.server.loops import finished


@pytest.fixture
def real() -> Iterator[Provider]:
    with serving(Provider(), free_port()) as running:
        yield running


def of(issuer: str, trusted: str | None = None) -> SignIn:
    url = f"{issuer}/.well-known/openid-configuration"
    return SignIn(CLIENT, trusted or issuer, "http://127.0.0.1:1/oauth2callback", url)


def check(found: SignIn) -> list[float]:
    """The pauses that were made."""
    pauses: list[float] = []
    provider.check(found, pause=pauses.append)
    return pauses


def faults(found: SignIn) -> list[str]:
    """Why the provider is wrong; that is known at once."""
    pauses: list[float] = []
    with pytest.raises(SettingsError) as refused:
        provider.check(found, pause=pauses.append)
    assert not isinstance(refused.value, Unavailable) and pauses == []
    assert refused.value.exit_code == 78
    return str(refused.value).splitlines()


def away(found: SignIn) -> str:
    """Why the provider cannot be reached."""
    pauses: list[float] = []
    with pytest.raises(Unavailable) as refused:
        provider.check(found, pause=pauses.append)
    assert pauses == list(PAUSES) and len(pauses) == 2 and max(pauses) <= 2
    assert refused.value.exit_code == 69
    (line,) = str(refused.value).splitlines()
    assert found.metadata_url in line and "cannot be reached" in line
    return line


def test_a_provider_as_it_should_be_is_asked_once(real: Provider) -> None:
    assert check(of(real.issuer)) == [] and real.asked == 1
    assert check(SignIn(CLIENT, f"{real.issuer}/", "x")) == [] and real.asked == 2


def test_a_slash_at_the_end_of_a_name_does_not_matter(real: Provider) -> None:
    real.stated = {"issuer": f"{real.issuer}/", "response_types_supported": None}
    assert check(of(real.issuer)) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("issuer", "https://evil.example", "it names itself 'https://evil.example'"),
        ("issuer", None, "names no issuer"),
        ("issuer", ["x"], "names no issuer"),
        ("authorization_endpoint", None, "authorization_endpoint is missing"),
        ("authorization_endpoint", "javascript:alert(1)", "authorization_endpoint is 'javascript:alert(1)'"),
        ("token_endpoint", "http://accounts.example.org/token", "token_endpoint is 'http://accounts"),
        ("token_endpoint", "https://[x", "token_endpoint is"),
        ("token_endpoint", "https://x.org:99999/token", "token_endpoint is"),
        ("jwks_uri", "/jwks", "jwks_uri is '/jwks'"),
        ("jwks_uri", 3, "jwks_uri is 3"),
        ("jwks_uri", "x" * 5_000, "jwks_uri is 'xxx"),
        ("jwks_uri", "a\nrefused: b\u2028c", "jwks_uri is 'a\\nrefused: b\\u2028c'"),
        ("response_types_supported", ["id_token"], "lacks code"),
        ("response_types_supported", "code", "lacks code"),
    ],
)
def test_a_part_of_the_document_that_is_wrong(real: Provider, key: str, value: Any, words: str) -> None:
    real.stated = {key: value}
    (fault,) = faults(of(real.issuer))
    assert fault.startswith(f"{real.issuer}/.well-known/openid-configuration: ") and words in fault
    assert len(fault) < 600


def test_everything_wrong_is_named_at_once(real: Provider) -> None:
    real.stated = dict.fromkeys(("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")) | {
        "response_types_supported": []
    }
    assert len(faults(of(real.issuer))) == 5


def test_the_issuer_that_was_set_wins(real: Provider) -> None:
    (fault,) = faults(of(real.issuer, "https://accounts.example.org"))
    assert "'https://accounts.example.org' only" in fault and "SIUO_ISSUER" in fault
    real.stated = {"issuer": "https://accounts.example.org"}
    assert check(of(real.issuer, "https://accounts.example.org/")) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (PlainTextResponse("not found", 404), "it answers 404"),
        (Response(status_code=204), "it answers 204"),
        (Response(status_code=304), "it answers 304"),
        (PlainTextResponse("<html>"), "something else than a JSON object"),
        (PlainTextResponse("[]"), "something else than a JSON object"),
        (PlainTextResponse("[" * 500_000), "something else than a JSON object"),
        (Response(b"\xff\xfe\xff"), "something else than a JSON object"),
        (Response(b""), "something else than a JSON object"),
        (Response(b"no gzip", headers={"content-encoding": "gzip"}), "something else than a JSON object"),
        (PlainTextResponse(f'{{"a": "{"x" * MOST_BYTES}"}}'), "more than 1 MB"),
        (Response(gzip.compress(b" " * 50 * MOST_BYTES), headers={"content-encoding": "gzip"}), "more than 1 MB"),
        (RedirectResponse("http://accounts.example.org/"), "sends on to 'http://accounts.example.org/'"),
    ],
)
def test_an_answer_that_is_no_document(real: Provider, answer: Response, words: str) -> None:
    real.answers = [answer]
    (fault,) = faults(of(real.issuer))
    assert words in fault and real.asked == 1


def test_a_redirect_is_refused_since_signing_in_does_not_follow_it(real: Provider) -> None:
    """The same library that signs people in fails at such an address: the check must not call it well."""
    real.answers = [RedirectResponse(f"{real.issuer}/.well-known/openid-configuration")] * 2
    (fault,) = faults(of(real.issuer))
    assert "does not follow" in fault and real.asked == 1

    oauth = importlib.import_module("authlib.integrations.starlette_client").OAuth()
    oauth.register("x", client_id=CLIENT, server_metadata_url=of(real.issuer).metadata_url)
    with pytest.raises(Exception, match="Redirect"):
        finished(oauth.x.load_server_metadata())


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_provider_that_is_down_is_asked_three_times(real: Provider, status: int) -> None:
    real.answers = [PlainTextResponse("later", status) for _ in range(3)]
    assert f"it answers {status}" in away(of(real.issuer)) and real.asked == 3


def test_a_provider_that_comes_back_meanwhile(real: Provider) -> None:
    real.answers = [PlainTextResponse("later", 503) for _ in range(2)]
    assert check(of(real.issuer)) == list(PAUSES) and real.asked == 3


def test_a_provider_that_is_not_there() -> None:
    assert "refused" in away(of(f"http://127.0.0.1:{free_port()}"))


@contextmanager
def talker(*parts: bytes, forever: bytes = b"") -> Iterator[str]:
    """Somebody who answers any call with these bytes, then with `forever` again and again, and never hangs up."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        calls: list[socket.socket] = []

        def talk() -> None:
            while True:
                try:
                    call, _ = server.accept()
                except OSError:
                    return
                if over.is_set():
                    call.close()
                    return
                calls.append(call)
                threading.Thread(target=speak, args=(call,), daemon=True).start()

        def speak(call: socket.socket) -> None:
            try:
                call.recv(65_536)
                for part in parts:
                    call.sendall(part)
                while forever and not over.wait(0.02):
                    call.sendall(forever)
            except OSError:
                return

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            socket.create_connection(server.getsockname()).close()
            thread.join(timeout=300)
            for call in calls:
                call.close()


def test_what_speaks_no_http_is_not_reached() -> None:
    with talker(b"SSH-2.0-OpenSSH\r\n\r\n") as issuer:
        away(of(issuer))


def test_who_says_nothing_or_goes_on_for_ever_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert provider.TIMEOUT == 5
    monkeypatch.setattr(provider, "TIMEOUT", 0.3)
    with talker() as issuer:
        assert "no answer within" in away(of(issuer))
    begin = b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n"
    with talker(begin, forever=b" ") as issuer:  # each byte comes in time
        assert "no whole answer within" in away(of(issuer))


def test_more_than_enough_is_not_read_to_its_end() -> None:
    begin = b"HTTP/1.1 200 OK\r\ncontent-length: 900000000\r\n\r\n"
    with talker(begin, forever=b" " * MOST_BYTES) as issuer:
        (fault,) = faults(of(issuer))
        assert "more than 1 MB" in fault


@pytest.mark.parametrize("host", ["a" * 300 + ".org", "x..org"])
def test_a_host_that_cannot_be_one(host: str) -> None:
    (fault,) = faults(of(f"https://{host}"))
    assert "cannot be asked" in fault


def test_faults_of_both_kinds_are_named_together(real: Provider) -> None:
    hosted = Settings(mode="hosted", reviewers=("a@b.org",), sign_in=of(real.issuer))
    program.check(hosted, Serving())
    real.stated = {"issuer": "https://evil.example", "jwks_uri": None}
    with pytest.raises(SettingsError) as refused:
        program.check(hosted, Serving(xsrf_protection=False))
    assert len(str(refused.value).splitlines()) == 3


def test_trying_again_helps_only_where_nothing_else_is_wrong() -> None:
    hosted = Settings(mode="hosted", reviewers=("a@b.org",), sign_in=of("http://127.0.0.1:1"))

    def ask(_: SignIn) -> None:
        raise Unavailable("away")

    for serving_, code in ((Serving(), 69), (Serving(trusted_headers=True), 78)):
        with pytest.raises(SettingsError, match="away") as refused:
            program.check(hosted, serving_, ask)
        assert refused.value.exit_code == code


def test_locally_nobody_is_asked() -> None:
    def ask(_: SignIn) -> None:
        raise AssertionError("a provider was asked")

    program.check(Settings(), Serving(), ask)


def test_the_document_of_the_tests_is_one_that_is_sent(real: Provider) -> None:
    """What `stated` changes is really on the wire."""
    real.stated = {"jwks_uri": None, "issuer": "x"}
    said = provider.fetch(of(real.issuer).metadata_url)
    assert "jwks_uri" not in said and said["issuer"] == "x"
