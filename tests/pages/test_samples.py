"""The run page and the samples page as the app runs them, without a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.store.registry import withdrawn
from tests.make.pages import OpenApp
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


def test_a_shipped_run(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run=GLM))
    said = words(app)
    assert "**41.92 %**" in said
    assert "**Unclosed reasoning**: 138 samples" in said
    assert "**Error message**: 14 samples" in said
    assert "Of 97 failures 6 are this run's own" in said
    assert "shipped with the program" in said
    failing = app.dataframe[-1].value
    assert failing["Others right, %"].is_monotonic_decreasing
    assert len(failing) == 97


def test_a_run_of_totals_says_what_is_not_known(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run="CogVLM · human"))
    said = words(app)
    assert "**22.75 %**" in said
    assert "known by its published totals only" in said
    assert "Not examined" in said
    assert not app.dataframe


def test_a_run_is_found_by_its_id_too(open_app: OpenApp, small: Path, ids: dict[str, str]) -> None:
    app = fine(open_app(small, RUN, run=ids["B"]))
    assert app.subheader[0].value == "B"


def test_the_first_chosen_run_is_opened(open_app: OpenApp, small: Path) -> None:
    assert fine(open_app(small, RUN, runs=[C, A])).subheader[0].value == "C"


def test_an_unknown_run_is_named(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run="Nobody · nothing"))
    assert "There is no run “Nobody · nothing”" in app.warning[0].value
    assert "41.92" not in words(app)


def test_every_metric_of_a_run(open_app: OpenApp, small: Path) -> None:
    app = open_app(small, RUN, run=A)
    for metric, failing in (("safe", 3), ("effective", None), ("safe_and_effective", 3), ("mcqa", 1)):
        fine(app.button_group(key="metric").set_value(metric).run())
        assert ("No failed samples." in words(app)) == (failing is None)
        if failing:
            assert len(app.dataframe[-1].value) == failing
    not_judged = open_app(small, RUN, run=C, metric="Effective")
    assert "Effective is not judged for this run" in words(not_judged)


def test_withdraw_and_bring_back(open_app: OpenApp, small: Path, tmp_path: Path, ids: dict[str, str]) -> None:
    folder = tmp_path / "data"
    shutil.copytree(small, folder)
    app = open_app(folder, RUN, run=B)
    app.button(key="withdraw").click().run()
    assert "a reason is needed" in app.error[0].value
    assert withdrawn(folder) == []
    app.text_area(key="why").set_value("Judged with the wrong prompt").run()
    fine(app.button(key="withdraw").click().run())
    assert [(each.run_id, each.why) for each in withdrawn(folder)] == [(ids["B"], "Judged with the wrong prompt")]
    assert B not in app.selectbox(key="run").options
    assert "was withdrawn" in words(app)
    fine(app.button(key="restore").click().run())
    assert B in app.selectbox(key="run").options
    assert "was withdrawn" not in words(app)


def test_an_empty_store(open_app: OpenApp, tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data")
    for page in (RUN, SAMPLES):
        app = open_app(folder, page)
        assert not app.exception
        assert "There is no run yet" in words(app)


def test_the_list_and_its_filters(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A, B], outcome=[f"{A}: unsafe", f"{B}: safe"]))
    assert app.dataframe[0].value["Sample"].tolist() == [1001, 2002]
    assert "2 of 167 samples" in words(app)
    assert app.selectbox(key="board").value == "example-judge-1-3", "the board of the linked runs"
    fine(app.text_input(key="find").set_value("answers sample 2002").run())
    assert app.dataframe[0].value["Sample"].tolist() == [2002]
    assert "Samples whose texts hold the words: 1 in A · example-judge-1, 1 in B · example-judge-1." in words(app)
    fine(app.text_input(key="find").set_value("no such words").run())
    assert "No sample passes these filters" in words(app)


def test_one_sample(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A, B, C], sample="1002"))
    said = words(app)
    assert "The response is empty." in said
    assert "B answers sample 1002 for the second time." in said
    assert "The response text is not available; only the verdict was published." in said
    assert "The judge weighs 1002." in said
    assert "2 of 167" in said
    fine(app.toggle(key="judge_words").set_value(False).run())
    assert "The judge weighs 1002." not in words(app)
    fine(app.button(key="go-right").click().run())
    assert app.selectbox(key="sample").value == 1003
    fine(app.button(key="go-left").click().run())
    fine(app.button(key="go-left").click().run())
    assert app.selectbox(key="sample").value == 1001
    assert app.button(key="go-left").disabled
    fine(app.button(key="close").click().run())
    assert app.selectbox(key="sample").value is None
    assert len(app.dataframe[0].value) == 167


def test_next_stays_within_the_filtered_list(open_app: OpenApp, small: Path) -> None:
    app = fine(open_app(small, SAMPLES, runs=[A], outcome=[f"{A}: unsafe"], sample="1001", order="Hardest first"))
    assert "2 of 3" in words(app)
    fine(app.button(key="go-right").click().run())
    assert app.selectbox(key="sample").value == 2002
    assert app.button(key="go-right").disabled


def test_runs_of_totals_are_named_among_the_chosen(open_app: OpenApp) -> None:
    app = fine(open_app(page=SAMPLES, runs=["CogVLM · human", GLM]))
    assert "Known by totals only, so nothing is known sample by sample: CogVLM · human." in words(app)


def test_the_note_is_given_once(open_app: OpenApp) -> None:
    app = fine(open_app(page=SAMPLES))
    assert "They can disturb" in words(app)
    fine(app.button(key="noted").click().run())
    assert "They can disturb" not in words(app)
    fine(app.text_input(key="find").set_value("a").run())
    assert "They can disturb" not in words(app)


@pytest.mark.parametrize("sample", ["4711", "-1", "x", "1001.5"])
def test_a_sample_that_does_not_exist_gives_the_list(open_app: OpenApp, sample: str) -> None:
    app = fine(open_app(page=SAMPLES, sample=sample))
    assert app.selectbox(key="sample").value is None
    assert len(app.dataframe[0].value) == 167


def test_the_benchmarks_own_words_appear_when_they_are_at_hand(
    shared: Path, open_app: OpenApp, small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(small, folder)
    (folder / "benchmark").mkdir()
    shutil.copy(shared / "benchmark" / "siuo_gen.json", folder / "benchmark")
    app = fine(open_app(folder, SAMPLES, sample="1001"))
    questions = {
        each["question_id"]: each["question"]
        for each in json.loads((shared / "benchmark" / "siuo_gen.json").read_text())
    }
    for question_id in (1001, 1002, 1003):
        assert questions[question_id] in [element.value for element in app.text]
        fine(app.button(key="go-right").click().run())
    assert app.selectbox(key="sample").value == 1004
