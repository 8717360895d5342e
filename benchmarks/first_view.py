"""First view and a filter in Chromium, beside an empty Streamlit page and a Gradio table of the same rows."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import head, in_turn, line, ratio, words
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.server.first_view import ID as FIRST_VIEW
from siuo_dash.store.engine.database import Store
from tests.browser.driver import ROOT, free_port, served, wait_for_server
from tests.browser.find_browser import FLAGS, find_browser

GRADIO = ROOT / ".venv-gradio" / "bin" / "python"
TABLE = "[data-testid='stDataFrame'] canvas"
OURS = f"body:not(:has(#{FIRST_VIEW})) .stBidiComponent .siuo-board tr[data-row]"
"""The leaderboard's table once it has taken the place of the first view."""
HEAD = head(
    "runs",
    "first rows",
    *("empty Streamlit page", "ratio", "Gradio table", "ratio"),
    *("interactive table", "to the empty page", "bare st.dataframe", "found while typing", "search answered"),
)
_EMPTY = 'import streamlit as st\n\nst.title("Empty")\n'
_BARE = 'import pandas as pd\nimport streamlit as st\n\nst.title("Bare")\nst.dataframe(pd.read_parquet({rows!r}))\n'
_SEEN = "(wanted) => [...document.querySelectorAll(wanted)].some((each) => each.getBoundingClientRect().width > 0)"
_SAID = """(words) =>
  [...document.querySelectorAll(".st-key-chosen-filters")].some((each) => each.textContent.includes(words))"""
_TYPED = """async (words) => {
  const field = document.querySelector(".st-key-q input");
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, words);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return (performance.now() - began) / 1000;
}"""
"""Seconds from a letter in the search field until the frame with its rows is drawn."""
_GRADIO = """
import sys
import gradio as gr
import pandas as pd

frame = pd.read_parquet(sys.argv[1])
with gr.Blocks() as page:
    gr.Markdown("# Table")
    gr.Dataframe(frame, interactive=False, max_height=600)
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[2]), quiet=True)
"""


def run(folder: Path, runs: int, work: Path) -> list[str]:
    """A line of a Markdown table: the first view, the interactive table, and a search typed into the leaderboard."""
    frame = leaderboard(Store(folder), Filters(), METRICS["safe"])
    shown = frame[["model", "organization", "params_b", "judge", "safe_rate", "safe_k", "safe_n", "effective_rate"]]
    rows = work / f"rows-{runs}.parquet"
    shown.to_parquet(rows)
    with ExitStack() as stack:
        ours = stack.enter_context(served(folder, False))
        empty = stack.enter_context(_streamlit_page(work, "empty", _EMPTY))
        bare = stack.enter_context(_streamlit_page(work, "bare", _BARE.format(rows=str(rows))))
        gradio = stack.enter_context(_gradio_page(work, rows)) if GRADIO.exists() else None
        browser = stack.enter_context(_chromium())
        candidates = {
            "dashboard": lambda: _first_view(browser, ours, f"#{FIRST_VIEW} td, {OURS}"),
            "interactive": lambda: _first_view(browser, ours, OURS),
            "empty": lambda: _first_view(browser, empty, "h1"),
            "bare table": lambda: _first_view(browser, bare, TABLE),
        }
        if gradio is not None:
            candidates["gradio"] = lambda: _first_view(browser, gradio, "span[data-editable]")
        seconds = in_turn(candidates)
        typed, filtered = _filter(browser, ours)
    cells = [f"{runs:,}", words(seconds["dashboard"])]
    for other in ("empty", "gradio"):
        known = other in seconds
        cells.append(words(seconds[other]) if known else "not installed")
        cells.append(f"{ratio(seconds, 'dashboard', other):.2f}" if known else "–")
    cells += [words(seconds["interactive"]), f"{ratio(seconds, 'interactive', 'empty'):.2f}"]
    cells += [words(seconds["bare table"]), words(typed), words(filtered)]
    return [line(*cells)]


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def _streamlit_page(work: Path, name: str, text: str) -> Iterator[str]:
    script = work / f"{name}.py"
    script.write_text(text)
    port = free_port()
    options = ["--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    with _process(command, f"http://127.0.0.1:{port}", "/_stcore/health", work) as address:
        yield address


@contextmanager
def _gradio_page(work: Path, rows: Path) -> Iterator[str]:
    script = work / "gradio_table.py"
    script.write_text(_GRADIO)
    port = free_port()
    environment = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    command = [str(GRADIO), str(script), str(rows), str(port)]
    with _process(command, f"http://127.0.0.1:{port}", "/", work, environment) as address:
        yield address


@contextmanager
def _process(
    command: list[str], address: str, ready: str, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[str]:
    server = subprocess.Popen(
        command, cwd=folder, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_server(server, address + ready)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _first_view(browser: Browser, address: str, visible: str) -> None:
    """A fresh context, so nothing is cached; until what the page is for can be seen.

    Looked for at every frame: waiting for a locator looks less and less often, up to half a second apart.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_function(_SEEN, arg=visible, timeout=120_000)
    context.close()


def _filter(browser: Browser, address: str) -> tuple[list[float], list[float]]:
    """Seconds from a letter in the search field to its rows, and from Enter until the filter is named on the page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator(OURS).first.wait_for(timeout=120_000)
    typed = [page.evaluate(_TYPED, text) for text in ("o", "", "m", "", "1", "", "e")]
    page.evaluate(_TYPED, "")
    names = itertools.count()
    seconds = in_turn({"search": lambda: _search(page, f"Model {next(names)}")}, rounds=7, warm_up=1)["search"]
    page.close()
    return typed, seconds


def _search(page: Page, text: str) -> None:
    field = page.get_by_role("textbox", name="Find a model")
    field.fill(text)
    field.press("Enter")
    page.wait_for_function(_SAID, arg=f"contains “{text}”", timeout=60_000)
