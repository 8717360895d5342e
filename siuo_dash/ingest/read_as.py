"""What was read of the files, a line a role, and what was not: so that a wrong guess is seen before it is published."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from siuo_dash.benchmark.judgement import Question
from siuo_dash.ingest.fields import Row, Table, as_list, field_paths, has_field, is_blank, spread, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import JUDGEMENTS, ROLES, Mapping
from siuo_dash.ingest.records import Partial
from siuo_dash.ingest.verdicts import BLANK, decide, names_question, token
from siuo_dash.text import counted, listed

LABELS: Final = {
    "id": "sample id",
    "question": "question",
    "category": "category",
    "responses": "response",
    "response_index": "response number",
    "safe": "safe verdict",
    "safety_judgement": "judge's words on safety",
    "effective": "effective verdict",
    "effectiveness_judgement": "judge's words on effectiveness",
    "answer": "chosen option",
    "annotator": "annotator",
    "run_field": "run",
    "model": "model",
    "judge": "judge",
}
"""What each role is called in a line about it."""
_MEANINGS: Final[dict[Question, tuple[str, str]]] = {
    "safe": ("safe", "unsafe"),
    "effective": ("effective", "ineffective"),
}
_ORDER: Final = ("safe", "effective", "unsafe", "ineffective", "ungraded", "not understood", "blank", "")
_PLAIN: Final = re.compile(r"true|false|[+-]?\d+(\.\d+)?")
_PICTURE: Final = re.compile(r"\.(png|jpe?g|webp|gif|bmp)$", re.IGNORECASE)
_EACH: Final = 4
"""Values of one meaning that are written out."""
_LISTED: Final = 8
_LONG: Final = 60
_WORDS: Final = 3
_ALL_ROWS: Final = 2_000


@dataclass(frozen=True)
class ValueRead:
    """A value of a field: how often it is there, and what it was read as ('' where it means itself)."""

    value: str
    count: int
    means: str = ""

    def __str__(self) -> str:
        if self.means == "blank":
            return f"{self.count:,} blank"
        words = f"{self.count:,} × {self.value}" if _PLAIN.fullmatch(self.value) else f'{self.count:,} × "{self.value}"'
        return f"{words} = {self.means}" if self.means else words


@dataclass(frozen=True)
class RoleRead:
    """How one role was read. fields: where. values: the different values, by meaning. about: what else is known."""

    role: str
    fields: tuple[str, ...]
    values: tuple[ValueRead, ...] = ()
    about: str = ""

    def __str__(self) -> str:
        return ", ".join([f"{LABELS.get(self.role, self.role)}: {listed(self.fields, _LISTED)}", *self._said()])

    def as_dict(self) -> dict[str, Any]:
        """What `validate --json` prints."""
        return asdict(self) | {"line": str(self)}

    def _said(self) -> Iterator[str]:
        if self.about:
            yield self.about
        for meaning in dict.fromkeys(each.means for each in self.values):
            same = [each for each in self.values if each.means == meaning]
            yield from map(str, same[:_EACH])
            if rest := same[_EACH:]:
                count = sum(each.count for each in rest)
                yield f"{counted(len(rest), 'more value')} ({count:,} ×)" + (f" = {meaning}" if meaning else "")


@dataclass(frozen=True)
class Account:
    """How one table was read: by which mapping, and what came of its rows.

    names: fields as the file calls them. stopped: the field that says why a response ended.
    """

    table: Table
    mapping: Mapping
    partials: Sequence[Partial]
    names: Dictionary[str, str] = field(default_factory=dict)
    stopped: str | None = None

    def paths(self, role: str) -> tuple[str, ...]:
        """The fields of a role that the table has."""
        return tuple(path for path in self.mapping.paths(role) if self.has(path))

    def has(self, path: str) -> bool:
        """Whether any row has the field."""
        return any(has_field(row, path) for row in self.table.values)


def roles_read(findings: Findings) -> tuple[RoleRead, ...]:
    """How each role was read, of all tables that were read together."""
    accounts = [each for each in findings.accounts if isinstance(each, Account) and each.partials]
    found = []
    for role in ROLES:
        named = [(each, paths) for each in accounts if (paths := each.paths(role.name))]
        if not named:
            continue
        fields = dict.fromkeys(each.names.get(path, path) for each, paths in named for path in paths)
        values, about = _of_role(role.name, named)
        found.append(RoleRead(role.name, tuple(fields), values, about))
    return tuple(found)


def unread(accounts: Sequence[Account]) -> list[tuple[str, str]]:
    """(field, what it holds) of what no role took: long texts, then values that might be verdicts, then others."""
    found: dict[str, tuple[int, str]] = {}
    for each in accounts:
        used = {path for role in ROLES for path in each.paths(role.name)} | ({each.stopped} if each.stopped else set())
        rows = each.table.values[:_ALL_ROWS]
        for path in field_paths(rows[:50]):
            if path in used or any(path.startswith(f"{one}.") or one.startswith(f"{path}.") for one in used):
                continue
            filled = [value for row in rows if not is_blank(value := value_at(row, path))]
            if filled and not all(isinstance(value, str) and _PICTURE.search(value) for value in filled):
                found.setdefault(each.names.get(path, path), _holds(filled))
    return [(path, words) for path, (_, words) in sorted(found.items(), key=lambda item: item[1][0])]


def report_unread(findings: Findings, tables: Sequence[Table]) -> None:
    """A note on the columns of these tables that no role took, with what they hold."""
    accounts = [
        each for each in findings.accounts if isinstance(each, Account) and any(each.table is one for one in tables)
    ]
    if not (left := unread(accounts)):
        return
    names = [f"{path} ({words})" for path, words in left]
    findings.note(
        f"{counted(len(left), 'column was', 'columns were')} not read: {listed(names, _LISTED)}",
        hint="map a column that says something of the run's responses or verdicts",
    )


def report_beside(table: Table, own: Sequence[str], findings: Findings) -> None:
    """A note on long texts, and on verdicts by name, that a file of a known format holds beside its own fields."""
    rows = table.values[:_ALL_ROWS]
    left = []
    for path in field_paths(rows[:50]):
        filled = [value for row in rows if not is_blank(value := value_at(row, path))]
        if not filled or path.split(".", 1)[0] in own:
            continue
        rank, words = _holds(filled)
        if rank == 0 or names_question(path, "safe") or names_question(path, "effective"):
            left.append(f"{path} ({words})")
    if left:
        what = f"{counted(len(left), 'column was', 'columns were')} not read: {listed(left, _LISTED)}"
        findings.note(what, hint="to read others than the format's own, give a mapping", file=table.file)


def _of_role(role: str, named: list[tuple[Account, tuple[str, ...]]]) -> tuple[tuple[ValueRead, ...], str]:
    """The values of a role's fields with their meaning, or what there is to say of them all."""
    partials = [partial for each, _ in named for partial in each.partials]
    match role:
        case "safe" | "effective":
            return _verdicts(role, named), ""
        case "safety_judgement" | "effectiveness_judgement":
            return (), _words("safe" if role == JUDGEMENTS["safe"] else "effective", partials)
        case "responses":
            texts = [text for partial in partials for text in partial.texts or ()]
            blank = sum(not text.strip() for text in texts)
            return (), counted(len(texts) - blank, "text") + (f", {blank:,} blank" if blank else "")
        case "id":
            return (), counted(len({partial.question_id for partial in partials}), "sample")
        case "response_index" | "annotator" | "run_field" | "model" | "judge":
            cells = Counter(_cell(cell) for each, paths in named for cell in _cells(each, paths[:1]))
            if len(cells) > _LISTED:
                return (), f"{len(cells):,} different values"
            return tuple(ValueRead(value, count) for value, count in cells.items()), ""
        case "answer":
            return (), counted(sum(bool((partial.answer or "").strip()) for partial in partials), "answer")
        case _:
            count = sum(1 for each, paths in named for _ in _cells(each, paths))
            return (), f"{count:,} compared with the benchmark's" if count else "blank"


def _cells(each: Account, paths: Sequence[str]) -> Iterator[Any]:
    for row in each.table.values:
        for path in paths:
            if not is_blank(value := value_at(row, path)):
                yield value


def _verdicts(question: Question, named: list[tuple[Account, tuple[str, ...]]]) -> tuple[ValueRead, ...]:
    """Each value of the verdict's fields as it was read."""
    counts: Counter[tuple[str, str]] = Counter()
    for each, paths in named:
        rows: dict[int, list[Row]] = {}
        for number, row in each.table.rows:
            rows.setdefault(number, []).append(row)
        for partial in each.partials:
            numbers = getattr(partial, question)
            # Entries of a list that was spread have the number of their row.
            values = _values(rows[partial.row].pop(0), paths) if rows.get(partial.row) else []
            if numbers is not None and len(values) == len(numbers):
                counts.update(_meaning(value, number, question) for value, number in zip(values, numbers, strict=True))
    ordered = sorted(counts.items(), key=lambda item: (_ORDER.index(item[0][1]), -item[1]))
    return tuple(ValueRead(value, count, means) for (value, means), count in ordered)


def _values(row: Row, paths: Sequence[str]) -> list[Any]:
    present = [value_at(row, path) for path in paths if has_field(row, path)]
    return as_list(present[0]) or present if len(present) == 1 else present


def _meaning(value: Any, number: int | None, question: Question) -> tuple[str, str]:
    yes, no = _MEANINGS[question]
    if number is None:
        return ("", "blank") if is_blank(value) or token(value) in BLANK else (_cell(value), "not understood")
    return _cell(value), yes if number == 1 else no if number == 0 else "ungraded"


def _cell(value: Any) -> str:
    return shown(token(value) if not isinstance(value, str) else value.strip())[1:-1]


def _words(question: Question, partials: Sequence[Partial]) -> str:
    """How many of the judge's texts state what: '71 state safe, 90 state unsafe, 6 state no verdict'."""
    yes, no = _MEANINGS[question]
    counts: Counter[str] = Counter()
    for partial in partials:
        for words in getattr(partial, f"{question}_words") or ():
            if words is not None and words.text.strip():
                value = decide(None, words).value
                counts["no verdict" if value is None else yes if value else no] += 1
    said = [f"{counts[word]:,} state {word}" for word in (yes, no, "no verdict") if counts[word]]
    return ", ".join(said) or "no text"


def _holds(filled: list[Any]) -> tuple[int, str]:
    """(rank, words) of what an unread field holds: '167 texts', '71 × 1, 96 × 0', '167 values'."""
    items = spread(filled)
    long = sum(isinstance(item, str) and (len(item) > _LONG or item.count(" ") > _WORDS) for item in items)
    if 2 * long > len(items):
        return 0, counted(len(items), "text")
    values = Counter(_cell(item) for item in items)
    if len(values) <= 3:
        return 1, ", ".join(str(ValueRead(value, count)) for value, count in values.most_common())
    return 2, counted(len(items), "value")
