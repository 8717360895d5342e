"""What every answer carries, who is turned away, and which addresses are the operator's.

A browser runs this program's code only, and tells nobody else of it. In local mode nobody is asked who they are, so
whoever comes over a network is turned away.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siuo_dash.server import logs, monitoring
from siuo_dash.server.api.sharing import own_headers
from siuo_dash.server.first_view import THEME_SCRIPT
from siuo_dash.ui import identity, streamlit_private

WORDS: Final = (
    "This dashboard runs in local mode, which asks nobody who they are: it answers at 127.0.0.1 only. To serve others, "
    "whoever runs it sets SIUO_MODE=hosted (docs/hosting.md).\n"
)
NOT_FOR_THE_WORLD: Final = ("/metrics", *streamlit_private.OPERATORS)
_FORWARDED: Final = ("forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip")
"""With all that begin with x-forwarded-, what a proxy adds to a request."""
_INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_FEATURES: Final = (
    "accelerometer camera display-capture geolocation gyroscope hid magnetometer microphone midi payment "
    "publickey-credentials-get screen-wake-lock serial usb"
).split()


@lru_cache(maxsize=1)
def always() -> tuple[tuple[str, str], ...]:
    """The headers of every answer."""
    return (
        ("Content-Security-Policy", policy()),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _FEATURES)),
    )


def policy() -> str:
    """The content security policy: this server only; no frame, no plugin, no worker, no form elsewhere, no eval.

    What is allowed beyond 'self' was found by leaving it out (tests/browser/test_every_page.py opens all): the two
    scripts that are in the page itself, Streamlit's and the one of the theme, named by their hashes; `blob:` for the
    scripts of its components, which come over this server's socket; styles written at run time; icons and a font held
    as `data:`, and the PNG of a chart as `blob:`.
    """
    scripts = [*_INLINE.findall(streamlit_private.page_html()), THEME_SCRIPT.encode()]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in scripts]
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", "blob:", *hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class SecurityHeaders:
    """Adds the headers, keeps what is for the operator from the world, and answers a failure in words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _complete(MutableHeaders(scope=message), scope)
            await send(message)

        if kept_back(scope):
            await PlainTextResponse("not found\n", status_code=404)(scope, receive, with_headers)
            return
        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:
            monitoring.ERRORS.labels("request").inc()
            logs.event("request failed", level=logging.ERROR, error=error, method=scope["method"])
            if begun:
                raise
            words = "The server could not answer this. Nothing was changed; try again in a moment.\n"
            await PlainTextResponse(words, status_code=500)(scope, receive, with_headers)


def kept_back(scope: Scope) -> bool:
    """Whether somebody behind a proxy, or over the network, asks for what is the operator's."""
    path = scope["path"].rstrip("/")
    if not any(path == each or path.startswith(f"{each}/") for each in NOT_FOR_THE_WORLD):
        return False
    named = Headers(scope=scope).keys()
    return from_afar(scope) or any(name in _FORWARDED or name.startswith("x-forwarded-") for name in named)


def _complete(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in (dict(always()) | own_headers(scope)).items():
        if value is not None:
            headers[name] = value
    cookies = headers.getlist("set-cookie")
    if scope.get("scheme") == "https" and cookies:  # Streamlit sets the flag only where it holds the certificate itself
        del headers["set-cookie"]
        for cookie in cookies:
            headers.append("set-cookie", cookie if "secure" in cookie.lower().split("; ") else f"{cookie}; Secure")


class LocalOnly:
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
