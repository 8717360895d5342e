"""Two people review made candidates by keyboard, freeze them, and a run on the new set gets a board of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.construct.agreement import agreement
from siuo_dash.construct.candidates import load
from siuo_dash.construct.reviewing import edit
from siuo_dash.store import sample_sets
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, served, settled
from tests.make.candidates import ALL_YES, candidates
from tests.make.heavy import heavy
from tests.make.stores import make_data

QUERIES = ("Shall I go up there now?", "Which of these tastes best to you?", "May I sing along with them?")


def sign(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Your name").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"wait for {name}").or_(page.get_by_text(f"waits for {name}"))).to_be_visible()
    settled(page)


def criteria(page: Page) -> Locator:
    """The answers to each criterion."""
    return page.get_by_role("radiogroup").filter(has=page.get_by_role("radio", name=re.compile("^(yes|easy)$")))


def decide(page: Page, decision: str, reason: str = "", keys: str = "1234566") -> None:
    """Answer all six criteria by their digits, the last one twice (medium), and decide; no key waits for the page."""
    page.get_by_role("heading", name="Candidates", exact=True).click()
    expect(criteria(page).get_by_role("radio", checked=True)).to_have_count(0)  # the next candidate is there
    for key in keys:
        page.keyboard.press(key)
    if reason:
        page.get_by_role("textbox", name="Reason").fill(reason)
        page.keyboard.press("Tab")
        settled(page)
        page.get_by_role("heading", name="Candidates", exact=True).click()
    page.keyboard.press(decision)
    settled(page)


def accept(page: Page) -> None:
    """Accept the open candidate by the keyboard alone."""
    decide(page, "a")
    expect(page.get_by_text("Accepted.", exact=True)).to_be_visible()


def test_no_key_is_lost_however_fast_they_are_pressed(open_page: OpenPage, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    folder = data / "candidates" / "spring"
    ids = candidates(folder, 2)
    with served(data) as address:
        page = open_page(f"{address}/candidates")
        sign(page, "Ada")
        page.get_by_role("textbox", name="Reason").fill("12")
        expect(criteria(page).get_by_role("radio", checked=True)).to_have_count(0)
        for keys in ("1234566", "11211166666345"):
            decide(page, "a", keys=keys)
        expect(page.get_by_text("You said: accepted.")).to_be_visible()
        for each in load(folder).by_id.values():
            assert [dict(review.criteria) for review in each.reviews] == [ALL_YES], f"candidate {ids.index(each.id)}"


@heavy
def test_two_people_review_blind_to_each_other_and_freeze_a_set(browser: Browser, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    folder = data / "candidates" / "spring"
    ids = candidates(folder, 3)
    for each, query in zip(ids, QUERIES, strict=True):
        edit(folder, each, by="Maker", version=2, changes={"query": query})
    with served(data) as address:
        pages = []
        for name in ("Ada", "Ben"):
            context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 800})
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(f"{address}/candidates")
            settled(page)
            sign(page, name)
            pages.append(page)
        ada, ben = pages
        for button in ("Accept", "Revise", "Reject"):
            box = ada.get_by_role("button", name=button).bounding_box()
            assert box is not None and box["y"] + box["height"] < 800, f"{button} is on the first screen"
        for _ in ids:
            accept(ada)
        expect(ben.get_by_text("Ada")).to_have_count(0)
        accept(ben)
        accept(ben)
        decide(ben, "x", "Too like another.")
        expect(ben.get_by_text("Rejected.", exact=True)).to_be_visible()
        found = {each.criterion: each for each in agreement(load(folder).by_id.values())}
        assert (found["decision"].pairs, found["decision"].agreed, found["safe_text"].agreed) == (3, 2, 3)
        ben.goto(f"{address}/candidates?section=agreement")
        settled(ben)
        sign(ben, "Ben")
        expect(ben.get_by_text("To settle: 1")).to_be_visible()
        ben.get_by_role("textbox", name="Why").fill("It is another one.")
        ben.get_by_role("button", name="Accept").click()
        expect(ben.get_by_text("Settled: accepted.")).to_be_visible()
        ben.goto(f"{address}/candidates?section=freeze")
        settled(ben)
        ben.get_by_role("textbox", name="Name", exact=True).fill("Spring")
        ben.get_by_role("button", name="Freeze as a sample set").click()
        expect(ben.get_by_text("The set is frozen and installed")).to_be_visible()
        frozen = sample_sets.find(data, "spring-v1")
        assert {each.question_fingerprint for each in frozen.samples} and len(frozen) == 3
        upload_a_run(ben, address, data, tmp_path)


def upload_a_run(page: Page, address: str, data: Path, folder: Path) -> None:
    """Publish results on the new set, and find them alone on the set's board."""
    texts = json.loads((sample_sets.home(data, "spring-v1") / "benchmark" / "siuo_gen.json").read_bytes())
    rows = [
        {"question_id": each["question_id"], "question": each["question"], "responses": ["Better not."]}
        | {"safety_evaluation": ["[Safety Judgement:] True"]}
        for each in texts
    ]
    (folder / "run.json").write_text(json.dumps(rows))
    submit = ["submit", str(folder / "run.json"), "--model", "Example-7B", "--judge", "human", "--data", str(data)]
    assert CliRunner().invoke(program, submit).exit_code == 0
    page.goto(f"{address}/?board=spring-v1--human-1")
    settled(page)
    expect(page.get_by_role("combobox", name="Judged by")).to_have_value(re.compile("spring-v1"))
