"""A data directory of the version without a registry is taken over: all that it held, whatever it was killed at."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Row, select

from siuo_dash.errors import StoreError, SubmissionError
from siuo_dash.store import registry, takeover
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry.log import hash_of, parse
from siuo_dash.store.registry.opening import REGISTRY, close, reading
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.registry.tables import head, runs, sign_outs
from tests.make.old_directory import OldWriter
from tests.make.runs import make_run, run_id_of, run_table, totals_table, with_column
from tests.make.stores import make_data
from tests.store.test_faults import STEPS, killed_everywhere

ADA, BOB, REVIEWER = "ada@example.org", "bob@example.org", "reviewer@example.org"


@pytest.fixture
def old(tmp_path: Path) -> OldWriter:
    return OldWriter(tmp_path / "data")


def rows(data_dir: Path) -> dict[str, Row[tuple[object, ...]]]:
    with reading(data_dir) as connection:
        assert connection is not None
        return {row.run_id: row for row in connection.execute(select(runs))}


def states(data_dir: Path) -> dict[str, str]:
    return {run_id: row.state for run_id, row in rows(data_dir).items()}


def report(data_dir: Path) -> list[str]:
    return (data_dir / takeover.BEFORE / takeover.REPORT).read_text().splitlines()[1:]


def chain_is_whole(data_dir: Path) -> bool:
    lines = log_lines(data_dir)
    with reading(data_dir) as connection:
        assert connection is not None
        end = connection.execute(select(head)).one()
    follow = all(parse(later).previous == hash_of(line) for line, later in pairwise(lines))
    return follow and (end.seq, end.hash) == (len(lines), hash_of(lines[-1]) if lines else None)


def a_full_store(old: OldWriter) -> dict[str, pa.Table]:
    """Every state that a run could be in, and the people who brought it there."""
    tables = {name: run_table(name.capitalize()) for name in ("public", "gone", "first", "second", "draft", "open")}
    tables |= {name: run_table(name.capitalize()) for name in ("refused", "back")} | {"counts": totals_table("Counts")}
    old.change("publish", tables["public"], "a name")
    old.change("publish", tables["counts"])
    old.change("submit", tables["gone"], ADA, model="Gone")
    old.change("approve", tables["gone"], REVIEWER, "review/pending")
    old.change("withdraw", tables["gone"], REVIEWER, "submissions", why="wrong pictures")
    old.change("submit", tables["first"], ADA, model="First")
    old.change("approve", tables["first"], REVIEWER, "review/pending")
    old.change("draft", tables["second"], ADA, model="Second", corrects=run_id_of(tables["first"]))
    old.change("submit", tables["second"], ADA, "review/drafts")
    old.change("approve", tables["second"], REVIEWER, "review/pending")
    old.change("supersede", tables["first"], REVIEWER, "submissions", why="corrected")
    old.change("draft", tables["draft"], BOB, model="Draft")
    old.change("submit", tables["open"], BOB, model="Open")
    old.change("submit", tables["refused"], BOB, model="Refused")
    old.change("reject", tables["refused"], REVIEWER, "review/pending", why="no source")
    old.change("submit", tables["back"], BOB, model="Back")
    old.change("retract", tables["back"], BOB, "review/pending")
    return tables


def test_everything_is_taken_over_and_nothing_lost(old: OldWriter) -> None:
    tables = a_full_store(old)
    key = "ab" * 32
    (old.data_dir / "submissions/.journal/signed-out").mkdir()
    (old.data_dir / "submissions/.journal/signed-out" / key).touch()
    files = {path.relative_to(old.data_dir): path.read_bytes() for path in old.data_dir.rglob("*") if path.is_file()}
    assert takeover.needed(old.data_dir)
    takeover.settle(old.data_dir)
    assert not takeover.needed(old.data_dir)

    expected = {
        "public": "published",
        "counts": "published",
        "gone": "withdrawn",
        "first": "superseded",
        "second": "published",
        "draft": "draft",
        "open": "pending",
        "refused": "rejected",
        "back": "retracted",
    }
    ids = {name: run_id_of(table) for name, table in tables.items()}
    assert states(old.data_dir) == {ids[name]: state for name, state in expected.items()}
    assert log_lines(old.data_dir) == old.lines and chain_is_whole(old.data_dir)
    found = rows(old.data_dir)
    told = {name: (found[ids[name]].owner, found[ids[name]].verified) for name in ("public", "gone", "draft")}
    assert told == {"public": ("a name", False), "gone": (ADA, True), "draft": (BOB, True)}
    second = found[ids["second"]]
    assert (second.corrects, second.family, second.sent, second.number) == (ids["first"], ids["first"], 9, 8)
    assert (found[ids["gone"]].withdrawn_by, found[ids["draft"]].sent) == (REVIEWER, None)
    assert (found[ids["counts"]].totals, found[ids["counts"]].source_status) == (True, "preprint")
    with reading(old.data_dir) as connection:
        assert connection is not None and [row.key for row in connection.execute(select(sign_outs))] == [key]
    assert sorted(Store(old.data_dir).frame("SELECT model FROM runs")["model"]) == ["Counts", "Public", "Second"]
    # The old files lie together, each byte as it was, and so do the files of the runs.
    aside = old.data_dir / takeover.BEFORE
    for path, body in files.items():
        assert (old.data_dir if path.name == "samples.csv" else aside).joinpath(path).read_bytes() == body
    assert (old.data_dir / second.file).read_bytes() == files[Path("submissions") / f"{ids['second']}.parquet"]
    assert report(old.data_dir) == []


def test_what_was_laid_in_by_hand_stays_public(old: OldWriter) -> None:
    old.change("publish", run_table("Logged"))
    old.lay("submissions", run_table("By hand"))
    two = pa.concat_tables([make_run("Two-A", [True] * 3), make_run("Two-B", [False] * 3)])
    pq.write_table(two, old.data_dir / "submissions" / "My runs (2).parquet")
    shutil.copy(old.path("submissions", run_table("Logged")), old.data_dir / "submissions" / "zz-twin.parquet")
    (old.data_dir / "submissions" / "broken.parquet").write_bytes(b"broken")
    old.lay("withdrawn", run_table("Hidden"))
    takeover.settle(old.data_dir)
    store = Store(old.data_dir)
    assert sorted(store.frame("SELECT model FROM runs")["model"]) == ["By hand", "Logged", "Two-A", "Two-B"]
    assert states(old.data_dir)[run_id_of(run_table("Hidden"))] == "withdrawn"
    assert {row.owner for row in rows(old.data_dir).values()} == {None} and chain_is_whole(old.data_dir)
    assert [parse(line).reconciled for line in log_lines(old.data_dir)] == [False, *[True] * 5]
    said = "\n".join(report(old.data_dir))
    assert "broken.parquet: not taken over: cannot be read" in said
    assert "zz-twin.parquet" in said and "is in another file" in said
    assert said.count("stays public, and nobody owns it") == 3


def test_a_directory_without_a_log_or_journal(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data")
    (data / "submissions").mkdir()
    assert not takeover.needed(data), "an empty folder is nothing to take over"
    pq.write_table(make_run("Alone", [True] * 5), data / "submissions" / "alone.parquet")
    takeover.settle(data)
    assert states(data) == {run_id_of(make_run("Alone", [True] * 5)): "published"}


def approved_not_logged(old: OldWriter) -> None:
    """Killed after the file was moved; its superseded predecessor was not moved yet."""
    first, second = run_table("First"), run_table("Second")
    old.change("publish", first)
    old.change("submit", second, ADA, model="Second", corrects=run_id_of(first))
    approve = old.line("approve", second, REVIEWER)
    old.lines.append(approve)
    supersede = old.line("supersede", first, REVIEWER, source="submissions", why="corrected")
    old.lines.pop()
    old.note(approve, supersede)
    old.move("review/pending", "submissions", second)


def half_logged(old: OldWriter) -> None:
    """Killed after the first of two lines was written."""
    approved_not_logged(old)
    old.move("submissions", "superseded", run_table("First"))
    old.log((old.data_dir / "submissions/.journal/pending.json").read_bytes().splitlines()[0])


def noted_only(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.note(old.line("withdraw", run_table("First"), ADA, why="why"))


def published_not_logged(old: OldWriter) -> None:
    old.note(old.line("publish", run_table("First"), ADA))
    old.lay("submissions", run_table("First"))


def logged_and_noted(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    line = old.line("withdraw", run_table("First"), ADA, why="why")
    old.note(line)
    old.move("submissions", "withdrawn", run_table("First"))
    old.log(line)


BROKEN_OFF: dict[str, tuple[Callable[[OldWriter], None], dict[str, str], list[tuple[str, bool]]]] = {
    "approved, not logged": (
        approved_not_logged,
        {"First": "superseded", "Second": "published"},
        [("publish", False), ("submit", False), ("approve", True), ("supersede", True)],
    ),
    "half logged": (
        half_logged,
        {"First": "superseded", "Second": "published"},
        [("publish", False), ("submit", False), ("approve", False), ("supersede", False)],
    ),
    "noted only": (noted_only, {"First": "published"}, [("publish", False)]),
    "published, not logged": (published_not_logged, {"First": "published"}, [("publish", True)]),
    "logged and noted": (logged_and_noted, {"First": "withdrawn"}, [("publish", False), ("withdraw", False)]),
}


@pytest.mark.parametrize("case", BROKEN_OFF)
def test_a_change_that_was_broken_off_is_finished(old: OldWriter, case: str) -> None:
    lay, expected, events = BROKEN_OFF[case]
    lay(old)
    takeover.settle(old.data_dir)
    assert states(old.data_dir) == {run_id_of(run_table(model)): state for model, state in expected.items()}
    lines = [parse(line) for line in log_lines(old.data_dir)]
    assert [(said.event, said.reconciled) for said in lines] == events
    assert chain_is_whole(old.data_dir) and report(old.data_dir) == []


def test_killed_while_a_badge_was_written_the_submitters_word_counts(old: OldWriter) -> None:
    table = run_table("Badged")
    old.change("submit", table, ADA, model="Badged")
    old.lay("review/pending", with_column(table, "source_status", ["re-judged"] * table.num_rows), said="preprint")
    takeover.settle(old.data_dir)
    (row,) = rows(old.data_dir).values()
    assert (row.state, row.source_status) == ("pending", "preprint")


def moved_out_of_sight(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.move("submissions", "withdrawn", run_table("First"))


def moved_into_sight(old: OldWriter) -> None:
    old.change("submit", run_table("First"), ADA, model="First")
    old.move("review/pending", "submissions", run_table("First"))


def in_two_places(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.change("withdraw", run_table("First"), None, "submissions", why="why")
    shutil.copy(old.path("withdrawn", run_table("First")), old.path("submissions", run_table("First")))


def file_gone(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.path("submissions", run_table("First")).unlink()


def file_broken(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.path("submissions", run_table("First")).write_bytes(b"broken")


def test_a_broken_file_that_waits_for_review_is_not_approved(old: OldWriter) -> None:
    """It is kept under the hash of its bytes as they were found, and so looks whole."""
    table, reviewer = run_table("First"), registry.Actor(REVIEWER, reviewer=True)
    old.change("submit", table, ADA)
    old.path("review/pending", table).write_bytes(b"broken")
    with pytest.raises(SubmissionError, match="not the one that was sent"):
        registry.approve(old.data_dir, run_id_of(table), reviewer)
    registry.reject(old.data_dir, run_id_of(table), reviewer, "the file is broken")
    assert states(old.data_dir) == {run_id_of(table): "rejected"}


def torn(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    with (old.data_dir / "log.jsonl").open("ab") as log:
        log.write(b'{"at": "2026')


def end_lost(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.change("publish", run_table("Second"))
    (old.data_dir / "log.jsonl").write_bytes(old.lines[0] + b"\n")
    old.path("submissions", run_table("Second")).unlink()


def unreadable_line(old: OldWriter) -> None:
    old.change("publish", run_table("First"))
    old.log(b"not json")


DISAGREE: dict[str, tuple[Callable[[OldWriter], None], str, str]] = {
    "published by the log, withdrawn by the folder": (moved_out_of_sight, "withdrawn", "its file was in withdrawn"),
    "pending by the log, public by the folder": (moved_into_sight, "pending", "its file was in submissions"),
    "in two places": (in_two_places, "withdrawn", "the same run is also in withdrawn"),
    "file gone": (file_gone, "published", "its file is gone"),
    "file broken": (file_broken, "published", "cannot be read"),
    "torn log": (torn, "published", "its last line was cut short"),
    "log without its end": (end_lost, "published", "it has lost its end: publish of second-human-"),
    "a line that is none": (unreadable_line, "published", ""),
}


@pytest.mark.parametrize("case", DISAGREE)
def test_what_does_not_agree_is_listed_and_never_becomes_visible(old: OldWriter, case: str) -> None:
    lay, state, words = DISAGREE[case]
    lay(old)
    takeover.settle(old.data_dir)
    assert states(old.data_dir) == {run_id_of(run_table("First")): state}
    assert words in "\n".join(report(old.data_dir))
    assert log_lines(old.data_dir)[: len(old.lines)] == old.lines[: 1 if case == "log without its end" else None]
    Store(old.data_dir)


@pytest.mark.parametrize("every", STEPS)
def test_killed_at_every_step_it_is_finished_by_the_next_start(
    old: OldWriter, tmp_path: Path, root: Path, every: int
) -> None:
    a_full_store(old)
    killed = killed_everywhere(root, tmp_path, "take over", old.data_dir, every)
    takeover.settle(old.data_dir)
    outcomes = set()
    for data in killed:
        outcomes.add(((data / REGISTRY).exists(), (data / "log.jsonl").exists()))
        takeover.settle(data)
        assert (states(data), log_lines(data)) == (states(old.data_dir), old.lines)
        close(data)
        (data / ".takeover.lock").unlink(missing_ok=True)  # of who was killed when all else was done
        names = sorted(path.name for path in data.iterdir())
        assert names == [takeover.BEFORE, REGISTRY, "runs", "samples.csv"]
        assert not list(data.rglob("*siuo-tmp")) and (data / takeover.BEFORE / "log.jsonl").exists()
    assert outcomes == {(False, True), (True, True), (True, False)}


def test_nobody_who_only_reads_takes_it_for_an_empty_directory(old: OldWriter) -> None:
    a_full_store(old)
    with reading(old.data_dir) as connection:
        assert connection is not None and len(connection.execute(select(runs)).all()) == 9
    assert not takeover.needed(old.data_dir)


def test_two_starts_at_once(old: OldWriter, root: Path) -> None:
    a_full_store(old)
    program = (
        "import sys\nfrom pathlib import Path\nfrom siuo_dash.store.takeover import settle\nsettle(Path(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", program, str(old.data_dir)]
    starts = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [start.communicate()[1] for start in starts] == [""] * 3
    assert len(states(old.data_dir)) == 9 and log_lines(old.data_dir) == old.lines


def test_where_nothing_may_be_written_the_next_step_is_named(old: OldWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    a_full_store(old)
    # The superuser, whom tests may run as, is refused nothing.
    monkeypatch.setattr(os, "access", lambda path, mode, **_: mode != os.W_OK)
    with pytest.raises(StoreError, match="must be taken over before it can be read; run `python -m siuo_dash"):
        takeover.settle(old.data_dir)
    assert not (old.data_dir / REGISTRY).exists()
