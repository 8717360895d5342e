"""What one signed-in person can make the server hold, however many tabs and requests they open."""

from __future__ import annotations

import asyncio
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from tests.browser.driver import free_port
from tests.browser.hosted import PEOPLE
from tests.oidc.provider import Provider, serving
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.visitor import Visitor

MEGABYTE = 1024**2


def put(visitor: Visitor, megabytes: float) -> int:
    """Drop a file as a page does, straight to the server."""
    start, end = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.json"\r\n\r\n', b"\r\n--x--\r\n"
    connection = HTTPConnection(urlsplit(visitor.address).netloc, timeout=300)
    try:
        connection.request(
            "PUT",
            f"/_stcore/upload_file/{visitor.session}/{uuid4()}",
            start + b"x" * int(megabytes * MEGABYTE) + end,
            {
                "Content-Type": "multipart/form-data; boundary=x",
                "Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()),
                "X-Xsrftoken": visitor.cookies.get("_streamlit_xsrf", ""),
            },
        )
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
        return 413
    finally:
        connection.close()


def test_all_tabs_and_requests_of_a_person_share_one_limit(tmp_path: Path) -> None:
    """A limit of 4 MB: twice as much may be held, for files that replace others; the other person's is untouched."""

    async def tab(server: Instance, cookies: dict[str, str]) -> Visitor:
        visitor = Visitor(server.address, cookies=dict(cookies))
        await visitor.open("upload")
        return visitor

    async def visit(server: Instance) -> None:
        people = {}
        for person in ("submitter", "other"):
            people[person] = Visitor(server.address)
            await people[person].open()
            await people[person].sign_in(person)
        tabs = [await tab(server, people["submitter"].cookies) for _ in range(4)]
        at_once = await asyncio.gather(*(asyncio.to_thread(put, each, 3) for each in (tabs * 4)))
        assert Counter(at_once) == {204: 2, 413: 14}, "on their way, or arrived: all are counted"
        assert [put(each, 3) for each in tabs] == [413] * 4, "what has arrived stays counted"
        other = await tab(server, people["other"].cookies)
        assert put(other, 3) == 204 and put(other, 5) == 413
        for each in tabs:
            await each.close()
        again = await tab(server, people["submitter"].cookies)
        async with asyncio.timeout(300):
            # Closed tabs are forgotten a second later, when somebody else comes or goes.
            while await asyncio.to_thread(put, again, 3) != 204:
                async with Visitor(server.address) as somebody:
                    await somebody.open()
        for visitor in (again, other, *people.values()):
            await visitor.close()

    with serving(Provider(people=dict(PEOPLE)), free_port()) as provider:
        settings = {
            "SIUO_MODE": "hosted",
            "SIUO_REVIEWERS": "reviewer@example.org",
            "SIUO_UPLOAD_MB": "4",
            "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(tmp_path)),
        }
        forget = {"server.disconnectedSessionTTL": "1"}
        with running(tmp_path, copy_data(tmp_path / "data"), environment=settings, options=forget) as server:
            finished(visit(server))
