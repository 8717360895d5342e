"""The leaderboard's table alone in a browser, without a server: sorting, keys, ticks, unfolding, thousands of rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report.board_rows import details, table_value
from siuo_dash.report.leaderboard import COLUMNS, ordered, with_attempts, with_ranges, worth_showing
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import board_table
from siuo_dash.ui.board_html import css, table_html
from siuo_dash.ui.leaderboard import first
from tests.browser.driver import PATIENCE, ROOT

THEME = (
    "--st-font: sans-serif; --st-text-color: #0d1217; --st-background-color: #fff; --st-primary-color: #00588a;"
    "--st-secondary-background-color: #f3f5f7; --st-link-color: #00588a; --st-border-color: #cfd6dc"
)
HOSTILE = ("<img src=x onerror=window.hurt=1>", "</td><script>window.hurt=1</script>", "javascript:window.hurt=1")
OpenTable = Callable[..., Page]


@pytest.fixture
def open_table(browser: Browser) -> Iterator[OpenTable]:
    """open_table(value, *, width=1280, **data): the table of such a value; what it says is in `said`."""
    pages: list[Page] = []

    def opened(value: dict[str, Any], *, width: int = 1280, **data: Any) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        html = f'<style>body {{ margin: 0; {THEME} }}{css()}</style><div id="parent">{board_table.HTML}</div>'
        page.set_content(f"<!doctype html><html lang='en'><title>t</title><body>{html}</body></html>")
        script = board_table.script().replace("export default function", "window.show = function")
        page.add_script_tag(content=script, type="module")
        bring = board_table.ROWS_JS.replace("export default", "window.bring =")
        page.add_script_tag(content=bring, type="module")
        page.wait_for_function("() => window.show && window.bring")
        page.evaluate("() => { window.said = {}; }")
        give(page, value, **data)
        return page

    yield opened
    for page in pages:
        page.close()


def give(page: Page, value: dict[str, Any], **data: Any) -> None:
    """Hand the table what a run of the page would."""
    rows = board_table.packed(value).decode()
    given: dict[str, Any] = {
        "rows": rows.split("\n")[0],
        "order": None,
        "sort": "rank",
        "details": {},
        "picked": [],
        "seen": 0,
    }
    page.evaluate(
        """([rows, data]) => {
          window.bring({ data: new TextEncoder().encode(rows) });
          window.show({
          parentElement: document.getElementById("parent"), data,
          setStateValue: (name, value) => { window.said[name] = value; },
          setTriggerValue: (name, value) => { window.said[name] = value; },
        }); }""",
        [rows, given | data],
    )


def said(page: Page, name: str) -> Any:
    return page.evaluate("(name) => window.said[name]?.value ?? window.said[name] ?? null", name)


def lines(page: Page) -> Locator:
    return page.locator("tr[data-row]")


def names(page: Page) -> list[str]:
    return page.locator(".name").all_inner_texts()


def made(runs: int, model: Callable[[int], str] = lambda row: f"Model {row:05d}") -> dict[str, Any]:
    """A table of so many runs: the rates fall, every third run was not judged for the second metric."""
    rates = [[1 + (runs - row) * 100 // runs, 167, round(60 - 50 * row / runs, 1), 1.0, 99.0] for row in range(runs)]
    columns: list[dict[str, Any]] = [
        {"id": "rank", "kind": "rank", "cells": [[row + 1, row + 1, row + 3] for row in range(runs)]},
        {"id": "model", "kind": "model", "cells": [[model(row), "Lab · 7B"] for row in range(runs)]},
        {"id": "safe", "kind": "rate", "colour": "#0072B2", "cells": rates},
        {"id": "mcqa", "kind": "rate", "cells": [each if row % 3 else "not judged" for row, each in enumerate(rates)]},
        {"id": "source", "kind": "link", "cells": [["example.org", "https://example.org/"]] * runs},
    ]
    about = [{"label": each["id"].capitalize(), "help": "", "down": each["kind"] == "rate"} | each for each in columns]
    sizes = {"rates": 2, "rest": 400, "least": 640}
    return {"name": "T", "runs": [f"run-{row}" for row in range(runs)], "ranked": "safe", "columns": about} | sizes


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(ROOT / "data")


def test_rows_of_an_earlier_run_of_the_page_may_come_late(open_table: OpenTable) -> None:
    """The table and its rows are two elements: on a busy machine they do not come in the order of the page's runs."""
    page = open_table(made(3))
    first, later = (board_table.packed(made(runs)).decode() for runs in (4, 5))
    page.evaluate(
        """([first, later, data]) => {
          const bring = (rows) => window.bring({ data: new TextEncoder().encode(rows) });
          bring(later);
          bring(first);
          window.show({ parentElement: document.getElementById("parent"), data });
        }""",
        [first, later, {"rows": later.split("\n")[0], "order": None, "sort": "rank", "details": {}, "picked": []}],
    )
    assert lines(page).count() == 5


def test_it_draws_what_the_server_wrote(open_table: OpenTable, store: Store) -> None:
    shown = first(store)
    assert shown is not None
    page = open_table(shown.value)
    plain = re.compile(r' (tabindex="-?\d"|disabled="")|<div class="actions".*?</div>')
    drawn = plain.sub("", page.locator(".siuo-board").evaluate("(board) => board.outerHTML"))
    written = page.evaluate(
        "(html) => { const made = document.createElement('div'); made.innerHTML = html; return made.innerHTML; }",
        table_html(shown.value, 40),
    )

    def parts(html: str) -> list[str]:  # attributes in any order
        tags = re.findall(r"<[^>]+>|[^<]+", plain.sub("", html).replace("\n", ""))
        return [" ".join(sorted(re.findall(r'[\w-]+="[^"]*"|[\w/]+', tag))) if tag[0] == "<" else tag for tag in tags]

    assert parts(drawn) == parts(written)


def test_every_head_sorts_as_the_exports_do(open_table: OpenTable, store: Store) -> None:
    frame = leaderboard(store, Filters(board="gpt-4o-mini-1"), METRICS["safe"])
    frame = with_attempts(with_ranges(frame, None), {}).assign(board_label="b")
    columns = worth_showing(frame, [name for name in COLUMNS if name != "difference"], METRICS["safe"])
    value = table_value(frame, METRICS["safe"], columns)
    page = open_table(value)
    for column in value["columns"]:
        name = column["id"]
        head = page.locator(f"thead th.{name}")
        for order in (name, f"-{name}") if name != "rank" else ("-rank", "rank"):
            page.locator(f'.sort[data-sort="{name}"]').click()
            assert said(page, "sort") == order
            assert names(page) == ordered(frame, order)["model"].tolist(), order
            direction = "ascending" if column["down"] is order.startswith("-") else "descending"
            expect(head).to_have_attribute("aria-sort", direction)
    assert page.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1


def test_ticks_and_the_bar_of_actions_are_in_step(open_table: OpenTable) -> None:
    page = open_table(made(5))
    bar = page.locator(".actions")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Select Model 00001").check()
    expect(bar).to_contain_text("1 selected")
    expect(bar.get_by_role("link", name="Compare")).to_have_count(0)
    page.get_by_role("checkbox", name="Select Model 00003").check()
    assert said(page, "picked") == ["run-1", "run-3"]
    expect(bar.get_by_role("link", name="Compare")).to_have_attribute("href", "compare?runs=run-1&runs=run-3")
    # A run of the page that began before the last tick does not take it away again.
    give(page, made(5), picked=["run-1"], seen=1)
    expect(page.locator("input:checked")).to_have_count(2)
    stamp = page.evaluate("() => window.said.picked.at")
    give(page, made(5), picked=["run-1", "run-3", "elsewhere"], seen=stamp)
    expect(bar).to_contain_text("3 selected (1 not in this table)")
    bar.get_by_role("link", name="Domains").click()
    assert said(page, "go") == {"page": "domains", "run": None, "runs": ["run-1", "run-3", "elsewhere"]}
    bar.get_by_role("button", name="Clear").click()
    assert said(page, "picked") == []
    expect(bar).to_be_hidden()
    expect(page.locator("input:checked")).to_have_count(0)


def test_a_row_unfolds_with_what_was_sent_or_asks_for_it(open_table: OpenTable) -> None:
    page = open_table(
        made(5), details={"run-1": [["Note", "read <b>this</b>", None], ["Source", "s", "https://s.org/"]]}
    )
    more = page.get_by_role("button", name="Details of Model 00001")
    more.click()
    unfolded = page.locator(".unfolded")
    expect(unfolded).to_contain_text("read <b>this</b>")
    expect(unfolded.get_by_role("link", name="s", exact=True)).to_have_attribute("href", "https://s.org/")
    expect(more).to_have_attribute("aria-expanded", "true")
    assert said(page, "open") is None
    page.get_by_role("button", name="Details of Model 00002").click()
    assert said(page, "open") == ["run-1", "run-2"]
    expect(unfolded.last).to_contain_text("Reading")
    give(page, made(5), details={"run-2": [["Note", "came later", None]]}, seen=page.evaluate("window.said.open.at"))
    expect(unfolded.last).to_contain_text("came later")
    page.locator('.sort[data-sort="model"]').click()
    expect(unfolded).to_have_count(2)  # an order folds nothing
    more.click()
    expect(unfolded).to_have_count(1)


def test_keys_go_from_row_to_row_and_open(open_table: OpenTable) -> None:
    page = open_table(made(120))
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "INPUT":
            break
    stops = page.locator("tbody [tabindex='0']").count()
    assert stops == 4, "one row is in the order of tabs: its box, its details, its link, its source"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    at = "document.activeElement.textContent"
    assert page.evaluate(at) == "Model 00002"
    page.keyboard.press("ArrowRight")
    expect(page.locator(".unfolded")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".unfolded")).to_have_count(0)
    page.keyboard.press("Enter")
    assert said(page, "go") == {"page": "run", "run": "run-2", "runs": []}
    page.keyboard.press("End")
    assert page.evaluate(at) == "Model 00119"  # its rows were not drawn before
    page.keyboard.press("ArrowDown")
    assert page.evaluate(at) == "Model 00119"
    page.keyboard.press("Home")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert said(page, "picked") == ["run-0"]


def test_of_ten_thousand_rows_those_in_view_are_drawn(open_table: OpenTable) -> None:
    page = open_table(made(10_000))
    assert page.get_by_role("table").get_attribute("aria-rowcount") == "10001"
    heights = page.evaluate("[document.documentElement.scrollHeight, 10_000 * 35]")
    assert abs(heights[0] - heights[1]) < 500, "the page is as long as if all were drawn"
    assert lines(page).count() < 200
    for place in (0.5, 0.999, 0.25):
        page.evaluate("(place) => scrollTo(0, place * document.documentElement.scrollHeight)", place)
        row = int(10_000 * place) + 3
        expect(page.locator(f'tr[data-row="{row}"]')).to_be_in_viewport()
        expect(page.locator('tr[data-row="0"]')).to_have_count(0)  # those out of view are let go
        assert lines(page).count() < 400
    page.evaluate("scrollTo(0, 0)")
    page.locator('.sort[data-sort="model"]').click()
    page.locator('.sort[data-sort="model"]').click()
    assert names(page)[0] == "Model 09999"
    assert lines(page).count() < 400


def test_rows_behind_the_first_view_stay_drawn(open_table: OpenTable) -> None:
    """The first view waits for them: letting them go cost four seconds."""
    page = open_table(made(100))
    emptied = page.evaluate(
        """async () => {
          const frames = async () => { for (let i = 0; i < 20; i++) await new Promise(requestAnimationFrame); };
          const rows = () => document.querySelectorAll("tr[data-row]").length;
          await frames();
          const before = rows();
          document.getElementById("parent").style.contentVisibility = "hidden";
          await frames();
          return [before, rows()];
        }"""
    )
    assert emptied[0] == emptied[1] > 0


def test_names_are_text(open_table: OpenTable) -> None:
    value = made(3, HOSTILE.__getitem__)
    page = open_table(value, details={"run-0": [[HOSTILE[0], HOSTILE[1], None]]}, picked=[HOSTILE[0]])
    page.locator(".more").first.click()
    assert names(page) == list(HOSTILE)
    assert page.locator(".siuo-board img, .siuo-board script").count() == 0
    assert page.evaluate("window.hurt") is None
    hrefs: Sequence[str] = page.locator(".siuo-board a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert all(re.match(r"(run|samples|domains|compare)\?|https://example\.org/", href) for href in hrefs)


@pytest.mark.parametrize("width", [390, 761, 1024, 1280])
def test_all_metrics_with_intervals_fit_the_window(open_table: OpenTable, store: Store, width: int) -> None:
    shown = first(store)
    assert shown is not None
    page = open_table(shown.value, width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for metric in METRICS:
        cell = page.locator(f"tbody tr:first-child td.{metric}")
        expect(cell.locator("b")).to_be_in_viewport(ratio=1)
        expect(cell.locator("small")).to_be_in_viewport(ratio=1)
        assert cell.evaluate("(cell) => cell.scrollWidth <= cell.clientWidth + 1"), metric
    tracks = page.locator(".track").evaluate_all("all => all.map((each) => each.offsetWidth)")
    assert min(tracks) >= 30 if width == 1280 else max(tracks) == 0, "a dot on a few pixels would say nothing"
    cut = page.locator(".sort").evaluate_all("all => all.filter((each) => each.scrollWidth > each.clientWidth + 1)")
    assert not cut, "heads are whole"
    if width == 1280:
        for name in ("health", "badge", "source"):
            expect(page.locator(f"tbody tr:first-child td.{name}")).to_be_in_viewport(ratio=1)
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"])
    assert len(details(with_attempts(frame, {}), METRICS["safe"])) == lines(page).count() == 15


def test_what_is_typed_in_the_search_field_parts_the_rows_at_once(open_table: OpenTable, store: Store) -> None:
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"])
    frame = with_attempts(with_ranges(frame, None), {}).assign(board_label="b")
    value = table_value(
        frame,
        METRICS["safe"],
        worth_showing(frame, [name for name in COLUMNS if name != "difference"], METRICS["safe"]),
    )
    page = open_table(value)
    every = names(page)
    page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<p class=st-key-q><input></p>')")
    field = page.locator(".st-key-q input")
    for typed in ("gpt", " OPENAI ", "google", "7b", "open", "·", "("):
        field.fill(typed)
        found = Filters(board="human-3", search=typed)
        assert names(page) == leaderboard(store, found, METRICS["safe"])["model"].tolist(), typed
    field.fill("nobody")
    expect(page.get_by_role("status")).to_have_text("No run here. Enter looks on all boards.")
    page.locator('.sort[data-sort="model"]').click()
    assert names(page) == [], "sorting does not bring them back"
    field.fill("")
    assert sorted(names(page)) == sorted(every)
    field.fill("gpt")
    give(page, value | {"name": "What the server found"})
    assert len(names(page)) == len(every), "its rows are those of its own search"
