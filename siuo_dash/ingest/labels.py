"""Other labels of the samples, from a table with the catalogue's columns; checked like any upload."""

from __future__ import annotations

from typing import Final

from siuo_dash.benchmark.catalogue import Catalogue, Sample
from siuo_dash.benchmark.labels import LABEL_COLUMNS, Label, Labels
from siuo_dash.benchmark.schema import DIMENSIONS
from siuo_dash.errors import Finding
from siuo_dash.ingest.fields import Row, Table, is_blank, parse_id
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.tables import has_rows, read_tables
from siuo_dash.text import counted

_OPTIONAL: Final = ("domain",)
REQUIRED: Final = tuple(column for column in LABEL_COLUMNS if column not in _OPTIONAL)
_FLAGS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_NEEDS: Final = {"knowledge": "needs_knowledge", "reasoning": "needs_reasoning"}
MAX_SUBCATEGORY: Final = 80


def read_labels(file: UploadedFile, catalogue: Catalogue) -> tuple[Labels | None, list[Finding]]:
    """The labels in a file, and what was found; None where a finding is an error. Never raises for bad input.

    Columns: LABEL_COLUMNS (the domain may be missing; where it is given it must be the sample's); others are ignored.
    """
    findings = Findings()
    tables = [table for table in read_tables([file], findings) if has_rows(table, findings, "one row a sample")]
    if len(tables) > 1:
        findings.error(f"{counted(len(tables), 'file')} in one", hint="one table of labels at a time")
    if findings.has_errors or not tables:
        return None, findings.listed()
    (table,) = tables
    labels = _labels(table, catalogue, findings.at(file=table.file))
    return (None if findings.has_errors else Labels(labels, table.file, catalogue.sample_set)), findings.listed()


def _labels(table: Table, catalogue: Catalogue, findings: Findings) -> dict[int, Label]:
    """{question_id: label} of the rows that hold; whatever is wrong with the others is a finding each."""
    absent = [column for column in REQUIRED if column not in table.first]
    for column in absent:
        hint = "the columns are those of the template: " + ", ".join(LABEL_COLUMNS)
        findings.error(f"column {column} is missing", hint=hint)
    if absent:
        return {}
    named: set[int] = set()
    found: dict[int, Label] = {}
    for number, row in table.rows:
        at = findings.at(row=number)
        sample = _sample(row, catalogue, at)
        if sample is not None:
            named.add(sample.question_id)
            at = at.at(question_id=sample.question_id)
        label = _label(row, sample, at)
        if sample is not None and label is not None and found.setdefault(sample.question_id, label) != label:
            message = "the sample is there twice with different labels"
            at.error(message, kind="a sample twice", hint="keep one of the rows", field="question_id")
    missing = [question_id for question_id in catalogue.by_id if question_id not in named]
    if missing:
        examples = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        hint = "they are left out wherever these labels are used"
        findings.warning(f"{counted(len(missing), 'sample')} without a label: {examples}", hint=hint)
    for dimension, column in _NEEDS.items():
        strange = [
            i for i, label in found.items() if label.primary_dimension == dimension and not getattr(label, column)
        ]
        if strange:
            what = f"{counted(len(strange), 'sample')} with the primary dimension {dimension} and {column} = 0"
            hint = f"a sample that is above all about {dimension} needs it; is the column right?"
            findings.warning(what, hint=hint, question_id=strange[0])
    return found


def _sample(row: Row, catalogue: Catalogue, findings: Findings) -> Sample | None:
    value = row.get("question_id")
    question_id = parse_id(value)
    at = findings.at(field="question_id")
    if question_id is None:
        at.error(f"no sample number in {shown(value)}", kind="no number")
        return None
    if question_id not in catalogue.by_id:
        at.error(catalogue.why_unknown(question_id), kind="not a SIUO sample", question_id=question_id)
    return catalogue.by_id.get(question_id)


def _label(row: Row, sample: Sample | None, findings: Findings) -> Label | None:
    """The row's label; every value that is not understood is a finding of its own."""
    subcategory = _subcategory(row.get("subcategory"), findings.at(field="subcategory"))
    dimension = _word(row.get("primary_dimension"))
    if dimension not in DIMENSIONS:
        at = findings.at(field="primary_dimension")
        what = f"{shown(row.get('primary_dimension'))} is no dimension"
        at.error(what, kind="no dimension", hint=f"one of {', '.join(DIMENSIONS)}")
    knowledge, reasoning = (_flag(row.get(column), column, findings) for column in _NEEDS.values())
    domain = row.get("domain")
    domain_holds = is_blank(domain) or sample is None or _word(domain) == sample.domain
    if sample is not None and not domain_holds:
        hint = f"it is {shown(sample.domain)}: the domain belongs to the benchmark and cannot be relabelled"
        what = f"{shown(domain)} is not the sample's domain"
        findings.error(what, kind="another domain", hint=hint, field="domain")
    if subcategory is None or dimension not in DIMENSIONS or knowledge is None or reasoning is None or not domain_holds:
        return None
    return Label(subcategory, dimension, knowledge, reasoning)


def _subcategory(value: object, findings: Findings) -> str | None:
    if is_blank(value):
        findings.error("no subcategory", hint="name one for each sample")
        return None
    text = " ".join(str(value).split())
    if len(text) > MAX_SUBCATEGORY or not text.isprintable():
        hint = f"at most {MAX_SUBCATEGORY} visible characters"
        findings.error(f"{shown(text)} is no name", kind="no name", hint=hint)
        return None
    return text


def _flag(value: object, column: str, findings: Findings) -> bool | None:
    known = value if isinstance(value, bool) else _FLAGS.get(_word(value).removesuffix(".0"))
    if known is None:
        what = "is neither 1 nor 0"
        findings.error(f"{shown(value)} {what}", kind=f"{column} {what}", field=column)
    return known


def _word(value: object) -> str:
    return str(value).strip().lower()
