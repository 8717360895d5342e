"""Publishing a run, taking it back and bringing it back: atomic, durable, logged, the same content only once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.errors import NoRun, SubmissionError
from siuo_dash.store import claims, files, journal, log
from siuo_dash.store.journal import PUBLISHED, WITHDRAWN
from siuo_dash.store.runs.parquet import CONTENT_HASH, check_schema, parquet_bytes, stored_hash

LONGEST_WHY: Final = 2_000


class AlreadyPublished(SubmissionError):
    """The same content is in the store, whatever it is called there.

    existing_run_id: the run that holds it. place: one of journal.PLACES, or `shipped`.
    """

    def __init__(self, existing_run_id: str, place: str) -> None:
        what, hint = {
            PUBLISHED: ("is already published", "open that run"),
            WITHDRAWN: ("was published and withdrawn", "restore that run"),
            "shipped": ("is shipped with the program", "open that run"),
        }.get(place, ("was sent for review before", "reviewers find it in the review"))
        super().__init__(f"the same content {what} as {existing_run_id}", hint=hint)
        self.existing_run_id = existing_run_id
        self.place = place


@dataclass(frozen=True)
class Published:
    """A run that everybody sees from now on, and its file."""

    run_id: str
    path: Path


@dataclass(frozen=True)
class Withdrawal:
    """A withdrawn run: why, by whom and when; None where the log does not tell."""

    run_id: str
    why: str | None
    by: str | None
    at: datetime | None


def publish(data_dir: Path, table: pa.Table, *, by: str | None) -> Published:
    """Publish one run: on return it is on the disk, visible and logged; on any error nothing of it is kept.

    table: the rows of one run under RESULT_SCHEMA, run_id as `make_run_id` gives it. Raises
    AlreadyPublished when the content is in the store (also as a withdrawn or shipped run), SubmissionError
    when the rows are not one run or the disk refuses, SchemaError naming a column. The cost does not
    depend on the number of runs in `submissions/`.
    """
    check_schema(table.schema)
    digest = content_hash(table)
    run_id = run_id_of(table, digest)
    target = journal.path_of(data_dir, PUBLISHED, run_id)
    data = parquet_bytes(table, {CONTENT_HASH: digest})
    key = claims.key(table, digest)
    with files.explained(data_dir):
        journal.prepare(data_dir)
        refuse_shipped(data_dir, run_id, digest)
        incoming = journal.folder(data_dir, "incoming")
        files.clean(incoming)
        with files.staged(incoming, run_id) as file:
            files.fill(file.descriptor, data)
            with journal.locked(data_dir):
                _refuse_known(data_dir, run_id, key, digest)
                with claims.claimed(data_dir, key, run_id):
                    journal.perform(
                        data_dir,
                        log.next_event(data_dir, "publish", run_id, digest, by=by),
                        lambda: files.reveal(file, target),
                    )
    return Published(run_id, target)


def withdraw(data_dir: Path, run_id: str, why: str, by: str | None) -> None:
    """Take a published run off every page; its file is kept and can be restored.

    why: what a reader of the list of withdrawn runs is told; SubmissionError when it is empty. NoRun when
    no such run was published here, which includes the shipped runs.
    """
    reason = why.strip()
    if not reason or len(reason) > LONGEST_WHY:
        raise SubmissionError(
            "a withdrawal needs a reason" if not reason else f"the reason is longer than {LONGEST_WHY} characters",
            hint="say in a sentence what is wrong with the run",
        )
    _move(data_dir, "withdraw", run_id, by, reason)


def restore(data_dir: Path, run_id: str, by: str | None) -> None:
    """Publish a withdrawn run again. Raises NoRun when it is not among the withdrawn."""
    _move(data_dir, "restore", run_id, by, None)


def withdrawn(data_dir: Path) -> list[Withdrawal]:
    """The withdrawn runs, the latest first."""
    with files.explained(data_dir):
        return _withdrawn(data_dir)


def _withdrawn(data_dir: Path) -> list[Withdrawal]:
    events = {event.run_id: event for event in log.read(data_dir) if event.event == "withdraw"}
    now = journal.under_way(data_dir)
    if now is not None and now.event == "withdraw":
        events[now.run_id] = now
    order = {run_id: position for position, run_id in enumerate(events)}
    run_ids = [path.stem for path in (data_dir / WITHDRAWN).glob("[!.]*.parquet")]
    found = []
    for run_id in sorted(run_ids, key=lambda each: (-order.get(each, -1), each)):
        event = events.get(run_id)
        found.append(
            Withdrawal(run_id, event.why, event.by, _time_of(event)) if event else Withdrawal(run_id, None, None, None)
        )
    return found


def _time_of(event: log.Event) -> datetime | None:
    with suppress(ValueError):  # a log that somebody wrote into is no reason to show nothing
        return datetime.fromisoformat(event.at)
    return None


def run_id_of(table: pa.Table, digest: str) -> str:
    """The table's run_id. Raises SubmissionError when it holds more than one run, or the id is another content's."""
    names = [table.column(column).unique().to_pylist() for column in ("run_id", "model")]
    if any(len(values) != 1 for values in names):
        raise SubmissionError(
            f"the table holds {len(names[0])} runs of {len(names[1])} models", hint="publish one run at a time"
        )
    (run_id,), (model,) = names
    judges = table.column("judge").unique().to_pylist()
    if run_id not in (make_run_id(model, judge, digest) for judge in judges):
        raise SubmissionError(
            f"run_id {run_id!r} does not belong to this content", hint="make it with make_run_id from the final rows"
        )
    return str(run_id)


def _refuse_known(data_dir: Path, run_id: str, key: str | None, digest: str) -> None:
    holder = claims.holder(data_dir, key) if key else None
    place = journal.place_of(data_dir, holder or run_id)
    if place is None:
        return
    if holder is None and hash_of(journal.path_of(data_dir, place, run_id)) != digest:
        raise SubmissionError(
            f"the run_id {run_id} is taken by other content",
            where=place,
            hint="change the model's name a little; `python -m siuo_dash verify` examines the other file",
        )
    raise AlreadyPublished(holder or run_id, place)


def refuse_shipped(data_dir: Path, run_id: str, digest: str) -> None:
    """Raise AlreadyPublished when the content, or the run_id, is one of those that come with the program."""
    for shipped in _shipped_runs(data_dir):
        # The last eight hex digits narrow it down; totals are known by name only, for equal counts are no proof.
        if shipped == run_id:
            raise AlreadyPublished(shipped, "shipped")
        if shipped.endswith(digest[:8]):
            rows = pq.read_table(data_dir / "results.parquet", filters=[("run_id", "=", shipped)], partitioning=None)
            if rows["evidence"][0].as_py() == "per_sample" and content_hash(rows) == digest:
                raise AlreadyPublished(shipped, "shipped")


def _shipped_runs(data_dir: Path) -> list[str]:
    path = data_dir / "results.parquet"
    try:
        column = pq.read_table(path, columns=["run_id"], partitioning=None)["run_id"]
    except FileNotFoundError:
        return []
    except (pa.ArrowException, OSError) as error:
        raise SubmissionError(
            f"the shipped results cannot be read ({error})", where=str(path), hint="run `python -m siuo_dash build`"
        ) from error
    return [str(run_id) for run_id in column.unique().to_pylist()]


def _move(data_dir: Path, event: str, run_id: str, by: str | None, why: str | None) -> None:
    move = journal.MOVES[event]
    assert move.source is not None
    source, target = (journal.path_of(data_dir, place, run_id) for place in (move.source, move.target))
    with files.explained(data_dir), journal.locked(data_dir):
        if not source.exists():
            raise no_run(data_dir, run_id, target)
        digest = hash_of(source)
        journal.perform(
            data_dir,
            log.next_event(data_dir, event, run_id, digest, by=by, why=why),
            lambda: files.move(source, target),
        )


def hash_of(path: Path) -> str | None:
    """The content hash that a run's file states; None where it cannot be read."""
    with suppress(pa.ArrowException, OSError):  # a broken file can be withdrawn too
        return stored_hash(path)
    return None


def no_run(data_dir: Path, run_id: str, target: Path) -> NoRun:
    """Why a run cannot be moved to `target`."""
    if target.exists():
        return NoRun(f"run {run_id} is already in {target.parent.name}", hint="there is nothing to do")
    if run_id in _shipped_runs(data_dir):
        return NoRun(
            f"run {run_id} is shipped with the program and cannot be withdrawn or restored",
            hint="take it out of data/sources and run `python -m siuo_dash build`",
        )
    return NoRun(f"there is no run {run_id}", hint="`python -m siuo_dash runs --withdrawn` lists them")
