"""One dashboard on the shipped data a test process, and pages of its one browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.checks import LISTEN
from tests.browser.driver import PATIENCE, served, settled

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives a browser."""
    for item in items:
        if "/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def dashboard() -> Iterator[str]:
    """The address of a dashboard on the shipped data."""
    with served() as address:
        yield address


@pytest.fixture(scope="session")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has the program's scripts from its first page on: loading them anew is half of a test's work."""
    with browser.new_context(reduced_motion="reduce", accept_downloads=True) as context:
        context.set_default_timeout(PATIENCE)
        context.add_init_script(LISTEN)
        yield context


@pytest.fixture
def open_page(visitor: BrowserContext) -> Iterator[OpenPage]:
    """open_page(url, scheme="light", width=1280, height=900): a settled page; nothing is stored from earlier tests."""

    def opened(url: str, *, scheme: str = "light", width: int = 1280, height: int = 900) -> Page:
        page = visitor.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(url)
        settled(page)
        return page

    yield opened
    forget(visitor)


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """The browsers of people whom nobody plays now: they have loaded the program's scripts, and hold nothing else."""
    free: list[BrowserContext] = []
    yield free
    for context in free:
        context.close()


def forget(context: BrowserContext) -> None:
    """Close its pages, with all that they and the server stored in it."""
    for page in context.pages:
        page.evaluate("localStorage.clear(), sessionStorage.clear()")
        page.close()
    context.clear_cookies()
