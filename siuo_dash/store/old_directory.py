"""Reads a data directory as it was kept before there was a registry: a folder for each state, log.jsonl, notes beside.

Nothing is changed here. A change that a process died over is worked out as the next writer of that time would have
finished it, from the note (`submissions/.journal/pending.json`) and from where the files are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.errors import SiuoError
from siuo_dash.store import files
from siuo_dash.store.registry.change import Upload
from siuo_dash.store.registry.log import FOLDERS, MOVES, Event, hash_of, parse, source_of
from siuo_dash.store.runs.parquet import CONTENT_HASH, check_schema, parquet_bytes, table_of, under_schema, unreadable

LOG: Final = "log.jsonl"
JOURNAL: Final = "submissions/.journal"
KEPT: Final = ("submissions", "withdrawn", "superseded", "review", LOG)
"""What a data directory of that time held, beside the catalogue, the shipped results and torn pieces of the log."""
MISSING: Final = f"{files.RUNS}/missing"
"""Named as the file of a run whose file is gone."""
_SAID: Final = "siuo.said"
"""The footer's key for the source_status that the submitter gave, in a file whose badge a reviewer gave."""
_RUN_ID: Final = re.compile(r"(?=.{1,200}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_STATED: Final = ("model", "judge", "organization", "evidence", "source_status")


@dataclass
class OldRun:
    """A run: in which state its folder puts it, and what its file says; of a broken one, nothing but its name."""

    state: str
    upload: Upload

    @classmethod
    def unread(cls, run_id: str, state: str, file: str) -> OldRun:
        """A run whose file is broken or gone."""
        return cls(state, Upload(run_id, None, False, file, "self-reported", "", None, None))


@dataclass
class OldDirectory:
    """What was found: the lines of the log (without newlines), the runs by run_id, and what is not as it should be."""

    data_dir: Path
    lines: list[bytes] = field(default_factory=list)
    runs: dict[str, OldRun] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)

    def events(self) -> Iterator[tuple[int, Event]]:
        """(number of the line, event) of all lines that can be read."""
        for number, line in enumerate(self.lines, start=1):
            try:
                yield number, parse(line)
            except ValueError:
                continue


def is_old(data_dir: Path) -> bool:
    """Whether there is anything in a data directory that only versions without a registry kept there."""
    return (data_dir / LOG).exists() or (data_dir / JOURNAL).exists() or any(_parquet_files(data_dir))


def read(data_dir: Path) -> OldDirectory:
    """All of it; each run's file is kept again, bytes unchanged, as files.keep does. Raises OSError."""
    old = OldDirectory(data_dir)
    _read_log(old)
    places: dict[str, dict[str, Path]] = {}
    odd: list[Path] = []
    for state, path in _parquet_files(data_dir):
        if _RUN_ID.fullmatch(path.stem):
            places.setdefault(path.stem, {})[state] = path
        elif state == "published":
            odd.append(path)
        else:
            old.report.append(f"{_name(old, path)}: not taken over, for this is not the name of a run")
    _finish_change(old, places)
    logged = {said.run_id: MOVES[said.event].target for _, said in old.events() if said.event in MOVES}
    for run_id, found in places.items():
        state = logged[run_id] if logged.get(run_id) in found else next(iter(found))
        if run_id in logged or state != "published":
            old.runs[run_id] = _logged_run(old, run_id, state, found[state])
        else:
            odd.append(found[state])
        for other in found.keys() - {state}:
            old.report.append(
                f"{_name(old, found[other])}: not taken over, for the same run is also in {FOLDERS[state]}"
            )
    for path in odd:
        _take_in_unlogged(old, path)
    if old.runs:
        files.sync_directory(data_dir / files.RUNS)
    return old


def sign_outs(data_dir: Path) -> dict[str, float]:
    """{key of a sign-in that has ended: when}."""
    folder = data_dir / JOURNAL / "signed-out"
    found = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.stat().st_mtime for path in found if re.fullmatch("[0-9a-f]{64}", path.name)}


def _name(old: OldDirectory, path: Path) -> str:
    return str(path.relative_to(old.data_dir)).encode("utf-8", "backslashreplace").decode()


def _parquet_files(data_dir: Path) -> Iterator[tuple[str, Path]]:
    """(state, file) of all that looks like a run's file, the public ones first."""
    for state, folder in FOLDERS.items():
        if (data_dir / folder).is_dir():
            names = sorted((data_dir / folder).glob("[!.]*.parquet"))
            yield from ((state, path) for path in names if path.is_file())


def _read_log(old: OldDirectory) -> None:
    """The whole lines; a last one that lacks only its newline is whole."""
    try:
        *old.lines, torn = (old.data_dir / LOG).read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    try:
        if torn and parse(torn).previous == _end(old):
            old.lines.append(torn)
            return
    except ValueError:
        pass
    if torn:
        old.report.append(f"{LOG}: its last line was cut short and is not taken over")


def _end(old: OldDirectory) -> str | None:
    return hash_of(old.lines[-1]) if old.lines else None


def _chained(events: Iterable[Event], previous: str | None) -> list[Event]:
    chain: list[Event] = []
    for said in events:
        chain.append(replace(said, previous=hash_of(chain[-1].line()) if chain else previous))
    return chain


def _finish_change(old: OldDirectory, places: dict[str, dict[str, Path]]) -> None:
    """Add to the log what a change that was broken off had done, and carry out what follows from it.

    The note names the change and its consequences, in this order. The log ends before them when none is logged: then
    the change has happened if its file is where it leads. Else some of the note's lines are in the log, and the rest
    follows.
    """
    done = _note(old, "done.json")
    events = _note(old, "pending.json")
    if events:
        later = [replace(said, reconciled=True) for said in events]
        before = events[0].previous
        if _end(old) == before:
            if _has_happened(places, events[0]):
                done = _chained([later[0], *(said for said in later[1:] if _carry_out(places, said))], before)
                old.lines += [said.line()[:-1] for said in done]
            return
        for chain in (events, _chained(later, before)):
            known = [hash_of(said.line()) for said in chain]
            if (end := _end(old)) in known:
                old.lines += [said.line()[:-1] for said in chain[known.index(str(end)) + 1 :]]
                return
    elif done and done[-1].line()[:-1] not in old.lines:
        last = done[-1]
        old.report.append(f"{LOG}: it has lost its end: {last.event} of {last.run_id} ({last.at}) is not in it")


def _note(old: OldDirectory, name: str) -> list[Event]:
    path = old.data_dir / JOURNAL / name
    try:
        events = [parse(line) for line in path.read_bytes().splitlines()]
        for said in events:
            source_of(said)
    except FileNotFoundError:
        return []
    except ValueError as error:
        old.report.append(f"{JOURNAL}/{name}: this note of a change cannot be read ({error})")
        return []
    return events


def _has_happened(places: dict[str, dict[str, Path]], said: Event) -> bool:
    found = places.get(said.run_id, {})
    return source_of(said) not in found and MOVES[said.event].target in found


def _carry_out(places: dict[str, dict[str, Path]], said: Event) -> bool:
    """Move the run to the state that follows, unless that has happened; False where somebody moved the file by hand."""
    found, source = places.get(said.run_id, {}), source_of(said)
    if not _has_happened(places, said):
        if source not in found or MOVES[said.event].target in found:
            return False
        found[MOVES[said.event].target] = found.pop(str(source))
    return True


def _logged_run(old: OldDirectory, run_id: str, state: str, path: Path) -> OldRun:
    """A run as its file's first row and footer have it; of a broken file, only its bytes."""
    data = path.read_bytes()
    run = OldRun.unread(run_id, state, _keep(old, path, data))
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        run.upload = Upload.of(file.read(columns=list(_STATED)), run_id, None, run.upload.file)
        footer = file.schema_arrow.metadata or {}
        if state == "pending" and _SAID.encode() in footer:  # killed while it was approved
            run.upload = replace(run.upload, source_status=footer[_SAID.encode()].decode())
        known = footer.get(CONTENT_HASH.encode())
        digest = known.decode("ascii", "replace") if known else content_hash(table_of(data))
        run.upload = replace(run.upload, content_hash=digest)
    except (pa.ArrowException, OSError, LookupError, ValueError) as error:
        old.report.append(f"{_name(old, path)}: {unreadable(error)[0]}; taken over as it is")
    return run


def _take_in_unlogged(old: OldDirectory, path: Path) -> None:
    """Each run of a public file that the log does not know, under the run_id that its rows have: pages showed it so."""
    try:
        data = path.read_bytes()
        table = table_of(data)
        check_schema(table.schema, exact=False)
        table = under_schema(table)
        run_ids = table.column("run_id").unique().to_pylist()
        for run_id in run_ids:
            if run_id in old.runs:
                old.report.append(f"{_name(old, path)}: {run_id} is not taken over from it, for it is in another file")
                continue
            rows = table.filter(pc.equal(table["run_id"], run_id))
            digest = content_hash(rows)
            if len(run_ids) == 1:
                kept = _keep(old, path, data)
            else:
                kept = files.keep(old.data_dir, parquet_bytes(rows, {CONTENT_HASH: digest}))
            old.runs[run_id] = OldRun("published", Upload.of(rows, run_id, digest, kept))
            old.report.append(f"{_name(old, path)}: {run_id} was not in the log; it stays public, and nobody owns it")
    except (pa.ArrowException, OSError, LookupError, ValueError, SiuoError) as error:
        old.report.append(f"{_name(old, path)}: not taken over: {unreadable(error)[0]}")


def _keep(old: OldDirectory, path: Path, data: bytes) -> str:
    """The same bytes as a run file: another name of the same file where the disk can do that."""
    name = f"{files.RUNS}/{hashlib.sha256(data).hexdigest()}.parquet"
    files.make_directory(old.data_dir / files.RUNS)
    try:
        (old.data_dir / name).hardlink_to(path)
    except OSError:
        files.keep(old.data_dir, data)
    return name
