"""Examines a data directory: the catalogue, the shipped results, the registry with its log, and every run's file.

It reads every file and takes no lock, so that it also runs where nothing may be written: a change that is made
meanwhile can show as a fault, and is gone when asked again.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Row, func, select

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.identity import content_hash
from siuo_dash.benchmark.schema import LATER
from siuo_dash.errors import CatalogueError, Finding, SchemaError, StoreError
from siuo_dash.store import blobs, files, sample_sets, takeover
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import RESULTS, RUNS, SAMPLES, opened
from siuo_dash.store.registry.log import FOLDERS, LONGEST_LINE, MOVES, Event, hash_of, parse
from siuo_dash.store.registry.opening import REGISTRY, reading
from siuo_dash.store.registry.publishing import discard
from siuo_dash.store.registry.reading import named_files
from siuo_dash.store.registry.tables import head, log, runs
from siuo_dash.store.runs.parquet import AS_SERVICE, check_schema, table_of, unreadable

REPAIR: Final = "run `python -m siuo_dash verify --repair`"
_TAMPERED: Final = f"{REGISTRY} was changed by something else, or the disk lost a part: compare it with a backup"
_FROM_BACKUP: Final = "restore the file from a backup"
_BROKEN: Final = (SchemaError, pa.ArrowException, OSError, ValueError)
_LONGEST: Final = 300
_RUN_FILE: Final = re.compile(r"[0-9a-f]{64}\.parquet")


def verify(data_dir: Path, shipped: Path | None = None) -> list[Finding]:
    """Every fault, each with what to do; empty = sound.

    shipped: the data directory that comes with the program, to compare the catalogue with.
    """
    closed = no_directory(data_dir)
    if closed is not None:
        return [closed]
    findings = [*_catalogue(data_dir, shipped), *_sets(data_dir), *_results(data_dir)]
    if takeover.needed(data_dir):
        hint = "any start of the program takes it over, such as `python -m siuo_dash runs`; then verify again"
        return [*findings, Finding("warning", "an earlier version wrote this data directory", hint, str(data_dir))]
    # The files first: what is published meanwhile is found in the registry, not the other way round.
    there, unlisted = _run_files(data_dir)
    try:
        with reading(data_dir) as connection:
            if connection is not None:
                findings += map(_short, _registry(data_dir, connection))
    except StoreError as error:
        place = error.where if error.where and not error.where.endswith(REGISTRY) else REGISTRY
        findings.append(Finding("error", error.what, error.hint, place))
        return [*findings, *unlisted]
    return [*findings, *unlisted, *_left_over(data_dir, there)]


def repair(data_dir: Path) -> list[str]:
    """Remove the files of runs that no run names: what a process that died left. What was done, in sentences."""
    if no_directory(data_dir) is not None:  # `verify` says why
        return []
    files.must_be_owner(data_dir)
    takeover.settle(data_dir)
    removed = []
    with files.explained(data_dir):
        blobs.of(data_dir).clean()
        files.clean(data_dir, REGISTRY)
        for name in sorted(_run_files(data_dir)[0] - named_files(data_dir)):
            if _RUN_FILE.fullmatch(Path(name).name) and discard(data_dir, name):
                removed.append(f"removed {name}, which no run names")
    return removed


def no_directory(data_dir: Path) -> Finding | None:
    """Why a data directory cannot be examined at all, or None."""
    try:
        is_directory = stat.S_ISDIR(data_dir.stat().st_mode)
    except PermissionError:
        return Finding("error", "no permission to look at the data directory", AS_SERVICE, str(data_dir))
    except OSError:
        return Finding("error", "the data directory is not there", "check the path, or mount it", str(data_dir))
    if not is_directory:
        hint = "this is a file; name the directory that holds samples.csv"
        return Finding("error", "the data directory is not there", hint, str(data_dir))
    if not os.access(data_dir, os.R_OK | os.X_OK):
        return Finding("error", "no permission to look into the data directory", AS_SERVICE, str(data_dir))
    return None


def _catalogue(data_dir: Path, shipped: Path | None) -> Iterator[Finding]:
    hint = f"take {SAMPLES} from the program's data/, or from a backup"
    try:
        found = read_catalogue(data_dir / SAMPLES)
    except CatalogueError as error:
        closed = isinstance(error.__cause__, PermissionError)
        yield Finding("error", error.what, AS_SERVICE if closed else hint, SAMPLES)
        return
    with suppress(CatalogueError):  # a program whose own catalogue cannot be read is not this directory's fault
        if shipped is not None and _keys(found) != _keys(read_catalogue(shipped / SAMPLES)):
            message = "in ids or keys it differs from the one that this program ships"
            yield Finding("warning", message, f"if that is not on purpose, {hint}", SAMPLES)


def _sets(data_dir: Path) -> Iterator[Finding]:
    """The added sample sets that are not as they were frozen."""
    for name, error in sample_sets.verify(data_dir):
        yield Finding("error", error.what, "restore the folder from a backup, or add the set again", name)


def _keys(catalogue: Catalogue) -> dict[int, str]:
    return {sample.question_id: sample.correct_option for sample in catalogue.samples}


def _results(data_dir: Path) -> Iterator[Finding]:
    """The results that come with the program; a data directory may do without them."""
    path = data_dir / RESULTS
    hint = "take the file from the program's data/, or from a backup"
    if (data_dir / "sources").is_dir():
        hint = f"run `python -m siuo_dash build`, or {hint}"
    try:
        with opened(path) as file:
            table = table_of(file.read())
        check_schema(table.schema, exact=LATER.keys() <= set(table.schema.names))
    except FileNotFoundError:
        yield Finding("warning", "the shipped runs are gone", hint, RESULTS)
    except _BROKEN as error:
        yield _broken(error, hint, RESULTS)
    else:
        for run_id in table.column("run_id").unique().to_pylist():
            if not run_id.endswith(content_hash(table.filter(pc.equal(table["run_id"], run_id)))[:8]):
                yield Finding("error", f"the rows of {run_id} are not those that its id was made from", hint, RESULTS)


def _registry(data_dir: Path, connection: Connection) -> Iterator[Finding]:
    """The log's chain and end, each run's state against the log, each run's file."""
    events: list[Event] = []
    yield from _log(connection, events)
    logged = {said.run_id: MOVES[said.event].target for said in events if said.event in MOVES}
    rows = connection.execute(select(runs).order_by(runs.c.number)).all()
    for row in rows:
        if logged.get(row.run_id) != row.state:
            message = f"{row.run_id} is {row.state}, but the log says {logged.get(row.run_id, 'nothing of it')}"
            yield Finding("error", message, _TAMPERED, REGISTRY)
    for run_id in logged.keys() - {row.run_id for row in rows}:
        yield Finding("error", f"the log names {run_id}, but there is no such run", _TAMPERED, REGISTRY)
    for row in rows:
        yield from _run(data_dir, row)


def _short(found: Finding) -> Finding:
    """The finding as a person can read it, whatever a registry that something else wrote into names."""

    def cut(words: str) -> str:
        return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"

    return replace(found, message=cut(found.message), file=cut(found.file))


def _log(connection: Connection, events: list[Event]) -> Iterator[Finding]:
    """The faults of the log; fills in the events that can be read."""
    number, previous = 0, None
    # Of a line that is much too long no more is read than shows it; its hash is believed.
    begins = func.substr(log.c.line, 1, LONGEST_LINE + 1, type_=log.c.line.type).label("line")
    for number, row in enumerate(
        connection.execute(select(log.c.seq, log.c.hash, begins).order_by(log.c.seq)), start=1
    ):
        try:
            said = parse(row.line)
            events.append(said)
            if (said.previous, row.seq) != (previous, number):
                yield Finding(
                    "error", "the log's chain of hashes is broken before this line", _TAMPERED, REGISTRY, number
                )
        except ValueError as error:
            yield Finding("error", f"this line of the log cannot be read ({error})", _TAMPERED, REGISTRY, number)
        is_whole = isinstance(row.line, bytes) and len(row.line) <= LONGEST_LINE
        previous = hash_of(row.line) if is_whole else row.hash
    end = connection.execute(select(head.c.seq, head.c.hash)).first()
    if end is None or tuple(end) != (number, previous):
        message = "the log is truncated, or its last line was altered"
        yield Finding("error", message, f"restore {REGISTRY} from a backup", REGISTRY)


def _run(data_dir: Path, row: Row[Any]) -> Iterator[Finding]:
    """A run's file against its name, the schema and the content that the registry knows."""
    name = f"{row.file} ({row.run_id})"
    try:
        body = blobs.of(data_dir).read(row.file)
        table = table_of(body)
        check_schema(table.schema, exact=False)
        digest = content_hash(table)
    except FileNotFoundError:
        yield Finding("error", "the registry names this file, but it is gone", _FROM_BACKUP, name)
        return
    except _BROKEN as error:
        yield _broken(error, _FROM_BACKUP, name)
        return
    if hashlib.sha256(body).hexdigest() != Path(row.file).stem:
        yield Finding("error", "its bytes are not those that it is named by: somebody changed it", _FROM_BACKUP, name)
    elif row.content_hash not in (digest, None) or not row.run_id.endswith(digest[:8]):
        yield Finding("error", f"its rows hash to {digest}, which is not the run's", _TAMPERED, name)


def _run_files(data_dir: Path) -> tuple[set[str], list[Finding]]:
    """The files beside those of the runs, hidden ones apart, and why they cannot be listed."""
    try:
        return blobs.of(data_dir).names(RUNS), []
    except StoreError as error:
        return set(), [Finding("error", error.what, error.hint, error.where)]
    except OSError as error:
        return set(), [_broken(error, "restore the directory from a backup", RUNS)]


def _broken(error: Exception, hint: str, name: str) -> Finding:
    what, advice = (error.what, hint) if isinstance(error, SchemaError) else unreadable(error, hint)
    return Finding("error", what, advice, name)


def _left_over(data_dir: Path, there: set[str]) -> Iterator[Finding]:
    """Files that are not part of the store."""
    for name in sorted(there - named_files(data_dir)):
        ours = _RUN_FILE.fullmatch(Path(name).name)
        message = "no run names this file: what wrote it died, or it was copied in"
        yield Finding("warning", message, REPAIR if ours else "move it out of the data directory", _shown(name))
    for folder in FOLDERS.values():
        for path in sorted((data_dir / folder).glob("[!.]*.parquet")):
            hint = "`python -m siuo_dash submit` takes it in; or move it out of the data directory"
            yield Finding("warning", "this file is not part of the store", hint, _shown(f"{folder}/{path.name}"))


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
