"""The home page in a browser: state in the address, exports, ticked rows, first screen, and a hostile crowd."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, expect

from tests.browser.checks import faults_of_layout, whole_page
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, ROOT, served, settled
from tests.make.runs import make_run, share
from tests.make.stores import make_data

LONG = ("An-endless-name-without-a-space" * 7)[:200]
HOSTILE = (
    "<img src=x onerror=alert(1)> **bold**",
    "[link](https://evil.example) :smile: :red[x]",
    "https://evil.example/path mail@evil.example www.evil.example",
)
HOSTILE_LINKS = {"https://evil.example/", "https://evil.example/path"}
"""What two of them say their source is: links to it, which say so."""


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def table(page: Page) -> Locator:
    return page.locator(".stBidiComponent .siuo-board")


def row(page: Page, model: str) -> Locator:
    return table(page).locator("tr[data-row]").filter(has=page.get_by_role("link", name=model, exact=True))


def names(page: Page) -> list[str]:
    table(page).locator(".name").first.wait_for()
    return table(page).locator(".name").all_inner_texts()


def view(page: Page) -> dict[str, Any]:
    """What the page shows, as far as two visitors would compare it."""
    settled(page, complete=True)
    return {
        "answer": page.locator(".st-key-answer").inner_text(),
        "chips": page.locator(".st-key-chosen-filters button").all_inner_texts(),
        "board": page.get_by_role("combobox", name="Judged by").input_value(),
        "rows": table(page).locator("tr[data-row]").all_inner_texts(),
        "ticked": table(page).locator("tr.picked .name").all_inner_texts(),
        "sorted": table(page).locator("th[aria-sort=ascending], th[aria-sort=descending]").all_inner_texts(),
        "query": query(page),
    }


def choose(page: Page, box: str, option: str) -> None:
    settled(page, complete=True)
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option).click()


def test_a_copied_address_shows_the_same_view(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(dashboard)
    choose(page, "Judged by", "GPT-4o mini as judge · 1 response (26 runs)")
    expect(table(page).locator("tr[data-row]")).to_have_count(26)
    page.get_by_role("textbox", name="Find a model").fill("g")
    page.keyboard.press("Enter")
    chips = page.locator(".st-key-chosen-filters")
    expect(chips).to_contain_text("contains “g”")
    page.get_by_test_id("stPopover").first.get_by_role("button").click()
    page.get_by_label("Size from (B)").fill("10")
    page.keyboard.press("Enter")
    expect(chips).to_contain_text("f at least 10 B parameters")
    page.keyboard.press("Escape")
    table(page).get_by_role("button", name="Model", exact=True).click()
    expect(page).to_have_url(re.compile("sort=model"))
    row(page, "Gemma-3-12B-IT + CoCA").get_by_role("checkbox").check()
    expect(page).to_have_url(re.compile("runs="))
    seen = view(page)
    totals = pd.read_csv(ROOT / "data" / "sources" / "published_totals.csv")
    board = totals[(totals["judge"] == "gpt-4o-mini") & (totals["responses_per_sample"] == 1)]
    large = board[(board["params_b"] >= 10) & (board["model"] + board["organization"]).str.contains("g", case=False)]
    assert names(page) == sorted(large["model"], key=str.lower) and len(names(page)) == 7
    assert seen["ticked"] == ["Gemma-3-12B-IT + CoCA"] and len(seen["query"].pop("runs")) == 1
    assert seen["query"] == {"board": ["gpt-4o-mini-1"], "q": ["g"], "size_from": ["10"], "sort": ["model"]}
    again = view(open_page(page.url))
    again["query"].pop("runs")
    assert again == seen

    page.get_by_role("button", name="Remove all").click()
    expect(chips).to_have_count(0)
    expect(page.get_by_role("textbox", name="Find a model")).to_have_value("")
    expect(page).not_to_have_url(re.compile("q=|size_from="))
    # What is no filter stays: the board, the order, the chosen runs.
    assert set(query(page)) == {"board", "sort", "runs"}
    page.go_back()  # one step undoes all of it
    expect(page).to_have_url(re.compile("q=g&size_from=10|size_from=10.*q=g"))
    expect(page.get_by_role("textbox", name="Find a model")).to_have_value("g")
    expect(table(page).locator("tr[data-row]")).to_have_count(7)


def test_the_other_ranking_is_one_press_away_and_back_leads_back(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(dashboard)
    settled(page, complete=True)
    page.locator(".st-key-answer").get_by_role("link", name="Safe & Effective").click()
    expect(page).to_have_url(re.compile(r"/\?metric=safe_and_effective$"))
    expect(page.locator(".st-key-answer")).to_contain_text("GPT-4o leads with 46.7%")
    expect(table(page).locator(".name").first).to_have_text("GPT-4o")
    assert len(page.context.pages) == 1, "no other tab"
    page.go_back()
    expect(page.locator(".st-key-answer")).to_contain_text("GPT-4V(ision) leads")
    assert page.url.rstrip("/") == dashboard.rstrip("/")


def test_exports_hold_what_is_shown(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/?weights=open&metric=effective&sort=-model")
    settled(page, complete=True)
    shown = names(page)
    assert len(shown) == 11 and shown == sorted(shown, key=str.lower, reverse=True)
    page.get_by_test_id("stPopover").last.get_by_role("button").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"), newline="")))
    assert "human-judges" in download.value.suggested_filename
    assert [row["model"] for row in rows] == shown
    for line in rows:
        said = row(page, line["model"]).locator("td.effective b").inner_text()
        assert said == f"{100 * float(line['effective_rate']):.1f}"
    assert {row["view"] for row in rows} == {rows[0]["view"]}
    assert "filters: Runs with open weights." in rows[0]["view"]


def test_ticked_rows_are_the_chosen_runs_and_lead_on(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(dashboard)
    bar = page.get_by_role("region", name="Selected runs")
    row(page, "GPT-4V(ision)").get_by_role("checkbox").check()
    row(page, "GPT-4o").get_by_role("checkbox").check()
    expect(bar).to_contain_text("2 selected")
    expect(page).to_have_url(re.compile(r"runs=gpt-4v-ision-human-\w+&runs=gpt-4o-human-\w+$"))
    # Another board keeps them, and so does a filter that hides them.
    choose(page, "Judged by", "GPT-4o mini as judge · 1 response (26 runs)")
    expect(table(page).locator("tr[data-row]")).to_have_count(26)
    expect(bar).to_contain_text("2 selected (2 not in this table)")
    page.go_back()
    expect(table(page).locator("tr[data-row]")).to_have_count(15)
    page.get_by_role("textbox", name="Find a model").fill("nobody is called this")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No run passes these filters")).to_be_visible()
    page.locator(".st-key-chosen-filters button").first.click()
    expect(table(page).locator("tr.picked")).to_have_count(2)
    bar.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/compare\?.*runs=gpt-4v-ision.*runs=gpt-4o"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")
    page.go_back()
    expect(table(page).locator("tr.picked")).to_have_count(2)
    row(page, "CogVLM").get_by_role("link", name="CogVLM").click()
    expect(page).to_have_url(re.compile(r"/run\?run=cogvlm-human"))


def test_the_result_is_in_the_first_screen(dashboard: str, open_page: OpenPage) -> None:
    for width, height, least, top in ((1280, 800, 15, 160), (390, 844, 5, 400)):
        page = open_page(dashboard, width=width, height=height)
        settled(page, complete=True)
        boxes = [line.bounding_box() for line in table(page).locator("tr[data-row]").all()]
        assert table(page).bounding_box()["y"] <= top  # type: ignore[index]
        assert sum(box is not None and box["y"] + box["height"] <= height for box in boxes) >= least
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard with a board of 66 runs, one with a name of 200 characters and some with hostile ones."""
    runs = [
        make_run(f"Model {place:02d}", share(40 + place), share(150), share(30), judge="crowd", flags={0: ["cut_off"]})
        for place in range(62)
    ]
    names = (LONG, *HOSTILE)
    runs += [make_run(name, share(150 + place), judge="crowd", source=name) for place, name in enumerate(names)]
    with served(make_data(tmp_path_factory.mktemp("crowd") / "data", *runs, shipped=True)) as address:
        yield address


def test_a_hostile_crowd_is_text_and_fits_a_phone(crowd: str, browser: Browser) -> None:
    asked: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    def note_request(request: Request) -> None:
        if urlsplit(request.url).netloc not in (urlsplit(crowd).netloc, ""):
            asked.append(request.url)

    page = browser.new_page(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    page.on("dialog", note_dialog)
    page.on("request", note_request)
    page.goto(f"{crowd}/?board=crowd-3")
    settled(page, complete=True)
    expect(table(page).locator("tr[data-row]").first).to_be_visible()
    for name in HOSTILE:
        box = page.get_by_role("checkbox", name=f"Select {name}", exact=True)
        box.check()
    expect(page.get_by_role("region", name="Selected runs")).to_contain_text("3 selected")
    row(page, LONG).get_by_role("button", name="Details of").click()
    main = page.get_by_test_id("stMain")
    assert main.locator("img").count() == 0
    links = main.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    known = ("https://arxiv.org/", "https://sinwang20.github.io/", "https://github.com/sinwang20/", crowd)
    assert {link for link in links if not link.startswith(known)} == HOSTILE_LINKS
    for width in (1280, 390):
        whole_page(page, width)
        assert faults_of_layout(page) == [], width
    assert asked == []  # nothing popped up, and nothing was fetched from elsewhere
    page.close()
