"""Review: who may do what, which state leads where, corrections, limits, attempts, badges."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from siuo_dash.benchmark.badges import BADGES, badge_of, is_verified
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import SOURCE_STATUS
from siuo_dash.errors import NoRun, NotAllowed, StoreError, SubmissionError
from siuo_dash.store import registry
from siuo_dash.store.registry import Actor, AlreadyPublished, AlreadySubmitted, Attempt, Limits, publish
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.reading import log_lines
from tests.make.registry import events, faults, replayed, rewrite, states
from tests.make.runs import run_id_of, run_table, totals_table
from tests.store.review_runs import (
    ADA,
    BOB,
    CORRECTED,
    CORRECTION,
    FIRST,
    LOCAL,
    NOBODY,
    REVIEWER,
    RUN,
    SAME_AGAIN,
    SECOND,
    correction_waits,
    drafted,
    published,
    submitted,
    withdrawn,
)

pytestmark = pytest.mark.postgres(heavy=True)


def rejected(data_dir: Path) -> None:
    submitted(data_dir)
    registry.reject(data_dir, RUN, REVIEWER, "a reason")


def retracted(data_dir: Path) -> None:
    drafted(data_dir)
    registry.retract(data_dir, RUN, ADA)


def superseded(data_dir: Path) -> None:
    correction_waits(data_dir)
    registry.approve(data_dir, CORRECTION, REVIEWER)


STARTS: dict[str, Callable[[Path], None]] = {
    "draft": drafted,
    "pending": submitted,
    "published": published,
    "rejected": rejected,
    "withdrawn": withdrawn,
    "retracted": retracted,
    "superseded": superseded,
}
CHANGES: dict[str, Callable[[Path, str, Actor], object]] = {
    "send": registry.send,
    "retract": registry.retract,
    "request changes": lambda data_dir, run_id, actor: registry.request_changes(data_dir, run_id, actor, "why"),
    "reject": lambda data_dir, run_id, actor: registry.reject(data_dir, run_id, actor, "why"),
    "approve": registry.approve,
    "withdraw": lambda data_dir, run_id, actor: registry.withdraw(data_dir, run_id, actor, "why"),
    "restore": registry.restore,
    "correct": lambda data_dir, run_id, actor: registry.submit(
        data_dir, run_table(content="better"), actor, corrects=run_id
    ),
    "correct by a draft": lambda data_dir, run_id, actor: registry.save_draft(
        data_dir, run_table(content="better"), actor, corrects=run_id
    ),
}
PEOPLE = {"owner": ADA, "another": BOB, "reviewer": REVIEWER, "nobody": NOBODY, "local": LOCAL}
CORRECTABLE = {("draft", "owner"), ("pending", "owner"), ("published", "owner"), ("rejected", "owner")}
CORRECTABLE |= {("withdrawn", "owner")}
CORRECTABLE |= {(state, "local") for state, _ in CORRECTABLE}
ALLOWED: dict[str, set[tuple[str, str]]] = {
    "send": {("draft", "owner"), ("draft", "local")},
    "retract": {(state, who) for state in ("draft", "pending") for who in ("owner", "local")},
    "request changes": {("pending", "reviewer"), ("pending", "local")},
    "reject": {("pending", "reviewer"), ("pending", "local")},
    "approve": {("pending", "reviewer"), ("pending", "local")},
    "withdraw": {("published", who) for who in ("owner", "reviewer", "local")},
    "restore": {("withdrawn", who) for who in ("owner", "reviewer", "local")},
    "correct": CORRECTABLE,
    "correct by a draft": CORRECTABLE,
}


@pytest.mark.parametrize("state", STARTS)
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_every_state_by_everybody(tmp_path: Path, state: str, change: str) -> None:
    """Who may not changes nothing, all in one directory; who may does, each in a directory of their own."""
    allowed = [who for who in PEOPLE if (state, who) in ALLOWED[change]]
    for who in ("the others", *allowed):
        data_dir = tmp_path / who
        data_dir.mkdir()
        STARTS[state](data_dir)
        before, lines = states(data_dir), events(data_dir)
        if who in PEOPLE:
            CHANGES[change](data_dir, RUN, PEOPLE[who])
            assert len(events(data_dir)) > len(lines)
            assert events(data_dir)[len(lines)].by == PEOPLE[who].id
        for other in [] if who in PEOPLE else [each for each in PEOPLE if each not in allowed]:
            with pytest.raises((NoRun, NotAllowed, SubmissionError)):
                CHANGES[change](data_dir, RUN, PEOPLE[other])
            assert states(data_dir) == before
            assert events(data_dir) == lines
        assert replayed(data_dir) == states(data_dir)
        assert faults(data_dir) == []


@pytest.mark.parametrize("state", STARTS)
def test_what_everybody_sees(tmp_path: Path, state: str) -> None:
    STARTS[state](tmp_path)
    told = "withdrawn" if state == "retracted" else state
    for actor in (ADA, LOCAL):
        assert registry.one(tmp_path, RUN, actor).state == told
        assert content_hash(registry.table_of(tmp_path, RUN, actor)) == content_hash(FIRST)
    assert RUN in [each.run_id for each in registry.own(tmp_path, ADA)]
    sent = state not in ("draft", "retracted")  # this one was retracted before it was ever sent
    if sent:
        assert registry.one(tmp_path, RUN, REVIEWER).owner == ADA.id
    earlier = [each.run_id for each in registry.earlier_of(tmp_path, "ada@example.org", REVIEWER)]
    assert (RUN in earlier) == sent
    unseen = [BOB, *([] if sent else [REVIEWER])]
    for actor in unseen:
        for ask in (registry.one, registry.table_of):
            with pytest.raises(NoRun) as refused:
                ask(tmp_path, RUN, actor)
            with pytest.raises(NoRun) as missing:
                ask(tmp_path, RUN.replace("7b", "8b"), actor)
            assert str(refused.value).replace("7b", "8b") == str(missing.value), "existence must not leak"
    assert registry.own(tmp_path, BOB) == []
    for actor in (ADA, BOB):
        with pytest.raises(NotAllowed):
            registry.waiting(tmp_path, actor)
        with pytest.raises(NotAllowed):
            registry.earlier_of(tmp_path, "ada@example.org", actor)
    nobody: list[Callable[[], object]] = [
        lambda: registry.own(tmp_path, NOBODY),
        lambda: registry.waiting(tmp_path, NOBODY),
        lambda: registry.one(tmp_path, RUN, NOBODY),
        lambda: registry.table_of(tmp_path, RUN, NOBODY),
        lambda: registry.earlier_of(tmp_path, "ada@example.org", NOBODY),
        lambda: registry.submit(tmp_path, run_table("Other"), NOBODY),
        lambda: registry.save_draft(tmp_path, run_table("Other"), NOBODY),
    ]
    for ask_anything in nobody:
        with pytest.raises(NotAllowed, match="sign in"):
            ask_anything()


def test_the_refusal_of_a_change_does_not_tell_whether_a_draft_exists(tmp_path: Path) -> None:
    drafted(tmp_path)
    for actor in (BOB, REVIEWER):
        for change in CHANGES.values():
            said = []
            for run_id in (RUN, RUN.replace("7b", "8b")):
                with pytest.raises((NoRun, NotAllowed)) as refused:
                    change(tmp_path, run_id, actor)
                said.append(str(refused.value).replace("7b", "8b"))
            assert said[0] == said[1]


@pytest.mark.parametrize("run_id", ["../samples", "a/b", "", ".", "x" * 300, "A B", "x\x00y", "*"])
def test_a_forged_run_id_is_no_path(tmp_path: Path, run_id: str) -> None:
    submitted(tmp_path)
    for change in CHANGES.values():
        with pytest.raises(NoRun):
            change(tmp_path, run_id, REVIEWER)
    with pytest.raises(NoRun):
        registry.table_of(tmp_path, run_id, LOCAL)


@pytest.mark.postgres
def test_a_way_through_all_of_it(tmp_path: Path) -> None:
    assert registry.save_draft(tmp_path, FIRST, ADA).state == "draft"
    assert registry.waiting(tmp_path, REVIEWER) == []
    assert registry.send(tmp_path, RUN, ADA).state == "pending"
    assert registry.request_changes(tmp_path, RUN, REVIEWER, " say which split ").state == "draft"
    assert registry.send(tmp_path, RUN, ADA).state == "pending"
    told = registry.approve(tmp_path, RUN, REVIEWER, why="fine")
    assert (told.state, told.model, told.judge, told.owner) == ("published", "Example-7B", "human", ADA.id)
    assert registry.withdraw(tmp_path, RUN, ADA, "wrong split").state == "withdrawn"
    assert registry.restore(tmp_path, RUN, ADA).state == "published"
    history = registry.one(tmp_path, RUN, ADA).history
    assert [(event.event, event.by, event.why) for event in history] == [
        ("draft", ADA.id, None),
        ("submit", ADA.id, None),
        ("request-changes", REVIEWER.id, "say which split"),
        ("submit", ADA.id, None),
        ("approve", REVIEWER.id, "fine"),
        ("withdraw", ADA.id, "wrong split"),
        ("restore", ADA.id, None),
    ]
    assert faults(tmp_path) == []


def test_waiting_is_oldest_first_and_own_newest_first_whatever_the_clock_says(tmp_path: Path) -> None:
    for number in range(3):
        registry.submit(tmp_path, run_table(f"Model-{number}"), ADA)
    turn_back_the_clock(tmp_path)
    registry.submit(tmp_path, run_table("Model-3"), ADA)
    names = [f"Model-{number}" for number in range(4)]
    assert [each.model for each in registry.waiting(tmp_path, REVIEWER)] == names
    assert [each.model for each in registry.own(tmp_path, ADA)] == names[::-1]
    assert faults(tmp_path) == []


def turn_back_the_clock(data_dir: Path, days: float = 400) -> None:
    """Rewrite the log as if all so far had happened `days` later than now: the clock was set back since."""
    rewrite(data_dir, at=(datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="microseconds"))


@pytest.mark.postgres
@pytest.mark.parametrize("by", [REVIEWER, SECOND])
def test_an_owner_cannot_undo_a_reviewers_withdrawal(tmp_path: Path, by: Actor) -> None:
    published(tmp_path)
    registry.withdraw(tmp_path, RUN, by, "made up")
    with pytest.raises(NotAllowed, match="a reviewer withdrew"):
        registry.restore(tmp_path, RUN, ADA)
    assert registry.restore(tmp_path, RUN, REVIEWER).state == "published"


def test_reasons(tmp_path: Path) -> None:
    submitted(tmp_path)
    for why in ("", "  \n ", "x" * 2_001):
        with pytest.raises(SubmissionError, match="reason"):
            registry.reject(tmp_path, RUN, REVIEWER, why)
        with pytest.raises(SubmissionError, match="reason"):
            registry.request_changes(tmp_path, RUN, REVIEWER, why)
    words = "</script>\n\u202e=SUM(A1) \ud800 '; DROP TABLE runs"
    registry.reject(tmp_path, RUN, REVIEWER, words)
    assert registry.one(tmp_path, RUN, ADA).history[-1].why == words.replace("\ud800", "?")
    assert len(log_lines(tmp_path)) == 2 and not any(b"\n" in line for line in log_lines(tmp_path))


class TestBadges:
    def test_each_source_status_has_one(self) -> None:
        found = {status: badge_of(status) for status in SOURCE_STATUS}
        assert found == {
            **dict.fromkeys(("peer-reviewed", "preprint", "draft"), "published"),
            **dict.fromkeys(("community", "self-reported"), "self-reported"),
            "re-judged": "re-judged",
            "reproduced": "reproduced",
        }
        assert set(found.values()) == set(BADGES)
        assert badge_of("anything else") == "self-reported"
        assert [status for status in SOURCE_STATUS if not is_verified(status)] == ["community", "self-reported"]

    @pytest.mark.parametrize("said", SOURCE_STATUS)
    @pytest.mark.parametrize("badge", BADGES)
    def test_an_approval_writes_it(self, tmp_path: Path, said: str, badge: str) -> None:
        registry.submit(tmp_path, stating(FIRST, said), ADA)
        if badge == "published" and badge_of(said) != "published":
            with pytest.raises(SubmissionError, match="cannot be given"):
                registry.approve(tmp_path, RUN, REVIEWER, badge=badge)
            assert states(tmp_path) == {RUN: "pending"}
            return
        registry.approve(tmp_path, RUN, REVIEWER, badge=badge)
        table = registry.table_of(tmp_path, RUN, ADA)
        (status,) = table["source_status"].unique().to_pylist()
        assert badge_of(status) == badge
        assert content_hash(table) == content_hash(FIRST)
        assert faults(tmp_path) == []

    def test_a_submitter_cannot_state_what_a_reviewer_gives(self, tmp_path: Path) -> None:
        for number, said in enumerate(("re-judged", "reproduced")):
            table = stating(run_table(f"Model-{number}"), said)
            registry.submit(tmp_path, table, ADA)
            kept = registry.table_of(tmp_path, run_id_of(table), ADA)
            assert kept["source_status"].unique().to_pylist() == ["self-reported"]

    def test_ones_own_is_self_reported(self, tmp_path: Path) -> None:
        registry.submit(tmp_path, stating(FIRST, "preprint"), REVIEWER)
        for badge in ("re-judged", "reproduced", "published"):
            with pytest.raises(NotAllowed, match="one's own"):
                registry.approve(tmp_path, RUN, REVIEWER, badge=badge)
        assert registry.approve(tmp_path, RUN, REVIEWER).state == "published"

    def test_no_other_badge(self, tmp_path: Path) -> None:
        submitted(tmp_path)
        for badge in ("gold", "", "self-reported ", "peer-reviewed"):
            with pytest.raises(SubmissionError, match="cannot be given"):
                registry.approve(tmp_path, RUN, REVIEWER, badge=badge)


def stating(table: pa.Table, source_status: str) -> pa.Table:
    column = table.schema.get_field_index("source_status")
    values = pa.array([source_status] * table.num_rows, pa.string())
    return table.set_column(column, table.schema.field("source_status"), values)


class TestCorrections:
    def test_a_published_run_stays_until_the_correction_is_approved(self, tmp_path: Path) -> None:
        correction_waits(tmp_path)
        assert states(tmp_path) == {RUN: "published", CORRECTION: "pending"}
        (waiting,) = registry.waiting(tmp_path, REVIEWER)
        assert waiting.supersedes == RUN
        registry.reject(tmp_path, CORRECTION, REVIEWER, "no")
        assert states(tmp_path) == {RUN: "published", CORRECTION: "rejected"}

    def test_the_correction_of_a_correction_takes_the_place_of_the_first(self, tmp_path: Path) -> None:
        correction_waits(tmp_path)
        third = run_table(content="third")
        told = registry.submit(tmp_path, third, ADA, corrects=CORRECTION)
        assert told.supersedes == RUN
        assert states(tmp_path) == {RUN: "published", CORRECTION: "superseded", run_id_of(third): "pending"}
        registry.approve(tmp_path, run_id_of(third), REVIEWER)
        assert states(tmp_path) == {RUN: "superseded", CORRECTION: "superseded", run_id_of(third): "published"}

    def test_two_corrections_of_one_run(self, tmp_path: Path) -> None:
        correction_waits(tmp_path)
        third = run_id_of(run_table(content="third"))
        registry.submit(tmp_path, run_table(content="third"), ADA, corrects=RUN)
        assert states(tmp_path)[CORRECTION] == "superseded", "the later one counts"
        registry.approve(tmp_path, third, REVIEWER)
        assert [run_id for run_id, place in states(tmp_path).items() if place == "published"] == [third]

    def test_a_withdrawn_run_does_not_come_back_beside_its_correction(self, tmp_path: Path) -> None:
        correction_waits(tmp_path)
        registry.withdraw(tmp_path, RUN, ADA, "wrong")
        registry.approve(tmp_path, CORRECTION, REVIEWER)
        assert states(tmp_path) == {RUN: "superseded", CORRECTION: "published"}
        with pytest.raises(NoRun):
            registry.restore(tmp_path, RUN, REVIEWER)

    def test_a_draft_puts_nothing_aside_that_waits(self, tmp_path: Path) -> None:
        submitted(tmp_path)
        registry.save_draft(tmp_path, CORRECTED, ADA, corrects=RUN)
        assert states(tmp_path) == {RUN: "pending", CORRECTION: "draft"}
        registry.send(tmp_path, CORRECTION, ADA)
        assert states(tmp_path) == {RUN: "superseded", CORRECTION: "pending"}

    def test_metadata_alone(self, tmp_path: Path) -> None:
        """The same content under the same names: another run_id, since both lie in the store for a while."""
        published(tmp_path)
        told = registry.submit(tmp_path, FIRST, ADA, corrects=RUN)
        assert told.run_id == SAME_AGAIN
        assert registry.table_of(tmp_path, SAME_AGAIN, ADA)["run_id"].unique().to_pylist() == [SAME_AGAIN]
        assert faults(tmp_path) == []
        registry.approve(tmp_path, SAME_AGAIN, REVIEWER)
        assert states(tmp_path) == {RUN: "superseded", SAME_AGAIN: "published"}
        assert faults(tmp_path) == []

    def test_only_ones_own(self, tmp_path: Path) -> None:
        published(tmp_path)
        for actor in (BOB, REVIEWER):
            with pytest.raises(NoRun):
                registry.submit(tmp_path, CORRECTED, actor, corrects=RUN)


class TestTheSameContent:
    @pytest.mark.parametrize("state", STARTS)
    @pytest.mark.parametrize("name", ["Example-7B", "Another name"])
    def test_of_somebody_else_is_refused_only_where_everybody_sees_it(
        self, tmp_path: Path, state: str, name: str
    ) -> None:
        """Else who takes another's file could lock out its author, and a refusal would tell of a draft."""
        STARTS[state](tmp_path)
        copy = run_table(name, content="Example-7B")
        if state in ("published", "withdrawn"):
            for put in (registry.submit, registry.save_draft):
                with pytest.raises(AlreadyPublished):
                    put(tmp_path, copy, BOB)
        else:
            before = states(tmp_path)
            told = registry.submit(tmp_path, copy, BOB)
            assert told.state == "pending" and states(tmp_path) == before | {told.run_id: "pending"}
            with pytest.raises(AlreadySubmitted, match="you sent the same content before"):
                registry.save_draft(tmp_path, copy, BOB)
            assert registry.approve(tmp_path, told.run_id, REVIEWER).state == "published"
        assert faults(tmp_path) == []

    @pytest.mark.parametrize("name", ["Example-7B", "Another name"])
    @pytest.mark.parametrize("withdrawn_first", [False, True])
    def test_of_two_who_sent_it_one_is_published(self, tmp_path: Path, name: str, withdrawn_first: bool) -> None:
        submitted(tmp_path)
        told = registry.submit(tmp_path, run_table(name, content="Example-7B"), BOB)
        registry.approve(tmp_path, told.run_id, REVIEWER)
        if withdrawn_first:
            registry.withdraw(tmp_path, told.run_id, REVIEWER, "a reason")
        before = states(tmp_path)
        with pytest.raises(AlreadyPublished) as refused:
            registry.approve(tmp_path, RUN, REVIEWER)
        assert told.run_id in str(refused.value) and states(tmp_path) == before and faults(tmp_path) == []
        assert registry.reject(tmp_path, RUN, REVIEWER, "it is published").state == "rejected"

    @pytest.mark.parametrize("state", STARTS)
    def test_of_ones_own(self, tmp_path: Path, state: str) -> None:
        STARTS[state](tmp_path)
        if state == "retracted":
            assert registry.submit(tmp_path, FIRST, ADA).run_id == SAME_AGAIN
            with pytest.raises(AlreadySubmitted):
                registry.submit(tmp_path, FIRST, ADA)
            assert faults(tmp_path) == []
            return
        with pytest.raises((AlreadyPublished, AlreadySubmitted)) as refused:
            registry.submit(tmp_path, FIRST, ADA)
        assert RUN in str(refused.value)

    def test_of_totals_is_told_by_the_name(self, tmp_path: Path) -> None:
        registry.submit(tmp_path, totals_table("A"), ADA)
        registry.submit(tmp_path, totals_table("B"), BOB)
        with pytest.raises(AlreadySubmitted):
            registry.submit(tmp_path, totals_table("A"), ADA)
        told = registry.submit(tmp_path, totals_table("A"), BOB)
        registry.approve(tmp_path, run_id_of(totals_table("A")), REVIEWER)
        with pytest.raises(AlreadyPublished):
            registry.approve(tmp_path, told.run_id, REVIEWER)

    def test_a_run_id_tells_nobody_of_the_other(self, tmp_path: Path) -> None:
        ada, bob = Actor(ADA.id, salt="one"), Actor(BOB.id, salt="two")
        for table in (FIRST, totals_table("A")):
            told = [registry.save_draft(tmp_path, table, actor).run_id for actor in (ada, bob)]
            names, _, digits = run_id_of(table).rpartition("-")
            assert len(set(told)) == 2
            for run_id in told:
                assert re.fullmatch(rf"{names}-[0-9a-f]{{4}}-{digits}", run_id)
            with pytest.raises(AlreadySubmitted):
                registry.save_draft(tmp_path, table, ada)
            registry.send(tmp_path, told[0], ada)
            registry.approve(tmp_path, told[0], REVIEWER)
            with pytest.raises(AlreadyPublished):
                registry.submit(tmp_path, table, Actor("eve@example.org", salt="three"))

    def test_a_local_publish_sees_it_too(self, tmp_path: Path) -> None:
        submitted(tmp_path)
        with pytest.raises(AlreadyPublished):
            publish(tmp_path, FIRST, by=None)
        registry.retract(tmp_path, RUN, ADA)
        with pytest.raises(AlreadyPublished):
            publish(tmp_path, run_table("Another name", content="Example-7B"), by=None)


class TestLimits:
    def test_a_day(self, tmp_path: Path) -> None:
        limits = Limits(per_day=2)
        registry.save_draft(tmp_path, run_table("A"), ADA, limits=limits)
        registry.submit(tmp_path, run_table("B"), ADA, limits=limits)
        registry.send(tmp_path, run_id_of(run_table("A")), ADA, limits=limits)  # the draft and its sending are one
        for put in (registry.submit, registry.save_draft):
            with pytest.raises(NotAllowed, match="2 runs a day"):
                put(tmp_path, run_table("C"), ADA, limits=limits)
        registry.submit(tmp_path, run_table("D"), BOB, limits=limits)
        assert len(states(tmp_path)) == 3
        assert faults(tmp_path) == []

    def test_what_was_taken_back_or_decided_still_counts_for_the_day(self, tmp_path: Path) -> None:
        limits = Limits(per_day=2, open=1)
        submitted(tmp_path)
        registry.retract(tmp_path, RUN, ADA)
        registry.submit(tmp_path, run_table("B"), ADA, limits=limits)
        registry.reject(tmp_path, run_id_of(run_table("B")), REVIEWER, "no")
        with pytest.raises(NotAllowed, match="a day"):
            registry.submit(tmp_path, run_table("C"), ADA, limits=limits)

    @pytest.mark.parametrize("days", [-400, -1.5, 1.5, 400])
    def test_a_clock_that_was_set_does_not_shut_anybody_out(self, tmp_path: Path, days: float) -> None:
        submitted(tmp_path)
        turn_back_the_clock(tmp_path, days)
        registry.submit(tmp_path, run_table("B"), ADA, limits=Limits(per_day=1))
        with pytest.raises(NotAllowed):
            registry.submit(tmp_path, run_table("C"), ADA, limits=Limits(per_day=1))
        for run_id in list(states(tmp_path)):
            registry.approve(tmp_path, run_id, REVIEWER)
        assert faults(tmp_path) == []

    def test_a_log_whose_times_are_no_times(self, tmp_path: Path) -> None:
        submitted(tmp_path)
        rewrite(tmp_path, at="yesterday")
        registry.submit(tmp_path, run_table("B"), ADA, limits=Limits(per_day=1))
        assert len(registry.own(tmp_path, ADA)) == 2

    def test_open_at_once(self, tmp_path: Path) -> None:
        limits = Limits(open=2)
        registry.save_draft(tmp_path, run_table("A"), ADA, limits=limits)
        registry.submit(tmp_path, run_table("B"), ADA, limits=limits)
        for put in (registry.submit, registry.save_draft):
            with pytest.raises(NotAllowed, match="2 drafts and submissions"):
                put(tmp_path, run_table("C"), ADA, limits=limits)
        registry.submit(
            tmp_path, run_table("B", content="better"), ADA, limits=limits, corrects=run_id_of(run_table("B"))
        )
        registry.retract(tmp_path, run_id_of(run_table("A")), ADA)
        registry.submit(tmp_path, run_table("C"), ADA, limits=limits)

    def test_a_refused_one_leaves_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(NotAllowed):
            registry.submit(tmp_path, FIRST, ADA, limits=Limits(per_day=0))
        assert states(tmp_path) == {}
        assert events(tmp_path) == []
        registry.submit(tmp_path, FIRST, BOB)

    def test_bytes_of_a_day_and_in_all(self, tmp_path: Path) -> None:
        submitted(tmp_path)
        one = next((tmp_path / "runs").glob("*.parquet")).stat().st_size
        registry.retract(tmp_path, RUN, ADA)
        registry.submit(tmp_path, FIRST, ADA, limits=Limits(bytes=one, bytes_per_day=one))  # the same file counts once
        for limits, words in (
            (Limits(bytes_per_day=one + 500), "submissions of one day may take 0"),
            (Limits(bytes=one + 500), "what was taken back or rejected is kept, and counts"),
        ):
            for put in (registry.submit, registry.save_draft):
                with pytest.raises(NotAllowed, match=words):
                    put(tmp_path, run_table("B"), ADA, limits=limits)
        assert len(list((tmp_path / "runs").glob("*.parquet"))) == 1, "what was refused is not kept"
        registry.submit(tmp_path, run_table("B"), BOB, limits=limits)
        turn_back_the_clock(tmp_path, -1.5)
        registry.submit(tmp_path, run_table("C"), ADA, limits=Limits(bytes_per_day=one + 500, bytes=3 * one))
        with pytest.raises(NotAllowed, match="may take"):
            registry.submit(tmp_path, run_table("D"), ADA, limits=Limits(bytes=2 * one + 500))
        registry.submit(tmp_path, run_table("D"), LOCAL, limits=limits)

    def test_none_locally(self, tmp_path: Path) -> None:
        for number in range(3):
            registry.submit(tmp_path, run_table(f"Model-{number}"), LOCAL, limits=Limits(1, 1))


class TestAttempts:
    def test_the_results_of_one_person_for_one_model(self, tmp_path: Path) -> None:
        spellings = ["Example-7B", "example 7b", "EXAMPLE_7B", "\uff25xample-7B", "\u0435xample-7B", "Exampl\u03b5-7B"]
        tables = [run_table(name, content=str(number)) for number, name in enumerate(spellings)]
        for table in tables:
            registry.submit(tmp_path, table, ADA)
        registry.submit(tmp_path, run_table("Other"), ADA)
        registry.submit(tmp_path, run_table("Example-7B", content="bob's"), BOB)
        registry.reject(tmp_path, run_id_of(tables[0]), REVIEWER, "no")
        registry.retract(tmp_path, run_id_of(tables[1]), ADA)
        registry.save_draft(tmp_path, run_table("Example-7B", content="never sent"), ADA)
        found = registry.attempts(tmp_path, undecided=True)
        assert [found.pop(run_id_of(table)) for table in tables] == [Attempt(number, 6) for number in range(1, 7)]
        assert list(found.values()) == [Attempt(1, 1), Attempt(1, 1)], "another model, and another person's"

    def test_what_waits_is_counted_for_nobody_but_owner_and_reviewers(self, tmp_path: Path) -> None:
        tables = [run_table(content=str(number)) for number in range(4)]
        for table in tables:
            registry.submit(tmp_path, table, ADA)
        first, second, third, _ = (run_id_of(table) for table in tables)
        registry.approve(tmp_path, third, REVIEWER)
        assert registry.attempts(tmp_path) == {third: Attempt(1, 1)}
        registry.request_changes(tmp_path, first, REVIEWER, "a draft again")
        assert registry.attempts(tmp_path) == {third: Attempt(1, 1)}
        registry.reject(tmp_path, second, REVIEWER, "no")
        assert registry.attempts(tmp_path) == {second: Attempt(1, 2), third: Attempt(2, 2)}
        assert registry.attempts(tmp_path, undecided=True)[third] == Attempt(3, 4)

    def test_the_same_content_again_is_none(self, tmp_path: Path) -> None:
        published(tmp_path)
        registry.submit(tmp_path, FIRST, ADA, corrects=RUN)
        assert registry.attempts(tmp_path, undecided=True) == {RUN: Attempt(1, 1), SAME_AGAIN: Attempt(1, 1)}

    def test_runs_that_came_before_the_log_named_the_model(self, tmp_path: Path) -> None:
        publish(tmp_path, FIRST, by="ada@example.org")
        registry.submit(tmp_path, CORRECTED, ADA)
        assert registry.attempts(tmp_path, undecided=True) == {RUN: Attempt(1, 2), CORRECTION: Attempt(2, 2)}

    def test_nobodys_are_not_counted(self, tmp_path: Path) -> None:
        publish(tmp_path, FIRST, by=None)
        assert registry.attempts(tmp_path) == {}


class TestAFailedApproval:
    """A badge that was given and could not be published leaves no trace."""

    def test_the_submitter_s_own_word_stays(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        registry.submit(tmp_path, stating(FIRST, "preprint"), ADA)

        def refused(*_: object) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as broken:
            broken.setattr(Change, "finish", refused)
            with pytest.raises(StoreError, match="the disk refused"):
                registry.approve(tmp_path, RUN, REVIEWER, badge="reproduced")
        assert states(tmp_path) == {RUN: "pending"} and self.status(tmp_path) == "preprint"
        registry.approve(tmp_path, RUN, REVIEWER, badge="published")
        assert self.status(tmp_path) == "preprint" and faults(tmp_path) == []

    def status(self, data_dir: Path) -> str:
        return str(registry.table_of(data_dir, RUN, ADA)["source_status"][0])


def test_a_name_given_locally_makes_nobody_an_owner(tmp_path: Path) -> None:
    publish(tmp_path, FIRST, by="ada@example.org")
    assert registry.own(tmp_path, ADA) == []
    with pytest.raises(NotAllowed, match="somebody else's run"):
        registry.withdraw(tmp_path, RUN, ADA, "mine")
    with pytest.raises(NoRun):
        registry.submit(tmp_path, CORRECTED, ADA, corrects=RUN)
