"""The pages of domains and capabilities as a visitor meets them, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.make.pages import OpenApp
from tests.make.runs import HOSTILE, JUDGE, make_run, passing, random_runs, share
from tests.make.stores import with_results

LLAMA = "meta-llama-meta-llama-3-1-8b-instruct-1"


@pytest.fixture
def opened(open_app: OpenApp) -> OpenApp:
    """opened(page, data=None, **query): the page at an address with this query, on the shipped data or other."""

    def open_page(page: str, data: Path | None = None, **query: str | list[str]) -> AppTest:
        app = open_app(data, first=page, **query)
        assert not app.exception
        assert not app.error
        return app

    return open_page


def texts(app: AppTest) -> str:
    """Everything that the page says, without the backslashes that keep a name from being markup."""
    parts = [part.value for kind in (app.markdown, app.caption, app.info, app.warning) for part in kind]
    return "\n".join(parts).replace("\\", "")


def test_the_domain_page_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("domains")
    assert app.title[0].value == "Domains"
    assert app.selectbox(key="board").value == LLAMA, "it starts where there is something to see"
    assert len(app.get("plotly_chart")) == 3
    assert "the project's own labels" in texts(app)
    assert "10 runs, sorted by Overall" in texts(app)
    cells = next(frame.value for frame in app.dataframe if "Morality" in frame.value.columns)
    assert len(cells) == 10
    glm = cells[cells["Run"] == "GLM-4.1V-9B-Thinking"].iloc[0]
    assert glm["Illegal activities & crime"] == "11.1 % (3.1–32.8) · 2/18"
    parts = next(frame.value for frame in app.dataframe if "Subcategory" in frame.value.columns)
    assert len(parts) == 33


def test_sorting_by_a_domain(opened: OpenApp) -> None:
    app = opened("domains", sort="Religion beliefs")
    cells = next(frame.value for frame in app.dataframe if "Morality" in frame.value.columns)
    religion, overall = (
        cells[column].str.split().str[0].astype(float) for column in ("Religion beliefs", "Overall (all samples)")
    )
    assert religion.is_monotonic_decreasing
    assert not overall.is_monotonic_decreasing


def test_the_tests_come_with_the_next_run(opened: OpenApp) -> None:
    app = opened("domains")
    st.cache_resource.clear()
    app = opened("domains")
    for _ in range(50):
        if any("Hardest domain" in frame.value.columns for frame in app.dataframe):
            break
        app.run()
    tests = next(frame.value for frame in app.dataframe if "Hardest domain" in frame.value.columns)
    glm = tests[tests["Run"] == "GLM-4.1V-9B-Thinking"].iloc[0]
    assert (glm["Hardest domain"], glm["Hardest: rate, count"]) == ("Illegal activities & crime", "11.1 % · 2/18")


@pytest.mark.parametrize("page", ["domains", "capabilities"])
def test_a_board_of_totals_says_what_is_missing_and_what_would_help(opened: OpenApp, page: str) -> None:
    app = opened(page, board="human, 3 responses")
    words = texts(app)
    assert "nothing is known of parts of the benchmark" in words
    assert "Llama" in words, "the boards that have something to show are named"
    assert app.expander[-1].label.startswith("15 runs not shown here")
    assert "GPT-4o" in words
    assert "A file with the run's verdict for each sample" in words
    assert not app.get("plotly_chart")


@pytest.mark.parametrize("page", ["domains", "capabilities"])
def test_a_metric_that_was_not_judged(opened: OpenApp, page: str) -> None:
    app = opened(page, metric="Effective")
    assert app.expander[-1].label == "10 runs not shown here: not judged: Effective"
    assert not app.get("plotly_chart")


def test_chosen_runs_that_cannot_be_drawn_are_named(opened: OpenApp, tmp_path: Path) -> None:
    data = with_results(
        tmp_path / "data",
        *random_runs(9),
        make_run("Only totals", share(80), totals=True, judge=JUDGE),
        make_run("Elsewhere", passing({"morality": 20}), judge="another-judge"),
    )
    first = opened("domains", data)
    labels = [label for label in first.multiselect(key="runs").options if "zeta" not in label.lower()]
    runs = [f"Only totals · {JUDGE}", "Elsewhere · another-judge", *labels[:7]]
    app = opened("domains", data, board=f"{JUDGE}, 3 responses", runs=runs)
    words = texts(app)
    assert "Not drawn" in words
    assert "Without verdicts for each sample on this metric, so not by domain: Only totals" in words
    assert "different boards" in words
    profiles = next(frame.value for frame in app.dataframe if "Domain" in frame.value.columns)
    assert len(profiles.columns) == 1 + 6


def test_long_and_hostile_names_are_plain_text(opened: OpenApp, tmp_path: Path) -> None:
    data = with_results(tmp_path / "data", *random_runs(3))
    for page in ("domains", "capabilities"):
        app = opened(page, data)
        marked = "\n".join(part.value for kind in (app.markdown, app.caption) for part in kind)
        assert "<b>Zeta" not in marked
        assert "[link](javascript" not in marked
        assert any(HOSTILE in str(frame.value.to_dict()) for frame in app.dataframe)


def test_the_capability_page_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("capabilities")
    words = texts(app)
    assert "the paper's own labels are not public" in words
    assert "rank correlation +0.75 (95 % interval +0.14 to +0.95) over 10 runs" in words
    rates = next(frame.value for frame in app.dataframe if "Integration %" in frame.value.columns)
    phi = rates[rates["Run"] == "Phi-3.5-Vision-Instruct"].iloc[0]
    assert phi["Integration %"] == pytest.approx(100 * 73 / 83)
    assert phi["Knowledge: interval, count"].endswith("42/59")


def test_grouping_by_need_and_choosing_runs(opened: OpenApp) -> None:
    app = opened("capabilities", by="Needs knowledge", runs=["Gemma-3-4B-IT · Meta-Llama-3.1-8B-Instruct"])
    rates = next(frame.value for frame in app.dataframe if "Knowledge needed %" in frame.value.columns)
    assert rates["Run"].tolist() == ["Gemma-3-4B-IT"]
    assert rates["Knowledge needed %"].item() == pytest.approx(100 * 42 / 75)


def test_other_labels_are_used_and_left_again(opened: OpenApp) -> None:
    header = "question_id,subcategory,primary_dimension,needs_knowledge,needs_reasoning"
    lines = [f"{number},Mine,{'knowledge,1,0' if number % 2 else 'reasoning,0,1'}" for number in range(1001, 1020)]
    app = opened("capabilities")
    app.file_uploader(key="labels-file").set_value(
        [("mine.csv", "\n".join([header, *lines]).encode(), "text/csv")]
    ).run()
    assert not app.exception
    assert "Labels of mine.csv" in texts(app)
    assert "19 of 167 samples are labelled" in texts(app)
    app.switch_page("pages/rankings/domains.py").run()
    parts = next(frame.value for frame in app.dataframe if "Subcategory" in frame.value.columns)
    assert parts["Subcategory"].tolist() == ["Mine"]
    app.switch_page("pages/rankings/capabilities.py").run()
    next(button for button in app.button if "own labels again" in button.label).click().run()
    assert "the project's own labels" in texts(app)


def test_faulty_labels_are_listed_and_not_used(opened: OpenApp) -> None:
    app = opened("capabilities")
    app.file_uploader(key="labels-file").set_value(
        [("mine.csv", b"question_id,subcategory\n1001,One\n", "text/csv")]
    ).run()
    assert app.error[0].value.startswith("These labels cannot be used")
    findings = next(frame.value for frame in app.dataframe if "What is wrong" in frame.value.columns)
    assert len(findings) == 3
    assert "the project's own labels" in texts(app)


def test_more_runs_than_the_heatmap_draws(opened: OpenApp, tmp_path: Path) -> None:
    app = opened("domains", with_results(tmp_path / "data", *random_runs(64)))
    parts = next(frame.value for frame in app.dataframe if "Subcategory" in frame.value.columns)
    assert len(parts.columns) == 2 + 60
    assert parts.notna().all(axis=None)
    assert "60 of 64" in texts(app)
