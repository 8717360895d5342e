"""A hosted dashboard and its people: each in a browser of their own, signed in through a real provider."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import forget
from tests.browser.driver import PATIENCE, ROOT, choose_judge, free_port, served, settled
from tests.make.files import as_json, judged
from tests.make.registry import events
from tests.oidc.provider import Provider, serving
from tests.server.loops import finished
from tests.server.visitor import Visitor

EXAMPLE = ROOT / "examples" / "example-generation.json"
HOSTILE = '=1+1 <img src=x onerror="document.title=1"> **b** [a](javascript:alert(1)) \u202egnp.exe\u200b'
PEOPLE: dict[str, dict[str, Any]] = {
    "submitter": {"email": "Submitter@example.org"},
    "other": {"email": "other@example.org"},
    "reviewer": {"email": "Reviewer@Example.org"},
    "unverified": {"email": "reviewer@example.org", "email_verified": False},
    "stale": {"email": "reviewer@example.org", "iat": 1_700_000_000},
    "hostile": {"email": "hostile@example.org", "name": HOSTILE, "reviewer": True, "is_logged_in": "no"},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving(Provider(people=dict(PEOPLE)), free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def hosted(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A hosted dashboard on a copy of the shipped data: its address, its folder."""
    folder = tmp_path_factory.mktemp("hosted")
    data = folder / "data"
    data.mkdir()
    for name in ("samples.csv", "results.parquet"):
        shutil.copy(ROOT / "data" / name, data)
    settings = {
        "SIUO_MODE": "hosted",
        "SIUO_REVIEWERS": "reviewer@example.org",
        "STREAMLIT_SECRETS_FILES": str(provider.secrets_file(folder)),
    }
    with served(data, **settings) as address:
        yield address, data


def cookies(address: str, person: str | None) -> dict[str, str]:
    """What the browser of a person holds who has signed in."""

    async def sign_in() -> dict[str, str]:
        async with Visitor(address) as visitor:
            await visitor.open()
            if person is not None:
                await visitor.sign_in(person)
            return visitor.cookies

    return finished(sign_in())


class Visit:
    """One person's browser: a context of its own with one page."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.set_default_timeout(PATIENCE)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.address}/{path}")
        settled(self.page)
        return self.page

    def sign_in(self, person: str, path: str = "upload") -> Page:
        """From the button in the corner, through the provider's page, back, and to the page that is wanted."""
        self.open()
        self.page.get_by_role("button", name="Sign in").click()
        see(self.page.get_by_role("heading", name="Who are you?"))
        self.page.get_by_role("link", name=person, exact=True).click()
        settled(self.page)
        return self.open(path)


@pytest.fixture
def visit(browser: Browser, contexts: list[BrowserContext], hosted: tuple[str, Path]) -> Iterator[Any]:
    """visit(person=None, path=""): a browser of its own, in which that person has signed in before."""
    used = []

    def visited(person: str | None = None, path: str = "") -> Visit:
        used.append(contexts.pop() if contexts else browser.new_context(reduced_motion="reduce"))
        found = Visit(used[-1], hosted[0])
        if person is not None:
            held = cookies(hosted[0], person)
            used[-1].add_cookies([{"name": name, "value": held[name], "url": hosted[0]} for name in held])
        found.open(path)
        return found

    yield visited
    for context in used:
        forget(context)
        contexts.append(context)


def see(what: Locator) -> None:
    """It can be seen, soon or late."""
    expect(what).to_be_visible()


def fill(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}"))
    box.fill(text)
    box.press("Enter")
    settled(page)


def write(page: Page, label: str, text: str) -> None:
    """Words of several lines, sent before anything else is done."""
    settled(page)
    box = page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}"))
    box.fill(text)
    box.press("Control+Enter")
    settled(page)


def press(page: Page, name: str) -> None:
    settled(page)
    page.get_by_role("button", name=name, exact=True).click()


def fill_in(page: Page, file: Path, model: str, judge: str = "human") -> None:
    """Drop a file and say what it is."""
    page.locator("input[type=file]").first.set_input_files(str(file))
    see(page.get_by_role("button", name="Start again"))
    settled(page)
    fill(page, "Model", model)
    choose_judge(page, judge)
    new_board = page.get_by_role("button", name="Open a new board")
    complete = page.get_by_role("button", name=re.compile("^(Send for review|Publish)$"), disabled=False)
    see(new_board.or_(complete).first)  # the page may answer after it has looked settled once
    if new_board.count():
        new_board.click()
        settled(page)


def run_file(folder: Path, safe: int, model: str = "x") -> Path:
    """A run of its own content."""
    rows = judged(safe=safe)
    for row in rows:
        row["responses"] = [f"{text} ({model})" for text in row["responses"]]
    path = folder / f"{model}-{safe}.json"
    path.write_bytes(as_json(rows))
    return path


def events_of(data: Path, run_id: str) -> list[tuple[str, str | None]]:
    return [(event.event, event.by) for event in events(data) if event.run_id == run_id]
