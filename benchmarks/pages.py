"""Processor time of each page on the server: the first time after the data changed, and shown again."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median
from time import process_time

import streamlit as st
from streamlit.testing.v1 import AppTest

from benchmarks.measure import head, line
from siuo_dash.ui.page import PAGES
from tests.conftest import ROOT

ROUNDS = 5
HEAD = head("runs", "page", "first time", "again")


def run(folder: Path, runs: int) -> list[str]:
    """Lines of a Markdown table, one a page. The store is read before, as a server does before its first visitor."""
    os.environ["SIUO_DATA"] = str(folder)
    st.cache_resource.clear()
    st.cache_data.clear()
    lines = []
    for url, page in PAGES.items():
        if url == "review":  # only for reviewers
            continue
        first = _seconds(page.file)
        again = [_seconds(page.file) for _ in range(ROUNDS)]
        lines.append(line(f"{runs:,}", url, f"{1000 * first:.0f} ms", f"{1000 * median(again):.0f} ms"))
    return lines


def _seconds(file: str) -> float:
    """Of a new visitor; the first page that a visit opens is not counted."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).run()
    start = process_time()
    app.switch_page(f"pages/{file}").run()
    seconds = process_time() - start
    if app.exception:
        raise SystemExit(f"{file}: {app.exception[0].value}")
    return seconds
