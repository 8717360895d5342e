"""The content policy in a real browser; tests/browser/test_every_page.py opens every page under it."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.browser.checks import TRIED
from tests.browser.conftest import OpenPage
from tests.browser.driver import settled


def test_charts_are_saved_under_the_policy(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/tradeoff")
    for name, beginning in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("Chart data", b"")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).first.click()
        assert saved.value.path().read_bytes().startswith(beginning)
    page.goto(f"{dashboard}/compare")
    settled(page)
    for place, board in enumerate(("comparison-llama-3-1-8b", "comparison-by-domain-safe-llama-3-1-8b")):
        for name, beginning in (("SVG", b"<svg"), ("Chart data", b"")):
            if not page.get_by_role("button", name="Chart data").count():  # a picture that is saved closes the menu
                page.get_by_role("button", name="Download charts").click()
            with page.expect_download() as saved:
                page.get_by_role("button", name=name).nth(place).click()
            assert saved.value.suggested_filename.startswith(f"siuo-{board}")
            assert saved.value.path().read_bytes().startswith(beginning)
    assert set(page.evaluate("window.refused")) <= TRIED


def test_what_the_policy_forbids_does_not_run(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/method")
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


def test_another_page_cannot_frame_it(dashboard: str, open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(f'<iframe src="{dashboard}/method"></iframe>')
    page = open_page(f"{dashboard}/method")
    framing = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    Thread(target=framing.serve_forever, daemon=True).start()
    try:
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"http://127.0.0.1:{framing.server_port}/index.html")
    finally:
        framing.shutdown()
        framing.server_close()
