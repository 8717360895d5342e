"""Who may ask, and when: the first call goes alone, nothing is asked twice, a budget and a wrong key end the run."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import anyio

from siuo_dash.errors import StoreError
from siuo_dash.evaluate.answers import Answer, Answers
from siuo_dash.evaluate.budget import Usage, cost_of, usage_of
from siuo_dash.evaluate.plan import Call, Operation, Plan
from siuo_dash.evaluate.refusals import Refused, given_up, is_about_the_call, left_of

Role = Literal["model", "judge"]
Why = Literal["refused", "budget", "disk", "interrupted"]
_REFUSED: Final = {
    401: "the key is wrong",
    403: "the key may not use this model",
    404: "there is no such model or address",
}
_NAMES_A_SECRET: Final = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)$")
_SHORTEST_SECRET: Final = 6
_LONGEST_REASON: Final = 300


class Stopped(Exception):
    """Nothing is asked any more."""


class NotAnswered(Exception):
    """This one call failed; its words hold no key."""


@dataclass(frozen=True)
class Stop:
    """Why a run was stopped, and in words."""

    why: Why
    words: str


@dataclass
class Progress:
    """What a run came to so far, for the line that a person watches. cost: US dollars, None without prices."""

    planned: int
    done: int = 0
    failed: int = 0
    retries: int = 0
    here: int = 0
    usage: dict[str, Usage] = field(default_factory=dict)
    cost: float | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        """Answers a second, of this try."""
        return self.here / max(time.monotonic() - self.began, 1e-3)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; None before the first answer."""
        return (self.planned - self.done) / self.rate if self.here else None


class Ask(Protocol):
    """Asks one of the models that `engine.converse` has opened."""

    async def __call__(
        self, model: str, prompt: str, picture: str = "", *, max_tokens: int, temperature: float | None
    ) -> Answer:
        """The answer to a prompt and a picture (a data URI, '' = none); else what the provider's library raises.

        temperature: None = the provider's own.
        """


class Asking:
    """The one place where a run's calls are admitted, written down and counted.

    The first response goes alone, then the first verdict about it: a wrong key, name or address ends the run before
    anything else is spent. After that everything may go at once.
    """

    def __init__(
        self,
        plan: Plan,
        operation: Operation,
        answers: Answers,
        tell: Callable[[Progress], None],
        refused: Mapping[Call, Refused] | None = None,
    ) -> None:
        self.plan = plan
        self.operation = operation
        self.answers = answers
        self.stop: Stop | None = None
        self.failed: dict[Call, str] = {}
        self.refused = dict(refused or {})
        self._wanted = set(plan.calls())
        done = [call for call in answers if call in self._wanted]
        self.progress = Progress(len(self._wanted), len(done), usage=usage_of(answers[call] for call in done))
        self._tell = tell
        self._heard: set[Role] = set()
        self.begin()
        self._look_at_the_budget()

    def begin(self) -> None:
        """Begin a pass over all that is missing, in an event loop of its own."""
        missing = self.left()
        kinds = {call.kind for call in missing}
        self._first_kind = "response" if "response" in kinds else "choice"
        self._open: dict[Role, anyio.Event] = {"model": anyio.Event(), "judge": anyio.Event()}
        self._first: dict[Role, Call] = {}
        self._busy, self._waiting = 0, deque[anyio.Event]()
        for role, event in self._open.items():
            if role in self._heard or role not in map(role_of, missing):
                event.set()

    def left(self) -> set[Call]:
        """What is still to be asked."""
        return left_of(self._wanted, self.answers, given_up(self.refused, self.answers, self.operation))

    def is_given_up(self, call: Call) -> bool:
        """Whether a call is asked no more."""
        return call in given_up(self.refused, self.answers, self.operation)

    def known(self, call: Call) -> Answer | None:
        """The answer that is there already."""
        return self.answers.get(call)

    def is_wanted(self, call: Call) -> bool:
        """Whether the plan has this call."""
        return call in self._wanted

    @asynccontextmanager
    async def admitted(self, call: Call) -> AsyncIterator[None]:
        """Wait until this may be asked, and ask it in the block; Stopped when nothing may be asked any more."""
        role = role_of(call)
        if role == "judge" or call.kind == self._first_kind:
            self._first.setdefault(role, call)
        if self._first.get(role) != call:
            await self._open["judge"].wait()
            await self._open[role].wait()
        if role == "model":
            await self._room_beside_responses(call)
            self._busy += 1
        try:
            if self.stop is not None:
                raise Stopped(self.stop.words)
            yield
        finally:
            if role == "model":
                self._busy -= 1
                self._wake()

    async def _room_beside_responses(self, call: Call) -> None:
        """Choices take the connections that responses leave: it is for responses that the judge waits."""
        most = self.operation.connections
        while call.kind == "choice" and most is not None and self._busy >= most and self.stop is None:
            turn = anyio.Event()
            self._waiting.append(turn)
            await turn.wait()

    def _wake(self) -> None:
        for _ in range(min(len(self._waiting), (self.operation.connections or 0) - self._busy)):
            self._waiting.popleft().set()

    def keep(self, call: Call, answer: Answer) -> None:
        """Write an answer down and count it; Stopped when the disk refuses."""
        try:
            self.answers.keep(call, answer)
        except StoreError as error:
            self.end(Stop("disk", str(error)))
            raise Stopped(str(error)) from None
        self.failed.pop(call, None)
        self.progress.done += call in self._wanted
        if answer.is_a_call:
            self.progress.here += 1
            self.progress.usage.setdefault(answer.asked, Usage()).add(answer)
            self._heard.add(role_of(call))
            self._open[role_of(call)].set()
            self._look_at_the_budget()
        self._show()

    def fail(self, call: Call, error: Exception) -> Exception:
        """Note that a call failed for good, and what to raise in its place."""
        self.failed[call] = reason = words_of(error)
        if is_about_the_call(status_of(error)):
            self.refused[call] = Refused(self.refused.get(call, (0,))[0] + 1, reason)
        self._show()
        role = role_of(call)
        name = self.plan.judge if role == "judge" else self.plan.model
        if refused := refusal(f"{name} ({role})", error, was_heard=role in self._heard):
            self.end(refused)
            return Stopped(reason)
        self._open[role].set()
        if role == "model":  # a sample without a response is not judged: nobody would go first
            self._open["judge"].set()
        return NotAnswered(reason)

    def retrying(self, model: str) -> None:
        """A call is tried again: somebody is there, so the others need not wait for it. model: without its provider."""
        self.progress.retries += 1
        names: dict[Role, str] = {"model": self.plan.model, "judge": self.plan.judge}
        for role in [role for role, name in names.items() if f"/{name}".endswith(f"/{model}")]:
            self._open[role].set()
        self._show()

    def end(self, stop: Stop) -> None:
        """Ask nothing any more."""
        self.stop = self.stop or stop
        for event in (*self._open.values(), *self._waiting):
            event.set()

    def _look_at_the_budget(self) -> None:
        if (spent := overspent(self.progress, self.operation)) is not None:
            self.end(spent)

    def _show(self) -> None:
        self.progress.failed = len(self.failed)
        self._tell(self.progress)


def role_of(call: Call) -> Role:
    """Who is asked."""
    return "judge" if call.counts_as == "verdicts" else "model"


def overspent(progress: Progress, operation: Operation) -> Stop | None:
    """Why an evaluation ends where its budget is used up; notes what it cost so far."""
    most, progress.cost = operation.max_cost, cost_of(progress.usage, operation.prices)
    spent = progress.cost if progress.usage else 0.0
    if most is None or spent is None or spent < most:
        return None
    return Stop("budget", f"the budget of ${most:g} is used up: ${spent:.4f} were spent")


def refusal(name: str, error: BaseException, *, was_heard: bool) -> Stop | None:
    """Why an error ends everything: a wrong key always, a model that may not be used or is not there at its first call.

    name: the model and what it is asked for. was_heard: whether it has answered before.
    """
    status = status_of(error)
    if status not in _REFUSED or (was_heard and status != 401):
        return None
    return Stop("refused", f"{name}: {_REFUSED[status]} (status {status}): {words_of(error)}")


def status_of(error: BaseException) -> int | None:
    """The HTTP status in an error of any provider's library, or in what caused it."""
    seen: BaseException | None = error
    for _ in range(6):
        if seen is None:
            return None
        for name in ("status_code", "code", "status"):
            value = getattr(seen, name, None)
            if isinstance(value, int) and 400 <= value < 600:
                return value
        seen = seen.__cause__ or seen.__context__
    return None


def words_of(error: BaseException, environment: Mapping[str, str] = os.environ) -> str:
    """An error in one short line, without any key of the environment that a server may have sent back."""
    if (last := getattr(error, "last_attempt", None)) is not None:  # tenacity's RetryError says only that it gave up
        error = last.exception() or error
    said = getattr(error, "provider_message", None) or str(error) or type(error).__name__
    return without_secrets(" ".join(said.split()), environment)[:_LONGEST_REASON]


def without_keys(error: BaseException, environment: Mapping[str, str] = os.environ) -> None:
    """Take every key out of an error and of what caused it; its kind stays, by which it is tried again or not."""
    seen: BaseException | None = error
    for _ in range(6):
        if seen is None:
            return
        seen.args = tuple(without_secrets(each, environment) if isinstance(each, str) else each for each in seen.args)
        for name in ("message", "body", "msg", "details", "response_json"):
            value = getattr(seen, name, None)
            if value is not None and (cleaned := without_secrets(str(value), environment)) != str(value):
                with suppress(AttributeError):
                    setattr(seen, name, cleaned)
        seen = seen.__cause__ or seen.__context__


def without_secrets(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A text with … for every value of a variable that is called a key, token, secret or password."""
    for name, value in environment.items():
        if _NAMES_A_SECRET.search(name) and len(value.strip()) >= _SHORTEST_SECRET:
            text = text.replace(value.strip(), "…")
    return text
