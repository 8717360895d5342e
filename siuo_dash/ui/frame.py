"""What is around every page: the mark, links to the benchmark, one line of controls, one sentence, room for the result.

A page opens its head, draws its choices in it, and answers its question in one sentence; the sentence and the tools can
be filled in later, when the result is known, and are above it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

import streamlit as st

from siuo_dash.charts.colours import DARK_CHIPS, ink
from siuo_dash.ui import address, browser
from siuo_dash.ui.display import plain

LOGO: Final = """<svg xmlns="http://www.w3.org/2000/svg" width="176" height="32" viewBox="0 0 176 32" role="img">
<title>SIUO dashboard</title><path fill="#0072B2" d="M14 2 3 6v9c0 7 4.6 12.4 11 15 6.4-2.6 11-8 11-15V6z"/>
<path d="m8.5 15 4 4 7-8" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>
<text x="33" y="22" font-family="sans-serif" font-size="17" font-weight="700"
 fill="{ink}">SIUO dashboard</text></svg>"""
LINKS: Final = {
    "Paper": "https://arxiv.org/abs/2406.15279",
    "Benchmark": "https://sinwang20.github.io/SIUO",
    "Repository": "https://github.com/sinwang20/SIUO",
}
"""The benchmark's own pages."""

# The first 56 px are Streamlit's bar. The line of controls needs no label above it: each has a name for
# screen readers, and icons have a hint.
STYLE: Final = """
[data-testid="stMainBlockContainer"] { padding: 4.1rem 1.9rem 2rem; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.5rem; }
[data-testid="stMainBlockContainer"] h2 { font-size: 1.3rem; padding: 0.7rem 0 0.6rem; }
[data-testid="stMainBlockContainer"] h3 { font-size: 1.1rem; padding: 0.5rem 0 0; }
.st-key-head h1 { font-size: 1.45rem; padding: 0; line-height: 2.4rem; overflow-wrap: anywhere; }
.st-key-head { position: relative; box-sizing: border-box; padding-right: 50px; }
.st-key-head, .st-key-head [data-testid="stHorizontalBlock"] { gap: 0.5rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-copy-link) { position: absolute; top: 0; right: 0; z-index: 10; }
[data-testid="stSelectbox"] input { text-overflow: ellipsis; }
.st-key-head [data-tag]:not(:only-child) { max-width: 5rem; }
.st-key-elsewhere button { min-height: 1.5rem; max-width: 100%; white-space: normal; text-align: left; }
[data-testid="stLayoutWrapper"]:has(> :is(.st-key-controls, .st-key-tools)), .st-key-controls, .st-key-tools {
  display: contents; }
[class*="st-key-icon-"] button [data-testid="stMarkdownContainer"] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.st-key-chosen-filters button { min-height: 1.75rem; padding: 0 0.6rem; }
.st-key-notes p, .st-key-answer p { font-size: 1rem; margin: 0; }
:is(.st-key-answer, .st-key-notes) [data-testid="stMarkdownContainer"] { margin: 0; }
.st-key-footer p { font-size: 0.87rem; }
.st-key-links { position: fixed; top: 1.05rem; right: 3.6rem; z-index: 999991; width: auto; }
.st-key-links a { color: inherit; text-decoration: none; font-size: 0.87rem; margin-left: 1rem; }
.st-key-links a:hover, .st-key-links a:focus-visible { text-decoration: underline; }
.st-key-account { position: fixed; top: 0.6rem; right: 3.2rem; z-index: 999991; width: auto; max-width: 15rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-account) { position: absolute; }
body:has(.st-key-account) .st-key-links { right: 18.5rem; }
:is([data-testid="stHeader"], [data-testid="stSidebar"]) a:focus-visible { outline: 2px solid; outline-offset: -2px; }
[data-testid="stExpandSidebarButton"] { width: auto; padding-right: 0.5rem; }
[data-testid="stExpandSidebarButton"]::after { content: "Menu"; }
@media (max-width: 1000px) { [class*="st-key-beside"] [data-testid="stColumn"] { min-width: 100%; } }
@media (max-width: 1240px) { .st-key-links { display: none; } }
@media (max-width: 1420px) { body:has(.st-key-account) .st-key-links { display: none; } }
@media (max-width: 760px) {
  [data-testid="stMainBlockContainer"] { padding: 4rem 0.8rem 2rem; }
  .st-key-head { padding-right: 0; }
  .st-key-head h1 { font-size: 1.25rem; line-height: 1.8rem; }
  [data-testid="stLayoutWrapper"]:has(> .st-key-copy-link) { position: fixed; top: 9px; right: 12px; z-index: 999991; }
  .st-key-section button { padding-inline: 0.5rem; }
  .st-key-account { right: 56px; }
  .st-key-account > * button [data-testid="stMarkdownContainer"] {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
}
"""
"""In the page before any script runs (server.first_view), so that nothing moves when the page is drawn."""


@dataclass
class Head:
    """The places above a page's result."""

    tools: Any
    chips: Any
    notes: Any
    answer: Any


_head: ContextVar[Head | None] = ContextVar("head", default=None)


def around() -> None:
    """The mark, which leads home, the benchmark's links, and the look of every page."""
    theme = browser.theme()
    st.logo(LOGO.replace("{ink}", ink(theme)), size="large")
    with st.container(key="links"):
        st.html(" ".join(f'<a href="{url}" target="_blank" rel="noopener">{name}</a>' for name, url in LINKS.items()))
    if theme == "dark":
        st.html(DARK_CHIPS)


@contextmanager
def head(title: str, *, copy: bool = True) -> Iterator[None]:
    """A page's first line: its title, what is drawn inside this block, and its tools, the last of them Copy link."""
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.title(title, anchor=False, width="content")
        controls = st.container(horizontal=True, vertical_alignment="center", width="content", key="controls")
        tools = st.container(horizontal=True, vertical_alignment="center", width="content", key="tools")
        if copy:
            with st.container(width="content", key="copy-link"):
                browser.copy_link(key="copy", data=None)
        browser.history(key="history", data=None, on_link_change=_follow)
    chips, notes, said = (st.container(key=key) for key in ("chips", "notes", "answer"))
    _head.set(Head(tools, chips, notes, said))
    with controls:
        yield


def _follow() -> None:
    """Take over what a link of the answer asks for: a board, a metric."""
    asked = parse_qs(str(st.session_state["history"].get("link") or "").lstrip("?"))
    for name in ("board", "metric"):
        if name in asked:
            address.choose(name, asked[name])


def tools() -> Any:
    """Where a page's small tools go: filters, columns, exports. To be used with `with`."""
    return _placed().tools


def chips() -> Any:
    """Where the chosen filters are shown, each with a way to remove it. To be used with `with`."""
    return _placed().chips


def notes() -> Any:
    """Where a page says what else it found. To be used with `with`."""
    return _placed().notes


def note(words: str) -> None:
    """Say above the answer what is not as the visitor asked. words: plain text."""
    _placed().notes.markdown(f":orange[:material/info:] {plain(words)}")


def answer(words: str, caveat: str = "") -> None:
    """The sentence that answers the page's question, above the result. words, caveat: Markdown, names escaped."""
    if words or caveat:
        _placed().answer.markdown(words + (f" :gray[{caveat}]" if caveat else ""))


def end() -> None:
    """Name what the address asks for and no choice of the page knows; to be called once all choices are drawn."""
    for words in address.unknown():
        note(words)


def _placed() -> Head:
    head_ = _head.get()
    if head_ is None:
        raise RuntimeError("a page opens its head first")
    return head_
