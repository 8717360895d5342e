"""Two instances over one data directory: one is killed while people submit, both are restarted while people read."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest

from siuo_dash.store import verify
from tests.browser.driver import free_port
from tests.make.files import as_json, judged
from tests.make.registry import events, runs_in
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.nginx import HELP, Proxy, at_hand, hosted_behind, proxied
from tests.server.test_nginx import BEHIND
from tests.server.visitor import BROKEN, Visitor
from tests.server.visitor_http import Refused

pytestmark = [
    pytest.mark.skipif(not at_hand(), reason=HELP),
]

SUBMITTERS, EACH = 6, 4


@dataclass
class Instances:
    """Two instances that can be stopped and started anew on their ports."""

    folder: Path
    data: Path
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    stacks: list[ExitStack] = field(default_factory=lambda: [ExitStack(), ExitStack()])
    now: dict[int, Instance] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, which: int) -> None:
        self.now[which] = self.stacks[which].enter_context(
            running(self.folder, self.data, port=self.ports[which], options=BEHIND, environment=self.environment)
        )

    def kill(self, which: int) -> None:
        self.now[which].process.kill()
        self.now[which].process.wait(timeout=300)

    def stop(self, which: int) -> float:
        """Seconds that it took to stop in order."""
        started = monotonic()
        self.now[which].process.terminate()
        assert self.now[which].process.wait(timeout=300) is not None
        return monotonic() - started


def waiting(data: Path) -> list[str]:
    return runs_in(data, "pending")


async def submit(visitor: Visitor, model: str, safe: int) -> str:
    """From the open upload page to what the page says after *Send for review*."""
    await visitor.drop("results.json", as_json(judged(safe=safe)))
    await visitor.type("Model", model)
    await visitor.type("Judge", "gpt-4o-mini")
    await visitor.press("Send for review")
    return f"{visitor.words()} {visitor.alerts()}"


async def insist(proxy: Proxy, cookies: dict[str, str], model: str, safe: int, broken: Counter[str]) -> None:
    """Send one run for review, beginning anew whenever the page breaks, as a person would."""
    deadline = monotonic() + 600
    while monotonic() < deadline:
        try:
            async with Visitor(proxy.address, proxy.tls, patience=60, cookies=dict(cookies)) as visitor:
                await visitor.open("upload")
                said = await submit(visitor, model, safe)
            if "waiting for review" in said or "you sent the same content before" in said:
                return
            raise AssertionError(said)
        except BROKEN as error:
            broken[type(error).__name__] += 1
    raise AssertionError("never sent")


def test_a_killed_instance_loses_and_doubles_no_submission(tmp_path: Path) -> None:
    """Hosted, behind nginx: six people who have signed in send four runs each, and each instance is killed once."""
    data = copy_data(tmp_path / "data")
    (tmp_path / "nginx").mkdir()
    names = [f"person-{number}" for number in range(SUBMITTERS)]
    people = {name: {"email": f"{name}@example.org"} for name in (*names, "reviewer")}
    instances = Instances(tmp_path, data)
    broken: Counter[str] = Counter()

    async def signed_in(proxy: Proxy, name: str) -> dict[str, str]:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open()
            await visitor.sign_in(name)
            return visitor.cookies

    async def submitter(proxy: Proxy, number: int, cookies: dict[str, str]) -> None:
        for turn in range(EACH):
            await insist(proxy, cookies, f"Killed-{number}-{turn}", 10 + number * EACH + turn, broken)

    async def killer() -> None:
        for which, after in ((0, 3), (1, 11)):
            while len(waiting(data)) < after:
                await asyncio.sleep(0.005)
            await asyncio.to_thread(instances.kill, which)
            await asyncio.to_thread(instances.start, which)

    async def everybody(proxy: Proxy) -> None:
        cookies = [await signed_in(proxy, name) for name in names]
        killing = asyncio.create_task(killer())
        await asyncio.gather(*(submitter(proxy, number, each) for number, each in enumerate(cookies)))
        await killing
        async with Visitor(proxy.address, proxy.tls, cookies=await signed_in(proxy, "reviewer")) as reviewer:
            await reviewer.open("review")
            await reviewer.press("Approve")
            assert "is published" in reviewer.words()

    with ExitStack() as stack:
        provider = stack.enter_context(serving(Provider(people=people), free_port()))
        proxy = stack.enter_context(proxied(tmp_path / "nginx", instances.ports))
        instances.environment = hosted_behind(provider, tmp_path, proxy)
        for each in instances.stacks:
            stack.enter_context(each)
        for which in (0, 1):
            instances.start(which)
        finished(everybody(proxy))
    published = runs_in(data, "published")
    runs = [*waiting(data), *published]
    assert len(published) == 1 and len(runs) == len(set(runs)) == SUBMITTERS * EACH
    models = {f"killed-{number}-{turn}-" for number in range(SUBMITTERS) for turn in range(EACH)}
    assert {name for name in models if sum(run.startswith(name) for run in runs) == 1} == models
    sent = [event for event in events(data) if event.event == "submit"]
    assert Counter(event.run_id for event in sent) == Counter(runs)
    assert {event.by for event in sent} == {f"{name}@example.org" for name in names}
    assert [finding for finding in verify.verify(data) if finding.severity == "error"] == []
    assert sum(broken.values()) > 0, "the kill came when nobody was there"


def test_a_rolling_restart_is_hardly_seen(tmp_path: Path) -> None:
    data = copy_data(tmp_path / "data")
    (tmp_path / "nginx").mkdir()
    instances = Instances(tmp_path, data)
    over = asyncio.Event()
    refused: list[str] = []
    there: list[Visitor] = []

    async def reader(proxy: Proxy) -> int:
        """How often this reader's page had to connect again."""
        again, visitor = 0, Visitor(proxy.address, proxy.tls, patience=60)
        await visitor.open("method")
        there.append(visitor)
        while not over.is_set():
            for page in ("method", "compare", "samples"):
                try:
                    await visitor.go(page)
                    assert not visitor.alerts()
                    await asyncio.sleep(0.2)
                except Refused as error:
                    refused.append(str(error))
                except BROKEN:
                    again += 1
                    try:
                        await visitor.open(page)
                    except BROKEN as error:
                        refused.append(repr(error))
        await visitor.close()
        return again

    async def everybody(proxy: Proxy) -> tuple[list[int], list[float]]:
        reading = [asyncio.create_task(reader(proxy)) for _ in range(6)]
        while len(there) < len(reading) and not any(task.done() for task in reading):
            await asyncio.sleep(0.05)
        stopped = []
        for which in (0, 1):
            stopped.append(await asyncio.to_thread(instances.stop, which))
            await asyncio.to_thread(instances.start, which)
        over.set()
        return await asyncio.gather(*reading), stopped

    with ExitStack() as stack:
        for each in instances.stacks:
            stack.enter_context(each)
        for which in (0, 1):
            instances.start(which)
        proxy = stack.enter_context(proxied(tmp_path / "nginx", instances.ports))
        again, stopped = finished(everybody(proxy))
    assert refused == []
    assert sum(again) >= 6 and max(again) <= 3  # each reader's instance went away at least once
    assert max(stopped) < 20
