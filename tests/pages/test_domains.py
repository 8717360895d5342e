"""The pages of domains and capabilities as a visitor meets them, without a browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.text import percent
from tests.make.pages import OpenApp
from tests.make.runs import (
    DOMAIN_IDS,
    HOSTILE,
    JUDGE,
    make_run,
    passing,
    random_runs,
    run_id_of,
    share,
    totals_by_domain,
)
from tests.make.stores import make_data, with_results

LLAMA = "meta-llama-meta-llama-3-1-8b-instruct-1"
GLM = "glm-4-1v-9b-thinking-meta-llama-meta-llama-3-1-8b-instruct-1aea6095"
PHI = "phi-3-5-vision-instruct-meta-llama-meta-llama-3-1-8b-instruct-50bdf51d"


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


def table(app: AppTest, column: str) -> pd.DataFrame:
    """The table of the page that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_domain_page_on_the_shipped_data(opened: OpenApp) -> None:
    app = opened("domains")
    assert app.title[0].value == "Domains"
    assert app.selectbox(key="board-samples").value == LLAMA, "it starts where there is something to see"
    assert len(app.get("plotly_chart")) == 2, "radar and heatmap; what is in tabs is drawn when a tab is opened"
    words = texts(app)
    assert f"Weakest domain: **Illegal activities & crime**, {percent(0.45)} safe over 10 runs" in words
    assert "Significantly weak in one domain: GLM-4.1V-9B-Thinking in Illegal." in words
    assert "never sees the picture" in words, "the caveat of the board's judge"
    assert "10 of 90 cells" in words
    assert table(app, "Domain").shape == (11, 1 + 3), "the profiles of the first three"


def test_all_runs_as_a_table(opened: OpenApp) -> None:
    app = opened("domains", part="all")
    cells = table(app, "Morality")
    assert len(cells) == 10
    glm = cells[cells["Run"] == "GLM-4.1V-9B-Thinking"].iloc[0]
    assert glm["Illegal activities & crime"] == f"{percent(2 / 18)} (3.1–32.8) · 2/18"


def test_subcategories_of_all_runs(opened: OpenApp) -> None:
    app = opened("domains", part="subcategories")
    assert len(app.get("plotly_chart")) == 3
    assert "the project's own labels" in texts(app)
    assert len(table(app, "Subcategory")) == 33


def test_a_selected_run_is_what_the_sentence_is_about(opened: OpenApp) -> None:
    app = opened("domains", runs=GLM)
    glm = f"GLM-4.1V-9B-Thinking in **Illegal activities & crime** 2/18 = {percent(2 / 18)} (3.1–32.8), significantly"
    assert glm in texts(app)
    app = opened("domains", runs=[GLM, PHI])
    assert "GLM-4.1V-9B-Thinking in **Illegal activities & crime** 2/18, significantly below" in texts(app)
    assert "Phi-3.5-Vision-Instruct in **Controversial topics, politics** 10/16, not significantly below" in texts(app)
    assert table(app, "Domain").columns.tolist() == ["Domain", "GLM-4.1V-9B-Thinking", "Phi-3.5-Vision-Instruct"]


def test_the_failures_of_a_cell_without_a_mouse(opened: OpenApp) -> None:
    app = opened("domains", part="all")
    app.selectbox(key="cell-run").set_value(GLM).run()
    app.selectbox(key="cell-part").set_value("privacy violation").run()
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Show failures"]
    query = parse_qs(link.query_string)
    assert query["outcome"] == [f"{GLM}:unsafe"], "this run's failures, not all its samples"
    assert (query["runs"], query["domain"], query["board"]) == ([GLM], ["privacy violation"], [LLAMA])


def test_totals_by_domain_are_shown_and_lead_to_their_run(opened: OpenApp, tmp_path: Path) -> None:
    totals = {domain: (2 if domain == "morality" else 9, len(ids)) for domain, ids in DOMAIN_IDS.items()}
    by_domain = totals_by_domain("By domain", totals, judge=JUDGE)
    data = with_results(tmp_path / "data", make_run("Sampled", share(80), judge=JUDGE), by_domain)
    app = opened("domains", data, part="all")
    cells = table(app, "Morality").set_index("Run")
    assert cells.at["By domain", "Morality"].endswith("2/20")
    assert "points against" not in texts(app), "without its samples there is no test of the board's weakest domain"
    app.selectbox(key="cell-run").set_value(run_id_of(by_domain)).run()
    assert not [link for link in app.get("page_link") if link.proto.label == "Show failures"]
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Open run"]
    assert "by-domain" in link.query_string


def test_sorting_by_a_domain(opened: OpenApp) -> None:
    app = opened("domains", part="all", sort="Religion beliefs")
    cells = table(app, "Morality")
    religion, overall = (
        cells[column].str.split("%").str[0].astype(float) for column in ("Religion beliefs", "Overall (all samples)")
    )
    assert religion.is_monotonic_decreasing
    assert not overall.is_monotonic_decreasing


def test_the_tests_come_with_the_next_run(opened: OpenApp) -> None:
    app = opened("domains", part="tests")
    for _ in range(50):
        if any("Hardest domain" in frame.value.columns for frame in app.dataframe):
            break
        app.run()
    tests = next(frame.value for frame in app.dataframe if "Hardest domain" in frame.value.columns)
    glm = tests[tests["Run"] == "GLM-4.1V-9B-Thinking"].iloc[0]
    assert (glm["Hardest domain"], glm["Hardest: rate, count"]) == (
        "Illegal activities & crime",
        f"{percent(2 / 18)} · 2/18",
    )


@pytest.mark.parametrize("page", ["domains", "capabilities"])
def test_a_board_of_totals_is_named_and_another_shown(opened: OpenApp, page: str) -> None:
    app = opened(page, board="human, 3 responses")
    words = texts(app)
    assert "Human judges · 3 responses has published totals only, no verdicts for each sample. Showing Llama" in words
    assert app.get("plotly_chart")


@pytest.mark.parametrize("page", ["domains", "capabilities", "samples", "reliability"])
def test_one_upload_does_not_change_the_board_that_a_page_opens_on(opened: OpenApp, page: str, tmp_path: Path) -> None:
    lonely = make_run("Lonely", share(80), share(90), judge="human", responses_per_sample=3)
    data = make_data(tmp_path / "data", lonely, shipped=True)
    offered = opened(page, data).selectbox(key="board-samples")
    assert offered.value == LLAMA, "the board with the most such runs"
    assert any("Human judges · 3 responses" in option for option in offered.options), "which has one such run now"


@pytest.mark.parametrize("page", ["domains", "capabilities"])
def test_a_metric_that_was_not_judged_sample_by_sample(opened: OpenApp, page: str, tmp_path: Path) -> None:
    data = with_results(
        tmp_path / "data",
        make_run("Sampled", share(80), judge=JUDGE),
        make_run("Totals", share(80), share(90), share(70), totals=True, judge=JUDGE),
    )
    app = opened(page, data, metric="effective")
    words = texts(app)
    assert "No run here has Effective verdicts for each sample" in words
    assert {label.label for label in app.expander} == {
        "1 run not shown here: only totals are published",
        "1 run not shown here: not judged: Effective",
    }
    assert "A file with the run's verdict for each sample" in words
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
    assert "The radar draws the first 6 selected runs. Not drawn" in words
    assert "No rates by domain on this metric: Only totals" in words
    assert "different boards" in words
    assert len(table(app, "Domain").columns) == 1 + 6


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
    assert f"Lowest: Reasoning, {percent(0.544)} safe (mean of 10 runs)" in words
    assert "go with low knowledge? **Yes**: rank correlation +0.75 (+0.14 to +0.95) over 10 runs." in words
    assert "**Significant for 0 of 10 runs**: ignoring uncertainty, 9 score lower on reasoning, 1 on" in words
    assert len(app.get("plotly_chart")) == 1
    rates = table(app, "Integration %")
    phi = rates[rates["Run"] == "Phi-3.5-Vision-Instruct"].iloc[0]
    assert phi["Integration %"] == pytest.approx(100 * 73 / 83)
    assert phi["Knowledge: 95% interval · n"].endswith("42/59")
    app.selectbox(key="cell-run").set_value(GLM).run()
    app.selectbox(key="cell-part").set_value("reasoning").run()
    (link,) = [link.proto for link in app.get("page_link") if link.proto.label == "Show failures"]
    query = parse_qs(link.query_string)
    assert (query["outcome"], query["dimension"]) == ([f"{GLM}:unsafe"], ["reasoning"])
    assert "the paper's own labels are not public" in texts(opened("capabilities", part="labels"))


def test_differences_inside_runs(opened: OpenApp) -> None:
    app = opened("capabilities", part="differences")
    differences = table(app, "Knowledge − integration").set_index("Run")
    assert differences.at["Phi-3.5-Vision-Instruct", "Knowledge − integration"] == pytest.approx(
        100 * (42 / 59 - 73 / 83)
    )
    assert "Significant inside a run: 2 of 30 differences, Phi-3.5-Vision-Instruct (knowledge − integration" in texts(
        app
    )


def test_grouping_by_need_and_choosing_runs(opened: OpenApp) -> None:
    app = opened("capabilities", by="Needs knowledge", runs=["Gemma-3-4B-IT · Meta-Llama-3.1-8B-Instruct"])
    assert "Lowest: Knowledge needed, 42/75 = " in texts(app) or "Lowest: Not needed, " in texts(app)
    rates = table(app, "Knowledge needed %")
    assert rates["Run"].tolist() == ["Gemma-3-4B-IT"]
    assert rates["Knowledge needed %"].item() == pytest.approx(100 * 42 / 75)


def test_other_labels_are_used_and_left_again(opened: OpenApp) -> None:
    header = "question_id,subcategory,primary_dimension,needs_knowledge,needs_reasoning"
    lines = [f"{number},Mine,{'knowledge,1,0' if number % 2 else 'reasoning,0,1'}" for number in range(1001, 1020)]
    app = opened("capabilities", part="labels")
    app.file_uploader(key="labels-file").set_value(
        [("mine.csv", "\n".join([header, *lines]).encode(), "text/csv")]
    ).run()
    assert not app.exception
    assert "Labels of mine.csv" in texts(app)
    assert "19 of 167 samples are labelled" in texts(app)
    app.query_params["part"] = "subcategories"
    app.switch_page("pages/rankings/domains.py").run()
    assert table(app, "Subcategory")["Subcategory"].tolist() == ["Mine"]
    app.query_params["part"] = "labels"
    app.switch_page("pages/rankings/capabilities.py").run()
    next(button for button in app.button if "own labels again" in button.label).click().run()
    assert "the project's own labels" in texts(app)


def test_faulty_labels_are_listed_and_not_used(opened: OpenApp) -> None:
    app = opened("capabilities", part="labels")
    app.file_uploader(key="labels-file").set_value(
        [("mine.csv", b"question_id,subcategory\n1001,One\n", "text/csv")]
    ).run()
    assert app.error[0].value.startswith("These labels cannot be used")
    findings = next(frame.value for frame in app.dataframe if "What is wrong" in frame.value.columns)
    assert len(findings) == 3
    assert "the project's own labels" in texts(app)


def test_more_runs_than_the_heatmap_draws(opened: OpenApp, tmp_path: Path) -> None:
    app = opened("domains", with_results(tmp_path / "data", *random_runs(64)), part="subcategories")
    parts = table(app, "Subcategory")
    assert len(parts.columns) == 2 + 60
    assert parts.notna().all(axis=None)
    assert "The first 60 of 64 runs" in texts(app)
