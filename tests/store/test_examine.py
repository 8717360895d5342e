"""`verify` names each fault of a data directory and what to do about it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.store import log, review
from siuo_dash.store.examine import examine
from siuo_dash.store.files import write_parquet
from siuo_dash.store.publish import publish, withdraw
from siuo_dash.store.review.ledger import Ledger
from siuo_dash.store.verify import repair, verify
from tests.make.runs import run_id_of, run_table
from tests.make.stores import make_data, with_column

RUN = f"submissions/{run_id_of(run_table())}.parquet"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    publish(folder, run_table(), by=None)
    assert examine(folder) == []
    return folder


def faults(data: Path) -> list[str]:
    found = examine(data)
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
    table = pq.read_table(data / RUN, partitioning=None)
    rows = [row | {"safe": True} for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), data / RUN)
    assert all(RUN in fault for fault in faults(data)) and faults(data)


def test_a_line_of_the_log_that_somebody_rewrote(data: Path) -> None:
    publish(data, run_table("Another"), by="somebody")
    lines = (data / "log.jsonl").read_text().splitlines(keepends=True)
    (data / "log.jsonl").write_text("".join([lines[0].replace('"by": null', '"by": "me"'), *lines[1:]]))
    (fault,) = faults(data)
    assert "log.jsonl, row 2" in fault and "chain" in fault


def test_without_carried_results_a_store_is_sound_but_for_a_warning(data: Path) -> None:
    (data / "results.parquet").unlink()
    (finding,) = examine(data)
    assert finding.severity == "warning"
    assert (finding.file, finding.message) == ("results.parquet", "the carried runs are gone")
    assert "build" not in finding.hint
    (data / "sources").mkdir()
    assert "`python -m siuo_dash build`" in examine(data)[0].hint


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
    found = examine(data, root / "data")
    if change == "nothing that counts":
        assert found == []
    else:
        assert [(each.severity, each.file) for each in found] == [("warning", "samples.csv")]
        assert "differs from the one that this program ships" in found[0].message


@pytest.mark.parametrize("way", ["unlink", "empty"])
def test_a_vanished_log_is_an_error(data: Path, way: str) -> None:
    publish(data, run_table("Another"), by=None)
    (data / "log.jsonl").unlink()
    if way == "empty":
        (data / "log.jsonl").touch()
    (fault,) = faults(data)
    assert "the log is gone or empty" in fault and "restore log.jsonl from a backup" in fault
    assert "`python -m siuo_dash verify --repair`" in fault and "name nobody" in fault
    (data / RUN).write_bytes(b"")
    assert any("the log is gone or empty" in fault for fault in faults(data))


def test_a_log_that_lost_its_end_is_an_error(data: Path) -> None:
    another = publish(data, run_table("Another"), by=None)
    lines = (data / "log.jsonl").read_bytes().splitlines(keepends=True)
    (data / "log.jsonl").write_bytes(lines[0])
    end, unknown = faults(data)
    assert "the log has lost its end" in end and another.run_id in end
    assert another.run_id in unknown and "the log does not know this run; restore log.jsonl from a backup" in unknown


def test_repair_names_nobody_as_the_owner_of_what_it_logs(data: Path) -> None:
    table = run_table("Another")
    table = with_column(table, "submitted_by", ["ada@example.org"] * table.num_rows)
    write_parquet(table, data / "submissions" / f"{run_id_of(table)}.parquet", overwrite=False)
    (_, said) = (fault for fault in faults(data))
    assert run_id_of(table) in said
    assert any("nobody owns it now" in line for line in repair(data))
    assert log.read(data)[-1].by is None
    assert list(Ledger(log.read(data)).of("ada@example.org")) == []


@pytest.mark.parametrize("logged", ["submissions", "withdrawn"])
def test_repair_leaves_a_run_that_lies_in_two_places(data: Path, logged: str) -> None:
    name = RUN.partition("/")[2]
    if logged == "withdrawn":
        withdraw(data, name.removesuffix(".parquet"), "why", None)
        shutil.copy(data / "withdrawn" / name, data / RUN)
    else:
        shutil.copy(data / RUN, data / "withdrawn" / name)
    before = (data / "log.jsonl").read_bytes()
    for _ in range(2):
        (fault,) = faults(data)
        assert f"the same run is also in submissions; by the log it is in {logged}; remove one of the two" in fault
        assert repair(data) == []
    assert (data / "log.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("start", "there"),
    [
        ("review/pending", "submissions"),
        ("review/pending", "review/rejected"),
        ("review/pending", "review/drafts"),
        ("review/drafts", "review/pending"),
        ("withdrawn", "submissions"),
        ("submissions", "withdrawn"),
    ],
)
def test_repair_never_takes_a_decision_that_a_moved_file_looks_like(data: Path, start: str, there: str) -> None:
    table = run_table("Another")
    run_id = run_id_of(table)
    ada = review.Actor("ada@example.org")
    (review.save_draft if start == "review/drafts" else review.submit)(data, table, ada)
    if start in ("submissions", "withdrawn"):
        review.approve(data, run_id, review.Actor("reviewer@example.org", reviewer=True))
    if start == "withdrawn":
        review.withdraw_as(data, run_id, ada, "why")
    (data / there).mkdir(exist_ok=True, parents=True)
    (data / start / f"{run_id}.parquet").rename(data / there / f"{run_id}.parquet")
    before = (data / "log.jsonl").read_bytes()
    assert repair(data) == []
    assert (data / "log.jsonl").read_bytes() == before
    (fault,) = faults(data)
    assert f"by the log it should be in {start}; move the file back to {start}" in fault


def test_the_same_content_of_two_people_is_a_fault_only_where_both_are_public(data: Path) -> None:
    ada, bob = review.Actor("ada@example.org"), review.Actor("bob@example.org")
    for actor, model in ((ada, "Model-1"), (bob, "Model-2")):
        table = run_table(model)
        review.save_draft(data, table, actor)
        same = run_table(model, content="the same")  # as if both had come at once
        (data / "review" / "drafts" / f"{run_id_of(table)}.parquet").unlink()
        text = (data / "log.jsonl").read_text().replace(run_id_of(table), run_id_of(same))
        (data / "log.jsonl").write_text(text.replace(content_hash(table), content_hash(same)))
        digest = {"siuo.content_hash": content_hash(same)}
        path = data / "review" / "drafts" / f"{run_id_of(same)}.parquet"
        write_parquet(same, path, overwrite=False, metadata=digest)
    rechain(data)
    repair(data)
    assert examine(data) == []
    for model in ("Model-1", "Model-2"):
        run_id = run_id_of(run_table(model, content="the same"))
        (data / "review" / "drafts" / f"{run_id}.parquet").rename(data / "submissions" / f"{run_id}.parquet")
    assert sum("the same content is also in submissions/" in fault for fault in faults(data)) == 1


def rechain(data: Path) -> None:
    """Write the log anew, so that its hashes agree."""
    events = log.chained(log.read(data))
    (data / "log.jsonl").write_bytes(b"".join(event.line() for event in events))


@pytest.mark.parametrize("name", ["My_Run.parquet", "x (1).parquet", "\udc80.parquet", "two\nlines.parquet"])
def test_a_file_whose_name_is_no_runs(data: Path, name: str) -> None:
    shutil.copy(data / RUN, data / "submissions" / name)
    (fault,) = faults(data)
    assert f"submissions/{name}: this is not the name of a run" in fault
    assert repair(data) == []


def test_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "never", tmp_path / "file", tmp_path / "file" / "within"):
        for found in (examine(path), verify(path)):
            (finding,) = found
            assert (finding.severity, finding.file) == ("error", str(path))
            assert "the data directory is not there" in finding.message and finding.hint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_directories_where_files_should_be_and_the_other_way_round(data: Path) -> None:
    (data / "log.jsonl").unlink()
    (data / "log.jsonl").mkdir()
    (data / "withdrawn").rmdir()
    (data / "withdrawn").write_text("")
    (data / "submissions" / "x.parquet").mkdir()
    found = faults(data)
    assert [fault.partition(":")[0] for fault in found] == ["log.jsonl", "withdrawn", "submissions/x.parquet"]
    assert "this is a directory, not a file" in found[0] and "this is not a directory" in found[1]


CLOSED = ["log.jsonl", RUN, "submissions", "samples.csv", "results.parquet", "submissions/.journal", "."]


@pytest.mark.parametrize("closed", CLOSED)
def test_without_permission_to_read(data: Path, root: Path, closed: str) -> None:
    for path in (data.parent, data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if closed == "submissions/.journal":
        (data / closed / "pending.json").write_text("{}")
    (data / closed).chmod(0)
    program = (
        "import json, os, sys\nfrom pathlib import Path\nfrom siuo_dash.store.examine import examine\n"
        "examine(Path(sys.argv[1], 'data'))\nos.chdir(sys.argv[1])\n"  # what is imported at the first use may be closed to nobody
        "if os.geteuid() == 0: os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)\n"
        "print(json.dumps([str(each) for each in examine(Path('data'))]))\n"
    )
    command = [sys.executable, "-c", program, str(data.parent)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    (data / closed).chmod(0o755)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert any("permission" in each.lower() for each in found), found
    assert all("run this as the user that the service runs as" in each for each in found), found
