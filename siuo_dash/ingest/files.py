"""Uploaded files, unpacked within limits; what is no result file is recognised by its first bytes."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from siuo_dash.ingest.findings import Findings, Unreadable, shown
from siuo_dash.ingest.inspect_log import as_json, is_log
from siuo_dash.ingest.xlsx_parts import WORKBOOK, plain_archive
from siuo_dash.text import counted, spelled_out

MEGABYTE: Final = 1_000_000
MAX_FILE: Final = 64 * MEGABYTE
"""Bytes of one file, unpacked."""
MAX_TOTAL: Final = 128 * MEGABYTE
"""Bytes of all files together, unpacked."""
MAX_FILES: Final = 20
_TOO_MANY: Final = "one run at a time; put the samples of many files into one, a line each"
MAX_ENTRIES: Final = 2_000
"""Entries of one archive or spreadsheet, members of one gzip file."""
MAX_DEPTH: Final = 3
"""Archives inside archives."""
PARQUET: Final = b"PAR1"
ARROW_FILE: Final = b"ARROW1"
ARROW: Final = (ARROW_FILE, b"\xff\xff\xff\xff")
"""Arrow's file form, which is also Feather's, and its stream."""
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK: Final = 1 << 18
_ZSTD: Final = 93
"""The method of a zip's member that Inspect AI's newer logs use."""

_UNPACK: Final = "unpack it, or use .gz or .zip"
_PLAIN_ZIP: Final = "pack it again as a plain .zip, or drop the file inside"
_PICKLES: Final = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
_KNOWN: Final = (
    (_PICKLES, "a Python pickle, which can run code and is never opened", "save it as JSON, CSV or XLSX"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or a protected one", "save it as .xlsx without a password"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"%PDF", "a PDF", "drop the data file that it was made from"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture", "drop the results, not a picture of them"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", _UNPACK),
    (b"BZh", "compressed with bzip2", _UNPACK),
    (b"\xfd7zXZ", "compressed with xz", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    ((b"\x7fELF", b"MZ\x90"), "a program", "drop the results of the evaluation"),
)
"""(first bytes, what it is, what to do) of files that are no results."""


@dataclass(frozen=True)
class UploadedFile:
    """A file as it was uploaded, or as it was packed inside one: its name and its bytes."""

    name: str
    data: bytes


class _TooLarge(Exception):
    """Unpacking would exceed a limit."""


class _Budget:
    """How many bytes may still be unpacked."""

    def __init__(self, total: int) -> None:
        self.left = total

    def spend(self, count: int, so_far: int) -> None:
        self.left -= count
        if so_far > MAX_FILE or self.left < 0:
            raise _TooLarge


def safe_name(name: str) -> str:
    """The file's own name: without folders or excessive length, hidden characters spelled out."""
    return spelled_out(re.split(r"[/\\]", name)[-1].strip())[:120] or "unnamed file"


def unpack(files: Sequence[UploadedFile], findings: Findings) -> list[UploadedFile]:
    """All result files inside what was uploaded, with names that are safe to show; the others become findings.

    Each is text, Parquet, Arrow or a spreadsheet, by its first bytes: PARQUET, ARROW, ZIP or none of them.
    """
    if not files:
        findings.error("no file", hint="drop one or more result files")
    if len(files) > MAX_FILES:
        hint = "one run at a time: its one or two result files"
        findings.error(f"{len(files)} files at once; the limit is {MAX_FILES}", hint=hint)
        return []
    budget = _Budget(MAX_TOTAL)
    parts: list[UploadedFile] = []
    for file in files:
        name = safe_name(file.name)
        try:
            budget.spend(len(file.data), len(file.data))
            parts.extend(_open(name, file.data, budget, findings.at(file=name), depth=0))
        except _TooLarge:
            what = f"larger than {MAX_FILE // MEGABYTE} MB, or {MAX_TOTAL // MEGABYTE} MB together, when unpacked"
            findings.error(what, hint="a run of 167 samples is below 10 MB; drop only its result files", file=name)
    if len(parts) > MAX_FILES:
        findings.error(f"{len(parts)} files when unpacked; the limit is {MAX_FILES}", hint=_TOO_MANY)
        return []
    return parts


def _open(name: str, data: bytes, budget: _Budget, findings: Findings, depth: int) -> Iterator[UploadedFile]:
    if depth > MAX_DEPTH:
        findings.error("archives inside archives inside archives", hint="unpack it first")
    elif not data.strip():
        findings.error("the file is empty", hint="was the evaluation finished before it was saved?")
    elif data.startswith(b"\x1f\x8b"):
        unpacked = _gunzip(data, budget, findings)
        if unpacked is not None:
            name = name.removesuffix(".gz") or name
            yield from _open(name, unpacked, budget, findings.at(file=name), depth + 1)
    elif data.startswith(ZIP):
        yield from _unzip(name, data, budget, findings, depth)
    elif data.startswith((PARQUET, *ARROW)):
        yield UploadedFile(name, data)
    elif data[257:262] == b"ustar":
        findings.error("not readable: a tar archive", hint=_UNPACK)
    elif known := next((entry for entry in _KNOWN if data.startswith(entry[0])), None):
        findings.error(f"not readable: {known[1]}", hint=known[2])
    else:
        yield UploadedFile(name, data)


def _gunzip(data: bytes, budget: _Budget, findings: Findings) -> bytes | None:
    out = bytearray()
    view = memoryview(data)
    at = members = 0
    try:
        while data.startswith(b"\x1f\x8b", at):  # a gzip file may have several members
            members += 1
            if members > MAX_ENTRIES:
                hint = "compress it again in one piece"
                findings.error(f"more than {MAX_ENTRIES:,} compressed pieces in one gzip file", hint=hint)
                return None
            stream = zlib.decompressobj(wbits=31)
            while not stream.eof:
                piece = stream.unconsumed_tail or view[at : at + _CHUNK]
                at += 0 if stream.unconsumed_tail else len(piece)
                chunk = stream.decompress(piece, _CHUNK)
                out += chunk
                budget.spend(len(chunk), len(out))
                if not piece and not chunk:
                    findings.error("not readable: the compressed file ends early", hint="copy it again")
                    return None
            at -= len(stream.unused_data)
    except zlib.error as error:
        findings.error(f"not readable: damaged gzip data ({error})", hint="copy it again")
        return None
    return bytes(out)


def _unzip(name: str, data: bytes, budget: _Budget, findings: Findings, depth: int) -> Iterator[UploadedFile]:
    entries = data.count(b"PK\x01\x02")
    if entries > MAX_ENTRIES:  # before zipfile builds an object for each
        findings.error(f"{entries:,} entries in the archive; the limit is {MAX_ENTRIES:,}")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if WORKBOOK in archive.namelist():
                parts = {member.filename: _inflate(archive, member, budget) for member in archive.infolist()}
                yield UploadedFile(name, plain_archive(parts))
                return
            if is_log(archive.namelist()):
                yield UploadedFile(name, _log(archive, budget))
                return
            members = [member for member in archive.infolist() if not _is_furniture(member)]
            if not members:
                findings.error("the archive is empty")
            for member in members[: MAX_FILES + 1]:
                inner = safe_name(member.filename)
                unpacked = _inflate(archive, member, budget)
                yield from _open(inner, unpacked, budget, findings.at(file=inner), depth + 1)
            if len(members) > MAX_FILES:
                what = f"{counted(len(members), 'file')} in the archive; the limit is {MAX_FILES}"
                findings.error(what, hint=_TOO_MANY)
    except Unreadable as error:
        findings.error(str(error), hint=error.hint)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        # RuntimeError is what zipfile raises for a password, NotImplementedError for an unknown compression
        findings.error(f"not readable: {_plain(error)}", hint=_PLAIN_ZIP)


def _log(archive: zipfile.ZipFile, budget: _Budget) -> bytes:
    """The log in an archive, a member at a time: of its events and pictures nothing is kept."""
    passing = _Budget(2 * MAX_TOTAL)

    def member(name: str) -> bytes:
        found = archive.getinfo(name)
        return _zstd(archive, found, passing) if found.compress_type == _ZSTD else _inflate(archive, found, passing)

    log = as_json(archive.namelist(), member)
    budget.spend(len(log), len(log))
    return log


def _zstd(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """A member that is compressed with Zstandard, which zipfile does not know; unpacked in small pieces."""
    assert archive.fp is not None
    archive.fp.seek(member.header_offset + 26)
    lengths = archive.fp.read(4)  # of the name and of what follows it, before the data
    archive.fp.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), io.SEEK_CUR)
    stream = pa.CompressedInputStream(pa.BufferReader(archive.fp.read(member.compress_size)), "zstd")
    out = bytearray()
    while chunk := stream.read(_CHUNK):
        out += chunk
        budget.spend(len(chunk), len(out))
    return bytes(out)


def _inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> bytes:
    is_locked = member.flag_bits & 1  # zipfile asks for the password
    if not is_locked and member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile unpacks a whole piece of the others at once, and 2 kB can be gigabytes
        how = zipfile.compressor_names.get(member.compress_type, f"method {member.compress_type}")  # type: ignore[attr-defined]
        raise Unreadable(
            f"{shown(member.filename)} in the archive is compressed with {how}, which is not read", _PLAIN_ZIP
        )
    out = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            out += chunk
            budget.spend(len(chunk), len(out))
    return bytes(out)


def _is_furniture(member: zipfile.ZipInfo) -> bool:
    last = member.filename.rsplit("/", 1)[-1]
    return member.is_dir() or member.filename.startswith("__MACOSX/") or last.startswith(".") or not last


def _plain(error: Exception) -> str:
    text = str(error)
    if "encrypted" in text or "password" in text:
        return "the archive asks for a password"
    return f"damaged or unknown archive ({text[:80]})"
