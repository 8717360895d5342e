"""Hosted: every way around a reviewer that we could think of, tried on the running server."""

# The fixtures of tests/browser/hosted.py are imported by name.
# ruff: noqa: F401, F811

from __future__ import annotations

import asyncio
import base64
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from itsdangerous import URLSafeTimedSerializer
from joserfc.jwk import RSAKey
from streamlit.proto.WidgetStates_pb2 import WidgetState

from siuo_dash.store import registry
from siuo_dash.store.registry import Actor
from tests.browser.driver import settled
from tests.browser.hosted import HOSTILE, cookies, events_of, hosted, press, provider, see, visit
from tests.make.registry import events, runs_in
from tests.make.runs import make_run, run_id_of, share
from tests.oidc.provider import COOKIE_SECRET, Provider
from tests.server.loops import finished
from tests.server.visitor import Visitor

pytestmark = pytest.mark.browser
SECRET_NAME = "Hidden-Model-3B"
SENDER = Actor("submitter@example.org")


@pytest.fixture
def pending(hosted: tuple[str, Path]) -> str:
    """The run_id of a submission that waits; each test has one of its own content."""
    table = make_run(f"{SECRET_NAME} {uuid4().hex[:8]}", share(40))
    registry.submit(hosted[1], table, SENDER)
    return run_id_of(table)


def said(visitor: Visitor) -> str:
    """All that a server sent of a page, tables and widgets too."""
    return "\n".join(str(element) for element in visitor.elements.values())


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (None, "This page is for reviewers. Sign in"),
        ("other", "your address is not on their list"),
        ("submitter", "your address is not on their list"),
        ("hostile", "your address is not on their list"),
        ("unverified", "does not confirm that the e-mail address"),
        ("stale", "this sign-in is older than 24 hours"),
    ],
)
def test_the_page_by_its_address(hosted: tuple[str, Path], pending: str, person: str | None, words: str) -> None:
    async def look() -> None:
        async with Visitor(hosted[0], cookies=cookies(hosted[0], person)) as visitor:
            await visitor.open("review", {"submission": pending})
            assert words in said(visitor) and SECRET_NAME not in said(visitor) and "Approve" not in said(visitor)

    finished(look())


def test_a_pressed_button_that_was_never_shown(hosted: tuple[str, Path], pending: str) -> None:
    address, data = hosted
    reviewer, other = (cookies(address, person) for person in ("reviewer", "other"))

    async def attack() -> None:
        async with Visitor(address, cookies=dict(reviewer)) as judge:
            await judge.open("review", {"submission": pending})
            assert SECRET_NAME in said(judge)
            buttons = {label: judge.widget("button", label).id for label in ("Approve", "Ask for changes", "Reject")}
        for known in (dict(other), {}):
            async with Visitor(address, cookies=known) as attacker:
                await attacker.open("review", {"submission": pending})
                for button in buttons.values():
                    assert pending in button, "the id that is guessed is the one of this submission"
                    attacker._states[button] = WidgetState(id=button, trigger_value=True)
                    await attacker.again()
                    attacker._states.pop(button)
                assert SECRET_NAME not in said(attacker)

    async def allowed() -> None:
        async with Visitor(address, cookies=dict(reviewer)) as judge:
            await judge.open("review", {"submission": pending})
            await judge.press("Approve")

    finished(attack())
    assert events_of(data, pending) == [("submit", SENDER.id)]
    assert pending in runs_in(data, "pending")
    finished(allowed())  # the same message, from who may
    assert events_of(data, pending)[-1] == ("approve", "reviewer@example.org")


def test_who_signs_out_or_is_signed_out_decides_nothing_more(
    hosted: tuple[str, Path], visit: Any, pending: str
) -> None:
    there = visit("reviewer", f"review?submission={pending}")
    see(there.page.get_by_role("button", name="Approve", exact=True))
    there.page.get_by_text("reviewer@", exact=False).first.click()
    press(there.page, "Sign out")
    see(there.page.get_by_role("button", name="Sign in").first)
    settled(there.page)
    page = there.open(f"review?submission={pending}")
    see(page.get_by_text("This page is for reviewers. Sign in", exact=False))
    assert SECRET_NAME not in page.content()


def forged(good: str, kind: str) -> str:
    """A cookie that says reviewer, made from another person's in one of several ways."""
    name = "_streamlit_user"
    said = URLSafeTimedSerializer(COOKIE_SECRET, salt=name).loads(good)
    wanted = said.replace("other@", "reviewer@")
    assert wanted != said
    match kind:
        case "payload":
            fresh = URLSafeTimedSerializer(COOKIE_SECRET, salt=name).dumps(wanted)
            return str(fresh).rsplit(".", 2)[0] + "." + ".".join(good.rsplit(".", 2)[1:])
        case "another secret":
            return str(URLSafeTimedSerializer("another-secret-of-forty-characters-12345", salt=name).dumps(wanted))
        case "another cookie's":
            return str(URLSafeTimedSerializer(COOKIE_SECRET, salt="_streamlit_user_tokens").dumps(wanted))
    return base64.urlsafe_b64encode(wanted.encode()).decode()


@pytest.mark.parametrize("kind", ["payload", "another secret", "another cookie's", "unsigned"])
def test_a_forged_cookie_signs_nobody_in(hosted: tuple[str, Path], pending: str, kind: str) -> None:
    address, _ = hosted
    good = cookies(address, "other")
    assert any("_streamlit_user" in name for name in good) and COOKIE_SECRET not in "".join(good.values())
    bad = good | {"_streamlit_user": forged(good["_streamlit_user"], kind)}

    async def attack(known: dict[str, str]) -> str:
        async with Visitor(address, cookies=known) as visitor:
            await visitor.open("review", {"submission": pending})
            return said(visitor)

    assert "your address is not on their list" in finished(attack(dict(good)))
    answer = finished(attack(bad))
    assert "Sign in if you are one" in answer and SECRET_NAME not in answer


def test_a_provider_that_is_not_ours_signs_nobody_in(provider: Provider, visit: Any) -> None:
    there = visit()
    provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    provider.people["forged"] = {"email": "reviewer@example.org"}
    provider.people["foreign"] = {"email": "reviewer@example.org", "iss": "https://accounts.evil.example"}
    try:
        page = there.sign_in("forged", "review")
        see(page.get_by_text("This page is for reviewers. Sign in", exact=False))
        provider.signing_key = None
        page = there.sign_in("foreign", "review")
        see(page.get_by_text("This page is for reviewers. Sign in", exact=False))
    finally:
        provider.signing_key = None
        del provider.people["forged"], provider.people["foreign"]


def test_hostile_claims_are_only_words(hosted: tuple[str, Path], visit: Any) -> None:
    page = visit("hostile", "upload").page
    page.get_by_text("hostile@", exact=False).first.click()
    see(page.get_by_role("button", name="Sign out"))
    assert page.title() == "Upload · SIUO dashboard" and HOSTILE not in page.content()
    assert page.get_by_text("You are a reviewer").count() == 0


def test_files_are_taken_only_from_who_may_upload(hosted: tuple[str, Path]) -> None:
    address, _ = hosted
    signed_in = cookies(address, "other")

    def put(known: dict[str, str], size: int) -> int:
        async def attempt() -> int:
            async with Visitor(address, cookies=dict(known)) as visitor:
                await visitor.open("")
                return await asyncio.to_thread(_put, address, visitor.session, visitor.cookies, size)

        return finished(attempt())

    assert put({}, 10) == 403
    assert put(signed_in, 10) == 204
    assert put(signed_in, 65 * 1024**2) == 413


def _put(address: str, session: str, known: dict[str, str], size: int) -> int:
    """Drop a file as a page does; of a large one only its length is told, for the server must not wait for the rest."""
    start, end = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.json"\r\n\r\n', b"\r\n--x--\r\n"
    connection = HTTPConnection(urlsplit(address).netloc, timeout=300)
    try:
        connection.putrequest("PUT", f"/_stcore/upload_file/{session}/{uuid4()}")
        connection.putheader("Content-Type", "multipart/form-data; boundary=x")
        connection.putheader("Content-Length", str(len(start) + size + len(end)))
        connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in known.items()))
        connection.putheader("X-Xsrftoken", known.get("_streamlit_xsrf", ""))
        connection.endheaders(start + b"x" * size + end if size < 1_000 else start)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_hostile_submission_is_only_words_to_a_reviewer(hosted: tuple[str, Path], visit: Any) -> None:
    words = f"{HOSTILE} :red[x] $x^2$ https://evil.example @all\x1b[31m"
    table = make_run(f"Hostile {words}", share(77), organization=words, note=words, source="javascript:alert(1)")
    registry.submit(hosted[1], table, SENDER)
    registry.request_changes(hosted[1], run_id_of(table), Actor("reviewer@example.org", reviewer=True), words)
    registry.send(hosted[1], run_id_of(table), SENDER)
    for person, path in (("reviewer", "review"), ("submitter", "upload?section=My submissions")):
        page = visit(person, f"{path}{'&' if '?' in path else '?'}submission={run_id_of(table)}").page
        see(page.get_by_role("heading", name="Hostile").first)
        assert page.title().endswith("· SIUO dashboard")
        main = page.get_by_test_id("stMain")
        assert main.locator("img[src='x'], script, a[href^='javascript'], a[href*='evil']").count() == 0
        assert main.locator("strong", has_text="bold").count() == 0 and main.locator(".katex").count() == 0
