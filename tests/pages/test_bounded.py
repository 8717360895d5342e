"""Pages over more runs than one figure is made of say which runs have the figure, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Barrier

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from siuo_dash.analysis import bounded
from siuo_dash.ui import background
from tests.make.pages import OpenApp
from tests.pages.test_leaderboard import rows, shown, words
from tests.pages.test_run import figures

RANGES = (
    "Rank ranges are given for the best 5 of 15 runs, and estimated from these and 5 of the others, chosen at random."
)
SHARES = "How often a run is on the frontier is computed among the 10 of 15 runs nearest to it."


@pytest.fixture
def settled(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """A page of the shipped data once its figures are there; they are made of ten runs at most."""
    st.cache_resource.clear()
    monkeypatch.setattr(bounded, "MOST_OUTCOMES", 10 * 167)

    def opened(page: str, **query: str) -> AppTest:
        app = open_app(first=page, **query)
        meeting = Barrier(2)  # two tasks that wait for each other need both threads
        for task in [background.background().submit(meeting.wait, 60) for _ in range(2)]:
            task.result(60)
        app.run()
        assert not app.exception and not app.error
        return app

    yield opened
    st.cache_resource.clear()  # computed with another bound


def test_the_leaderboard_says_which_runs_have_a_rank_range(settled: Callable[..., AppTest]) -> None:
    app = settled("leaderboard")
    found = rows(app)
    assert RANGES in words(app)
    assert [each != [None, None] for each in found["range"]] == [True] * 5 + [False] * 10
    small = settled("leaderboard", board="qwen3-6-27b-uncensored-text-only-given-the-safety-warning-1")
    assert "Rank ranges" not in words(small) and [None, None] not in rows(small)["range"].tolist()


def test_a_run_without_a_range_on_the_board_has_one_on_its_page(settled: Callable[..., AppTest]) -> None:
    last = shown(settled("leaderboard"))["rows"]["runs"][-1]
    line = figures(settled("run", run=last, metric="safe"))
    assert "rank 15 of 15 (95% range " in line and "estimated from 10 of the runs)" in line


def test_the_trade_off_and_the_findings_say_what_they_are_drawn_from(settled: Callable[..., AppTest]) -> None:
    assert SHARES in words(settled("tradeoff"))
    said = settled("findings")
    helps = [each.proto.help for each in said.caption]
    assert any("It is drawn from 10 of 15 runs, chosen at random." in each for each in helps)
