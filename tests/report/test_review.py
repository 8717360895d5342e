"""What submissions, badges and attempts are called; one upload at a time; the filter for what others have checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark import badges
from siuo_dash.benchmark.badges import badge_of
from siuo_dash.benchmark.schema import SOURCE_STATUS
from siuo_dash.report import review as view
from siuo_dash.report.runs import attempt_words
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import Actor, Attempt
from siuo_dash.store.registry.log import MOVES, SHOWN_AS
from tests.make.registry import events
from tests.make.runs import make_run, run_id_of, share
from tests.make.stores import make_data

SENDER, REVIEWER = Actor("sender@example.org"), Actor("reviewer@example.org", reviewer=True)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")],
)
def test_attempts(number: int, words: str) -> None:
    assert attempt_words(Attempt(number, 200)) == f"{words} of 200 attempts"


def test_attempts_that_are_none_or_one() -> None:
    assert attempt_words(None) == "" and attempt_words(Attempt(1, 1)) == "only attempt"


def test_what_a_reviewer_can_give() -> None:
    assert badges.given("self-reported", own=False) == ["self-reported", "re-judged", "reproduced"]
    assert badges.given("preprint", own=False) == ["self-reported", "re-judged", "reproduced", "published"]
    assert badges.given("preprint", own=True) == ["self-reported"]


def test_every_badge_state_and_event_has_words() -> None:
    assert {badge_of(status) for status in SOURCE_STATUS} == set(badges.BADGES)
    assert set(MOVES) <= set(view.HAPPENED) and set(SHOWN_AS.values()) == set(view.STATES)


def test_what_happened_names_nobody_to_the_submitter(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    table = make_run("A-7B", share(40), judge="J")
    registry.submit(data, table, SENDER)
    registry.request_changes(data, run_id_of(table), REVIEWER, "Name the judge's version.")
    found = registry.one(data, run_id_of(table), SENDER)
    seen = view.history_frame(found.history, SENDER.id, addresses=False)
    assert seen[["What", "By"]].values.tolist() == [["sent for review", "you"], ["changes asked for", "a reviewer"]]
    assert seen["Why"].tolist() == ["", "Name the judge's version."]
    told = view.history_frame(events(data), REVIEWER.id, addresses=True)
    assert told["By"].tolist() == ["sender@example.org", "you"]
    (row,) = view.submissions_frame([found], {found.run_id: Attempt(2, 3)}).to_dict("records")
    assert (row["Model"], row["State"], row["Attempt"]) == ("A-7B", "Draft", "2nd of 3 attempts")
    assert row["Last words"] == "Name the judge's version." and row["Submission"] == found.run_id


def test_what_was_left_out_says_so() -> None:
    told = dict(view.facts(make_run("A-7B", share(3), organization="O", params_b=7.0, open_weights=False)))
    assert told["Size"] == "7 B parameters" and told["Weights"] == "closed" and told["Note"] == "not stated"
    assert told["Judge"] == "human" and next(iter(told)) == "Model"


def test_only_flagged_samples_are_read_if_asked_for() -> None:
    table = make_run("A-7B", share(3, 5), flags={2: ["cut_off"]})
    assert len(view.samples_to_read(table, flagged=False)) == 5
    ((task, question_id),) = view.samples_to_read(table, flagged=True)
    assert (task, question_id) == ("generation", 1003)
    assert [each["text"] for each in view.sample_rows(table, task, question_id)] == ["A-7B says 2"]
    assert view.samples_to_read(make_run("T", share(3), totals=True), flagged=False) == []


def test_verified_only(tmp_path: Path) -> None:
    runs = [
        make_run(f"M-{status}", share(40 + place), source_status=status) for place, status in enumerate(SOURCE_STATUS)
    ]
    store = Store(make_data(tmp_path / "data", *runs))
    found = queries.RUNS.run(store, where=Filters(verified=True).where())
    assert set(found["source_status"]) == {"peer-reviewed", "preprint", "draft", "re-judged", "reproduced"}
    assert len(queries.RUNS.run(store, where=Filters().where())) == len(SOURCE_STATUS)
    assert Filters(verified=True).sentence() == "Runs that are published, re-judged or reproduced."
