"""The content policy in a real browser: every page works under it, and nothing is asked of another host."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from siuo_dash.ui.page import HOME, PAGES
from tests.browser.driver import PATIENCE, settled
from tests.server.instance import Instance

pytestmark = [pytest.mark.browser]

LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", e =>
  window.refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
# One library tries WebAssembly for 64-bit numbers, finds it refused, and counts without it.
TRIED = {"script-src wasm-eval"}


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(accept_downloads=True) as context:
        context.add_init_script(LISTEN)
        context.set_default_timeout(PATIENCE)
        yield context


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    with visitor.new_page() as page:
        yield page


@pytest.mark.parametrize("url", PAGES)
def test_a_page_works_under_the_policy(server: Instance, page: Page, url: str) -> None:
    said: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{server.address}/{'' if url == HOME else url}")
    settled(page)
    assert [words for words in said if "Policy" in words] == []
    assert set(page.evaluate("window.refused")) <= TRIED
    assert hosts - {""} == {f"127.0.0.1:{server.port}"}


def test_charts_are_saved_under_the_policy(server: Instance, page: Page) -> None:
    page.goto(f"{server.address}/tradeoff")
    settled(page)
    for name, beginning in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("Chart data", b"")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).first.click()
        assert saved.value.path().read_bytes().startswith(beginning)
    page.goto(f"{server.address}/compare")
    settled(page)
    for place, board in enumerate(("comparison-meta-llama", "comparison-by-domain-meta-llama")):
        for name, beginning in (("SVG", b"<svg"), ("Chart data", b"")):
            if not page.get_by_role("button", name="Chart data").count():  # a picture that is saved closes the menu
                page.get_by_role("button", name="Download charts").click()
            with page.expect_download() as saved:
                page.get_by_role("button", name=name).nth(place).click()
            assert saved.value.suggested_filename.startswith(f"siuo-{board}")
            assert saved.value.path().read_bytes().startswith(beginning)
    assert set(page.evaluate("window.refused")) <= TRIED


def test_what_the_policy_forbids_does_not_run(server: Instance, page: Page) -> None:
    page.goto(f"{server.address}/method")
    settled(page)
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "https://elsewhere.example/seen.png";
      document.body.append(image);
    }""")
    page.wait_for_function("() => window.refused.filter(each => !each.includes('wasm')).length >= 2")
    assert page.evaluate("window.ran") is None
    assert any(each.startswith("img-src https://elsewhere.example") for each in page.evaluate("window.refused"))


def test_another_page_cannot_frame_it(server: Instance, page: Page, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f'<iframe src="{server.address}/method"></iframe>')
    framing = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    Thread(target=framing.serve_forever, daemon=True).start()
    try:
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"http://127.0.0.1:{framing.server_port}/index.html")
    finally:
        framing.shutdown()
        framing.server_close()
