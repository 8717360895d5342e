"""What holds for every page: nothing overlaps, sticks out or is cut off, and axe-core finds nothing serious."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.driver import settled

LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", e =>
  window.refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""
"""Every page of the tests' shared context keeps what the content policy refuses."""
TRIED = {"script-src wasm-eval"}
"""One library tries WebAssembly for 64-bit numbers, finds it refused, and counts without it."""


@contextmanager
def within_the_policy(visitor: BrowserContext, address: str) -> Iterator[None]:
    """The pages that are opened inside ask nothing of another host, and the content policy refuses nothing of them."""
    said: list[str] = []
    hosts: set[str] = set()

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    def watch(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)

    visitor.on("console", hear)
    visitor.on("request", watch)
    yield
    visitor.remove_listener("console", hear)
    visitor.remove_listener("request", watch)
    assert [words for words in said if "Policy" in words] == []
    assert hosts - {""} == {urlsplit(address).netloc}
    for page in visitor.pages:
        assert set(page.evaluate("window.refused")) <= TRIED


# Every piece of text with the box in which it can be seen: frames that scroll clip what they hold, apart from the
# page's own. Tables draw on a canvas and keep their text in a hidden grid.
FAULTS_OF_LAYOUT = """() => {
  const shown = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const unseen = 'script, style, noscript, [role="grid"], [data-testid="stIconMaterial"]';
    if (!node.data.trim() || parent.closest(unseen)) continue;
    if (!parent.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const whole of range.getClientRects()) {
      let scrolls = false;
      const seen = {left: whole.left, top: whole.top, right: whole.right, bottom: whole.bottom};
      for (let up = parent; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up), frame = up.getBoundingClientRect();
        // A name that ends in dots and tells its whole self to a mouse and a screen reader is not lost.
        if (style.textOverflow === 'ellipsis' && up.title === node.data) scrolls = true;
        if (up.dataset.testid !== 'stMain' && ['auto', 'scroll'].includes(style.overflowX)) scrolls = true;
        if (style.overflowX !== 'visible') {
          seen.left = Math.max(seen.left, frame.left);
          seen.right = Math.min(seen.right, frame.right);
        }
        if (style.overflowY !== 'visible') {
          seen.top = Math.max(seen.top, frame.top);
          seen.bottom = Math.min(seen.bottom, frame.bottom);
        }
      }
      if (seen.right - seen.left > 2 && seen.bottom - seen.top > 2)
        shown.push({text: node.data.trim().slice(0, 60), node, parent, whole, scrolls, ...seen});
    }
  }
  const faults = [];
  for (const part of [document.documentElement, document.querySelector('[data-testid="stMain"]')])
    if (part && part.scrollWidth > part.clientWidth) faults.push(`scrolls sideways: ${part.scrollWidth} px`);
  for (const one of shown)
    if (!one.scrolls && (one.whole.right > innerWidth + 1 || one.whole.left < -1)) faults.push(`cut off: ${one.text}`);
  // Slanted texts beside each other have boxes that overlap, and lines that do not.
  const slanted = (each) => /rotate\\((?!-?90\\b|0)/.test(each.parent.closest('text')?.getAttribute('transform') ?? '');
  shown.forEach((one, place) => {
    for (const other of shown.slice(place + 1)) {
      if (one.node === other.node || one.parent === other.parent || (slanted(one) && slanted(other))) continue;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (width > 3 && height > 4) faults.push(`overlap: ${one.text} | ${other.text}`);
    }
  });
  return {texts: shown.length, faults: [...new Set(faults)]};
}"""


def faults_of_layout(page: Page, *, patience: float = 300) -> list[str]:
    """What overlaps, is cut off or scrolls sideways in the window as it is now, once it is laid out.

    A busy machine draws charts and tables a while after the window has changed: a fault is one that stays.

    patience: seconds for which a fault may be there; 0 = as the page is at this moment.
    """
    if patience:
        with suppress(PlaywrightTimeoutError):
            faultless = f"() => !({FAULTS_OF_LAYOUT})().faults.length"
            page.wait_for_function(faultless, polling=250, timeout=patience * 1000)
    found = page.evaluate(FAULTS_OF_LAYOUT)
    assert found["texts"], "the page shows no text"
    return list(found["faults"])


# plotly draws a chart anew when its frame has another width, in its own time.
CHARTS_FILL_THEIR_FRAMES = """() => [...document.querySelectorAll('.js-plotly-plot')].every((plot) => {
  const drawn = plot.querySelector('.main-svg');
  return drawn && Math.abs(drawn.getBoundingClientRect().width - plot.getBoundingClientRect().width) <= 1;
})"""


def whole_page(page: Page, width: int) -> None:
    """Give the window this width and the page's whole height, so that nothing is out of sight."""
    page.set_viewport_size({"width": width, "height": 900})
    settled(page, complete=True)
    page.wait_for_function(CHARTS_FILL_THEIR_FRAMES)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": int(height) + 60})
    settled(page, complete=True)
    page.wait_for_function(CHARTS_FILL_THEIR_FRAMES)


def choose_scheme(page: Page, scheme: str) -> None:
    """Change the system's colour scheme under the open page, as an evening does."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.wait_for_function(
        f"() => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === '{scheme}'"
    )
    settled(page, complete=True)


def serious_faults(page: Page, *rules: str, within: str = "html") -> list[str]:
    """What axe-core finds serious or critical in a part of the page, by all of its rules or by these."""
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in Axe().run(page, context=within, options=options).response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
