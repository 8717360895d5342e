"""Text to rows: the encoding is found, then JSON and JSON Lines, or cells between commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from typing import Final

from siuo_dash.ingest.fields import Row, Table
from siuo_dash.ingest.findings import ONE_RUN, Findings, Unreadable, shown
from siuo_dash.ingest.grid import MAX_COLUMNS, Numbered, as_row, locate
from siuo_dash.ingest.json_rows import MAX_ITEMS, read_json
from siuo_dash.ingest.wrapping import is_sample_id
from siuo_dash.text import counted

__all__ = ["MAX_CELL", "MAX_COLUMNS", "MAX_ROWS", "decode", "read_text"]

MAX_ROWS: Final = 50_000
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
_DELIMITERS: Final = "\t,;|"
_WINDOWS: Final = 0.1
"""Share of bytes above ASCII up to which a text that is not UTF-8 is read as Windows-1252; more is another script."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_QUOTED: Final = re.compile(r'"[^"]*+"?')
_DECLARED: Final = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)
"""Excel's own first line, which names the separator of the cells."""
_RULE: Final = re.compile(r"\s*(?::?-{2,200}:?\s*)?")
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:,\d+)?")


def read_text(name: str, data: bytes, findings: Findings) -> Table:
    """The rows of a text file; raises Unreadable."""
    text = decode(data, findings)
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


def decode(data: bytes, findings: Findings) -> str:
    """The text, from UTF-8, UTF-16, UTF-32 or Windows-1252; raises Unreadable for anything else."""
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
        windows = _windows(data) if encoding == "utf-8" and not mark else None
        if windows is not None:
            findings.warning("not UTF-8: read as Windows-1252", hint="save it as UTF-8 if letters look wrong")
            return windows
        at = error.start + len(mark)
        message = f"not {encoding.upper()} text: byte {data[at]:#04x} at position {at:,}"
        raise Unreadable(message, "save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable("holds NUL characters: not a text file, or damaged", "save it again as UTF-8 text")
    return text


def _windows(data: bytes) -> str | None:
    """The text in Windows-1252, where it can be that: few letters above ASCII, no control character."""
    high = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if high > _WINDOWS * len(data):
        return None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def _delimited(name: str, text: str, findings: Findings) -> Table:
    declared = _DECLARED.match(text)
    body = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(body)
    grid = list(_records(body, delimiter))
    table = locate(grid, findings)
    if len(table.names) == 1:
        raise _no_table(body)
    rows: list[tuple[int, Row]] = []
    for number, cells in table.rows:
        if len(cells) > len(table.names):
            findings.error(
                f"{counted(len(cells), 'cell')} where the header has {len(table.names)}",
                kind="more cells than the header",
                hint="is a text with a comma not in quotes?",
                row=number,
            )
        else:
            rows.append((number, as_row(table.names, cells, "")))
    if delimiter != ",":
        rows = _with_points(rows, table.names)
    return Table(name, tuple(rows), "tsv" if delimiter == "\t" else "csv")


def _delimiter(text: str) -> str:
    """The separator of the cells of the first line, or of the lines below a title; raises Unreadable."""
    lines = [_QUOTED.sub("", line) for line in text[:MAX_CELL].lstrip("\r\n").split("\n", 12)[:12]]
    best = max(_DELIMITERS, key=lines[0].count)
    if best in lines[0] and not _is_title(lines):
        return best
    for each in _DELIMITERS:
        counts = [line.count(each) for line in lines if line.strip()]
        if sum(count == max(counts) for count in counts) >= 3 and max(counts) > 0:
            return each
    below = next((line for line in lines if not line.startswith("#")), "")  # comments are above the header
    best = max(_DELIMITERS, key=below.count) if below is not lines[0] else best
    if best in below:
        return best
    raise _no_table(text)


def _is_title(lines: list[str]) -> bool:
    """Whether the second line is blank, or the first one is a lone sentence above lines of other cells."""
    return len(lines) > 2 and not lines[1].strip("\r\t,; ") and bool(lines[2].strip())


def _no_table(text: str) -> Unreadable:
    first = text.lstrip("\r\n").split("\n", 1)[0].strip()
    return Unreadable(
        f"no table: the first line has one column, {shown(first)}",
        "expected JSON, JSON Lines, CSV or TSV with a header",
    )


def _records(text: str, delimiter: str) -> Iterator[Numbered]:
    """The records that are not blank, numbered as a spreadsheet numbers them; raises Unreadable."""
    csv.field_size_limit(MAX_CELL)
    lines = _Lines(text.lstrip("\r\n"), delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    filled = width = 0
    try:
        for number, record in enumerate(reader, 1):
            lines.next_record()
            filled += any(record)
            width = max(width, len(record))
            check_size(filled, width)
            if filled > MAX_ROWS + 1:
                raise Unreadable(f"more than {MAX_ROWS:,} rows", ONE_RUN)
            if delimiter == "|" and _is_rule(record):
                continue
            if any(record) or (number == 1 and len(record) > 1):  # a first row of nothing but commas names no column
                yield number, record
    except csv.Error as error:
        line = f"line {reader.line_num:,}"
        message = f"not readable as a table: {error}, at {line}"
        if "field limit" in str(error):
            message = f"a cell of more than {MAX_CELL:,} characters at {line}"
        raise Unreadable(message, "is a quote not closed?") from error


def _is_rule(record: list[str]) -> bool:
    """Whether a row is the line below the header of a table in Markdown: '---|:---:'."""
    return len(record) > 1 and any(record) and all(_RULE.fullmatch(cell) for cell in record)


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


def _with_points(rows: list[tuple[int, Row]], names: list[str]) -> list[tuple[int, Row]]:
    """The rows with 0.5 for 0,5 in columns that hold nothing but such numbers."""
    decimal = [
        name
        for name in names
        if (cells := [cell for _, row in rows if (cell := row[name].strip())])
        and all(map(_DECIMAL.fullmatch, cells))
        and not all(map(is_sample_id, cells))
        and any("," in cell for cell in cells)
    ]
    return [(number, {**row, **{name: row[name].replace(",", ".") for name in decimal}}) for number, row in rows]
