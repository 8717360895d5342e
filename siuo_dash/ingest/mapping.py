"""A mapping: which field of a file holds what, and which values mean safe."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from siuo_dash.benchmark.judgement import Question
from siuo_dash.errors import SubmissionError
from siuo_dash.ingest.series import expanded
from siuo_dash.ingest.verdicts import Meaning

VERSION: Final = 1
MEANINGS: Final[dict[str, dict[str, bool | None]]] = {
    "safe_values": {"safe": True, "unsafe": False, "ungraded": None},
    "effective_values": {"effective": True, "ineffective": False, "ungraded": None},
}
YES_MEANS: Final[dict[str, tuple[str, ...]]] = {
    "safe_yes_means": ("safe", "unsafe"),
    "effective_yes_means": ("effective", "ineffective"),
}
CHOICES: Final[dict[str, tuple[str, ...]]] = YES_MEANS | {
    "safe_decided_by": ("text", "number"),
    "effective_decided_by": ("text", "number"),
    "task": ("generation", "mcqa"),
    "correct_by": ("file", "benchmark"),
    "several_verdicts": ("responses", "annotators"),
}
"""Entries that are one of a few words."""
NUMBERS: Final = ("safe_at_least", "safe_at_most", "effective_at_least", "effective_at_most")
"""Entries that are a number: from which, or up to which, a response is safe (or effective)."""

_STRUCTURE: Final = ("run", "several_verdicts", "annotator", "sample_set")
NONE: Final = "none of these"
"""The answer that no field holds the verdict that is asked for, or that what looks like several runs is one."""
CAN_BE_NONE: Final = ("safe", "effective", "run")
"""What that may be answered to."""

RUN: Final = "{run}"
"""Stands for the run's name in a field's path, where each run has fields of its own."""

JUDGEMENTS: Final[dict[Question, str]] = {"safe": "safety_judgement", "effective": "effectiveness_judgement"}
"""{verdict: the judge's words on it}, as roles of a mapping and as columns of the results."""


@dataclass(frozen=True)
class Role:
    """A part that a field can play: what people see, and what it means."""

    name: str
    label: str
    help: str
    many: bool


ROLES: Final = (
    Role(
        "id", "Sample id", "The question_id, also inside a string: siuo_1001. One name a file where they differ", True
    ),
    Role(
        "question",
        "Question",
        "The question's text: finds the sample where there is no id, and is checked where there is",
        False,
    ),
    Role("category", "Category", "The sample's safety domain, to be checked", False),
    Role("responses", "Response", "The model's words; one field a response, or one field with a list", True),
    Role("response_index", "Response number", "Numbers a sample's responses where each has a row of its own", False),
    Role("safe", "Safety verdict", "One field a response, or one field with a list", True),
    Role("safety_judgement", "Safety judgement", "The judge's words on safety; a text that can be read decides", True),
    Role("effective", "Effectiveness verdict", "One field a response, or one field with a list", True),
    Role("effectiveness_judgement", "Effectiveness judgement", "The judge's words on effectiveness", True),
    Role("answer", "Chosen option", "Multiple choice: the model's words, or the letter", False),
    Role(
        "annotator",
        "Annotator",
        "Who judged, where several people judged the same response in rows of their own",
        False,
    ),
    Role("run_field", "Run", "Tells several runs in one file apart: a model, a judge, a variant", True),
    Role("key", "Key", "Multiple choice: the correct option as the file has it, to be compared", False),
    Role("model", "Model", "The evaluated model's name, the same in each row", False),
    Role("judge", "Judge", "The judge's name, the same in each row", False),
)


@dataclass(frozen=True)
class Mapping:
    """Fields by role (dotted paths), and what verdict values mean. Immutable: change it with dataclasses.replace.

    safe_yes_means: what 1, true and yes mean in the safety verdict: 'safe', 'unsafe', or None = not known.
    run: which of several runs is read: a value of run_field, what stands for {run} in the fields' names, or a file; or
    'rounds' (all are responses of one run) or 'annotators' (all are verdicts on the same responses).
    several_verdicts: whether several verdicts in a row are on as many 'responses', or 'annotators' of one.
    safe_values: other values by their lower-case text: {'ok': 'safe', 'bad': 'unsafe', '*': 'ungraded'}; '*' is any
    other. safe_at_least, safe_at_most: from, or up to, which number a response is safe. safe_decided_by: 'text' or
    'number', where a judge's text and the value beside it disagree. task: 'generation' or 'mcqa', where a file could
    be either. correct_by: whose key counts, the 'file' or the 'benchmark', where the file's options are in another
    order. sample_set: the id of the set that the samples are of.
    none: 'safe' or 'effective' where no field holds that verdict, 'run' where the file holds one run.
    """

    id: tuple[str, ...] = ()
    question: str | None = None
    category: str | None = None
    responses: tuple[str, ...] = ()
    response_index: str | None = None
    safe: tuple[str, ...] = ()
    safety_judgement: tuple[str, ...] = ()
    effective: tuple[str, ...] = ()
    effectiveness_judgement: tuple[str, ...] = ()
    answer: str | None = None
    annotator: str | None = None
    run_field: tuple[str, ...] = ()
    run: str | None = None
    several_verdicts: str | None = None
    key: str | None = None
    model: str | None = None
    judge: str | None = None
    safe_yes_means: str | None = None
    effective_yes_means: str | None = None
    safe_values: Dictionary[str, str] = field(default_factory=dict)
    effective_values: Dictionary[str, str] = field(default_factory=dict)
    safe_at_least: float | None = None
    safe_at_most: float | None = None
    effective_at_least: float | None = None
    effective_at_most: float | None = None
    safe_decided_by: str | None = None
    effective_decided_by: str | None = None
    task: str | None = None
    correct_by: str | None = None
    none: tuple[str, ...] = ()
    sample_set: str | None = None

    def answered(self, role: str, option: str) -> Mapping:
        """This mapping with one question answered (see `Need`).

        A number may be preceded by the entry that it is of, where that is the other side: 'safe_at_most 0.5'.
        SubmissionError for what is no number where one is asked for.
        """
        role, _, value = role.partition(".")
        if option == NONE:
            declined = role.split("_")[0]
            of_runs = {path for path in self.templates if declined == "run"}
            cleared = {each.name: () if each.many else None for each in ROLES if of_runs & set(self.paths(each.name))}
            cleared |= {"run_field": (), "run": None} if declined == "run" else {declined: ()}
            return self.having(none=(*self.none, declined), **cleared)
        if value:
            return self.having(**{role: {**getattr(self, role), value: option}})
        if role in NUMBERS:
            side, _, number = option.rpartition(" ")
            return self.having(**{side if side in NUMBERS else role: _number(role, number, "the answer")})
        many = next((known.many for known in ROLES if known.name == role), False)
        given = expanded(option) if many else option
        is_index = role in ("safe", "effective") and self.response_index in given  # a verdict numbers no response
        return self.having(**{"response_index": None if is_index else self.response_index, role: given})

    def settles(self, role: str) -> bool:
        """Whether this mapping answers a question (see `Need`)."""
        return role in self.none or getattr(self, role) not in (None, (), {})

    def having(self, **changes: Any) -> Mapping:
        """This mapping with other values for some roles."""
        return replace(self, **changes)

    def for_run(self, run: str) -> Mapping:
        """This mapping with the run's name in its fields' names."""
        named = {role: tuple(path.replace(RUN, run) for path in self.paths(role.name)) for role in ROLES}
        return self.having(
            **{role.name: paths if role.many else "".join(paths) or None for role, paths in named.items()}
        )

    def for_runs(self, runs: Iterable[str]) -> Mapping:
        """This mapping with the fields of all these runs."""
        each = [self.for_run(run) for run in runs]
        many = [role.name for role in ROLES if role.many]
        return self.having(
            **{name: tuple(dict.fromkeys(p for one in each for p in getattr(one, name))) for name in many}
        )

    def paths(self, role: str) -> tuple[str, ...]:
        """The fields of a role, also where it has one."""
        given = getattr(self, role)
        return (given,) if isinstance(given, str) else given or ()

    @property
    def templates(self) -> list[str]:
        """The fields that hold the place of a run's name."""
        return [path for role in ROLES for path in self.paths(role.name) if RUN in path]

    @property
    def is_structure_only(self) -> bool:
        """Whether it says which run is read and no more, so that fields and formats are recognised as without it."""
        return self.having(**dict.fromkeys(_STRUCTURE), run_field=(), none=()) == Mapping()

    def meanings(self, question: str) -> dict[str, bool | None]:
        """What the explained values of 'safe' or 'effective' mean; None = ungraded."""
        coded = MEANINGS[f"{question}_values"]
        values: Dictionary[str, str] = getattr(self, f"{question}_values")
        return {value.strip().lower(): coded[meaning] for value, meaning in values.items()}

    def yes_means(self, question: str) -> bool | None:
        """Whether 1, true and yes mean safe (or effective); None = not known."""
        said: str | None = getattr(self, f"{question}_yes_means")
        return None if said is None else said == question

    def meaning(self, question: Question, direction: bool | None = None, codes: Iterable[str] = ()) -> Meaning:
        """What the values of a verdict mean. direction: what its field's name says, where the mapping does not.

        codes: values to be explained, though they are ungraded elsewhere.
        """
        said = self.yes_means(question)
        return Meaning(
            question,
            yes_means=direction if said is None else said,
            values=self.meanings(question),
            at_least=getattr(self, f"{question}_at_least"),
            at_most=getattr(self, f"{question}_at_most"),
            by_number=getattr(self, f"{question}_decided_by") == "number",
            codes=frozenset(codes),
        )

    @property
    def has_verdict(self) -> bool:
        """Whether a field with a verdict, a judge's words or a chosen option is mapped."""
        return bool(self.answer or any(getattr(self, name) for name in (*JUDGEMENTS, *JUDGEMENTS.values())))

    def over(self, guess: Mapping) -> Mapping:
        """This mapping, with what it leaves out taken from a guess."""
        given = {each.name: value for each in fields(self) if (value := getattr(self, each.name)) not in (None, (), {})}
        return replace(guess, **given)

    def as_json(self) -> str:
        """The mapping as JSON, without what is not set."""
        set_values = {each.name: getattr(self, each.name) for each in fields(self)}
        kept = {name: value for name, value in set_values.items() if value not in (None, (), {})}
        return json.dumps({"version": VERSION, **kept}, indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def from_json(text: str | bytes, *, where: str = "mapping") -> Mapping:
        """A saved mapping; SubmissionError names the entry that is wrong."""
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            hint = "save it again from the upload page"
            raise SubmissionError(f"the mapping is not JSON: {error}", where=where, hint=hint) from error
        if not isinstance(read, dict):
            raise SubmissionError("the mapping is not a JSON object", where=where, hint="see docs/mapping.md")
        if read.pop("version", VERSION) != VERSION:
            hint = f"this program reads version {VERSION}"
            raise SubmissionError("the mapping is of another version", where=where, hint=hint)
        return Mapping(**{name: _checked(name, value, where) for name, value in read.items()})


def _checked(name: str, value: Any, where: str) -> Any:
    place = f"{where}, {name}"
    if name in MEANINGS:
        if isinstance(value, dict) and all(isinstance(said, str) and said in MEANINGS[name] for said in value.values()):
            return dict(value)
        hint = f"a meaning is one of {', '.join(MEANINGS[name])}"
        raise SubmissionError("must give a meaning for each value", where=place, hint=hint)
    if name == "none":
        if isinstance(value, list) and all(each in CAN_BE_NONE for each in value):
            return tuple(value)
        raise SubmissionError("must be a list", where=place, hint=f"of {', '.join(CAN_BE_NONE)}")
    if name in ("run", "sample_set"):
        if value is None or (isinstance(value, str) and 0 < len(value) <= 300):
            return value
        raise SubmissionError(f"must be the name of a {name[-3:]}", where=place, hint="see docs/mapping.md")
    if name in CHOICES:
        if value in (*CHOICES[name], None):
            return value
        raise SubmissionError(f"unknown meaning {value!r:.40}", where=place, hint=f"one of {', '.join(CHOICES[name])}")
    if name in NUMBERS:
        return None if value is None else _number(name, value, place)
    role = next((role for role in ROLES if role.name == name), None)
    if role is None:
        hint = f"one of {', '.join(each.name for each in ROLES)}"
        raise SubmissionError(f"unknown role {name!r:.40}", where=where, hint=hint)
    if isinstance(value, str) and value:
        return expanded(value) if role.many else value
    if role.many and isinstance(value, list) and all(isinstance(entry, str) and entry for entry in value):
        return tuple(path for entry in value for path in expanded(entry))
    if value is None:
        return () if role.many else None
    raise SubmissionError("must be a field's name" + (" or a list of them" if role.many else ""), where=place)


def _number(name: str, value: Any, where: str) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SubmissionError(f"{value!r:.40} is no number", where=where, hint=f"{name} is a number, such as 0.5 or 4")
    return number
