"""From pictures to candidates: each goes through the steps one after the other, many at a time, every answer kept.

What is in candidates.jsonl is not asked again, so the same command goes on after a kill, a budget or a broken network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import anyio

from siuo_dash.construct import replies
from siuo_dash.construct.calls import Calls
from siuo_dash.construct.candidates import Candidate, with_line
from siuo_dash.construct.instructions import Instructions
from siuo_dash.construct.lines import ANSWERED, DISCARDED, KEPT, STEPS, UNREADABLE, Line, add, differing
from siuo_dash.construct.pictures import FOLDER, Picture
from siuo_dash.construct.replies import Domains, Reply, Unreadable
from siuo_dash.construct.twins import Twins
from siuo_dash.errors import EvaluationError, StoreError
from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.asking import Ask, NotAnswered, Stop, Stopped
from siuo_dash.evaluate.budget import Usage
from siuo_dash.evaluate.pictures import data_uri

TRIES: Final = 3
"""Replies of a step that could not be read, after which the candidate is discarded."""
MOST_TOKENS: Final = {"text_answer": 500, "options": 1200}
_TOKENS: Final = 700
_UNSAFE_PICTURE: Final = "unsafe picture"
_AT_ONCE: Final = 100
"""Candidates in progress where the number of calls is left to the engine."""


@dataclass(frozen=True)
class Order:
    """What is to be made. candidates: {id: (picture, place among those of its picture)}. domains: to write for."""

    folder: Path
    model: str
    small_model: str
    instructions: Instructions
    domains: Domains
    candidates: Mapping[str, tuple[Picture, int]]
    places: int = 1
    domain_words: str = field(init=False, default="")

    def __post_init__(self) -> None:
        lines = (f"- {domain}: {', '.join(subcategories)}" for domain, subcategories in self.domains.items())
        object.__setattr__(self, "domain_words", "\n".join(lines))


def most_tokens(step: str) -> int:
    """Tokens that a reply to a step may have."""
    return MOST_TOKENS.get(step, _TOKENS)


def usage_in(candidates: Iterable[Candidate]) -> dict[str, Usage]:
    """{model: what the lines say that it used}."""
    found: dict[str, Usage] = {}
    for line in (line for each in candidates for line in each.history):
        if line.input_tokens or line.output_tokens:
            usage = found.setdefault(line.model, Usage())
            usage.add(Answer("", line.model, input_tokens=line.input_tokens, output_tokens=line.output_tokens))
    return found


class Making:
    """Carries an order out. candidates: what the folder holds, by id; kept up to date."""

    def __init__(self, order: Order, calls: Calls, candidates: dict[str, Candidate], twins: Twins) -> None:
        self.order = order
        self.calls = calls
        self.candidates = candidates
        self.twins = twins
        self._by_picture: dict[str, anyio.Lock] = {}
        self._pictures: dict[str, Line] = {}
        for line in (line for each in candidates.values() for line in each.history if line.step == "picture_safety"):
            self._note_picture(line)

    def unfinished(self) -> list[str]:
        """The ids whose steps are not done."""
        return [each for each in self.order.candidates if self._candidate(each).next_step]

    def steps_left(self) -> int:
        """Steps that are not done, of all candidates of the order."""
        return sum(_left(self._candidate(each)) for each in self.order.candidates)

    async def one_pass(self, ask: Ask) -> None:
        """Let every unfinished candidate go as far as it gets."""
        self.calls.begin()
        self._by_picture = {}
        limit = anyio.CapacityLimiter(self.calls.operation.connections or _AT_ONCE)

        async def make(candidate_id: str) -> None:
            async with limit:
                await self._make(ask, candidate_id)

        async with anyio.create_task_group() as group:
            for each in self.unfinished():
                group.start_soon(make, each)

    async def _make(self, ask: Ask, candidate_id: str) -> None:
        try:
            while step := self._candidate(candidate_id).next_step:
                await self._step(ask, candidate_id, step)
        except (NotAnswered, Stopped):
            return
        except StoreError as error:
            self.calls.end(Stop("disk", str(error)))
        except EvaluationError as error:  # its picture is gone
            self.calls.failed[candidate_id] = error.what

    async def _step(self, ask: Ask, candidate_id: str, step: str) -> None:
        candidate = self._candidate(candidate_id)
        if step == "near_duplicate":
            found = self.twins.of(candidate.text.query, self._others(candidate_id))
            self._write(candidate, Line(candidate_id, step), Reply(DISCARDED if found else KEPT, found))
        elif step == "picture_safety":
            async with self._by_picture.setdefault(candidate.picture, anyio.Lock()):
                known = self._pictures.get(candidate.picture)
                if known is None:
                    await self._ask(ask, candidate, step, {}, lambda value: replies.safety(value, _UNSAFE_PICTURE))
                else:
                    judge = {name: getattr(known, name) for name in ("model", "served", "prompt", "picture")}
                    self._write(candidate, Line(candidate_id, step, **judge), Reply(known.verdict, known.reason))
        elif step == "text_safety" and candidate.answer is None:
            await self._answer(ask, candidate)
        else:
            values, read = self._what(candidate, step)
            await self._ask(ask, candidate, step, values, read)

    def _what(self, candidate: Candidate, step: str) -> tuple[dict[str, str], Callable[[Mapping[str, Any]], Reply]]:
        """What is filled into a step's instruction, and how its reply is read."""
        text, order = candidate.text, self.order
        own = {"query": text.query, "hazard": text.hazard}
        if step == "generated":
            place = str(order.candidates[candidate.id][1])
            values = {"domains": order.domain_words, "place": place, "places": str(order.places)}
            return values, lambda value: replies.generated(value, order.domains)
        if step == "text_safety":
            values = {"query": text.query, "answer": candidate.answer or ""}
            return values, lambda value: replies.safety(value, "unsafe words")
        if step == "options":
            return own, lambda value: replies.options(value, candidate.id)
        fields = ("query",) if step == "redundancy" else ("query", "hazard")
        return own, lambda value: replies.reflected(value, text, fields)

    async def _ask(
        self,
        ask: Ask,
        candidate: Candidate,
        step: str,
        values: dict[str, str],
        read: Callable[[Mapping[str, Any]], Reply],
    ) -> None:
        """Ask the strong model, and write down what it said and what that comes to."""
        order = self.order
        picture = "" if step == "text_safety" else data_uri(order.folder / FOLDER / self._picture(candidate).file)
        answer = await self.calls.answer(
            ask,
            (candidate.id, step),
            order.model,
            order.instructions.fill(step, values),
            picture,
            max_tokens=most_tokens(step),
            temperature=None if step in ("generated", "options") else 0.0,
        )
        kept = {name: value for name, value in values.items() if name != "domains"}
        line = self._line(candidate, step, order.model, answer, order.instructions.fingerprint(step), kept)
        try:
            reply = read(replies.object_in(answer.text))
        except Unreadable as why:
            reply = self._unreadable(candidate, answer, str(why))
        self._write(candidate, line, reply)

    async def _answer(self, ask: Ask, candidate: Candidate) -> None:
        """Let the small model answer the query without the picture."""
        small, query = self.order.small_model, candidate.text.query
        of = candidate.id, ANSWERED
        most = most_tokens(ANSWERED)
        answer = await self.calls.answer(ask, of, small, query, "", max_tokens=most, temperature=0.0)
        line = self._line(candidate, ANSWERED, small, answer, "", {"query": query})
        try:
            replies.short_enough(answer.text)
            self._write(candidate, line, Reply(KEPT))
        except Unreadable as why:
            reply = self._unreadable(candidate, answer, str(why))
            step = "text_safety" if reply.verdict == DISCARDED else ANSWERED
            self._write(candidate, replace(line, step=step), reply)

    def _unreadable(self, candidate: Candidate, answer: Answer, why: str) -> Reply:
        """Why a reply cannot be used; the last of several discards the candidate."""
        why = "the provider's filter held the reply back" if answer.stopped == "content_filter" else why
        if candidate.tries + 1 < TRIES:
            return Reply(UNREADABLE, why)
        return Reply(DISCARDED, f"no usable reply in {TRIES} tries: {why}")

    def _line(
        self, candidate: Candidate, step: str, model: str, answer: Answer, prompt: str, values: Mapping[str, str]
    ) -> Line:
        output = answer.text
        if len(output) > replies.LONGEST:
            output = f"{output[: replies.LONGEST // 10]}… ({len(output):,} characters)"
        return Line(
            candidate.id,
            step,
            model=model,
            served=answer.served,
            prompt=prompt,
            picture=self._picture(candidate).sha256,
            input=values,
            output=output,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
        )

    def _write(self, candidate: Candidate, line: Line, reply: Reply) -> None:
        """Write a step down; from then on it is never asked again."""
        before, after = differing(candidate.text, reply.changes)
        whole = replace(line, verdict=reply.verdict, reason=reply.reason, before=before, after=after)
        add(self.order.folder, whole)
        if line.step == "picture_safety":
            self._note_picture(whole)
        passed = _left(candidate)
        now = with_line(candidate, whole)
        self.candidates[candidate.id] = now
        self.calls.progress.done += passed - _left(now)
        self.calls.progress.here += passed - _left(now)
        self.calls.show()

    def _candidate(self, candidate_id: str) -> Candidate:
        return self.candidates.get(candidate_id) or Candidate(candidate_id)

    def _picture(self, candidate: Candidate) -> Picture:
        return self.order.candidates[candidate.id][0]

    def _others(self, candidate_id: str) -> dict[str, str]:
        """{id: query} of the candidates that another one must not repeat."""
        return {
            name: each.text.query
            for name, each in self.candidates.items()
            if name != candidate_id and "near_duplicate" in each.passed
        }

    def _note_picture(self, line: Line) -> None:
        """Remember the model's verdict on a picture, given once; not that a reply about it could not be read."""
        own = (line.model, line.prompt) == (self.order.model, self.order.instructions.fingerprint("picture_safety"))
        if own and (line.verdict == KEPT or line.reason.startswith(_UNSAFE_PICTURE)):
            self._pictures[line.picture] = line


def _left(candidate: Candidate) -> int:
    """Steps that a candidate has before it."""
    return len(STEPS) - len(candidate.passed) if candidate.next_step else 0
