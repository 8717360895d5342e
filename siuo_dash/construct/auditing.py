"""Are pictures and words safe alone? A model judges each picture without its words, and each query without its picture.

The benchmark's authors checked their samples so, and report 94.76% and 95.96% for the two checks. Answers are kept in
audit.jsonl: what was judged by the same model and instruction is not asked again, also for another candidate of the
picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio

from siuo_dash.benchmark.scoring import Tally
from siuo_dash.construct import log, replies
from siuo_dash.construct.calls import Calls
from siuo_dash.construct.instructions import Instructions
from siuo_dash.construct.lines import KEPT
from siuo_dash.construct.making import TRIES
from siuo_dash.construct.replies import Unreadable
from siuo_dash.errors import EvaluationError, StoreError
from siuo_dash.evaluate.answers import Answer
from siuo_dash.evaluate.asking import Ask, NotAnswered, Stop, Stopped
from siuo_dash.evaluate.budget import Usage, tokens_in
from siuo_dash.evaluate.pictures import data_uri
from siuo_dash.evaluate.plan import fingerprint

FILE: Final = "audit.jsonl"
PUBLISHED: Final = (0.9476, 0.9596)
"""The shares that the benchmark's authors report for their two checks."""
KINDS: Final[Mapping[str, str]] = {"picture": "picture_safety", "words": "query_safety"}
"""{what is judged alone: the instruction}."""
SAFE: Final = "safe"
UNSAFE: Final = "unsafe"
UNREADABLE: Final = "unreadable"
_TOKENS: Final = 300
_AT_ONCE: Final = 100


@dataclass(frozen=True)
class Subject:
    """A sample or candidate. group: what it is counted with."""

    id: str
    group: str
    query: str
    picture: Path


@dataclass(frozen=True)
class Verdict:
    """A line of audit.jsonl. subject: the first. about: the fingerprint of the picture or the query that was judged."""

    subject: str
    kind: str
    about: str
    model: str
    prompt: str
    verdict: str
    reason: str = ""
    output: str = ""
    served: str = ""
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def key(self) -> _Key:
        """What was asked, and whom."""
        return self.kind, self.about, self.model, self.prompt


_Key = tuple[str, str, str, str]


class Audit:
    """Judges subjects with one model. OSError where a picture cannot be read."""

    def __init__(
        self, folder: Path, model: str, instructions: Instructions, subjects: Iterable[Subject], calls: Calls
    ) -> None:
        self.folder = folder
        self.model = model
        self.instructions = instructions
        self.calls = calls
        self._subjects = [(each, self._key(each, kind)) for each in subjects for kind in KINDS]
        self._wanted: dict[_Key, Subject] = {}
        for each, key in self._subjects:
            self._wanted.setdefault(key, each)
        self._known: dict[_Key, Verdict] = {}
        self._tries: dict[_Key, int] = {}
        usage = Usage()  # by what was asked of these subjects, read or not
        for _, value in log.read(folder / FILE)[0]:
            if (verdict := _verdict(value)) is not None and verdict.key in self._wanted:
                self._note(verdict)
                usage.add(Answer("", model, input_tokens=verdict.input_tokens, output_tokens=verdict.output_tokens))
        calls.progress.planned = len(self._wanted)
        calls.progress.done = calls.progress.planned - len(self.unfinished())
        calls.progress.usage = {model: usage} if usage.calls else {}

    def unfinished(self) -> list[str]:
        """What has no verdict and may still be asked; not what could not be read several times."""
        return [self._name(key) for key in self._wanted if self._is_open(key)]

    def estimated(self) -> dict[str, Usage]:
        """Calls and tokens at most, roughly."""
        usage = Usage()
        for key, each in self._wanted.items():
            if self._is_open(key):
                length = len(self.instructions.texts[KINDS[key[0]]]) + len(each.query) * (key[0] == "words")
                usage.calls += 1
                usage.input_tokens += tokens_in(length, int(key[0] == "picture"))
                usage.output_tokens += _TOKENS
        return {self.model: usage} if usage.calls else {}

    async def one_pass(self, ask: Ask) -> None:
        """Judge all that has no verdict, once."""
        self.calls.begin()
        limit = anyio.CapacityLimiter(self.calls.operation.connections or _AT_ONCE)

        async def judge(key: _Key) -> None:
            try:
                async with limit:
                    while self._is_open(key):
                        await self._judge(ask, key)
            except (NotAnswered, Stopped):
                return
            except StoreError as error:
                self.calls.end(Stop("disk", str(error)))
            except EvaluationError as error:  # its picture is gone, or none
                self.calls.failed[self._name(key)] = error.what

        async with anyio.create_task_group() as group:
            for key in [key for key in self._wanted if self._is_open(key)]:
                group.start_soon(judge, key)

    def tallies(self) -> dict[str, dict[str, Tally]]:
        """{group: {'picture' or 'words': how many are safe, of those judged, of all}}."""
        found: dict[str, dict[str, list[str]]] = {}
        for each, key in self._subjects:
            verdict = self._known.get(key)
            found.setdefault(each.group, {}).setdefault(key[0], []).append(verdict.verdict if verdict else "")
        return {
            group: {
                kind: Tally(each.count(SAFE), each.count(SAFE) + each.count(UNSAFE), len(each))
                for kind, each in kinds.items()
            }
            for group, kinds in found.items()
        }

    def unsafe(self) -> list[dict[str, str]]:
        """What was called unsafe alone, and why."""
        return [
            {"subject": each.id, "alone": key[0], "reason": verdict.reason}
            for each, key in self._subjects
            if (verdict := self._known.get(key)) is not None and verdict.verdict == UNSAFE
        ]

    def judged(self) -> int:
        """Subjects whose picture and words both have a verdict."""
        return len(
            {each.id for each, _ in self._subjects}
            - {each.id for each, key in self._subjects if key not in self._known}
        )

    def missing(self) -> dict[str, str]:
        """{what may still be asked: why it has no verdict}."""
        return {name: self.calls.failed.get(name, "not asked yet") for name in self.unfinished()}

    async def _judge(self, ask: Ask, key: _Key) -> None:
        each, kind = self._wanted[key], key[0]
        prompt = self.instructions.fill(KINDS[kind], {"query": each.query})
        picture = data_uri(each.picture) if kind == "picture" else ""
        of = self._name(key), "audit"
        answer = await self.calls.answer(ask, of, self.model, prompt, picture, max_tokens=_TOKENS, temperature=0.0)
        try:
            reply = replies.safety(replies.object_in(answer.text), "")
            verdict, reason = (SAFE if reply.verdict == KEPT else UNSAFE), reply.reason.removeprefix(": ")
        except Unreadable as why:
            verdict, reason = UNREADABLE, str(why)
        found = Verdict(each.id, *key, verdict, reason, answer.text[: replies.LONGEST], answer.served)
        whole = asdict(found) | {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens}
        with log.writing(self.folder / FILE) as file:
            file.append(whole | {"time": datetime.now(UTC).isoformat(timespec="seconds")})
        self._note(found)
        self.calls.progress.here += 1
        self.calls.progress.done += not self._is_open(key)
        self.calls.show()

    def _key(self, subject: Subject, kind: str) -> _Key:
        about = fingerprint(subject.picture.read_bytes() if kind == "picture" else subject.query)
        return kind, about, self.model, self.instructions.fingerprint(KINDS[kind])

    def _name(self, key: _Key) -> str:
        return f"{self._wanted[key].id}, {key[0]}"

    def _is_open(self, key: _Key) -> bool:
        return key not in self._known and self._tries.get(key, 0) < TRIES

    def _note(self, verdict: Verdict) -> None:
        if verdict.verdict == UNREADABLE:
            self._tries[verdict.key] = self._tries.get(verdict.key, 0) + 1
        else:
            self._known[verdict.key] = verdict


def _verdict(value: Mapping[str, Any]) -> Verdict | None:
    """A line of audit.jsonl, if it is one."""
    texts: dict[str, Any] = {name: log.plain(value.get(name)) for name in _TEXTS}
    numbers: dict[str, Any] = {name: each if type(each := value.get(name)) is int else 0 for name in _NUMBERS}
    is_one = texts["verdict"] in (SAFE, UNSAFE, UNREADABLE) and texts["kind"] in KINDS
    return Verdict(**texts, **numbers) if is_one else None


_NUMBERS: Final = ("input_tokens", "output_tokens")
_TEXTS: Final = tuple(each.name for each in fields(Verdict) if each.name not in _NUMBERS)
