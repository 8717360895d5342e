"""From dropped files to one run's records: each format is recognised by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import Finding
from siuo_dash.ingest import official, own, vlmevalkit
from siuo_dash.ingest.columns import FieldInfo, field_infos
from siuo_dash.ingest.fields import Table, has_field, value_at
from siuo_dash.ingest.files import UploadedFile, unpack
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.formats import TABLE, fields_with_names, format_of, names_in, table_of
from siuo_dash.ingest.guess import guess
from siuo_dash.ingest.guess_verdicts import direction_needs
from siuo_dash.ingest.join import join
from siuo_dash.ingest.mapping import ROLES, Mapping
from siuo_dash.ingest.records import Claim, Known, Need, Partial, SampleRecord
from siuo_dash.ingest.table import Reader, read_rows

__all__ = ["TABLE", "Reading", "UploadedFile", "read_files"]

_LABELS: Final = {
    "own": "SIUO dashboard Parquet",
    "official": "SIUO generation",
    "official choice": "SIUO multiple choice",
    "vlmevalkit": "VLMEvalKit SIUO_GEN",
    "vlmevalkit choice": "VLMEvalKit SIUO_MCQ",
    TABLE: "table",
}
_PREVIEW_ROWS: Final = 10
_PREVIEW_FIELDS: Final = 40


@dataclass(frozen=True)
class Reading:
    """What was understood of the dropped files.

    format: what they were recognised as. samples: one record a task and sample. mapping: the one given, or
    the guess; None where the format is known and needs none. needs: questions to answer first, by
    `read_files` again with `mapping.answered(…)`. fields and preview: for the mapping's editor, at most the
    first rows of each file. known: model, judge and exported metadata, as far as the files tell.
    """

    format: str
    samples: tuple[SampleRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    mapping: Mapping | None = None
    needs: tuple[Need, ...] = ()
    fields: tuple[FieldInfo, ...] = ()
    preview: pd.DataFrame = field(default_factory=pd.DataFrame)
    claims: tuple[Claim, ...] = ()
    known: Known = field(default_factory=Known)

    @property
    def model(self) -> str | None:
        """The model's name, as far as the files tell."""
        return self.known.model

    @property
    def judge(self) -> str | None:
        """The judge's name, as far as the files tell."""
        return self.known.judge


def read_files(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None = None) -> Reading:
    """The records of one run in these files, whatever wrote them; never raises for bad input.

    mapping: how to read tables that are in no known format; without it a mapping is guessed. Files in a known
    format are read as that format, unless a mapping is given and there is no other file for it.
    """
    findings = Findings()
    tables = [table for part in unpack(files, findings) if (table := table_of(part, findings)) is not None]
    return _Run(catalogue, mapping, findings).read(tables)


class _Run:
    """One reading: gathers records, claims and names over the files."""

    def __init__(self, catalogue: Catalogue, mapping: Mapping | None, findings: Findings) -> None:
        self.catalogue = catalogue
        self.mapping = mapping
        self.findings = findings
        self.formats: dict[str, None] = {}
        self.partials: list[Partial] = []
        self.records: list[SampleRecord] = []
        self.claims: list[Claim] = []
        self.known: list[Known] = []
        self.unknown: list[Table] = []

    def read(self, tables: list[Table]) -> Reading:
        """Read known formats first, then all other tables together."""
        formats = [format_of(table) for table in tables]
        if self.mapping is not None and TABLE not in formats:  # a mapping given on purpose: nothing else could use it
            formats = [name if name in ("score", "own") else TABLE for name in formats]
        for table, format_name in zip(tables, formats, strict=True):
            self._recognise(table, format_name)
        needs = self._read_unknown() if self.unknown else []
        records = [*self.records, *join(self.partials, self.findings)]
        return Reading(
            format=" + ".join(self.formats) or "not recognised",
            samples=tuple(self._once(records)),
            findings=tuple(self.findings.listed()),
            mapping=self.mapping,
            needs=tuple(needs),
            fields=tuple(field_infos(tables)),
            preview=_preview(tables),
            claims=tuple(self.claims),
            known=self._known(),
        )

    def _recognise(self, table: Table, format_name: str) -> None:
        match format_name:
            case "score":
                self.claims += vlmevalkit.claims(table)
            case "own":
                self.formats[_LABELS[format_name]] = None
                self.records += own.read_own(table, self.catalogue, self.findings)
                self.known.append(own.known(table))
            case "official choice":
                self._take(format_name, table, official.multiple_choice_reader(table))
                self.claims += official.claims(table)
                self.known += [official.known(table.file), names_in(table, fields_with_names(table))]
            case "official":
                renamed, reader = official.generation_reader(table, self.findings)
                self._take(format_name, renamed, reader)
                self.known += [official.known(table.file), names_in(table, fields_with_names(table))]
            case "vlmevalkit both":
                for part in vlmevalkit.split(table):
                    self._recognise(
                        part, f"vlmevalkit{' choice' if part.values[0]['SUB_DATASET'] == 'SIUO_MCQ' else ''}"
                    )
            case "vlmevalkit choice":
                self._take(format_name, table, vlmevalkit.multiple_choice_reader(table))
                self.claims += vlmevalkit.claims(table)
                self.known.append(vlmevalkit.known(table))
            case "vlmevalkit":
                self._take(format_name, table, vlmevalkit.generation_reader(table, self.findings))
                self.claims += vlmevalkit.claims(table)
                self.known.append(vlmevalkit.known(table))
            case _:
                self.unknown.append(table)

    def _take(self, format_name: str, table: Table, reader: Reader) -> None:
        self.formats[_LABELS[format_name]] = None
        self.partials += read_rows(table, reader, self.catalogue, self.findings)

    def _read_unknown(self) -> list[Need]:
        if self.mapping is None:
            self.mapping, needs = guess(self.unknown, self.catalogue)
        else:
            needs = direction_needs(self.mapping, self.unknown)
            self._check_fields(self.mapping)
        self.formats[_LABELS[TABLE]] = None
        for table in self.unknown:
            if not needs:
                self._take(TABLE, table, Reader(self.mapping))
            self.known.append(names_in(table, self.mapping))
        return needs

    def _check_fields(self, mapping: Mapping) -> None:
        """Say which fields of a given mapping no file has."""
        for role in ROLES:
            given = getattr(mapping, role.name)
            for path in given if isinstance(given, tuple) else [given] if given else []:
                if not any(has_field(row, path) for table in self.unknown for row in table.values):
                    self.findings.error(
                        f"no file has the field {shown(path)}",
                        hint="correct the mapping",
                        field=role.name,
                        kind="no such field",
                    )

    def _once(self, records: list[SampleRecord]) -> list[SampleRecord]:
        """The records, sorted; a sample that two files of different formats hold is a contradiction."""
        kept: dict[tuple[str, int], SampleRecord] = {}
        for record in records:
            earlier = kept.setdefault((record.task, record.question_id), record)
            if earlier is not record:
                self.findings.error(
                    f"the sample also stands in {earlier.file}", kind="a sample in two files", hint="drop one run at a time",
                    file=record.file, row=record.row, question_id=record.question_id,
                )  # fmt: skip
        return [kept[key] for key in sorted(kept)]

    def _known(self) -> Known:
        return Known(
            model=next((known.model for known in self.known if known.model), None),
            judge=next((known.judge for known in self.known if known.judge), None),
            metadata=next((known.metadata for known in self.known if known.metadata), None),
        )


def _preview(tables: list[Table]) -> pd.DataFrame:
    """The first rows of each file, a column a field, long texts shortened."""
    records = []
    for table in tables:
        paths = [info.path for info in field_infos([table])][:_PREVIEW_FIELDS]
        for number, row in table.rows[:_PREVIEW_ROWS]:
            cells = {path: _cell(value_at(row, path)) for path in paths}
            records.append({"file": table.file, "row": number, **cells})
    return pd.DataFrame(records)


def _cell(value: object) -> str | None:
    return None if value is None else shown(value, 200)[1:-1]
