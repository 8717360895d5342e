"""The run and samples pages in a real browser: model output stays text, keys lead on, links and back restore."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from tests.browser.checks import choose_scheme
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, served, settled
from tests.make.hostile_text import HOSTILE
from tests.make.runs import IDS, LAB, OfResponse, judged_run, sentences
from tests.make.stores import make_data

GOOD, BAD = "Good-7B · example-judge-1", "Bad-7B · example-judge-1"
EVIL = "Hostile <b>7B</b> · example-judge-1"
OWN_FAILURES = (3005, 5002, 9001)
"""What the bad run fails and all others pass; it also fails 1001, as everybody does."""
FAILED = {1001, *OWN_FAILURES}


def made(model: str, verdicts: Mapping[int, Sequence[OfResponse]], **about: Any) -> pa.Table:
    return judged_run(model, "example-judge-1", verdicts, examined=True, **about)


def hostile_run(ids: Sequence[int]) -> pa.Table:
    """A run whose every text, every word of a judge, and everything its uploader wrote about it, is an attack."""
    about = {
        "organization": '<img src="http://attacker.invalid/o.png">',
        "note": HOSTILE,
        "source": "javascript:window.ran=true <script>window.ran = true</script>",
        "submitted_by": "![x](http://attacker.invalid/by.png)",
    }
    return made(
        "Hostile <b>7B</b>",
        {question_id: [(False, True), (False, False), (True, True)] for question_id in ids},
        text=lambda question_id, place: f"{question_id}.{place}\n{HOSTILE}",
        words=lambda question_id, place: f"[Safety Judgement:] False {HOSTILE}",
        **(LAB | about),
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    yes, no = [(True, True)] * 3, [(False, True)] * 3
    folder = make_data(
        tmp_path_factory.mktemp("browser"),
        made("Good-7B", {each: no if each == 1001 else yes for each in IDS}, text=sentences("Good-7B"), **LAB),
        made("Bad-7B", {each: no if each in FAILED else yes for each in IDS}, text=sentences("Bad-7B"), **LAB),
        hostile_run([1001, *IDS[5:9]]),
        shipped=True,
    )
    pictures = folder / "benchmark" / "images"
    pictures.mkdir(parents=True)
    body = io.BytesIO()
    Image.new("RGB", (64, 48), "#336699").save(body, "PNG")
    (pictures / "S-01.png").write_bytes(body.getvalue())
    return folder


@pytest.fixture(scope="module")
def site(data: Path) -> Iterator[str]:
    with served(data) as address:
        yield address


def at(site: str, page: str, **query: str | list[str]) -> str:
    return f"{site}/{page}?{urlencode(query, doseq=True)}"


def ready(page: Page, words: str | re.Pattern[str]) -> None:
    """Wait until the page says these words and stands still."""
    expect(page.get_by_text(words).first).to_be_visible()
    settled(page)


def test_a_hostile_run_is_characters_and_nothing_else(site: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    foreign: list[str] = []
    context.on("request", lambda request: foreign.append(request.url) if not request.url.startswith(site) else None)
    dialogs: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("dialog", dismissed)
    shown = (
        at(site, "samples", runs=[EVIL, GOOD], sample="1001", judge_words="true"),
        at(site, "samples", runs=EVIL, sample="1001", formatted="true"),
        at(site, "samples", runs=EVIL, find="attacker"),
        at(site, "run", run=EVIL),
        at(site, "", board="example-judge-1, 3 responses", runs=EVIL),
    )
    for url in shown:
        page.goto(url)
        settled(page)
        expect(page.locator("h1")).to_have_count(1)
        assert page.evaluate("window.ran") is None
        assert page.locator("#injected, iframe, object, embed").count() == 0
        assert page.locator('[href*="attacker.invalid"], [src*="attacker"], [href^="javascript"]').count() == 0
        assert page.get_by_text("attacker.invalid").locator("b, h1, h2, table, details, a").count() == 0
    assert [url for url in foreign if not url.startswith(("data:", "blob:"))] == []
    assert dialogs == []

    page.goto(shown[0])
    settled(page)
    first = page.get_by_text("1001.0").first
    expect(first).to_be_visible()
    for line in HOSTILE.splitlines()[:-1]:
        assert line.strip() in first.inner_text(), "each character is there"
    assert "\\u202eright to left" in first.inner_text()
    assert page.get_by_text("[Safety Judgement:] False <script>").count() == 3
    context.close()


def opened(page: Page) -> Locator:
    """The row of the list that is marked as open."""
    return page.locator("a[aria-current=true]")


def test_keys_and_buttons_lead_through_the_filtered_list_and_a_link_restores_it(site: str, open_page: OpenPage) -> None:
    query = {"runs": [BAD, GOOD], "outcome": [f"{BAD}: unsafe", f"{GOOD}: safe"]}
    page = open_page(at(site, "samples", **query, order="number", sample=str(OWN_FAILURES[0])))
    ready(page, "1 of 3")
    page.keyboard.press("ArrowRight")
    ready(page, "2 of 3")
    page.get_by_role("button", name="Next").click()
    ready(page, "3 of 3")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    ready(page, "2 of 3")
    # Arrow keys inside a text field move the cursor, not the sample.
    search = page.get_by_role("textbox", name="Search samples")
    search.fill("answers")
    search.press("ArrowLeft")
    search.press("Enter")
    ready(page, re.compile("that contain “answers”"))
    ready(page, "2 of 3")
    # A popover is drawn at the end of the page; by Tab it comes after its button.
    filters, popover = page.get_by_role("button", name="Filters and order"), page.get_by_test_id("stPopoverBody")
    filters.press("Enter")
    expect(popover.get_by_role("radio").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(popover.locator(":focus")).to_have_count(1)
    page.keyboard.press("Shift+Tab")
    expect(filters).to_be_focused()
    page.keyboard.press("Escape")
    expect(popover).to_have_count(0)
    copied = page.url
    again = open_page(copied)
    ready(again, "2 of 3")
    ready(again, f"Bad-7B answers sample {OWN_FAILURES[1]} for the second time.")
    expect(opened(again)).to_contain_text(str(OWN_FAILURES[1]))
    again.get_by_role("button", name="Previous").click()
    ready(again, "1 of 3")
    again.go_back()
    ready(again, "2 of 3")


def test_a_row_opens_its_sample_by_mouse_key_and_link(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "samples", runs=BAD, show="failed"))
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[0]} for the first time.")
    rows = page.get_by_role("list", name="4 samples; a row opens the sample").get_by_role("link")
    expect(rows).to_have_count(4)
    rows.nth(2).click()
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[2]} for the first time.")
    expect(opened(page)).to_contain_text(str(OWN_FAILURES[2]))
    rows.nth(2).press("ArrowUp")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[1]} for the first time.")
    address = page.url
    other = open_page(f"{site}/{rows.nth(3).get_attribute('href')}")
    ready(other, "Bad-7B answers sample 1001 for the first time.")
    ready(other, "4 of 4")
    page.reload()
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[1]} for the first time.")
    assert page.url == address


def test_the_way_on_stays_in_sight_and_a_sample_begins_at_its_top(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "samples", runs=[EVIL, BAD], show="failed"), height=800)
    pane, step = page.locator(".st-key-sample"), page.get_by_role("button", name="Next")
    assert pane.evaluate("pane => { pane.scrollTo(0, 9999); return pane.scrollTop }") > 100, "it is a long one"
    expect(step).to_be_in_viewport()
    expect(opened(page)).to_be_in_viewport()
    step.click()
    ready(page, "2 of 8")
    assert pane.evaluate("pane => pane.scrollTop") == 0
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_formatted_text_has_no_links_and_no_markup_of_the_models(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "samples", runs=EVIL, sample="1006", formatted="true", judge_words="true"))
    heading = page.get_by_role("heading", name="A heading").first
    expect(heading).to_be_visible()
    made = page.locator(".st-key-sample").locator("a[href*=attacker], img, iframe, script, svg[onload], #injected")
    assert made.count() == 0
    assert page.evaluate("window.ran") is None
    page.get_by_text("Formatted", exact=True).click()
    expect(heading).to_have_count(0)


def test_from_a_run_to_the_words_of_its_weakest_domain_and_back(site: str, open_page: OpenPage) -> None:
    """From the run on, two clicks: its weakest domain, where the first failing sample is open already."""
    page = open_page(at(site, "run", run=BAD), height=800)
    ready(page, re.compile("4 failures; 3 that at least 90%"))
    expect(page).to_have_title("Bad-7B · SIUO dashboard")
    run_address = page.url
    domains = page.get_by_role("list", name="Safe in 9 domains")
    for part in (page.locator(".figures"), domains, page.get_by_role("list", name="4 failed samples by Safe")):
        expect(part).to_be_in_viewport(ratio=0.95)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 9999)")
    row = domains.get_by_role("link", name=re.compile("^Morality"))
    row.press("Enter")
    ready(page, "Bad-7B answers sample 3005 for the first time.")
    ready(page, "1 of 1")
    expect(page).to_have_title("Sample 3005 · SIUO dashboard")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0, "one arrives at the top"
    asked = parse_qs(urlsplit(page.url).query)
    assert asked["show"] == ["failed"] and asked["domain"] == ["morality"] and len(asked["runs"]) == 1
    page.go_back()
    ready(page, re.compile("4 failures; 3 that at least 90%"))
    assert page.url == run_address
    # A link says what to show: nothing of the visit before is mixed into it.
    page.get_by_role("list", name="4 failed samples by Safe").get_by_role("link").nth(1).click()
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[1]} for the first time.")
    ready(page, "2 of 4")
    assert "domain" not in parse_qs(urlsplit(page.url).query)


def test_from_the_leaderboard_to_the_words_of_a_failure_in_three_clicks(site: str, open_page: OpenPage) -> None:
    """A model's name, its weakest domain, and the first sample it fails there is open."""
    page = open_page(at(site, "", board="example-judge-1-3"))
    page.locator(".siuo-board").get_by_role("link", name="Bad-7B").click()
    expect(page.get_by_role("heading", name="Bad-7B")).to_be_visible()
    settled(page)
    page.get_by_role("list", name="Safe in 9 domains").get_by_role("link", name=re.compile("^Morality")).click()
    ready(page, re.compile(r"Bad-7B answers sample \d{4} for the first time\."))


def test_a_picture_is_blurred_until_asked_for(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "samples", sample="1001"))
    covered = page.get_by_role("img", name="The sample's picture, blurred")
    expect(covered).to_be_visible()
    # The sharp picture is 64 pixels wide; what the browser has until it is asked for is another one.
    page.wait_for_function("picture => picture.naturalWidth === 480", arg=covered.element_handle())
    page.get_by_text("Show the picture").click()
    expect(covered).to_have_count(0)
    picture = page.get_by_role("img", name="Rooftop edge of a tall building")
    expect(picture).to_be_visible()
    page.wait_for_function("picture => picture.naturalWidth === 64", arg=picture.element_handle())


@pytest.mark.parametrize("page_name", ["samples", "run"])
def test_one_sample_and_one_run_can_be_used_by_everybody(site: str, open_page: OpenPage, page_name: str) -> None:
    query = {"runs": [BAD, EVIL], "sample": "1001"} if page_name == "samples" else {"run": EVIL}
    page = open_page(at(site, page_name, **query))
    for scheme in ("light", "dark"):
        choose_scheme(page, scheme)
        found = Axe().run(page, context={"exclude": [["[data-testid=stMultiSelect]"]]})
        serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []
    page = open_page(at(site, page_name, **query), width=390)  # a phone scrolls down only
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
