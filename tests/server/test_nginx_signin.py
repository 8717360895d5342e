"""Hosted, behind nginx with TLS and on two instances: a person signs in, sends a run, a reviewer publishes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from siuo_dash.store.registry import Actor, tokens
from tests.browser.driver import PATIENCE, free_port, settled
from tests.browser.hosted import PEOPLE, fill_in, press, run_file, see
from tests.make.registry import events, runs_in
from tests.oidc.provider import Provider, serving
from tests.server.instance import copy_data, running
from tests.server.loops import finished
from tests.server.nginx import HELP, Proxy, at_hand, hosted_behind, proxied
from tests.server.test_nginx import BEHIND, ask
from tests.server.visitor import Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not at_hand(), reason=HELP),
]


def signed_in(browser: Browser, address: str, person: str) -> Page:
    """A browser of its own whose person has signed in; the certificate is this test's own."""
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    settled(page)
    page.get_by_role("button", name="Sign in").click()
    see(page.get_by_role("heading", name="Who are you?"))
    page.get_by_role("link", name=person, exact=True).click()
    page.wait_for_url(re.compile(re.escape(address)))
    settled(page)
    return page


def with_cookies(browser: Browser, proxy: Proxy, person: str) -> Page:
    """A browser of a person who has signed in before, without it: the way through the provider is walked once."""

    async def sign_in() -> dict[str, str]:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open("method")
            await visitor.sign_in(person)
            return visitor.cookies

    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    held = finished(sign_in())
    context.add_cookies([{"name": name, "value": held[name], "url": proxy.address, "secure": True} for name in held])
    return context.new_page()


def test_sign_in_and_review_through_nginx_over_two_instances(tmp_path: Path, browser: Browser) -> None:
    data = copy_data(tmp_path / "data")
    (tmp_path / "nginx").mkdir()
    ports = [free_port(), free_port()]
    with (
        serving(Provider(people=dict(PEOPLE)), free_port()) as provider,
        proxied(tmp_path / "nginx", ports) as proxy,
    ):
        settings = hosted_behind(provider, tmp_path, proxy)
        with (
            running(tmp_path, data, port=ports[0], options=BEHIND, environment=settings) as first,
            running(tmp_path, data, port=ports[1], options=BEHIND, environment=settings) as second,
        ):
            submitter = signed_in(browser, proxy.address, "submitter")
            cookies = {cookie["name"]: cookie for cookie in submitter.context.cookies()}
            assert cookies["_streamlit_user"]["secure"] and cookies["_streamlit_user"]["httpOnly"]
            assert all(cookie["secure"] and cookie["sameSite"] == "Lax" for cookie in cookies.values()), cookies

            submitter.goto(f"{proxy.address}/upload")
            settled(submitter)
            fill_in(submitter, run_file(tmp_path, 44, "Proxied"), "Proxied-VL-7B")
            press(submitter, "Send for review")
            submitter.wait_for_function("() => document.body.innerText.includes('waiting')")
            assert len(runs_in(data, "pending")) == 1

            reviewer = with_cookies(browser, proxy, "reviewer")
            reviewer.goto(f"{proxy.address}/review")
            settled(reviewer)
            see(reviewer.get_by_role("heading", name="Proxied-VL-7B"))

            # Who comes to either instance with the same cookies is the same person there.
            before = [len(instance.of("page opened")) for instance in (first, second)]
            for number in range(20):
                submitter.context.add_cookies(
                    [{"name": "siuo_visitor", "value": f"{number:032x}", "url": proxy.address, "secure": True}]
                )
                submitter.goto(f"{proxy.address}/upload?section=My+submissions")
                settled(submitter)
                # It stands in a table, which a browser paints and describes beside it.
                submitter.get_by_text("Proxied-VL-7B").first.wait_for(state="attached")
                after = [len(instance.of("page opened")) for instance in (first, second)]
                if all(now > was for now, was in zip(after, before, strict=True)):
                    break
            else:
                pytest.fail("twenty visitors came to the same instance")
            press(reviewer, "Approve")
            see(reviewer.get_by_text("Nothing waits for review"))
            assert [run_id[:14] for run_id in runs_in(data, "published")] == ["proxied-vl-7b-"]
            # A token made at one place holds at both instances, and at none from the moment it is revoked.
            me = Actor("submitter@example.org")
            token, made = tokens.make(data, me, "job", 7)
            bearer: dict[str, Any] = {"authorization": f"Bearer {token}"}
            listed = [each.get("/api/v1/submissions", host="localhost", **bearer) for each in (first, second)]
            assert [len(json.loads(answer.text)) for answer in listed] == [1, 1]
            form: dict[str, Any] = {"content_type": "multipart/form-data; boundary=b"} | bearer
            assert ask(proxy, "/api/v1/submissions", "POST", b"x" * 200_000, **form).status == 400  # by the dashboard
            tokens.revoke(data, me, made.token_id)
            for each in (first, second):
                assert each.get("/api/v1/submissions", host="localhost", **bearer).status == 401
            framed = ask(proxy, "/api/v1/embed/leaderboard")
            assert "x-frame-options" not in framed.headers and ask(proxy, "/").headers["x-frame-options"] == "DENY"
            assert framed.headers["content-security-policy"].endswith("frame-ancestors *")
            assert ask(proxy, f"/api/v1/x/{token}").status == 400
    log = (tmp_path / "nginx" / "access.log").read_text()  # whole only when nginx has ended
    assert "GET /-" in log and token[:20] not in log
    said = first.log.read_text() + second.log.read_text() + log
    assert "code=" not in said and provider.client_secret not in said
    assert [event.event for event in events(data)] == ["submit", "approve"]
