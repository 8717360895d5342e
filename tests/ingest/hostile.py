"""Hostile and broken input, made by hand: name → (files, what a finding must say; '' = the input is accepted)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tests.ingest.make import (
    IDS,
    MIXED,
    REPLIES,
    as_csv,
    as_gzip,
    as_json,
    as_jsonl,
    as_parquet,
    as_xlsx,
    as_zip,
    generation,
    table,
)

Files = list[tuple[str, bytes]]
PLAIN = table(question_id=IDS, response=REPLIES, safe=MIXED)
GOOD = as_json(PLAIN)
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def one(name: str, data: bytes) -> Files:
    """A single file."""
    return [(name, data)]


def rows(**changes: Any) -> Files:
    """A JSON table of which the first row has other values."""
    return one("t.json", as_json([PLAIN[0] | changes, *PLAIN[1:]]))


def raw(text: str) -> Files:
    """Text as it stands."""
    return one("t.json", text.encode("utf-8", "surrogatepass"))


def workbook(change: Callable[[dict[str, bytes]], object], source: bytes | None = None) -> Files:
    """A spreadsheet whose parts were changed."""
    with zipfile.ZipFile(io.BytesIO(source or as_xlsx(PLAIN))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    return one("t.xlsx", as_zip(parts))


def sheet(body: str) -> Files:
    """A spreadsheet with this sheet."""
    data = f'<?xml version="1.0"?><worksheet xmlns="{SHEET}"><sheetData>{body}</sheetData></worksheet>'
    return workbook(lambda parts: parts.__setitem__("xl/worksheets/sheet1.xml", data.encode()))


def column(**columns: pa.Array) -> Files:
    """A Parquet file with columns of odd types beside the ids."""
    return one("t.parquet", as_parquet(pa.table({"question_id": pa.array(IDS), "safe": pa.array(MIXED), **columns})))


def cut(data: bytes, *ends: float) -> list[bytes]:
    """The data cut off at these shares of its length."""
    return [data[: int(len(data) * end)] for end in ends]


def _with_formula(parts: dict[str, bytes]) -> None:
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", b'<row r="9"><c r="A9"><f>CMD("x")</f></c></row></sheetData>')
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"


PARQUET = as_parquet(PLAIN)
XLSX = as_xlsx(PLAIN)
FOOTER = bytearray(PARQUET)
FOOTER[-12] ^= 0xFF
LENGTH = PARQUET[:-8] + b"\xff\xff\xff\x7f" + b"PAR1"
PAGES = PARQUET[:4] + bytes(byte ^ 0x55 for byte in PARQUET[4:200]) + PARQUET[200:]
SPREAD = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'

CASES: dict[str, tuple[Files, str]] = {
    # not a file at all
    "empty": (one("a.json", b""), "empty"),
    "spaces": (one("a.json", b"  \n"), "empty"),
    "only a mark": (one("a.json", b"\xef\xbb\xbf"), "empty"),
    "a word": (one("a.txt", b"hello"), "no table"),
    "a sentence": (one("a.txt", b"hello, this is prose"), ""),
    "random bytes": (one("a.bin", bytes(range(128, 256)) * 9), "not UTF-8"),
    "nul bytes": (one("a.csv", b"question_id,safe\n1001,1\x00\n"), "NUL"),
    "only nul bytes": (one("a.csv", b"\x00" * 999), "NUL"),
    "html": (one("a.csv", b"<html><body>Sign in</body></html>"), "HTML"),
    "xml": (one("a.json", b"<?xml version='1.0'?><a/>"), "HTML or XML"),
    "latin-1": (one("a.csv", "question_id,safe,response\n1001,1,caf\xe9\n".encode("latin-1")), ""),
    "utf-16 cut off": (one("a.csv", as_csv(PLAIN).decode().encode("utf-16")[:-1]), "UTF-16"),
    "utf-16 with half a pair": (one("a.csv", b"\xff\xfeq\x00,\x00s\x00\n\x00\x00\xd8"), "UTF-16"),
    "utf-16 json": (one("a.json", GOOD.decode().encode("utf-16")), ""),
    "utf-8 mark": (one("a.json", b"\xef\xbb\xbf" + GOOD), ""),
    # JSON
    **{
        f"json cut off at {end}": (one("a.json", GOOD[: int(len(GOOD) * end)]), "not readable as JSON")
        for end in (0.1, 0.5, 0.9, 0.99)
    },
    "json twice": (one("a.json", GOOD + GOOD), "not readable as JSON"),
    "json and rubbish": (one("a.json", GOOD + b"}"), "not readable as JSON"),
    "json with a comment": (raw('[{"question_id": 1001 /* one */}]'), "not readable as JSON"),
    "json with single quotes": (raw("[{'question_id': 1001}]"), "not readable as JSON"),
    "json with a trailing comma": (raw('[{"question_id": 1001, "safe": 1},]'), ""),
    "json number": (raw("[1, 2, 3]"), "expected an object"),
    "json null rows": (raw("[null, null]"), "expected an object"),
    "json strings": (raw('["a", "b"]'), "expected an object"),
    "json nested lists": (raw("[[1001, 1], [1002, 0]]"), "expected an object"),
    "json empty list": (raw("[]"), "no rows"),
    "json empty object": (raw("{}"), "not a list of samples"),
    "json of empty objects": (raw("[{}, {}]"), "Which field holds"),
    "json scalar object": (raw('{"a": 1}'), "not a list of samples"),
    "json two lists": (raw('{"a": [{"x": 1}], "b": [{"y": 2}, {"z": 3}]}'), "not a list of samples"),
    "json repeated key": (raw('[{"question_id": 1001, "safe": 1, "safe": 0}]'), "the key 'safe' occurs twice"),
    "json control character": (raw('[{"question_id": 1001, "response": "a\x01b", "safe": 1}]'), "not readable as JSON"),
    "json escaped nul": (rows(response="a\0b."), ""),
    "json lone surrogate": (raw('[{"question_id": 1001, "response": "\\ud800.", "safe": 1}]'), ""),
    "json surrogate in a name": (raw('[{"question_id": 1001, "\\udfff": "x", "safe": 1}]'), ""),
    "json 10,000 deep": (raw("[" * 10_000 + "]" * 10_000), "nested"),
    "json 900 deep": (raw("[" * 900 + "]" * 900), "nested"),
    "json 60 deep in a field": (raw('[{"question_id": 1001, "safe": ' + "[" * 60 + "1" + "]" * 60 + "}]"), "nested"),
    "json objects 5,000 deep": (raw('{"a":' * 5_000 + "1" + "}" * 5_000), "nested"),
    "json deep and unclosed": (raw("[" * 100_000), "nested"),
    "json 10^400": (raw('[{"question_id": 1001, "safe": 1e400}]'), "not understood"),
    "json -Infinity": (raw('[{"question_id": 1001, "safe": -Infinity}]'), "not understood"),
    "json NaN": (raw('[{"question_id": 1001, "safe": NaN}, {"question_id": 1002, "safe": 1}]'), ""),
    "json number of 400 digits": (raw('[{"question_id": 1001, "safe": ' + "9" * 400 + "}]"), "not understood"),
    "json number of 5,000 digits": (raw('[{"question_id": ' + "9" * 5_000 + "}]"), "too many digits"),
    "json million values": (one("a.json", b"[" + b"[]," * 1_000_000 + b"[]]"), "more than 1,000,000 values"),
    "jsonl broken line": (
        one("a.jsonl", as_jsonl(PLAIN) + b'{"question_id": 10\n'),
        "the line is not readable as JSON",
    ),
    "jsonl with a list": (one("a.jsonl", as_jsonl(PLAIN) + b"[1]\n"), "the line is not readable as JSON"),
    "jsonl last line cut off": (one("a.jsonl", as_jsonl(PLAIN)[:-9]), "the line is not readable as JSON"),
    "jsonl of numbers": (one("a.jsonl", b"1\n2\n"), "no table"),
    # ids
    "id missing": (rows(question_id=None), "no usable id"),
    "id empty": (rows(question_id=" "), "no usable id"),
    "id true": (rows(question_id=True), "no usable id"),
    "id a list": (rows(question_id=[1001]), "no usable id"),
    "id an object": (rows(question_id={"id": 1001}), "no usable id"),
    "id negative": (rows(question_id=-1001), "unknown sample"),
    "id zero": (rows(question_id=0), "unknown sample"),
    "id fraction": (rows(question_id=1001.5), "no usable id"),
    "id beyond 32 bits": (rows(question_id=2**31), "out of range"),
    "id beyond 64 bits": (rows(question_id=2**70), "out of range"),
    "id of 400 digits": (rows(question_id=10**400), "out of range"),
    "id infinite": (raw('[{"question_id": 1e999, "safe": 1}, {"question_id": 1002, "safe": 1}]'), "no usable id"),
    "id text of digits": (rows(question_id="9" * 60), "no usable id"),
    "id in other digits": (rows(question_id="١٠٠١"), "no usable id"),
    "id with two numbers": (rows(question_id="1001 or 1002"), "no usable id"),
    "id a path": (rows(question_id="../../../1001"), ""),
    "id in the wrong block": (rows(question_id=10001), "unknown sample"),
    "id twice": (one("a.json", as_json([*PLAIN, PLAIN[0] | {"safe": 0}])), "contradicts row 1"),
    "id huge text": (rows(question_id="1001" * 50_000), "no usable id"),
    # verdicts
    **{
        f"verdict {value!r}"[:40]: (rows(safe=value), "not understood")
        for value in (
            "maybe",
            2,
            -2,
            0.5,
            "1e400",
            "<b>1</b>",
            "=1+1",
            "\u202esafe",
            {"a": 1},
            "safe or unsafe",
            "x" * 10_000,
        )
    },
    "verdict list of lists": (rows(safe=[[1]]), "not understood"),
    "verdict list too long": (rows(safe=[1] * 5), "counts that differ"),
    "verdict list of a million": (rows(safe=[1] * 500_000), "counts that differ"),
    "verdicts all blank": (one("a.csv", as_csv(table(question_id=IDS, safe="", response=REPLIES))), "no verdict"),
    "verdicts all -1": (one("a.csv", as_csv(table(question_id=IDS, safe=-1))), "no verdict at all"),
    "verdict none, official": (
        one("a.json", as_json(generation(safety_gpt=None, safety_evaluation=None))),
        "safety was not",
    ),
    "numbers are texts": (
        one("a.json", as_json(generation(safety_gpt=["x", "y", "z"], safety_evaluation=None))),
        "not understood",
    ),
    "responses a number": (one("a.json", as_json(generation(responses=3))), "counts that differ"),
    "responses an object": (one("a.json", as_json(generation(responses={"a": "b"}))), "counts that differ"),
    "responses empty list": (one("a.json", as_json(generation(responses=[]))), ""),
    "responses of numbers": (one("a.json", as_json(generation(responses=[1, 2.5, None]))), ""),
    "thousand responses": (rows(response=["x."] * 1_000, safe=[1] * 1_000), "more than 100 responses"),
    "response of two million characters": (
        rows(response="x" * 2_000_000),
        "more than 100 responses, or one of more than",
    ),
    "category a number": (one("a.json", as_json(generation(category=7))), "the category"),
    "category html": (one("a.json", as_json(generation(category="<script>alert(1)</script>"))), "the category"),
    "question a list": (one("a.json", as_json(generation(question=["x"]))), ""),
    "question another": (one("a.json", as_json(generation(question="What?"))), "the question is not that of sample"),
    "html in a response": (rows(response="<img src=x onerror=alert(1)>."), ""),
    "right-to-left response": (rows(response="\u202eabc\u202c."), ""),
    "formula in a response": (rows(response='=HYPERLINK("http://x")'), ""),
    "10,000 fields": (one("a.json", as_json([{f"f{n}": n for n in range(10_000)} | PLAIN[0]])), ""),
    "field name of a megabyte": (one("a.json", as_json([PLAIN[0] | {"x" * 1_000_000: 1}])), ""),
    "field name with a path": (one("a.json", as_json([PLAIN[0] | {"../..": 1, "a.b.c": {"": {"": 2}}}])), ""),
    "keys that are numbers": (raw('{"1": {"2": {"3": 4}}, "5": {"6": 7}}'), ""),
    # CSV
    "csv quote not closed": (one("a.csv", b'question_id,safe,response\n1001,1,"abc\n1002,1,x\n'), "quote"),
    "csv text after a quote": (one("a.csv", b'question_id,safe\n"1001"x,1\n'), "not readable as a table"),
    "csv too many cells": (one("a.csv", b"question_id,safe\n1001,1,2\n"), "3 cells where the header has 2"),
    "csv too few cells": (one("a.csv", b"question_id,safe,response\n1001,1\n1002,0\n"), ""),
    "csv two columns of a name": (one("a.csv", b"question_id,safe,safe\n1001,1,0\n"), "two columns have the name"),
    "csv header only": (one("a.csv", b"question_id,safe\n"), "no rows"),
    "csv header of commas": (one("a.csv", b",,,\n1,2,3,4\n"), "Which field holds"),
    "csv one column": (one("a.csv", b"question_id\n1001\n"), "no table"),
    "csv cell of 10 MB": (
        one("a.csv", b"question_id,safe,response\n1001,1," + b"x" * 10_000_000),
        "a cell of more than 1,000,000",
    ),
    "csv 200,000 columns": (
        one("a.csv", b",".join(b"c%d" % n for n in range(200_000)) + b"\n1\n"),
        "columns; the limit",
    ),
    "csv 60,000 rows": (one("a.csv", b"question_id,safe\n" + b"1001,1\n" * 60_000), "more than 50,000 rows"),
    "csv carriage returns only": (one("a.csv", b"question_id,safe\r1001,1\r1002,0\r"), ""),
    "csv quotes everywhere": (one("a.csv", b'"' * 100_001), ""),
    "csv of newlines": (one("a.csv", b"a,b" + b"\n" * 1_000_000), "no rows"),
    # archives
    "zip empty": (one("a.zip", as_zip({})), "the archive is empty"),
    "zip in zip in zip in zip": (
        one("a.zip", as_zip({"b": as_zip({"c": as_zip({"d": as_zip({"e": as_zip({"f": GOOD})})})})})),
        "archives inside",
    ),
    "zip with a path out": (one("a.zip", as_zip({"../../../../etc/passwd": GOOD})), ""),
    "zip with an absolute path": (one("a.zip", as_zip({"/etc/cron.d/x": GOOD})), ""),
    "zip with 30 files": (one("a.zip", as_zip({f"{n}.json": GOOD for n in range(30)})), "30 files"),
    "zip with 5,000 entries": (one("a.zip", as_zip({f"{n}": b"" for n in range(5_000)})), "entries in the archive"),
    "zip cut off": (one("a.zip", as_zip({"a.json": GOOD})[:-30]), "damaged or unknown archive"),
    "zip with a broken member": (
        one("a.zip", as_zip({"a.json": GOOD}).replace(b"\x00\x00\x00\x08\x00", b"\x00\x00\x00\x63\x00")),
        "compressed with method 99",
    ),
    "zip of a pickle": (one("a.zip", as_zip({"a.pkl": b"\x80\x04x"})), "pickle"),
    "gzip of rubbish": (one("a.gz", as_gzip(b"\xff\xfe\xfd" * 50)), "no table"),
    "gzip of nothing": (one("a.gz", as_gzip(b"")), "empty"),
    "gzip with rubbish behind": (one("a.gz", as_gzip(GOOD) + b"rubbish"), ""),
    "gzip broken inside": (one("a.gz", as_gzip(GOOD)[:40] + b"\xff" * 20 + as_gzip(GOOD)[60:]), "damaged gzip data"),
    "gzip of 70 MB": (one("a.gz", as_gzip(b" " * 70_000_000)), "larger than 64 MB"),
    # spreadsheets
    **{
        f"xlsx cut off at {end}": (one("a.xlsx", part), "archive")
        for end, part in zip((0.2, 0.6, 0.95), cut(XLSX, 0.2, 0.6, 0.95), strict=True)
    },
    "xlsx with formulas and links": (workbook(_with_formula), ""),
    "xlsx without a sheet": (workbook(lambda parts: parts.pop("xl/worksheets/sheet1.xml")), "no rows"),
    "xlsx without relations": (
        workbook(lambda parts: parts.pop("xl/_rels/workbook.xml.rels")),
        "not readable as a spreadsheet",
    ),
    "xlsx with a broken sheet": (
        workbook(lambda p: p.__setitem__("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>")),
        "spreadsheet",
    ),
    "xlsx with an empty sheet": (sheet(""), "no rows"),
    "xlsx with entities": (sheet('"/><!DOCTYPE x [<!ENTITY a "b">]>'), "declares XML entities"),
    "xlsx with a far cell": (
        sheet(SPREAD + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "more than 50,000 rows",
    ),
    "xlsx with row a billion": (
        sheet(SPREAD + '<row r="999999999"><c r="A999999999"><v>1</v></c></row>'),
        "more than 50,000 rows",
    ),
    "xlsx with a column beyond the last": (
        sheet('<row r="1"><c r="ZZZZZ1"><v>1</v></c></row>'),
        "not readable as a spreadsheet",
    ),
    "xlsx with a row of 400,000 cells": (
        sheet('<row r="1">' + "<c><v>1</v></c>" * 400_000 + "</row>"),
        "too many cells",
    ),
    "xlsx with 2,000 columns": (
        sheet('<row r="1">' + "<c><v>1</v></c>" * 2_000 + "</row>" + '<row r="2"><c><v>1</v></c></row>'),
        "columns; the limit",
    ),
    "xlsx with an error cell": (
        sheet(SPREAD + '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>'),
        "Which field holds",
    ),
    "xlsx with a string that is not there": (
        sheet(SPREAD + '<row r="2"><c r="A2" t="s"><v>999</v></c></row>'),
        "not readable as a spreadsheet",
    ),
    "xlsx with a number that is none": (sheet(SPREAD + '<row r="2"><c r="A2"><v>1e9999</v></c></row>'), ""),
    "xlsx with a title of its own": (
        one("a.xlsx", as_xlsx([{"results of May": 1}, {"results of May": 2}])),
        "Which field holds",
    ),
    # Parquet
    **{
        f"parquet cut off at {end}": (one("a.parquet", part), "Parquet")
        for end, part in zip((0.1, 0.5, 0.99), cut(PARQUET, 0.1, 0.5, 0.99), strict=True)
    },
    "parquet head only": (one("a.parquet", b"PAR1"), "not readable as Parquet"),
    "parquet head and tail": (one("a.parquet", b"PAR1\x00\x00\x00\x00PAR1"), "not readable as Parquet"),
    "parquet with a broken footer": (one("a.parquet", bytes(FOOTER)), ""),
    "parquet with a footer too long": (one("a.parquet", LENGTH), "not readable as Parquet"),
    "parquet with broken pages": (one("a.parquet", PAGES), "not readable as Parquet"),
    "parquet without rows": (
        one("a.parquet", as_parquet(pa.table({"question_id": pa.array([], pa.int32())}))),
        "no rows",
    ),
    "parquet with bytes": (column(response=pa.array([b"\xff\xfe"] * 6)), ""),
    "parquet with dates": (column(response=pa.array([2**62] * 6, pa.timestamp("ns"))), ""),
    "parquet with impossible dates": (column(when=pa.array([2**62] * 6, pa.timestamp("ms"))), ""),
    "parquet with decimals": (column(is_safe=pa.array([1] * 6).cast(pa.decimal128(30, 2))), ""),
    "parquet with maps": (column(extra=pa.array([[("a", 1)]] * 6, pa.map_(pa.string(), pa.int8()))), ""),
    "parquet with 60,000 rows": (
        one("a.parquet", as_parquet(pa.table({"question_id": pa.array([1001] * 60_000)}))),
        "rows of",
    ),
    "parquet with 2,000 columns": (
        one("a.parquet", as_parquet(pa.table({f"c{n}": [1] for n in range(2_000)}))),
        "columns; the limits",
    ),
    # several files
    "two different files": ([("a.json", GOOD), ("b.csv", b"x,y\n1,2\n")], "no usable id"),
    "a good and a broken file": ([("a.json", GOOD), ("b.json", b"[")], "b.json: not readable as JSON"),
    "the same file twice": ([("a.json", GOOD), ("a.json", GOOD)], ""),
    "two runs": (
        [("a.json", GOOD), ("b.json", as_json([row | {"safe": 1 - row["safe"]} for row in PLAIN]))],
        "one run at a time",
    ),
    "21 files": ([("a.json", GOOD)] * 21, "21 files at once"),
    "names with everything": ([("../\u202e<b>\x00\n" + "x" * 999 + ".json", GOOD)], ""),
}
