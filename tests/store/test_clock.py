"""A machine's clock that jumps a year, and comes back: what was granted, ended or counted meanwhile."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from siuo_dash.errors import NotAllowed, SubmissionError
from siuo_dash.store.registry import Actor, Limits, sign_outs, submit, tokens, uploading
from siuo_dash.store.registry.opening import reading
from siuo_dash.store.registry.tables import turns
from siuo_dash.store.verify import verify
from siuo_dash.ui import identity
from tests.make.runs import run_table
from tests.make.stores import make_data
from tests.ui.test_identity import CLAIMS, HOSTED, NOW

YEAR = 365 * 86_400.0
ADA = Actor("ada@example.org")


class Clock:
    """What the machine says is the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        monkeypatch.setattr(time, "time", lambda: self.now)

    def jump(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(identity, "settings", lambda: HOSTED)
    folder = make_data(tmp_path / "data")
    monkeypatch.setenv("SIUO_DATA", str(folder))
    return folder


def who(clock: Clock, claims: dict[str, Any]) -> Actor | None:
    return identity.visitor_with(claims).actor


@pytest.mark.parametrize("away", [YEAR, -YEAR])
def test_who_signs_out_while_the_clock_is_wrong_is_signed_out_when_it_is_right(
    data: Path, clock: Clock, away: float
) -> None:
    assert who(clock, CLAIMS) is not None
    clock.jump(away)
    assert who(clock, CLAIMS) is None, "a sign-in of another year lets nobody in"
    identity.sign_out(CLAIMS)
    clock.jump(-away)
    assert who(clock, CLAIMS) is None


def test_no_sign_out_is_forgotten_because_the_clock_was_ahead(data: Path, clock: Clock) -> None:
    identity.sign_out(CLAIMS)
    clock.jump(YEAR)
    identity.sign_out(CLAIMS | {"sub": "somebody else", "iat": clock.now})
    clock.jump(-YEAR)
    assert who(clock, CLAIMS) is None
    clock.jump(2 * YEAR)
    sign_outs.end(data, {"sub": "later"})
    assert not sign_outs.has_ended(data, CLAIMS), "they are not kept for ever"


@pytest.mark.parametrize("host", ["this", "another"])
def test_a_turn_that_was_taken_a_year_ahead_does_not_hold_for_a_year(
    data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    clock.jump(YEAR)
    with monkeypatch.context() as machine:
        if host == "another":
            machine.setattr(uploading, "_host", lambda: "another")
        else:
            machine.setattr(uploading, "_started", lambda _: "before")
        held = uploading.upload_lock(data, ADA)
        held.__enter__()
    clock.jump(-YEAR)
    # Its process is gone, which on this machine can be seen; nothing was let go.
    with uploading.upload_lock(data, ADA), reading(data) as connection:
        assert connection is not None
        assert connection.execute(select(turns.c.until)).scalar_one() == NOW + uploading._LEASE
    held.__exit__(None, None, None)


def test_an_upload_of_this_machine_holds_its_turn_when_the_clock_is_set_back(data: Path, clock: Clock) -> None:
    with uploading.upload_lock(data, ADA):
        clock.jump(-YEAR)
        with pytest.raises(SubmissionError, match="another upload of yours"), uploading.upload_lock(data, ADA):
            raise AssertionError("two uploads of one person at once")


def test_the_last_use_of_a_token_is_that_of_the_right_clock(data: Path, clock: Clock) -> None:
    token, _ = tokens.make(data, ADA, "job", 7)
    clock.jump(YEAR)
    with pytest.raises(NotAllowed, match="expired"):
        tokens.owner_of(data, token, tokens.SUBMIT)
    later, _ = tokens.make(data, ADA, "made ahead", 7)
    tokens.owner_of(data, later, tokens.SUBMIT)
    clock.jump(-YEAR)
    assert tokens.owner_of(data, later, tokens.SUBMIT) == ADA.id
    assert [each.used and each.used.timestamp() for each in tokens.own(data, ADA)] == [NOW]


def test_quota_and_log_are_sound_whatever_the_clock_says(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one_a_day = Limits(per_day=1)
    for number, day in enumerate(("2027-01-15", "2028-01-15", "2026-01-15", "2027-01-15")):
        at_noon(monkeypatch, day)
        if number == 3:
            with pytest.raises(NotAllowed, match="1 run a day"):
                submit(data, run_table(f"Model-{number}"), ADA, limits=one_a_day)
        else:
            submit(data, run_table(f"Model-{number}"), ADA, limits=one_a_day)
    assert [each for each in verify(data) if each.severity == "error"] == []


def at_noon(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    class Moved(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Moved:
            return cls.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)

    for module in ("limits", "change"):
        monkeypatch.setattr(f"siuo_dash.store.registry.{module}.datetime", Moved)
