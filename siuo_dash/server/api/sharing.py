"""What of the API the pages of other sites may read, show or frame, and the headers that say so.

Hosted, whatever can be read without a sign-in may be read from anywhere, never with a cookie. What takes a token is
for programs alone. Locally nothing is shared: what is on a person's own machine is no other site's to read.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from siuo_dash.ui import identity

PREFIX: Final = "/api/v1"
SUBMISSIONS: Final = "/submissions"
FRAMED: Final = f"{PREFIX}/embed/"
_READING: Final = ("GET", "HEAD", "OPTIONS")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors "
READERS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Content-Range, Accept-Ranges, Retry-After, Link, X-Total-Count"),
)
PREFLIGHT: Final = (
    ("Access-Control-Allow-Methods", "GET, HEAD"),
    ("Access-Control-Allow-Headers", "Range, If-None-Match, If-Range"),
    ("Access-Control-Max-Age", "7200"),
)


def is_shared(scope: Scope) -> bool:
    """Whether a page of any site may ask this, and read the answer."""
    path = scope["path"]
    return (
        scope["type"] == "http"
        and scope["method"] in _READING
        and path.startswith(f"{PREFIX}/")
        and not path.startswith(f"{PREFIX}{SUBMISSIONS}")
        and identity.settings().hosted
    )


def own_headers(scope: Scope) -> dict[str, str | None]:
    """How an answer of the API differs from the headers of all others; None = it has no such header."""
    path = scope["path"]
    if not path.startswith(f"{PREFIX}/"):
        return {}
    shared = is_shared(scope)
    framed = shared and path.startswith(FRAMED)
    found: dict[str, str | None] = {"Content-Security-Policy": _POLICY + ("*" if framed else "'none'")}
    if shared:
        found["Cross-Origin-Resource-Policy"] = "cross-origin"
    if framed:
        found["X-Frame-Options"] = None
    return found
