"""What a visitor asks over plain HTTP: the page, an upload, the way to a sign-in and back; cookies are kept."""

from __future__ import annotations

import http.client
import re
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

_ASSET = re.compile(r"""(?:src|href)="\.?(/static/[^"]+)\"""")


class Refused(Exception):
    """The server did not do what a visitor asked; the text says what it answered."""


@dataclass
class Http:
    """Requests to one address with one jar of cookies. patience: seconds that a request may take."""

    address: str
    tls: ssl.SSLContext | None = None
    patience: float = 300.0
    cookies: dict[str, str] = field(default_factory=dict)

    def fetch_page(self, page: str, *, assets: bool) -> None:
        """What a browser fetches before it connects; its code only with `assets`, since browsers keep it."""
        connection = self._connection()
        try:
            answer, text = self._ask(connection, "GET", f"/{page}")
            if answer.status != 200:
                raise Refused(f"{answer.status}: {text[:200]}")
            for path in _ASSET.findall(text) if assets else ():
                self._ask(connection, "GET", path)
            for path in ("/_stcore/health", "/_stcore/host-config"):
                answer, words = self._ask(connection, "GET", path)
                if answer.status != 200:
                    raise Refused(f"{path}: {answer.status}: {words[:200]}")
        finally:
            connection.close()

    def location(self, address: str) -> str:
        """Where an address sends to. The provider is another place, which is told no cookie of ours."""
        parts = urlsplit(address)
        ours = parts.netloc == urlsplit(self.address).netloc
        connection = self._connection() if ours else http.client.HTTPConnection(parts.netloc, timeout=self.patience)
        try:
            if ours:
                # A page of ours leads there, and the browser says so.
                said = {"Sec-Fetch-Site": "same-origin"}
                answer, text = self._ask(connection, "GET", f"{parts.path}?{parts.query}", headers=said)
            else:
                connection.request("GET", f"{parts.path}?{parts.query}")
                answer = connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if answer.status not in (302, 307) or (location := answer.getheader("Location")) is None:
            raise Refused(f"{answer.status}: {text[:200]}")
        return urljoin(address, location)

    def put(self, path: str, name: str, content: bytes) -> tuple[int, str]:
        boundary = uuid.uuid4().hex
        body = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        connection = self._connection()
        try:
            answer, text = self._ask(
                connection,
                "PUT",
                path,
                body,
                {
                    "Content-Type": f"multipart/form-data; boundary={boundary}",
                    "X-Xsrftoken": self.cookies.get("_streamlit_xsrf", ""),
                },
            )
            return answer.status, text
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=self.patience, context=self.tls
            )
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self.patience)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, str]:
        sent = dict(headers or {}) | ({"Cookie": self.cookie_line()} if self.cookies else {})
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer, text

    def cookie_line(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())
