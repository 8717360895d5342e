"""Other labels of the samples, from a table with the catalogue's columns; checked like any upload."""

from __future__ import annotations

from typing import Any, Final

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import LABEL_COLUMNS, Label, Labels
from siuo_dash.benchmark.schema import DIMENSIONS
from siuo_dash.errors import Finding
from siuo_dash.ingest.fields import Table, is_blank, parse_id
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.read import has_rows, read_tables
from siuo_dash.text import counted

_OPTIONAL: Final = ("domain",)
REQUIRED: Final = tuple(column for column in LABEL_COLUMNS if column not in _OPTIONAL)
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_NEEDS: Final = {"knowledge": "needs_knowledge", "reasoning": "needs_reasoning"}
MAX_SUBCATEGORY: Final = 80


def read_labels(file: UploadedFile, catalogue: Catalogue) -> tuple[Labels | None, list[Finding]]:
    """The labels in a file, and what was found; None where a finding is an error. Never raises for bad input.

    Columns: LABEL_COLUMNS (the domain may be missing; where it stands it must be the sample's); others are ignored.
    """
    findings = Findings()
    tables = [table for table in read_tables([file], findings) if has_rows(table, findings, "one row a sample")]
    if len(tables) > 1:
        findings.error(f"{counted(len(tables), 'file')} in one", hint="one table of labels at a time")
    if findings.has_errors or not tables:
        return None, findings.listed()
    read = _Reading(tables[0], catalogue, findings)
    labels = read.labels()
    return (None if findings.has_errors else Labels(labels, origin=tables[0].file)), findings.listed()


class _Reading:
    """One file's rows on their way to labels."""

    def __init__(self, table: Table, catalogue: Catalogue, findings: Findings) -> None:
        self.table = table
        self.catalogue = catalogue
        self.findings = findings.at(file=table.file)
        self.named: set[int] = set()

    def labels(self) -> dict[int, Label]:
        """{question_id: label} of the rows that hold; the rest is a finding each."""
        if not self._has_columns():
            return {}
        found: dict[int, Label] = {}
        for number, row in self.table.rows:
            question_id = self._question_id(number, row)
            label = self._label(number, row, question_id)
            if question_id is None or label is None:
                continue
            if found.setdefault(question_id, label) != label:
                self._error(
                    "the sample stands twice with different labels",
                    number,
                    "question_id",
                    question_id,
                    kind="a sample twice",
                    hint="keep one of the rows",
                )
        self._missing()
        self._contradictions(found)
        return found

    def _has_columns(self) -> bool:
        header = set(self.table.first)
        for column in REQUIRED:
            if column not in header:
                self.findings.error(
                    f"column {column} is missing",
                    hint="the columns are those of the template: " + ", ".join(LABEL_COLUMNS),
                )
        return header >= set(REQUIRED)

    def _question_id(self, number: int, row: Any) -> int | None:
        question_id = parse_id(row.get("question_id"))
        if question_id is None:
            self._error(f"no sample number in {shown(row.get('question_id'))}", number, "question_id", kind="no number")
        elif question_id not in self.catalogue.by_id:
            why = self.catalogue.why_unknown(question_id)
            self._error(why, number, "question_id", question_id, kind="not a SIUO sample")
            return None
        else:
            self.named.add(question_id)
        return question_id

    def _label(self, number: int, row: Any, question_id: int | None) -> Label | None:
        """The row's label; every value that is not understood is a finding of its own."""
        subcategory = self._subcategory(number, row, question_id)
        dimension = _word(row.get("primary_dimension"))
        if dimension not in DIMENSIONS:
            self._error(
                f"{shown(row.get('primary_dimension'))} is no dimension",
                number,
                "primary_dimension",
                question_id,
                kind="no dimension",
                hint=f"one of {', '.join(DIMENSIONS)}",
            )
        needs = [self._flag(number, row, column, question_id) for column in _NEEDS.values()]
        domain_holds = self._domain(number, row, question_id)
        if subcategory is None or dimension not in DIMENSIONS or None in needs or not domain_holds:
            return None
        return Label(subcategory, dimension, bool(needs[0]), bool(needs[1]))

    def _subcategory(self, number: int, row: Any, question_id: int | None) -> str | None:
        value = row.get("subcategory")
        if is_blank(value):
            self._error("no subcategory", number, "subcategory", question_id, hint="name one for each sample")
            return None
        text = " ".join(str(value).split())
        if len(text) > MAX_SUBCATEGORY or not text.isprintable():
            self._error(
                f"{shown(text)} is no name",
                number,
                "subcategory",
                question_id,
                kind="no name",
                hint=f"at most {MAX_SUBCATEGORY} visible characters",
            )
            return None
        return text

    def _flag(self, number: int, row: Any, column: str, question_id: int | None) -> bool | None:
        value = row.get(column)
        known = value if isinstance(value, bool) else _FLAGS.get(_word(value).removesuffix(".0"))
        if known is None:
            self._error(
                f"{shown(value)} is neither 1 nor 0", number, column, question_id, kind=f"{column} is neither 1 nor 0"
            )
        return known

    def _domain(self, number: int, row: Any, question_id: int | None) -> bool:
        value = row.get("domain")
        if is_blank(value) or question_id is None:
            return True
        own = self.catalogue.by_id[question_id].domain
        if _word(value) == own:
            return True
        self._error(
            f"{shown(value)} is not the sample's domain",
            number,
            "domain",
            question_id,
            kind="another domain",
            hint=f"it is {shown(own)}: the domain belongs to the benchmark and cannot be relabelled",
        )
        return False

    def _missing(self) -> None:
        missing = [question_id for question_id in self.catalogue.by_id if question_id not in self.named]
        if missing:
            examples = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
            self.findings.warning(
                f"{counted(len(missing), 'sample')} without a label: {examples}",
                hint="they are left out wherever these labels are used",
            )

    def _contradictions(self, found: dict[int, Label]) -> None:
        for dimension, column in _NEEDS.items():
            strange = [
                question_id
                for question_id, label in found.items()
                if label.primary_dimension == dimension and not getattr(label, column)
            ]
            if strange:
                self.findings.warning(
                    f"{counted(len(strange), 'sample')} with the primary dimension {dimension} and {column} = 0",
                    hint=f"a sample that is above all about {dimension} needs it; is the column right?",
                    question_id=strange[0],
                )

    def _error(
        self, message: str, row: int, field: str, question_id: int | None = None, *, kind: str = "", hint: str = ""
    ) -> None:
        self.findings.error(message, kind=kind, hint=hint, row=row, question_id=question_id, field=field)


def _word(value: object) -> str:
    return str(value).strip().lower()
