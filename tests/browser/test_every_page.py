"""Every page, opened by its address on a server that nobody has visited: there, readable, within policy and phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from siuo_dash.server.first_view import ID
from siuo_dash.ui.page import HOME, PAGES
from tests.browser.checks import choose_scheme, faults_of_layout, serious_faults, whole_page, within_the_policy
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, served, settled


@pytest.fixture(scope="module")
def fresh() -> Iterator[str]:
    """The address of a server of this file's own; its first visitor opens no home page but a page deep inside."""
    with served() as address:
        yield address


TITLES = {"run": ["Phi-3.5-Vision-Instruct"]}
"""The first heading where it is not the page's name: the run that is shown without a choice."""
FIRST = {
    "leaderboard": ("table", 160),
    "tradeoff": (".js-plotly-plot", 175),
    "domains": (".js-plotly-plot", 200),
    "samples": ("ol", 165),
    "upload": ("[data-testid=stFileUploader]", 165),
    "run": ("ol", 345),  # below the score, the weakest domain and the flagged samples, which begin at 150
    "capabilities": (".js-plotly-plot", 210),
    "reliability": ("[data-testid=stDataFrame]", 190),
}
"""Where the first result of a page is at 1280 × 800: what to look for, and the pixels from the top at most."""


# The home page comes last: a visit of it is what would wake a server that needs waking.
@pytest.mark.parametrize("url", [*reversed(PAGES)])
def test_a_page_by_its_address(fresh: str, visitor: BrowserContext, open_page: OpenPage, url: str) -> None:
    with within_the_policy(visitor, fresh):
        page = open_page(f"{fresh}/{'' if url == HOME else url}")
    titles = TITLES.get(url, [PAGES[url].title])
    page.locator(f"#{ID}").wait_for(state="detached")
    assert page.locator("[data-testid=stHeading] h1").all_inner_texts()[:1] == titles
    assert page.title().endswith(" · SIUO dashboard")
    if url in FIRST:
        what, most = FIRST[url]
        first = page.locator(what).first
        first.wait_for()
        for _ in range(PATIENCE // 100):  # it is drawn before all that is above it is laid out
            settled(page)
            box = first.bounding_box()
            if box is not None and 100 < box["y"] <= most:
                break
            page.wait_for_timeout(100)
        assert box is not None and 100 < box["y"] <= most
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text("Page not found").count() == 0
    assert serious_faults(page) == []
    choose_scheme(page, "dark")
    assert serious_faults(page, "color-contrast") == []
    for width in (761, 390):
        whole_page(page, width)
        assert faults_of_layout(page) == [], width


def test_the_home_page_has_an_address_of_its_own(fresh: str, open_page: OpenPage) -> None:
    page = open_page(f"{fresh}/{HOME}?q=gemini")
    assert page.get_by_text("contains “gemini”").count() > 0


def test_an_address_that_is_no_page_leads_home_and_says_so(fresh: str, open_page: OpenPage) -> None:
    page = open_page(f"{fresh}/nowhere")
    assert page.get_by_text("There is no page “nowhere”. This is the leaderboard.").count() == 1
    assert page.get_by_text("Page not found").count() == 0
    assert page.request.get(f"{fresh}/healthz").ok


def test_the_eye_for_layout_sees(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 400})
    page.set_default_timeout(PATIENCE)
    page.set_content(
        "<p style='position:absolute;top:20px;left:10px'>one</p><p style='position:absolute;top:25px;left:12px'>two</p>"
        "<p style='position:absolute;top:90px;left:380px;white-space:nowrap'>sticks out</p>"
        "<p style='width:900px'>wide</p><p style='opacity:0'>one two</p>"
        "<div style='width:50px;height:20px;overflow:auto;white-space:nowrap'>"
        "what scrolls in its frame is no fault</div>"
    )
    found = faults_of_layout(page, patience=0)
    assert "overlap: one | two" in found
    assert "cut off: sticks out" in found
    assert any(fault.startswith("scrolls sideways") for fault in found)
    page.close()
