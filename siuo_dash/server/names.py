"""Under which names, and from whose pages, the dashboard may be asked.

A page of another site can point a name of its own at this machine, and another program's page on this machine shares
its name and cookies; the browser says both, in Host and Origin, and no page can change either.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from siuo_dash.server.api.sharing import is_shared
from siuo_dash.ui import identity
from siuo_dash.ui.streamlit_private import OPERATORS, PROBES, is_host_allowed, site_name

BY_ADDRESS: Final = ("/healthz", "/metrics", PROBES[0], *OPERATORS)
"""Also answered to who names an IP address, or nothing: a load balancer and a monitor know no other name."""
_WRONG_NAME: Final = (
    "This dashboard does not answer under this name. Whoever runs it says under which ones it does: "
    "STREAMLIT_SERVER_ALLOWED_HOSTS (docs/hosting.md).\n"
)
_WRONG_PAGE: Final = "This was asked by a page of another site, or of another program. Open the dashboard itself.\n"


class KnownNames:
    """Answers 421 to another name than the dashboard's, 403 to a page that came from elsewhere; sockets are refused."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refusal := _refusal(scope)) is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    hosts, origin = headers.getlist("host"), headers.get("origin")
    host = hosts[0] if len(hosts) == 1 else None
    by_address = scope["path"] in BY_ADDRESS and len(hosts) < 2 and (not host or _is_address(host))
    if not (is_host_allowed(host) or by_address):
        return PlainTextResponse(_WRONG_NAME, status_code=421)
    if origin is not None and _place(origin) not in _own_places(host or "") and not is_shared(scope):
        return PlainTextResponse(_WRONG_PAGE, status_code=403)
    return None


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(urlsplit(f"//{host}").hostname or ""))
    except ValueError:
        return False


def _place(origin: str) -> str | None:
    """The name and port that an Origin states; None for one that states none, such as `null`."""
    try:
        return urlsplit(origin).netloc.casefold() or None
    except ValueError:
        return None


def _own_places(host: str) -> set[str]:
    """Name and port of this dashboard's own pages; hosted, also the site's name where a proxy sends another Host."""
    own = {host.casefold()}
    if identity.settings().hosted and (named := site_name()):
        own.add(named.casefold())
    return own
