"""Fifty visitors at once, five of them uploading, beside an empty Streamlit page under the same load.

Usage: python -m benchmarks.load [--seconds 240] [--visitors 50] [--uploaders 5] [--think 5] [--instances 2]
                                 [--visits 600]

Visitors speak Streamlit's own protocol (tests/server/visitor.py). Each opens the site as a new browser does, goes
through all pages in an order of its own with a pause before each, types a search, and leaves; then another comes.
An uploader drops a file, fills in the form and publishes. After that, many short visits one after the other show
whether the server's memory grows. Server and visitors share this machine's processors, as the figures show.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import sys
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

from benchmarks.measure import cpu_seconds, megabytes
from tests.make.files import as_json, judged
from tests.server.instance import Instance, copy_data, running
from tests.server.visitor import BROKEN, Visitor
from tests.server.visitor_http import Refused

_HOW_MEMORY = (
    "Eight at a time without pauses, each all pages and a dropped file that is not published; closed pages are "
    "forgotten after 5 s (2 minutes otherwise)."
)
_EMPTY = 'import streamlit as st\n\nst.title("Empty")\nst.text_input("Search")\n'


Act = Callable[[], Coroutine[Any, Any, float]]
Step = Callable[[str, Act], Coroutine[Any, Any, None]]


@dataclass
class Measured:
    """What a load measured. seconds: {kind of interaction: durations}. memory: (seconds since the start, MB)."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    visits: int = 0
    published: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)
    server_cpu: float = 0.0
    visitors_cpu: float = 0.0
    took: float = 0.0

    def add(self, kind: str, seconds: float) -> None:
        self.seconds.setdefault(kind, []).append(seconds)

    def all(self) -> list[float]:
        return [each for kind, found in self.seconds.items() if kind != "first page" for each in found]


@dataclass(frozen=True)
class Load:
    """How many come, for how long, and how long they think before each click (seconds, on average)."""

    seconds: float
    visitors: int
    uploaders: int
    think: float


def of_a_load(about: str | None) -> argparse.ArgumentParser:
    """The options of a command that puts a load on servers."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("seconds", 240.0), ("visitors", 50), ("uploaders", 5), ("think", 5.0), ("instances", 2)):
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    return parser


def main() -> None:
    """Measure both and print Markdown."""
    parser = of_a_load(__doc__)
    parser.add_argument("--visits", type=int, default=600, help="visits of the memory measurement; 0 leaves it out")
    options = parser.parse_args()
    load = Load(options.seconds, options.visitors, options.uploaders, options.think)
    with tempfile.TemporaryDirectory(prefix="siuo-load-") as temporary:
        work = Path(temporary)
        print(
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors shared by server "
            f"and visitors.\n\n## {load.visitors} visitors at once, {load.uploaders} of them uploading\n\n"
            f"{load.seconds:.0f} seconds, pauses of {load.think:g} s on average, instances: {options.instances}.\n",
            flush=True,
        )
        data = copy_data(work / "data")
        with ExitStack() as stack:
            servers = [stack.enter_context(running(work, data, copied=False)) for _ in range(options.instances)]
            ours = asyncio.run(under_load(servers, load, dashboard=True))
        with ExitStack() as stack:
            page = empty_page(work)
            servers = [stack.enter_context(running(work, program=page, copied=False)) for _ in range(options.instances)]
            empty = asyncio.run(under_load(servers, load, dashboard=False))
        print("\n".join(report(ours, empty)), flush=True)
        if options.visits:
            with running(
                work, copy_data(work / "memory"), options={"server.disconnectedSessionTTL": "5"}, copied=False
            ) as server:
                print("\n".join(asyncio.run(many_visits(server, options.visits))), flush=True)
        if ours.errors:
            print("\n" + "\n".join(f"- {error}" for error in sorted(set(ours.errors))))
            sys.exit(1)


def empty_page(work: Path) -> Path:
    """The folder of a Streamlit page with a heading and a field."""
    folder = work / "empty"
    (folder / ".streamlit").mkdir(parents=True)
    (folder / "app.py").write_text(_EMPTY)
    (folder / ".streamlit" / "config.toml").write_text("[server]\nheadless = true\naddress = '127.0.0.1'\n")
    return folder


async def under_load(servers: Sequence[Instance], load: Load, *, dashboard: bool) -> Measured:
    """All visitors at once until the time is over; servers that were just started."""
    told = Measured()
    over = perf_counter() + load.seconds
    watching = asyncio.create_task(watch_memory([server.process.pid for server in servers], told))
    cpu, own = sum(cpu_seconds(server.process.pid) for server in servers), process_time()
    started = perf_counter()

    async def stream(number: int) -> None:
        chance = random.Random(number)
        await asyncio.sleep(chance.uniform(0, min(load.think * 2, load.seconds / 4)))  # not all in the same second
        turn = 0
        while perf_counter() < over:
            turn += 1
            uploads = number < load.uploaders and dashboard
            salt = number * 1_000 + turn
            await visit(
                servers[number % len(servers)], load, told, chance, over, salt if uploads else None, dashboard=dashboard
            )

    await asyncio.gather(*(stream(number) for number in range(load.visitors)))
    told.took = perf_counter() - started
    told.server_cpu = sum(cpu_seconds(server.process.pid) for server in servers) - cpu
    told.visitors_cpu = process_time() - own
    watching.cancel()
    return told


async def visit(
    server: Instance,
    load: Load,
    told: Measured,
    chance: random.Random,
    over: float,
    salt: int | None,
    *,
    dashboard: bool,
) -> None:
    """One visitor from coming to leaving; what went wrong is kept."""

    async def step(kind: str, act: Act) -> None:
        await asyncio.sleep(chance.uniform(0.4, 1.6) * load.think)
        told.add(kind, await act())
        if wrong := visitor.alerts():
            told.errors.append(f"{kind}: {wrong[0][:200]}")

    kind = "first page"
    try:
        async with Visitor(server.address, assets=True) as visitor:
            told.add(kind, await visitor.open())
            told.visits += 1
            if salt is not None:
                kind = "upload"
                await publish(visitor, step, salt, told)
            pages = [page for page in visitor.pages if page] if dashboard else [""] * 10
            for page in chance.sample(pages, len(pages)):
                if perf_counter() > over:
                    return
                kind = "another page" if dashboard else "run"
                await step(kind, partial(visitor.go, page) if dashboard else visitor.again)
                if page == "samples" or not dashboard:
                    kind = "search"
                    await step(kind, lambda: visitor.type("Search", chance.choice(["fire", "child", "road", "pills"])))
    except BROKEN as error:  # counted; the visitor leaves
        told.errors.append(f"{kind}: {type(error).__name__} {str(error)[:200]}")
        await asyncio.sleep(load.think)


async def publish(visitor: Visitor, step: Step, salt: int, told: Measured) -> None:
    """Drop a file of 167 samples, name the run, publish it."""
    await step("another page", lambda: visitor.go("upload"))
    await step("drop a file", lambda: visitor.drop("results.json", file(salt)))
    await step("fill in a field", lambda: visitor.type("Model", f"Load-VL-{salt}"))
    await step("fill in a field", lambda: visitor.type("Judge", "gpt-4o-mini"))
    await step("publish", lambda: visitor.press("Publish"))
    if "is live" not in visitor.words():
        raise Refused(f"not published: {visitor.words()[:200]}")
    told.published += 1


def file(salt: int) -> bytes:
    """A result file unlike the others: verdicts and every response tell the salt."""
    rows = judged(safe=20 + salt % 120, effective=100)
    for row in rows:
        row["responses"] = [f"{text} Visitor {salt}." for text in row["responses"]]
    return as_json(rows)


async def watch_memory(pids: Sequence[int], told: Measured) -> None:
    """A look at the servers' memory each second."""
    started = perf_counter()
    while True:
        told.memory.append((perf_counter() - started, sum(map(megabytes, pids))))
        await asyncio.sleep(1)


def report(ours: Measured, other: Measured, names: tuple[str, str] = ("dashboard", "empty page")) -> list[str]:
    """Two tables: interactions, and what they cost. names: of what was measured."""
    lines = [
        f"| interaction | {names[0]}: n | median | p95 | {names[1]}: n | median | p95 |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in ("first page", "another page", "search", "drop a file", "fill in a field", "publish"):
        beside = other.seconds.get(kind, other.seconds.get("run", []) if kind == "another page" else [])
        lines.append(f"| {kind} | {cells(ours.seconds.get(kind, []))} | {cells(beside)} |")
    lines.append(f"| **all but the first page** | {cells(ours.all())} | {cells(other.all())} |")
    lines += ["", f"| | {names[0]} | {names[1]} |", "|---|---|---|"]
    rows: tuple[tuple[str, Callable[[Measured], str]], ...] = (
        ("visits", lambda told: f"{told.visits:,}"),
        ("runs published", lambda told: f"{told.published:,}"),
        ("errors", lambda told: f"{len(told.errors):,}"),
        ("interactions a second", lambda told: f"{(len(told.all()) + told.visits) / told.took:.1f}"),
        ("servers, of one processor", lambda told: f"{told.server_cpu / told.took:.0%}"),
        ("visitors, of one processor", lambda told: f"{told.visitors_cpu / told.took:.0%}"),
        ("memory of all instances at the start, in the middle, at the end", memory_words),
    )
    for label, say in rows:
        lines.append(f"| {label} | {say(ours)} | {say(other)} |")
    return lines


def cells(seconds: list[float]) -> str:
    """'120 | 85 ms | 210 ms'."""
    if not seconds:
        return "– | – | –"
    high = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return f"{len(seconds):,} | {1000 * median(seconds):.0f} ms | {1000 * high:.0f} ms"


def memory_words(told: Measured) -> str:
    """Megabytes at the start, halfway and at the end (medians of five looks), and the most."""
    held = [each for _, each in told.memory]
    if len(held) < 15:
        return "too short to tell"
    middle = len(held) // 2
    places = (held[:5], held[middle - 2 : middle + 3], held[-5:])
    return ", ".join(f"{median(each):.0f}" for each in places) + f" MB; at most {max(held):.0f}"


async def many_visits(server: Instance, visits: int) -> list[str]:
    """Short visits, eight at a time; the server's memory after each tenth of them."""
    lines = [f"\n## Memory over {visits:,} visits\n\n{_HOW_MEMORY}\n\n| visits | memory | |\n|---|---|---|"]
    told = Measured()
    left = iter(range(visits))
    held: list[tuple[int, float]] = []

    async def stream() -> None:
        for number in left:
            async with Visitor(server.address) as visitor:
                await visitor.open()
                for page in [page for page in visitor.pages if page != "upload"]:
                    await visitor.go(page)
                await visitor.go("upload")
                await visitor.drop("results.json", file(number))
                told.errors += visitor.alerts()
            told.visits += 1
            if told.visits % max(1, visits // 10) == 0:
                held.append((told.visits, megabytes(server.process.pid)))

    started = perf_counter()
    await asyncio.gather(*(stream() for _ in range(8)))
    for done, each in held:
        lines.append(f"| {done:,} | {each:.0f} MB | {each - held[0][1]:+.0f} since the first tenth |")
    grown = (held[-1][1] - held[len(held) // 2][1]) / max(1, held[-1][0] - held[len(held) // 2][0])
    lines += [
        "",
        f"{visits / (perf_counter() - started) * 3600:,.0f} visits an hour at this pace; in the second half "
        f"{1024 * grown:+.0f} KB a visit; {len(told.errors)} errors.",
    ]
    return lines


if __name__ == "__main__":
    main()
