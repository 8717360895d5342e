"""Personal tokens in the registry: whose they are, for how long, for what, and that none of them is in it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from siuo_dash.errors import NoRun, NotAllowed, SubmissionError
from siuo_dash.store import registry
from siuo_dash.store.backup import backup, restore_from
from siuo_dash.store.registry import Actor, opening, tokens
from siuo_dash.store.registry.opening import REGISTRY, close, reading, version
from siuo_dash.store.registry.tables import metadata
from siuo_dash.store.registry.tokens import MOST, SUBMIT, make, own, owner_of, revoke, revoke_all
from siuo_dash.store.verify import verify
from tests.make.runs import run_table
from tests.make.stores import make_data

pytestmark = pytest.mark.postgres
ADA, BOB = Actor("ada@example.org"), Actor("bob@example.org", reviewer=True)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


def test_a_token_is_known_by_its_hash_alone(data: Path) -> None:
    token, made = make(data, ADA, "nightly \u202e job", 30)
    assert tokens.LOOKS_LIKE_ONE.fullmatch(token) and made.name == "nightly   job" and made.used is None
    assert owner_of(data, token, SUBMIT) == ADA.id
    with reading(data) as connection:
        assert connection is not None
        kept = repr([connection.execute(select(table)).all() for table in metadata.sorted_tables])
    kept += "".join(path.read_bytes().decode("latin-1") for path in data.glob(f"{REGISTRY}*"))
    assert token not in kept and token[5:] not in kept and "ada@example.org" in kept
    assert (made.expires - made.made).days == 30
    assert own(data, BOB) == [] and [each.token_id for each in own(data, ADA)] == [made.token_id]
    assert not [finding for finding in verify(data) if finding.file == REGISTRY]


def test_what_is_no_token_is_nobodys(data: Path) -> None:
    assert own(data, ADA) == [] and revoke_all(data, "ada@example.org") == 0
    token, _ = make(data, ADA, "job", 7)
    for wrong in ("", token[:-1], f"{token}x", token.upper(), f" {token}", "siuo_" + "a" * 43, "\udcff", "x" * 100_000):
        with pytest.raises(NotAllowed, match="not known"):
            owner_of(data, wrong, SUBMIT)
    with pytest.raises(NotAllowed, match="for submit, not for review"):
        owner_of(data, token, "review")
    for actor in (Actor(None), registry.local()):
        with pytest.raises(NotAllowed):
            make(data, actor, "job", 7)
        assert own(data, actor) == []


def test_a_revoked_token_is_refused_at_once(data: Path) -> None:
    token, made = make(data, ADA, "job", 7)
    other, _ = make(data, ADA, "other job", 7)
    with pytest.raises(NoRun):  # somebody else's, which a reviewer cannot even see
        revoke(data, BOB, made.token_id)
    assert owner_of(data, token, SUBMIT) == ADA.id
    revoke(data, ADA, made.token_id)
    with pytest.raises(NotAllowed, match="revoked"):
        owner_of(data, token, SUBMIT)
    with pytest.raises(NoRun):
        revoke(data, ADA, made.token_id)
    assert owner_of(data, other, SUBMIT) == ADA.id
    assert revoke_all(data, "ada@example.org") == 1 and own(data, ADA) == []


def test_a_token_expires(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [2_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    token, made = make(data, ADA, "job", 7)
    assert owner_of(data, token, SUBMIT) == ADA.id
    now[0] += 30
    owner_of(data, token, SUBMIT)
    assert own(data, ADA)[0].used == made.made, "a use within the minute is not written again"
    now[0] += 60
    owner_of(data, token, SUBMIT)
    assert (own(data, ADA)[0].used or made.made).timestamp() == now[0]
    now[0] = made.expires.timestamp()
    with pytest.raises(NotAllowed, match=f"expired on {made.expires:%Y-%m-%d}"):
        owner_of(data, token, SUBMIT)
    assert len(own(data, ADA)) == 1
    make(data, ADA, "next", 7)
    assert [each.name for each in own(data, ADA)] == ["next"], "expired ones go when another is made"


def test_limits_of_what_can_be_made(data: Path) -> None:
    for name, days in (("", 7), (" \u200b ", 7), ("n" * 61, 7), ("job", 8), ("job", 36_500)):
        with pytest.raises(SubmissionError):
            make(data, ADA, name, days)
    for number in range(MOST):
        make(data, ADA, f"job {number}", 7)
    with pytest.raises(NotAllowed, match=str(MOST)):
        make(data, ADA, "one more", 7)
    make(data, BOB, "his own", 7)
    assert [each.name for each in own(data, ADA)][:2] == [f"job {MOST - 1}", f"job {MOST - 2}"]


def test_a_token_is_no_change_of_the_data_and_in_no_log(data: Path) -> None:
    registry.submit(data, run_table(), ADA)
    before = version(data)
    token, made = make(data, ADA, "job", 7)
    owner_of(data, token, SUBMIT)
    revoke(data, ADA, made.token_id)
    assert version(data) == before


def test_a_registry_of_an_earlier_version_gets_its_table(data: Path) -> None:
    registry.submit(data, run_table(), ADA)
    close(data)
    engine = opening.kept(data).engine()
    metadata.tables["tokens"].drop(engine)
    engine.dispose()
    assert own(data, ADA) == []
    with pytest.raises(NotAllowed):
        owner_of(data, "siuo_" + "a" * 43, SUBMIT)
    token, _ = make(data, ADA, "job", 7)
    assert owner_of(data, token, SUBMIT) == ADA.id


@pytest.mark.postgres(never=True)  # a backup is restored into a directory
def test_a_restored_backup_lets_no_token_in(data: Path, tmp_path: Path) -> None:
    token, _ = make(data, ADA, "job", 7)
    backup(data, tmp_path / "kept.tar")
    assert token.encode() not in (tmp_path / "kept.tar").read_bytes()
    revoke_all(data, "ada@example.org")
    restored = tmp_path / "restored"
    restore_from(tmp_path / "kept.tar", restored)
    with pytest.raises(NotAllowed):
        owner_of(restored, token, SUBMIT)
