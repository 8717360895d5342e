"""The whole data directory in one file, and back from it: both are whole or absent."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import secrets
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from siuo_dash.errors import SubmissionError
from siuo_dash.store import access, files, journal, verify
from siuo_dash.store.files import RESULTS, SAMPLES
from siuo_dash.store.log import LOG

MANIFEST: Final = "manifest.json"
FORMAT: Final = "siuo-backup-1"
_BLOCK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_SCRATCH: Final = ".siuo-restore-"
_LOST_FOUND: Final = "lost+found"
"""What an empty disk of its own holds."""


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
    if target.is_symlink() and not target.exists():
        raise SubmissionError("a link of this name is there", where=str(target), hint="choose another name")
    if target.exists():
        raise SubmissionError("a file of this name is already there", where=str(target), hint="choose another name")
    access.must_be_owner(data_dir)
    with files.explained(target), journal.locked(data_dir):
        files.clean(target.parent, target.name)
        with files.staged(target.parent, target.name) as staged:
            os.fchmod(staged.descriptor, 0o600)  # it holds what waits for review, and people's addresses
            with os.fdopen(os.dup(staged.descriptor), "wb") as body:
                made = _write(data_dir, body)
                body.flush()
                os.fsync(body.fileno())
            files.reveal(staged, target)
    return made


def restore_from(source: Path, data_dir: Path) -> Backup:
    """Make `data_dir` from a backup; it must not exist yet, or be empty.

    Every file is checked against the backup's manifest before anything becomes visible; samples.csv, without which
    nothing works, comes last. Raises SubmissionError when the backup is cut short, was changed or holds what no
    backup holds, or when the disk refuses.
    """
    _must_be_free(data_dir)
    with files.explained(data_dir):
        if data_dir.exists():
            access.must_be_owner(data_dir)
            with _scratch_within(data_dir) as scratch:
                made = _make(source, scratch)
                _move_up(scratch, data_dir)
        else:
            with _scratch_beside(data_dir) as scratch:
                made = _make(source, scratch)
                scratch.replace(data_dir)
                files.sync_directory(data_dir.parent)
    return made


def must_be_data(data_dir: Path) -> None:
    """Raise SubmissionError for what is no data directory."""
    closed = access.no_directory(data_dir)
    if closed is not None:
        raise SubmissionError(closed.message, where=closed.file, hint=closed.hint)
    if not (data_dir / SAMPLES).is_file():
        raise SubmissionError(
            f"this is no data directory: it has no {SAMPLES}", where=str(data_dir), hint="check --data and SIUO_DATA"
        )


def _must_be_free(data_dir: Path) -> None:
    """Raise SubmissionError when a data directory cannot be made here, and say why."""
    where = str(data_dir)
    hint = "restore into a new directory, then point to it"
    if data_dir.is_symlink():
        raise SubmissionError("this is a link", where=where, hint="name the directory that it leads to")
    if not data_dir.exists():
        if not data_dir.parent.is_dir():
            raise SubmissionError(
                "the directory that is to hold it is not there", where=str(data_dir.parent), hint="make it first"
            )
        return
    if not data_dir.is_dir():
        raise SubmissionError("this is a file, not a directory", where=where, hint=hint)
    with files.explained(data_dir):
        names = {path.name for path in data_dir.iterdir()} - {_LOST_FOUND}
    leftovers = {name for name in names if name.startswith(_SCRATCH)}
    held = sorted(names - leftovers)
    if held and leftovers and SAMPLES not in held:
        raise SubmissionError(
            "a restore into this directory was broken off, or is at work",
            where=where,
            hint=f"when none is at work, remove what it left ({', '.join(held)}), then try again",
        )
    if held:
        raise SubmissionError("this directory is not empty", where=where, hint=hint)


def _make(source: Path, scratch: Path) -> Backup:
    """Unpack the backup and make of it all that a store has but a backup does not; durable on return."""
    made = _read(source, scratch)
    for place in _places():
        (scratch / place).mkdir(parents=True, exist_ok=True)
    verify.claim_all(scratch)  # claims and locks are made anew from the run files; the log stays as it was
    within = list(scratch.rglob("*"))
    for path in within:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & (0o7750 if path.is_dir() else 0o640))
    # What the umask leaves of 0750 shows in a directory that was made under it.
    scratch.chmod(stat.S_IMODE((scratch / journal.PUBLISHED).stat().st_mode))
    for path in (scratch, *(each for each in within if each.is_dir())):
        files.sync_directory(path)
    return made


def _move_up(scratch: Path, data_dir: Path) -> None:
    """Move all that was made into the data directory, the catalogue last; on a failure all goes back."""
    names = sorted((path.name for path in scratch.iterdir()), key=lambda name: (name == SAMPLES, name))
    moved: list[str] = []
    try:
        for name in names:
            if name == SAMPLES:
                files.sync_directory(data_dir)  # never the catalogue alone after a power cut
            if os.path.lexists(data_dir / name):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(data_dir / name))
            (scratch / name).rename(data_dir / name)
            moved.append(name)
        files.sync_directory(data_dir)
    except BaseException:
        for name in reversed(moved):
            (data_dir / name).rename(scratch / name)
        raise


def _places() -> set[str]:
    """Every folder in which a run's file may lie."""
    return {place for move in journal.MOVES.values() for place in (move.source, move.target) if place is not None}


def _names(data_dir: Path) -> Iterator[str]:
    """What a backup takes; `_allowed` says the same of names alone."""
    yield from (name for name in (SAMPLES, RESULTS, LOG) if (data_dir / name).is_file())
    yield from sorted(path.name for path in data_dir.glob("log.torn-*.log") if path.is_file())
    for place in sorted(_places()):
        listed = sorted(path for path in (data_dir / place).glob("[!.]*.parquet") if path.is_file())
        yield from (f"{place}/{path.name}" for path in listed)


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
    with source.open("rb") as file:
        if file.read(2) == _GZIP:
            raise SubmissionError(
                "this backup is compressed", where=str(source), hint="decompress it first (gunzip), then try again"
            )
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
    """Whether a backup can hold this; also a file that somebody copied in under a name that is no run's."""
    place, _, file = name.rpartition("/")
    if place:
        return place in _places() and not file.startswith(".") and file.endswith(".parquet")
    return name in (SAMPLES, RESULTS, LOG, MANIFEST) or (name.startswith("log.torn-") and name.endswith(".log"))


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
def _scratch_beside(data_dir: Path) -> Iterator[Path]:
    """A hidden directory beside the one to be made; gone when it did not become that one."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{data_dir.name}.restore-", dir=data_dir.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _scratch_within(data_dir: Path) -> Iterator[Path]:
    """A hidden directory inside an empty one, which may be a disk of its own; removed whatever happens.

    It is locked while its process lives, so that what a killed one left is known and removed.
    """
    scratch = data_dir / f"{_SCRATCH}{secrets.token_hex(4)}"
    scratch.mkdir(0o700)
    alive = files.lock(scratch / "lock")
    busy = SubmissionError("another restore is at work here", where=str(data_dir), hint="wait until it is done")
    try:
        if alive is None:  # the other one took this directory for a leftover
            raise busy
        for other in data_dir.glob(f"{_SCRATCH}*"):
            if other == scratch:
                continue
            held = files.lock(other / "lock")
            if held is None:
                raise busy
            shutil.rmtree(other)
            os.close(held)
        content = scratch / "data"
        content.mkdir(0o700)
        yield content
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if alive is not None:
            os.close(alive)
