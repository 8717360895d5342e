"""The trade-off in a browser: a click opens the run, a lasso chooses runs, labels keep apart as they are drawn."""

from __future__ import annotations

import itertools
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import click_mark, into_view, settled

pytestmark = pytest.mark.browser
CHART = ".st-key-chart-tradeoff"
LEADERS = ("GPT-4V(ision)", "Gemini 1.5 Pro", "GPT-4o")

# Where a run's mark is on the screen; hover texts begin with the run's label.
PLACE = """(name) => {
  const chart = document.querySelector('.st-key-chart-tradeoff .js-plotly-plot');
  const {xaxis, yaxis} = chart._fullLayout, box = chart.getBoundingClientRect();
  for (const trace of chart._fullData.filter((trace) => trace.customdata))
    for (let i = 0; i < trace.x.length; i++)
      if (trace.text[i].startsWith(`<b>${name} `))
        return [box.x + xaxis._offset + xaxis.d2p(trace.x[i]), box.y + yaxis._offset + yaxis.d2p(trace.y[i])];
}"""
LABELS = """() => [...document.querySelectorAll('.st-key-chart-tradeoff .annotation-text-g')].map((label) => {
  const box = label.getBoundingClientRect();
  return [label.textContent, box.left, box.top, box.right, box.bottom];
})"""


def drawn(page: Page) -> None:
    """Wait until the chart is drawn and the shares of bootstraps are computed."""
    expect(page.locator(f"{CHART} .annotation-text-g").first).to_be_visible()
    expect(page.get_by_text("Computing how stable")).to_have_count(0)
    settled(page)
    into_view(page.locator(CHART))


def place(page: Page, name: str) -> tuple[float, float]:
    found = page.evaluate(PLACE, name)
    assert found, name
    return found[0], found[1]


def test_chart_and_table_are_on_the_first_screen(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/tradeoff", height=800)
    drawn(page)
    chart = page.locator(f"{CHART} .js-plotly-plot").bounding_box()
    table = page.get_by_test_id("stDataFrame").bounding_box()
    assert chart and table
    assert chart["y"] < 160
    assert chart["y"] + chart["height"] < 740
    assert table["y"] < 160
    assert table["x"] > chart["x"] + chart["width"]
    labels_keep_apart(page, 1280)


def test_a_click_on_a_mark_opens_the_run(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/tradeoff", height=1000)
    drawn(page)
    for _ in range(2):  # also the same mark again, after coming back
        x, y = place(page, "LLaVA-1.6-34B")
        opened = (
            page.locator("[data-testid=stApp]").get_by_text("Failed samples").or_(page.get_by_text("About this run"))
        )
        click_mark(page, x, y, leads_to=opened.first)
        assert parse_qs(urlsplit(page.url).query)["run"][0].startswith("llava-1-6-34b-human")
        page.go_back()
        expect(page.get_by_role("heading", name="Safe vs effective")).to_be_visible()
        drawn(page)


def test_a_lasso_selects_the_runs_which_other_pages_keep(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/tradeoff?mouse=lasso", height=1000)
    drawn(page)
    places = [place(page, name) for name in LEADERS]
    (left, *_, right), (top, *_, bottom) = (sorted(side) for side in zip(*places, strict=True))
    corners = [(left - 15, top - 15), (right + 15, top - 15), (right + 15, bottom + 15), (left - 15, bottom + 15)]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    link = page.get_by_role("link", name="Compare 3 selected runs")
    expect(link).to_be_visible()
    page.wait_for_url("**runs=**")
    selected = sorted(parse_qs(urlsplit(page.url).query)["runs"])
    assert [run.split("-human")[0] for run in selected] == ["gemini-1-5-pro", "gpt-4o", "gpt-4v-ision"]
    link.click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    settled(page)
    page.wait_for_url("**runs=**")
    assert sorted(parse_qs(urlsplit(page.url).query)["runs"]) == selected


@pytest.mark.parametrize("width", [1000, 390])
def test_labels_do_not_overlap_as_they_are_drawn(dashboard: str, open_page: OpenPage, width: int) -> None:
    page = open_page(f"{dashboard}/tradeoff", width=width)
    drawn(page)
    labels_keep_apart(page, width)


def labels_keep_apart(page: Page, width: int) -> None:
    named = f"(names) => names.every((name) => ({LABELS})().some(([label]) => label === name))"
    page.wait_for_function(named, arg=list(LEADERS))
    labels = page.evaluate(LABELS)
    for (one, x1, y1, x2, y2), (other, x3, y3, x4, y4) in itertools.combinations(labels, 2):
        assert x2 <= x3 + 0.5 or x4 <= x1 + 0.5 or y2 <= y3 + 0.5 or y4 <= y1 + 0.5, f"{one} lies over {other}"
    for name, left, _, right, _ in labels:
        assert left >= 0, name
        assert right <= width, name
    assert page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollWidth") <= width


def test_findings_lead_to_the_view_that_shows_them(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/findings", height=800)
    # Another metric than the page's own must arrive, and so must another board.
    link = page.get_by_role("link", name="Leaderboard by Safe & Effective")
    expect(link).to_be_visible()
    assert link.bounding_box()["y"] < 760, "nine cards are on the first screen"  # type: ignore[index]
    link.click()
    expect(page.get_by_role("heading", name="Leaderboard", exact=True)).to_be_visible()
    settled(page)
    assert parse_qs(urlsplit(page.url).query)["metric"] == ["safe_and_effective"]
    page = open_page(f"{dashboard}/findings", height=800)
    page.get_by_role("link", name="Both runs").click()
    expect(page.get_by_role("heading", name="Leaderboard", exact=True)).to_be_visible()
    settled(page)
    assert parse_qs(urlsplit(page.url).query) == {"board": ["all"], "q": ["LLaVA-1.5-7B"]}
