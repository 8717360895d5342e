"""Served where every file operation takes its time, and where the clock jumps ahead and back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from siuo_dash.store import verify
from tests.browser.driver import free_port
from tests.browser.hosted import PEOPLE
from tests.make.files import as_json, judged
from tests.make.registry import events
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.surroundings import COMPILER, HELP, surroundings
from tests.server.test_faults import fill_in, kept
from tests.server.visitor import Visitor
from tests.server.visitor_http import Refused

pytestmark = [pytest.mark.skipif(not COMPILER, reason=HELP)]
DAY = 86_400


def test_on_a_slow_disk_everything_takes_longer_and_nothing_is_lost(tmp_path: Path) -> None:
    """Four people publish at two instances at once, two of them the same run, while others read."""
    data = copy_data(tmp_path / "data")

    async def publisher(server: Instance, number: int) -> str:
        async with Visitor(server.address) as visitor:
            await fill_in(visitor, f"Slow-VL-{number}", as_json(judged(safe=30 + number)))
            await visitor.press("Publish")
            return visitor.words()

    async def reader(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await visitor.open()
            for page in ("samples", "domains", "compare", ""):
                await visitor.go(page)
                assert not visitor.alerts()

    async def everybody(servers: list[Instance]) -> list[str]:
        readers = [asyncio.create_task(reader(server)) for server in servers]
        told = await asyncio.gather(
            *(publisher(servers[place % 2], number) for place, number in enumerate((0, 1, 2, 2)))
        )
        await asyncio.gather(*readers)
        return told

    with (
        surroundings(tmp_path, data) as around,
        running(tmp_path, data, environment=around.environment, copied=False) as first,
        running(tmp_path, data, environment=around.environment, copied=False) as second,
    ):
        around.slow(30)
        told = finished(everybody([first, second]))
        around.slow(0)
        assert around.slowed > 200
        assert [each.of("page error") for each in (first, second)] == [[], []]
    said = Counter("already" if "already published" in each else "is live" in each for each in told)
    assert said == {True: 3, "already": 1}
    assert sorted(name[:9] for name in kept(data)) == ["slow-vl-0", "slow-vl-1", "slow-vl-2"]
    assert [finding for finding in verify.verify(data) if finding.severity == "error"] == []


def test_a_clock_jump_forces_a_new_sign_in(tmp_path: Path) -> None:
    data = copy_data(tmp_path / "data")
    provider = Provider(people=dict(PEOPLE))

    async def signed_in(server: Instance, person: str, days: float) -> Visitor:
        """A visitor who signs in while the clocks, the provider's too, are off by `days`."""
        now = int(time.time() + DAY * days)
        provider.people[person] = PEOPLE[person] | {"iat": now, "exp": now + 600}
        visitor = Visitor(server.address)
        await visitor.open()
        await visitor.sign_in(person)
        await visitor.open()
        return visitor

    async def sends(server: Instance, visitor: Visitor, number: int) -> None:
        await fill_in(visitor, f"Jump-VL-{number}", as_json(judged(safe=40 + number)))
        await visitor.press("Send for review")
        assert "waiting for review" in visitor.words()

    async def visit(server: Instance) -> None:
        submitter = await signed_in(server, "submitter", 0)
        await sends(server, submitter, 0)
        for number, days in enumerate((3, -400, 0), start=1):
            around.clock(days)
            await submitter.open("upload")
            with pytest.raises(Refused, match="no place to drop"):  # who signed in by another clock is asked again
                await submitter.drop("results.json", b"[]")
            await submitter.close()
            submitter = await signed_in(server, "submitter", days)
            await sends(server, submitter, number)
            reviewer = await signed_in(server, "reviewer", days)
            await reviewer.go("review")
            await reviewer.press("Approve")
            assert f"Jump-VL-{number - 1}" in reviewer.words() and "is published" in reviewer.words()
            for page in list(reviewer.pages):
                await reviewer.go(page)
                assert not reviewer.alerts(), page
            await reviewer.close()
        await submitter.close()

    with surroundings(tmp_path, data) as around, serving(provider, free_port()):
        settings = {
            "SIUO_MODE": "hosted",
            "SIUO_REVIEWERS": "reviewer@example.org",
            "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(tmp_path)),
        }
        with running(tmp_path, data, environment=settings | around.environment, copied=False) as server:
            finished(visit(server))
            assert around.asked > 0 and server.of("page error") == []
    logged = events(data)
    assert [event.event for event in logged] == ["submit", *["submit", "approve"] * 3]
    assert [event.at for event in logged] != sorted(event.at for event in logged), "the clock did not jump"
    assert len(kept(data)) == 3 and verify.verify(data) == []
