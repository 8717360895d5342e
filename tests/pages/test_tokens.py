"""The upload page's tokens, each for its owner alone; and what pages offer to be shown elsewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from siuo_dash.server.api.routes import ENDPOINTS
from siuo_dash.store.registry import Actor, tokens
from tests.make.pages import OpenAs, words
from tests.make.runs import make_run, run_id_of, share
from tests.make.stores import add

UPLOAD = "contribute/upload.py"
ADA, BOB = "ada@example.org", "bob@example.org"


def test_a_token_is_made_shown_once_and_revoked(open_as: OpenAs, data: Path) -> None:
    app = open_as(ADA, UPLOAD, section="Tokens")
    assert not app.exception and "You have no token." in words(app)
    app.text_input(key="token-name").set_value("nightly **job**")
    next(button for button in app.button if button.label == "Make token").click().run()
    assert not app.exception and not app.error
    token, command = app.code[0].value, app.code[1].value
    assert tokens.owner_of(data, token, tokens.SUBMIT) == ADA
    assert command.endswith("--server https://siuo.example.org") and token not in command
    assert token not in words(app) and token not in str(app.query_params)
    app.selectbox(key="token-to-revoke").run()
    assert app.code[0].value == token, "it stays until it is taken"
    app.button(key="token-taken").click().run()
    assert not app.code and token not in repr(app.session_state)
    assert app.dataframe[0].value.loc[0, ["Name", "May", "Made"]].tolist()[:2] == ["nightly **job**", "submit"]
    app.button(key="revoke-token").click().run()
    assert "is revoked" in app.success[0].value and not tokens.own(data, Actor(ADA))


def test_nobody_sees_or_ends_another_s_token(open_as: OpenAs, data: Path) -> None:
    _, made = tokens.make(data, Actor(ADA), "of ada", 7)
    assert "Sign in" in words(open_as(None, UPLOAD, section="Tokens"))
    for email in (BOB, "reviewer@example.org"):
        app = open_as(email, UPLOAD, section="Tokens")
        assert not app.exception and "You have no token." in words(app) and "of ada" not in words(app)
        assert "revoke-token" not in {button.key for button in app.button}
    assert [each.token_id for each in tokens.own(data, Actor(ADA))] == [made.token_id]


def test_whoever_may_not_upload_makes_no_token(open_as: OpenAs, data: Path) -> None:
    app = open_as(ADA, UPLOAD, section="Tokens")
    app.text_input(key="token-name").set_value("job")
    app.user = {}  # signed out meanwhile, in another tab
    next(button for button in app.button if button.label == "Make token").click().run()
    assert not any(tokens.LOOKS_LIKE_ONE.search(code.value) for code in app.code) and tokens.own(data, Actor(ADA)) == []
    app = open_as(ADA, UPLOAD, section="Tokens")
    next(button for button in app.button if button.label == "Make token").click().run()
    assert "a token has a name" in app.error[0].value


def test_links_to_badge_and_board_lead_to_addresses_that_there_are(open_as: OpenAs, data: Path) -> None:
    table = make_run("Shared-7B", share(9))
    add(data, table)
    app = open_as(None, "inspect/run.py", run=run_id_of(table))
    badge = next(code.value for code in app.code if "badge.svg" in code.value)
    picture, page = badge[len("[![SIUO](") : -1].split(")](")
    assert page == f"https://siuo.example.org/run?run={run_id_of(table)}"
    assert urlsplit(picture).path == f"/api/v1/runs/{run_id_of(table)}/badge.svg"
    assert {"/runs/{run_id}/badge.svg", "/embed/leaderboard"} <= {each.path for each in ENDPOINTS}
