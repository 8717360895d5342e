"""What the home page shows before it is interactive: the same leaderboard, without a script, and then it gives way."""

from __future__ import annotations

import pytest
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
        assert rows.first.locator(".name").inner_text() == "GPT-4V(ision)"
        assert " ".join(rows.first.locator("td.safe").inner_text().split()) == "53.3 (45.7–60.7)"
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


def test_the_page_comes_without_frames_too(dashboard: str, browser: Browser) -> None:
    """A tab that is opened out of sight draws no frames; the first view's script waits for some."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script("window.requestAnimationFrame = () => 0")
    page.goto(dashboard)
    page.locator("[data-testid=stApp]").wait_for(state="attached")
    page.close()


COUNT_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""
WHERE = """(scope) => ["h1", "table", "tr[data-row]", "td.safe .track", "td.mcqa b"].map((name) => {
  const { x, y, width } = document.querySelector(`${scope} ${name}`).getBoundingClientRect();
  return [x, y, width].map(Math.round);
})"""


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_nothing_moves_when_it_gives_way(dashboard: str, browser: Browser, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(COUNT_SHIFTS)
    held = "**/static/js/index*"
    page.route(held, lambda route: None)
    page.goto(dashboard, wait_until="commit")
    page.locator(f"#{ID} tr[data-row]").first.wait_for()
    page.evaluate("() => document.fonts.ready")
    before = page.evaluate(WHERE, f"#{ID}")
    context.close()
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(COUNT_SHIFTS)
    page.goto(dashboard)
    expect(page.locator(f"#{ID}")).to_have_count(0)
    settled(page, complete=True)
    after = page.evaluate(WHERE, "[data-testid=stMain]")
    for was, now in zip(before, after, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(was, now, strict=True)), (before, after)
    assert sum(page.evaluate("window.shifts")) < 0.02
    context.close()


def test_the_chosen_theme_is_there_from_the_first_paint(dashboard: str, browser: Browser) -> None:
    for chosen, system, paper in (("Dark", "light", "rgb(18, 22, 26)"), ("Light", "dark", "rgb(255, 255, 255)")):
        context = browser.new_context(color_scheme="dark" if system == "dark" else "light")
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script(f"localStorage.setItem('stActiveTheme-/-v2', JSON.stringify('{chosen}'))")
        page.route("**/static/js/*", lambda route: route.abort())
        page.goto(dashboard)
        for part in ("html", f"#{ID}"):
            assert page.locator(part).evaluate("(part) => getComputedStyle(part).backgroundColor") == paper
        context.close()


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
