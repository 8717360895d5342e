"""The whole data directory in one file, and back from it: both are whole or absent."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from siuo_dash.errors import SubmissionError
from siuo_dash.store import files, journal, verify
from siuo_dash.store.log import LOG
from siuo_dash.store.result_files import RESULTS, SAMPLES

MANIFEST: Final = "manifest.json"
FORMAT: Final = "siuo-backup-1"
_BLOCK: Final = 1 << 20
_RUN_FILE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.parquet")
_TORN: Final = re.compile(r"log\.torn-\d{1,6}\.log")


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made (ISO 8601, UTC), how many runs in all places, bytes of all files."""

    made: str
    runs: int
    size: int


def backup(data_dir: Path, target: Path) -> Backup:
    """Write the catalogue, the carried results, every run in every place and the log into one new tar file.

    Changes of the store wait until it is written, so that runs and log agree. The benchmark's own text and pictures
    are left out: `fetch-benchmark` brings them again. Raises SubmissionError when `target` exists or the disk refuses.
    """
    if target.exists():
        raise SubmissionError("a file of this name is already there", where=str(target), hint="choose another name")
    with files.explained(target), journal.locked(data_dir):
        files.clean(target.parent, target.name)
        with files.staged(target.parent, target.name) as staged:
            with os.fdopen(os.dup(staged.descriptor), "wb") as body:
                made = _write(data_dir, body)
                body.flush()
                os.fsync(body.fileno())
            files.reveal(staged, target)
    return made


def restore_from(source: Path, data_dir: Path) -> Backup:
    """Make `data_dir` from a backup; it must not exist yet, or be empty.

    Every file is checked against the backup's manifest before anything becomes visible. Raises SubmissionError when
    the backup is cut short, was changed or holds what no backup holds, or when the disk refuses.
    """
    if data_dir.is_symlink() or (data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir()))):
        raise SubmissionError(
            "this directory is not empty", where=str(data_dir), hint="restore into a new directory, then point to it"
        )
    with files.explained(data_dir), _scratch(data_dir) as scratch:
        made = _read(source, scratch)
        for place in _places():
            (scratch / place).mkdir(parents=True, exist_ok=True)
        verify.repair(scratch)  # claims and locks are made anew from the run files
        for path in (scratch, *(each for each in scratch.rglob("*") if each.is_dir())):
            files.sync_directory(path)
        scratch.replace(data_dir)
        files.sync_directory(data_dir.parent)
    return made


def _places() -> set[str]:
    """Every folder in which a run's file may lie."""
    return {place for move in journal.MOVES.values() for place in (move.source, move.target) if place is not None}


def _names(data_dir: Path) -> Iterator[str]:
    yield from (name for name in (SAMPLES, RESULTS, LOG) if (data_dir / name).is_file())
    yield from sorted(path.name for path in data_dir.glob("log.torn-*.log"))
    for place in sorted(_places()):
        yield from (f"{place}/{path.name}" for path in sorted((data_dir / place).glob("[!.]*.parquet")))


def _write(data_dir: Path, body: BinaryIO) -> Backup:
    manifest: dict[str, Any] = {"format": FORMAT, "made": datetime.now(UTC).isoformat(timespec="seconds"), "files": {}}
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in _names(data_dir):
            with (data_dir / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                hashed = _Hashed(file)
                tar.addfile(_member(name, size), hashed)
                manifest["files"][name] = {"size": size, "sha256": hashed.digest.hexdigest()}
        text = json.dumps(manifest, indent=1).encode()
        tar.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
    return _told(manifest)


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member


def _read(source: Path, scratch: Path) -> Backup:
    """Unpack what a backup may hold, and nothing else; the manifest comes last and must name exactly what came."""
    found: dict[str, dict[str, Any]] = {}
    manifest: Any = None
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
                if content is None or member.name in found or not _allowed(member.name):
                    raise _unsound(source, f"it holds {member.name!r}, which no backup holds")
                if member.name == MANIFEST:
                    manifest = json.loads(content.read())
                    continue
                found[member.name] = _unpack(content, scratch / member.name)  # type: ignore[arg-type]
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise _unsound(source, "it cannot be read to its end") from error
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") != FORMAT
        or not isinstance(manifest.get("files"), dict)
    ):
        raise _unsound(source, "its manifest is missing, so it was cut short or made by something else")
    for name in sorted(found.keys() | manifest["files"].keys()):
        if found.get(name) != manifest["files"].get(name):
            raise _unsound(source, f"{name} is not what the manifest says")
    return _told(manifest)


def _allowed(name: str) -> bool:
    place, _, file = name.rpartition("/")
    if place:
        return place in _places() and _RUN_FILE.fullmatch(file) is not None
    return name in (SAMPLES, RESULTS, LOG, MANIFEST) or _TORN.fullmatch(name) is not None


def _unpack(content: BinaryIO, target: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while block := content.read(_BLOCK):
            file.write(block)
            digest.update(block)
            size += len(block)
        file.flush()
        os.fsync(file.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def _told(manifest: dict[str, Any]) -> Backup:
    held = manifest["files"]
    return Backup(
        str(manifest.get("made", "")), sum("/" in name for name in held), sum(each["size"] for each in held.values())
    )


def _unsound(source: Path, what: str) -> SubmissionError:
    return SubmissionError(
        f"this backup is not sound: {what}", where=str(source), hint="nothing was restored; take another backup file"
    )


@contextmanager
def _scratch(data_dir: Path) -> Iterator[Path]:
    """A hidden directory beside the one to be made; gone when it did not become that one."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}.restore-", dir=data_dir.parent))
    scratch.chmod(0o755)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
