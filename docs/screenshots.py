"""Takes the pictures of docs/screenshots anew: every page, light and dark, 1280 and 390 px wide.

Usage: python docs/screenshots.py [--only URL] [--to FOLDER]. It starts the dashboard on the shipped data and a
system Chromium (or the browser that CHROMIUM names).
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from siuo_dash.view.shell import HOME, PAGES  # noqa: E402

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PARAMS: dict[str, str] = {}


def chromium() -> str | None:
    """The browser that is installed; None = playwright's own."""
    named = os.environ.get("CHROMIUM")
    return named or next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@contextmanager
def dashboard(data: Path | None = None) -> Iterator[str]:
    """The dashboard on a free port of this machine; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | ({"SIUO_DATA": str(data)} if data else {})
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                if monotonic() > deadline or server.poll() is not None:
                    raise RuntimeError("the dashboard did not start") from None
                sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def settled(page: Page) -> None:
    """Wait until Streamlit has run the page, every chart is drawn, and the view has stood still."""
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_function(
        """() => {
          const app = document.querySelector('[data-testid="stApp"]');
          return app && app.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-testid="stSkeleton"], [data-stale="true"]');
        }""",
        timeout=60_000,
    )
    page.wait_for_load_state("networkidle")


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="the address name of one page")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with dashboard(options.data) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for url in PAGES:
            if options.only not in (None, url):
                continue
            for scheme in ("light", "dark"):
                for width in (1280, 390):
                    context = browser.new_context(
                        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
                    )
                    page = context.new_page()
                    page.goto(f"{address}/{'' if url == HOME else url}?{PARAMS.get(url, '')}")
                    settled(page)
                    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(int(height) + 80, 6000)})
                    settled(page)
                    page.screenshot(path=options.to / f"{url}-{scheme}-{width}.png")
                    context.close()
        browser.close()


if __name__ == "__main__":
    main()
