"""What the tests share: the shipped data, and the real fixtures where they are there."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.driver import PATIENCE
from tests.browser.find_browser import FLAGS, HELP, find_browser

pytest_plugins = ["tests.make.small", "tests.make.pages", "tests.make.registries", "tests.make.bucket"]
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# How long an example takes says something of the machine's other work, nothing of the program.
PROPERTIES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("suite", PROPERTIES, max_examples=40)
settings.register_profile("heavy", PROPERTIES, max_examples=1_000)
settings.load_profile("suite")
expect.set_options(timeout=PATIENCE)
LONGEST = """
browser/test_every_page browser/test_signin browser/test_upload browser/test_samples evaluate/test_commands
server/test_failover browser/test_tradeoff browser/test_domains browser/test_compare golden/test_golden
server/test_surroundings browser/test_signin_attacks server/test_nginx_signin browser/test_leaderboard store/test_faults
server/test_faults browser/test_policy browser/test_first_view store/test_review_states store/test_review_faults
pages/test_upload pages/test_review pages/test_leaderboard store/test_review pages/test_samples pages/test_domains
store/test_takeover server/test_unit server/test_sessions store/test_verify store/test_backup store/test_cluster
store/test_snapshots construct/test_commands settings/test_start ingest/test_hostile
""".split()
"""The files that take longest come first: no process is left with one of them when the others are done."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--heavy", action="store_true", help="run the tests marked heavy, and no others")


def pytest_configure(config: pytest.Config) -> None:
    """Many examples of each property for --heavy; the files in the order of LONGEST, not of their numbers of tests."""
    if config.getoption("--heavy"):
        settings.load_profile("heavy")
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The suite leaves the heavy tests out; `make heavy` runs them, and every property with many examples."""
    heavy = {item for item in items if item.get_closest_marker("heavy")}
    if config.getoption("--heavy"):
        heavy |= {item for item in items if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)}
        kept = [item for item in items if item in heavy]
    else:
        kept = [item for item in items if item not in heavy]
    chosen = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    place = {name: number for number, name in enumerate(LONGEST)}
    items[:] = sorted(kept, key=lambda item: place.get(item.nodeid.partition(".py")[0][6:], len(place)))


def pytest_collection_finish() -> None:
    """What has been loaded by now stays, so the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()  # or libraries take what is left at the end for leaks


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of real result files; a user's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("the maintainers' fixtures (a folder beside the clone) are not there")
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
