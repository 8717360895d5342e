"""Any actions by anybody in any order: the log replays to the states of the runs, limits hold, no file is left over."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from siuo_dash.errors import NoRun, NotAllowed, SiuoError, SubmissionError
from siuo_dash.store import registry
from siuo_dash.store.registry import Actor, AlreadyPublished, AlreadySubmitted, Event, Limits
from siuo_dash.store.registry.opening import close
from siuo_dash.store.registry.reading import log_lines, public_runs
from siuo_dash.store.verify import repair
from tests.make.registry import events, faults, left_over, replayed, states
from tests.make.runs import run_id_of, run_table
from tests.store.review_runs import ADA, BOB, LOCAL, NOBODY, REVIEWER, SECOND

pytestmark = pytest.mark.postgres(heavy=True)

PEOPLE = (ADA, BOB, REVIEWER, SECOND, LOCAL, NOBODY)
TABLES = [run_table(model, content=content) for model in ("Model-A", "Model-B") for content in ("one", "two", "three")]
IDS = [
    run_id if number == 1 else f"{run_id[:-9]}-{number}-{run_id[-8:]}"
    for run_id in map(run_id_of, TABLES)
    for number in (1, 2, 3)
]
CHANGES: tuple[Callable[[Path, str, Actor], object], ...] = (
    registry.send,
    registry.retract,
    registry.approve,
    registry.restore,
    lambda data_dir, run_id, actor: registry.approve(data_dir, run_id, actor, badge="reproduced", why="seen"),
    lambda data_dir, run_id, actor: registry.reject(data_dir, run_id, actor, "why"),
    lambda data_dir, run_id, actor: registry.request_changes(data_dir, run_id, actor, "why"),
    lambda data_dir, run_id, actor: registry.withdraw(data_dir, run_id, actor, "why"),
)
LIMITS = Limits(open=3)
ONLY_REVIEWERS = {"approve", "reject", "request-changes"}


class Review(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.data_dir = Path(tempfile.mkdtemp())
        self.known: set[str] = set()

    def teardown(self) -> None:
        close(self.data_dir)
        shutil.rmtree(self.data_dir)

    @rule(
        put=st.sampled_from([registry.submit, registry.save_draft]),
        table=st.integers(0, len(TABLES) - 1),
        actor=st.sampled_from(PEOPLE),
        corrects=st.none() | st.integers(0, 50),
    )
    def put(self, put: Callable[..., object], table: int, actor: Actor, corrects: int | None) -> None:
        known = sorted(self.known)
        earlier = known[corrects % len(known)] if known and corrects is not None else None
        self.attempt(lambda: put(self.data_dir, TABLES[table], actor, limits=LIMITS, corrects=earlier), actor)

    @rule(change=st.sampled_from(CHANGES), actor=st.sampled_from(PEOPLE), which=st.integers(0, 50))
    def change(self, change: Callable[[Path, str, Actor], object], actor: Actor, which: int) -> None:
        run_ids = [*sorted(self.known), IDS[which % len(IDS)]]
        run_id = run_ids[which % len(run_ids)]
        self.attempt(lambda: change(self.data_dir, run_id, actor), actor)

    @rule()
    def repair(self) -> None:
        lines = log_lines(self.data_dir)
        repair(self.data_dir)
        assert log_lines(self.data_dir) == lines

    def attempt(self, action: Callable[[], object], actor: Actor) -> None:
        before, lines = states(self.data_dir), log_lines(self.data_dir)
        try:
            action()
        except SiuoError as error:
            assert isinstance(error, NoRun | NotAllowed | SubmissionError | AlreadyPublished | AlreadySubmitted)
            assert error.hint, "a refusal names the next step"
            assert states(self.data_dir) == before
            assert log_lines(self.data_dir) == lines
            return
        now = states(self.data_dir)
        assert before.keys() <= now.keys(), "nothing is ever lost"
        assert now != before
        for event in events(self.data_dir)[len(lines) :]:
            assert event.by == actor.id
            if event.event in ONLY_REVIEWERS:
                assert actor.reviewer
        self.known = set(now)

    @invariant()
    def the_log_replays_to_the_states(self) -> None:
        assert replayed(self.data_dir) == states(self.data_dir)

    @invariant()
    def nothing_is_amiss(self) -> None:
        assert faults(self.data_dir) == []

    @invariant()
    def of_one_line_of_corrections_one_run_at_most_is_public(self) -> None:
        held = states(self.data_dir)
        public = [roots(self.data_dir)[run_id] for run_id, state in held.items() if state in ("published", "withdrawn")]
        assert len(public) == len(set(public))

    @invariant()
    def only_the_approved_are_visible(self) -> None:
        approved = {event.run_id for event in events(self.data_dir) if event.event == "approve"}
        assert {run.run_id for run in public_runs(self.data_dir)} <= approved
        assert [run.run_id for run in public_runs(self.data_dir)] == [
            run_id for run_id in firsts(self.data_dir) if states(self.data_dir)[run_id] == "published"
        ]

    @invariant()
    def limits_hold(self) -> None:
        held = states(self.data_dir)
        for actor in (ADA, BOB, REVIEWER, SECOND):
            waiting = [run_id for run_id in owned(self.data_dir, actor) if held[run_id] in ("draft", "pending")]
            # A reviewer's word does not count as the submitter's sending.
            sent_back = {event.run_id for event in events(self.data_dir) if event.event == "request-changes"}
            assert len(waiting) <= 3 + len(sent_back.intersection(waiting))

    @invariant()
    def everybody_sees_their_own_and_no_more(self) -> None:
        for actor in (ADA, BOB):
            own = [each.run_id for each in registry.own(self.data_dir, actor)]
            assert own == owned(self.data_dir, actor)[::-1]
        drafts = {run_id for run_id, state in states(self.data_dir).items() if state == "draft"}
        seen = {
            each.run_id for owner in (ADA, BOB) for each in registry.earlier_of(self.data_dir, str(owner.id), REVIEWER)
        }
        assert not drafts & seen

    @invariant()
    def no_file_is_left_over(self) -> None:
        assert left_over(self.data_dir) == []


def firsts(data_dir: Path) -> dict[str, Event]:
    """{run_id: the event that brought it}, in their order, from the log."""
    found: dict[str, Event] = {}
    for event in events(data_dir):
        found.setdefault(event.run_id, event)
    return found


def owned(data_dir: Path, actor: Actor) -> list[str]:
    """The runs of one person, as they came, from the log."""
    return [run_id for run_id, event in firsts(data_dir).items() if event.by == actor.id]


def roots(data_dir: Path) -> dict[str, str]:
    """{run_id: the first of the submissions of which each corrects the one before}, from the log."""
    found: dict[str, str] = {}
    for run_id, event in firsts(data_dir).items():
        found[run_id] = found[event.corrects] if event.corrects else run_id
    return found


TestReview = Review.TestCase
TestReview.settings = settings(max_examples=settings().max_examples // 4, stateful_step_count=25)
