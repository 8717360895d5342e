"""The upload page in a browser: from dropped files to a row that others see, and away again."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.checks import choose_scheme, serious_faults
from tests.browser.conftest import OpenPage
from tests.browser.driver import PATIENCE, ROOT, choose_judge, served, settled
from tests.make.files import as_csv, as_json, judged, plain
from tests.make.registry import runs_in

pytestmark = pytest.mark.browser
JUDGE, BOARD = "meta-llama/Meta-Llama-3.1-8B-Instruct", "meta-llama-meta-llama-3-1-8b-instruct-1"
HOSTILE = '<img src=x onerror="document.title=1"> **bold** [a](javascript:alert(1))'


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A dashboard on a copy of the shipped data: its address, its folder."""
    data = tmp_path_factory.mktemp("uploads") / "data"
    data.mkdir()
    for name in ("samples.csv", "results.parquet"):
        shutil.copy(ROOT / "data" / name, data)
    with served(data) as address:
        yield address, data


def see(what: Locator) -> None:
    """It can be seen, soon; a loaded machine may take its time."""
    expect(what).to_be_visible()


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def drop(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
    see(page.get_by_role("button", name="Start again"))
    settled(page)


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option; its list closes when the page moves under it, and a person would open it again."""
    settled(page)
    box, wanted = page.get_by_role("combobox", name=label), page.get_by_role("option", name=option, exact=True)
    for _ in range(10):
        box.fill(option)
        try:
            wanted.click(timeout=1_000)
            return
        except TimeoutError:
            page.keyboard.press("Escape")
    raise AssertionError(f"{label}: {option} cannot be chosen")


def fill(page: Page, label: str, text: str) -> None:
    box = page.get_by_role("textbox", name=re.compile(f"^{re.escape(label)}"))
    box.fill(text)
    box.press("Enter")
    settled(page)


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publish", exact=True).click()
    see(page.get_by_text(re.compile("is live: rank [0-9]+ of [0-9]+|is live, without a rank")))
    settled(page)  # a file that is dropped before goes to the place that is taken away


def bytes_held(address: str) -> bool:
    """Whether the server holds any dropped file."""
    with urllib.request.urlopen(f"{address}/_stcore/metrics") as answer:
        return b"UploadedFileManager" in answer.read()


def sideways(page: Page) -> int:
    """Pixels by which the page can be scrolled sideways."""
    main = "document.querySelector('[data-testid=\"stMain\"]')"
    return int(page.evaluate(f"{main}.scrollWidth - {main}.clientWidth"))


def bottom(what: Locator) -> float:
    """Where it ends, in pixels from the top of the window."""
    box = what.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def walkers(data: Path, state: str) -> list[str]:
    return [run_id for run_id in runs_in(data, state) if run_id.startswith("walker-vl-9b-")]


def test_from_a_dropped_file_to_a_row_that_others_see_and_away_again(
    uploads: tuple[str, Path], open_page: OpenPage, tmp_path: Path
) -> None:
    address, data = uploads
    other = open_page(f"{address}/?board={BOARD}")
    page = open_page(f"{address}/upload")
    rows = plain("overall", lambda place: "perhaps" if place < 10 else int(place < 60))
    drop(page, write(tmp_path, "verdicts.csv", as_csv(rows)))
    assert bytes_held(address)

    # What the file does not tell is asked, and what is not understood is explained by the person.
    page.get_by_text("They mean unsafe").click()
    page.get_by_role("button", name="Continue").click()
    see(page.get_by_text("is not understood as safe or unsafe (10 times)"))
    choose(page, "The value “perhaps” means", "ungraded")
    page.get_by_role("button", name="Read again with this mapping").click()
    see(page.get_by_text("68.2 (60.5–74.9)").first)
    see(page.get_by_text("107/157, 10 ungraded"))

    fill(page, "Model", "Walker-VL-9B")
    choose_judge(page, JUDGE)
    see(page.get_by_text(re.compile(r"Safe: rank 5 of 11( \([0-9]+–[0-9]+\))? on Llama-3.1-8B as judge")))
    page.get_by_text("Preview on the leaderboard").click()
    see(page.locator(".st-key-chart-upload-place").get_by_text("▶ Walker-VL-9B"))
    assert not walkers(data, "published"), "nothing is written before publishing"
    publish(page)
    assert len(walkers(data, "published")) == 1

    # The second open browser sees it at its next interaction.
    fill(other, "Find a model", "walker")
    expect(other.get_by_text("Walker-VL-9B").first).to_be_attached()

    page.get_by_role("link", name="Open run").click()
    see(page.get_by_role("heading", name="Walker-VL-9B").first)
    for _ in range(PATIENCE // 200):  # the run's page is shown before the upload's is cleared away
        if not bytes_held(address):
            break
        page.wait_for_timeout(200)
    assert not bytes_held(address), "the server keeps the dropped file"

    page.goto(f"{address}/upload?section=Withdrawn&runs=Walker-VL-9B · Meta-Llama-3.1-8B-Instruct")
    settled(page)
    page.get_by_role("textbox", name="Reason").fill("The judge saw other pictures.")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    see(page.get_by_text("was withdrawn"))
    assert not walkers(data, "published") and len(walkers(data, "withdrawn")) == 1
    fill(other, "Find a model", "Walker")
    expect(other.get_by_text("Walker-VL-9B")).to_have_count(0)
    page.get_by_role("button", name="Restore").click()
    see(page.get_by_text("is published again"))


def test_two_fields_and_one_click_in_the_first_screen(uploads: tuple[str, Path], open_page: OpenPage) -> None:
    page = open_page(f"{uploads[0]}/upload")
    drop(page, ROOT / "examples" / "example-generation.json")
    see(page.get_by_text("3 warnings"))
    fill(page, "Model", "Test-VL-1")
    choose_judge(page, "humans")
    button = page.get_by_role("button", name="Publish", exact=True)
    see(page.get_by_text("Did you mean “human” (15 runs)?"))
    expect(button).to_be_disabled()
    assert bottom(button) < 700, "also while a question is open"
    choose_judge(page, "human")
    see(page.get_by_text("Safe: rank 7 of 16"))
    assert bottom(button) < 700
    button.click()
    see(page.get_by_text("Test-VL-1 is live: rank 7 of 16 by Safe."))
    see(page.get_by_role("link", name="See leaderboard"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").last.click()
    see(page.get_by_text("Link copied"))
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied.startswith(f"{uploads[0]}/run?run=test-vl-1-human-")
    page.goto(copied)
    see(page.get_by_role("heading", name="Test-VL-1").first)


def test_every_state_can_be_read_and_used(uploads: tuple[str, Path], open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{uploads[0]}/upload", width=390)
    states = {
        "errors": as_csv(plain("is_safe", lambda place: HOSTILE if place < 10 else 1)),
        "question": as_csv(plain("overall", lambda place: place % 2)),
        "preview": as_json(judged(safe=89, effective=120)),
    }
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for name, content in states.items():
        drop(page, write(tmp_path, f"{name} <b>x.json", content))
        if name == "preview":
            choose_judge(page, "human")
            see(page.get_by_text("on Human judges · 3 responses"))
        assert sideways(page) == 0, name
        assert serious_faults(page, within="[data-testid='stMain']") == [], name
        choose_scheme(page, "dark")
        assert serious_faults(page, "color-contrast", within="[data-testid='stMain']") == [], f"{name}, dark"
        choose_scheme(page, "light")
        page.get_by_role("button", name="Start again").click()
        see(page.get_by_text("Accepted formats"))
    assert page.title() != "1" and not [url for url in requested if not url.startswith((uploads[0], "data:", "blob:"))]


def test_the_community_runs_are_published(uploads: tuple[str, Path], open_page: OpenPage, shared: Path) -> None:
    page = open_page(f"{uploads[0]}/upload")
    for folder, rate, health in (
        ("gemma3_baseline", "49.7 (42.2–57.2)", ["No closing punctuation: 121 samples"]),
        ("qwen3vl_baseline", "68.3 (60.9–74.8)", ["No closing punctuation: 145 samples"]),
        ("glm41v_baseline", "41.9 (34.7–49.5)", ["Error message: 14 samples", "Unclosed reasoning: 138 samples"]),
    ):
        files = [
            shared / "fixtures" / "community" / folder / name for name in ("siuo_167.jsonl", "siuo_167.judged.jsonl")
        ]
        drop(page, *files)
        see(page.get_by_text(rate, exact=True).first)
        for words in health:
            see(page.get_by_text(words))
        publish(page)
    page.get_by_role("link", name="Open run").click()
    see(page.get_by_role("heading", name="GLM-4.1V-9B-Thinking").first)


def test_files_of_the_benchmark_and_of_vlmevalkit(uploads: tuple[str, Path], open_page: OpenPage, shared: Path) -> None:
    page = open_page(f"{uploads[0]}/upload")
    official, kit = shared / "fixtures" / "official", shared / "fixtures" / "vlmevalkit"
    for files, words in (
        (
            [official / "siuo_gen-example-mixed-gpteval-merged-pro.json"],
            ["58.7 (51.1–65.9)", "98/167", "2.40"],
        ),
        (
            [official / f"siuo_gen-example-plain-gpteval-{part}-pro.json" for part in ("effective", "safe")],
            ["3 responses each"],
        ),
        ([official / "siuo_mcqa-example-mixed.json"], ["44.3 (37.0–51.9)", "mcqa-eval.py prints", "0.480539"]),
        (
            [kit / "ExampleVL-8B_SIUO_GEN_gpt-4o-mini_detailed.xlsx"],
            ["52.5 (44.8–60.0)", "85/162, 5 ungraded", "50.90% according to"],
        ),
    ):
        drop(page, *files)
        for each in words:
            see(page.get_by_text(each).first)
        page.get_by_role("button", name="Start again").click()
        see(page.get_by_text("Accepted formats"))
