"""What the home page shows before it is interactive: the same leaderboard, without a script, and then it gives way."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from siuo_dash.server.first_view import ID
from tests.browser.checks import serious_faults
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, settled


def test_the_leaderboard_is_there_without_any_script(dashboard: str, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(java_script_enabled=False, color_scheme="dark" if scheme == "dark" else "light")
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(dashboard)
        rows = page.locator(f"#{ID} tbody tr")
        assert rows.count() == 15
        assert rows.first.locator("td").all_inner_texts()[:3] == ["1", "GPT-4V(ision)", "53.29 45.7–60.7 · 89/167"]
        ink, paper = rows.first.evaluate(
            "(_, id) => (({color, backgroundColor}) => [color, backgroundColor])"
            "(getComputedStyle(document.getElementById(id)))",
            ID,
        )
        assert (ink, paper) == (
            ("rgb(13, 18, 23)", "rgb(255, 255, 255)")
            if scheme == "light"
            else ("rgb(230, 234, 238)", "rgb(18, 22, 26)")
        )
        context.close()


def test_it_gives_way_to_the_interactive_page(dashboard: str, browser: Browser) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(dashboard)
    expect(page.locator(f"#{ID}")).to_have_count(0)
    expect(page.locator("[data-testid='stDataFrame'] canvas").first).to_be_visible()
    page.close()


def test_an_address_with_state_waits_for_its_own_view(dashboard: str, open_page: OpenPage, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    for url in (f"{dashboard}/?metric=Effective", f"{dashboard}/method"):
        page.goto(url)
        expect(page.locator(f"#{ID}")).to_have_count(0)
    context.close()


def test_a_screen_reader_can_read_it(dashboard: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.route("**/static/js/*", lambda route: route.abort())  # what comes after never arrives
    page.goto(dashboard)
    expect(page.locator(f"#{ID}")).to_be_visible()
    assert serious_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_leaving_while_it_loads_leaves_nothing_behind(dashboard: str, browser: Browser) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(dashboard)
    page.goto(f"{dashboard}/method")
    settled(page)
    expect(page.locator(f"#{ID}")).to_have_count(0)
    page.close()
