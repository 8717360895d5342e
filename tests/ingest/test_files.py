"""Unpacking: names, archives, and what is not a result file."""

from __future__ import annotations

import gzip
import io
import zipfile

import pyarrow as pa
import pytest

from siuo_dash.ingest.files import MAX_FILES, UploadedFile, safe_name, unpack
from siuo_dash.ingest.findings import Findings
from tests.ingest.make import (
    IDS,
    MIXED,
    Check,
    as_csv,
    as_gzip,
    as_json,
    as_parquet,
    as_xlsx,
    as_zip,
    generation,
    has,
    messages,
    table,
)

CSV = as_csv(table(question_id=IDS, safe=MIXED))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.json", "a.json"),
        ("/home/me/a.json", "a.json"),
        ("C:\\results\\a.json", "a.json"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\u202e.json", "a\\u0000b\\u202e.json"),
        ("", "unnamed file"),
        ("dir/", "unnamed file"),
        ("x" * 500, "x" * 120),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert safe_name(name) == shown


@pytest.mark.parametrize(
    "wrapped",
    [
        ("t.csv.gz", as_gzip(CSV)),
        ("t.gz", gzip.compress(CSV[:20]) + gzip.compress(CSV[20:])),
        ("t.zip", as_zip({"results/t.csv": CSV, "__MACOSX/t.csv": b"x", ".DS_Store": b"x"})),
        ("t.csv.gz.gz", as_gzip(as_gzip(CSV))),
        ("t.zip", as_zip({"inner.zip": as_zip({"t.csv.gz": as_gzip(CSV)})})),
    ],
    ids=["gz", "gz of two members", "zip", "gz in gz", "gz in zip in zip"],
)
def test_wrapped_files_are_read_as_they_are(check: Check, wrapped: tuple[str, bytes]) -> None:
    submission = check(wrapped)
    assert submission.ok and submission.scores["safe"].k == 4


@pytest.mark.parametrize("wrap", [as_json, as_xlsx, as_parquet], ids=["json", "xlsx", "parquet"])
def test_any_format_in_an_archive(check: Check, wrap: object) -> None:
    assert callable(wrap)
    assert check(("a.zip", as_zip({"a": wrap(table(question_id=IDS, safe=MIXED))}))).scores["safe"].k == 4


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_arrow_as_a_file_and_as_a_stream(check: Check, compression: str) -> None:
    columns = {"meta": [{"question_id": i, "domain": "x"} for i in IDS], "safe": [bool(s) for s in MIXED]}
    data = pa.table({**columns, "image": [{"bytes": b"\x89PNG", "path": "a.png"}] * len(IDS)})
    options = pa.ipc.IpcWriteOptions(compression=None if compression == "uncompressed" else compression)
    for new in (pa.ipc.new_file, pa.ipc.new_stream):
        out = io.BytesIO()
        with new(out, data.schema, options=options) as writer:
            writer.write_table(data, max_chunksize=4)
        submission = check(("data-00000-of-00001.arrow", out.getvalue()))
        assert submission.ok and submission.scores["safe"].k == 4
        assert has(messages(submission, "warning"), "pictures or other bytes are not read: 'image'")
        assert has(messages(check(("a.arrow", out.getvalue()[:200]))), "not readable as an Arrow or Feather file")


def test_the_extension_does_not_matter(check: Check) -> None:
    assert check(("results.txt", as_json(generation()))).reading.format == "SIUO generation"
    assert check(("results.csv", as_xlsx(table(question_id=IDS, safe=MIXED)))).ok


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b" \n\t ", "the file is empty"),
        (b"\x80\x04\x95pickle", "a Python pickle, which can run code"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"ARROW1\x00\x00", "an Arrow or Feather file"),
        (b"\x28\xb5\x2f\xfd..", "compressed with Zstandard"),
        (b"7z\xbc\xaf\x27", "a 7z archive"),
        (b"x" * 257 + b"ustar\x0000", "a tar archive"),
        (b"\x7fELF\x02", "a program"),
        (b"<!DOCTYPE html><html>", "HTML or XML"),
        (b"\x1f\x8bnot really", "damaged gzip data"),
        (gzip.compress(CSV)[:-9], "ends early"),
        (b"PK\x03\x04 and no more", "damaged or unknown archive"),
        (as_zip({}), "the archive is empty"),
        (as_zip({"only/": b""}), "the archive is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_a_result_file_is_named(check: Check, data: bytes, said: str) -> None:
    found = messages(check(("file", data)))
    assert len(found) == 1 and said in found[0]


def test_a_password_is_asked_for(check: Check) -> None:
    plain = bytearray(as_zip({"a.csv": CSV}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + offset] |= 1
    assert has(messages(check(("a.zip", bytes(plain)))), "asks for a password")


def test_too_many_files() -> None:
    findings = Findings()
    assert unpack([UploadedFile("a.csv", CSV)] * (MAX_FILES + 1), findings) == []
    assert "21 files at once" in findings.listed()[0].message
    findings = Findings()
    unpack([UploadedFile("a.zip", as_zip({f"{n}.csv": CSV for n in range(MAX_FILES + 5)}))], findings)
    assert "25 files in the archive" in findings.listed()[0].message


def test_nothing_dropped(check: Check) -> None:
    assert has(messages(check()), "no file")


def test_a_two_gigabyte_archive_is_not_unpacked(check: Check) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.json", "w") as stream,
    ):
        block = b" " * 10_000_000
        for _ in range(10):
            stream.write(block)
    found = messages(check(("bomb.zip", out.getvalue())))
    assert found[0].startswith("bomb.zip: larger than 64 MB") and len(out.getvalue()) < 1_000_000


def test_gzip_bombs_and_nested_ones(check: Check) -> None:
    bomb = gzip.compress(b"0" * 70_000_000, compresslevel=1)
    for name, data in (
        ("a.gz", bomb),
        ("a.zip", as_zip({"a.gz": bomb})),
        ("b.zip", as_zip({f"{n}.gz": bomb for n in range(9)})),
    ):
        assert has(messages(check((name, data))), "larger than 64 MB")


def test_archives_inside_archives_end(check: Check) -> None:
    data = CSV
    for _ in range(6):
        data = as_zip({"next.zip": data})
    assert has(messages(check(("russian.zip", data))), "archives inside archives")
