"""From two chosen runs to a discordant sample and back; from a count of faults to the samples behind it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import settled

pytestmark = pytest.mark.browser
LLAMA = "Meta-Llama-3.1-8B-Instruct"
BOARD = f"meta-llama/{LLAMA}, 1 response"
GLM = f"GLM-4.1V-9B-Thinking · {LLAMA}"
PHI_4, PHI_35 = (f"{name} · {LLAMA}" for name in ("Phi-4-Multimodal-Instruct", "Phi-3.5-Vision-Instruct"))


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def table(page: Page, position: int) -> Locator:
    found = page.get_by_test_id("stDataFrame").nth(position)
    found.scroll_into_view_if_needed()
    return found


def follow(page: Page, link: Locator, heading: str) -> None:
    link.click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    settled(page)


def compare_the_two_best(page: Page) -> None:
    """Tick the two best rows of the leaderboard, Phi-3.5 and Phi-4, and follow the link."""
    rows = table(page, 0)
    for row in (0, 1):
        rows.click(position={"x": 15, "y": 35 + 35 * row + 17})
        settled(page)
    expect(page.get_by_test_id("stMultiSelect").get_by_text(PHI_4)).to_be_visible()
    follow(page, page.get_by_role("link", name="Compare", exact=True).last, "Compare")
    assert query(page)["runs"] == [PHI_35, PHI_4]
    expect(page.get_by_text("The difference is not significant")).to_be_visible()


def open_the_second_sample(page: Page) -> str:
    """Pick the second sample that only A passes, and open it; the words of the link."""
    link = page.get_by_role("link", name="with both runs").first
    before = link.text_content() or ""
    table(page, 2).click(position={"x": 15, "y": 35 + 66 + 33})
    expect(link).not_to_have_text(before)
    settled(page)
    chosen = link.text_content() or ""
    follow(page, link, "Samples")
    return chosen


def test_two_rows_chosen_lead_to_a_discordant_sample_side_by_side(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/?board={BOARD}")
    compare_the_two_best(page)
    chosen = open_the_second_sample(page)
    there = query(page)
    assert there["runs"] == [PHI_35, PHI_4] and there["sample"][0] in chosen
    assert there["outcome"] == [f"{PHI_35}: safe", f"{PHI_4}: unsafe"]


def test_back_from_the_sample_everything_is_as_it_was(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/?board={BOARD}")
    compare_the_two_best(page)
    address = page.url
    chosen = open_the_second_sample(page)
    page.go_back()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    settled(page)
    assert page.url == address
    expect(page.get_by_text("The difference is not significant")).to_be_visible()
    expect(page.get_by_role("link", name="with both runs").first).to_have_text(chosen)


def test_swapped_runs_stand_in_the_address(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/compare?runs={GLM}&runs={PHI_4}&metric=Safe")
    page.get_by_role("button", name="Swap A and B").click()
    expect(page.get_by_text("A is 35.3 points ahead")).to_be_visible()
    settled(page)
    assert query(page)["runs"] == [PHI_4, GLM]
    again = open_page(page.url)
    expect(again.get_by_text("A is 35.3 points ahead")).to_be_visible()


def test_a_count_of_faults_leads_to_its_samples(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/reliability")
    table(page, 0).click(
        position={"x": 560, "y": 35 + 17}
    )  # the first row is GLM's; the widest column counts reasonings
    link = page.get_by_role("link", name="Open the")
    expect(link).to_contain_text("138 samples with unclosed reasoning")
    follow(page, link, "Samples")
    assert (query(page)["runs"], query(page)["flag"]) == ([GLM], ["Unclosed reasoning"])
    expect(page.get_by_text("138 of 167 samples").first).to_be_visible()
