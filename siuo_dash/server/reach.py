"""In local mode nobody is asked who they are, so whoever comes over a network is turned away."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from siuo_dash.ui import identity

WORDS: Final = (
    "This dashboard runs in local mode, which asks nobody who they are: it answers at 127.0.0.1 only. To serve others, "
    "whoever runs it sets SIUO_MODE=hosted (docs/hosting.md).\n"
)


class Reach:
    """Answers 403 to what came in at another than this machine's own address, however the server was started.

    The check at the start knows Streamlit's options only; another ASGI server has its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not identity.settings().hosted and from_afar(scope):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse(WORDS, status_code=403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def from_afar(scope: Scope) -> bool:
    """Whether the socket's own end has an address that others can reach; a Unix socket has none."""
    try:
        address = ip_address((scope.get("server") or ("",))[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return not (mapped or address).is_loopback
