"""Addresses of OpenAI-compatible servers: what they must look like, and whether somebody is there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from siuo_dash.errors import EvaluationError

_PATIENCE = 10.0


def check(name: str, url: str) -> None:
    """EvaluationError for what is no web address, and for one with a password or a query in it. name: the option."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_key = bool(parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        is_address, has_key = False, False
    if not is_address:
        raise EvaluationError("not a web address", where=name, hint="write it like http://127.0.0.1:8000/v1")
    if has_key:
        hint = "leave it out, and give the key in the environment: NAME_API_KEY for openai-api/NAME/MODEL"
        raise EvaluationError("a password or a key in an address would be seen by everybody", where=name, hint=hint)


def reach(name: str, url: str) -> None:
    """EvaluationError where nobody listens at an address: said at once, not after many tries."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE).close()
    except OSError as error:
        what = f"nobody answers at {parts.hostname}, port {port} ({error.strerror or error})"
        raise EvaluationError(what, where=name, hint="is the server running? check the address") from error
