"""Who a provider's claims make a person: what is believed, what is refused, and what hostile words become."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.settings import Settings
from siuo_dash.settings.auth import SignIn
from siuo_dash.store.registry import Actor
from siuo_dash.ui.identity import LONGEST_NAME, Visitor, shown_name, visitor_of, why_no_upload

NOW = 1_800_000_000.0
HOSTED = Settings(
    mode="hosted",
    reviewers=("reviewer@example.org",),
    sign_in=SignIn("the-client", "https://accounts.example.org", "https://siuo.example.org/oauth2callback"),
)
CLAIMS: dict[str, Any] = {
    "is_logged_in": True,
    "iss": "https://accounts.example.org",
    "aud": "the-client",
    "iat": NOW - 60,
    "email": "reviewer@example.org",
    "email_verified": True,
    "name": "Some Body",
}


def seen(**changed: Any) -> Visitor:
    return visitor_of({name: value for name, value in (CLAIMS | changed).items() if value is not ...}, HOSTED, NOW)


def test_a_reviewer() -> None:
    assert seen() == Visitor(Actor("reviewer@example.org", reviewer=True, name="Some Body"))


@pytest.mark.parametrize("email", ["Reviewer@Example.org", "REVIEWER@EXAMPLE.ORG"])
def test_capitals_do_not_matter(email: str) -> None:
    assert seen(email=email).actor == seen().actor


@pytest.mark.parametrize(
    "email",
    [
        "other@example.org",
        "reviewer@example.org.evil.example",
        "reviewer@examp1e.org",
        "x+reviewer@example.org",
    ],
)
def test_somebody_else_is_no_reviewer(email: str) -> None:
    found = seen(email=email)
    assert found.actor is not None and not found.is_reviewer


@pytest.mark.parametrize(
    "changed",
    [
        {"email": ...},
        {"email": None},
        {"email": ["reviewer@example.org"]},
        {"email": "reviewer@example.org,x@y.org"},
        {"email": "reviewer@example.org\n"},
        {"email": "reviewer@example.org\u200b"},
        {"email": "\u202ereviewer@example.org"},
        {"email": "rev\u0131ewer@example.org"},
        {"email": "\u212aim@example.org"},
        {"email": "<b>reviewer@example.org"},
        {"email": "x" * 300 + "@example.org"},
        {"email_verified": False},
        {"email_verified": ...},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"iss": "https://accounts.evil.example"},
        {"iss": "https://accounts.example.org.evil.example"},
        {"iss": "https://accounts.example.org/x"},
        {"iss": ...},
        {"iss": ["https://accounts.example.org"]},
        {"aud": "another-client"},
        {"aud": ...},
        {"aud": []},
        {"iat": ...},
        {"iat": "now"},
        {"iat": True},
        {"iat": NOW + 3_600},
        {"iat": NOW - 24 * 3_600 - 1},
        {"iat": float("nan")},
        {"iat": float("-inf")},
    ],
)
def test_what_is_not_certain_makes_nobody(changed: dict[str, Any]) -> None:
    found = seen(**changed)
    assert found.actor is None and found.why
    assert why_no_upload(found, HOSTED) == found.why


@pytest.mark.parametrize("claim", [{"is_logged_in": False}, {"is_logged_in": ...}, {"is_logged_in": "true"}])
def test_who_has_not_signed_in_is_nobody(claim: dict[str, Any]) -> None:
    assert seen(**claim) == Visitor()
    assert visitor_of({}, HOSTED, NOW) == Visitor()


def test_a_claim_to_be_a_reviewer_is_only_words() -> None:
    found = seen(email="a@b.org", reviewer=True, role="reviewer", roles=["reviewer"], name="reviewer@example.org")
    assert found.actor == Actor("a@b.org", reviewer=False, name="reviewer@example.org")


@pytest.mark.parametrize("changed", [{"iss": "https://accounts.example.org/"}, {"aud": ["x", "the-client"]}])
def test_what_providers_write_differently(changed: dict[str, Any]) -> None:
    assert seen(**changed).is_reviewer


def test_local_mode_asks_nobody() -> None:
    assert visitor_of(CLAIMS, Settings(), NOW) == Visitor(Actor(None, reviewer=True))
    assert why_no_upload(Visitor(Actor(None, reviewer=True)), Settings()) == ""


def test_who_may_upload() -> None:
    reviewer, other, nobody = seen(), seen(email="a@b.org"), Visitor()
    for uploads, may in (("signed-in", (1, 1, 0)), ("reviewers", (1, 0, 0)), ("nobody", (0, 0, 0))):
        found = HOSTED.model_copy(update={"uploads": uploads})
        assert tuple(not why_no_upload(who, found) for who in (reviewer, other, nobody)) == tuple(map(bool, may))


@pytest.mark.parametrize(
    ("claim", "shown"),
    [
        ("  Some\n\tBody\u00a0 ", "Some Body"),
        ("a\u202eb\u2066c\u200bd\x00e\x1b[31m", "abcde[31m"),
        ("عبد الله", "عبد الله"),
        ("e" + "\u0301" * 40, "\u00e9\u0301\u0301"),
        ("<script>alert(1)</script> **b** [a](javascript:x)", "<script>alert(1)</script> **b** [a](javascript:x)"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("x" * 500, "x" * (LONGEST_NAME - 1) + "…"),
        ("\u200b\u202e", None),
        ("", None),
        (["a"], None),
        (None, None),
        ({"a": 1}, None),
    ],
)
def test_a_name_fits_a_line_and_hides_nothing(claim: object, shown: str | None) -> None:
    assert shown_name(claim) == shown
