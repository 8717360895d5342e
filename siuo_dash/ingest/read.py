"""From uploaded files to one run's records: each format is recognised by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import Finding
from siuo_dash.ingest.binary_rows import read_parquet, read_xlsx
from siuo_dash.ingest.fields import FieldInfo, Table, field_infos, has_field, value_at
from siuo_dash.ingest.files import PARQUET, ZIP, UploadedFile, unpack
from siuo_dash.ingest.findings import Findings, Unreadable, shown
from siuo_dash.ingest.formats import TABLE, TABLE_ADVICE, format_of
from siuo_dash.ingest.guess import guess
from siuo_dash.ingest.join import join
from siuo_dash.ingest.json_rows import rows_of
from siuo_dash.ingest.mapping import ROLES, Mapping
from siuo_dash.ingest.records import Claim, Contents, Known, Need, SampleRecord
from siuo_dash.ingest.table import Reader, direction_needs, names_in, read_rows
from siuo_dash.ingest.text_rows import read_text

__all__ = ["TABLE", "Reading", "UploadedFile", "read_files"]

_PREVIEW_ROWS: Final = 10
_PREVIEW_FIELDS: Final = 40
_UNFINISHED: Final = "was the evaluation finished before it was saved?"


@dataclass(frozen=True)
class Reading:
    """What was understood of the uploaded files.

    format: what they were recognised as. advice: what to do when there is no verdict. samples: one record a task and
    sample. mapping: the one given, or the guess; None where the format is known and needs none. needs: questions to
    answer first, by `read_files` again with `mapping.answered(…)`. fields and preview: for the mapping's editor, at
    most the first rows of each file. known: model, judge and exported metadata, as far as the files say.
    """

    format: str
    advice: str = TABLE_ADVICE
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
        """The model's name, as far as the files say."""
        return self.known.model

    @property
    def judge(self) -> str | None:
        """The judge's name, as far as the files say."""
        return self.known.judge


def read_files(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None = None) -> Reading:
    """The records of one run in these files, whatever wrote them; never raises for bad input.

    mapping: how to read tables that are in no known format; without it a mapping is guessed. Files in a known
    format are read as that format, unless a mapping is given and there is no other file for it.
    """
    findings = Findings()
    return _Run(catalogue, mapping, findings).read(read_tables(files, findings))


def read_tables(files: Sequence[UploadedFile], findings: Findings) -> list[Table]:
    """The tables inside uploaded files; a file that cannot be read is a finding instead.

    A table may have no row: `has_rows` says so to the person, unless a format can read it nevertheless.
    """
    tables = []
    for file in unpack(files, findings):
        read = read_parquet if file.data.startswith(PARQUET) else read_xlsx if file.data.startswith(ZIP) else read_text
        try:
            tables.append(read(file.name, file.data, findings.at(file=file.name)))
        except Unreadable as error:
            findings.error(str(error), hint=error.hint, file=file.name, row=error.row)
    return tables


def has_rows(table: Table, findings: Findings, hint: str) -> bool:
    """Whether a table has rows; a finding where it has none. hint: what to do about an empty one."""
    if not table.rows and table.kind == "json" and rows_of(table.whole) is None:
        findings.error(
            "JSON, but not a list of samples",
            hint='expected [{…}, …], one object a line, {"data": [{…}, …]} or {"1001": {…}, …}',
            file=table.file,
        )
    elif not table.rows:
        findings.error("no rows", hint=hint, file=table.file)
    return bool(table.rows)


class _Run:
    """One reading: gathers what each file holds of the run."""

    def __init__(self, catalogue: Catalogue, mapping: Mapping | None, findings: Findings) -> None:
        self.catalogue = catalogue
        self.mapping = mapping
        self.findings = findings
        self.labels: dict[str, str] = {}
        """{label of a recognised format: its advice}"""
        self.contents: list[Contents] = []

    def read(self, tables: list[Table]) -> Reading:
        """Read known formats first, then all other tables together."""
        recognised = [
            (table, known)
            for table in tables
            if (known := format_of(table)) or has_rows(table, self.findings, _UNFINISHED)
        ]
        if self.mapping is not None and all(known for _, known in recognised):
            # A mapping given on purpose, and no table that it could be for: it is for the known ones then.
            recognised = [(table, known if known and known.is_fixed else None) for table, known in recognised]
        for table, known in recognised:
            if known:
                self.labels.setdefault(known.label, known.advice)
                self.contents.append(known.read(table, self.catalogue, self.findings.at(file=table.file)))
        unknown = [table for table, known in recognised if not known]
        needs = self._read_unknown(unknown) if unknown else []
        partials = [partial for part in self.contents for partial in part.partials]
        records = [record for part in self.contents for record in part.records]
        named = [label for label in self.labels if label]
        read = [table for table, _ in recognised]
        return Reading(
            format=" + ".join(named) or "not recognised",
            advice=self.labels[(named or list(self.labels))[0]] if self.labels else TABLE_ADVICE,
            samples=tuple(self._once([*records, *join(partials, self.findings)])),
            findings=tuple(self.findings.listed()),
            mapping=self.mapping,
            needs=tuple(needs),
            fields=tuple(field_infos(read)),
            preview=_preview(read),
            claims=tuple(claim for part in self.contents for claim in part.claims),
            known=self._known(),
        )

    def _read_unknown(self, tables: list[Table]) -> list[Need]:
        if self.mapping is None:
            self.mapping, needs = guess(tables, self.catalogue)
        else:
            needs = direction_needs(self.mapping, tables)
            self._check_fields(self.mapping, tables)
        self.labels[TABLE] = TABLE_ADVICE
        reader = Reader(self.mapping)
        for table in tables:
            partials = [] if needs else read_rows(table, reader, self.catalogue, self.findings.at(file=table.file))
            self.contents.append(Contents(partials, known=[names_in(table, self.mapping.model, self.mapping.judge)]))
        return needs

    def _check_fields(self, mapping: Mapping, tables: list[Table]) -> None:
        """Say which fields of a given mapping no file has."""
        for role in ROLES:
            given = getattr(mapping, role.name)
            for path in given if isinstance(given, tuple) else [given] if given else []:
                if not any(has_field(row, path) for table in tables for row in table.values):
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
                    f"the sample is also in {earlier.file}",
                    kind="a sample in two files",
                    hint="drop one run at a time",
                    **record.place,
                )
        return [kept[key] for key in sorted(kept)]

    def _known(self) -> Known:
        """What the files say of the run, the first that says something."""
        every = [known for part in self.contents for known in part.known]
        return Known(
            model=next((known.model for known in every if known.model), None),
            judge=next((known.judge for known in every if known.judge), None),
            metadata=next((known.metadata for known in every if known.metadata), None),
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
