"""The first view: the page's own figures, everybody's words as text, and never more rows than it says."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from siuo_dash.server.first_view import ROWS, THEME_SCRIPT, first_view, theme_style
from siuo_dash.server.guards import policy
from siuo_dash.store.engine.database import Store
from siuo_dash.ui import leaderboard
from tests.make.runs import make_run, share
from tests.make.stores import make_data

HOSTILE = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>\"' onload=x"


class Read(HTMLParser):
    """The rows of the table, a text a cell, and every tag and attribute that there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and "p" not in self.tags[-1:]:
            self.rows[-1][-1] += data


def read(data: Path) -> tuple[Read, str]:
    first = leaderboard.first(Store(data))
    assert first is not None
    text = first_view(first)
    return Read(text), text


def test_the_figures_are_the_boards(tmp_path: Path) -> None:
    run = make_run(
        "One", share(89), share(120), share(80), judge="j", organization="Lab", source="https://example.org/x"
    )
    found, text = read(make_data(tmp_path / "data", run, shipped=False))
    assert found.rows[1][:5] == ["11", "›OneLab", "53.3 (45.7–60.7)", "71.9 (64.6–78.1)", "47.9 (40.5–55.4)"]
    assert found.rows[1][-3:] == ["no flags", "Self-reported", "example.org"]
    assert "The first" not in text
    assert "<b>One</b> has 53.3% safe; no other run is ranked here." in text


def test_names_are_text(tmp_path: Path) -> None:
    runs = [make_run(f"{HOSTILE} {place}", share(10), judge="j", source=HOSTILE) for place in range(2)]
    found, text = read(make_data(tmp_path / "data", *runs, shipped=False))
    assert found.rows[1][1].startswith("›</td></table><script>alert(1)")
    assert (found.tags.count("script"), found.tags.count("img"), found.tags.count("table")) == (1, 0, 1)
    assert not any(name.startswith("on") for name in found.attributes)
    assert "<script>" not in text


def test_no_more_rows_than_it_says(tmp_path: Path) -> None:
    runs = [make_run(f"Model {place:02d}", share(20 + place), judge="j") for place in range(ROWS + 3)]
    found, text = read(make_data(tmp_path / "data", *runs, shipped=False))
    assert [row[1] for row in found.rows[1:]] == [f"›Model {place:02d}" for place in range(ROWS + 2, 2, -1)]
    assert re.search(rf"The first {ROWS} of {ROWS + 3} runs", text)


def test_nothing_where_there_is_no_run(tmp_path: Path) -> None:
    run = make_run("One", share(89))
    data = make_data(tmp_path / "data", run, shipped=False)
    (data / "results.parquet").unlink(missing_ok=True)
    for path in (data / "runs").glob("*.parquet"):
        path.unlink()
    assert leaderboard.first(Store(data)) is None


def test_the_script_of_the_theme_is_allowed_by_its_hash_and_knows_both_themes() -> None:
    digest = base64.b64encode(hashlib.sha256(THEME_SCRIPT.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy()
    assert "#ffffff" in theme_style() and "#12161a" in theme_style()
