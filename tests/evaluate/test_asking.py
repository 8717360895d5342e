"""Who may ask, and when; what is kept of a run that was killed; what a refusal says and what it hides."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from siuo_dash.errors import StoreError
from siuo_dash.evaluate.answers import Answer, Answers
from siuo_dash.evaluate.asking import Asking, NotAnswered, Stop, Stopped, status_of, without_keys, words_of
from siuo_dash.evaluate.outcome import outcome_of
from siuo_dash.evaluate.plan import Call, Operation, Plan
from tests.server.loops import finished

PLAN = Plan("a/model", "a/judge", (1001, 1002), "r", ("generation", "choice"), responses=2)
SAID = Answer("Yes.", "a/model", "model-1", "stop", 1_000_000, 100_000)


class Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status_code = status


def asking(folder: Path, plan: Plan = PLAN, **operation: object) -> Asking:
    return Asking(plan, Operation(**operation), Answers(folder), lambda now: None)  # type: ignore[arg-type]


def why(run: Asking) -> str:
    return run.stop.why if run.stop else ""


async def play(calls: list[Call], run: Asking, answer: Callable[[Call], Answer | Exception]) -> list[list[Call]]:
    """Ask for these calls at once; the calls that were admitted together, round by round."""
    rounds: list[list[Call]] = []
    admitted: list[Call] = []

    async def one(call: Call) -> None:
        with suppress(Stopped):
            async with run.admitted(call):
                admitted.append(call)

    waiting = [asyncio.ensure_future(one(call)) for call in calls]
    while True:
        for _ in range(5):
            await asyncio.sleep(0)
        if not admitted:
            break
        rounds.append(sorted(admitted))
        now, admitted[:] = list(admitted), []
        for call in now:
            said = answer(call)
            if isinstance(said, Answer):
                run.keep(call, said)
            else:
                run.fail(call, said)
    assert all(each.done() for each in waiting) or run.stop is None
    for each in waiting:
        each.cancel()
    return rounds


def calls(*kinds: str) -> list[Call]:
    return [call for call in PLAN.calls() if call.kind in kinds]


def test_the_first_response_goes_alone_then_the_first_verdict_then_all(tmp_path: Path) -> None:
    run = asking(tmp_path)
    first = Call("response", 1001, 1)
    rounds = finished(play(calls("choice", "response"), run, lambda call: SAID))
    assert rounds == [[first]], "nothing else before the judge was heard"
    run.begin()
    rounds = finished(play([Call("safety", 1001, 1), *calls("choice")], run, lambda call: SAID))
    assert rounds[0] == [Call("safety", 1001, 1)] and len(rounds[1]) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_ends_the_run_before_anything_else_is_asked(tmp_path: Path, status: int) -> None:
    run = asking(tmp_path)
    rounds = finished(play(calls("response", "choice"), run, lambda call: Refused(status)))
    assert len(rounds) == 1 and len(rounds[0]) == 1
    assert run.stop is not None and run.stop.why == "refused" and "a/model (model)" in run.stop.words


def test_a_sample_that_is_refused_later_is_only_that_sample(tmp_path: Path) -> None:
    run = asking(tmp_path)
    run.keep(Call("response", 1001, 1), SAID)
    assert isinstance(run.fail(Call("response", 1001, 2), Refused(403)), NotAnswered)
    assert why(run) == ""
    run.fail(Call("response", 1001, 2), Refused(401))
    assert why(run) == "refused", "a key that is refused is refused for all"


def test_a_first_call_that_fails_does_not_hold_the_others(tmp_path: Path) -> None:
    run = asking(tmp_path)
    rounds = finished(play(calls("response", "choice"), run, lambda call: Refused(400)))
    assert [len(each) for each in rounds] == [1, 5]
    (tmp_path / "retried").mkdir()
    again = asking(tmp_path / "retried")

    async def admitted(call: Call) -> None:
        async with again.admitted(call):
            pass

    async def retried() -> int:
        waiting = [asyncio.ensure_future(admitted(call)) for call in calls("response")]
        await asyncio.sleep(0)
        again.retrying("model")
        again.retrying("judge")
        await asyncio.wait(waiting)
        return len(waiting)

    assert finished(retried()) == 4


def test_choices_take_the_connections_that_responses_leave(tmp_path: Path) -> None:
    run = asking(tmp_path, replace(PLAN, responses=3), connections=4)
    now: dict[Call, asyncio.Event] = {}

    async def one(call: Call) -> None:
        async with run.admitted(call):
            now[call] = asyncio.Event()
            await now[call].wait()
        del now[call]

    async def steps() -> None:
        run.retrying("model")  # somebody is there: none goes alone
        run.retrying("judge")
        waiting = [asyncio.ensure_future(one(call)) for call in run.plan.calls()[:6] + calls("choice")]
        seen = []
        for _ in range(5):
            for _ in range(5):
                await asyncio.sleep(0)
            seen.append(Counter(call.kind for call in now))
            if now:
                now[min(now, key=lambda call: (call.kind == "choice", call))].set()
        assert [each["choice"] for each in seen] == [0, 0, 0, 1, 2]
        assert [each["response"] for each in seen] == [6, 5, 4, 3, 2]
        run.end(Stop("interrupted", ""))
        for each in waiting:
            each.cancel()

    finished(steps())


def test_given_responses_are_judged_without_a_model(tmp_path: Path) -> None:
    plan = replace(PLAN, model="", tasks=("generation",), is_given=True)
    run = asking(tmp_path, plan)
    rounds = finished(play(plan.calls(), run, lambda call: SAID))
    assert [len(each) for each in rounds] == [1, 7]
    assert outcome_of(plan, Operation(), run.answers, {}).is_complete


def test_nothing_is_asked_beyond_the_budget(tmp_path: Path) -> None:
    prices = {"a/model": (1.0, 10.0)}
    run = asking(tmp_path, max_cost=3.0, prices=prices)
    run.keep(Call("response", 1001, 1), SAID)
    assert why(run) == "" and run.progress.cost == pytest.approx(2.0)
    run.keep(Call("response", 1001, 2), SAID)
    assert why(run) == "budget"
    assert finished(play([Call("response", 1001, 1)], run, lambda call: SAID)) == [], "nothing is admitted"
    run.answers.__exit__()
    assert why(asking(tmp_path, max_cost=3.0, prices=prices)) == "budget", "what was spent before counts"
    assert why(asking(tmp_path, max_cost=9.0, prices=prices)) == ""


def test_a_budget_of_nothing_asks_nothing(tmp_path: Path) -> None:
    assert why(asking(tmp_path, max_cost=0.0, prices={"a/model": (1.0, 10.0)})) == "budget"


def test_a_damaged_line_is_named_and_the_answers_after_it_are_not_lost(tmp_path: Path) -> None:
    with Answers(tmp_path) as answers:
        for place in (1, 2, 3):
            answers.keep(Call("response", 1001, place), SAID)
    path = tmp_path / "answers.jsonl"
    lines = path.read_bytes().splitlines(True)
    path.write_bytes(b"".join([lines[0], lines[1][:20] + b"\n", lines[2]]))
    before = path.read_bytes()
    with pytest.raises(StoreError, match="line 2 is no answer"):
        Answers(tmp_path)
    assert path.read_bytes() == before


def test_what_a_killed_process_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    with Answers(tmp_path) as answers:
        answers.keep(Call("response", 1001, 1), SAID)
        answers.keep(Call("safety", 1001, 1), replace(SAID, text="ä\n\u2028\ud800"))
    whole = (tmp_path / "answers.jsonl").read_bytes()
    for end in range(len(whole) - 1, len(whole.splitlines(True)[0]), -7):
        (tmp_path / "answers.jsonl").write_bytes(whole[:end])
        with Answers(tmp_path) as answers:
            assert list(answers) == [Call("response", 1001, 1)]
            answers.keep(Call("choice", 1001, 1), SAID)
        with Answers(tmp_path) as answers:
            assert list(answers) == [Call("response", 1001, 1), Call("choice", 1001, 1)]


def test_a_full_disk_ends_the_run_and_loses_no_other_answer(tmp_path: Path) -> None:
    run = asking(tmp_path)
    run.keep(Call("response", 1001, 1), SAID)
    run.answers._file, kept = os.open("/dev/full", os.O_WRONLY), run.answers._file
    with pytest.raises(Stopped):
        run.keep(Call("response", 1001, 2), SAID)
    assert run.stop is not None and run.stop.why == "disk" and "disk is full" in run.stop.words
    run.answers._file = kept
    assert json.loads((tmp_path / "answers.jsonl").read_text())[0] == "response"


def test_no_key_is_repeated_in_an_error() -> None:
    environment = {"FAKE_API_KEY": "sk-very-secret", "HOME": "/home/somebody", "SHORT_KEY": "abc"}
    error = RuntimeError("the key sk-very-secret is wrong,\n  abc /home/somebody" + "x" * 999)
    said = words_of(error, environment)
    assert "sk-very" not in said and said.startswith("the key … is wrong, abc /home/somebody") and len(said) == 300


def test_what_was_tried_to_the_end_says_why_it_failed() -> None:
    tenacity = pytest.importorskip("tenacity", reason="the engine is an extra: make evaluate")
    last = tenacity.Future(7)
    last.set_exception(Refused(503))
    assert words_of(tenacity.RetryError(last)) == "status 503"


def test_an_error_loses_the_key_and_keeps_its_kind() -> None:
    environment = {"FAKE_API_KEY": "sk-very-secret"}
    error = Refused(429)
    error.args, error.__cause__ = ("said sk-very-secret", 7), RuntimeError("by sk-very-secret")
    setattr(error, "body", {"error": {"message": "sk-very-secret"}})  # noqa: B010
    without_keys(error, environment)
    assert error.args == ("said …", 7) and "…" in str(error.__cause__) and error.status_code == 429
    assert "sk-very" not in repr(error) + str(error.__cause__) + str(getattr(error, "body", ""))


def test_a_status_is_found_in_whatever_caused_the_error() -> None:
    outer = RuntimeError("outer")
    outer.__cause__ = Refused(404)
    assert (status_of(outer), status_of(Refused(429)), status_of(RuntimeError())) == (404, 429, None)


def test_only_what_the_provider_refuses_itself_is_given_up(tmp_path: Path) -> None:
    call, other = Call("response", 1001, 2), Call("response", 1002, 1)
    run = asking(tmp_path, give_up=2)
    for status in (400, 429, 500, 408, 402):
        run.fail(call, Refused(status))
    run.fail(other, TimeoutError("nobody answers"))
    assert run.refused == {call: (1, "status 400")} and not run.is_given_up(call)
    assert run.left() == set(PLAN.calls())
    again = Asking(PLAN, Operation(give_up=2), run.answers, lambda now: None, run.refused)
    again.fail(call, Refused(422))
    assert again.is_given_up(call), "those of earlier tries count"
    about = {call, Call("safety", 1001, 2), Call("effectiveness", 1001, 2)}
    assert set(PLAN.calls()) - again.left() == about, "nobody can judge it; the choice of sample 1001 is asked"
    unlimited = Asking(PLAN, Operation(), run.answers, lambda now: None, again.refused)
    assert unlimited.left() == set(PLAN.calls())
    outcome = outcome_of(PLAN, Operation(give_up=2), run.answers, {}, refused=again.refused)
    assert outcome.why_given_up() == ["status 422: sample 1001, response 2"] and not outcome.is_complete
    assert outcome.why_incomplete()[-1] == "2 × its response was given up (first: sample 1001, safety 2)"


def test_a_run_in_which_all_else_is_given_up_or_known_comes_to_its_end(tmp_path: Path) -> None:
    gone = Call("response", 1001, 1)
    run = asking(tmp_path, give_up=1)
    for call in PLAN.calls():
        if call.kind == "response" and call != gone:
            run.keep(call, SAID)
    run.fail(gone, Refused(400))
    run.begin()
    rounds = finished(play(sorted(run.left()), run, lambda call: SAID))
    assert sum(map(len, rounds)) == 6 + 2 and not run.left(), "no choice waits for a verdict that nobody will give"


def test_what_is_missing_is_named_with_its_reason() -> None:
    there = {call: SAID for call in PLAN.calls() if call.kind != "effectiveness"}
    outcome = outcome_of(PLAN, Operation(), there, {Call("effectiveness", 1002, 1): "status 400"})
    assert (outcome.planned, outcome.done) == (
        {"responses": 4, "verdicts": 8, "choices": 2},
        {"responses": 4, "verdicts": 4, "choices": 2},
    )
    assert not outcome.is_complete
    assert outcome.why_incomplete() == [
        "3 × not asked yet (first: sample 1001, effectiveness 1)",
        "1 × status 400 (first: sample 1002, effectiveness 1)",
    ]
