"""Parquet and XLSX to rows: in batches, so that a small file cannot become a huge one unseen; values only, no code."""

from __future__ import annotations

import io
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.files import MAX_FILE, MEGABYTE
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable
from siuo_dash.ingest.json_rows import MAX_ITEMS
from siuo_dash.ingest.parquet_pages import unpacked
from siuo_dash.ingest.text_rows import MAX_COLUMNS, MAX_ROWS, check_header, check_size
from siuo_dash.text import counted

_BATCH_BYTES: Final = 32 * MEGABYTE
_TOO_LARGE: Final = f"larger than {MAX_FILE // MEGABYTE} MB when unpacked"
_BROKEN_PARQUET: Final = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError, RecursionError)
EXCEL_CELL: Final = 32_767
"""Characters that a cell can hold; Excel's own writers cut what is longer."""
_NOT_AS_EXPECTED: Final = (LookupError, ValueError, TypeError, AttributeError, OverflowError)
_DAMAGED: Final = (OSError, EOFError, ParseError, zipfile.BadZipFile)


def read_parquet(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a Parquet file, numbered from 1; raises Unreadable."""
    try:
        rows = _parquet_rows(data)
    except _BROKEN_PARQUET as error:
        reason = " ".join(str(error).split())[:120]
        raise Unreadable(f"not readable as Parquet: {reason}", "write it again, or save it as CSV") from error
    if not rows:
        raise Unreadable("the table has no rows")
    return Table(name, tuple(enumerate(rows, 1)), "parquet")


def _parquet_rows(data: bytes) -> list[dict[str, object]]:
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        metadata = file.metadata
        if metadata.num_rows > MAX_ROWS or metadata.num_columns > MAX_COLUMNS:
            size = f"{metadata.num_rows:,} rows of {metadata.num_columns:,} columns"
            raise Unreadable(f"{size}; the limits are {MAX_ROWS:,} and {MAX_COLUMNS:,}", ONE_RUN)
        really = unpacked(data, metadata)
        if really.size > MAX_FILE:
            raise Unreadable(_TOO_LARGE, ONE_RUN)
        if really.values > MAX_ITEMS:
            raise Unreadable(f"more than {MAX_ITEMS:,} values", ONE_RUN)
        # One value can fill a whole dictionary, and each row can repeat it.
        batch_size = max(1, min(1024, _BATCH_BYTES // max(1, really.repeated)))
        rows: list[dict[str, object]] = []
        weight = 0
        for batch in file.iter_batches(batch_size=batch_size):
            read = batch.to_pylist()
            weight += sum(map(_weight, read))
            if weight > MAX_FILE:
                raise Unreadable(_TOO_LARGE, ONE_RUN)
            rows.extend(read)
    return rows


def _weight(value: object) -> int:
    """About how many bytes a value takes; Arrow's own count misses what a dictionary repeats."""
    match value:
        case str() | bytes():
            return 50 + len(value)
        case dict():
            return 50 + sum(map(_weight, value.values()))
        case list():
            return 50 + sum(map(_weight, value))
        case _:
            return 30


def read_xlsx(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a spreadsheet, numbered as the spreadsheet numbers them; raises Unreadable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on styles that do not matter here
            _look_inside(data, findings)
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                return Table(name, tuple(_first_with_data(book, findings)), "xlsx")
            finally:
                book.close()
    except (*_NOT_AS_EXPECTED, *_DAMAGED) as error:
        raise Unreadable(
            f"not readable as a spreadsheet ({type(error).__name__}: {str(error)[:80]})",
            "open and save it again as .xlsx, or save it as CSV",
        ) from error


def _first_with_data(book: Any, findings: Findings) -> list[tuple[int, Row]]:
    sheets = list(book.worksheets)
    for sheet in sheets:
        rows = _rows(sheet, findings)
        if rows:
            if len(sheets) > 1:
                findings.warning(f"{len(sheets)} sheets; only {sheet.title!r} is read")
            return rows
    raise Unreadable("the spreadsheet has no rows below a header")


def _rows(sheet: Any, findings: Findings) -> list[tuple[int, Row]]:
    sheet.reset_dimensions()  # the declared size may be anything
    numbered = enumerate(_cells(sheet, 1, MAX_COLUMNS + 1), 1)
    start, first = next(((number, cells) for number, cells in numbered if _is_filled(cells)), (0, ()))
    if not first:
        return []
    filled = max(position for position, cell in enumerate(first, 1) if cell is not None)
    header = check_header(["" if cell is None else str(cell) for cell in first[:filled]])
    rows: list[tuple[int, Row]] = []
    cut = 0
    for number, cells in enumerate(_cells(sheet, start + 1, len(header)), start + 1):
        if number > MAX_ROWS:
            raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
        if _is_filled(cells):
            check_size(len(rows) + 1, len(header))
            cut += sum(isinstance(cell, str) and len(cell) >= EXCEL_CELL for cell in cells)
            padded = (*cells, *[None] * (len(header) - len(cells)))
            rows.append((number, dict(zip(header, padded, strict=True))))
    if cut:
        findings.warning(
            f"{counted(cut, 'cell')} of {EXCEL_CELL:,} characters: a spreadsheet cuts longer texts there",
            hint="use JSON or CSV to keep the whole responses",
        )
    return rows


def _cells(sheet: Any, first_row: int, columns: int) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet from one on, at most so many columns wide; rows that the file leaves out are blank."""
    return itertools.islice(sheet.iter_rows(min_row=first_row, max_col=columns, values_only=True), MAX_ROWS + 1)


def _is_filled(cells: tuple[Any, ...]) -> bool:
    return any(cell is not None for cell in cells)


def _look_inside(data: bytes, findings: Findings) -> None:
    """Say what the spreadsheet holds besides values, which is never run."""
    formulas = links = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.namelist():
            links += entry.startswith("xl/externalLinks/")
            if entry.startswith("xl/worksheets/"):
                formulas += len(re.findall(rb"<f[ >/]", archive.read(entry)))
    if formulas:
        findings.warning(
            f"{counted(formulas, 'cell')} with a formula: the stored results are read, nothing is calculated",
            hint="replace formulas by their values",
        )
    if links:
        findings.warning("links to other files: none is followed")
