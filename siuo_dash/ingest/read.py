"""From uploaded files to one run's records: each format is recognised by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pandas as pd

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import Finding
from siuo_dash.ingest.annotators import by_majority, columns_by_majority, need_of_several
from siuo_dash.ingest.doubts import blanks_on_one_side, disagreements, losses, open_votes, verdicts_elsewhere
from siuo_dash.ingest.fields import LOOKED_AT, Table, field_examples, field_paths, has_field, value_at
from siuo_dash.ingest.files import UploadedFile
from siuo_dash.ingest.findings import Findings, shown
from siuo_dash.ingest.formats import TABLE, TABLE_ADVICE, UNKNOWN, format_of
from siuo_dash.ingest.helm import with_instances
from siuo_dash.ingest.inspect_log import STOPPED
from siuo_dash.ingest.join import join
from siuo_dash.ingest.mapping import JUDGEMENTS, MEANINGS, ROLES, RUN, Mapping
from siuo_dash.ingest.nested_rows import spread_out
from siuo_dash.ingest.placing import is_question
from siuo_dash.ingest.read_as import RoleRead, report_beside, report_unread, roles_read
from siuo_dash.ingest.records import Claim, Contents, Format, Known, Need, Partial, SampleRecord
from siuo_dash.ingest.rounds import ANNOTATORS, joined_rounds
from siuo_dash.ingest.runs import Understood, across_runs, names_of_run, of_run, understood
from siuo_dash.ingest.table import Reader, names_in, read_rows
from siuo_dash.ingest.tables import has_rows, names_beside, read_tables

__all__ = ["TABLE", "Reading", "UploadedFile", "read_files"]

_PREVIEW_ROWS: Final = 10
_PREVIEW_FIELDS: Final = 40
_LOOKED_THROUGH: Final = 200
"""Fields that are looked through for a question."""
_UNFINISHED: Final = "was the evaluation finished before it was saved?"


@dataclass(frozen=True)
class Reading:
    """What was understood of the uploaded files.

    format: what they were recognised as. advice: what to do when there is no verdict. samples: one record a task and
    sample. mapping: the one given, or the guess; None where the format is known and needs none. needs: questions to
    answer first, by `read_files` again with `mapping.answered(…)`. fields: {path: examples of its values}; both it and
    preview, at most the first rows of each file, are for the mapping's editor. known: model, judge and exported
    metadata, as far as the files say. roles: what was read as what, where samples were read from rows.
    runs: the names of the runs that the files hold, where there are several; mapping.run is the one that was read.
    run_kind: what these names are: 'model', 'judge', 'variant', or '' where nothing says it. has_questions: whether the
    files hold questions of the set that they are read for.
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
    runs: tuple[str, ...] = ()
    run_kind: str = ""
    has_questions: bool = False


def read_files(files: Sequence[UploadedFile], catalogue: Catalogue, mapping: Mapping | None = None) -> Reading:
    """The records of one run in these files, whatever wrote them; never raises for bad input.

    mapping: how to read tables that are in no known format; without it a mapping is guessed. Files in a known
    format are read as that format, unless a mapping is given and there is no other file for it.
    """
    findings = Findings()
    tables = with_instances(read_tables(files, findings))
    recognised = [
        (each, known) for each in tables if (known := format_of(each)) or has_rows(each, findings, _UNFINISHED)
    ]
    recognised = [(each if known else spread_out(each, catalogue), known) for each, known in recognised]
    if mapping is not None and not mapping.is_structure_only and all(known for _, known in recognised):
        # A mapping given on purpose, and no table that it could be for: it is for the known ones then.
        recognised = [(table, known if known and known.is_fixed else None) for table, known in recognised]
    advice: dict[str, str] = {}
    contents, unknown = _recognised(recognised, mapping, catalogue, findings, advice)
    found = Understood(mapping or Mapping())
    if unknown:
        found = understood(unknown, catalogue, mapping)
        if mapping is not None:
            _check_fields(found.mapping, unknown, findings)
            if wrong := across_runs(found.mapping, unknown):
                findings.error(wrong, hint="map the fields of one run; or leave them out and say which run it is")
        mapping = found.mapping
        contents += _of_tables(found, unknown, catalogue, Findings() if found.needs else findings)
    partials, needs = _together(contents, mapping, found, findings)
    joined = join([] if needs else partials, findings)
    contained = [part for _, part in contents]
    samples = _once([*(record for part in contained for record in part.records), *joined], findings)
    needs += disagreements(samples, mapping or Mapping())
    if not needs:
        losses(samples, findings)
        open_votes(samples, findings)
        needs = [
            Need(entry, said, tuple(MEANINGS[entry.split(".")[0]]), "what does it mean?")
            for entry, said in findings.values.items()
        ]
    offered = {option for need in needs if need.role == "run" for option in need.options}
    named = [label for label in advice if label]
    read = unknown or [table for table, _ in recognised]
    return Reading(
        format=" + ".join(named) or UNKNOWN,
        advice=advice[(named or list(advice))[0]] if advice else TABLE_ADVICE,
        samples=tuple(samples),
        findings=tuple(findings.listed()),
        mapping=mapping,
        needs=tuple(needs),
        fields=field_examples(read),
        preview=_preview(read),
        claims=tuple(claim for part in contained for claim in part.claims),
        known=_known([*(known for part in contained for known in part.known), _of_answers(mapping)]),
        roles=roles_read(findings),
        runs=found.names or tuple(name for name, _ in contents if name in offered),
        run_kind=found.kind,
        has_questions=_has_questions([table for table, _ in recognised], catalogue),
    )


def _recognised(
    recognised: Sequence[tuple[Table, Format | None]],
    mapping: Mapping | None,
    catalogue: Catalogue,
    findings: Findings,
    advice: dict[str, str],
) -> tuple[list[tuple[str, Contents]], list[Table]]:
    """What the files of known formats hold, and the tables that a mapping reads; fills in the advice of each format."""
    contents: list[tuple[str, Contents]] = []
    by_mapping: list[Table] = []
    for table, known in recognised:
        if known is None:
            advice.setdefault(TABLE, TABLE_ADVICE)
            by_mapping.append(table)
            continue
        advice.setdefault(known.label, known.advice)
        part = known.read(table, catalogue, findings.at(file=table.file))
        contents.append((_part(table), part))
        if known.own:
            report_beside(table, known.own, findings)
        # A mapping may have been made for the file's own fields, not for the clean ones.
        is_for_own = mapping is not None and not _fits(mapping, part.tables) and _fits(mapping, [table])
        by_mapping += [table] if part.tables and part.has_own_fields and is_for_own else part.tables
    return contents, by_mapping


def _fits(mapping: Mapping, tables: Sequence[Table]) -> bool:
    """Whether these tables have all fields that a mapping names."""
    paths = [path for role in ROLES for path in mapping.paths(role.name)]
    rows = [row for table in tables for row in table.values[:LOOKED_AT]]
    return all(any(has_field(row, path) for row in rows) for path in paths)


def _of_tables(
    found: Understood, tables: list[Table], catalogue: Catalogue, findings: Findings
) -> list[tuple[str, Contents]]:
    """What each table of the chosen run holds, read by the mapping."""
    mapping, kept = of_run(found.mapping, tables, findings)
    contents = []
    for table in kept:
        verdicts_elsewhere(table, mapping, findings.at(file=table.file))
        blanks_on_one_side(table, mapping, findings.at(file=table.file))
        partials = read_rows(
            table, Reader(mapping, together=kept, stopped=STOPPED), catalogue, findings.at(file=table.file)
        )
        named = [names_of_run(found), names_in(table, mapping.model, mapping.judge), names_beside(table)]
        contents.append((_part(table), Contents(partials, known=named)))
    report_unread(findings, kept)
    return contents


def _together(
    contents: list[tuple[str, Contents]], mapping: Mapping | None, found: Understood, findings: Findings
) -> tuple[list[Partial], list[Need]]:
    """The parts of samples of all files, with rounds numbered and annotators' verdicts counted; and what is asked."""
    needs = list(found.needs)
    parts = [(name, part.partials) for name, part in contents if part.partials]
    partials = [partial for _, held in parts for partial in held]
    if not any(need.role == "run" for need in needs):
        run = None if mapping is None or found.names else mapping.run
        partials, asked = joined_rounds(parts, run, findings)
        if asked is not None and not found.names:
            needs.append(asked)
    several = None if mapping is None else mapping.several_verdicts
    if mapping is not None and mapping.run == ANNOTATORS and mapping.templates:
        several = ANNOTATORS
    if several is None and mapping is not None and (need := need_of_several(partials)):
        needs.append(need)
    if needs:
        return [], needs
    if mapping is not None and (several == ANNOTATORS or any(each.annotator is not None for each in partials)):
        alone = [replace(each, index=f"{each.index} {each.annotator}", annotator=None) for each in partials]
        if needs := disagreements(join(alone, Findings()), mapping):
            return [], needs
    if several == ANNOTATORS:
        partials = columns_by_majority(partials, findings)
    return by_majority(partials, findings), []


def _has_questions(tables: Sequence[Table], catalogue: Catalogue) -> bool:
    """Whether the first rows hold the text of one of the set's questions, whatever the field is called."""
    rows = [row for table in tables for row in table.values[:_PREVIEW_ROWS]]
    paths = field_paths(rows)[:_LOOKED_THROUGH]
    return any(is_question(value_at(row, path), catalogue) for row in rows for path in paths)


def _part(table: Table) -> str:
    """What a table is called among the files: with its sheet, where the file has several."""
    return f"{table.file}, {table.sheet}" if table.sheet and table.sheet not in table.file else table.file


def _check_fields(mapping: Mapping, tables: list[Table], findings: Findings) -> None:
    """Say which fields of a given mapping no file has."""
    for role in ROLES:
        for path in mapping.paths(role.name):
            if RUN not in path and not any(has_field(row, path) for table in tables for row in table.values):
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


def _of_answers(mapping: Mapping | None) -> Known:
    """What the run's note begins with: the limit that a person gave for numbers."""
    if mapping is None:
        return Known()
    said = [
        f"{question.capitalize()}: {', '.join(paths)} {side.replace('_', ' ')} {limit:g}."
        for question, judgement in JUDGEMENTS.items()
        for paths in (mapping.paths(question) or mapping.paths(judgement),)
        for side in ("at_least", "at_most")
        if (limit := getattr(mapping, f"{question}_{side}")) is not None
    ]
    return Known(metadata={"note": " ".join(said)} if said else None)


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
