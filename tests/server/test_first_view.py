"""The first view: the right figures, everybody's words as text, and never more rows than it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.server.first_view import ROWS, first_view
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run, share
from tests.make.stores import make_data

HOSTILE = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>"


class Read(HTMLParser):
    """The cells of the table, and every tag that there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and self.tags[-1] in ("td", "small"):
            self.cells[-1] += data

    @property
    def rows(self) -> list[list[str]]:
        width = 2 + len(METRICS)
        return [self.cells[at : at + width] for at in range(0, len(self.cells), width)]


def read(data: Path) -> tuple[Read, str]:
    store = Store(data)
    (board,) = queries.boards(store)
    text = first_view(leaderboard(store, Filters(board=board.id), METRICS["safe"]), board.label)
    return Read(text), text


def test_the_figures_are_the_boards(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("One", share(89), share(120), share(80), judge="j"), shipped=False)
    found, text = read(data)
    assert found.rows == [
        ["1", "One", "53.29 45.7–60.7 · 89/167", "71.86 64.6–78.1 · 120/167", "47.90 40.5–55.4 · 80/167", "not judged"]
    ]
    assert "The first" not in text


def test_names_are_text(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run(HOSTILE, share(10), judge="j"), shipped=False)
    found, text = read(data)
    assert found.rows[0][1].startswith("</td></table><script>alert(1)")
    assert (found.tags.count("script"), found.tags.count("img"), found.tags.count("table")) == (1, 0, 1)
    assert "<script>" not in text


def test_no_more_rows_than_it_says(tmp_path: Path) -> None:
    runs = [make_run(f"Model {place:02d}", share(20 + place), judge="j") for place in range(ROWS + 3)]
    found, text = read(make_data(tmp_path / "data", *runs, shipped=False))
    assert [row[1] for row in found.rows] == [f"Model {place:02d}" for place in range(ROWS + 2, 2, -1)]
    assert re.search(rf"The first {ROWS} of {ROWS + 3} runs", text)
