"""XLSX to rows: a table a sheet, as people make them by hand; values only, no code, nothing is calculated."""

from __future__ import annotations

import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.cell import range_boundaries

from siuo_dash.ingest.fields import SHEET, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.grid import MAX_COLUMNS, Located, as_row, check_header, has_samples, locate
from siuo_dash.ingest.text_rows import MAX_ROWS, check_size
from siuo_dash.text import counted

EXCEL_CELL: Final = 32_767
"""Characters that a cell can hold; Excel's own writers cut what is longer."""
_NOT_AS_EXPECTED: Final = (LookupError, ValueError, TypeError, AttributeError, OverflowError)
_DAMAGED: Final = (OSError, EOFError, ParseError, zipfile.BadZipFile)
_MERGED: Final = re.compile(rb'<(?:\w{1,20}:)?mergeCell\s[^>]{0,200}?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_NEVER_CALCULATED: Final = re.compile(rb'\bfullCalcOnLoad="(?:1|true)"')
"""What libraries write that do not calculate: the results they store beside formulas are none."""
_STRING: Final = re.compile(r'"(?:[^"]|"")*+"')
_FORMULA: Final = re.compile(
    r"=\s*(?=[-+(\"'A-Za-z0-9_{@$])(?:[A-Z_][A-Z0-9_.]{0,40}\("
    r"|(?:'[^']{1,40}'!|[A-Za-z_]\w{0,40}!)?\$?[A-Z]{1,3}\$?\d{1,7}\b"
    r"|\d+(?:\.\d+)?%?|TRUE|FALSE|[-+*/^&<>,;(){}%:# ]|(?<!^=)=|\"\")*+"
)
"""A formula as programs store it: functions and cells in capitals, numbers, operators; its strings left empty."""


@dataclass
class _Seen:
    """What a workbook's parts hold besides values."""

    formulas: int = 0
    links: int = 0
    never_calculated: bool = False
    merged: dict[str, list[str]] = field(default_factory=dict)
    """{part of the archive: ranges of merged cells}"""


def read_xlsx(name: str, data: bytes, findings: Findings) -> list[Table]:
    """The tables of a spreadsheet, a sheet each, numbered as the spreadsheet numbers rows; raises Unreadable.

    Of several sheets those with sample ids are read, the others named; without any such sheet the longest one is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on styles that do not matter here
            seen = _look_inside(data)
            return _tables(name, data, seen, findings)
    except (*_NOT_AS_EXPECTED, *_DAMAGED) as error:
        raise Unreadable(
            f"not readable as a spreadsheet ({type(error).__name__}: {str(error)[:80]})",
            "open and save it again as .xlsx, or save it as CSV",
        ) from error


def _tables(name: str, data: bytes, seen: _Seen, findings: Findings) -> list[Table]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    written = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False) if seen.formulas else None
    counts = {"text": 0, "cut": 0}
    try:
        titles = [sheet.title for sheet in book.worksheets]
        found: dict[str, Located] = {}
        for place, sheet in enumerate(book.worksheets):
            at = findings.at(file=_named(name, sheet.title, titles))
            texts = None if written is None else written.worksheets[place]
            grid = list(_grid(sheet, texts, seen, counts))
            try:
                located = locate(grid, at) if grid else None
            except Unreadable as error:
                if has_samples(grid) or len(titles) == 1:
                    raise
                at.warning(f"not read: {error}", hint=error.hint)
                continue
            if located and located.rows:
                width = max(len(cells) for _, cells in located.rows)
                unnamed = [f"column {place}" for place in range(len(located.names) + 1, width + 1)]
                found[sheet.title] = replace(located, names=check_header([*located.names, *unnamed]))
    finally:
        book.close()
        if written is not None:
            written.close()
    _report(seen, counts, findings)
    if not found:
        raise Unreadable("the spreadsheet has no rows below a header")
    largest = max(found, key=lambda title: len(found[title].rows))
    chosen = [title for title, located in found.items() if located.has_ids] or [largest]
    if others := [title for title in titles if title not in chosen]:
        what = f"{counted(len(others), 'sheet')} not read: {', '.join(map(shown, others[:8]))}"
        why = "no column of sample ids" if found[chosen[0]].has_ids else f"only {shown(chosen[0])} is read"
        findings.warning(f"{what}; {why}")
    return [
        Table(
            _named(name, title, chosen),
            tuple((number, as_row(found[title].names, cells, None)) for number, cells in found[title].rows),
            "xlsx",
            sheet=title if len(chosen) > 1 else "",
        )
        for title in chosen
    ]


def _named(name: str, title: str, titles: list[str]) -> str:
    return f"{name}{SHEET}{shown(title)}" if len(titles) > 1 else name


def _grid(sheet: Any, written: Any, seen: _Seen, counts: dict[str, int]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows of a sheet that are not blank, with their numbers; merged cells filled down, formulas resolved."""
    down: dict[int, list[tuple[int, int]]] = {}
    for ref in seen.merged.get(getattr(sheet, "_worksheet_path", "").lstrip("/"), []):
        left, top, _, bottom = range_boundaries(ref)
        if bottom > top:
            down.setdefault(left - 1, []).append((top, bottom))
    starts = {(column, top): bottom for column, ranges in down.items() for top, bottom in ranges}
    open_until: dict[int, tuple[int, Any]] = {}
    width = 0
    formulas = itertools.repeat(None) if written is None else _cells(written)
    for number, (cells, texts) in enumerate(zip(_cells(sheet), formulas, strict=False), 1):
        values = list(cells)
        if texts is not None:
            values = [_resolved(value, text, seen, counts) for value, text in zip(values, texts, strict=False)]
        for column in down:
            if bottom := starts.get((column, number)):
                open_until[column] = (bottom, values[column] if column < len(values) else None)
            elif column in open_until and number <= open_until[column][0]:
                values += [None] * (column + 1 - len(values))
                values[column] = open_until[column][1]
        while values and values[-1] is None:
            values.pop()
        if number > MAX_ROWS + 1:
            raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
        if values:
            width = max(width, len(values))
            check_size(number, width)
            counts["cut"] += sum(isinstance(cell, str) and len(cell) >= EXCEL_CELL for cell in values)
            yield number, tuple(values)


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet; the declared size may be anything, and rows that the file leaves out are blank."""
    sheet.reset_dimensions()
    return itertools.islice(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), MAX_ROWS + 2)


def _resolved(value: Any, written: Any, seen: _Seen, counts: dict[str, int]) -> Any:
    """What a cell says: its stored value, or its own text where it is a text that only begins like a formula.

    A writer that does not calculate stores nothing or 0 beside each formula: then too the text is what is known.
    """
    text = written if isinstance(written, str) else getattr(written, "text", None)
    if text is None or not text.startswith("=") or text == value:
        return value
    is_formula = _FORMULA.fullmatch(_STRING.sub('""', text)) is not None
    is_stored = value not in (None, 0, "0", "#NAME?") if seen.never_calculated or not is_formula else True
    if is_stored:
        return value
    counts["text"] += 1
    return text


def _report(seen: _Seen, counts: dict[str, int], findings: Findings) -> None:
    """Say what the spreadsheet holds besides values, which is never run."""
    if counts["text"]:
        findings.warning(
            f"{counted(counts['text'], 'cell')} that {'begins' if counts['text'] == 1 else 'begin'} with '=' and "
            "have no result: read as text",
            hint="replace formulas by their values, if they are formulas",
        )
    if stored := seen.formulas - counts["text"]:
        findings.warning(
            f"{counted(stored, 'cell')} with a formula: the stored results are read, nothing is calculated",
            hint="replace formulas by their values",
        )
    if counts["cut"]:
        findings.warning(
            f"{counted(counts['cut'], 'cell')} of {EXCEL_CELL:,} characters: a spreadsheet cuts longer texts there",
            hint="use JSON or CSV to keep the whole responses",
        )
    if seen.links:
        findings.warning("links to other files: none is followed")


def _look_inside(data: bytes) -> _Seen:
    """What the spreadsheet holds besides values."""
    seen = _Seen()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.namelist():
            seen.links += entry.startswith("xl/externalLinks/")
            if entry.startswith("xl/") and entry.endswith(".xml"):
                content = archive.read(entry)
                if entry.startswith("xl/worksheets/"):
                    seen.formulas += len(re.findall(rb"<f[ >/]", content))
                    seen.merged[entry] = [ref.decode() for ref in _MERGED.findall(content)]
                if entry == "xl/workbook.xml":
                    seen.never_calculated = _NEVER_CALCULATED.search(content) is not None
    return seen
