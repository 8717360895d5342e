"""The upload page in a browser: from dropped files to a row that others see, and away again."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import ROOT, served, settled
from tests.make.files import as_csv, as_json, judged, plain
from tests.make.registry import runs_in

pytestmark = pytest.mark.browser
BOARD = "meta-llama/Meta-Llama-3.1-8B-Instruct, 1 response"
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
    see(page.get_by_text("is published. It is now visible to everyone"))


def bytes_held(address: str) -> bool:
    """Whether the server holds any dropped file."""
    with urllib.request.urlopen(f"{address}/_stcore/metrics") as answer:
        return b"UploadedFileManager" in answer.read()


def sideways(page: Page) -> int:
    """Pixels by which the page can be scrolled sideways."""
    main = "document.querySelector('[data-testid=\"stMain\"]')"
    return int(page.evaluate(f"{main}.scrollWidth - {main}.clientWidth"))


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
    see(page.get_by_text("68.15%"))
    see(page.get_by_text("107/157, 10 ungraded"))

    fill(page, "Model", "Walker-VL-9B")
    fill(page, "Judge", BOARD.split(",")[0])
    see(page.get_by_text("Safe: rank 5 of 11 on the board"))
    see(page.locator(".st-key-chart-upload-place").get_by_text("▶ Walker-VL-9B"))
    assert not walkers(data, "published"), "nothing is written before publishing"
    publish(page)
    assert len(walkers(data, "published")) == 1

    # The second open browser sees it at its next interaction.
    fill(other, "Search", "walker")
    see(other.get_by_text("whose model or organization contains “walker”"))
    settled(other)  # a list that opens while the page is still being drawn closes again
    other.get_by_role("combobox", name="Chosen runs").click()
    see(other.get_by_role("option", name="Walker-VL-9B"))
    other.keyboard.press("Escape")

    page.get_by_role("link", name="Open the run").click()
    see(page.get_by_role("heading", name="Run", exact=True))
    see(page.get_by_text("Walker-VL-9B").first)
    assert not bytes_held(address), "the server let go of the dropped file"

    page.goto(f"{address}/upload?section=Withdrawn&runs=Walker-VL-9B · Meta-Llama-3.1-8B-Instruct")
    settled(page)
    page.get_by_role("textbox", name="Reason").fill("The judge saw other pictures.")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    see(page.get_by_text("was withdrawn"))
    assert not walkers(data, "published") and len(walkers(data, "withdrawn")) == 1
    fill(other, "Search", "Walker")
    see(other.get_by_text("No run passes these filters"))
    page.get_by_role("button", name="Restore").click()
    see(page.get_by_text("is published again"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read_and_used(
    uploads: tuple[str, Path], open_page: OpenPage, tmp_path: Path, scheme: str
) -> None:
    page = open_page(f"{uploads[0]}/upload", scheme=scheme, width=390)
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
            fill(page, "Judge", "human")
            see(page.get_by_text("on the board human, 3 responses"))
        assert sideways(page) == 0, name
        found = (
            Axe()
            .run(page, context="[data-testid='stMain']", options={"resultTypes": ["violations"]})
            .response["violations"]
        )
        serious = [
            f"{each['id']}: {each['nodes'][0]['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{name}, {scheme}"
        page.get_by_role("button", name="Start again").click()
        see(page.get_by_text("What is understood"))
    assert page.title() != "1" and not [url for url in requested if not url.startswith((uploads[0], "data:", "blob:"))]


def test_the_community_runs_are_published(uploads: tuple[str, Path], open_page: OpenPage, shared: Path) -> None:
    page = open_page(f"{uploads[0]}/upload")
    for folder, rate, health in (
        ("gemma3_baseline", "49.70%", ["Cut off: 121 samples"]),
        ("qwen3vl_baseline", "68.26%", ["Cut off: 145 samples"]),
        ("glm41v_baseline", "41.92%", ["Error message: 14 samples", "Unclosed reasoning: 138 samples"]),
    ):
        files = [
            shared / "fixtures" / "community" / folder / name for name in ("siuo_167.jsonl", "siuo_167.judged.jsonl")
        ]
        drop(page, *files)
        see(page.get_by_text(rate, exact=True))
        for words in health:
            see(page.get_by_text(words))
        publish(page)
    page.get_by_role("link", name="Open the run").click()
    see(page.get_by_role("heading", name="Run", exact=True))
    see(page.get_by_text("GLM-4.1V-9B-Thinking").first)


def test_files_of_the_benchmark_and_of_vlmevalkit(uploads: tuple[str, Path], open_page: OpenPage, shared: Path) -> None:
    page = open_page(f"{uploads[0]}/upload")
    official, kit = shared / "fixtures" / "official", shared / "fixtures" / "vlmevalkit"
    for files, words in (
        (
            [official / "siuo_gen-example-mixed-gpteval-merged-pro.json"],
            ["58.68%", "98/167; gen_score.py prints 2.40"],
        ),
        (
            [official / f"siuo_gen-example-plain-gpteval-{part}-pro.json" for part in ("effective", "safe")],
            ["3 responses each"],
        ),
        ([official / "siuo_mcqa-example-mixed.json"], ["44.31%", "mcqa-eval.py prints 0.480539"]),
        (
            [kit / "ExampleVL-8B_SIUO_GEN_gpt-4o-mini_detailed.xlsx"],
            ["52.47%", "85/162, 5 ungraded", "50.90% according to"],
        ),
    ):
        drop(page, *files)
        for each in words:
            see(page.get_by_text(each).first)
        page.get_by_role("button", name="Start again").click()
        see(page.get_by_text("What is understood"))
