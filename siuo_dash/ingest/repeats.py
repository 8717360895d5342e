"""Columns that distinguish a sample's rows: several runs, several annotators, or rounds under an unknown name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import FieldValues, Row, Table, field_paths, is_blank, parse_id, value_at
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.placing import question_of
from siuo_dash.ingest.verdicts import NO, UNGRADED, YES, token
from siuo_dash.text import counted, listed

MODELS: Final = "model model_name model_id evaluated_model model_path system".split()
JUDGES: Final = "judge judge_model judge_name judge_model_id judge_model_name grader evaluator scorer".split()
PEOPLE: Final = (
    "annotator annotator_id annotator_name rater rater_id reviewer coder labeller labeler annotated_by labelled_by "
    "assessor worker worker_id user_id expert"
).split()
_VERDICTS: Final = YES | NO | UNGRADED | {"safe", "unsafe", "effective", "ineffective"}
_MOST: Final = 30
_LONGEST: Final = 80


@dataclass(frozen=True)
class Apart:
    """A column that distinguishes the rows of a sample. kind: as `kind_of_field`."""

    path: str
    values: tuple[str, ...]
    kind: str


def apart(tables: Sequence[Table], places: Sequence[str], catalogue: Catalogue, indices: Sequence[str]) -> list[Apart]:
    """The columns that are needed to distinguish a sample's rows, beside those that number its responses.

    places: the fields that say which sample a row is about. indices: last names of fields that number responses. Each
    value of such a column has about the same samples as the others.
    """
    rows = _alike(tables)
    keys = [_key(row, places, catalogue) for row in rows]
    placed = [(key, row) for key, row in zip(keys, rows, strict=True) if key is not None]
    if not placed or max(Counter(key for key, _ in placed).values()) < 2:
        return []
    found: list[Apart] = []
    for path in field_paths(row for _, row in placed[:50]):
        each = FieldValues(path, tuple(value_at(row, path) for _, row in placed))
        kind = kind_of_field(path)
        if path in places or (not kind and each.last in indices and _numbers(each.values)):
            continue
        if values := _separating(each.values, [key for key, _ in placed]):
            found.append(Apart(path, values, kind))
    named = [each for each in found if each.kind]
    if named:
        first = {
            kind: next(each for each in named if each.kind == kind) for kind in dict.fromkeys(e.kind for e in named)
        }
        return list(first.values())
    # A column of an unknown name counts only where no column numbers the rows.
    numbered = any(
        len({(key, token(value_at(row, path))) for key, row in placed}) == len(placed)
        for path in field_paths(row for _, row in placed[:50])
        if FieldValues(path, ()).last in indices
    )
    return [] if numbered else found[:1]


def names_of(tables: Sequence[Table], paths: Sequence[str]) -> list[str]:
    """The runs that these columns distinguish, in the order in which they are found."""
    return list(dict.fromkeys(name for table in tables for row in table.values if (name := run_of(row, paths))))


def run_of(row: Row, paths: Sequence[str]) -> str | None:
    """The run that a row belongs to: 'llava', or 'llava / gpt-4o' by two columns; None where the row has none."""
    parts = [shown(str(value), _LONGEST)[1:-1] for path in paths if not is_blank(value := value_at(row, path))]
    return " / ".join(parts) or None


def rows_of_run(table: Table, paths: Sequence[str], run: str, findings: Findings) -> Table:
    """The table's rows of one run, with those that belong to no run; the others are counted in a note."""
    found = [run_of(row, paths) for row in table.values]
    others = Counter(name for name in found if name not in (run, None))
    if others:
        named = [f"{name} ({count})" for name, count in others.items()]
        rows = counted(sum(others.values()), "row")
        text = f"{rows} of {counted(len(others), 'other run')} not read: {listed(named, 5)}"
        findings.note(text, field=", ".join(paths))
    kept = tuple(row for row, name in zip(table.rows, found, strict=True) if name in (run, None))
    return replace(table, rows=kept)


def _alike(tables: Sequence[Table]) -> list[Row]:
    """The rows of the tables that have the same fields as most, so that responses and verdicts are not mixed."""
    shapes: dict[frozenset[str], list[Row]] = {}
    for table in tables:
        shapes.setdefault(frozenset(table.first), []).extend(table.values)
    return max(shapes.values(), key=len, default=[])


def _key(row: Row, places: Sequence[str], catalogue: Catalogue) -> Hashable:
    for path in places:
        value = value_at(row, path)
        if (number := parse_id(value, catalogue.by_id)) in catalogue.by_id:
            return number
        if sample := question_of(value, catalogue):
            return sample.question_id
    return None


def _separating(values: Sequence[Any], keys: Sequence[Hashable]) -> tuple[str, ...] | None:
    """The different values of a column, where each has about the same samples and they distinguish rows."""
    if any(isinstance(value, (list, dict)) or (isinstance(value, str) and len(value) > _LONGEST) for value in values):
        return None
    by_value: dict[str, Counter[Hashable]] = {}
    for value, key in zip(values, keys, strict=True):
        if not is_blank(value):
            by_value.setdefault(shown(str(value), _LONGEST)[1:-1], Counter())[key] += 1
    if not 2 <= len(by_value) <= _MOST or {token(name) for name in by_value} <= _VERDICTS:
        return None
    samples = [set(counts) for counts in by_value.values()]
    every = set.union(*samples)
    before, after = max(Counter(keys).values()), max(max(counts.values()) for counts in by_value.values())
    return tuple(by_value) if after < before and all(len(each) >= 0.8 * len(every) for each in samples) else None


def _numbers(values: Sequence[Any]) -> bool:
    """Whether these are numbers, or words with a number such as 'run 2'."""
    named = r"(?:round|run|epoch|seed|trial|attempt|rep|sample|iter|pass|r|k)?[\s_.#-]*\d+"
    return all(is_blank(value) or re.fullmatch(named, token(value), re.IGNORECASE) for value in values)


def kind_of_field(path: str) -> str:
    """'model', 'judge', 'people', or '' where a field's name says none of them."""
    last = FieldValues(path, ()).last
    return "model" if last in MODELS else "judge" if last in JUDGES else "people" if last in PEOPLE else ""


def mapped(mapping: Mapping, found: Sequence[Apart]) -> Mapping:
    """The mapping with the columns that distinguish its runs, or its annotators."""
    people = next((each.path for each in found if each.kind == "people"), None)
    runs = tuple(each.path for each in found if each.kind != "people")
    return mapping.having(annotator=people or mapping.annotator, run_field=runs or mapping.run_field)
