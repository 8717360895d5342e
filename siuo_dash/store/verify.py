"""Examining a whole store, and writing again what can be written again from the run files.

Both read every file: they are for a start, a restore and a doubt, not for a publish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.errors import Finding, NoRun, SchemaError
from siuo_dash.store import claims, files, journal, log
from siuo_dash.store.journal import PLACES, PUBLISHED, WITHDRAWN
from siuo_dash.store.parquet import check_schema, stored_hash

PUBLIC: Final = (PUBLISHED, WITHDRAWN)
"""Where the same content may lie once only."""
WITH_REASONS: Final = ("withdraw", "reject", "request-changes", "supersede")


@dataclass(frozen=True)
class RunFile:
    """A run's file: in which of PLACES, under which name, what its rows hash to, its claim's key."""

    place: str
    path: Path
    content_hash: str
    key: str | None

    @property
    def run_id(self) -> str:
        return self.path.stem

    @property
    def name(self) -> str:
        return f"{self.place}/{self.path.name}"


def verify(data_dir: Path) -> list[Finding]:
    """Every fault of the submissions: the log's chain, each file against schema, hash and log; empty = sound.

    It takes no lock, so that it also runs where nothing may be written: a change that is made meanwhile
    can show as a fault, and is gone when asked again.
    """
    findings = log.check(data_dir)
    events = log.read(data_dir)
    runs, broken = _read_runs(data_dir)
    findings += broken
    places = _places_by_log(events)
    logged = dict(places)
    seen: dict[str, RunFile] = {}
    public: dict[str, RunFile] = {}
    for run in runs:
        twin = seen.setdefault(run.run_id, run)
        if twin is not run:
            findings.append(
                _error(run, f"the same run is also in {twin.place}", "run repair, or remove one of the two")
            )
            continue
        places.pop(run.run_id, None)
        findings += _examine(run, logged.get(run.run_id))
        if run.key and run.place in PUBLIC:
            first = public.setdefault(run.key, run)
            if first is not run:
                findings.append(_error(run, f"the same content is also in {first.name}", "withdraw one of the two"))
        if run.key and run.run_id not in claims.holders(data_dir, run.key):
            findings.append(_warning(run, "its content is not claimed, so it could be published twice", "run repair"))
    unreadable = {finding.file for finding in broken}
    for run_id, place in places.items():
        name = f"{place}/{run_id}.parquet"
        if name not in unreadable:
            hint = "restore the file from a backup"
            findings.append(Finding("error", "the log names this run, but its file is gone", hint, name))
    if journal.under_way(data_dir) is not None:
        findings.append(Finding("warning", "a change is under way, or its process died", "the next change finishes it"))
    return findings


def repair(data_dir: Path) -> list[str]:
    """Log what the log misses and claim what is not claimed, from the run files; what was done, in sentences.

    For files that were copied in by hand, or a backup without the journal. Nothing is removed but stale
    claims and leftovers; what only a person can decide stays for `verify` to name.
    """
    done = []
    with files.explained(data_dir), journal.locked(data_dir):
        files.clean(journal.folder(data_dir, "incoming"))
        places = _places_by_log(log.read(data_dir))
        runs, _ = _read_runs(data_dir)
        for run in runs:
            for event, source in _missing_events(places.get(run.run_id), run.place):
                why = f"found in {run.place}" if event in WITH_REASONS else None
                line = log.next_event(
                    data_dir, event, run.run_id, run.content_hash, why=why, reconciled=True, source=source
                )
                log.append(data_dir, line)
                done.append(f"logged {event} of {run.run_id}")
            if run.key and run.run_id not in claims.holders(data_dir, run.key):
                claims.write(data_dir, run.key, run.run_id)
                done.append(f"claimed the content of {run.run_id}")
        for claim in journal.folder(data_dir, "claims").iterdir():
            if claims.holder(data_dir, claim.name) is None:
                claim.unlink()
                done.append(f"removed the stale claim {claim.name}")
    return done


def _read_runs(data_dir: Path) -> tuple[list[RunFile], list[Finding]]:
    runs, findings = [], []
    for place in PLACES:
        for path in sorted((data_dir / place).glob("[!.]*.parquet")):
            name = f"{place}/{path.name}"
            hint = "restore the file from a backup, or move it out of the data directory"
            try:
                journal.path_of(data_dir, place, path.stem)
                check_schema(pq.read_schema(path))
                # A folder named like 'x=1' must not become a column.
                table = pq.read_table(path, partitioning=None)
                run_ids = table.column("run_id").unique().to_pylist()
                if run_ids != [path.stem]:
                    raise SchemaError(f"the file holds the runs {run_ids}, not the one of its name")
                digest = content_hash(table)
                runs.append(RunFile(place, path, digest, claims.key(table, digest)))
            except (SchemaError, NoRun) as error:
                findings.append(Finding("error", error.what, hint, name))
            except (pa.ArrowException, OSError) as error:
                findings.append(Finding("error", f"the file cannot be read ({error})", hint, name))
    return runs, findings


def _examine(run: RunFile, logged: str | None) -> list[Finding]:
    findings = []
    hint = "somebody changed the file: restore it from a backup"
    stored = stored_hash(run.path)
    if stored != run.content_hash:
        findings.append(_error(run, f"its rows hash to {run.content_hash}, its footer says {stored}", hint))
    if not run.run_id.endswith(run.content_hash[:8]):
        findings.append(_error(run, f"its rows hash to {run.content_hash}, which is not the run_id's", hint))
    if logged is None:
        findings.append(_warning(run, "the log does not know this run", "run repair"))
    elif logged != run.place:
        findings.append(_error(run, f"by the log it should be in {logged}", "run repair, or move the file"))
    return findings


def _places_by_log(events: Sequence[log.Event]) -> dict[str, str]:
    return {event.run_id: journal.MOVES[event.event].target for event in events if event.event in journal.MOVES}


def _missing_events(logged: str | None, place: str) -> list[tuple[str, str | None]]:
    """The shortest way from where the log has a run to where it lies: each event and the folder that it starts from.

    Empty when there is none, as from `rejected` to `submissions`: that is for a person to decide.
    """
    ways: dict[str | None, list[tuple[str, str | None]]] = {logged: []}
    ends = [logged]
    while ends and place not in ways:
        here = ends.pop(0)
        for event, move in journal.MOVES.items():
            if here in move.sources and move.target not in ways:
                source = here if len(move.sources) > 1 else None
                ways[move.target] = [*ways[here], (event, source)]
                ends.append(move.target)
    return ways.get(place, [])


def _error(run: RunFile, message: str, hint: str) -> Finding:
    return Finding("error", message, hint, run.name)


def _warning(run: RunFile, message: str, hint: str) -> Finding:
    return Finding("warning", message, hint, run.name)
