"""Domains and capabilities in a browser: marks lead to their samples, the URL holds the view, a phone can read it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import click_mark, into_view, settled

pytestmark = pytest.mark.browser
GLM = "glm-4-1v-9b-thinking-meta-llama-meta-llama-3-1-8b-instruct-1aea6095"
GEMMA = "gemma-3-4b-it-meta-llama-meta-llama-3-1-8b-instruct-a7e4cb73"
LABEL = "GLM-4.1V-9B-Thinking · Meta-Llama-3.1-8B-Instruct"
ILLEGAL = "illegal activities & crime"


def chart(page: Page, key: str) -> Locator:
    found = page.locator(f".st-key-chart-{key}")
    expect(found.locator(".main-svg").first).to_be_visible()
    settled(page)  # it is drawn again once the width of the window is known
    into_view(found)
    return found


def click_middle(page: Page, target: Locator, leads_to: Locator | None = None) -> None:
    """Where a person would click, as plotly's own layer lies over what it draws; it leads to the samples, or there."""
    into_view(target)
    box = target.bounding_box()
    assert box is not None
    click_mark(
        page,
        box["x"] + box["width"] / 2,
        box["y"] + box["height"] / 2,
        leads_to or page.get_by_role("heading", name="Samples", exact=True),
    )


def expect_failures_of(page: Page, run: str, domain: str) -> None:
    """The samples page shows what this run fails in this domain, and nothing else."""
    expect(page.get_by_role("heading", name="Samples", exact=True)).to_be_visible()
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert query["runs"] == [run]
    assert query["domain"] == [domain]
    assert query["outcome"] == [f"{run}:unsafe"]


def test_a_heatmap_cell_leads_to_the_runs_failures_and_back(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?runs={GEMMA}")
    cell = chart(page, "heatmap").locator(".textpoint text").filter(has_text=re.compile("^11$"))
    expect(cell).to_have_count(1)
    click_middle(page, cell)
    expect_failures_of(page, GLM, ILLEGAL)
    page.go_back()
    expect(page.get_by_role("heading", name="Domains", exact=True)).to_be_visible()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["runs"] == [GEMMA], "back is where the click was made"
    weakest = chart(page, "heatmap").locator(".textpoint text").filter(has_text="Illegal 2/18")
    click_middle(page, weakest)
    expect_failures_of(page, GLM, ILLEGAL)


def test_a_mark_of_the_radar_leads_to_its_failures(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?runs={LABEL}")
    marks = chart(page, "radar").locator(".polarlayer .points path")
    expect(marks).to_have_count(10)
    click_middle(page, marks.nth(3))
    expect_failures_of(page, GLM, ILLEGAL)


@pytest.mark.parametrize("height", [800, 844])
def test_radar_and_heatmap_are_whole_on_the_first_screen(dashboard: str, open_page: OpenPage, height: int) -> None:
    page = open_page(f"{dashboard}/domains", width=390 if height == 844 else 1280, height=height)
    if height == 844:  # the page is drawn a second time once the browser has told its width: names go above the cells
        expect(page.locator(".st-key-chart-heatmap .annotation-text").first).to_be_visible()
        settled(page)
    radar, heatmap = (page.locator(f".st-key-chart-{key}").bounding_box() for key in ("radar", "heatmap"))
    assert radar is not None
    assert heatmap is not None
    if height == 800:
        assert radar["y"] <= 200 and heatmap["y"] <= 200
        assert radar["y"] + radar["height"] <= 800 and heatmap["y"] + heatmap["height"] <= 800
        assert radar["x"] + radar["width"] <= heatmap["x"], "side by side"
    else:
        assert heatmap["y"] < 480 and radar["y"] >= heatmap["y"] + heatmap["height"], "the heatmap first"
        frame = chart(page, "heatmap")
        assert frame.evaluate("element => element.scrollWidth - element.clientWidth") == 0


def test_a_copied_chart_link_opens_the_chart_alone(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?runs={GLM}")
    chart(page, "heatmap")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".st-key-icon-downloads button").first.click()
    page.locator(".st-key-exports-heatmap").get_by_role("button", name="Copy chart link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert parse_qs(urlsplit(link).query) == {"runs": [GLM], "chart": ["heatmap"]}
    alone = open_page(link)
    expect(alone.get_by_role("heading", name="Safe by domain: all runs", exact=True)).to_be_visible()
    shown = alone.locator(".st-key-chart-heatmap")
    expect(shown.locator(".main-svg").first).to_be_visible()
    for hidden in (".st-key-chart-radar", ".st-key-head", ".st-key-answer", "[data-testid=stHeader]", "[role=tablist]"):
        expect(alone.locator(hidden)).to_be_hidden()
    box = shown.bounding_box()
    assert box is not None and box["width"] > 1150 and box["y"] < 40, "as wide as the window, and at its top"
    with alone.expect_download() as saved:
        alone.get_by_role("button", name="SVG", exact=True).click()
    assert saved.value.suggested_filename.endswith(".svg")
    expect(alone.get_by_role("button", name="Chart data")).to_be_visible()
    whole = alone.get_by_role("link", name="Open the whole page").get_attribute("href")
    assert whole == f"./domains?runs={GLM}"


def test_a_dot_leads_to_the_failures_in_its_dimension(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/capabilities?runs={LABEL}")
    click_middle(page, chart(page, "groups").locator(".scatterlayer .trace").nth(2).locator(".point").first)
    expect(page.get_by_role("heading", name="Samples", exact=True)).to_be_visible()
    settled(page)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["runs"], query["dimension"], query["outcome"]) == ([GLM], ["reasoning"], [f"{GLM}:unsafe"])


def test_runs_are_chosen_in_the_line_of_controls(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains")
    page.get_by_role("button", name="Runs").click()
    page.get_by_role("combobox", name="Runs").fill("Qwen2.5")
    page.get_by_role("option", name=re.compile("Qwen2.5-VL")).click()
    expect(page.get_by_text("Qwen2.5-VL-7B-Instruct in Dangerous behavior 7/18")).to_be_visible()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["runs"] == [
        "qwen2-5-vl-7b-instruct-meta-llama-meta-llama-3-1-8b-instruct-7061189f"
    ]


def test_the_address_holds_the_view(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?sort=Morality&runs={LABEL}")
    heading = chart(page, "heatmap").locator("text").filter(has_text="Morality")
    assert "▾" in (heading.text_content() or "")
    page.get_by_role("tab", name="All runs").click()
    expect(page.get_by_role("link", name="Show failures")).to_be_visible()
    settled(page)
    rows = chart(page, "heatmap").locator(".ytick text").all_text_contents()
    query = parse_qs(urlsplit(page.url).query)
    assert (query["sort"], query["runs"], query["part"]) == (["morality"], [GLM], ["all"])
    again = open_page(page.url)
    assert chart(again, "heatmap").locator(".ytick text").all_text_contents() == rows
    assert rows[0].startswith("LLaVA-1.5-7B")
    link = again.get_by_role("link", name="Show failures")
    link.focus()
    link.press("Enter")
    expect(again.get_by_role("heading", name="Samples", exact=True)).to_be_visible()


def test_subcategories_do_not_scroll_sideways_on_a_phone(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/domains?part=subcategories", width=390)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth - element.clientWidth") == 0
