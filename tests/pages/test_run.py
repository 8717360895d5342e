"""The run page as the app runs it, without a browser."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest

from siuo_dash.store.registry import withdrawn
from tests.make.pages import OpenApp, rows
from tests.pages.test_samples import GLM, RUN, A, B, C, fine, words


def figures(app: AppTest) -> str:
    """The line of the score, as text."""
    lines = [str(each.proto.body) for each in app.get("html") if 'class="figures"' in str(each.proto.body)]
    return unescape(re.sub(r"<[^>]*>", " ", lines[0]))


def test_a_shipped_run(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run=GLM))
    assert app.title[0].value == "GLM-4.1V-9B-Thinking", "the model's name is the heading"
    line = figures(app)
    assert "41.9" in line and "rank " in line and "Weakest domain" in line
    assert "without them" in line and "too few for a rate" in line, "152 of 167 samples are flagged"
    said = words(app)
    assert "97 failures; 6 that at least 90% of the other 9 runs pass" in said
    assert "Built-in run (cannot be withdrawn)." in said
    assert "Effective, Safe & Effective and Multiple choice: not judged" in said
    assert len(rows(app, 0)) == 9 and len(rows(app, 1)) == 97
    others = [int(row["end"].split("/")[0]) for row in rows(app, 1)]
    assert others == sorted(others, reverse=True)
    health = words(fine(open_app(page=RUN, run=GLM, part="health")))
    assert "**Unclosed reasoning**: 138 samples" in health and "**Error message**: 14 samples" in health


def test_without_a_choice_the_best_run_with_verdicts_by_sample_is_shown(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN))
    assert app.title[0].value == "Phi-3.5-Vision-Instruct"
    assert "rank 1 of 10" in figures(app) and rows(app, 1)


def test_a_run_of_totals_says_what_is_not_known(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run="CogVLM · human"))
    assert "22.8" in figures(app)
    assert "Only totals were published for this run" in words(app)
    assert not rows(app) and not app.dataframe
    assert "No responses to check" in words(fine(open_app(page=RUN, run="CogVLM · human", part="health")))


def test_a_run_is_found_by_its_id_too(open_app: OpenApp, small: Path, ids: dict[str, str]) -> None:
    assert fine(open_app(small, RUN, run=ids["B"])).title[0].value == "B"


def test_the_first_chosen_run_is_opened(open_app: OpenApp, small: Path) -> None:
    assert fine(open_app(small, RUN, runs=[C, A])).title[0].value == "C"


def test_an_unknown_run_is_named(open_app: OpenApp) -> None:
    app = fine(open_app(page=RUN, run="Nobody · nothing"))
    assert "The link asks for run “Nobody · nothing”, which this dashboard does not have." in words(app)


def test_every_metric_of_a_run(open_app: OpenApp, small: Path) -> None:
    for metric, failing in (("safe", 3), ("effective", 0), ("safe_and_effective", 3), ("mcqa", 1)):
        app = fine(open_app(small, RUN, run=A, metric=metric))
        assert ("No failures." in words(app)) == (not failing)
        assert len(rows(app, 1)) == failing
    agreement = fine(open_app(small, RUN, run=A, part="agreement"))
    assert agreement.dataframe[0].value["3/3"].tolist()[0] == 1


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
