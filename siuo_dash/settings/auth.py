"""Streamlit's section [auth]: whether people can sign in with it, and nobody can be forged or listened to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

DISCOVERY: Final = "/.well-known/openid-configuration"
SHORTEST_SECRET: Final = 32
_KEYS: Final = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_ENDINGS: Final = {"redirect_uri": "/oauth2callback", "server_metadata_url": DISCOVERY}
_PLACEHOLDER: Final = re.compile(
    r"x+|\.+|…+|<.*>|\{.*\}|your.*|"
    r"(change|replace|fill|put|insert|todo|dummy|sample|example|placeholder|secret|password).*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class SignIn:
    """What Streamlit's section [auth] says, as far as it matters here.

    issuer: who must have issued an identity. metadata_url: where the provider describes itself; '' = at the issuer's.
    """

    client_id: str
    issuer: str
    redirect_uri: str
    metadata_url: str = ""


def is_loopback(address: str | None) -> bool:
    """Whether only this machine can reach a server that listens on the address; None = it listens everywhere."""
    if address is None:
        return False
    try:
        return address.casefold() == "localhost" or ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def is_web(address: str) -> bool:
    """Whether an address is protected on its way, or does not leave the machine. ValueError: it is no web address."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    return safe and bool(parts.hostname) and parts.username is None and parts.port != 0


def sign_in(auth: object, issuer: str, faults: list[str]) -> SignIn | None:
    """What [auth] says, or None and a fault for each thing that keeps people from signing in. No secret is quoted."""
    if not isinstance(auth, Mapping):
        faults.append(
            "hosted, but secrets.toml has no section [auth], so nobody could sign in: "
            "docs/settings.md says what it holds"
        )
        return None
    for key, value in auth.items():
        if isinstance(value, Mapping) and key != "client_kwargs":
            faults.append(f"[auth.{key}]: one provider only is supported; write its keys directly under [auth]")
            return None
    found = [f"[auth] {key} {words}" for key in _KEYS if (words := _wrong(key, auth.get(key)))]
    options = auth.get("client_kwargs")
    scope = str(options.get("scope", "openid email") if isinstance(options, Mapping) else "openid email")
    if lacking := {"openid", "email"} - set(scope.split()):
        found.append(f"[auth] client_kwargs.scope lacks {' and '.join(sorted(lacking))}: people are known by it")
    faults.extend(found)
    if found:
        return None
    url = auth["server_metadata_url"]
    return SignIn(auth["client_id"], issuer or url.removesuffix(DISCOVERY), auth["redirect_uri"], url)


def _wrong(key: str, value: object) -> str:
    """What is wrong with a key of [auth], without the value; '' when nothing is."""
    if not isinstance(value, str) or not value.strip():
        return "is missing"
    if _PLACEHOLDER.fullmatch(value.strip()):
        return "still holds a placeholder: fill it in"
    if key == "cookie_secret" and (len(value) < SHORTEST_SECRET or len(set(value)) < 10):
        return (
            f"can be guessed: take {SHORTEST_SECRET} random characters or more, such as what "
            "`python -c 'import secrets; print(secrets.token_hex(32))'` prints"
        )
    if key not in _ENDINGS:
        return ""
    address = value.replace("{port}", "8501")  # Streamlit puts its own port there
    try:
        protected, parts = is_web(address), urlsplit(address)
    except ValueError:
        return "is no web address"
    if not protected:
        return "would send identities unprotected: it must begin with https:// (http:// only on this machine)"
    if not parts.path.endswith(_ENDINGS[key]) or parts.query or parts.fragment:
        return f"must end with {_ENDINGS[key]}"
    return ""
