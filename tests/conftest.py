"""What the tests share: the shipped data, and the real fixtures where they are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.driver import PATIENCE
from tests.browser.find_browser import FLAGS, HELP, find_browser

pytest_plugins = ["tests.make.small", "tests.make.pages"]
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# How long an example takes says something of the machine's other work, nothing of the program.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
expect.set_options(timeout=PATIENCE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--heavy", action="store_true", help="run the tests marked heavy, and no others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The suite leaves the heavy tests out, `make heavy` runs them alone."""
    wanted = bool(config.getoption("--heavy"))
    kept = [item for item in items if (item.get_closest_marker("heavy") is not None) == wanted]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of real result files; a user's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("the maintainers' fixtures (a folder beside the clone) are not at hand")
    return SHARED


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one a test process; its absence is a failure that says what to install."""
    path = find_browser()
    if path is None:
        pytest.fail(HELP)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()
