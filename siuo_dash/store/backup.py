"""A whole data directory in one file, and back from it: both are whole or absent."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import select

from siuo_dash.errors import StoreError
from siuo_dash.settings import paths
from siuo_dash.settings.paths import placed
from siuo_dash.store import blobs, candidate_files, files, sample_sets, takeover, verify
from siuo_dash.store.catalogue_file import JUDGES
from siuo_dash.store.files import RESULTS, RUNS, SAMPLES
from siuo_dash.store.registry.copying import BACKED_UP, image
from siuo_dash.store.registry.log import FOLDERS
from siuo_dash.store.registry.opening import REGISTRY, in_itself, reading, version
from siuo_dash.store.registry.tables import runs
from siuo_dash.store.transfer import transfer

MANIFEST: Final = "manifest.json"
FORMAT: Final = "siuo-backup-2"
_READ: Final = (FORMAT, "siuo-backup-1")
_HELD: Final = re.compile(
    rf"{SAMPLES}|{RESULTS}|{JUDGES}|{REGISTRY}|{RUNS}/[0-9a-f]{{64}}\.parquet|log\.jsonl|log\.torn-[^/]*\.log"
    rf"|{sample_sets.HELD}|{candidate_files.HELD}"
)
"""The names that a backup can hold; the log is in those of versions without a registry, beside the runs in FOLDERS."""
_SCRATCH: Final = ".siuo-restore"
_LOST_FOUND: Final = "lost+found"
"""What an empty disk of its own holds."""


@dataclass(frozen=True)
class Backup:
    """What a backup holds: when it was made (ISO 8601, UTC), how many run files, bytes of all files."""

    made: str
    runs: int
    size: int


def must_be_data(data_dir: Path) -> None:
    """Raise StoreError for what is no data directory."""
    closed = verify.no_directory(data_dir)
    if closed is not None:
        raise StoreError(closed.message, where=closed.file, hint=closed.hint)
    if not placed(data_dir / SAMPLES).is_file():
        raise StoreError(
            f"this is no data directory: it has no {SAMPLES}", where=str(data_dir), hint="check --data and SIUO_DATA"
        )


def backup(data_dir: Path, target: Path) -> Backup:
    """Write catalogue, sample sets, candidates, shipped results, the registry and its files into one new tar file.

    It is one moment of the registry, whose files never change: nobody waits for it. The benchmark's own text and
    pictures are left out: `fetch-benchmark` brings them again. Raises StoreError when `target` exists or the disk
    refuses.
    """
    if os.path.lexists(target):
        what = "a link of this name is there" if target.is_symlink() else "a file of this name is already there"
        raise StoreError(what, where=str(target), hint="choose another name")
    files.must_be_owner(data_dir)
    takeover.settle(data_dir)
    with files.explained(target):
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
    nothing works, comes last. Raises StoreError when the backup is cut short, was changed or holds what no
    backup holds, or when the disk refuses.
    """
    _must_be_free(data_dir)
    scratch, lock = data_dir / _SCRATCH, data_dir / f"{_SCRATCH}.lock"
    busy = StoreError("another restore is at work here", where=str(data_dir), hint="wait until it is done")
    with files.explained(data_dir):
        is_new = not data_dir.exists()
        data_dir.mkdir(0o750, exist_ok=True)
        files.must_be_owner(data_dir)
        try:
            with files.locked(lock, busy):
                try:
                    shutil.rmtree(scratch, ignore_errors=True)  # of a restore that was killed
                    _must_be_free(data_dir)
                    _must_be_unused(data_dir)
                    made = _make(source, scratch)
                    transfer(scratch, data_dir)
                    if paths.registry_url():
                        (scratch / REGISTRY).unlink(missing_ok=True)
                    if paths.blobs_url():
                        shutil.rmtree(scratch / RUNS, ignore_errors=True)
                    for path in sorted(scratch.iterdir(), key=lambda path: path.name == SAMPLES):
                        files.move(path, data_dir / path.name)
                finally:
                    shutil.rmtree(scratch, ignore_errors=True)
                    lock.unlink()
        except BaseException:
            with suppress(OSError):  # another restore is at work in it
                if is_new:
                    data_dir.rmdir()
            raise
    return made


def _write(data_dir: Path, body: BinaryIO) -> Backup:
    held: dict[str, Any] = {}
    manifest = {"format": FORMAT, "made": datetime.now(UTC).isoformat(timespec="seconds"), "files": held}
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as tar:
        image, named = _image(data_dir)
        if image:
            held[REGISTRY] = _add(tar, REGISTRY, image)
        own = [JUDGES] if (data_dir / JUDGES).is_file() else []
        others = chain((SAMPLES, RESULTS, *own), sample_sets.file_names(data_dir), candidate_files.names(data_dir))
        for name in filter(_allowed, others):
            if (path := placed(data_dir / name)).is_file():
                held[name] = _add(tar, name, path.read_bytes())
        kept = blobs.of(data_dir)
        for name in named:
            with suppress(FileNotFoundError):  # `verify` names it
                held[name] = _add(tar, name, kept.read(name))
        _add(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
    return _summary(manifest)


def _image(data_dir: Path) -> tuple[bytes, list[str]]:
    """The registry as it is now, as a file's bytes, and the files that it names; nothing without a registry."""
    with reading(data_dir) as connection:
        if connection is None:
            return b"", []
        named = connection.execute(select(runs.c.file).distinct().order_by(runs.c.file)).scalars().all()
        return image(connection, BACKED_UP), list(named)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> dict[str, Any]:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
    return _about(content)


def _about(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _summary(manifest: dict[str, Any]) -> Backup:
    held = manifest["files"]
    runs = sum(name.startswith(RUNS) or name.split("/")[0] in FOLDERS.values() for name in held)
    return Backup(str(manifest.get("made", "")), runs, sum(about["size"] for about in held.values()))


def _make(source: Path, scratch: Path) -> Backup:
    """Unpack the backup into a new directory that is durable on return, as the present version keeps it."""
    scratch.mkdir(0o750)
    made = _unpack(source, scratch)
    with in_itself(scratch):
        takeover.settle(scratch)
    for path in (scratch, *scratch.rglob("*")):
        path.chmod(path.stat().st_mode & (0o7750 if path.is_dir() else 0o640))
        if path.is_dir():
            files.sync_directory(path)
    return made


def _unpack(source: Path, scratch: Path) -> Backup:
    """Only what a backup may hold; the manifest comes last and must name exactly what came."""
    found: dict[str, dict[str, Any]] = {}
    manifest: Any = None
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
                if content is None or member.name in found or not _allowed(member.name):
                    raise _unsound(source, f"it holds {member.name!r}, which no backup holds")
                body = content.read()
                if member.name == MANIFEST:
                    manifest = json.loads(body)
                    continue
                found[member.name] = _about(body)
                target = scratch / member.name
                target.parent.mkdir(0o750, parents=True, exist_ok=True)
                files.replace(target, body)
    except (tarfile.TarError, ValueError, EOFError) as error:
        with source.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if packed:
            what, hint = "this backup is compressed", "decompress it first (gunzip), then try again"
            raise StoreError(what, where=str(source), hint=hint) from error
        raise _unsound(source, "it cannot be read to its end") from error
    if (
        not isinstance(manifest, dict)
        or manifest.get("format") not in _READ
        or not isinstance(manifest.get("files"), dict)
    ):
        raise _unsound(source, "its manifest is missing, so it was cut short or made by something else")
    for name in sorted(found.keys() | manifest["files"].keys()):
        if found.get(name) != manifest["files"].get(name):
            raise _unsound(source, f"{name} is not what the manifest says")
    return _summary(manifest)


def _allowed(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    of_old = folder in FOLDERS.values() and file.endswith(".parquet") and not file.startswith(".")
    return of_old or name == MANIFEST or _HELD.fullmatch(name) is not None


def _unsound(source: Path, what: str) -> StoreError:
    return StoreError(
        f"this backup is not sound: {what}", where=str(source), hint="nothing was restored; take another backup file"
    )


def _must_be_unused(data_dir: Path) -> None:
    """Raise StoreError when the database, if there is one, holds a registry already."""
    if version(data_dir):
        hint = "name an empty database, or another schema of it; nothing was restored"
        raise StoreError("the database holds a registry already", where="SIUO_REGISTRY", hint=hint)


def _must_be_free(data_dir: Path) -> None:
    """Raise StoreError when a data directory cannot be made here, and say why."""
    what, where, hint = "", data_dir, "restore into a new directory, then point to it"
    if data_dir.is_symlink():
        what, hint = "this is a link", "name the directory that it leads to"
    elif not data_dir.exists():
        if not data_dir.parent.is_dir():
            what, where, hint = "the directory that is to hold it is not there", data_dir.parent, "make it first"
    elif not data_dir.is_dir():
        what = "this is a file, not a directory"
    else:
        with files.explained(data_dir):
            names = {path.name for path in data_dir.iterdir()} - {_LOST_FOUND}
        held = sorted(name for name in names if not name.startswith(_SCRATCH))
        if held and held != sorted(names) and SAMPLES not in held:
            what = "a restore into this directory was broken off, or is at work"
            hint = f"if no restore is running, delete its leftovers ({', '.join(held)}), then try again"
        elif held:
            what = "this directory is not empty"
    if what:
        raise StoreError(what, where=str(where), hint=hint)
