"""Small files that cost gigabytes or hours when they are believed: name → (their maker, what a finding must say).

Each kind was found by an attack; here each is made by the tests, in another way than it was found where that fits.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from tests.ingest.hostile import PLAIN, Files, one, rows, sheet, workbook
from tests.ingest.make import as_gzip, as_json, as_xlsx, as_zip

SHEET = "xl/worksheets/sheet1.xml"
WIDE = b",".join(b"c%d" % n for n in range(1_000)) + b"\n" + b"1\n" * 49_990
HEADER = '<row><c t="inlineStr"><is><t>question_id</t></is></c><c t="inlineStr"><is><t>safe</t></is></c></row>'


def packed(method: int) -> bytes:
    """Zeros in an archive, packed by another method than deflate."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, archive.open("a.json", "w") as member:
        for _ in range(200):
            member.write(bytes(1_000_000))
    return out.getvalue()


def elsewhere(place: str, content: bytes) -> bytes:
    """A spreadsheet whose one sheet is at another place in it."""

    def move(parts: dict[str, bytes]) -> None:
        del parts[SHEET]
        parts[place] = content
        for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
            parts[name] = parts[name].replace(f"/{SHEET}".encode(), f"/{place}".encode())

    return workbook(move)[0][1]


def entities(codec: str, declared: str = "") -> bytes:
    """A sheet whose one text is an entity, used again and again."""
    inner = sheet(HEADER + f'<row><c t="inlineStr"><is><t>{"&a;" * 500}</t></is></c></row>')[0][1]
    with zipfile.ZipFile(io.BytesIO(inner)) as archive:
        body = archive.read(SHEET).decode().partition("?>")[2]
    head = f'<?xml version="1.0" encoding="{declared or codec}"?><!DOCTYPE w [<!ENTITY a "{"A" * 100_000}">]>'
    return (head + body).encode(codec)


def lying(size: int) -> bytes:
    """Parquet with a text of this size, of which the footer says that it has 100 bytes."""
    table = pa.table({"question_id": pa.array([1001]), "safe": pa.array([1]), "response": ["x" * size]})
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd", use_dictionary=False, write_statistics=False, store_schema=False)
    data = bytes(out.getvalue())
    start = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
    group = pq.ParquetFile(pa.BufferReader(data)).metadata.row_group(0)
    footer = data[start:-8]
    for true in (group.column(2).total_uncompressed_size, group.total_byte_size):
        said = varint(2 * true)
        assert footer.count(said)
        # As many bytes as before: a number may be written longer than it must be.
        footer = footer.replace(said, bytes([200 & 0x7F | 0x80, 0x81]) + b"\x80" * (len(said) - 3) + b"\x00")
    return data[:start] + footer + data[-8:]


def varint(number: int) -> bytes:
    """A number as Thrift's compact protocol writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def nulls(count: int) -> bytes:
    """Parquet with one list of so many empty entries, which are a few bytes."""
    response = pa.array([[None] * count], pa.list_(pa.string()))
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({"question_id": [1001], "safe": [1], "response": response}), out)
    return bytes(out.getvalue())


def repeated() -> bytes:
    """Parquet in which each of many rows repeats, in each of many columns, the one value of a dictionary."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), ["x" * 300_000])
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({"question_id": [1001] * 2_000} | {f"c{n}": text for n in range(100)}), out)
    return bytes(out.getvalue())


BOMBS: dict[str, tuple[Callable[[], Files], str]] = {
    "zip with bzip2": (lambda: one("a.zip", packed(zipfile.ZIP_BZIP2)), "compressed with bzip2"),
    "zip with lzma": (lambda: one("a.zip", packed(zipfile.ZIP_LZMA)), "compressed with lzma"),
    "csv wide and long": (lambda: one("a.csv", WIDE), "more than 1,000,000 cells"),
    "csv wide and long, four of them": (
        lambda: one("a.zip", as_zip({f"{n}.csv": WIDE for n in range(4)})),
        "more than 1,000,000 cells",
    ),
    "several files of many cells": (
        lambda: [(f"{n}.csv", b"a,b,c,d,e,f,g,h,i,j\n" + b"1,2,3,4,5,6,7,8,9,0\n" * 40_000) for n in range(5)],
        "cells in all files together",
    ),
    "csv of one line": (lambda: one("a.csv", b"1," * 3_000_000), "a row of more than 1,000,000 cells"),
    "csv of one quoted line": (
        lambda: one("a.csv", b"a,b\n" + b'"\n",' * 3_000_000),
        "a row of more than 1,000,000 cells",
    ),
    "xlsx wide and long": (
        lambda: sheet(
            f"<row>{''.join(f'<c><v>{n}</v></c>' for n in range(1_000))}</row>" + "<row><c><v>1</v></c></row>" * 49_000
        ),
        "more than 1,000,000 cells",
    ),
    "xlsx with its sheet elsewhere": (
        lambda: one("a.xlsx", elsewhere("evil.bin", entities("utf-8"))),
        "declares XML entities",
    ),
    "xlsx in UTF-16": (
        lambda: workbook(lambda parts: parts.__setitem__(SHEET, entities("utf-16"))),
        "is not UTF-8 text",
    ),
    "xlsx in UTF-16 elsewhere": (lambda: one("a.xlsx", elsewhere("evil.bin", entities("utf-16"))), "no rows"),
    "xlsx in EBCDIC": (
        lambda: workbook(lambda parts: parts.__setitem__(SHEET, entities("cp037"))),
        "is not UTF-8 text",
    ),
    "xlsx that says it were EBCDIC": (
        lambda: workbook(lambda parts: parts.__setitem__(SHEET, entities("ascii", declared="cp037"))),
        "is not UTF-8 text",
    ),
    "xlsx with cells elsewhere": (
        lambda: one("a.xlsx", elsewhere("evil.bin", b"<worksheet><sheetData>" + b"<row/>" * 2_000_000)),
        "too many cells",
    ),
    "parquet that lies": (lambda: one("a.parquet", lying(80_000_000)), "larger than 64 MB when unpacked"),
    "parquet with a list of nulls": (lambda: one("a.parquet", nulls(3_000_000)), "more than 1,000,000 values"),
    "parquet that repeats": (lambda: one("a.parquet", repeated()), "larger than 64 MB when unpacked"),
    "gzip of empty pieces": (lambda: one("a.gz", gzip.compress(b"") * 100_000), "compressed pieces"),
    "reasoning that never opens": (lambda: rows(response="<" + " " * 900_000 + "."), ""),
    "a judge's line ends": (lambda: rows(safety_evaluation="I think" + "\n" * 900_000 + "so"), ""),
    "marks of two kinds": (lambda: rows(response="a" + "\u0315\u0300" * 400_000 + "."), ""),
}
KEPT: dict[str, Files] = {
    "gzip in a few pieces": one("a.gz", as_gzip(as_json(PLAIN)[:100]) + as_gzip(as_json(PLAIN)[100:])),
    "xlsx with a picture": workbook(lambda parts: parts.__setitem__("xl/media/image1.png", b"\x89PNG\0\xff")),
    "xlsx with printer settings": workbook(
        lambda parts: parts.__setitem__("xl/printerSettings/printerSettings1.bin", "Printer".encode("utf-16"))
    ),
    "zip, stored": one("a.zip", as_zip({"a.xlsx": as_xlsx(PLAIN)})),
    "json lines with Unicode's line ends": one(
        "a.jsonl",
        "".join(
            f'{{"question_id": {row["question_id"]}, "safe": {row["safe"]}, "response": "No\u2028, \u2029, \x85."}}\n'
            for row in PLAIN
        ).encode(),
    ),
}
"""What looks a little like one of these, and must be read."""
