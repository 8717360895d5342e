"""From two runs to a sample that only one passes and back; from a count of faults to the samples behind it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import click_mark, into_view, settled

pytestmark = pytest.mark.browser
_BOARD = "meta-llama-meta-llama-3-1-8b-instruct"
PHI = f"phi-3-5-vision-instruct-{_BOARD}-50bdf51d"
GLM = f"glm-4-1v-9b-thinking-{_BOARD}-1aea6095"
VERDICT = "A is safer by 36.5 points"
# The middle of a part of the bar: 'first' = only A passes.
PART = """(part) => {
  const chart = document.querySelector('.st-key-chart-outcomes .js-plotly-plot');
  const place = chart._fullData.findIndex((trace) => trace.customdata[0][0] === part);
  const box = chart.querySelectorAll('.barlayer .trace .point path')[place].getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def table(page: Page, position: int) -> Locator:
    found = page.get_by_test_id("stDataFrame").nth(position)
    into_view(found)
    return found


def follow(page: Page, link: Locator, heading: str) -> None:
    link.click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    settled(page)


def compared(page: Page, verdict: str = VERDICT) -> None:
    expect(page.get_by_text(verdict)).to_be_visible()
    settled(page)


def test_a_sample_that_only_one_passes_opens_with_both_and_back_leads_back(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/compare?runs={PHI}&runs={GLM}")
    compared(page)
    assert page.get_by_text(VERDICT).bounding_box()["y"] < 150, "the verdict comes first"  # type: ignore[index]
    address = page.url
    rows = page.get_by_role("list", name="Samples: Only A safe").get_by_role("link")
    sample = (rows.nth(1).text_content() or "")[:4]
    follow(page, rows.nth(1), "Samples")
    there = query(page)
    assert (there["runs"], there["sample"]) == ([PHI, GLM], [sample])
    assert there["outcome"] == [f"{PHI}:safe", f"{GLM}:unsafe"]
    page.go_back()
    compared(page)
    assert page.url == address


def test_a_part_of_the_bar_opens_its_samples(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/compare?runs={PHI}&runs={GLM}")
    compared(page)
    expect(page.locator(".st-key-chart-outcomes .barlayer .point").first).to_be_visible()
    x, y = page.evaluate(PART, "neither")
    click_mark(page, x, y, leads_to=page.get_by_role("heading", name="Samples", exact=True))
    settled(page)
    assert query(page)["outcome"] == [f"{PHI}:unsafe", f"{GLM}:unsafe"]


def test_swapped_runs_are_in_the_address_and_back_undoes_it(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/compare?runs={GLM}&runs={PHI}")
    compared(page, "B is safer by 36.5 points")
    page.locator(".st-key-icon-swap button").first.click()
    compared(page)
    assert query(page)["runs"] == [PHI, GLM]
    compared(open_page(page.url))
    page.go_back()
    compared(page, "B is safer by 36.5 points")


def test_on_a_phone_the_verdict_is_on_the_first_screen_and_nothing_is_cut(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/compare?runs={PHI}&runs={GLM}", width=390)
    compared(page)
    assert page.get_by_text(VERDICT).bounding_box()["y"] < 500  # type: ignore[index]
    assert page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth") <= 390


def test_a_count_of_faults_leads_to_its_samples(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/reliability")
    table(page, 0).click(
        position={"x": 820, "y": 35 + 17}
    )  # the first row is GLM's; after its rates, the widest column counts reasonings
    link = page.get_by_role("link", name="Show 138 samples: unclosed reasoning")
    expect(link).to_be_visible()
    follow(page, link, "Samples")
    assert (query(page)["runs"], query(page)["flag"]) == ([GLM], ["unclosed_reasoning"])
    expect(page.get_by_text("138 of 167 samples").first).to_be_visible()
