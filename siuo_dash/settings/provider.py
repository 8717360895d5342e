"""The sign-in provider at the start: whether it is there, and is the one that the settings mean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from siuo_dash.errors import SettingsError
from siuo_dash.settings.auth import DISCOVERY, SignIn, is_web

TIMEOUT: Final = 5.0
MOST_BYTES: Final = 1024**2
PAUSES: Final = (1.0, 2.0)
"""Seconds before each further try."""
_MAY_PASS: Final = (408, 425, 429)
"""With 5xx, the answers after which another try may help."""


class Unavailable(SettingsError):
    """The provider does not answer now; later it may. Its exit code is sysexits' EX_UNAVAILABLE."""

    exit_code = 69


def check(sign_in: SignIn, pause: Callable[[float], None] = time.sleep) -> None:
    """Refuse a provider with whom nobody could sign in.

    SettingsError with every fault of what it says, one a line; Unavailable when it cannot be reached, several times.
    """
    url = sign_in.metadata_url or sign_in.issuer.rstrip("/") + DISCOVERY
    why = ""
    for seconds in (0.0, *PAUSES):
        if seconds:
            pause(seconds)
        try:
            said = fetch(url)
            break
        except ConnectionError as error:
            why = str(error)
    else:
        raise Unavailable(
            f"the sign-in provider cannot be reached, so nobody could sign in: {url}: {why}; tried {len(PAUSES) + 1} "
            "times: check server_metadata_url of [auth], the network and the provider, then start again"
        )
    if faults := _faults(said, sign_in.issuer):
        raise SettingsError("\n".join(f"{url}: {fault}" for fault in faults))


def fetch(url: str) -> dict[str, Any]:
    """What a provider says of itself, asked as Streamlit asks at a sign-in: by the same library, no redirect followed.

    ConnectionError: no answer, or one after which another try may help. SettingsError: the answer is no document.
    """
    import httpx2  # only a hosted start needs it

    body = b""
    deadline = time.monotonic() + TIMEOUT
    try:
        with httpx2.stream("GET", url, headers={"Accept": "application/json"}, timeout=TIMEOUT) as response:
            for chunk in response.iter_bytes():  # as they come: a size would wait until so much is there
                body += chunk
                if len(body) > MOST_BYTES:
                    break
                if time.monotonic() > deadline:
                    raise ConnectionError(f"no whole answer within {TIMEOUT:.0f} seconds")
    except httpx2.TimeoutException as error:
        raise ConnectionError(f"no answer within {TIMEOUT:.0f} seconds") from error
    except httpx2.DecodingError:
        body = b""  # no document, then
    except httpx2.HTTPError as error:
        raise ConnectionError(_quoted(str(error) or type(error).__name__)) from error
    except (httpx2.InvalidURL, ValueError) as error:  # a host that cannot be one; a proxy variable that is no address
        words = f"{url} cannot be asked ({_quoted(str(error))}): correct it, or the proxy's variable"
        raise SettingsError(words) from error
    status, location = response.status_code, response.headers.get("location")
    if status >= 500 or status in _MAY_PASS:
        raise ConnectionError(f"it answers {status}")
    if 300 <= status < 400 and location:
        what = f"it sends on to {_quoted(location)}, which a sign-in does not follow: write the last address in"
        raise SettingsError(f"{url}: {what} server_metadata_url")
    what = "it answers with something else than a JSON object"
    if status != 200:
        what = f"it answers {status}, and should hold what the provider says of itself"
    elif len(body) > MOST_BYTES:
        what = "it answers with more than 1 MB, which is no provider's document"
    else:
        try:
            if isinstance(said := json.loads(body), dict):
                return said
        except (ValueError, RecursionError):
            pass
    raise SettingsError(f"{url}: {what}: correct server_metadata_url of [auth]")


def _faults(said: Mapping[str, Any], issuer: str) -> list[str]:
    """What is wrong with what a provider says of itself, as far as a sign-in uses it."""
    from authlib.oidc.discovery import OpenIDProviderMetadata  # type: ignore[import-untyped]  # only a hosted start

    def is_right(key: str) -> bool:
        """Whether authlib takes what is said under a key; an address must also be one that `is_web` takes."""
        try:
            getattr(document, f"validate_{key}")()
            return key == "response_types_supported" or is_web(said[key])
        except (ValueError, TypeError, AttributeError, KeyError):  # a value may be of any kind
            return False

    document = OpenIDProviderMetadata(said)
    faults = []
    named = said.get("issuer")
    if isinstance(named, str) and named and named.rstrip("/") != issuer.rstrip("/"):
        faults.append(
            f"it names itself {_quoted(named)}, but identities are believed from {_quoted(issuer)} only, so nobody "
            "could sign in: correct server_metadata_url, or set SIUO_ISSUER to the name if this is the right provider"
        )
    elif not is_right("issuer"):
        faults.append(
            "it names no issuer, so anybody's identities could pass for its own: use a provider of OpenID Connect"
        )
    for key in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_right(key):
            what = "is missing" if said.get(key) is None else f"is {_quoted(said[key])}"
            faults.append(
                f"{key} {what}, and must be an https:// address (http:// only on this machine): ask the provider"
            )
    types = said.get("response_types_supported")
    if types is not None and not (is_right("response_types_supported") and "code" in types):
        faults.append(
            "response_types_supported lacks code, by which people are signed in here: allow it at the provider"
        )
    return faults


def _quoted(value: object) -> str:
    """Somebody else's words in one short line."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
