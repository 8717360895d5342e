"""What a page's script costs on the server, the first time after the data changed and again."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from time import perf_counter

import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.measure import head, line
from tests.conftest import ROOT

PAGES = {
    "leaderboard": "pages/rankings/leaderboard.py",
    "domains": "pages/rankings/domains.py",
    "capabilities": "pages/rankings/capabilities.py",
    "trade-off": "pages/rankings/tradeoff.py",
    "findings": "pages/rankings/findings.py",
    "reliability": "pages/inspect/reliability.py",
}
ROUNDS = 5
HEAD = head("runs", "page", "first time", "again")


def run(folder: Path, runs: int) -> list[str]:
    """Lines of a Markdown table, one a page. The store is read before, as a server does before its first visitor."""
    os.environ["SIUO_DATA"] = str(folder)
    st.cache_resource.clear()
    st.cache_data.clear()
    lines = []
    for name, file in PAGES.items():
        first = _seconds(file)
        again = [_seconds(file) for _ in range(ROUNDS)]
        lines.append(line(f"{runs:,}", name, f"{1000 * first:.0f} ms", f"{1000 * median(again):.0f} ms"))
    return lines


def _seconds(file: str) -> float:
    """A new visitor's; the first page that a visit opens is not counted."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).run()
    start = perf_counter()
    app.switch_page(file).run()
    seconds = perf_counter() - start
    if app.exception:
        raise SystemExit(f"{file}: {app.exception[0].value}")
    return seconds
