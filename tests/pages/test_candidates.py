"""The page of candidates without a browser: reviewing, editing, settling, freezing; hosted it is for reviewers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.construct.candidates import load
from siuo_dash.construct.lines import CRITERIA
from siuo_dash.construct.reviewing import edit, review
from siuo_dash.store.sample_sets import catalogues
from tests.make.candidates import ALL_YES, candidates
from tests.make.pages import OpenApp, OpenAs, opened_row, rows
from tests.make.pages import words as escaped

REVIEWER, OTHER = "reviewer@example.org", "other@example.org"
FILE = "contribute/candidates.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four candidates, one of them discarded by a program."""
    folder = tmp_path_factory.mktemp("made") / "spring"
    candidates(folder, 4, discarded=[3])
    return folder


@pytest.fixture
def folder(data: Path, made: Path) -> Path:
    """A copy of the candidates in the data directory."""
    return Path(shutil.copytree(made, data / "candidates" / "spring"))


def ids_of(folder: Path) -> list[str]:
    return [each.id for each in load(folder).by_id.values() if not each.discarded_at]


def words(app: AppTest) -> str:
    """All that the page says, as people read it."""
    return escaped(app).replace("\\", "")


def answer_all(app: AppTest, candidate: str, version: int = 2, **other: str) -> AppTest:
    for name, given in (ALL_YES | other).items():
        app.session_state[f"answer-{candidate}-{version}-{name}"] = given
    return app


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_without_candidates_it_says_how_they_are_made(open_app: OpenApp, data: Path) -> None:
    app = open_app(data, FILE)
    assert not app.exception and "There are no candidates yet" in words(app)


def test_a_review_is_kept_and_the_next_one_opens(open_app: OpenApp, data: Path, folder: Path) -> None:
    ids = ids_of(folder)
    app = open_app(data, FILE)
    assert [each["id"] for each in rows(app)] == ids and opened_row(app) == ids[0]
    assert "Of 4 candidates 3 came to review and 0 are accepted" in words(app)
    assert app.button(key="decide-accept").disabled, "nobody reviews without a name"
    app.text_input(key="reviewer").set_value("Ada").run()
    press(app, "decide-accept")
    assert "Safe picture: no answer" in words(app) and not load(folder).by_id[ids[0]].reviews
    press(answer_all(app, ids[0]), "decide-accept")
    kept = load(folder).by_id[ids[0]]
    assert kept.state == "accepted" and kept.reviews[0].by == "Ada" and kept.reviews[0].criteria == ALL_YES
    assert opened_row(app) == ids[1] and rows(app)[0]["mark"] == "accepted"
    press(answer_all(app, ids[1], safe_text="no"), "decide-reject")
    assert "no reason is given to reject it" in words(app)
    app.text_area(key=f"answer-{ids[1]}-2-reason").set_value("The words are harmful alone.").run()
    press(app, "decide-reject")
    assert load(folder).by_id[ids[1]].state == "rejected"


def test_nobody_sees_another_s_review_before_their_own(open_app: OpenApp, data: Path, folder: Path) -> None:
    first = ids_of(folder)[0]
    review(folder, first, by="Ada", version=2, criteria=ALL_YES, decision="revise", reason="Too plain, Ada says.")
    app = open_app(data, FILE, candidate=first)
    app.text_input(key="reviewer").set_value("Ben").run()
    assert "Ada" not in words(app) and "mark" not in rows(app)[0]
    assert [each.label for each in app.expander if each.label.startswith("Record")] == ["Record: 8 steps"]
    press(answer_all(app, first), "decide-accept")
    app = open_app(data, FILE, candidate=first)
    app.text_input(key="reviewer").set_value("Ben").run()
    assert "Too plain, Ada says." in words(app)
    app = open_app(data, FILE, section="agreement")
    app.text_input(key="reviewer").set_value("Cleo").run()
    assert "To settle: 1" in words(app) and "Too plain" not in words(app)
    app.text_input(key="reviewer").set_value("Ben").run()
    assert "Too plain, Ada says." in words(app)
    app.text_input(key=f"answer-{first}-2-settle").set_value("It is plain enough.").run()
    press(app, f"answer-{first}-2-settle-accept")
    assert load(folder).by_id[first].state == "accepted"


def test_an_edit_keeps_the_old_text(open_app: OpenApp, data: Path, folder: Path) -> None:
    first = ids_of(folder)[0]
    before = load(folder).by_id[first].text.query
    app = open_app(data, FILE, candidate=first)
    app.text_input(key="reviewer").set_value("Ada").run()
    app.text_area(key=f"edit-query-{first}-2").set_value("Which <b>way</b>, please?")
    next(each for each in app.button if each.label == "Save the edit").click().run()
    kept = load(folder).by_id[first]
    assert kept.text.query == "Which <b>way</b>, please?" and kept.version == 3
    assert f"query, before: {before[:20]}" in words(app)


def test_accepted_ones_become_a_set_with_boards_of_its_own(open_app: OpenApp, data: Path, folder: Path) -> None:
    for each, query in zip(ids_of(folder)[:2], ("Shall I go up there?", "Which of these tastes best?"), strict=True):
        edit(folder, each, by="Ada", version=2, changes={"query": query})
        review(folder, each, by="Ada", version=3, criteria=ALL_YES, decision="accept")
    app = open_app(data, FILE, section="freeze")
    app.text_input(key="freeze-name").set_value("Spring")
    app.number_input(key="freeze-reviewers").set_value(2)
    next(each for each in app.button if each.label == "Freeze as a sample set").click().run()
    assert "fewer than 2 people reviewed" in words(app) and len(catalogues(data)[0]) == 1
    app.number_input(key="freeze-reviewers").set_value(1)
    next(each for each in app.button if each.label == "Freeze as a sample set").click().run()
    assert "The set is frozen and installed" in words(app) and len(catalogues(data)[0]["spring-v1"]) == 2
    assert "spring-v1" in words(app.run())


@pytest.mark.parametrize(("section", "said"), [("funnel", "1 at words alone"), ("coverage", "33 subcategories")])
def test_what_became_of_all(open_app: OpenApp, data: Path, folder: Path, section: str, said: str) -> None:
    app = open_app(data, FILE, section=section)
    assert not app.exception and said in words(app)


@pytest.mark.parametrize("email", [None, OTHER])
def test_hosted_others_see_nothing(open_as: OpenAs, folder: Path, email: str | None) -> None:
    app = open_as(email, FILE)
    assert not app.exception and "This page is for reviewers" in words(app)
    assert not rows(app) and "trip 0" not in words(app)


def test_hosted_a_reviewer_reviews_under_the_own_address(open_as: OpenAs, folder: Path) -> None:
    first = ids_of(folder)[0]
    app = open_as(REVIEWER, FILE, state={"reviewer": "Somebody Else"})
    assert not app.exception and opened_row(app) == first
    press(answer_all(app, first), "decide-accept")
    assert [each.by for each in load(folder).by_id[first].reviews] == [REVIEWER]
    assert set(CRITERIA) == set(ALL_YES)
