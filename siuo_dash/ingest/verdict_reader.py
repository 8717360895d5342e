"""One question's verdicts in one table: what its values mean, and those that were not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from siuo_dash.benchmark.judgement import Question, heads_alone
from siuo_dash.ingest.fields import Row, Table, as_list, has_field, is_blank, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import JUDGEMENTS, Mapping
from siuo_dash.ingest.records import clean
from siuo_dash.ingest.text_rows import MAX_CELL
from siuo_dash.ingest.verdicts import (
    DirectionUnknown,
    NotUnderstood,
    Words,
    direction_of,
    is_scale,
    number_in,
    read_number,
    read_words,
    token,
)
from siuo_dash.text import counted

LABEL: Final[dict[Question, str]] = {"safe": "safe or unsafe", "effective": "effective or ineffective"}
MAX_RESPONSES: Final = 100
"""Responses of one sample."""
FEW: Final = 0.02
"""Share of a run's verdicts that may be lost; what is more must be explained."""
_ASKED: Final = 8
"""Values that are not understood, up to which a person is asked for each."""
A_PATTERN: Final = 3
"""Fewer than this is a slip, whatever its share of a small file."""


def values_in(row: Row, paths: Sequence[str]) -> list[Any] | None:
    """The values of a role's fields, a list spread out; None where the row has none of the fields."""
    present = [path for path in paths if has_field(row, path)]
    if not present:
        return None
    if len(present) == 1:
        value = value_at(row, present[0])
        listed = as_list(value)
        return [value] if listed is None else listed
    return [value_at(row, path) for path in present]


def is_many(count: int, whole: int) -> bool:
    """Whether so many of a run's verdicts are more than slips: over 2%, and at least three."""
    return count >= A_PATTERN and count > FEW * whole


class VerdictReader:
    """Reads one question's numbers and judge's words in one table.

    On a longer scale, 1 and 0 are points that a person has to explain, not yes and no. -1 is ungraded in the
    benchmark's own files; elsewhere it is a code, and must be explained where it is frequent. together: the tables
    that hold parts of the run, where there are several.
    """

    def __init__(
        self,
        table: Table,
        mapping: Mapping,
        question: Question,
        *,
        benchmark_judge: bool = False,
        together: Sequence[Table] = (),
    ) -> None:
        self.question = question
        self.benchmark_judge = benchmark_judge
        self.paths: tuple[str, ...] = getattr(mapping, question)
        self.judgements: tuple[str, ...] = getattr(mapping, JUDGEMENTS[question])
        rows = [row for each in (together or [table]) for row in each.values]
        cells = [item for row in rows for item in values_in(row, self.paths) or []]
        self.is_scale = is_scale(cells)
        direction = direction_of(self.paths[0], question) if self.paths and not self.is_scale else None
        codes = () if benchmark_judge else codes_in(cells, mapping.meanings(question))
        self.meaning = mapping.meaning(question, direction, codes)
        words = [item for row in rows for item in values_in(row, self.judgements or self.paths) or []]
        if not benchmark_judge and heads_alone((item for item in words if isinstance(item, str)), question):
            self.meaning = replace(self.meaning, by_head=False)
        self.undirected = 0
        self.unread: dict[str, list[dict[str, int]]] = {}
        self.tokens: dict[str, str] = {}

    def numbers(self, row: Row, place: dict[str, int]) -> tuple[int | None, ...] | None:
        """1, 0, -1 or None a response; None where the row has no such field."""
        values = values_in(row, self.paths)
        return None if values is None else tuple(self._read(value, place) for value in values[: MAX_RESPONSES + 1])

    def words(self, row: Row) -> tuple[Words | None, ...] | None:
        """The judge's text a response, with what it states; None where the row has no such field."""
        values = values_in(row, self.judgements)
        return None if values is None else tuple(self._words(value) for value in values[: MAX_RESPONSES + 1])

    def report(self, findings: Findings) -> None:
        """A finding for each value that was not understood, the most frequent first."""
        label = LABEL[self.question]
        if self.undirected:
            what = f"{counted(self.undirected, 'verdict')} that say yes or no, 1 or 0, but not to what"
            hint = f"say what 1 means there, {label}: {self.question}_yes_means in the mapping"
            findings.error(what, hint=hint, field=self.paths[0])
        for value, places in sorted(self.unread.items(), key=lambda item: -len(item[1])):
            what = f"the value {value} is not understood as {label} ({counted(len(places), 'time')})"
            if len(self.unread) <= _ASKED:
                findings.values[f"{self.question}_values.{self.tokens[value]}"] = what
            findings.error(
                what,
                kind=f"values of {self.paths[0]} that are not understood",
                field=self.paths[0],
                hint=f"give its meaning: {self.question}_values in the mapping",
                **places[0],
            )

    def _read(self, value: Any, place: dict[str, int]) -> int | None:
        try:
            return read_number(value, self.meaning)
        except (DirectionUnknown, NotUnderstood) as error:
            if isinstance(error, DirectionUnknown) and not self.is_scale:
                self.undirected += 1
            else:
                self.unread.setdefault(shown(value), []).append(place)
                self.tokens[shown(value)] = token(value)
            return None

    def _words(self, value: Any) -> Words | None:
        if value is None:
            return None
        text = clean(as_text(value)[:MAX_CELL])
        if self.meaning.by_number:
            return Words(text)
        is_alone = not self.paths or self.paths == self.judgements
        return Words(text, read_words(text, self.meaning, benchmark_judge=self.benchmark_judge, is_alone=is_alone))


def codes_in(cells: Iterable[object], explained: Iterable[str] = ()) -> frozenset[str]:
    """The values of a verdict that may be codes: -1 beside other numbers, and a 0 beside it that is not rare.

    Beside many -1, a 0 may be the middle of three. A scale that goes below -1 is no code.
    """
    counts = Counter(token(cell) for cell in cells if not is_blank(cell))
    numbers = {word for word in counts if number_in(word) is not None}
    if not counts["-1"] or len(numbers) < 2 or any((number_in(word) or 0) < -1 for word in numbers):
        return frozenset()
    codes = {"-1", "0"} if is_many(counts["-1"], counts.total()) else {"-1"}
    return frozenset(codes & numbers) - set(explained)


def as_text(value: object) -> str:
    """A cell as text: a list of one text is that text, an object its text, content or response."""
    match value:
        case str():
            return value
        case None:
            return ""
        case list() if len(value) == 1 and isinstance(value[0], str):
            return value[0]
        case dict():
            inner = [value[key] for key in ("text", "content", "response") if isinstance(value.get(key), str)]
            return inner[0] if inner else shown(value)
        case list() | tuple():
            return shown(value)
        case float() if value != value:
            return ""
        case _:
            return token(value)
