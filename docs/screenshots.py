"""Takes the pictures of docs/screenshots: every page, light and dark, 1280 and 390 px wide.

Usage: python docs/screenshots.py [--only URL] [--to FOLDER] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from siuo_dash.ui.page import HOME, PAGES  # noqa: E402
from tests.browser.driver import served, settled  # noqa: E402
from tests.browser.find_browser import FLAGS, find_browser  # noqa: E402

_GLM = "GLM-4.1V-9B-Thinking · Meta-Llama-3.1-8B-Instruct"
_QWEN = "Qwen3-VL-8B-Instruct · Meta-Llama-3.1-8B-Instruct"
PARAMS = {
    "run": urlencode({"run": _GLM}),
    "samples": urlencode({"runs": [_GLM, _QWEN], "sample": 2009}, doseq=True),
    "compare": urlencode({"runs": [_QWEN, _GLM]}, doseq=True),
}
"""What the address of a page carries when its picture is taken."""


def lighten(folder: Path) -> None:
    """Fewer colours in the pictures of a folder: a quarter of the size, and nothing that is seen."""
    for path in folder.glob("*.png"):
        with Image.open(path) as picture:
            picture.convert("RGB").quantize(160, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="the address name of one page")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    with served(options.data) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        for url in PAGES:
            if options.only not in (None, url):
                continue
            for scheme in ("light", "dark"):
                for width in (1280, 390):
                    context = browser.new_context(
                        color_scheme="dark" if scheme == "dark" else "light",
                        viewport={"width": width, "height": 900},
                        reduced_motion="reduce",
                    )
                    page = context.new_page()
                    page.goto(f"{address}/{'' if url == HOME else url}?{PARAMS.get(url, '')}")
                    settled(page, complete=True)
                    if (url, scheme, width) == (HOME, "light", 1280):
                        page.screenshot(path=options.to / "readme.png")
                    height = page.evaluate("document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(int(height) + 60, 6000)})
                    page.wait_for_load_state("networkidle")
                    settled(page, complete=True)
                    page.screenshot(path=options.to / f"{url}-{scheme}-{width}.png")
                    context.close()
        browser.close()
    lighten(options.to)


if __name__ == "__main__":
    main()
