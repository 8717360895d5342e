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
    assert app.title[0].value == "Safe versus effective"
    assert app.selectbox(key="board").value == "human-3", "its runs are judged for both"
    assert len(app.get("plotly_chart")) == 2
    said = texts(app)
    assert "15 of 15" in said
    assert "GPT-4V(ision), Gemini 1.5 Pro and GPT-4o" in said
    assert "GPT-4o 95 %" in said, "how sure the frontier is"
    rows = table(app, "Neither").set_index("Model")  # type: ignore[attr-defined]
    assert rows.loc["GPT-4V(ision)", ["Both", "Safe only", "Effective only", "Neither"]].tolist() == [39, 50, 77, 1]
    points = table(app, "In draws %").set_index("Model")  # type: ignore[attr-defined]
    assert points.loc["GPT-4o", "In draws %"] == pytest.approx(95.45)
    assert points["Frontier"].eq("yes").sum() == 3
    assert not app.subheader or "Not judged for both" not in [item.value for item in app.subheader]


def test_the_order_of_the_bars_is_the_chosen_metrics(opened: OpenApp) -> None:
    rows = table(opened("tradeoff", metric="Safe & Effective"), "Neither")
    assert rows["Both"].is_monotonic_decreasing  # type: ignore[index]
    assert rows["Model"].iloc[0] == "GPT-4o"  # type: ignore[index]


def test_a_board_without_effectiveness_says_so_and_names_the_others(opened: OpenApp) -> None:
    app = opened("tradeoff", board="gpt-4o-mini, 1 response")
    assert "No run of this view was judged for both" in texts(app)
    assert "Boards that have such runs: human, 3 responses; Qwen3-VL-235B-A22B-Instruct, 1 response." in texts(app)
    assert not app.get("plotly_chart")
    rows = table(app, "Why").set_index("Model")  # type: ignore[attr-defined]
    assert rows.loc["Gemma-3-27B-IT"].tolist() == [
        "Effective not published",
        "Safe 40.1 % (67/167); Safe & Effective 38.9 % (65/167)",
    ]


def test_runs_with_and_without_effectiveness_on_one_board(opened: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", counted(HOSTILE, 60, 20, 50, 37), make_run("Safety alone", share(50)))
    app = opened("tradeoff", data)
    assert "1 of 2" in texts(app)
    assert "Not judged for both" in [item.value for item in app.subheader]
    rows = table(app, "Why")
    assert rows["Model"].tolist() == ["Safety alone"]  # type: ignore[index]
    assert rows["Why"].tolist() == ["Effective not judged"]  # type: ignore[index]
    assert HOSTILE in texts(app)
    assert "\\# \\[x\\]" in "".join(caption.value for caption in app.caption)


def test_a_filter_that_nothing_passes(opened: OpenApp) -> None:
    app = opened("tradeoff", q="no such model")
    assert "No run of this view was judged for both" in texts(app)


@pytest.mark.parametrize("page", ["tradeoff", "findings"])
def test_without_any_run_the_pages_say_what_to_do(opened: OpenApp, tmp_path: Path, page: str) -> None:
    app = opened(page, make_data(tmp_path / "data"))
    assert "There is no run yet. Upload one" in texts(app)


def test_the_findings_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("findings")
    assert [item.value for item in app.subheader] == [
        "Best runs",
        "The board as a whole",
        "Closed and open weights",
        "Size",
        "Safety by refusal",
        "Multiple choice and generation",
        "One model, several judges",
        "Hardest samples and domains",
    ]
    said = texts(app)
    assert "GPT-4V(ision) has the highest Safe rate, 53.3 %." in said
    assert "announcement says 13 of 15 models below 50 % and a median of 23.65 %" in said
    assert "Rests on 15 runs." in said
    assert len(app.get("plotly_chart")) == 1


def test_the_findings_of_another_board_and_metric(opened: OpenApp) -> None:
    said = texts(opened("findings", board="meta-llama/Meta-Llama-3.1-8B-Instruct, 1 response"))
    assert "Phi-3.5-Vision-Instruct has the highest Safe rate, 78.4 %." in said
    assert "announcement" not in said
    assert "Cannot be said." in said
    said = texts(opened("findings", metric="Multiple choice"))
    assert "LLaVA-1.6-34B has the highest Multiple choice rate, 52.7 %." in said


def test_a_hostile_name_in_a_finding_is_shown_as_it_is(opened: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", counted(HOSTILE, 100, 20, 20, 27), counted("Other", 10, 20, 20, 117))
    app = opened("findings", data)
    assert f"{HOSTILE} has the highest Safe rate" in texts(app)
    assert "\\# \\[x\\]" in "".join(item.value for item in app.markdown)
