"""A provider of OpenID Connect on this machine: discovery, code flow with PKCE and nonce, signed identities, sign-out.

It is strict where a real one is (client, redirect, verifier, one use of a code), and its people are the test's: what
their identities claim, and who signs them, can be set.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = "siuo-dashboard-test"
COOKIE_SECRET = "a-cookie-secret-of-the-tests-9f8e7d6c5b4a"


@dataclass
class Provider:
    """people: {name on the sign-in page: claims of the identity}. A claim that is None is left out of the identity."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signing_key: RSAKey | None = None
    """Signs instead of the published key, as a forger would."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    signed_out: int = 0
    stated: dict[str, Any] = field(default_factory=dict)
    """What the discovery says otherwise than it should; None leaves a key out."""
    answers: list[Response] = field(default_factory=list)
    """Given for the discovery first, one a request."""
    asked: int = 0
    """How often the discovery was."""

    def app(self) -> Starlette:
        """The provider's addresses."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.jwks),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/sign-out", self.sign_out),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/sign-out",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        } | self.stated
        return JSONResponse({name: value for name, value in said.items() if value is not None})

    async def jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """The sign-in page, and with `person` what comes after it."""
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT or not _is_ours(asked.get("redirect_uri", "")):
            return HTMLResponse("unknown client or redirect", status_code=400)
        lacking = [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)]
        if lacking or asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return HTMLResponse(f"not the code flow with PKCE: {lacking}", status_code=400)
        if "openid" not in asked.get("scope", "").split():
            return HTMLResponse("no openid scope", status_code=400)
        person = asked.pop("person", None)
        if person is None:
            address = {name: html.escape(urlencode(asked | {"person": name})) for name in self.people}
            links = "".join(
                f'<li><a href="/authorize?{query}">{html.escape(name)}</a></li>' for name, query in address.items()
            )
            return HTMLResponse(f"<h1>Who are you?</h1><ul>{links}</ul>")
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked | {"person": person}
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", status_code=302)

    async def token(self, request: Request) -> Response:
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{self.client_secret}".encode()).decode()
        if not hmac.compare_digest(request.headers.get("authorization", ""), expected):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        known = self.codes.pop(sent.get("code", ""), None)
        challenge = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if (
            known is None
            or sent.get("grant_type") != "authorization_code"
            or sent.get("redirect_uri") != known["redirect_uri"]
            or base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != known["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        identity = self.identity(known["person"], known["nonce"])
        return JSONResponse(
            {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 600, "id_token": identity}
        )

    async def sign_out(self, request: Request) -> Response:
        back = request.query_params.get("post_logout_redirect_uri", "")
        if not _is_ours(back):
            return HTMLResponse("unknown redirect", status_code=400)
        self.signed_out += 1
        return RedirectResponse(back, status_code=302)

    def identity(self, person: str, nonce: str) -> str:
        """The signed identity of a person."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": hashlib.sha256(person.encode()).hexdigest(),
            "iat": now,
            "exp": now + 600,
            "nonce": nonce,
            "email_verified": True,
            "name": person,
        } | self.people[person]
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing_key or self.key)

    def secrets_file(self, folder: Path) -> Path:
        """What a dashboard on this machine needs to let this provider's people sign in."""
        path = folder / "secrets.toml"
        path.write_text(
            "[auth]\n"
            'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            f'cookie_secret = "{COOKIE_SECRET}"\nclient_id = "{CLIENT}"\nclient_secret = "{self.client_secret}"\n'
            f'server_metadata_url = "{self.issuer}/.well-known/openid-configuration"\n',
            encoding="utf-8",
        )
        path.chmod(0o600)
        return path


@contextmanager
def serving(provider: Provider, port: int) -> Iterator[Provider]:
    """The provider, answering on a port of this machine."""
    provider.issuer = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(provider.app(), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(timeout=0.02)
            assert thread.is_alive(), "the provider did not start"
        yield provider
    finally:
        server.should_exit = True
        thread.join(timeout=300)


def _is_ours(redirect: str) -> bool:
    parts = urlsplit(redirect)
    known = {("http", "127.0.0.1"), ("https", "localhost")}  # directly, and behind a proxy with TLS
    return (parts.scheme, parts.hostname) in known and parts.path == "/oauth2callback"
