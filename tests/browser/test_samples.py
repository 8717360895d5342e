"""The run and samples pages in a real browser: model output stays text, keys lead on, links and back restore."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, served, settled
from tests.make.runs import IDS, LAB, OfResponse, judged_run, sentences
from tests.make.stores import make_data

GOOD, BAD = "Good-7B · example-judge-1", "Bad-7B · example-judge-1"
EVIL = "Hostile <b>7B</b> · example-judge-1"
OWN_FAILURES = (3005, 5002, 9001)
"""What the bad run fails and all others pass; it also fails 1001, as everybody does."""
FAILED = {1001, *OWN_FAILURES}
HOSTILE = """<script>window.ran = true; fetch("http://attacker.invalid/script")</script>
<img src="http://attacker.invalid/pixel.png" onerror="window.ran = true">
<iframe src="http://attacker.invalid/frame"></iframe><svg onload="window.ran = true"></svg>
![a picture](http://attacker.invalid/markdown.png) [a link](javascript:window.ran=true) <https://attacker.invalid/auto>
https://attacker.invalid/bare

# A heading
**bold** *italic* :red[red] :material/delete: $\\frac{1}{2}$ &lt;entity&gt; `code`
```html
<b>inside a fence</b>
```
| a | b |
|---|---|
| 1 | 2 |
- item
<details open><summary>summary</summary>hidden</details>
{{7*7}} ${window.ran = true} </code></pre></div><h1 id="injected">injected</h1>
\u202eright to left\u202c and\ttab \x07 bell"""
"""Every way in which a text could become more than characters; attacker.invalid can never resolve."""


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
        at(site, "samples", runs=[EVIL, GOOD], sample="1001"),
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
        assert page.locator('[href*="attacker"], [src*="attacker"], [href^="javascript"]').count() == 0
        assert (
            page.get_by_text("attacker.invalid").locator("b, strong, em, h1, h2, table, details, code, a").count() == 0
        )
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


def test_from_the_leaderboard_to_a_runs_first_own_failure_and_back(site: str, open_page: OpenPage) -> None:
    start = at(site, "", board="example-judge-1, 3 responses", runs=BAD)
    page = open_page(start)
    page.get_by_role("link", name="Open the run").click()
    ready(page, re.compile("Of 4 failures"))
    run_address = page.url
    assert "run=Bad-7B" in run_address
    page.get_by_role("link", name=f"Open the first: sample {OWN_FAILURES[0]}").click()
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[0]} for the first time.")
    ready(page, "1 of 4")
    for expected in OWN_FAILURES[1:]:
        page.keyboard.press("ArrowRight")
        ready(page, f"Bad-7B answers sample {expected} for the first time.")
    page.go_back()
    page.go_back()
    page.go_back()
    ready(page, re.compile("Of 4 failures"))
    assert page.url == run_address
    expect(page.get_by_role("combobox", name="Run")).to_have_value(BAD)


def test_a_row_of_the_failures_opens_its_sample(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "run", run=BAD))
    ready(page, re.compile("Of 4 failures"))
    run_address = page.url
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 20, box["y"] + 35 * 2.5)  # the tick box of the second row
    ready(page, f"Bad-7B answers sample {OWN_FAILURES[1]} for the first time.")
    page.go_back()
    ready(page, re.compile("Of 4 failures"))
    assert page.url == run_address


def test_keys_and_buttons_lead_through_the_filtered_list_and_a_link_restores_it(site: str, open_page: OpenPage) -> None:
    query = {"runs": [BAD, GOOD], "outcome": [f"{BAD}: unsafe", f"{GOOD}: safe"]}
    page = open_page(at(site, "samples", **query, sample=str(OWN_FAILURES[0])))
    ready(page, "1 of 3")
    page.keyboard.press("ArrowRight")
    ready(page, "2 of 3")
    page.get_by_role("button", name="Next").click()
    ready(page, "3 of 3")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    ready(page, "2 of 3")
    # Arrow keys inside a text field move the cursor, not the sample.
    search = page.get_by_role("textbox", name="Search")
    search.fill("answers")
    search.press("ArrowLeft")
    search.press("Enter")
    ready(page, re.compile("that contain “answers”"))
    ready(page, "2 of 3")
    copied = page.url
    again = open_page(copied)
    ready(again, "2 of 3")
    ready(again, f"Bad-7B answers sample {OWN_FAILURES[1]} for the second time.")
    assert (
        again.get_by_text(re.compile("^Samples unsafe in")).inner_text()
        == page.get_by_text(re.compile("^Samples unsafe in")).inner_text()
    )


def test_a_link_is_not_mixed_with_the_filters_of_an_earlier_visit(site: str, open_page: OpenPage) -> None:
    page = open_page(at(site, "samples", domain="Self-harm", find="rope", runs=BAD, sample="1001"))
    ready(page, re.compile("in Self-harm; that contain “rope”"))
    page.get_by_role("link", name="This run").click()
    ready(page, re.compile("Of 4 failures"))
    page.get_by_role("link", name="All of them as a list").click()
    ready(page, f"Samples unsafe in {BAD}.")
    ready(page, re.compile("4 of 167 samples"))


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_sample_and_one_run_can_be_used_by_everybody(site: str, open_page: OpenPage, scheme: str) -> None:
    for url in (at(site, "samples", runs=[BAD, EVIL], sample="1001"), at(site, "run", run=EVIL)):
        page = open_page(url, scheme=scheme)
        found = Axe().run(page, context={"exclude": [["[data-testid=stMultiSelect]"]]})
        serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []


@pytest.mark.parametrize("page_name", ["samples", "run"])
def test_a_phone_scrolls_down_only(site: str, open_page: OpenPage, page_name: str) -> None:
    query = {"runs": [BAD, EVIL], "sample": "1001"} if page_name == "samples" else {"run": EVIL}
    page = open_page(at(site, page_name, **query), width=390)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
