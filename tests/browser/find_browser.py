"""Finds a Chromium for the browser tests, and installs one where none is there.

Tried in this order: CHROMIUM, a browser on the PATH, playwright's own, the system's package manager (as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HELP = (
    "No browser for the tests. Install Chromium (Debian: apt-get install chromium; "
    "elsewhere: .venv/bin/playwright install chromium), or name one with CHROMIUM=/path/to/it."
)


def find_browser() -> str | None:
    """The path of a browser that is there, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None) or _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install() -> None:
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in commands:
        print(f"$ {' '.join(command)}", flush=True)
        # A command that fails is told by the next look, which says what to do.
        subprocess.run(command, check=False, timeout=900, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
        if find_browser():
            return


def main() -> int:
    """0 when a browser is there (or could be installed with --install), else 1 and what to install."""
    if find_browser() is None and "--install" in sys.argv:
        _install()
    browser = find_browser()
    print(f"browser for the tests: {browser}" if browser else HELP)
    return 0 if browser else 1


if __name__ == "__main__":
    raise SystemExit(main())
