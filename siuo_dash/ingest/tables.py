"""From uploaded files to tables, and what a file says around its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from siuo_dash.ingest.binary_rows import read_arrow, read_parquet
from siuo_dash.ingest.fields import MAX_CELLS, Table, cells_of, field_paths, value_at
from siuo_dash.ingest.files import ARROW, PARQUET, ZIP, UploadedFile, unpack
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.leftovers import samples_only
from siuo_dash.ingest.records import Known
from siuo_dash.ingest.sheets import read_xlsx
from siuo_dash.ingest.table import name_in
from siuo_dash.ingest.text_rows import read_text
from siuo_dash.ingest.verdicts import name_tokens

_MODELS: Final = ("evaluated_model", "model_name", "model", "model_id", "model_name_or_path", "model_path")
_JUDGES: Final = ("judge", "grader", "evaluator")


def read_tables(files: Sequence[UploadedFile], findings: Findings) -> list[Table]:
    """The tables inside uploaded files; a file that cannot be read is a finding instead.

    A table may have no row: `has_rows` says so to the person, unless a format can read it nevertheless.
    """
    tables = []
    cells = 0
    for file in unpack(files, findings):
        at = findings.at(file=file.name)
        try:
            read = _read(file, at)
            cells += sum(map(cells_of, read))
            if cells > MAX_CELLS:
                at.error(f"more than {MAX_CELLS:,} cells in all files together", hint=ONE_RUN)
                return []
            tables += [samples_only(table, findings.at(file=table.file)) for table in read]
        except Unreadable as error:
            at.error(str(error), hint=error.hint, row=error.row)
    return tables


def _read(file: UploadedFile, findings: Findings) -> list[Table]:
    """The tables of one file, read as what its first bytes show; raises Unreadable."""
    if file.data.startswith(ZIP):
        return read_xlsx(file.name, file.data, findings)
    for start, read in ((PARQUET, read_parquet), (ARROW, read_arrow)):
        if file.data.startswith(start):
            return [read(file.name, file.data, findings)]
    return [read_text(file.name, file.data, findings)]


def has_rows(table: Table, findings: Findings, hint: str) -> bool:
    """Whether a table has rows; a finding where it has none. hint: what to do about an empty one."""
    if not table.rows and table.kind == "json" and table.whole != []:
        found = (
            ", ".join(shown(key, 30)[1:-1] for key in list(table.whole)[:6]) if isinstance(table.whole, dict) else ""
        )
        findings.error(
            "JSON, but not a list of samples" + (f": it has {found}" if found else ""),
            hint='expected [{…}, …], one object a line, {"data": [{…}, …]} or {"1001": {…}, …}',
            file=table.file,
        )
    elif not table.rows:
        findings.error("no rows", hint=hint, file=table.file)
    return bool(table.rows)


def names_beside(table: Table) -> Known:
    """The names of model and judge that the file gives once, outside its rows."""
    model = judge = None
    for level in table.beside:
        for path in field_paths([level]):
            words = name_tokens(path)
            last = "_".join(name_tokens(path.rsplit(".", 1)[-1]))
            if any(word in words for word in _JUDGES):
                is_name = words[-1] in ("model", "name", "id", *_JUDGES)
                judge = judge or (name_in(value_at(level, path), parts=2) if is_name else None)
            elif last in _MODELS or words[-2:] == ["model", "name"]:
                model = model or name_in(value_at(level, path), parts=1)
    return Known(model=model, judge=judge)
