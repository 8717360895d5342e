"""The sign-in provider at the start: whether it is there, and is the one that the settings mean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from siuo_dash.errors import SettingsError
from siuo_dash.settings.auth import DISCOVERY, SignIn, is_web

TIMEOUT: Final = 5.0
MOST_BYTES: Final = 1024**2
PAUSES: Final = (1.0, 2.0)
"""Seconds before each further try."""
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MAY_PASS: Final = (408, 425, 429)
"""With 5xx, the answers after which another try may help."""


class Unavailable(SettingsError):
    """The provider does not answer now; later it may."""


class NotReached(Exception):
    """A try that brought no answer; the words say why."""


@dataclass(frozen=True)
class Answer:
    """What an address answered. body: up to one byte more than MOST_BYTES. location: of a redirect."""

    status: int
    body: bytes = b""
    location: str = ""


Fetch = Callable[[str], Answer]


def fetch(url: str) -> Answer:
    """One request, as Streamlit makes it at a sign-in: by the same library, no redirect followed. NotReached."""
    import httpx2  # only a hosted start needs it

    deadline = time.monotonic() + TIMEOUT
    try:
        with (
            httpx2.Client(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            body = b""
            for chunk in response.iter_bytes():  # as they come: a size would wait until so much is there
                body += chunk
                if len(body) > MOST_BYTES:
                    break
                if time.monotonic() > deadline:
                    raise NotReached(f"no whole answer within {TIMEOUT:.0f} seconds")
            return Answer(response.status_code, body[: MOST_BYTES + 1], response.headers.get("location", ""))
    except httpx2.TimeoutException as error:
        raise NotReached(f"no answer within {TIMEOUT:.0f} seconds") from error
    except httpx2.DecodingError:
        return Answer(200, b"")  # no document, then
    except httpx2.HTTPError as error:
        raise NotReached(_quoted(str(error) or type(error).__name__)) from error
    except (httpx2.InvalidURL, ValueError) as error:  # a host that cannot be one; a proxy variable that is no address
        raise SettingsError(f"{url} cannot be asked ({_quoted(str(error))}): correct it, or the proxy's variable") from error  # fmt: skip


def check(sign_in: SignIn, fetch: Fetch = fetch, pause: Callable[[float], None] = time.sleep) -> None:
    """Refuse a provider with whom nobody could sign in.

    SettingsError with every fault of what it says, one a line; Unavailable when it cannot be reached, several times.
    """
    url = sign_in.metadata_url or sign_in.issuer.rstrip("/") + DISCOVERY
    for seconds in (*PAUSES, None):
        try:
            answer = fetch(url)
            if answer.status < 500 and answer.status not in _MAY_PASS:
                break
            why = f"it answers {answer.status}"
        except NotReached as error:
            why = str(error)
        if seconds is not None:
            pause(seconds)
    else:
        raise Unavailable(
            f"the sign-in provider cannot be reached, so nobody could sign in: {url}: {why}; tried {len(PAUSES) + 1} "
            "times: check server_metadata_url of [auth], the network and the provider, then start again"
        )
    faults = _faults(answer, sign_in.issuer)
    if faults:
        raise SettingsError("\n".join(f"{url}: {fault}" for fault in faults))


def _faults(answer: Answer, issuer: str) -> list[str]:
    """What is wrong with an answer."""
    correct = "correct server_metadata_url of [auth]"
    if 300 <= answer.status < 400 and answer.location:
        # Signing in asks this address too, and follows no redirect.
        return [f"it sends on to {_quoted(answer.location)}, which a sign-in does not follow: write the last address in server_metadata_url"]  # fmt: skip
    if answer.status != 200:
        return [f"it answers {answer.status}, and should hold what the provider says of itself: {correct}"]
    if len(answer.body) > MOST_BYTES:
        return [f"it answers with more than 1 MB, which is no provider's document: {correct}"]
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, Mapping):
        return [f"it answers with something else than a JSON object: {correct}"]
    return [*_of_issuer(said, issuer), *_of_endpoints(said), *_of_response_types(said)]


def _of_issuer(said: Mapping[str, Any], issuer: str) -> list[str]:
    named = said.get("issuer")
    if not isinstance(named, str) or not named:
        return ["it names no issuer, so its identities cannot be told from another's: use a provider of OpenID Connect"]
    if named.rstrip("/") != issuer.rstrip("/"):
        return [
            f"it names itself {_quoted(named)}, but identities are believed from {_quoted(issuer)} only, so nobody could "
            "sign in: correct server_metadata_url, or set SIUO_ISSUER to the name if this is the provider that is meant"
        ]
    return []


def _of_endpoints(said: Mapping[str, Any]) -> list[str]:
    wrong = []
    for key in _ENDPOINTS:
        value = said.get(key)
        if not _is_address(value):
            stands = "is missing" if value is None else f"is {_quoted(value)}"
            wrong.append(f"{key} {stands}, and must be an https:// address (http:// only on this machine): ask the provider")  # fmt: skip
    return wrong


def _of_response_types(said: Mapping[str, Any]) -> list[str]:
    types = said.get("response_types_supported")
    if types is None or (isinstance(types, list) and "code" in types):
        return []
    return ["response_types_supported lacks code, by which people are signed in here: allow it at the provider"]


def _is_address(value: object) -> bool:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and is_web(parts) and parts.port != 0
    except ValueError:
        return False


def _quoted(value: object) -> str:
    """Somebody else's words in one short line."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
