"""Any sequence of any actions by anybody: each run lies in one folder, the log replays to the folders, limits hold."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from siuo_dash.errors import NoRun, NotAllowed, SiuoError, SubmissionError
from siuo_dash.store import journal, log, review
from siuo_dash.store.publish import AlreadyPublished
from siuo_dash.store.review import Actor, AlreadySubmitted, Limits
from siuo_dash.store.review import ledger as book
from siuo_dash.store.review.ledger import Ledger
from siuo_dash.store.verify import repair, verify
from tests.make.runs import run_id_of, run_table
from tests.store.review_runs import ADA, BOB, LOCAL, NOBODY, REVIEWER, SECOND, places, replayed

PEOPLE = (ADA, BOB, REVIEWER, SECOND, LOCAL, NOBODY)
TABLES = [run_table(model, content=content) for model in ("Model-A", "Model-B") for content in ("one", "two", "three")]
IDS = [
    run_id if number == 1 else f"{run_id[:-9]}-{number}-{run_id[-8:]}"
    for run_id in map(run_id_of, TABLES)
    for number in (1, 2, 3)
]
CHANGES: tuple[Callable[[Path, str, Actor], object], ...] = (
    review.send,
    review.retract,
    review.approve,
    review.restore_as,
    lambda data_dir, run_id, actor: review.approve(data_dir, run_id, actor, badge="reproduced", why="seen"),
    lambda data_dir, run_id, actor: review.reject(data_dir, run_id, actor, "why"),
    lambda data_dir, run_id, actor: review.request_changes(data_dir, run_id, actor, "why"),
    lambda data_dir, run_id, actor: review.withdraw_as(data_dir, run_id, actor, "why"),
)
LIMITS = Limits(open=3)
ONLY_REVIEWERS = {"approve", "reject", "request-changes"}


class Review(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.data_dir = Path(tempfile.mkdtemp())
        self.known: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.data_dir)

    @rule(
        put=st.sampled_from([review.submit, review.save_draft]),
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
        lines = log.read(self.data_dir)
        repair(self.data_dir)
        assert log.read(self.data_dir) == lines

    def attempt(self, action: Callable[[], object], actor: Actor) -> None:
        before, lines = places(self.data_dir), log.read(self.data_dir)
        try:
            action()
        except SiuoError as error:
            assert isinstance(error, NoRun | NotAllowed | SubmissionError | AlreadyPublished | AlreadySubmitted)
            assert error.hint, "a refusal names the next step"
            assert places(self.data_dir) == before
            assert log.read(self.data_dir) == lines
            return
        now = places(self.data_dir)
        assert before.keys() <= now.keys(), "nothing is ever lost"
        assert now != before
        for event in log.read(self.data_dir)[len(lines) :]:
            assert event.by == actor.id
            if event.event in ONLY_REVIEWERS:
                assert actor.reviewer
        self.known = set(now)

    @invariant()
    def the_log_replays_to_the_folders(self) -> None:
        assert replayed(self.data_dir) == places(self.data_dir)

    @invariant()
    def nothing_is_amiss(self) -> None:
        assert verify(self.data_dir) == []

    @invariant()
    def what_is_kept_of_the_log_is_what_it_says(self) -> None:
        kept, anew = book.read(self.data_dir), Ledger(log.read(self.data_dir))
        assert list(kept.entries.items()) == list(anew.entries.items()) and kept.events == anew.events
        for run_id, entry in anew.entries.items():
            assert kept.family(run_id) == anew.family(run_id)
            assert list(kept.of(entry.owner)) == list(anew.of(entry.owner))
            assert anew.family(run_id) == [each for each in anew.entries if anew.root(each) == anew.root(run_id)]

    @invariant()
    def of_one_line_of_corrections_one_run_at_most_is_public(self) -> None:
        held = places(self.data_dir)
        ledger = Ledger(log.read(self.data_dir))
        public = [ledger.root(run_id) for run_id, place in held.items() if place in ("submissions", "withdrawn")]
        assert len(public) == len(set(public))

    @invariant()
    def only_the_approved_are_visible(self) -> None:
        approved = {event.run_id for event in log.read(self.data_dir) if event.event == "approve"}
        assert {path.stem for path in (self.data_dir / "submissions").glob("*.parquet")} <= approved

    @invariant()
    def limits_hold(self) -> None:
        ledger = Ledger(log.read(self.data_dir))
        for actor in (ADA, BOB, REVIEWER, SECOND):
            waiting = [entry for entry in ledger.of(actor.id) if entry.place in (journal.DRAFTS, journal.PENDING)]
            assert len(waiting) <= 3 + len([entry for entry in waiting if sent_back(entry.events)])

    @invariant()
    def everybody_sees_their_own_and_no_more(self) -> None:
        ledger, held = Ledger(log.read(self.data_dir)), places(self.data_dir)
        for actor in (ADA, BOB):
            own = {each.run_id for each in review.own(self.data_dir, actor)}
            assert own == {entry.run_id for entry in ledger.of(actor.id)}
        drafts = {run_id for run_id, place in held.items() if place == journal.DRAFTS}
        seen = {
            each.run_id for owner in (ADA, BOB) for each in review.earlier_of(self.data_dir, str(owner.id), REVIEWER)
        }
        assert not drafts & seen


def sent_back(events: Sequence[log.Event]) -> bool:
    """Whether reviewers asked for changes: a reviewer's word does not count as the submitter's sending."""
    return any(event.event == "request-changes" for event in events)


TestReview = Review.TestCase
TestReview.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
