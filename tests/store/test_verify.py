"""`verify` names each fault of a data directory and what to do about it."""

from __future__ import annotations

import csv
import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import delete, update

from siuo_dash.store.files import write_parquet
from siuo_dash.store.registry import Actor, approve, local, publish, submit, withdraw
from siuo_dash.store.registry.opening import REGISTRY, changing
from siuo_dash.store.registry.tables import head, log, runs
from siuo_dash.store.verify import repair, verify
from tests.make.old_directory import OldWriter
from tests.make.registry import file_of, left_over
from tests.make.runs import run_id_of, run_table
from tests.make.stores import make_data

pytestmark = pytest.mark.postgres(heavy=True)

RUN = run_id_of(run_table())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    publish(folder, run_table(), by=None)
    assert verify(folder) == []
    return folder


def faults(data: Path) -> list[str]:
    found = verify(data)
    assert all(finding.hint for finding in found)
    return [str(finding) for finding in found if finding.severity == "error"]


def test_without_a_catalogue(data: Path) -> None:
    (data / "samples.csv").unlink()
    (fault,) = faults(data)
    assert "samples.csv" in fault and "cannot be read" in fault


def test_a_catalogue_with_a_sample_twice(data: Path) -> None:
    lines = (data / "samples.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (data / "samples.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")
    (fault,) = faults(data)
    assert "1001" in fault


def test_carried_results_that_are_cut_short(data: Path) -> None:
    path = data / "results.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    (fault,) = faults(data)
    assert "results.parquet" in fault and "cannot be read" in fault


def test_carried_results_that_somebody_improved(data: Path) -> None:
    path = data / "results.parquet"
    table = pq.read_table(path)
    wrong = [row for row in table.to_pylist() if row["question_id"] is not None]
    run_id = wrong[0]["run_id"]
    rows = [row | ({"safe": True} if row["run_id"] == run_id else {}) for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    (fault,) = faults(data)
    assert run_id in fault and "not those that its id was made from" in fault


def test_a_run_that_somebody_improved(data: Path) -> None:
    path = file_of(data, RUN)
    table = pq.read_table(path, partitioning=None)
    rows = [row | {"safe": True} for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    (fault,) = faults(data)
    assert f"runs/{path.name} ({RUN}): its bytes are not those that it is named by" in fault


def test_a_run_under_the_file_of_another(data: Path) -> None:
    other = publish(data, run_table("Another"), by=None)
    with changing(data) as now:
        name = f"runs/{file_of(data, other.run_id).name}"
        now.connection.execute(update(runs).where(runs.c.run_id == RUN).values(file=name))
    (fault,) = faults(data)
    assert f"({RUN}): its rows hash to" in fault and "which is not the run's" in fault


@pytest.mark.parametrize("body", [None, b"", b"broken"])
def test_a_run_whose_file_is_gone_or_broken(data: Path, body: bytes | None) -> None:
    path = file_of(data, RUN)
    path.unlink() if body is None else path.write_bytes(body)
    (fault,) = faults(data)
    assert RUN in fault and "restore the file from a backup" in fault
    assert ("it is gone" if body is None else "cannot be read") in fault


def test_a_line_of_the_log_that_somebody_rewrote(data: Path) -> None:
    publish(data, run_table("Another"), by="somebody")
    with changing(data) as now:
        first = now.connection.execute(log.select().where(log.c.seq == 1)).one()
        line = first.line.replace(b'"by": null', b'"by": "me"')
        now.connection.execute(update(log).where(log.c.seq == 1).values(line=line))
    (fault,) = faults(data)
    assert f"{REGISTRY}, row 2" in fault and "chain" in fault


@pytest.mark.parametrize("way", ["last line removed", "last line altered", "a line removed", "not a line"])
def test_a_log_that_was_changed(data: Path, way: str) -> None:
    another = publish(data, run_table("Another"), by=None)
    publish(data, run_table("Third"), by=None)
    with changing(data) as now:
        if way == "last line removed":
            now.connection.execute(delete(log).where(log.c.seq == 3))
        elif way == "a line removed":
            now.connection.execute(delete(log).where(log.c.seq == 2))
        else:
            last = now.connection.execute(log.select().where(log.c.seq == 3)).one().line
            line = b"not a line" if way == "not a line" else last.replace(b'"by": null', b'"by": "me"')
            now.connection.execute(update(log).where(log.c.seq == 3).values(line=line))
    found = faults(data)
    if way == "a line removed":
        assert "chain" in found[0] and any(another.run_id in fault and "nothing of it" in fault for fault in found)
    else:
        assert any("the log is truncated, or its last line was altered" in fault for fault in found)
    assert repair(data) == [] and faults(data) == found


@pytest.mark.parametrize("kind", ["a run_id", "a value for each byte", "no JSON"])
def test_a_line_of_50_mb_is_named_in_a_few_words_and_takes_no_memory(tmp_path: Path, kind: str) -> None:
    data = make_data(tmp_path / "data", run_table())
    with changing(data) as now:
        line = now.connection.execute(log.select()).one().line
        record = json.loads(line)
        big = {
            "a run_id": lambda: json.dumps(record | {"run_id": "r" * 50_000_000}).encode(),
            "a value for each byte": lambda: b"{" + b"[],".join(b'"a":' for _ in range(7_000_000)) + b"0}",
            "no JSON": lambda: b"x" * 50_000_000,
        }[kind]()
        now.connection.execute(update(log).values(line=big))
        now.connection.execute(update(head).values(hash=hashlib.sha256(line).hexdigest()))
        del big
    tracemalloc.start()
    found = faults(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any("this line of the log cannot be read (it has more than 1,000,000 bytes)" in each for each in found)
    assert max(map(len, found)) < 700 and peak < 25_000_000


def test_what_a_hand_wrote_into_the_registry_is_named(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", run_table())
    if not (data / REGISTRY).exists():
        pytest.skip("a database keeps a column's type; SQLite keeps what it is given")
    with closing(sqlite3.connect(data / REGISTRY)) as registry:
        registry.execute("UPDATE log SET line = CAST(line AS TEXT)")
        registry.execute("UPDATE runs SET run_id = ?", ["r" * 5_000_000])
        registry.commit()
    found = faults(data)
    assert any(
        f"{REGISTRY}, row 1: this line of the log cannot be read (it is not kept as bytes)" in each for each in found
    )
    assert any("rrrr…" in each for each in found) and max(map(len, found)) < 900


def test_a_log_whose_end_the_registry_does_not_know(data: Path) -> None:
    with changing(data) as now:
        now.hash = "0" * 64  # what is written at the end of the change
    (fault,) = faults(data)
    assert "truncated" in fault
    with changing(data) as now:
        now.connection.execute(delete(head))
        now.connection.execute(head.insert().values(id=1, seq=1, hash="0" * 64))
    assert len(faults(data)) == 1


def test_a_state_that_the_log_does_not_say(data: Path) -> None:
    with changing(data) as now:
        now.connection.execute(update(runs).where(runs.c.run_id == RUN).values(state="withdrawn"))
    (fault,) = faults(data)
    assert f"{RUN} is withdrawn, but the log says published" in fault
    with changing(data) as now:
        now.connection.execute(delete(runs))
    (fault,) = faults(data)
    assert f"the log names {RUN}, but there is no such run" in fault


@pytest.mark.postgres(never=True)
def test_a_registry_that_is_none(data: Path) -> None:
    (data / REGISTRY).unlink()
    for name in ("-wal", "-shm"):
        (data / f"{REGISTRY}{name}").unlink(missing_ok=True)
    (data / REGISTRY).write_bytes(b"something else " * 500)
    (fault,) = faults(data)
    assert fault.startswith(REGISTRY) and "restore it from a backup" in fault


@pytest.mark.postgres
def test_every_state_is_sound(data: Path) -> None:
    ada, reviewer = Actor("ada@example.org"), Actor("reviewer@example.org", reviewer=True)
    submit(data, run_table("Waits"), ada)
    submit(data, run_table("Approved"), ada)
    approve(data, run_id_of(run_table("Approved")), reviewer, badge="re-judged")
    withdraw(data, RUN, local(), "why")
    submit(data, run_table("Approved", content="better"), ada, corrects=run_id_of(run_table("Approved")))
    assert verify(data) == []


def test_what_a_killed_process_left_is_removed_and_nothing_else(data: Path, root: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom siuo_dash.store.registry.publishing import incoming\n"
        "from siuo_dash.store.runs.parquet import parquet_bytes\nfrom tests.make.runs import run_table\n"
        "with incoming(Path(sys.argv[1]), parquet_bytes(run_table('Dead'))) as (_, reveal):\n"
        "    reveal()\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(data)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    (data / "runs" / "notes.txt").write_text("mine")
    (data / f".{REGISTRY}.1-dead.siuo-tmp").write_bytes(b"half a registry")
    (orphan,) = (name for name in left_over(data) if name.endswith(".parquet") and "incoming" not in name)
    before = {path: path.read_bytes() for path in (file_of(data, RUN), data / "samples.csv")}
    found = [(finding.severity, finding.file, finding.hint) for finding in verify(data)]
    assert [(severity, file) for severity, file, _ in found] == [("warning", "runs/notes.txt"), ("warning", orphan)][
        :: 1 if orphan > "runs/notes.txt" else -1
    ]
    assert any("`python -m siuo_dash verify --repair`" in hint for _, _, hint in found)
    assert repair(data) == [f"removed {orphan}, which no run names"]
    assert [finding.file for finding in verify(data)] == ["runs/notes.txt"]
    assert {path: path.read_bytes() for path in before} == before
    assert repair(data) == [] and not list(data.glob(".*"))


@pytest.mark.postgres(never=True)
@pytest.mark.parametrize("folder", ["submissions", "withdrawn", "review/pending"])
def test_a_file_that_was_laid_in_by_hand(data: Path, folder: str) -> None:
    (data / folder).mkdir(parents=True)
    write_parquet(run_table("By hand"), data / folder / "two\nlines.parquet", overwrite=False)
    (finding,) = verify(data)
    assert (finding.severity, finding.file) == ("warning", f"{folder}/two\nlines.parquet")
    assert "not part of the store" in finding.message and "`python -m siuo_dash submit` takes it in" in finding.hint
    assert repair(data) == []


@pytest.mark.postgres(never=True)
def test_a_directory_of_an_earlier_version(tmp_path: Path) -> None:
    old = OldWriter(tmp_path / "data")
    old.change("publish", run_table())
    before = sorted(path for path in old.data_dir.rglob("*"))
    said = [finding.message for finding in verify(old.data_dir)]
    assert said == ["the shipped runs are gone", "an earlier version wrote this data directory"]
    assert sorted(path for path in old.data_dir.rglob("*")) == before, "verify writes nothing"
    assert repair(old.data_dir) == []
    assert [finding.message for finding in verify(old.data_dir)] == ["the shipped runs are gone"]


def test_without_carried_results_a_store_is_sound_but_for_a_warning(data: Path) -> None:
    (data / "results.parquet").unlink()
    (finding,) = verify(data)
    assert finding.severity == "warning"
    assert (finding.file, finding.message) == ("results.parquet", "the shipped runs are gone")
    assert "build" not in finding.hint
    (data / "sources").mkdir()
    assert "`python -m siuo_dash build`" in verify(data)[0].hint


@pytest.mark.parametrize("change", ["key", "id", "nothing that counts"])
def test_another_catalogue_than_the_shipped_one(data: Path, root: Path, change: str) -> None:
    with (data / "samples.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if change == "key":
        rows[3]["correct_option"] = "A" if rows[3]["correct_option"] != "A" else "B"
    elif change == "id":
        del rows[3]
    else:
        rows[3]["scene"] = "Another scene."
    with (data / "samples.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    found = verify(data, root / "data")
    if change == "nothing that counts":
        assert found == []
    else:
        assert [(each.severity, each.file) for each in found] == [("warning", "samples.csv")]
        assert "differs from the one that this program ships" in found[0].message


def test_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "never", tmp_path / "file", tmp_path / "file" / "within"):
        (finding,) = verify(path)
        assert (finding.severity, finding.file) == ("error", str(path))
        assert "the data directory is not there" in finding.message and finding.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_directories_where_files_should_be_and_the_other_way_round(data: Path) -> None:
    path = file_of(data, RUN)
    path.unlink()
    path.mkdir()
    (fault,) = faults(data)
    assert fault.startswith(f"runs/{path.name} ({RUN}): this is a directory, not a file")
    path.rmdir()
    for left in (data / "runs").rglob("*"):
        left.rmdir() if left.is_dir() else left.unlink()
    (data / "runs").rmdir()
    (data / "runs").write_text("")
    found = faults(data)
    assert [fault.partition(": ")[2].partition(";")[0] for fault in found] == ["this is not a directory"] * 2


CLOSED = [REGISTRY, "runs", RUN, "samples.csv", "results.parquet", "."]


@pytest.mark.postgres(never=True)
@pytest.mark.parametrize("closed", CLOSED)
def test_without_permission_to_read(data: Path, root: Path, closed: str) -> None:
    path = file_of(data, RUN) if closed == RUN else data / closed
    for each in (data.parent, data, *data.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    path.chmod(0)
    program = (
        "import json, os, sys\nfrom pathlib import Path\nfrom siuo_dash.store.verify import verify\n"
        "from siuo_dash.store.registry.opening import close\n"
        "data = Path(sys.argv[1], 'data')\nverify(data)\nclose(data)\nos.chdir(sys.argv[1])\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)\n"
        "print(json.dumps([str(each) for each in verify(Path('data'))]))\n"
    )
    command = [sys.executable, "-c", program, str(data.parent)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert any("permission" in each.lower() for each in found), found
