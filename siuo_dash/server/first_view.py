"""The leaderboard as plain HTML in the home page: it is read while the interactive page is still loading."""

from __future__ import annotations

import html
import logging
from functools import lru_cache
from typing import Any, Final

import anyio.to_thread
import pandas as pd
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import colours
from siuo_dash.charts.figure import FONT
from siuo_dash.report.leaderboard import COLUMNS, SENTENCE
from siuo_dash.server import logs
from siuo_dash.store.engine.database import Store
from siuo_dash.text import fraction, interval, missing
from siuo_dash.ui import page
from siuo_dash.ui.streamlit_private import PAGE_ROOT

ROWS: Final = 20
"""As many as the interactive table shows before it scrolls."""
ID: Final = "siuo-first-view"
SCRIPT_URL: Final = "/first-view.js"
SCRIPT: Final = f"""
// Gives way to the interactive page once its table is drawn, once it has something to say instead, or is left.
const view = document.getElementById("{ID}");
const home = location.pathname;
const ready = "[data-testid='stDataFrame'] canvas, [data-testid='stAlert'], [data-testid='stException']";
const leave = () => {{ observer.disconnect(); view.remove(); }};
const observer = new MutationObserver(() => {{
  if (document.querySelector(ready) || location.pathname !== home) requestAnimationFrame(leave);
}});
if (view) observer.observe(document.getElementById("root"), {{ childList: true, subtree: true }});
"""


class FirstPage:
    """Adds the first view to the home page's own address; an address with state is left to the interactive page.

    Every page gets the words for when it does not come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or path.strip("/") not in {"", *page.PAGES}:
            await self.app(scope, receive, send)
            return
        # A packed page could not be added to; a proxy packs it again.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        is_home = path == "/" and not scope["query_string"]
        part = await anyio.to_thread.run_sync(_part) if is_home else b""
        await self.app({**scope, "headers": plain}, receive, _adding(part + WAITING.encode(), send))


async def script(_request: Request) -> Response:
    """What takes the first view away again."""
    return Response(SCRIPT, media_type="text/javascript")


def _adding(part: bytes, send: Send) -> Send:
    started: list[Message] = []
    body = bytearray()

    async def passed_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        whole = bytes(body).replace(PAGE_ROOT, PAGE_ROOT + part, 1)
        headers = MutableHeaders(raw=list(started[0]["headers"]))
        headers["content-length"] = str(len(whole))
        for name in ("etag", "last-modified"):  # they are of the file without the addition
            if name in headers:
                del headers[name]
        await send({**started[0], "headers": headers.raw})
        await send({"type": "http.response.body", "body": whole})

    return passed_on


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
    boards = queries.boards(store)
    if not boards:
        return b""
    frame = leaderboard(store, Filters(board=boards[0].id), METRICS["safe"])
    return first_view(frame, boards[0].label).encode()


def first_view(frame: pd.DataFrame, board: str) -> str:
    """The first rows of a board with rates, intervals and counts, as a part of a page; every name is escaped.

    frame: as `analysis.leaderboard.leaderboard` gives it, in rank order. board: its label.
    """
    head = "".join(f"<th>{html.escape(COLUMNS[name].label)}</th>" for name in ("rank", "model", *METRICS))
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in frame.head(ROWS).to_dict("records"))
    more = f" The first {ROWS} of {len(frame)} runs." if len(frame) > ROWS else ""
    return (
        f'<style>{_CSS}</style><div id="{ID}" role="region" aria-label="Leaderboard, still loading" tabindex="0">'
        f"<h1>Leaderboard</h1><p>{html.escape(SENTENCE)}</p>"
        f"<p><strong>{html.escape(board)}</strong>, ranked by Safe: percent, Wilson 95 % interval, count.{more}</p>"
        f'<div role="region" aria-label="Leaderboard" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        "<p>Filters, charts, samples and exports are being loaded.</p>"
        f'</div><script defer src=".{SCRIPT_URL}"></script>'
    )


def _cells(row: dict[Any, Any]) -> str:
    rank = "" if pd.isna(row["rank"]) else f"{row['rank']:.0f}"
    cells = f"<td>{rank}</td><td>{html.escape(str(row['model']))}</td>"
    for name in METRICS:
        rate, low, high, k, n = (row[f"{name}_{part}"] for part in ("rate", "low", "high", "k", "n"))
        if pd.isna(rate):
            cells += f"<td>{missing(str(row['evidence']))}</td>"
        else:
            beside = f"{interval(low, high)} · {fraction(k, n)}"
            cells += f"<td>{100 * rate:.2f} <small>{beside}</small></td>"
    return cells


def _colours(theme: colours.Theme) -> str:
    return f"color: {colours.ink(theme)}; background: {colours.paper(theme)}; --line: {colours.grid(theme)};"


WAITING: Final = f"""
<style>
#siuo-waiting {{ position: fixed; inset: auto 0 0; z-index: 101; padding: 0.8rem 5rem; visibility: hidden;
  font: 15px/1.5 {FONT}; {_colours("light")} border-top: 1px solid var(--line); }}
body:has([data-testid="stAppSkeleton"]) #siuo-waiting {{ animation: siuo-waiting 0s 10s forwards; }}
@media (max-width: 760px) {{ #siuo-waiting {{ padding: 0.8rem 1rem; }} }}
@media (prefers-color-scheme: dark) {{ #siuo-waiting {{ {_colours("dark")} }} }}
@keyframes siuo-waiting {{ to {{ visibility: visible; }} }}
</style>
<div id="siuo-waiting" role="status">This page still waits for the server. If it stays like this, too many pages may be
open from your network's address, or something on the way blocks WebSockets: close pages that you do not need, sign in
on one that is open, or reload this one in a few minutes.</div>
"""
"""Said under any page whose grey bars stay; by styles alone, so that it needs nothing that may not have come."""

# Below Streamlit's own head, which comes up behind it, and where the interactive page will stand.
_CSS: Final = f"""
#{ID} {{ position: fixed; inset: 3.75rem 0 0; overflow: auto; z-index: 100; padding: 5.1rem 5rem 2rem;
  font: 15px/1.5 {FONT}; {_colours("light")} }}
#{ID} h1 {{ font-size: 2.4rem; font-weight: 700; margin: 0 0 0.6rem; line-height: 1.2; }}
#{ID} p {{ margin: 0 0 0.8rem; }}
#{ID} div {{ overflow-x: auto; }}
#{ID} table {{ border-collapse: collapse; }}
#{ID} th, #{ID} td {{ text-align: left; padding: 0.25rem 0.8rem 0.25rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; min-width: 2.5rem; }}
#{ID} td:nth-child(2) {{ min-width: 7rem; }}
#{ID} small {{ white-space: nowrap; font-size: 0.85em; }}
@media (max-width: 760px) {{ #{ID} {{ padding: 3.2rem 1rem 2rem; }} #{ID} small {{ display: block; }} }}
@media (prefers-color-scheme: dark) {{ #{ID} {{ {_colours("dark")} }} }}
"""
