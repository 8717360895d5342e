"""A session's number is no key, and a sign-out ends a sign-in: in all tabs, at all instances, for a copied cookie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest

from siuo_dash.store import registry
from siuo_dash.store.registry import Actor
from tests.browser.driver import free_port
from tests.browser.hosted import PEOPLE
from tests.make.files import as_json, judged
from tests.make.registry import events
from tests.make.runs import make_run, share
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.visitor import Visitor
from tests.server.visitor_http import Refused

MODEL = "Told-To-Nobody-VL"
DROPPED = "Recognised as SIUO generation"


def test_another_s_session_is_not_resumed(tmp_path: Path) -> None:
    async def drafting(server: Instance) -> Visitor:
        visitor = Visitor(server.address)
        await visitor.open("upload")
        await visitor.sign_in("submitter")
        await visitor.open("upload")
        await visitor.drop("results.json", as_json(judged(safe=50)))
        await visitor.type("Model", MODEL)
        assert DROPPED in visitor.words()
        return visitor

    async def visit(server: Instance) -> None:
        visitor = await drafting(server)
        number = visitor.session
        for person in (None, "other", "reviewer"):
            for connected in (True, False):
                if not connected:
                    await visitor.close()
                async with Visitor(server.address) as thief:
                    await thief.open()
                    if person is not None:
                        await thief.sign_in(person)
                    await thief.open("upload", resume=number)
                    assert thief.session != number
                    assert "Upload" in thief.words() and DROPPED not in thief.words()
                    assert MODEL not in str(list(thief.elements.values()))
                if connected:
                    await visitor.again()
                    assert DROPPED in visitor.words(), "a stranger's try breaks nothing"
            await visitor.open("upload", resume=number)
            assert visitor.session == number, "its owner goes on with it"
            await visitor.drop("results.json", as_json(judged(safe=50)))
            await visitor.type("Model", MODEL)
        await visitor.close()

    with hosted(tmp_path) as settings, running(tmp_path, copy_data(tmp_path / "data"), environment=settings) as server:
        finished(visit(server))
        assert server.of("page error") == []


@contextmanager
def hosted(folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a hosted dashboard whose provider is running."""
    with serving(Provider(people=dict(PEOPLE)), free_port()) as provider:
        yield {
            "SIUO_MODE": "hosted",
            "SIUO_REVIEWERS": "reviewer@example.org",
            "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(folder)),
        }


def test_who_signs_out_is_signed_out_everywhere(tmp_path: Path) -> None:
    data = copy_data(tmp_path / "data")
    waiting = make_run("Hidden-3B", share(40), judge="J")
    registry.submit(data, waiting, Actor("other@example.org"))

    async def visit(first: Instance, second: Instance) -> None:
        reviewer = Visitor(first.address)
        await reviewer.open()
        await reviewer.sign_in("reviewer")
        cookies = dict(reviewer.cookies)
        # As behind a proxy: a page of either instance stands under one name.
        name = first.address
        tabs = [Visitor(each.address, origin=name, cookies=dict(cookies)) for each in (first, second)]
        for tab in tabs:
            await tab.open("review")
            assert tab.widget("button", "Approve")
        await reviewer.open()
        await reviewer.press("Sign out")
        await asyncio.to_thread(reviewer.http.location, urljoin(first.address, reviewer._redirect))
        for tab in tabs:
            await tab.press("Approve")
            assert "nobody is signed in" in str(tab.alerts()) or "Sign in if you are one" in str(
                list(tab.elements.values())
            )
            await tab.close()
            async with Visitor(tab.address, origin=name, cookies=dict(cookies)) as copied:
                await copied.open("review")
                assert "Hidden-3B" not in copied.words() and copied.widget("button", "Sign in")
                with pytest.raises(Refused, match="no place to drop"):
                    await copied.go("upload")
                    await copied.drop("results.json", b"[]")
        await reviewer.open()
        await reviewer.sign_in("reviewer")
        await reviewer.open("review")
        assert reviewer.widget("button", "Approve"), "who signs in anew is in again"
        await reviewer.close()

    with (
        hosted(tmp_path) as settings,
        running(tmp_path, data, environment=settings) as first,
        running(tmp_path, data, environment=settings) as second,
    ):
        finished(visit(first, second))
    assert [event.event for event in events(data)] == ["submit"]
