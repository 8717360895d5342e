"""A visitor without a browser: speaks Streamlit's own protocol, so that one process can be fifty of them."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.server.visitor_http import Http, Refused

WORDS = ("alert", "markdown", "heading", "text", "html", "exception")
_T = TypeVar("_T")
# Python's own pool has six threads on two processors: visitors would wait for each other, not for the server.
_THREADS = ThreadPoolExecutor(max_workers=128, thread_name_prefix="visitor")


BROKEN = (WebSocketException, http.client.HTTPException, Refused, OSError, TimeoutError, EOFError)
"""What a visitor meets when something is wrong; a browser shows it, or opens the page again."""


async def in_thread(work: Callable[..., _T], *arguments: Any) -> _T:
    """Do it beside the other visitors."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


@dataclass
class Visitor:
    """One open page. Usage: `async with Visitor(address) as visitor: await visitor.open("domains")`.

    address: "http://127.0.0.1:8501"; https with `tls`. origin: the address that its page says it came from.
    patience: seconds that one interaction may take.
    """

    address: str
    tls: ssl.SSLContext | None = None
    origin: str | None = None
    patience: float = 300.0
    assets: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    elements: dict[tuple[int, ...], Element] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    session: str = ""
    received: int = 0
    not_found: bool = False
    _socket: ClientConnection | None = None
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _page: str = ""
    _query: str = ""
    _auto: dict[str, float] = field(default_factory=dict)
    _urls: FileURLs | None = None
    _redirect: str = ""
    _download: str = ""
    _fresh: set[tuple[int, ...]] = field(default_factory=set)

    @property
    def http(self) -> Http:
        """Its plain requests, which share its cookies."""
        return Http(self.address, self.tls, self.patience, self.cookies)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the page, as closing a tab does."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def open(self, page: str = "", query: Mapping[str, str] | None = None, *, resume: str = "") -> float:
        """Open a page by its address; the seconds until it stood whole.

        resume: the session to go on with, as a browser asks for after its connection broke.
        """
        await self.close()
        started = perf_counter()
        await in_thread(partial(self.http.fetch_page, assets=self.assets), page)
        parts = urlsplit(self.address)
        scheme = "wss" if parts.scheme == "https" else "ws"
        origin = self.origin or f"{parts.scheme}://{parts.netloc}"
        self._socket = await connect(
            f"{scheme}://{urlsplit(origin).netloc}/_stcore/stream",  # it is also the Host, as through a proxy
            host=parts.hostname,
            port=parts.port,
            subprotocols=["streamlit", self.cookies.get("_streamlit_xsrf", "none"), *filter(None, [resume])],  # type: ignore[list-item]
            additional_headers={"Cookie": self.http.cookie_line(), "Origin": origin},
            ssl=self.tls if scheme == "wss" else None,
            compression=None,
            max_size=None,
            open_timeout=self.patience,
        )
        self._page, self._query, self._states = "", urlencode(query or {}), {}
        await self._rerun(page_name=page)
        return perf_counter() - started

    async def go(self, page: str) -> float:
        """Open another page by the navigation; the seconds until it stood whole."""
        self._page, self._query, self._states = self.pages[page], "", {}
        return await self._rerun()

    async def again(self) -> float:
        """Run the page anew, as any change of a field does."""
        return await self._rerun()

    async def type(self, label: str, text: str) -> float:
        """Fill in the field of this label (or whose label begins so), or the list that takes what is typed."""
        lists = [each.selectbox for each in self._of("selectbox") if each.selectbox.accept_new_options]
        widget = next((each for each in lists if each.label.startswith(label)), None)
        widget = widget or self.widget("text_input", label)
        self._states[widget.id] = WidgetState(id=widget.id, string_value=text)
        return await self._rerun()

    async def press(self, label: str) -> float:
        """Press the button of this label."""
        widget = self.widget("button", label)
        self._states[widget.id] = WidgetState(id=widget.id, trigger_value=True)
        try:
            return await self._rerun()
        finally:
            self._states.pop(widget.id, None)

    async def sign_in(self, person: str) -> None:
        """From the button through the page of a provider that takes `person` at its word (tests/oidc), and back."""
        self._redirect = ""
        await self.press("Sign in")
        asked = await in_thread(self.http.location, urljoin(self.address, self._redirect))
        granted = await in_thread(self.http.location, f"{asked}&{urlencode({'person': person})}")
        await in_thread(self.http.location, granted)

    async def drop(self, name: str, content: bytes) -> float:
        """Drop a file into the page's uploader; the seconds until the page has taken it in."""
        started = perf_counter()
        widget = next((each.file_uploader for each in self._of("file_uploader")), None)
        if widget is None:
            raise Refused(f"no place to drop a file; the page says: {self.words()[:300]}")
        message = BackMsg()
        message.file_urls_request.request_id = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        self._urls = None
        await self._send(message)
        urls = await self._upload_urls()
        status, text = await in_thread(self.http.put, urls.upload_url, name, content)
        if status >= 300:
            raise Refused(f"{status}: {text}")
        state = WidgetState(id=widget.id)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id, file_urls=urls
        )
        self._states[widget.id] = state
        await self._rerun()
        return perf_counter() - started

    async def download(self) -> str:
        """Ask for the page's first download; the address that the file is at."""
        message = BackMsg()
        message.backend_operation_request.request_id = uuid.uuid4().hex
        message.backend_operation_request.session_id = self.session
        offered = next(each.download_button for each in self._of("download_button"))
        message.backend_operation_request.deferred_file.file_id = offered.deferred_file_id
        self._download = ""
        await self._send(message)
        async with asyncio.timeout(self.patience):
            while not self._download:
                await self._take()
        return self._download

    async def _upload_urls(self) -> FileURLs:
        async with asyncio.timeout(self.patience):
            while True:
                await self._take()
                if self._urls is not None:
                    return self._urls

    def widget(self, kind: str, label: str) -> Any:
        """The widget of this kind whose label begins so; Refused when the page has none."""
        for element in self._of(kind):
            widget = getattr(element, kind)
            if widget.label.startswith(label):
                return widget
        raise Refused(f"no {kind} {label!r}; the page says: {self.words()[:300]}")

    def words(self) -> str:
        """What the page says, without its tables and charts."""
        return "\n".join(
            getattr(element, kind).message if kind == "exception" else getattr(element, kind).body
            for element in self.elements.values()
            if (kind := element.WhichOneof("type") or "") in WORDS
        )

    def alerts(self) -> list[str]:
        """The error messages on the page."""
        wrong = [each.alert.body for each in self._of("alert") if each.alert.format == each.alert.ERROR]
        return wrong + [each.exception.message for each in self._of("exception")]

    def _of(self, kind: str) -> Iterator[Element]:
        return (element for element in self.elements.values() if element.WhichOneof("type") == kind)

    async def _rerun(self, page_name: str = "", fragment: str = "") -> float:
        """Ask for a run and read until it has ended, with the runs that it asks for itself."""
        started = perf_counter()
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.page_name = self._query, self._page, page_name
        state.widget_states.widgets.extend(self._states.values())
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        else:
            self._auto.clear()
        await self._send(message)
        async with asyncio.timeout(self.patience):
            while await self._take() not in (
                ForwardMsg.FINISHED_SUCCESSFULLY,
                ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
            ):
                pass
        return perf_counter() - started

    async def complete(self) -> float:
        """Go on asking, as the page in a browser does, until what it does not wait for is there too."""
        started = perf_counter()
        while self._auto and perf_counter() - started < self.patience:
            fragment, interval = next(iter(self._auto.items()))
            await asyncio.sleep(interval)
            del self._auto[fragment]
            await self._rerun(fragment=fragment)
        return perf_counter() - started

    async def _send(self, message: BackMsg) -> None:
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())

    async def _take(self) -> int | None:
        """One message; how the run ended when this was its last."""
        assert self._socket is not None
        data = await self._socket.recv()
        assert isinstance(data, bytes)
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "delta":
            path = tuple(message.metadata.delta_path)
            self._fresh.add(path)
            if message.delta.WhichOneof("type") == "new_element":
                self.elements[path] = message.delta.new_element
            elif message.delta.WhichOneof("type") == "add_block":
                self.elements.pop(path, None)
        elif kind == "new_session":
            self._fresh = set()
            self._page = message.new_session.page_script_hash
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self._page = message.navigation.page_script_hash
        elif kind == "page_not_found":
            self.not_found = True
        elif kind == "auto_rerun":
            self._auto[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            self._auto.pop(message.stop_auto_rerun.fragment_id, None)
        elif kind == "file_urls_response":
            if message.file_urls_response.error_msg:
                raise Refused(message.file_urls_response.error_msg)
            self._urls = message.file_urls_response.file_urls[0]
        elif kind == "backend_operation_response":
            self._download = message.backend_operation_response.deferred_file.url
        elif kind == "auth_redirect":
            self._redirect = message.auth_redirect.url
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "script_finished":
            if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self.elements = {path: each for path, each in self.elements.items() if path in self._fresh}
            return int(message.script_finished)
        return None
