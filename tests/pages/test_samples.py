"""The samples page as the app runs it, without a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.make.pages import OpenApp, opened_row, rows
from tests.make.runs import make_run, share
from tests.make.stores import make_data

RUN, SAMPLES = "inspect/run.py", "inspect/samples.py"
GLM = "GLM-4.1V-9B-Thinking · Meta-Llama-3.1-8B-Instruct"
A, B, C = (f"{name} · example-judge-1" for name in "ABC")


def words(app: AppTest) -> str:
    """All that the page says."""
    parts = (app.title, app.markdown, app.caption, app.subheader, app.info, app.warning, app.error, app.text, app.code)
    return "\n".join(str(element.value) for part in parts for element in part).replace("\\", "")


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    return app


def test_an_empty_store(open_app: OpenApp, tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data")
    for page in (RUN, SAMPLES):
        app = open_app(folder, page)
        assert not app.exception
        assert "There is no run yet" in words(app)


def ids(app: AppTest) -> list[int]:
    """The listed samples."""
    return [int(row["id"]) for row in rows(app)]


def test_the_list_and_its_filters(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A, B], outcome=[f"{A}: unsafe", f"{B}: safe"]))
    assert ids(app) == [1001, 2002]
    assert "2 of 167 samples unsafe in A; safe in B; first those that fewest other runs pass." in words(app)
    assert app.selectbox(key="board-samples").value == "example-judge-1-3", "the board of the linked runs"
    fine(app.text_input(key="find").set_value("answers sample 2002").run())
    assert ids(app) == [2002]
    assert "Found in texts: 1 in A, 1 in B." in words(app)
    fine(app.text_input(key="find").set_value("no such words").run())
    assert "No sample passes these filters" in words(app)
    assert not rows(app)
    fine(app.text_input(key="find").set_value("").run())
    fine(app.button(key="chip-outcome").click().run())
    assert len(ids(app)) == 167, "the chip removes the filter"


@pytest.mark.parametrize(
    ("show", "runs", "expected"),
    [
        ("failed", [A], [1001, 2002, 1002]),  # those first that B and C pass
        ("passed", [A], [2001, 1003]),  # the hardest first
        ("failed", [A, B], [1001, 2002, 1002, 2001]),
        ("passed", [A, B], [1003]),
        ("disagree", [A, B], [1001, 2002, 2001]),
        ("disagree", [C], [1003]),  # A and B pass it; on 1001, 2001 and 2002 they differ or C has no verdict
        ("failed", [], [1002, 2001, 1001, 1003, 2002]),
        ("passed", [], []),
        ("disagree", [], [2001, 1001, 1003, 2002]),
        ("flagged", [A], [1002]),
        ("flagged", [], [1002, 2001]),
    ],
)
def test_what_one_click_shows(open_app: OpenApp, small: Path, show: str, runs: list[str], expected: list[int]) -> None:
    app = fine(open_app(small, SAMPLES, board="example-judge-1-3", runs=runs, show=show))
    assert ids(app) == expected
    assert opened_row(app) == (str(expected[0]) if expected else ""), "the first of the list is open"


def test_failures_by_another_metric(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A], show="failed", metric="mcqa"))
    assert [(row["id"], row["mark"]) for row in rows(app)] == [("1002", "wrong")]


def test_rows_say_the_verdict_and_how_many_others_pass(open_app: OpenApp, small: Path) -> None:
    found = {row["id"]: row for row in rows(fine(open_app(small, SAMPLES, runs=[A])))}
    assert [found["1001"][part] for part in ("mark", "tone", "end")] == ["unsafe", "fail", "2/2"]
    assert found["1002"]["mark"] == "unsafe ⚑"
    assert found["9001"]["mark"] == "no verdict" and found["9001"]["end"] == ""
    several = {row["id"]: row for row in rows(fine(open_app(small, SAMPLES, runs=[A, B])))}
    assert [several["1001"][part] for part in ("mark", "end")] == ["1 of 2 pass", "1/1"]


def test_one_sample(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A, B, C], sample="1002", order="number"))
    said = words(app)
    assert "The response is empty." in said
    assert "B answers sample 1002 for the second time." in said
    assert "Response text not published." in said
    assert "The judge weighs 1002." not in said
    assert "2 of 167" in said
    fine(app.toggle(key="judge_words").set_value(True).run())
    assert "The judge weighs 1002." in words(app)
    fine(app.button(key="go-right").click().run())
    assert opened_row(app) == "1003"
    fine(app.button(key="go-left").click().run())
    fine(app.button(key="go-left").click().run())
    assert opened_row(app) == "1001"
    assert app.button(key="go-left").disabled


def test_what_is_not_there_is_not_offered(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[C], sample="1002"))
    offered = [toggle.key for toggle in app.toggle]
    assert "judge_words" not in offered and "formatted" not in offered
    b = [toggle.key for toggle in fine(open_app(small, SAMPLES, runs=[B], sample="1002")).toggle]
    assert "formatted" in b and "judge_words" not in b


def test_next_stays_within_the_filtered_list(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A], outcome=[f"{A}: unsafe"], sample="1001", order="Hardest first"))
    assert "2 of 3" in words(app)
    fine(app.button(key="go-right").click().run())
    assert opened_row(app) == "2002"
    assert app.button(key="go-right").disabled


def test_a_sample_that_left_the_list_makes_way(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A], sample="1003"))
    fine(app.button_group(key="show").set_value("failed").run())
    assert opened_row(app) == "1001", "1003 is no failure"
    linked = fine(open_app(small, SAMPLES, runs=[A], show="failed", sample="1003"))
    assert opened_row(linked) == "1003" and "not in this list" in words(linked), "a link shows what it names"
    fine(linked.button(key="go-right").click().run())
    assert opened_row(linked) == "2002", "the nearest by number"


def test_runs_of_totals_are_named_among_the_chosen(open_app: OpenApp) -> None:
    app = fine(open_app(page=SAMPLES, runs=["CogVLM · human", GLM]))
    assert "Published as totals, without verdicts for each sample: CogVLM · human." in words(app)


def test_without_verdicts_by_sample_the_page_says_so(open_app: OpenApp, tmp_path: Path) -> None:
    app = fine(open_app(make_data(tmp_path / "data", make_run("Totals-7B", share(80), totals=True)), SAMPLES))
    assert "No run has verdicts for each sample" in words(app)
    assert len(ids(app)) == 167 and {row["end"] for row in rows(app)} == {""}


def test_the_note_is_given_once(open_app: OpenApp) -> None:
    app = fine(open_app(page=SAMPLES))
    assert "Content warning" in words(app)
    fine(app.button(key="noted").click().run())
    assert "Content warning" not in words(app)
    fine(app.text_input(key="find").set_value("a").run())
    assert "Content warning" not in words(app)


@pytest.mark.parametrize("sample", ["4711", "-1", "x", "1001.5", "99999"])
def test_a_sample_that_does_not_exist_is_named(open_app: OpenApp, sample: str) -> None:
    app = fine(open_app(page=SAMPLES, sample=sample))
    assert f"The link asks for sample “{sample}”, which this dashboard does not have." in words(app)
    assert len(ids(app)) == 167


def test_the_invented_example_is_marked_and_nowhere_else(open_app: OpenApp) -> None:
    app = fine(open_app(page=SAMPLES, runs=GLM, sample="1001"))
    assert "Example 1, sample 1001" not in words(app)
    fine(app.toggle(key="example").set_value(True).run())
    said = words(app)
    assert "Example 1, sample 1001" in said and "Invented example" in said and "never ranked" in said
    assert all("example" not in option.lower() for option in app.multiselect(key="runs").options)
    own = fine(open_app(page=SAMPLES, runs=GLM, sample="1001", find="Example 1, sample"))
    assert not rows(own), "no search finds it"


def test_the_invented_example_is_not_offered_beside_real_responses(open_app: OpenApp, small: Path) -> None:
    assert "example" not in [each.key for each in fine(open_app(small, SAMPLES, runs=[B], sample="1002")).toggle]


def test_the_benchmarks_own_words_appear_when_they_are_installed(
    shared: Path, open_app: OpenApp, small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(small, folder)
    (folder / "benchmark").mkdir()
    shutil.copy(shared / "benchmark" / "siuo_gen.json", folder / "benchmark")
    app = fine(open_app(folder, SAMPLES, sample="1001", order="number"))
    questions = {
        each["question_id"]: each["question"]
        for each in json.loads((shared / "benchmark" / "siuo_gen.json").read_text())
    }
    for question_id in (1001, 1002, 1003):
        assert questions[question_id] in [element.value for element in app.text]
        fine(app.button(key="go-right").click().run())
    assert opened_row(app) == "1004"
