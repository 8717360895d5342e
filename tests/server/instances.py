"""Two instances behind nginx, and people who send runs for review while instances and what they need go away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from tests.browser.driver import free_port
from tests.make.files import as_json, judged
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, running
from tests.server.loops import finished
from tests.server.nginx import Proxy, hosted_behind, proxied
from tests.server.test_nginx import BEHIND
from tests.server.visitor import BROKEN, Visitor

SUBMITTERS, EACH = 6, 4
NAMES = [f"person-{number}" for number in range(SUBMITTERS)]


@dataclass
class Instances:
    """Two instances that can be stopped and started anew on their ports, over one data directory."""

    folder: Path
    data: Path
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])
    stacks: list[ExitStack] = field(default_factory=lambda: [ExitStack(), ExitStack()])
    now: dict[int, Instance] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def place(self, which: int) -> Path:
        """An instance's data directory."""
        return self.data

    def start(self, which: int) -> None:
        self.now[which] = self.stacks[which].enter_context(
            running(
                self.folder, self.place(which), port=self.ports[which], options=BEHIND, environment=self.environment
            )
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


async def submit(visitor: Visitor, model: str, safe: int) -> str:
    """From the open upload page to what the page says after *Send for review*."""
    await visitor.drop("results.json", as_json(judged(safe=safe)))
    await visitor.type("Model", model)
    await visitor.type("Judge", "gpt-4o-mini")
    await visitor.press("Send for review")
    return f"{visitor.words()} {visitor.alerts()}"


def sent_through(
    folder: Path,
    instances: Instances,
    model: str,
    trouble: Callable[[], Awaitable[None]],
    *,
    opened: tuple[str, ...] = (),
    sent: tuple[str, ...] = (),
    patience: float = 60,
) -> Counter[str]:
    """SUBMITTERS people send EACH runs each while `trouble` comes, then a reviewer approves one; what people met.

    model: how the models' names begin. Whatever breaks, they begin anew, as people would; so they do where a page says
    one of `opened` when they open it, or one of `sent` when they send.
    """
    people = {name: {"email": f"{name}@example.org"} for name in (*NAMES, "reviewer")}
    met: Counter[str] = Counter()

    async def insist(proxy: Proxy, cookies: dict[str, str], name: str, safe: int) -> None:
        deadline = monotonic() + 900
        while monotonic() < deadline:
            try:
                async with Visitor(proxy.address, proxy.tls, patience=patience, cookies=dict(cookies)) as visitor:
                    await visitor.open("upload")
                    if any(words in visitor.words() for words in opened):
                        met["told when it was opened"] += 1
                        await asyncio.sleep(0.3)
                        continue
                    said = await submit(visitor, name, safe)
                if "waiting for review" in said or "you sent the same content before" in said:
                    return
                assert any(words in said for words in sent), said
                met["told when it was sent"] += 1
                await asyncio.sleep(0.3)
            except BROKEN as error:
                met[type(error).__name__] += 1
        raise AssertionError("never sent")

    async def signed_in(proxy: Proxy, name: str) -> dict[str, str]:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open()
            await visitor.sign_in(name)
            return visitor.cookies

    async def submitter(proxy: Proxy, number: int, cookies: dict[str, str]) -> None:
        for turn in range(EACH):
            await insist(proxy, cookies, f"{model}-{number}-{turn}", 10 + number * EACH + turn)

    async def everybody(proxy: Proxy) -> None:
        cookies = [await signed_in(proxy, name) for name in NAMES]
        troubles = asyncio.ensure_future(trouble())
        await asyncio.gather(*(submitter(proxy, number, each) for number, each in enumerate(cookies)))
        await troubles
        async with Visitor(proxy.address, proxy.tls, cookies=await signed_in(proxy, "reviewer")) as reviewer:
            await reviewer.open("review")
            await reviewer.press("Approve")
            assert "is published" in reviewer.words()

    (folder / "nginx").mkdir()
    with ExitStack() as stack:
        provider = stack.enter_context(serving(Provider(people=people), free_port()))
        proxy = stack.enter_context(proxied(folder / "nginx", instances.ports))
        instances.environment = hosted_behind(provider, folder, proxy)
        for each in instances.stacks:
            stack.enter_context(each)
        for which in (0, 1):
            instances.start(which)
        finished(everybody(proxy))
    return met


def beginnings(model: str) -> list[str]:
    """How the ids of the runs begin that were sent."""
    return [f"{model.lower()}-{number}-{turn}-" for number in range(SUBMITTERS) for turn in range(EACH)]
