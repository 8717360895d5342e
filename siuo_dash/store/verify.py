"""Examining a whole store, and writing again what can be written again from the run files.

Both read every file: they are for a start, a restore and a doubt, not for a publish.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.errors import Finding, NoRun, SchemaError
from siuo_dash.store import claims, files, journal, log
from siuo_dash.store.access import must_be_owner, no_directory
from siuo_dash.store.journal import PLACES, PUBLISHED, WITHDRAWN
from siuo_dash.store.review.ledger import FIRST
from siuo_dash.store.runs.parquet import check_schema, stored_hash, unreadable

PUBLIC: Final = (PUBLISHED, WITHDRAWN)
"""Where the same content may lie once only; drafts and what waits for review can be two people's."""
WITH_REASONS: Final = ("withdraw", "reject", "request-changes", "supersede")
REPAIR: Final = "run `python -m siuo_dash verify --repair`"
LOST_LOG: Final = (
    f"restore {log.LOG} from a backup; if there is none, `python -m siuo_dash verify --repair` writes new lines "
    "from the files, which name nobody"
)
TWIN: Final = "remove one of the two; `--repair` leaves both as they are"


@dataclass(frozen=True)
class RunFile:
    """A run's file: in which of PLACES, under which name, what its rows hash to, what its footer says, its claim's key."""

    place: str
    path: Path
    content_hash: str
    stored: str | None
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
    closed = no_directory(data_dir)
    if closed is not None:
        return [closed]
    # The files first, then the note, then the log: what is published meanwhile is found in one of the later two.
    runs, broken = _read_runs(data_dir)
    changing, note = _under_way(data_dir)
    events, of_log = _read_log(data_dir)
    findings = [*of_log, *broken]
    places = _places_by_log(events or [])
    ids = {run.run_id for run in runs}
    there = ids | {Path(finding.file).stem for finding in broken if finding.file.endswith(".parquet")}
    if changing is not None:
        there.discard(changing.run_id)
    unknown = there - places.keys()
    lost = events == [] and bool(unknown)
    if lost:
        message = "the log is gone or empty, but there are runs"
        findings.append(Finding("error", message, f"before anything else, {LOST_LOG}", log.LOG))
    last = journal.last_change(data_dir)
    if events and last is not None and not log.holds(data_dir, last):
        message = f"the log has lost its end, or its last line was changed: {last.event} of {last.run_id} ({last.at}) is not in it"
        findings.append(
            Finding("error", message, f"restore {log.LOG} from a backup, or from a copy of the disk", log.LOG)
        )
    seen: dict[str, RunFile] = {}
    public: dict[str, list[RunFile]] = {}
    twins = _twins(runs)
    for run in runs:
        findings += _examine(run)
        first = seen.setdefault(run.run_id, run)
        if first is not run:
            known = f"; by the log it is in {places[run.run_id]}" if run.run_id in places else ""
            findings.append(_error(run, f"the same run is also in {first.place}{known}", TWIN))
            continue
        if events is not None and not lost and run.run_id in unknown:
            findings.append(_error(run, "the log does not know this run", LOST_LOG))
        logged = places.get(run.run_id, run.place)
        if logged != run.place and run.run_id not in twins and os.path.lexists(run.path):
            findings.append(_misplaced(run, logged, changing))
        if run.key and run.place in PUBLIC:
            others = public.setdefault(run.key, [])
            findings += [
                _error(run, f"the same content is also in {other.name}", "remove the one that was copied in by hand")
                for other in others
            ]
            others.append(run)
        findings += _unclaimed(data_dir, run)
    named = {finding.file for finding in broken}
    for run_id, place in places.items():
        name = f"{place}/{run_id}.parquet"
        if run_id not in ids and not {name, place} & named and _is_gone(data_dir, run_id):
            hint = "restore the file from a backup"
            findings.append(Finding("error", "the log names this run, but its file is gone", hint, name))
    return [*findings, *note]


def repair(data_dir: Path) -> list[str]:
    """Log what the log does not know and claim what is not claimed, from the run files; what was done, in sentences.

    For files that were copied in by hand, and a log that is lost. A run that the log knows in another place, or that
    lies in two, is left for a person, whom `verify` tells: a move in the log would be a decision that nobody took.
    Nothing is removed but stale claims and leftovers.
    """
    must_be_owner(data_dir)
    done = []
    with files.explained(data_dir), journal.locked(data_dir):
        files.clean(journal.folder(data_dir, "incoming"))
        known = _places_by_log(log.read(data_dir))
        runs, _ = _read_runs(data_dir)
        twins = _twins(runs)
        for run in runs:
            if run.run_id in known or run.run_id in twins:
                continue
            for event, source in _way_to(run.place):
                why = f"found in {run.place}" if event in WITH_REASONS else None
                # Never `by` from the file: there anybody can write any address, and an owner's is verified.
                line = log.next_event(
                    data_dir, event, run.run_id, run.content_hash, why=why, reconciled=True, source=source
                )
                log.append(data_dir, line)
                nobody = "; nobody owns it now" if event in FIRST else ""
                done.append(f"logged {event} of {run.run_id}{nobody}")
        done += _claim([run for run in runs if run.run_id not in twins], data_dir)
        for claim in journal.folder(data_dir, "claims").iterdir():
            if claims.holder(data_dir, claim.name) is None:
                claim.unlink()
                done.append(f"removed the stale claim {claim.name}")
        journal.accept_log(data_dir)
    return done


def claim_all(data_dir: Path) -> None:
    """Claim the content of every run, from the run files alone; the log stays as it is."""
    with files.explained(data_dir), journal.locked(data_dir):
        _claim(_read_runs(data_dir)[0], data_dir)


def _read_log(data_dir: Path) -> tuple[list[log.Event] | None, list[Finding]]:
    """The events, None where the log cannot be read, and its faults."""
    try:
        return log.read(data_dir), log.check(data_dir)
    except OSError as error:
        what, hint = unreadable(error, f"restore {log.LOG} from a backup")
        return None, [Finding("error", what, hint, log.LOG)]


def _under_way(data_dir: Path) -> tuple[log.Event | None, list[Finding]]:
    """The change that is noted, and what to say of the note."""
    try:
        event = journal.under_way(data_dir)
    except OSError as error:
        what, hint = unreadable(error, "check the disk")
        return None, [Finding("error", what, hint, f"{PUBLISHED}/.journal/pending.json")]
    if event is None:
        return None, []
    return event, [Finding("warning", "a change is under way, or its process died", "the next change finishes it")]


def _list(data_dir: Path) -> tuple[list[tuple[str, Path]], list[Finding]]:
    """(place, file) of all that looks like a run's file, and the places that cannot be listed."""
    found, findings = [], []
    for place in PLACES:
        try:
            with os.scandir(data_dir / place) as entries:
                names = sorted(entry.name for entry in entries)
        except FileNotFoundError:
            continue
        except OSError as error:
            what, hint = unreadable(error, "restore the directory from a backup")
            findings.append(Finding("error", what, hint, place))
            continue
        found += [
            (place, data_dir / place / name) for name in names if name.endswith(".parquet") and not name.startswith(".")
        ]
    return found, findings


def _read_runs(data_dir: Path) -> tuple[list[RunFile], list[Finding]]:
    runs = []
    listed, findings = _list(data_dir)
    for place, path in listed:
        name = f"{place}/{path.name}"
        hint = "restore the file from a backup, or move it out of the data directory"
        try:
            journal.path_of(data_dir, place, path.stem)
        except NoRun:
            other = "rename it to RUN_ID.parquet, or move it out of the data directory"
            findings.append(Finding("error", "this is not the name of a run", other, name))
            continue
        try:
            check_schema(pq.read_schema(path))
            # A folder named like 'x=1' must not become a column.
            table = pq.read_table(path, partitioning=None)
            run_ids = table.column("run_id").unique().to_pylist()
            if run_ids != [path.stem]:
                raise SchemaError(f"the file holds the runs {run_ids}, not the one of its name")
            digest = content_hash(table)
            runs.append(RunFile(place, path, digest, stored_hash(path), claims.key(table, digest)))
        except SchemaError as error:
            findings.append(Finding("error", error.what, hint, name))
        except (pa.ArrowException, OSError) as error:
            if not os.path.lexists(path):
                continue  # moved since it was listed: the place where it lies now is listed later, or the log tells
            findings.append(Finding("error", *unreadable(error, hint), name))
    # What moved while it was read is not in two places.
    return [run for run in runs if os.path.lexists(run.path)], findings


def _twins(runs: Sequence[RunFile]) -> set[str]:
    """The runs that lie in two places."""
    found = Counter(run.run_id for run in runs)
    return {run_id for run_id, count in found.items() if count > 1}


def _examine(run: RunFile) -> list[Finding]:
    """The file against itself."""
    findings = []
    hint = "somebody changed the file: restore it from a backup"
    if run.stored != run.content_hash:
        findings.append(_error(run, f"its rows hash to {run.content_hash}, its footer says {run.stored}", hint))
    if not run.run_id.endswith(run.content_hash[:8]):
        findings.append(_error(run, f"its rows hash to {run.content_hash}, which is not the run_id's", hint))
    return findings


def _misplaced(run: RunFile, logged: str, changing: log.Event | None) -> Finding:
    if changing is not None:
        hint = "a change is under way, or its process died: verify again after the next change, which finishes it"
    else:
        hint = f"move the file back to {logged}; if {log.LOG} lost its last lines, restore it from a backup instead"
    return _error(run, f"by the log it should be in {logged}", hint)


def _unclaimed(data_dir: Path, run: RunFile) -> list[Finding]:
    if not run.key:
        return []
    try:
        if run.run_id in claims.holders(data_dir, run.key):
            return []
    except OSError as error:
        what, hint = unreadable(error, REPAIR)
        return [Finding("error", f"of its claim: {what}", hint, run.name)]
    return [Finding("warning", "its content is not claimed, so it could be published twice", REPAIR, run.name)]


def _is_gone(data_dir: Path, run_id: str) -> bool:
    """Whether the run's file lies nowhere; it may have been moved since the places were listed."""
    try:
        return journal.place_of(data_dir, run_id) is None
    except NoRun:
        return True
    except OSError:  # a place that cannot be looked into has its own finding
        return False


def _claim(runs: Sequence[RunFile], data_dir: Path) -> list[str]:
    """Claim the content of the runs that do not have it yet; what was done. The caller holds the lock."""
    done = []
    for run in runs:
        if run.key and run.run_id not in claims.holders(data_dir, run.key):
            claims.write(data_dir, run.key, run.run_id)
            done.append(f"claimed the content of {run.run_id}")
    return done


def _places_by_log(events: Sequence[log.Event]) -> dict[str, str]:
    return {event.run_id: journal.MOVES[event.event].target for event in events if event.event in journal.MOVES}


def _way_to(place: str) -> list[tuple[str, str | None]]:
    """The shortest way of a new run to where it lies: each event and, where that does not say it, its first folder."""
    ways: dict[str | None, list[tuple[str, str | None]]] = {None: []}
    ends: list[str | None] = [None]
    while ends and place not in ways:
        here = ends.pop(0)
        for event, move in journal.MOVES.items():
            if here in move.sources and move.target not in ways:
                source = here if len(move.sources) > 1 else None
                ways[move.target] = [*ways[here], (event, source)]
                ends.append(move.target)
    return ways[place]


def _error(run: RunFile, message: str, hint: str) -> Finding:
    return Finding("error", message, hint, run.name)
