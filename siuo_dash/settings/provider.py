"""The sign-in provider at the start: whether it is there, and is the one that the settings mean."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from siuo_dash.errors import SettingsError
from siuo_dash.settings.auth import DISCOVERY, SignIn, is_web

TIMEOUT: Final = 5.0
MOST_BYTES: Final = 1024**2
PAUSES: Final = (1.0, 2.0)
"""Seconds before each further try."""
_MAY_PASS: Final = (408, 425, 429)
"""With 5xx, the answers after which another try may help."""


class Unavailable(SettingsError):
    """The provider does not answer now; later it may."""


class Answer(NamedTuple):
    """What an address answered. body: up to one byte more than MOST_BYTES. location: of a redirect."""

    status: int
    body: bytes = b""
    location: str = ""


def fetch(url: str) -> Answer:
    """One request, as Streamlit makes it at a sign-in: by the same library, no redirect followed.

    ConnectionError: no answer came; the words say why.
    """
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
                    raise ConnectionError(f"no whole answer within {TIMEOUT:.0f} seconds")
            return Answer(response.status_code, body[: MOST_BYTES + 1], response.headers.get("location", ""))
    except httpx2.TimeoutException as error:
        raise ConnectionError(f"no answer within {TIMEOUT:.0f} seconds") from error
    except httpx2.DecodingError:
        return Answer(200, b"")  # no document, then
    except httpx2.HTTPError as error:
        raise ConnectionError(_quoted(str(error) or type(error).__name__)) from error
    except (httpx2.InvalidURL, ValueError) as error:  # a host that cannot be one; a proxy variable that is no address
        words = f"{url} cannot be asked ({_quoted(str(error))}): correct it, or the proxy's variable"
        raise SettingsError(words) from error


def check(sign_in: SignIn, pause: Callable[[float], None] = time.sleep) -> None:
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
        except ConnectionError as error:
            why = str(error)
        if seconds is not None:
            pause(seconds)
    else:
        raise Unavailable(
            f"the sign-in provider cannot be reached, so nobody could sign in: {url}: {why}; tried {len(PAUSES) + 1} "
            "times: check server_metadata_url of [auth], the network and the provider, then start again"
        )
    if faults := _of_answer(answer) or _of_document(json.loads(answer.body), sign_in.issuer):
        raise SettingsError("\n".join(f"{url}: {fault}" for fault in faults))


def _of_answer(answer: Answer) -> list[str]:
    """Why an answer is no provider's document."""
    if 300 <= answer.status < 400 and answer.location:
        # Signing in asks this address too, and follows no redirect.
        return [
            f"it sends on to {_quoted(answer.location)}, which a sign-in does not follow: "
            "write the last address in server_metadata_url"
        ]
    try:
        is_document = isinstance(json.loads(answer.body), Mapping)
    except (ValueError, RecursionError):
        is_document = False
    if answer.status != 200:
        what = f"it answers {answer.status}, and should hold what the provider says of itself"
    elif len(answer.body) > MOST_BYTES:
        what = "it answers with more than 1 MB, which is no provider's document"
    elif not is_document:
        what = "it answers with something else than a JSON object"
    else:
        return []
    return [f"{what}: correct server_metadata_url of [auth]"]


# authlib's OpenIDProviderMetadata would name one fault only, refuses http:// on this machine, takes "https://[x" for an
# address, and asks for more keys than a sign-in uses.
def _of_document(said: Mapping[str, Any], issuer: str) -> list[str]:
    """What is wrong with what a provider says of itself."""
    faults = []
    named = said.get("issuer")
    if not isinstance(named, str) or not named:
        faults.append(
            "it names no issuer, so anybody's identities could pass for its own: use a provider of OpenID Connect"
        )
    elif named.rstrip("/") != issuer.rstrip("/"):
        faults.append(
            f"it names itself {_quoted(named)}, but identities are believed from {_quoted(issuer)} only, so nobody "
            "could sign in: correct server_metadata_url, or set SIUO_ISSUER to the name if this is the right provider"
        )
    for key in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        value = said.get(key)
        try:
            right = isinstance(value, str) and is_web(value)
        except ValueError:
            right = False
        if not right:
            what = "is missing" if value is None else f"is {_quoted(value)}"
            faults.append(
                f"{key} {what}, and must be an https:// address (http:// only on this machine): ask the provider"
            )
    types = said.get("response_types_supported")
    if types is not None and not (isinstance(types, list) and "code" in types):
        faults.append(
            "response_types_supported lacks code, by which people are signed in here: allow it at the provider"
        )
    return faults


def _quoted(value: object) -> str:
    """Somebody else's words in one short line."""
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
