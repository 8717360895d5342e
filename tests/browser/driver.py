"""Starts the dashboard, and waits for its pages as a person would."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Error, Locator, Page, TimeoutError

from tests.make.program import ROOT as ROOT
from tests.make.program import Program

PATIENCE = 300_000
"""Milliseconds that anything may take on a machine with other work; a test that passes never waits for them."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data: Path | None = None, copied: bool = True, /, **environment: str) -> Iterator[str]:
    """The dashboard on a free port of this machine; yields its address.

    data: in place of the shipped data. copied: False where the time from its start is measured (tests/make/program.py).
    """
    port = free_port()
    settings = os.environ | environment | ({"SIUO_DATA": str(data)} if data else {})
    # Nothing under test changes the program: watching its folders would only cost time.
    options = ["--server.port", str(port), "--server.fileWatcherType", "none"]
    command = ["streamlit", "run", "app.py", *options]
    server: Program | subprocess.Popen[bytes]
    if copied:
        server = Program(*command, environment=settings)
    else:
        command = [sys.executable, "-m", *command]
        server = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_server(server, f"{address}/_stcore/health")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=120)


def wait_for_server(server: Program | subprocess.Popen[bytes], url: str) -> None:
    """Until a server answers; RuntimeError when it ends or five minutes are over."""
    deadline = monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            if monotonic() > deadline or server.poll() is not None:
                raise RuntimeError("the dashboard did not start") from None
            sleep(0.1)


def settled(page: Page, *, complete: bool = False) -> None:
    """Wait until Streamlit has run the page to its end and nothing on it is stale or still loading.

    complete: also until the work that a page does not wait for, such as rank ranges, is shown.
    """
    page.wait_for_selector("h1", timeout=PATIENCE)
    page.wait_for_function(
        """() => {
          const app = document.querySelector('[data-testid="stApp"]');
          return app && app.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]');
        }""",
        timeout=PATIENCE,
    )
    if complete:
        page.wait_for_function("() => !document.querySelector('[class*=\"st-key-waiting\"]')", timeout=PATIENCE)
        settled(page)


def into_view(what: Locator) -> None:
    """Scroll there; a page that is drawn again in that moment has taken away what was about to be scrolled to."""
    for _ in range(10):
        try:
            return what.scroll_into_view_if_needed()
        except TimeoutError:
            raise
        except Error:
            continue
    raise AssertionError(f"{what} is never there for long")


def click_mark(page: Page, x: float, y: float, leads_to: Locator) -> None:
    """Click a mark of a chart as a person does, until what it leads to is there.

    Its hover text comes first: without it plotly knows no mark. A busy machine may draw the chart again under the
    mouse, between press and release, and a person would click a second time.
    """
    deadline = monotonic() + PATIENCE / 1000
    while monotonic() < deadline:
        page.mouse.move(x, y)
        page.locator(".hoverlayer .hovertext").first.wait_for()
        page.mouse.click(x, y)
        with suppress(TimeoutError):
            leads_to.wait_for(timeout=20_000)
            return
        page.mouse.move(0, 0)
    raise AssertionError(f"the click never led to {leads_to}")


def choose_judge(page: Page, name: str) -> None:
    """On the upload page: choose a judge that runs have, or type a new one; the list closes when the page moves."""
    settled(page)
    box = page.get_by_role("combobox", name="Judge *")
    for _ in range(10):
        box.fill(name)
        with suppress(TimeoutError):
            words = re.escape(name).replace("/", r"\/")  # which ends a pattern in the browser
            page.get_by_role("option", name=re.compile(f"^(Add: )?{words}$")).click(timeout=3_000)
            return settled(page)
        page.keyboard.press("Escape")
    raise AssertionError(f"{name} cannot be chosen as the judge")
