"""Paging through a run's responses in Chromium: from the key press until the next sample's text is on the page.

Usage: python -m benchmarks.paging [--presses 60] [--files RESPONSES VERDICTS]. Made-up runs of 167 samples with 2 kB
responses and of 2,000 samples with 10 kB responses, three each; with --files, also a real run from result files.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import head, line
from benchmarks.stores import shipped_samples, write_samples
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import publish
from tests.browser.driver import ROOT, served, settled
from tests.browser.find_browser import FLAGS, find_browser
from tests.make.runs import judged_run
from tests.make.stores import make_data

_SHOWN = """(question_id) => document.querySelector(".st-key-sample-head")?.textContent.includes(question_id)
  && document.querySelector(".st-key-sample")?.textContent.includes(`Sample ${question_id}, response 2`)
  && !document.querySelector('[data-stale="true"]')"""


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--files", nargs=2, type=Path, default=None)
    options = parser.parse_args()
    print(head("run", "samples paged", "median", "slowest"))
    with tempfile.TemporaryDirectory(prefix="siuo-paging-") as work:
        for samples, size in ((167, 2_000), (2_000, 10_000)):
            folder = _store(Path(work) / str(samples), samples, size)
            _line(f"{samples:,} samples, 3 responses of {size // 1000} kB", folder, options.presses)
        if options.files:
            folder = make_data(Path(work) / "files")
            _submit(folder, options.files)
            _line("from the files", folder, 166)


def _line(name: str, folder: Path, presses: int) -> None:
    store = Store(folder)
    with _opened(folder, store) as (page, ids):
        times = []
        for question_id in ids[1 : presses + 1]:
            start = perf_counter()
            page.keyboard.press("ArrowRight")
            page.wait_for_function(_SHOWN, arg=str(question_id))
            times.append(1000 * (perf_counter() - start))
    print(line(name, len(times), f"{median(times):.0f} ms", f"{max(times):.0f} ms"), flush=True)


@contextmanager
def _opened(folder: Path, store: Store) -> Iterator[tuple[Page, list[int]]]:
    """A browser on the first sample of the only uploaded run, and the samples in the page's order."""
    (row,) = store.frame("select distinct model, judge from runs").to_dict("records")
    ids = list(store.catalogue.by_id)
    with served(folder, False) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        label = quote(f"{row['model']} · {row['judge']}")
        page.goto(f"{address}/samples?runs={label}&sample={ids[0]}&order=number")
        settled(page)
        yield page, ids
        browser.close()


def _store(folder: Path, samples: int, size: int) -> Path:
    letters = random.Random(17)
    make_data(folder)
    if samples > 269:
        _catalogue(folder / "samples.csv", samples)
    ids = list(Store(folder).catalogue.by_id)[:samples]
    table = judged_run(
        "Texts",
        "example-judge-1",
        {each: [(letters.random() < 0.5, True) for _ in range(3)] for each in ids},
        text=lambda question_id, place: (
            f"Sample {question_id}, response {place}: " + letters.randbytes(size // 2).hex()
        ),
    )
    publish(folder, table, by=None)
    return folder


def _catalogue(path: Path, samples: int) -> None:
    """A made-up catalogue: the first sample of each domain, over and over under new numbers."""
    first = list({row["domain"]: row for row in reversed(shipped_samples())}.values())
    rows = []
    for number in range(samples):
        place, domain = divmod(number, len(first))
        block = int(first[domain]["question_id"]) // 1000
        prints = {name: f"{number:08x}{block:08x}" for name in ("question_fingerprint", "reference_fingerprint")}
        rows.append(first[domain] | prints | {"question_id": str(1000 * block + place + 1)})
    write_samples(path, rows)


def _submit(folder: Path, files: list[Path]) -> None:
    about = ["--model", "From files", "--judge", "a judge", "--data", str(folder)]
    subprocess.run([sys.executable, "-m", "siuo_dash", "submit", *map(str, files), *about], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
