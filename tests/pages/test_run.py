"""The run page as the app runs it, without a browser."""

from __future__ import annotations

import shutil
from pathlib import Path

from siuo_dash.store.registry import withdrawn
from tests.make.pages import OpenApp
from tests.pages.test_samples import GLM, RUN, A, B, C, fine, words


def test_a_shipped_run(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run=GLM))
    said = words(app)
    assert "**41.92%**" in said
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
    assert "**22.75%**" in said
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
    assert "The link asks for run “Nobody · nothing”, which this dashboard does not have." in words(app)


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
