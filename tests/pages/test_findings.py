"""The trade-off and findings pages as a visitor meets them, without a browser."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.ui import background
from tests.make.pages import OpenApp
from tests.make.runs import counted, make_run, share
from tests.make.stores import make_data

HOSTILE = "# [x](https://example.org) <b>*y*</b> $z$ :material/home:"


@pytest.fixture
def opened(open_app: OpenApp) -> OpenApp:
    """opened(page, data=None, **query): the page at an address with this query, on the shipped data or other."""

    def open_page(page: str, data: Path | None = None, **query: str | list[str]) -> AppTest:
        app = open_app(data, first=page, **query)
        # Two tasks that wait for each other need both threads: what was computed in the background is done then.
        meeting = Barrier(2)
        for task in [background.background().submit(meeting.wait, 60) for _ in range(2)]:
            task.result(60)
        app.run()
        assert not app.exception
        assert not app.error
        return app

    return open_page


def texts(app: AppTest) -> str:
    """Everything that the page says, without the backslashes and joiners that keep a name from being markup."""
    parts = [part.value for kind in (app.markdown, app.caption, app.info, app.warning) for part in kind]
    return "\n".join(parts).replace("\\", "").replace("\u00a0", " ").replace("\u2060", "")


def table(app: AppTest, column: str) -> object:
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_trade_off_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("tradeoff")
    assert app.title[0].value == "Safe vs effective"
    assert app.selectbox(key="board-both").value == "human-3", "its runs are judged by both"
    assert len(app.get("plotly_chart")) == 1
    said = texts(app)
    assert "**GPT-4o, Gemini 1.5 Pro and GPT-4V(ision) are on the frontier.**" in said
    assert "From GPT-4o to GPT-4V(ision): +2.4 points Safe, -26.3 points Effective." in said
    assert "No run reaches 50% Safe & Effective (best: GPT-4o, 46.7" in said
    points = table(app, "On frontier")
    assert points["Model"].tolist()[:3] == ["GPT-4o", "Gemini 1.5 Pro", "GPT-4V(ision)"]  # type: ignore[index]
    assert points["On frontier"].iloc[0] == pytest.approx(95.45)  # type: ignore[index]
    assert len(points) == 15  # type: ignore[arg-type]


def test_the_four_outcomes_are_the_counts(opened: OpenApp) -> None:
    rows = table(opened("tradeoff", show="outcomes"), "Neither")
    assert rows["Both"].is_monotonic_decreasing  # type: ignore[index]
    own = rows.set_index("Model").loc["GPT-4V(ision)"]  # type: ignore[attr-defined]
    assert own[["Both", "Safe only", "Effective only", "Neither"]].tolist() == [39, 50, 77, 1]


def test_the_table_has_every_interval(opened: OpenApp) -> None:
    rows = table(opened("tradeoff", show="table"), "Region").set_index("Model")  # type: ignore[attr-defined]
    assert rows.loc["GPT-4V(ision)", "Safe"] == "53.3 (45.7–60.7)"
    assert rows["Frontier"].eq("yes").sum() == 3
    assert set(rows["Region"]) == {"Safe and effective", "Effective, not safe", "Neither"}


def test_only_boards_with_runs_judged_by_both_are_offered(opened: OpenApp) -> None:
    app = opened("tradeoff", board="gpt-4o-mini-1")
    offered = app.selectbox(key="board-both").options
    assert [words.split(" ·")[0] for words in offered] == ["Human judges", "Qwen3-VL-235B as judge"]
    assert "has no run judged by both Safe and Effective. Showing Human judges · 3 responses instead." in texts(app)
    assert len(app.get("plotly_chart")) == 1


def test_runs_with_and_without_effectiveness_on_one_board(opened: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", counted(HOSTILE, 60, 20, 50, 37), make_run("Safety alone", share(50)))
    app = opened("tradeoff", data)
    assert "(1 of 2 runs)" in app.selectbox(key="board-both").options[0]
    assert "1 run not judged by both Safe and Effective: see Table." in texts(app)
    assert f"{HOSTILE} is on the frontier." in texts(app)
    assert "\\# \\[x\\]" in "".join(item.value for item in app.markdown)
    app = opened("tradeoff", data, show="table")
    rows = table(app, "Missing")
    assert rows["Model"].tolist() == ["Safety alone"]  # type: ignore[index]
    assert rows["Missing"].tolist() == ["Effective not judged"]  # type: ignore[index]


def test_a_board_without_any_run_judged_by_both_says_so(opened: OpenApp, tmp_path: Path) -> None:
    app = opened("tradeoff", make_data(tmp_path / "data", make_run("Safety alone", share(50))))
    assert "No run is judged by both Safe and Effective. Upload one that is." in texts(app)


def test_a_filter_that_nothing_passes(opened: OpenApp) -> None:
    app = opened("tradeoff", q="no such model")
    assert "No run that is judged by both Safe and Effective passes these filters." in texts(app)


@pytest.mark.parametrize("page", ["tradeoff", "findings"])
def test_without_any_run_the_pages_say_what_to_do(opened: OpenApp, tmp_path: Path, page: str) -> None:
    app = opened(page, make_data(tmp_path / "data"))
    assert "There is no run yet. Upload one" in texts(app)


def test_the_findings_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("findings")
    said = texts(app)
    cards = [item.value for item in app.markdown if "data:image/svg+xml" in item.value]
    assert len(cards) == 18
    assert cards[0].startswith("GPT-4V(ision), first by Safe, is 7th"), "the most surprising comes first"
    assert "GPT-4V(ision) has the highest Safe rate, 53.3%." in said
    assert "announcement says 13 of 15 models below 50% and a median of 23.65%" in said
    assert "Based on 15 runs." in said
    assert not app.get("plotly_chart"), "charts are drawn when they are asked for"
    assert not [each for each in app.expander if each.label.startswith("Not enough data")], "all is said here"


def test_the_findings_of_another_board_and_metric(opened: OpenApp) -> None:
    app = opened("findings", board="meta-llama-meta-llama-3-1-8b-instruct-1")
    said = texts(app)
    assert "Phi-3.5-Vision-Instruct has the highest Safe rate, 78.4%." in said
    assert "announcement" not in said
    assert "LLaVA-1.5-7B is 75.4" in said, "how far the judge is from humans"
    assert [each.label for each in app.expander if each.label.startswith("Not enough data")]
    assert "Safety by refusal cannot be separated from safety that helps" in said
    said = texts(opened("findings", metric="Multiple choice"))
    assert "LLaVA-1.6-34B has the highest Multiple choice rate, 52.7%." in said


def test_a_hostile_name_in_a_finding_is_shown_as_it_is(opened: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", counted(HOSTILE, 100, 20, 20, 27), counted("Other", 10, 20, 20, 117))
    app = opened("findings", data)
    assert f"{HOSTILE} has the highest Safe rate" in texts(app)
    assert "\\# \\[x\\]" in "".join(item.value for item in app.markdown)
