"""What the pages of a Parquet file unpack to, by their own headers: the file's footer may say anything.

Source: the format's parquet.thrift (PageHeader) in Thrift's compact protocol. Nothing is unpacked here, and a page
cannot unpack to more than its header says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow.parquet as pq

MAX_PAGES: Final = 100_000
"""Pages and column chunks of one file; a run of 167 samples has about 100."""
_UNPACKED: Final = 2
_PACKED: Final = 3
_DATA: Final = 5
_DICTIONARY: Final = 7
_DATA_V2: Final = 8
"""Fields of a page header; each of the last three is a struct that begins with the number of values."""
_ENCODING: Final = {_DATA: 2, _DATA_V2: 4}
_BY_PREFIX: Final = 7
"""DELTA_BYTE_ARRAY, in which a value may repeat what stood before it."""
_DEEP: Final = 8


class BrokenPage(ValueError):
    """A page header that cannot be read."""


@dataclass
class Unpacked:
    """What the pages of a file unpack to.

    size: bytes. values: as a reader counts them, with the empty ones, and each item of a list. repeated: bytes of which
    each row may hold all once more, those of dictionaries above all.
    """

    size: int = 0
    values: int = 0
    repeated: int = 0
    pages: int = 0


def unpacked(data: bytes, metadata: pq.FileMetaData) -> Unpacked:
    """What all pages of a file unpack to together; raises BrokenPage."""
    total = Unpacked(pages=metadata.num_row_groups * metadata.num_columns)
    if total.pages > MAX_PAGES:
        raise BrokenPage(f"more than {MAX_PAGES:,} column chunks")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in range(group.num_columns):
            _add(data, group.column(column), total)
    return total


def _add(data: bytes, column: pq.ColumnChunkMetaData, total: Unpacked) -> None:
    if not column.num_values:  # no page is read
        return
    start, dictionary = column.data_page_offset, column.dictionary_page_offset
    if dictionary is not None and 0 < dictionary < start:
        start = dictionary
    at, end = start, start + column.total_compressed_size
    while at < min(end, len(data)):
        total.pages += 1
        if total.pages > MAX_PAGES:
            raise BrokenPage(f"more than {MAX_PAGES:,} pages")
        header, at = _struct(data, at, 0)
        packed, bigger = header.get(_PACKED), header.get(_UNPACKED)
        if not isinstance(packed, int) or not isinstance(bigger, int) or packed < 0 or bigger < 0:
            raise BrokenPage(f"a page of no size at byte {at:,}")
        total.size += bigger
        for kind in (_DATA, _DICTIONARY, _DATA_V2):
            if isinstance(page := header.get(kind), dict):
                count = page.get(1)
                total.values += count if isinstance(count, int) and count > 0 else 0
                if kind == _DICTIONARY or page.get(_ENCODING[kind]) == _BY_PREFIX:
                    total.repeated += bigger
        at += packed


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """A struct's numbers and structs by field, and where it ends."""
    if depth > _DEEP:
        raise BrokenPage(f"a header nested too deep at byte {at:,}")
    fields: dict[int, Any] = {}
    number = 0
    while True:
        head, at = _byte(data, at)
        if head == 0:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            number, at = _whole(data, at)
        fields[number], at = _value(data, at, head & 15, depth)


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    match kind:
        case 1 | 2:  # true, false
            return None, at
        case 3:
            return None, at + 1
        case 4 | 5 | 6:
            return _whole(data, at)
        case 7:
            return None, at + 8
        case 8:
            length, at = _varint(data, at)
            return None, at + length
        case 12:
            return _struct(data, at, depth + 1)
        case _:  # a page header has no lists, sets or maps
            raise BrokenPage(f"an unknown field at byte {at:,}")


def _whole(data: bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        byte, at = _byte(data, at)
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise BrokenPage(f"a number without an end at byte {at:,}")


def _byte(data: bytes, at: int) -> tuple[int, int]:
    if not 0 <= at < len(data):
        raise BrokenPage("a page outside the file")
    return data[at], at + 1
