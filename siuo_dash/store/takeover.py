"""Takes over a data directory that was kept in folders and a log.jsonl, before there was a registry.

Everything is read and worked out first; the old files are left as they are. Then the registry is made in one step,
and the old files are moved together into `before-registry/`. What a killed process leaves half done, the next start
finishes.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from sqlalchemy import insert

from siuo_dash.errors import StoreError
from siuo_dash.store import files, old_directory
from siuo_dash.store.old_directory import MISSING, OldDirectory, OldRun
from siuo_dash.store.registry.change import Change
from siuo_dash.store.registry.log import BEGINNINGS, FOLDERS, MOVES, PUBLIC, SENDINGS, Event
from siuo_dash.store.registry.opening import LOCK_SECONDS, REGISTRY, explained, kept, make
from siuo_dash.store.registry.postgresql import Server
from siuo_dash.store.registry.tables import sign_outs

BEFORE: Final = "before-registry"
REPORT: Final = "report.txt"
_UNFINISHED: Final = ".unfinished"
_PATIENCE: Final = 600.0
"""Seconds that a start waits for another one that takes the directory over: thousands of files are read."""
_WAYS: Final = {
    "published": ("publish",),
    "withdrawn": ("publish", "withdraw"),
    "superseded": ("publish", "supersede"),
    "draft": ("draft",),
    "retracted": ("draft", "retract"),
    "pending": ("submit",),
    "rejected": ("submit", "reject"),
}
"""{state: the events that bring a run there that the log does not know}."""
_logger: Final = logging.getLogger("siuo_dash.store")


def needed(data_dir: Path) -> bool:
    """Whether a data directory is still to be taken over, or was not to its end. A few looks at names."""
    if isinstance(kept(data_dir), Server):
        return False
    if (data_dir / REGISTRY).exists():
        return any(data_dir.glob(f"{BEFORE}*/{_UNFINISHED}"))
    return old_directory.is_old(data_dir)


def settle(data_dir: Path) -> None:
    """Take a data directory over if that is needed. Raises StoreError when it cannot be written."""
    if isinstance(kept(data_dir), Server):
        if (data_dir / REGISTRY).exists() or old_directory.is_old(data_dir):
            raise StoreError(
                "the runs that this data directory keeps itself are not in the database yet",
                where=str(data_dir),
                hint="run `python -m siuo_dash migrate`, or unset SIUO_REGISTRY",
            )
        return
    if not needed(data_dir):
        return
    if not os.access(data_dir, os.W_OK):
        raise StoreError(
            "an earlier version wrote this data directory, and it must be taken over before it can be read",
            where=str(data_dir),
            hint="run `python -m siuo_dash runs` once as the user who owns it",
        )
    files.must_be_owner(data_dir)
    with explained(data_dir), _alone(data_dir):
        if not needed(data_dir):  # another process was faster
            return
        aside = _make_aside(data_dir)
        if not (data_dir / REGISTRY).exists():
            old = old_directory.read(data_dir)
            make(data_dir, lambda change: _fill(change, old, aside))
        _put_aside(data_dir, aside)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Keep out other starts, and writers of the earlier version, who lock a file among the submissions."""
    busy = StoreError(
        "another process is writing here, and keeps this directory from being taken over",
        where=str(data_dir),
        hint="end the servers of the earlier version, then try again",
    )
    own, old = data_dir / ".takeover.lock", data_dir / "submissions"
    with files.locked(own, busy, _PATIENCE):
        with files.locked(old / ".lock", busy, LOCK_SECONDS) if old.is_dir() else nullcontext():
            yield
        own.unlink()


def _fill(change: Change, old: OldDirectory, aside: Path) -> None:
    """Put the lines and the runs into the new registry, and write down what was not as it should be."""
    for line in old.lines:
        change.add_line(line)
    histories: defaultdict[str, list[tuple[int, Event]]] = defaultdict(list)
    for number, said in old.events():
        if said.event in MOVES:
            histories[said.run_id].append((number, said))
    claimed: set[str] = set()
    for run_id in dict.fromkeys([*histories, *old.runs]):
        run, history = old.runs.get(run_id), histories[run_id]
        if run is None:
            run = OldRun.unread(run_id, MOVES[history[-1][1].event].target, MISSING)
            old.report.append(f"{run_id}: the log names it, but its file is gone")
        _reconcile(change, old, run, history)
        state = MOVES[history[-1][1].event].target
        content_hash = next((said.content_hash for _, said in history if said.content_hash), None)
        if state == "pending" and run.upload.content_hash is None:
            content_hash = None  # whatever its broken file is named by, it is not to be approved
        if state in PUBLIC and not run.upload.totals and content_hash is not None:
            if content_hash in claimed:  # only copies by hand can do that
                old.report.append(f"{run_id}: the same content is public as another run, too")
                content_hash = None
            else:
                claimed.add(content_hash)
        _insert(change, run, state, content_hash, histories)
    if ended := old_directory.sign_outs(old.data_dir):
        change.connection.execute(insert(sign_outs), [{"key": key, "at": at} for key, at in ended.items()])
    for finding in old.report:
        _logger.warning("taken over: %s", finding)
    summary = f"Taken over: {len(old.lines)} lines of the log, {len(old.runs)} files of runs."
    text = "\n".join([summary, *old.report, ""])
    files.replace(aside / REPORT, text.encode("utf-8", "backslashreplace"))


def _reconcile(change: Change, old: OldDirectory, run: OldRun, history: list[tuple[int, Event]]) -> None:
    """Log what the log does not say of a run that is there, so that nothing that was hidden is shown, or vanishes."""
    logged = MOVES[history[-1][1].event].target if history else None
    if logged == run.state:
        return
    if logged is None:
        steps = _WAYS[run.state]
    else:
        old.report.append(f"{run.upload.run_id}: by the log it is {logged}, but its file was in {FOLDERS[run.state]}")
        steps = ("withdraw",) if logged == "published" else ()
    for event in steps:
        source = FOLDERS[MOVES[history[-1][1].event].target] if history and len(MOVES[event].sources) > 1 else None
        why = None if event in BEGINNINGS else f"found in {FOLDERS[run.state]}"
        # Nobody is named: what a file says of who sent it, anybody can have written.
        known = run.upload
        change.say(event, known.run_id, known.content_hash, None, why=why, reconciled=True, source=source)
        history.append((change.seq, change.events[-1]))


def _insert(
    change: Change,
    run: OldRun,
    state: str,
    content_hash: str | None,
    histories: dict[str, list[tuple[int, Event]]],
) -> None:
    history = histories[run.upload.run_id]
    first = next((said for _, said in history if said.event in BEGINNINGS), None)
    withdrawals = [said.by for _, said in history if said.event == "withdraw"]
    stated = vars(run.upload) | {"content_hash": content_hash}
    stated["model"] = run.upload.model or (first.model if first else None) or "unreadable file"
    change.insert(
        **stated,
        state=state,
        number=history[0][0],
        changed=history[-1][0],
        sent=next((number for number, said in history if said.event in SENDINGS), None),
        owner=first.by if first else None,
        verified=first is not None and first.event != "publish",
        corrects=first.corrects if first else None,
        family=_family(run.upload.run_id, histories),
        withdrawn_by=withdrawals[-1] if withdrawals else None,
    )


def _family(run_id: str, histories: dict[str, list[tuple[int, Event]]]) -> str:
    """The first of the submissions of which each corrects the one before."""
    seen = [run_id]
    while True:
        history = histories.get(seen[-1], [])
        corrects = next((said.corrects for _, said in history if said.event in BEGINNINGS), None)
        if corrects is None or corrects in seen:
            return seen[-1]
        seen.append(corrects)


def _make_aside(data_dir: Path) -> Path:
    """The folder for the old files, marked as long as they are not all in it."""
    number = 1
    while (aside := data_dir / (BEFORE if number == 1 else f"{BEFORE}-{number}")).exists():
        if (aside / _UNFINISHED).exists() or not (aside / REPORT).exists():
            break
        number += 1
    files.make_directory(aside)
    files.clean(aside)
    files.replace(aside / _UNFINISHED, b"")
    return aside


def _put_aside(data_dir: Path, aside: Path) -> None:
    files.clean(data_dir, REGISTRY)
    torn = [path.name for path in data_dir.glob("log.torn-*.log")]
    try:
        for name in (*torn, *old_directory.KEPT):
            if os.path.lexists(data_dir / name):
                files.move(data_dir / name, aside / name)
        (aside / _UNFINISHED).unlink()
        files.sync_directory(aside)
    except OSError as error:  # a disk of its own, perhaps: all is taken over, and the next start tries again
        _logger.warning("what was taken over cannot be moved to %s (%s)", aside, error)
