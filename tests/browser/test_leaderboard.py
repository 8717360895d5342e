"""The home page in a browser: state in the address, exports of what is shown, ticked rows, and a hostile crowd."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

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


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def sentence(page: Page) -> Any:
    return page.get_by_text(re.compile(r"^(No filter is set\.|Runs .*\.)$"))


def cells(page: Page) -> list[list[str]]:
    """The rows of the table as a screen reader gets them, once they are there: after the canvas."""
    first_row(page).wait_for(state="attached")
    rows = page.get_by_test_id("stDataFrame").first.locator('[role="row"]')
    return [row.locator('[role="gridcell"]').all_inner_texts() for row in rows.all()[1:]]


def first_row(page: Page) -> Locator:
    return page.get_by_test_id("stDataFrame").first.locator('[role="row"]').nth(1)


def view(page: Page) -> dict[str, Any]:
    """What the page shows, as far as two visitors would compare it."""
    settled(page, complete=True)
    return {
        "sentence": sentence(page).inner_text(),
        "captions": page.get_by_test_id("stCaptionContainer").all_inner_texts(),
        "board": page.get_by_role("combobox", name="Board").input_value(),
        "rows": cells(page),
        "chosen": page.get_by_test_id("stMultiSelect").last.inner_text(),
        "chart": page.locator(".js-plotly-plot .ytick").all_inner_texts(),
        "query": query(page),
    }


def choose(page: Page, box: str, option: str) -> None:
    settled(page, complete=True)
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option, exact=True).click()


def tick(page: Page, row: int) -> None:
    """Click the box before a row of the table, which is drawn on a canvas: rows are 33 px high, the head as well."""
    settled(page, complete=True)
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 16, "y": 34 + 33 * row + 16})


def test_a_copied_address_shows_the_same_view(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(dashboard)
    choose(page, "Board", "gpt-4o-mini, 1 response")
    expect(page.get_by_text("26 of them ranked by Safe")).to_be_visible()
    page.get_by_role("textbox", name="Search").fill("g")
    page.keyboard.press("Enter")
    expect(sentence(page)).to_have_text("Runs whose model or organization contains “g”.")
    page.get_by_role("button", name="Filters").first.click()
    page.get_by_label("Size from (B)").fill("10")
    page.keyboard.press("Enter")
    expect(sentence(page)).to_contain_text("of at least 10 B parameters")
    page.keyboard.press("Escape")
    choose(page, "Order of rows", "Model, A to Z")
    expect(first_row(page)).to_contain_text("Gemma-3-12B-IT17")  # the name, and the range of its rank
    tick(page, 1)
    expect(page).to_have_url(re.compile("runs="))
    seen = view(page)
    names = [row[1] for row in seen["rows"]]
    totals = pd.read_csv(ROOT / "data" / "sources" / "published_totals.csv")
    board = totals[(totals["judge"] == "gpt-4o-mini") & (totals["responses_per_sample"] == 1)]
    large = board[(board["params_b"] >= 10) & (board["model"] + board["organization"]).str.contains("g", case=False)]
    assert names == sorted(large["model"], key=str.lower) and len(names) == 7
    assert seen["query"] == {
        "board": ["gpt-4o-mini, 1 response"],
        "q": ["g"],
        "size_from": ["10"],
        "sort": ["Model, A to Z"],
        "runs": [f"{names[1]} · gpt-4o-mini"],
    }
    copied = open_page(page.url)
    assert view(copied) == seen
    page.reload()
    assert view(page) == seen

    page.get_by_role("button", name="Reset filters").click()
    expect(sentence(page)).to_have_text("No filter is set.")
    expect(page.get_by_role("textbox", name="Search")).to_have_value("")
    expect(page).not_to_have_url(re.compile("q=|size_from="))
    # What is no filter stays: the board, the order, the chosen runs.
    assert set(query(page)) == {"board", "sort", "runs"}


def test_exports_hold_what_is_shown(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(f"{dashboard}/?weights=Open&metric=Effective")
    settled(page, complete=True)
    shown = cells(page)
    for name, start in (("PNG", b"\x89PNG\r\n\x1a\n"), ("SVG", b"<svg")):
        button = page.get_by_role("button", name=name, exact=True)
        with page.expect_download() as download:
            button.click()
        body = Path(download.value.path()).read_bytes()
        assert body.startswith(start)
        assert len(body) > 5_000
        assert download.value.suggested_filename.endswith(f".{name.lower()}")
    assert b"GPT-4o" not in body and b"LLaVA-1.6-34B" in body
    page.get_by_role("button", name="Export table").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"), newline="")))
    assert "human-3-responses" in download.value.suggested_filename
    assert len(rows) == 11
    # Rank, model, rank range, safe: on the screen rates are percent.
    assert [[row["rank"], row["model"]] for row in rows] == [row[:2] for row in shown]
    assert [100 * float(row["safe_rate"]) for row in rows] == pytest.approx([float(row[3]) for row in shown])
    assert {row["view"] for row in rows} == {rows[0]["view"]}
    assert "filters: Runs with open weights." in rows[0]["view"]


def test_ticked_rows_are_the_chosen_runs_and_back(dashboard: str, open_page: OpenPage) -> None:
    page = open_page(dashboard)
    settled(page, complete=True)
    chosen = page.get_by_test_id("stMultiSelect").last
    tick(page, 0)
    expect(chosen).to_contain_text("GPT-4V(ision) · human")
    tick(page, 2)
    expect(chosen).to_contain_text("GPT-4o · human")
    assert query(page)["runs"] == ["GPT-4V(ision) · human", "GPT-4o · human"]
    expect(page.get_by_test_id("stPageLink").first).to_be_visible()
    # Another board keeps them, and taking one away by hand unticks its row.
    choose(page, "Board", "gpt-4o-mini, 1 response")
    expect(page.get_by_text("26 of them ranked by Safe")).to_be_visible()
    expect(chosen).to_contain_text("GPT-4o · human")
    choose(page, "Board", "human, 3 responses")
    expect(page.get_by_text("15 of them ranked by Safe")).to_be_visible()
    chosen.get_by_label("Remove").first.click()
    expect(chosen).not_to_contain_text("GPT-4V(ision)")
    expect(first_row(page)).to_have_attribute("aria-selected", "false")
    tick(page, 2)
    expect(chosen).not_to_contain_text("GPT-4o · human")
    expect(page).not_to_have_url(re.compile("runs="))
    # No run passes this: the choice is kept for when the filter goes.
    tick(page, 1)
    expect(chosen).to_contain_text("Gemini 1.5 Pro · human")
    page.get_by_role("textbox", name="Search").fill("nobody is called this")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No run passes these filters")).to_be_visible()
    page.get_by_role("button", name="Reset filters").click()
    expect(page.get_by_text("15 of them ranked by Safe")).to_be_visible()
    expect(chosen).to_contain_text("Gemini 1.5 Pro · human")


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
    chosen = "&".join(f"runs={quote(f'{name} · crowd')}" for name in (LONG, *HOSTILE))
    page.goto(f"{crowd}/?board={quote('crowd, 3 responses')}&{chosen}")
    settled(page, complete=True)
    expect(page.get_by_text("66 of them ranked by Safe")).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.locator("img").count() == 0
    links = main.locator("a[href]").evaluate_all("links => links.map(link => link.href)")
    assert [link for link in links if not link.startswith(crowd)] == []
    chart = page.locator(".js-plotly-plot")
    assert chart.locator(".ytick").count() == 60
    expect(page.get_by_text("The first 60 of 66 ranked runs")).to_be_visible()
    assert any("onerror=alert(1)" in label for label in chart.locator(".ytick").all_text_contents())
    for width in (1280, 390):
        whole_page(page, width)
        assert faults_of_layout(page) == [], width
    assert asked == []  # nothing popped up, and nothing was fetched from elsewhere
    page.close()
