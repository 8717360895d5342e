"""Moves what a data directory keeps itself to where SIUO_REGISTRY and SIUO_BLOBS say; asked again, it does the rest.

The files of runs go first, the registry last, in one transaction: a move that is broken off has changed nothing that
anybody sees. Then what was moved is put aside, into `before-migration/`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from siuo_dash.errors import StoreError
from siuo_dash.settings import paths
from siuo_dash.store import blobs, files, old_directory, takeover
from siuo_dash.store.files import RUNS
from siuo_dash.store.registry import copying
from siuo_dash.store.registry.opening import LOCK_SECONDS, REGISTRY, changing, in_itself, make, reading
from siuo_dash.store.registry.reading import named_files
from siuo_dash.store.registry.sqlite import MOVED
from siuo_dash.store.registry.tables import head, log

_ASIDE: Final = Path(MOVED).parent.name


@dataclass(frozen=True)
class Moved:
    """What was moved, or would be: lines of the log (None: the registry stays), run files and their bytes."""

    lines: int | None
    files: int
    size: int
    missing: tuple[str, ...]
    """Files that the registry names, and that are gone."""


def migrate(data_dir: Path, *, dry_run: bool = False) -> Moved:
    """Move a data directory's registry and run files, whatever version wrote it, to the database and the bucket.

    dry_run: look only. Raises StoreError when neither is set, the database holds another registry, or something does
    not answer; asked again, it goes on where it was.
    """
    if not (paths.registry_url() or paths.blobs_url()):
        hint = "set SIUO_REGISTRY to a database, SIUO_BLOBS to a bucket, or both (docs/scale.md)"
        raise StoreError("nothing says where to move to", where=str(data_dir), hint=hint)
    files.must_be_owner(data_dir)
    if dry_run and old_directory.is_old(data_dir) and not (data_dir / REGISTRY).exists():
        hint = "`migrate` takes it over first; look with `runs` of this version to do no more than that"
        raise StoreError("an earlier version wrote this data directory", where=str(data_dir), hint=hint)
    moved = transfer(data_dir, data_dir, dry_run=dry_run)
    if not dry_run:
        _put_aside(data_dir)
    return moved


def transfer(source: Path, data_dir: Path, *, dry_run: bool = False) -> Moved:
    """Copy what `source` keeps itself to where `data_dir` keeps it; nothing where that is the same place."""
    with in_itself(source):
        if not dry_run:
            takeover.settle(source)
        has_own = (source / REGISTRY).exists()
        named = sorted(named_files(source)) if has_own else []
    if not has_own and paths.registry_url():
        named = sorted(named_files(data_dir))
    kept, own = blobs.of(data_dir), blobs.Folder(source)
    missing, count, size = [], 0, 0
    for name in named if paths.blobs_url() else ():
        if kept.size(name) == own.size(name) > 0:
            continue
        try:
            body = own.read(name)
        except FileNotFoundError:
            if not kept.has(name):
                missing.append(name)
            continue
        count, size = count + 1, size + len(body)
        if not dry_run:
            kept.write(name, body)
    lines = None
    if has_own and paths.registry_url():
        lines = move_registry(source, data_dir, dry_run=dry_run)
    return Moved(lines, count, size, tuple(missing))


def move_registry(source: Path, data_dir: Path, *, dry_run: bool) -> int:
    """Copy the registry in one transaction, while nobody changes it here; the number of lines of its log."""
    with ExitStack() as stack:
        with in_itself(source):
            here = stack.enter_context(reading(source) if dry_run else _unchanged(source))
        assert here is not None
        last = here.execute(select(head.c.seq, head.c.hash)).one()
        with reading(data_dir) as there:
            if there is not None:
                _must_be_earlier(there, here)
            is_new = there is None
        if not dry_run:
            make(data_dir)
            with changing(data_dir) as now:
                _must_be_earlier(now.connection, here)
                if is_new or now.seq < last.seq:  # before the first run there may be tokens and sign-outs
                    copying.copy(here, now.connection, copying.ALL)
                    now.seq, now.hash = last.seq, last.hash
        return int(last.seq)


@contextmanager
def _unchanged(source: Path) -> Iterator[Connection]:
    with changing(source) as now:
        yield now.connection


def _must_be_earlier(there: Connection, here: Connection) -> None:
    """Raise StoreError unless one log begins with the other: then one is a copy of the other, perhaps an older one."""
    ends = [connection.execute(select(head.c.seq, head.c.hash)).one() for connection in (there, here)]
    shorter = min(seq for seq, _ in ends)
    lines = select(log.c.hash).where(log.c.seq == shorter)
    if shorter == 0 or there.execute(lines).scalar() == here.execute(lines).scalar():
        return
    raise StoreError(
        "the database holds another registry",
        where="SIUO_REGISTRY",
        hint="name an empty database, or another schema of it (?options=-csearch_path%3Dname)",
    )


def _put_aside(data_dir: Path) -> None:
    busy = StoreError("another move is at work here", where=str(data_dir), hint="wait until it is done")
    aside, lock = data_dir / _ASIDE, data_dir / ".migrate.lock"
    with files.explained(data_dir), files.locked(lock, busy, LOCK_SECONDS):
        names = [f"{REGISTRY}-wal", f"{REGISTRY}-shm", REGISTRY] if paths.registry_url() else []
        with in_itself(data_dir):  # which closes it
            pass
        for name in (*names, *([RUNS] if paths.blobs_url() else ())):
            if os.path.lexists(data_dir / name):
                files.make_directory(aside)
                files.move(data_dir / name, aside / name)
        lock.unlink()
