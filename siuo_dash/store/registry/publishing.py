"""How a run comes in: its file is written first and counts only when the registry names it; published at once, locally.

And what may not come in because it is there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.benchmark.identity import Judged, content_hash, is_other_judgement, make_run_id
from siuo_dash.errors import NoRun, StoreError, SubmissionError
from siuo_dash.settings.paths import placed
from siuo_dash.store import blobs, files
from siuo_dash.store.registry.change import Change, Upload
from siuo_dash.store.registry.log import PUBLIC
from siuo_dash.store.registry.opening import changing, must_be_there
from siuo_dash.store.runs.parquet import CONTENT_HASH, check_schema, made_in, parquet_bytes


class AlreadyPublished(SubmissionError):
    """The same content is in the store, whatever it is called there.

    existing_run_id: the run that holds it. state: one of log.MOVES, or `shipped`.
    """

    def __init__(self, existing_run_id: str, state: str) -> None:
        what, hint = {
            "published": ("is already published", "open that run"),
            "withdrawn": ("was published and withdrawn", "restore that run"),
            "shipped": ("is shipped with the program", "open that run"),
        }.get(state, ("was sent for review before", "reviewers find it in the review"))
        super().__init__(f"the same content {what} as {existing_run_id}", hint=hint)
        self.existing_run_id = existing_run_id
        self.state = state


@dataclass(frozen=True)
class Published:
    """A run that everybody sees from now on, and its file."""

    run_id: str
    path: Path


def publish(data_dir: Path, table: pa.Table, *, by: str | None) -> Published:
    """Publish one run: on return it is on the disk, visible and logged; on any error nothing of it is kept.

    table: the rows of one run under RESULT_SCHEMA, run_id as `make_run_id` gives it. Raises AlreadyPublished when the
    content is in the store (also as a withdrawn or shipped run; not as another judge's, see `is_other_judgement`),
    SubmissionError when the rows are not one run, StoreError when the disk refuses, SchemaError naming a column. The
    cost does not depend on the number of runs.
    """
    with bringing(data_dir, table) as (now, upload):
        _refuse_known(now, upload, is_made=bool(made_in(table.schema)))
        now.bring("publish", upload, owner=by, verified=False)
    return Published(upload.run_id, data_dir / upload.file)


@contextmanager
def bringing(data_dir: Path, table: pa.Table) -> Iterator[tuple[Change, Upload]]:
    """A change that brings in the run of this table, whose file is ready and comes into its place at the end.

    Raises as `publish` does for what is not one run, or is shipped with the program.
    """
    check_schema(table.schema)
    digest = content_hash(table)
    run_id = _run_id_of(table, digest)
    _refuse_shipped(data_dir, run_id, table, digest)
    data = parquet_bytes(table, {CONTENT_HASH: digest} | made_in(table.schema))
    with incoming(data_dir, data) as (name, reveal), changing(data_dir) as now:
        now.size = len(data)
        yield now, Upload.of(table, run_id, digest, name)
        reveal()


@contextmanager
def incoming(data_dir: Path, data: bytes | memoryview) -> Iterator[tuple[str, Callable[[], None]]]:
    """A run's file that is written and synced: its name, as `runs.file`, and what puts it in its place, durably.

    The latter is to be called in the transaction that names it. Nothing of the file stays when the block fails, however
    far it came.
    """
    must_be_there(data_dir)
    with blobs.of(data_dir).incoming(data) as (name, reveal):
        try:
            yield name, reveal
        except BaseException:
            with suppress(OSError, StoreError):  # what stays is left over: `verify --repair` removes it
                discard(data_dir, name)
            raise


def discard(data_dir: Path, name: str) -> bool:
    """Remove a file that no run names; whether there was one.

    Files are put in their place in a transaction, so that in another one none can be on its way.
    """
    kept = blobs.of(data_dir)
    if not kept.has(name):
        return False
    with changing(data_dir) as now:
        if now.names(name):
            return False
        kept.remove(name)
    return True


def _run_id_of(table: pa.Table, digest: str) -> str:
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


def _refuse_shipped(data_dir: Path, run_id: str, table: pa.Table, digest: str) -> None:
    """Raise AlreadyPublished when the content, or the run_id, is one of those that come with the program."""
    for shipped in _shipped_runs(data_dir):
        # The last eight hex digits narrow it down; totals are known by name only, for equal counts are no proof.
        if shipped == run_id:
            raise AlreadyPublished(shipped, "shipped")
        if shipped.endswith(digest[:8]):
            rows = pq.read_table(
                placed(data_dir / "results.parquet"), filters=[("run_id", "=", shipped)], partitioning=None
            )
            is_other = is_other_judgement(_stated(table), _stated(rows), is_made=bool(made_in(table.schema)))
            if rows["evidence"][0].as_py() == "per_sample" and content_hash(rows) == digest and not is_other:
                raise AlreadyPublished(shipped, "shipped")


def _stated(table: pa.Table) -> Judged:
    """The judge and the source status of a run's rows."""
    return table.column("judge")[0].as_py(), table.column("source_status")[0].as_py()


def no_run(data_dir: Path, run_id: str) -> NoRun:
    """Why a run that is neither published nor withdrawn cannot become either."""
    if run_id in _shipped_runs(data_dir):
        return NoRun(
            f"run {run_id} is shipped with the program and cannot be withdrawn or restored",
            hint="take it out of data/sources and run `python -m siuo_dash build`",
        )
    return NoRun(
        f"there is no run {run_id}",
        hint="`python -m siuo_dash runs` lists the published ones, `runs --withdrawn` the withdrawn",
    )


def _refuse_known(now: Change, upload: Upload, *, is_made: bool) -> None:
    holders = now.same_content(upload.run_id, upload, is_made=is_made)
    for holder in sorted(holders, key=lambda run: run.state not in PUBLIC):  # the one that everybody can open
        raise AlreadyPublished(holder.run_id, holder.state)
    if now.run(upload.run_id) is not None:
        raise SubmissionError(
            f"the run_id {upload.run_id} is taken by other content", hint="change the model's name a little"
        )


def _shipped_runs(data_dir: Path) -> list[str]:
    path = placed(data_dir / "results.parquet")
    try:
        files.opened(path).close()  # Arrow would wait for ever at a pipe
        column = pq.read_table(path, columns=["run_id"], partitioning=None)["run_id"]
    except FileNotFoundError:
        return []
    except (pa.ArrowException, OSError) as error:
        raise StoreError(
            f"the shipped results cannot be read ({error})", where=str(path), hint="run `python -m siuo_dash build`"
        ) from error
    return [str(run_id) for run_id in column.unique().to_pylist()]
