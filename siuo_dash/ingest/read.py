"""From uploaded files to one run's records: each format is recognised by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import Finding
from siuo_dash.ingest.fields import Table, field_examples, has_field, value_at
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.formats import TABLE, TABLE_ADVICE, format_of
from siuo_dash.ingest.guess import guess
from siuo_dash.ingest.join import join
from siuo_dash.ingest.mapping import ROLES, Mapping
from siuo_dash.ingest.read_as import RoleRead, report_unread, roles_read
from siuo_dash.ingest.records import Claim, Contents, Known, Need, SampleRecord
from siuo_dash.ingest.table import Reader, direction_needs, names_in, read_rows
from siuo_dash.ingest.tables import has_rows, names_beside, read_tables

__all__ = ["TABLE", "Reading", "UploadedFile", "read_files"]

_PREVIEW_ROWS: Final = 10
_PREVIEW_FIELDS: Final = 40
_UNFINISHED: Final = "was the evaluation finished before it was saved?"


@dataclass(frozen=True)
class Reading:
    """What was understood of the uploaded files.

    format: what they were recognised as. advice: what to do when there is no verdict. samples: one record a task and
    sample. mapping: the one given, or the guess; None where the format is known and needs none. needs: questions to
    answer first, by `read_files` again with `mapping.answered(…)`. fields: {path: examples of its values}; both it and
    preview, at most the first rows of each file, are for the mapping's editor. known: model, judge and exported
    metadata, as far as the files say. roles: what was read as what, where samples were read from rows.
    """

    format: str
    advice: str = TABLE_ADVICE
    samples: tuple[SampleRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    mapping: Mapping | None = None
    needs: tuple[Need, ...] = ()
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    preview: pd.DataFrame = field(default_factory=pd.DataFrame)
    claims: tuple[Claim, ...] = ()
    known: Known = field(default_factory=Known)
    roles: tuple[RoleRead, ...] = ()


def read_files(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None = None) -> Reading:
    """The records of one run in these files, whatever wrote them; never raises for bad input.

    mapping: how to read tables that are in no known format; without it a mapping is guessed. Files in a known
    format are read as that format, unless a mapping is given and there is no other file for it.
    """
    findings = Findings()
    tables = read_tables(files, findings)
    recognised = [
        (each, known) for each in tables if (known := format_of(each)) or has_rows(each, findings, _UNFINISHED)
    ]
    if mapping is not None and all(known for _, known in recognised):
        # A mapping given on purpose, and no table that it could be for: it is for the known ones then.
        recognised = [(table, known if known and known.is_fixed else None) for table, known in recognised]
    advice: dict[str, str] = {}
    contents: list[Contents] = []
    for table, known in recognised:
        if known:
            advice.setdefault(known.label, known.advice)
            contents.append(known.read(table, catalogue, findings.at(file=table.file)))
    needs: list[Need] = []
    if unknown := [table for table, known in recognised if not known]:
        if mapping is None:
            mapping, needs = guess(unknown, catalogue)
        else:
            needs = direction_needs(mapping, unknown)
            _check_fields(mapping, unknown, findings)
        advice[TABLE] = TABLE_ADVICE
        for table in unknown:
            at = findings.at(file=table.file)
            partials = [] if needs else read_rows(table, Reader(mapping), catalogue, at)
            names = [names_in(table, mapping.model, mapping.judge), names_beside(table)]
            contents.append(Contents(partials, known=names))
    report_unread(findings, unknown)
    joined = join((partial for part in contents for partial in part.partials), findings)
    samples = _once([*(record for part in contents for record in part.records), *joined], findings)
    named = [label for label in advice if label]
    read = [table for table, _ in recognised]
    return Reading(
        format=" + ".join(named) or "not recognised",
        advice=advice[(named or list(advice))[0]] if advice else TABLE_ADVICE,
        samples=tuple(samples),
        findings=tuple(findings.listed()),
        mapping=mapping,
        needs=tuple(needs),
        fields=field_examples(read),
        preview=_preview(read),
        claims=tuple(claim for part in contents for claim in part.claims),
        known=_known([known for part in contents for known in part.known]),
        roles=roles_read(findings),
    )


def _check_fields(mapping: Mapping, tables: list[Table], findings: Findings) -> None:
    """Say which fields of a given mapping no file has."""
    for role in ROLES:
        given = getattr(mapping, role.name)
        for path in given if isinstance(given, tuple) else [given] if given else []:
            if not any(has_field(row, path) for table in tables for row in table.values):
                what, hint = f"no file has the field {shown(path)}", "correct the mapping"
                findings.error(what, kind="no such field", hint=hint, field=role.name)


def _once(records: list[SampleRecord], findings: Findings) -> list[SampleRecord]:
    """The records, sorted; a sample that two files of different formats hold is a contradiction."""
    kept: dict[tuple[str, int], SampleRecord] = {}
    for record in records:
        earlier = kept.setdefault((record.task, record.question_id), record)
        if earlier is not record:
            what, hint = f"the sample is also in {earlier.file}", "drop one run at a time"
            findings.error(what, kind="a sample in two files", hint=hint, **record.place)
    return [kept[key] for key in sorted(kept)]


def _known(every: list[Known]) -> Known:
    """What the files say of the run, the first that says something."""
    return Known(
        model=next((known.model for known in every if known.model), None),
        judge=next((known.judge for known in every if known.judge), None),
        metadata=next((known.metadata for known in every if known.metadata), None),
    )


def _preview(tables: list[Table]) -> pd.DataFrame:
    """The first rows of each file, a column a field, long texts shortened."""
    records = []
    for table in tables:
        paths = list(field_examples([table]))[:_PREVIEW_FIELDS]
        for number, row in table.rows[:_PREVIEW_ROWS]:
            cells = {path: _cell(value_at(row, path)) for path in paths}
            records.append({"file": table.file, "row": number, **cells})
    return pd.DataFrame(records)


def _cell(value: object) -> str | None:
    return None if value is None else shown(value, 200)[1:-1]
