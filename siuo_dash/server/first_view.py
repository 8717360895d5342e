"""The leaderboard's own table in the home page before any script runs: the interactive page takes its place."""

from __future__ import annotations

import html
import logging
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

import anyio.to_thread
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts.colours import Theme
from siuo_dash.charts.figure import FONT
from siuo_dash.server import logs
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import controls, frame, leaderboard, page, streamlit_private
from siuo_dash.ui.board_html import css, table_html
from siuo_dash.ui.streamlit_private import PAGE_ROOT, STORED_THEME

ROWS: Final = 28
"""As many as fit into a window of 1,200 pixels: the interactive table draws the others."""
ID: Final = "siuo-first-view"
SCRIPT_URL: Final = "/first-view.js"
SCRIPT: Final = f"""
// Streamlit's scripts are two megabytes: they wait for the first rows to be painted. A tab out of sight paints nothing.
const view = document.getElementById("{ID}");
const home = location.pathname;
const one = (selector) => document.querySelector(selector);
const start = () => {{
  const held = one("#siuo-scripts");
  if (held) document.head.append(held.content), held.remove();
}};
requestAnimationFrame(() => requestAnimationFrame(start));
setTimeout(start, 1000);
// Gives way to the interactive page: at once where that has something else to say, or is left; else once its table is
// drawn, nothing on it is loading, and the table has not moved for a few frames.
let still = 0, before = "", drawn = 0;
const look = (now) => {{
  if (!view.isConnected) return;
  const table = one(".stBidiComponent .siuo-board tr[data-row]");
  const busy = one("[data-testid=stSkeleton]") || one("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  if (table) {{
    drawn ||= now;
    const {{ top, width }} = table.getBoundingClientRect();
    still = busy || `${{top}} ${{width}}` !== before ? 0 : still + 1;
    before = `${{top}} ${{width}}`;
  }}
  const other = one("[data-testid=stAlert], [data-testid=stException]") || location.pathname !== home;
  if (other || still > 1 || (drawn && now - drawn > 4000)) {{
    view.remove();
    document.documentElement.classList.remove("siuo-first");
  }} else requestAnimationFrame(look);
}};
// As a class: `body:has(…)` in the style would be looked at again with each element that Streamlit adds.
document.documentElement.classList.add("siuo-first");
requestAnimationFrame(look);
"""


_ASKED: Final = re.compile(r"/([A-Za-z0-9_-]{1,60})/?")
"""An address that could be a page's."""


class FirstPage:
    """Adds the first view to the home page's own address; an address with state is left to the interactive page.

    Every page gets the words for when it does not come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, reads = scope.get("path", ""), scope["type"] == "http" and scope["method"] == "GET"
        asked = _ASKED.fullmatch(path)
        known = path.strip("/") in {"", *page.PAGES}
        if not reads or not (known or asked):
            await self.app(scope, receive, send)
            return
        # A packed page could not be looked into or added to; a proxy packs it again.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        if asked and not known:
            await self.app({**scope, "headers": plain}, receive, _leading_home(asked.group(1), scope, receive, send))
            return
        is_home = path == "/" and not scope["query_string"]
        part = await anyio.to_thread.run_sync(_part) if is_home else b""
        whole = _start() + part + WAITING.encode()
        await self.app({**scope, "headers": plain}, receive, _adding(whole, send, waits=bool(part)))


def _leading_home(name: str, scope: Scope, receive: Receive, send: Send) -> Send:
    """Where Streamlit would answer with its page for an address that is no page of ours, lead to the home page.

    Streamlit itself would lay a dialog over it.
    """
    waiting: list[Message] = []

    async def passed_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                waiting.append(message)
            else:
                await send(message)
        elif waiting and PAGE_ROOT in message.get("body", b""):
            waiting.clear()
            await RedirectResponse(f"./?{urlencode({controls.NO_PAGE: name})}", 303)(scope, receive, send)
        else:
            while waiting:
                await send(waiting.pop())
            await send(message)

    return passed_on


async def script(_request: Request) -> Response:
    """What takes the first view away again."""
    return Response(SCRIPT, media_type="text/javascript")


def _adding(part: bytes, send: Send, *, waits: bool) -> Send:
    """Adds a part to Streamlit's page. waits: whether Streamlit's scripts wait for the part's own to start them."""
    started: list[Message] = []
    body = bytearray()

    async def passed_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        whole = bytes(body)
        later = b""
        if waits:
            whole, scripts = streamlit_private.without_scripts(whole)
            later = b'<template id="siuo-scripts">' + scripts + b"</template>"
        whole = whole.replace(PAGE_ROOT, PAGE_ROOT + part + later, 1)
        headers = MutableHeaders(raw=list(started[0]["headers"]))
        headers["content-length"] = str(len(whole))
        for name in ("etag", "last-modified"):  # they are of the file without the addition
            if name in headers:
                del headers[name]
        await send({**started[0], "headers": headers.raw})
        await send({"type": "http.response.body", "body": whole})

    return passed_on


@lru_cache(maxsize=1)
def _start() -> bytes:
    """What every page begins with: the visitor's theme, and the look of the frame."""
    return f"<style>{theme_style()}{frame.STYLE}</style><script>{THEME_SCRIPT}</script>".encode()


def _part() -> bytes:
    """The first view of the data as they are now; nothing where they cannot be read, which the page will say."""
    try:
        store = page.the_store()
        store.refresh()
        with store.reading():
            return _of(store, store.version)
    except Exception as error:  # noqa: BLE001 - the interactive page meets it, too, and says what to do
        logs.event("no first view", level=logging.WARNING, error=error)
        return b""


@lru_cache(maxsize=2)
def _of(store: Store, _version: str) -> bytes:
    first = leaderboard.first(store)
    return first_view(first).encode() if first else b""


def first_view(first: leaderboard.First) -> str:
    """The first rows of a board as the page's own table has them, as a part of a page; every name is escaped."""
    runs = len(first.value["runs"])
    places = _PLACES.format(board=html.escape(first.board), width=controls.width_of(first.board))
    more = f"The first {ROWS} of {runs:,} runs. " if runs > ROWS else ""
    return (
        f"<style>{css()}{_CSS}</style>"
        f'<div id="{ID}" role="region" aria-label="Leaderboard, still loading" tabindex="0">'
        f'<div class="head"><h1>Leaderboard</h1>{places}</div>'
        f'<p class="answer">{first.answer}</p>{table_html(first.value, ROWS)}'
        f"<p>{more}Filters, samples and exports are being loaded.</p>"
        f'</div><script defer src=".{SCRIPT_URL}"></script>'
    )


# The page's own controls, as boxes of their size: what is below them is where the interactive page has it.
_PLACES: Final = (
    '<span class="box" style="width:{width}px">{board}</span><span class="metrics">'
    + "".join(f"<span>{each.label}</span>" for each in METRICS.values())
    + '</span><span class="box" style="width:150px"></span>'
    + '<span class="box icon"></span>' * 3
    + '<span class="box icon copy"></span>'
)
WAITING: Final = f"""
<style>
#siuo-waiting {{ position: fixed; inset: auto 0 0; z-index: 101; padding: 0.8rem 5rem; visibility: hidden;
  font: 15px/1.5 {FONT}; color: var(--first-text); background: var(--first-background);
  border-top: 1px solid var(--first-border); }}
body:has([data-testid="stAppSkeleton"]) #siuo-waiting {{ animation: siuo-waiting 0s 10s forwards; }}
@media (max-width: 760px) {{ #siuo-waiting {{ padding: 0.8rem 1rem; }} }}
@keyframes siuo-waiting {{ to {{ visibility: visible; }} }}
</style>
<div id="siuo-waiting" role="status">This page still waits for the server. If it stays like this, too many pages may be
open from your network's address, or something on the way blocks WebSockets: close pages that you do not need, sign in
on one that is open, or reload this one in a few minutes.</div>
"""
"""Said under any page whose grey bars stay; by styles alone, so that it needs nothing that may not have come."""

# Below Streamlit's own head, which comes up behind it, and where the interactive page will be, which stays hidden so
# long. Pixels: how long a rem is changes while the page is loading.
_CSS: Final = f"""
#{ID} {{ position: fixed; inset: 56px 0 0; overflow: auto; z-index: 100; padding: 13.2px 28.5px 30px;
  font: 15px/1.6 {FONT}; --st-font: {FONT}; --st-primary-color: var(--first-primary);
  --st-background-color: var(--first-background); --st-secondary-background-color: var(--first-secondary);
  --st-text-color: var(--first-text); --st-link-color: var(--first-link); --st-border-color: var(--first-border);
  color: var(--first-text); background: var(--first-background); }}
.siuo-first [data-testid="stMain"] > * {{ content-visibility: hidden; }}
#{ID} .head {{ position: relative; padding-right: 50px; display: flex; flex-wrap: wrap; align-items: center;
  gap: 7.5px; }}
#{ID} h1 {{ font: 700 21.75px/36px {FONT}; margin: 0; white-space: nowrap; }}
#{ID} .box {{ box-sizing: border-box; height: 37.5px; border: 1px solid var(--first-border);
  border-radius: 6px; padding: 0 8px; line-height: 35px; font-size: 14px; white-space: nowrap; overflow: hidden;
  background: var(--first-secondary); }}
#{ID} .metrics {{ display: flex; box-sizing: border-box; height: 30px; border: 1px solid var(--first-border);
  border-radius: 6px; line-height: 28px; font-size: 14px; white-space: nowrap; overflow: hidden; }}
#{ID} .metrics span {{ padding: 0 15px; }}
#{ID} .metrics span + span {{ border-left: 1px solid var(--first-border); }}
#{ID} .icon {{ width: 52px; background: none; }}
#{ID} .copy {{ width: 40px; position: absolute; top: 0; right: 0; }}
#{ID} .answer {{ margin: 8px 0 7.5px; font-size: 15px; line-height: 24px; }}
#{ID} .answer a {{ color: var(--first-link); }}
@media (max-width: 760px) {{
  #{ID} {{ padding: 11.5px 12px 30px; }}
  #{ID} h1 {{ font-size: 18.75px; line-height: 27px; }}
  #{ID} .head {{ padding-right: 0; }}
  #{ID} .copy {{ display: none; }}
}}
"""


THEME_SCRIPT: Final = f"""try {{
  const kept = JSON.parse(localStorage.getItem({STORED_THEME}));
  if (kept === "Light" || kept === "Dark") document.documentElement.dataset.first = kept.toLowerCase();
}} catch {{}}"""
"""In the page itself, by its hash in the content security policy: a script that is fetched comes after a paint."""
_COLOURS: Final = {
    "primary": "primaryColor",
    "background": "backgroundColor",
    "secondary": "secondaryBackgroundColor",
    "text": "textColor",
    "link": "linkColor",
    "border": "borderColor",
}


def theme_style() -> str:
    """The colours of both themes as variables --first-…, and the paper behind a page that is not drawn yet."""
    light, dark = _colours("light"), _colours("dark")
    return (
        f"html {{ {light} background: var(--first-background); }}"
        f"@media (prefers-color-scheme: dark) {{ html:not([data-first=light]) {{ {dark} }} }}"
        f"html[data-first=dark] {{ {dark} }}"
    )


def _colours(theme: Theme) -> str:
    found = {name: st.get_option(f"theme.{theme}.{option}") for name, option in _COLOURS.items()}
    return " ".join(f"--first-{name}: {colour};" for name, colour in found.items()) + f" color-scheme: {theme};"
