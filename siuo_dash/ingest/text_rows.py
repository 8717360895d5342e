"""Text to rows: the encoding is found, then JSON and JSON Lines, CSV or TSV."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Final

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.json_rows import MAX_ITEMS, read_json
from siuo_dash.text import counted

MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 1_000
MAX_CELL: Final = 1_000_000
"""Characters of one cell; a response of 100,000 tokens has about half as many."""
_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n|\r|\n)|[^\r\n]++")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a text file; raises Unreadable."""
    text = decode(data)
    start = text.lstrip()[:1]
    if not start:
        raise Unreadable("the file is empty", "was the evaluation finished before it was saved?")
    if start in "{[":
        return read_json(name, text, findings)
    if start == "<":
        raise Unreadable(
            "HTML or XML, not results", "was a login or error page saved instead of the file? download it again"
        )
    return _delimited(name, text, findings)


def decode(data: bytes) -> str:
    """The text, from UTF-8, UTF-16 or UTF-32; raises Unreadable for anything else."""
    mark, encoding = next(((mark, code) for mark, code in _MARKS if data.startswith(mark)), (b"", ""))
    if not encoding:
        head = data[:2000]
        odd, even = head[1::2].count(0), head[::2].count(0)
        # ASCII in UTF-16 has a zero in every second byte, and none in the others.
        wide = "utf-16-le" if odd > even else "utf-16-be"
        encoding = wide if max(odd, even) > 0.3 * len(head) and min(odd, even) == 0 else "utf-8"
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start + len(mark)
        message = f"not {encoding.upper()} text: byte {data[at]:#04x} at position {at:,}"
        raise Unreadable(message, "save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable("holds NUL characters: not a text file, or damaged", "save it again as UTF-8 text")
    return text


def _delimited(name: str, text: str, findings: Findings) -> Table:
    header_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max("\t,;", key=header_line.count)
    if delimiter not in header_line:
        raise Unreadable(
            f"no table: the first line has one column, {shown(header_line.strip())}",
            "expected JSON, JSON Lines, CSV or TSV with a header",
        )
    csv.field_size_limit(MAX_CELL)
    rows: list[tuple[int, Row]] = []
    lines = _Lines(text, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = check_header(next(record for record in reader if record))
        for number, record in enumerate(reader, 2):
            lines.next_record()
            if len(rows) >= MAX_ROWS:
                raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
            if not any(record):
                continue
            if len(record) > len(header):
                findings.error(
                    f"{counted(len(record), 'cell')} where the header has {len(header)}",
                    kind="more cells than the header",
                    hint="is a text with a comma not in quotes?",
                    row=number,
                )
            else:
                check_size(len(rows) + 1, len(header))
                rows.append((number, dict(zip(header, record + [""] * (len(header) - len(record)), strict=True))))
    except csv.Error as error:
        line = f"line {reader.line_num:,}"
        message = f"not readable as a table: {error}, at {line}"
        if "field limit" in str(error):
            message = f"a cell of more than {MAX_CELL:,} characters at {line}"
        raise Unreadable(message, "is a quote not closed?") from error
    return Table(name, tuple(rows), "tsv" if delimiter == "\t" else "csv")


class _Lines:
    """The lines of a text for csv.reader, which makes a row of any length before anybody can count its cells."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._lines = (found.group() for found in _LINE.finditer(text))
        self._delimiter = delimiter
        self._cells = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._cells += line.count(self._delimiter)
        if self._cells > MAX_ITEMS:
            raise Unreadable(f"a row of more than {MAX_ITEMS:,} cells", ONE_RUN)
        return line

    def next_record(self) -> None:
        """A row was made of the lines so far."""
        self._cells = 0


def check_size(rows: int, columns: int) -> None:
    """Refuse a table of too many cells, filled or not; raises Unreadable."""
    if rows * columns > MAX_ITEMS:
        raise Unreadable(f"more than {MAX_ITEMS:,} cells, rows times columns", ONE_RUN)


def check_header(cells: list[str]) -> list[str]:
    """The column names, unnamed ones numbered; raises Unreadable where two are the same or there are too many."""
    if len(cells) > MAX_COLUMNS:
        raise Unreadable(f"{len(cells):,} columns; the limit is {MAX_COLUMNS:,}")
    names = [cell.strip() or f"column {position}" for position, cell in enumerate(cells, 1)]
    twice = next((column for column in names if names.count(column) > 1), None)
    if twice is not None:
        raise Unreadable(f"two columns have the name {shown(twice)}", "give each column its own name", row=1)
    return names
