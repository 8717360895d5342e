"""Streamlit's section [auth]: whether people can sign in with it, and nobody can be forged or listened to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

CALLBACK: Final = "/oauth2callback"
DISCOVERY: Final = "/.well-known/openid-configuration"
SHORTEST_SECRET: Final = 32
_AUTH_KEYS: Final = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_PLACEHOLDER: Final = re.compile(
    r"x+|\.+|…+|<.*>|\{.*\}|(change|replace|fill|put|insert|todo|dummy|sample|example|placeholder|secret|password).*|your.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class SignIn:
    """What Streamlit's section [auth] says, as far as it matters here.

    issuer: who must have issued an identity. metadata_url: where the provider describes itself; empty = at the issuer's.
    """

    client_id: str
    issuer: str
    redirect_uri: str
    metadata_url: str = ""


def sign_in(auth: object, issuer: str, faults: list[str]) -> SignIn | None:
    """What [auth] says, or None and a fault for each thing that keeps people from signing in. No secret is quoted."""
    before = len(faults)
    if not isinstance(auth, Mapping):
        faults.append(
            "hosted, but secrets.toml has no section [auth], so nobody could sign in: docs/settings.md says what it holds"
        )
        return None
    said = {key: auth.get(key) for key in _AUTH_KEYS}
    named = [key for key, value in auth.items() if isinstance(value, Mapping) and key != "client_kwargs"]
    if named:
        faults.append(f"[auth.{named[0]}]: one provider only is supported; write its keys directly under [auth]")
        return None
    for key, value in said.items():
        if not isinstance(value, str) or not value.strip():
            faults.append(f"[auth] {key} is missing")
        elif _PLACEHOLDER.fullmatch(value.strip()):
            faults.append(f"[auth] {key} still holds a placeholder: fill it in")
    secret, redirect, metadata = (said[key] for key in ("cookie_secret", "redirect_uri", "server_metadata_url"))
    if len(faults) > before:
        return None
    assert isinstance(secret, str) and isinstance(redirect, str) and isinstance(metadata, str)
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 10:
        faults.append(
            f"[auth] cookie_secret can be guessed: take {SHORTEST_SECRET} random characters or more, such as what "
            "`python -c 'import secrets; print(secrets.token_hex(32))'` prints"
        )
    _check_web(redirect.replace("{port}", "8501"), "redirect_uri", CALLBACK, faults)
    _check_web(metadata, "server_metadata_url", DISCOVERY, faults)
    _check_scope(auth.get("client_kwargs"), faults)
    if len(faults) > before:
        return None
    return SignIn(str(said["client_id"]), issuer or metadata.removesuffix(DISCOVERY), redirect, metadata)


def _check_web(url: str, key: str, ending: str, faults: list[str]) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        faults.append(f"[auth] {key} is no web address")
        return
    if not is_web(parts):
        faults.append(
            f"[auth] {key} would send identities unprotected: it must begin with https:// (http:// only on this machine)"
        )
    elif not parts.path.endswith(ending) or parts.query or parts.fragment:
        faults.append(f"[auth] {key} must end with {ending}")


def is_web(parts: SplitResult) -> bool:
    """Whether an address is protected on its way, or does not leave the machine."""
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    return safe and bool(parts.hostname) and parts.username is None


def _check_scope(options: object, faults: list[str]) -> None:
    scope = options.get("scope") if isinstance(options, Mapping) else None
    if scope is None:
        return
    lacking = {"openid", "email"} - set(str(scope).split())
    if lacking:
        faults.append(f"[auth] client_kwargs.scope lacks {' and '.join(sorted(lacking))}: people are known by it")


def is_loopback(address: str | None) -> bool:
    """Whether only this machine can reach a server that listens on the address; None = it listens everywhere."""
    if address is None:
        return False
    if address.casefold() == "localhost":
        return True
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
