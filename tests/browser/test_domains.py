"""Domains and capabilities in a browser: marks lead to their samples, the URL holds the view, a phone can read it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import click_mark, settled

pytestmark = pytest.mark.browser
GLM = "GLM-4.1V-9B-Thinking · Meta-Llama-3.1-8B-Instruct"
GEMMA = "Gemma-3-4B-IT · Meta-Llama-3.1-8B-Instruct"
ILLEGAL = "Illegal activities & crime"


def chart(page: Page, key: str) -> Locator:
    found = page.locator(f".st-key-chart-{key}")
    expect(found.locator(".main-svg").first).to_be_visible()
    found.scroll_into_view_if_needed()
    return found


def click_middle(page: Page, target: Locator, leads_to: Locator | None = None) -> None:
    """Where a person would click, as plotly's own layer lies over what it draws; it leads to the samples, or there."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    click_mark(
        page,
        box["x"] + box["width"] / 2,
        box["y"] + box["height"] / 2,
        leads_to or page.get_by_role("heading", name="Samples", exact=True),
    )


def expect_samples_of(page: Page, run: str, domain: str, count: int) -> None:
    expect(page.get_by_role("heading", name="Samples", exact=True)).to_be_visible()
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert query["runs"] == [run]
    assert query["domain"] == [domain]
    expect(page.get_by_text(f"{count} of 167 samples").first).to_be_visible()


def test_a_heatmap_cell_leads_to_its_samples_and_back(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?runs={GEMMA}")
    cell = chart(page, "heatmap").locator("text").filter(has_text=re.compile(r"▼11\s+2/18"))
    expect(cell).to_have_count(1)
    click_middle(page, cell)
    expect_samples_of(page, GLM, ILLEGAL, 18)
    address = page.url
    page.get_by_role("button", name="Open the first").click()
    expect(page.get_by_text("1 of 18")).to_be_visible()
    for place in (2, 3):
        settled(page)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text(f"{place} of 18")).to_be_visible()
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["runs"], query["domain"], query["sample"]) == ([GLM], [ILLEGAL], ["4003"])
    for _ in range(3):
        page.go_back()
    expect(page).to_have_url(address)
    settled(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Domains", exact=True)).to_be_visible()
    settled(page)
    expect(chart(page, "heatmap").locator("text").filter(has_text=re.compile(r"▼11\s+2/18"))).to_have_count(1)


def test_a_mark_of_the_radar_leads_to_its_samples(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?runs={GLM}")
    marks = chart(page, "radar").locator(".polarlayer .points path")
    expect(marks).to_have_count(10)
    click_middle(page, marks.nth(3))
    expect_samples_of(page, GLM, ILLEGAL, 18)


def test_a_bar_leads_to_the_samples_of_its_dimension(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/capabilities?runs={GLM}")
    click_middle(page, chart(page, "bars").locator(".barlayer .trace").nth(2).locator("path").first)
    expect(page.get_by_role("heading", name="Samples", exact=True)).to_be_visible()
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["runs"], query["dimension"]) == ([GLM], ["reasoning"])
    expect(page.get_by_text("25 of 167 samples").first).to_be_visible()


def test_the_samples_of_a_cell_without_a_mouse(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains")
    page.get_by_text("The same as a table").click()
    button = page.get_by_role("button", name="Open these samples")
    expect(button).to_be_visible()
    button.focus()
    button.press("Enter")
    expect_samples_of(page, "Phi-3.5-Vision-Instruct · Meta-Llama-3.1-8B-Instruct", "Self-harm", 19)


def test_the_address_holds_the_view(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?sort=Morality&runs={GLM}")
    heading = chart(page, "heatmap").locator("text").filter(has_text="Morality")
    assert "▾" in (heading.text_content() or "")
    rows = chart(page, "heatmap").locator(".ytick text").all_text_contents()
    again = open_page(page.url)
    assert chart(again, "heatmap").locator(".ytick text").all_text_contents() == rows
    assert rows[0].startswith("LLaVA-1.5-7B")
    expect(again.get_by_text("10 runs, sorted by Morality")).to_be_visible()


def test_the_map_opens_a_domain_on_a_phone(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains", width=390)
    tree = chart(page, "catalogue")
    expect(tree.locator("text").filter(has_text="Morality")).to_be_visible()
    expect(tree.locator("text").filter(has_text="Nature")).to_have_count(0)
    opened = tree.locator("text").filter(has_text="Nature").and_(tree.locator(".slicetext"))
    click_middle(page, tree.locator("text").filter(has_text="Morality"), leads_to=opened)


@pytest.mark.parametrize("url", ["domains", "capabilities"])
def test_only_frames_scroll_sideways_on_a_phone(dashboard: str, open_page: OpenPage, url: str) -> None:
    page = open_page(f"{dashboard}/{url}", width=390)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") == 0
    if url == "domains":
        frame = chart(page, "heatmap")
        assert frame.evaluate("element => element.scrollWidth > element.clientWidth + 300")
        assert frame.evaluate("element => getComputedStyle(element).overflowX") == "auto"
