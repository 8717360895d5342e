"""A session's number is no key: who has it, and is somebody else, begins a session of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.visitor import Visitor
from tests.browser.driver import free_port
from tests.browser.hosted import PEOPLE
from tests.oidc.provider import Provider, serving
from tests.serving.instance import Instance, copy_data, running
from tests.serving.loops import finished
from tests.upload.files import as_json, judged

pytestmark = pytest.mark.xdist_group("serving")
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

    with serving(Provider(people=dict(PEOPLE)), free_port()) as provider:
        settings = {
            "SIUO_MODE": "hosted",
            "SIUO_REVIEWERS": "reviewer@example.org",
            "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(tmp_path)),
        }
        with running(tmp_path, copy_data(tmp_path / "data"), environment=settings) as server:
            finished(visit(server))
            assert server.of("page error") == []
