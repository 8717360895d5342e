"""Hosted pages by whoever opens them: what each sees, what is not even asked for, and what no session value changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.benchmark import badges
from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.store import registry
from siuo_dash.store.registry import Actor
from siuo_dash.ui import identity
from tests.make.pages import OpenApp, OpenAs, words
from tests.make.registry import events, file_of
from tests.make.runs import make_run, run_id_of, share, with_column

SENDER, OTHER, REVIEWER = "sender@example.org", "other@example.org", "reviewer@example.org"
HIDDEN = "Hidden-Model-3B"


def send(data: Path, model: str = HIDDEN, by: str = SENDER, safe: int = 40) -> str:
    table = make_run(model, share(safe), judge="J")
    registry.submit(data, table, Actor(by))
    return run_id_of(table)


def keys(app: AppTest) -> set[str]:
    return {str(button.key) for button in app.button}


@pytest.mark.parametrize("email", [None, OTHER, SENDER])
def test_others_get_plain_words_and_nothing_is_asked_for(
    open_as: OpenAs, data: Path, monkeypatch: pytest.MonkeyPatch, email: str | None
) -> None:
    pending = send(data)

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("a page for reviewers asked the store for somebody else")

    for name in ("waiting", "table_of", "earlier_of", "one"):
        monkeypatch.setattr(registry, name, asked)
    app = open_as(email, submission=pending)
    assert not app.exception and "This page is for reviewers" in words(app) and HIDDEN not in words(app)
    assert not [key for key in keys(app) if pending in key]


def test_a_reviewer_sees_it_whole(open_as: OpenAs, data: Path) -> None:
    pending = send(data)
    app = open_as("Reviewer@Example.org")
    assert not app.exception
    said = words(app)
    for part in (
        HIDDEN,
        "Sent by sender@",
        "| Safe |",
        "the first run of the new board J as judge",
        "Responses",
        "Decide",
    ):
        assert part in said, part
    assert {f"approve-{pending}", f"changes-{pending}", f"reject-{pending}"} <= keys(app)


def test_what_would_change_is_said(open_as: OpenAs, data: Path) -> None:
    registry.submit(data, make_run(HIDDEN, share(75)), Actor(SENDER))
    said = words(open_as(REVIEWER))
    assert "rank 2 of 3" in said and "1 run would move down a place." in said


def test_what_a_correction_would_change_leaves_out_what_it_replaces(open_as: OpenAs, data: Path) -> None:
    """The board holds two runs of 90 and 60 safe samples."""
    reviewer = Actor(REVIEWER, reviewer=True)
    first = make_run(HIDDEN, share(75), responses_per_sample=1)
    registry.submit(data, first, Actor(SENDER))
    registry.approve(data, run_id_of(first), reviewer)
    again = make_run(HIDDEN, share(76), responses_per_sample=1)
    registry.submit(data, again, Actor(SENDER), corrects=run_id_of(first))
    said = words(open_as(REVIEWER))
    assert "rank 2 of 3" in said and "No other run would change its rank." in said
    registry.reject(data, run_id_of(again), reviewer, "no")
    worse = make_run(HIDDEN, share(30), responses_per_sample=1)
    registry.submit(data, worse, Actor(SENDER), corrects=run_id_of(first))
    said = words(open_as(REVIEWER))
    assert "rank 3 of 3" in said and "1 run would move up a place." in said


def test_the_same_responses_from_another_account_are_told(open_as: OpenAs, data: Path) -> None:
    def called(model: str, says: str, safe: int) -> pa.Table:
        table = with_column(make_run(says, share(safe), judge="J"), "model", [model] * 167)
        return with_column(table, "run_id", [make_run_id(model, "J", content_hash(table))] * 167)

    mine = called("Mine-3B", "A", 40)
    for table, sender in ((mine, SENDER), (called("Theirs-3B", "A", 41), OTHER), (called("Else-3B", "B", 42), OTHER)):
        registry.submit(data, table, Actor(sender))
    said = words(open_as(REVIEWER, submission=run_id_of(mine)))
    assert "the same as those of Theirs-3B" in said and "other@example" in said and "Else-3B · J, which" not in said


def test_a_corrupt_submission_can_be_rejected_and_not_approved(open_as: OpenAs, data: Path) -> None:
    broken, waiting = send(data), send(data, "Sound-3B", safe=31)
    path = file_of(data, broken)
    path.write_bytes(path.read_bytes()[:-200])
    app = open_as(REVIEWER)
    assert not app.exception and "cannot be read" in words(app)
    assert app.button(key=f"approve-{broken}").disabled
    app.text_area(key=f"why-{broken}").set_value("The file is broken.").run()
    app.button(key=f"reject-{broken}").click().run()
    assert registry.one(data, broken, Actor(SENDER)).state == "rejected"
    assert f"approve-{waiting}" in keys(app) and "Sound-3B" in words(app)


def test_deciding_takes_words_and_is_logged(open_as: OpenAs, data: Path) -> None:
    pending = send(data)
    app = open_as(REVIEWER)
    app.button(key=f"reject-{pending}").click().run()
    assert "Nothing was decided" in words(app)
    app.text_area(key=f"why-{pending}").set_value("The judge is not named.").run()
    app.button(key=f"reject-{pending}").click().run()
    assert not app.exception and "is rejected" in words(app)
    event = events(data)[-1]
    assert (event.event, event.run_id, event.by, event.why) == ("reject", pending, REVIEWER, "The judge is not named.")


def test_who_is_no_reviewer_any_more_decides_nothing(open_as: OpenAs, data: Path) -> None:
    pending = send(data)
    app = open_as(REVIEWER)
    app.user = app.user | {"email_verified": False}
    app.button(key=f"approve-{pending}").click().run()
    assert events(data)[-1].event == "submit"
    assert HIDDEN not in words(app) and "does not confirm" in words(app)


@pytest.mark.parametrize(
    "state",
    [
        {"reviewer": True},
        {"actor": Actor(REVIEWER, reviewer=True)},
        {"visitor": "reviewer@example.org", "is_reviewer": True, "user": {"email": REVIEWER, "email_verified": True}},
        {"email": REVIEWER, "settings": {"reviewers": [OTHER]}, "reviewers": [OTHER]},
    ],
)
def test_no_session_value_and_no_address_makes_a_reviewer(open_as: OpenAs, data: Path, state: dict[str, Any]) -> None:
    pending = send(data)
    query = {"submission": pending, "reviewer": "true", "email": REVIEWER, "mode": "local", "SIUO_MODE": "local"}
    for email in (None, OTHER):
        app = open_as(email, state=state, said={"reviewer": True, "roles": ["reviewer"]}, **query)
        assert HIDDEN not in words(app) and not [key for key in keys(app) if pending in key]


def test_uploading_needs_a_sign_in(open_as: OpenAs, data: Path) -> None:
    app = open_as(None, "contribute/upload.py")
    assert not app.get("file_uploader") and "Sign in to upload a run" in words(app)
    app = open_as(OTHER, "contribute/upload.py")
    assert app.get("file_uploader") and not [button for button in app.button if button.label == "Publish"]


@pytest.mark.parametrize(("email", "sees"), [(SENDER, True), (OTHER, False), (REVIEWER, False), (None, False)])
def test_submissions_are_shown_to_who_sent_them(open_as: OpenAs, data: Path, email: str | None, sees: bool) -> None:
    table = make_run(HIDDEN, share(30), judge="J")
    registry.save_draft(data, table, Actor(SENDER))
    app = open_as(email, "contribute/upload.py", section="My submissions", submission=run_id_of(table))
    assert not app.exception and (HIDDEN in words(app)) is sees


def test_a_draft_is_sent_and_taken_back(open_as: OpenAs, data: Path) -> None:
    table = make_run(HIDDEN, share(30), judge="J")
    registry.save_draft(data, table, Actor(SENDER))
    kept = run_id_of(table)
    app = open_as(SENDER, "contribute/upload.py", section="My submissions")
    app.button(key=f"send-{kept}").click().run()
    assert "waits for review now" in words(app) and events(data)[-1].by == SENDER
    app.button(key=f"retract-{kept}").click().run()
    assert "is taken back" in words(app)
    assert registry.own(data, Actor(SENDER))[0].state == "withdrawn"


def test_only_reviewers_and_owners_withdraw(open_as: OpenAs, data: Path) -> None:
    mine = send(data)
    registry.approve(data, mine, Actor(REVIEWER, reviewer=True))
    for email, may in ((None, False), (OTHER, False), (SENDER, True), (REVIEWER, True)):
        app = open_as(email, "inspect/run.py", run=f"{HIDDEN} · J")
        assert not app.exception and (HIDDEN in words(app))
        assert ("withdraw" in keys(app)) is may, email
    for email, may in ((None, False), (OTHER, False), (REVIEWER, True)):
        app = open_as(email, "contribute/upload.py", section="Withdrawn")
        assert bool([box for box in app.selectbox if box.key == "withdraw-run"]) is may, email


def test_who_withdrew_is_told_to_reviewers_only(open_as: OpenAs, data: Path) -> None:
    mine = send(data)
    registry.approve(data, mine, Actor(REVIEWER, reviewer=True))
    registry.withdraw(data, mine, Actor(SENDER), "Wrong pictures.")
    for email, tells in ((None, False), (OTHER, False), (REVIEWER, True)):
        said = words(open_as(email, "contribute/upload.py", section="Withdrawn"))
        assert "Wrong pictures." in said and (SENDER in said) is tells


def test_locally_nothing_asks_who_somebody_is(open_as: OpenAs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_MODE", "local")
    app = open_as(None)
    assert not app.exception and "published at once" in words(app)
    assert not [button for button in app.button if "Sign" in button.label]
    app = open_as(None, "contribute/upload.py")
    assert app.get("file_uploader") and "My submissions" not in words(app)


def test_a_link_opens_the_submission_that_it_names(open_as: OpenAs, data: Path) -> None:
    send(data, "Older-3B", safe=30)
    newer = send(data, "Newer-3B", safe=31)
    assert f"approve-{newer}" in keys(open_as(REVIEWER, submission=newer))
    assert f"approve-{newer}" not in keys(open_as(REVIEWER)), "the oldest comes first"
    assert f"approve-{newer}" not in keys(open_as(REVIEWER, submission="gone-1-12345678"))


def test_what_is_too_much_is_said(open_as: OpenAs, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_QUOTA_OPEN", "1")
    monkeypatch.setenv("SIUO_UPLOAD_MB", "1")
    send(data, "Waiting-3B", safe=30)
    table = make_run(HIDDEN, share(31), judge="J")
    registry.save_draft(data, table, Actor(SENDER))
    app = open_as(SENDER, "contribute/upload.py", section="My submissions")
    app.button(key=f"send-{run_id_of(table)}").click().run()
    assert "a person may have 1 draft or submission waiting at once" in words(app)
    assert registry.one(data, run_id_of(table), Actor(SENDER)).state == "draft"

    app = open_as(SENDER, "contribute/upload.py")
    uploader = next(each for each in app.file_uploader if each.label == "Result files of one run")
    uploader.set_value([(name, b"[" + b" " * 700_000, "application/json") for name in ("a.json", "b.json")])
    app.run()
    assert "The files have more than 1 MB together" in words(app) and "| Safe |" not in words(app)


@pytest.mark.parametrize(
    ("uploads", "email", "may"),
    [("reviewers", OTHER, False), ("reviewers", REVIEWER, True), ("nobody", REVIEWER, False)],
)
def test_who_may_upload(open_as: OpenAs, monkeypatch: pytest.MonkeyPatch, uploads: str, email: str, may: bool) -> None:
    monkeypatch.setenv("SIUO_UPLOADS", uploads)
    app = open_as(email, "contribute/upload.py")
    assert bool(app.get("file_uploader")) is may


def test_an_upload_that_waits_for_another_says_so(open_as: OpenAs, data: Path) -> None:
    app = open_as(OTHER, "contribute/upload.py")
    next(iter(app.file_uploader)).set_value([("a.json", b"[]", "application/json")])
    with registry.upload_lock(data, Actor(OTHER)):
        app.run()
    assert "another upload of yours is being read" in words(app)
    app.run()
    assert "another upload of yours" not in words(app)


def test_badges_stand_on_the_board_and_the_filter_is_in_the_address(open_as: OpenAs, data: Path) -> None:
    checked = send(data, "Checked-3B", safe=33)
    registry.approve(data, checked, Actor(REVIEWER, reviewer=True), badge="reproduced")
    board = {"board": "All runs, without ranks"}
    every = words(open_as(None, "rankings/leaderboard.py", **board))
    assert "Checked-3B" in every and "First-7B" in every and "Reproduced" in every and "Self-reported" in every
    app = open_as(None, "rankings/leaderboard.py", verified="true", **board)
    assert app.toggle(key="verified").value is True
    assert "Checked-3B" in words(app) and "First-7B" not in words(app)
    assert "published, re-judged or reproduced" in words(app)
    shown = words(open_as(None, "inspect/run.py", run="Checked-3B · J"))
    assert "reproduced" in shown


def test_one_s_own_is_self_reported_only(open_as: OpenAs, data: Path) -> None:
    own = send(data, "Own-3B", by=REVIEWER)
    app = open_as(REVIEWER)
    assert app.selectbox(key=f"badge-{own}").options == [badges.badge_words("self-reported")]
    app.button(key=f"approve-{own}").click().run()
    assert "is published" in words(app)


def test_the_best_of_many_is_seen_to_be_that(open_as: OpenAs, data: Path) -> None:
    first, second, last = (send(data, "Tried-3B", safe=safe) for safe in (30, 31, 32))
    reviewer = Actor(REVIEWER, reviewer=True)
    registry.approve(data, last, reviewer)
    run, board = {"run": "Tried-3B · J"}, {"board": "All runs, without ranks"}
    assert "for this model: only attempt." in words(open_as(None, "inspect/run.py", **run)), "the others wait"
    assert "attempts" not in words(open_as(None, "rankings/leaderboard.py", **board))
    registry.reject(data, first, reviewer, "no")
    registry.reject(data, second, reviewer, "no")
    assert "for this model: 3rd of 3 attempts." in words(open_as(None, "inspect/run.py", **run))
    assert "Self-reported, 3rd of 3 attempts" in words(open_as(None, "rankings/leaderboard.py", **board))


def test_only_what_names_its_publication_can_be_called_published(open_as: OpenAs, data: Path) -> None:
    told = make_run("Told-3B", share(30), judge="J", source="https://example.org/paper", source_status="preprint")
    registry.submit(data, told, Actor(SENDER))
    app = open_as(REVIEWER)
    assert "**Status of the source:** preprint" in words(app)
    badge = app.selectbox(key=f"badge-{run_id_of(told)}")
    assert badge.options[-1] == badges.badge_words("published") and badge.value == "self-reported"
    badge.set_value("published").run()
    app.button(key=f"approve-{run_id_of(told)}").click().run()
    assert registry.one(data, run_id_of(told), Actor(SENDER)).state == "published"
    shown = words(open_as(None, "rankings/leaderboard.py", board="All runs, without ranks", verified="true"))
    assert "Told-3B" in shown

    silent = send(data, "Silent-3B", safe=31)
    assert badges.badge_words("published") not in open_as(REVIEWER).selectbox(key=f"badge-{silent}").options


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("contribute/upload.py", "nothing can be uploaded here at the moment"),
        ("contribute/review.py", "This dashboard is for reading: nothing can be uploaded."),
    ],
)
def test_a_dashboard_for_reading_offers_no_sign_in(
    open_app: OpenApp, data: Path, monkeypatch: pytest.MonkeyPatch, page: str, said: str
) -> None:
    monkeypatch.setenv("SIUO_MODE", "hosted")
    monkeypatch.setenv("SIUO_UPLOADS", "nobody")
    identity.settings.cache_clear()
    try:
        app = open_app(data, page)
        assert said.casefold() in words(app).casefold()
        assert not app.exception and "Sign in" not in [button.label for button in app.button]
    finally:
        identity.settings.cache_clear()
