"""Two instances over one data directory: one is killed while people submit, both are restarted while people read."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from siuo_dash.store import verify
from tests.make.registry import events, runs_in
from tests.server.instance import copy_data
from tests.server.instances import EACH, NAMES, SUBMITTERS, Instances, beginnings, sent_through
from tests.server.loops import finished
from tests.server.nginx import HELP, Proxy, at_hand, proxied
from tests.server.visitor import BROKEN, Visitor
from tests.server.visitor_http import Refused

pytestmark = [
    pytest.mark.skipif(not at_hand(), reason=HELP),
]


def waiting(data: Path) -> list[str]:
    return runs_in(data, "pending")


def test_a_killed_instance_loses_and_doubles_no_submission(tmp_path: Path) -> None:
    """Hosted, behind nginx: six people who have signed in send four runs each, and each instance is killed once."""
    data = copy_data(tmp_path / "data")
    instances = Instances(tmp_path, data)

    async def killer() -> None:
        for which, after in ((0, 3), (1, 11)):
            while len(waiting(data)) < after:
                await asyncio.sleep(0.005)
            await asyncio.to_thread(instances.kill, which)
            await asyncio.to_thread(instances.start, which)

    broken = sent_through(tmp_path, instances, "Killed", killer)
    published = runs_in(data, "published")
    runs = [*waiting(data), *published]
    assert len(published) == 1 and len(runs) == len(set(runs)) == SUBMITTERS * EACH
    assert all(sum(run.startswith(name) for run in runs) == 1 for name in beginnings("Killed"))
    sent = [event for event in events(data) if event.event == "submit"]
    assert Counter(event.run_id for event in sent) == Counter(runs)
    assert {event.by for event in sent} == {f"{name}@example.org" for name in NAMES}
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
