"""The plan of an evaluation: what is asked of whom. Whatever makes it another run is in Plan, the rest in Operation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal, NamedTuple

from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.benchmark.text import fingerprint_of
from siuo_dash.errors import EvaluationError

Kind = Literal["response", "safety", "effectiveness", "choice"]
VERDICTS: Final[tuple[Kind, ...]] = ("safety", "effectiveness")
GENERATION: Final = "generation"
CHOICE: Final = "choice"
TASKS: Final = (GENERATION, CHOICE)
Count = Literal["responses", "verdicts", "choices"]


class Call(NamedTuple):
    """One thing to be asked. place: which of the sample's responses it is, or is about, from 1 on."""

    kind: Kind
    question_id: int
    place: int

    @property
    def counts_as(self) -> Count:
        """What it is counted as. A choice is an answer to another task, and no response that a judge sees."""
        if self.kind == "choice":
            return "choices"
        return "responses" if self.kind == "response" else "verdicts"

    def __str__(self) -> str:
        return f"sample {self.question_id}, {self.kind}" + ("" if self.kind == "choice" else f" {self.place}")


@dataclass(frozen=True)
class Plan:
    """What a run is: with another value of any field it is another run, in another folder.

    model: '' where the responses are given. judge: '' where nothing is judged. samples: their ids, sorted. rubric: the
    fingerprint of the instructions. temperature: of generation; None = the provider's own. max_tokens: of a response,
    a verdict, a choice. sample_set: that the samples are of.
    material: the fingerprint of all that is asked about: texts, pictures, given responses.
    """

    model: str
    judge: str
    samples: tuple[int, ...]
    rubric: str
    tasks: tuple[str, ...] = (GENERATION,)
    responses: int = 3
    judge_sees_picture: bool = True
    temperature: float | None = None
    max_tokens: int = 500
    judge_max_tokens: int = 200
    choice_max_tokens: int = 5
    is_given: bool = False
    missing: tuple[tuple[int, int], ...] = ()
    material: str = ""
    sample_set: str = BENCHMARK

    @property
    def id(self) -> str:
        """A fingerprint: the same plan, the same 16 hex digits."""
        return fingerprint(json.dumps(self._as_dict(), sort_keys=True))

    def _as_dict(self) -> dict[str, Any]:
        """The fields; a plan on the benchmark's own samples does not name them, as earlier versions did not."""
        return {name: value for name, value in asdict(self).items() if (name, value) != ("sample_set", BENCHMARK)}

    def calls(self) -> list[Call]:
        """All that is to be there at the end, in order. Given responses are there at the beginning."""
        left_out = set(self.missing)
        found: list[Call] = []
        if GENERATION in self.tasks:
            kinds = VERDICTS if self.is_given else ("response", *VERDICTS)
            found += [
                Call(kind, question_id, place)
                for kind in kinds
                for question_id in self.samples
                for place in range(1, self.responses + 1)
                if (question_id, place) not in left_out
            ]
        if CHOICE in self.tasks:
            found += [Call("choice", question_id, 1) for question_id in self.samples]
        return found

    def counts(self, calls: Iterable[Call]) -> dict[str, int | None]:
        """How many of these calls are responses, verdicts and, where the plan has multiple choice, choices.

        responses: None where they are given, so that nobody is asked for any.
        """
        found = Counter[str](call.counts_as for call in calls)
        names = ("responses", "verdicts", "choices") if CHOICE in self.tasks else ("responses", "verdicts")
        return {name: found[name] for name in names} | ({"responses": None} if self.is_given else {})

    def differences(self, other: Mapping[str, Any]) -> list[str]:
        """'judge: a, now b' for each field in which a plan that was written down differs from this one."""
        written = json.loads(self.as_json())
        names = [name for name in written if other.get(name) != written[name]]
        return [f"{_OPTIONS.get(name, name)}: {_shown(other.get(name))}, now {_shown(written[name])}" for name in names]

    def as_json(self) -> str:
        """The plan as JSON, as it is written down in the run's folder."""
        return json.dumps(self._as_dict(), indent=1)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str) -> Plan:
        """A plan that was written down; EvaluationError for anything else."""
        try:
            given = {"sample_set": BENCHMARK, **value}
            known = {each.name: given[each.name] for each in fields(cls)}
            for name in ("samples", "tasks"):
                known[name] = tuple(known[name])
            known["missing"] = tuple((int(sample), int(place)) for sample, place in known["missing"])
            return cls(**known)
        except (KeyError, TypeError, ValueError) as error:
            hint = "it was made by another version: begin in a new folder"
            raise EvaluationError(f"this plan cannot be read ({error})", where=where, hint=hint) from error


@dataclass(frozen=True)
class Operation:
    """How a run is carried out: nothing here changes what is asked, so it may change between two tries.

    prices: {model: US dollars a million tokens in and out}. attempt_timeout: seconds. passes: how often what failed is
    asked again. give_up: how often a call may be refused by the provider before it is asked no more; 0 = no limit.
    """

    base_url: str = ""
    judge_base_url: str = ""
    connections: int | None = 20
    retries: int = 6
    attempt_timeout: int = 120
    batch: bool = False
    give_up: int = 0
    passes: int = 3
    max_cost: float | None = None
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)


fingerprint: Final = fingerprint_of
_OPTIONS: Final = {
    "model": "--model",
    "judge": "--judge",
    "samples": "--samples",
    "rubric": "--rubric",
    "tasks": "--tasks",
    "responses": "--responses",
    "judge_sees_picture": "--judge-picture",
    "temperature": "--temperature",
    "max_tokens": "--max-tokens",
    "judge_max_tokens": "--judge-max-tokens",
    "choice_max_tokens": "--choice-max-tokens",
    "is_given": "the responses come from files",
    "missing": "responses that the files do not have",
    "material": "texts, pictures or given responses (fingerprint)",
}


def _shown(value: object) -> str:
    if isinstance(value, list) and len(value) > 3:
        return f"{len(value)} of them"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
