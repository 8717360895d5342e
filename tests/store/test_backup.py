"""A backup restored elsewhere is the same store; whatever is wrong with it, nothing of it is left behind."""

from __future__ import annotations

import ast
import gzip
import hashlib
import io
import json
import os
import pwd
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from siuo_dash.analysis.board_list import boards
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import StoreError
from siuo_dash.store import files
from siuo_dash.store.backup import MANIFEST, backup, restore_from
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import AlreadyPublished, local, publish, withdraw, withdrawn
from siuo_dash.store.registry.opening import REGISTRY
from siuo_dash.store.registry.reading import log_lines
from siuo_dash.store.runs.run_file import responses
from siuo_dash.store.verify import repair, verify
from tests.make.old_directory import OldWriter
from tests.make.program import Program, run
from tests.make.registry import file_of
from tests.make.runs import run_id_of, run_table
from tests.make.stores import make_data
from tests.store.test_faults import in_a_namespace, state

GONE = run_id_of(run_table("Gone"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    for model in ("Example-7B", "Another", "Gone"):
        publish(folder, run_table(model), by="somebody")
    withdraw(folder, GONE, local("somebody"), "the judge saw other pictures")
    return folder


@pytest.fixture
def saved(data: Path, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar"
    assert backup(data, target).runs == 3
    return target


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_restored_elsewhere_it_is_the_same_store(data: Path, tmp_path: Path) -> None:
    saved, elsewhere = tmp_path / "own.tar", tmp_path / "elsewhere"
    (data / "judges.csv").write_text("judge,name,sees,sees_picture,caveat\nhuman,Our own readers,,yes,\n")
    backup(data, saved)
    assert restore_from(saved, elsewhere).runs == 3
    assert "Our own readers" in {board.name for board in boards(Store(elsewhere))}
    assert verify(elsewhere) == []
    first, second = Store(data), Store(elsewhere)
    assert first.version == second.version
    for metric in METRICS.values():
        frames = (leaderboard(store, Filters(), metric) for store in (first, second))
        assert next(frames).equals(next(frames))
    run_id = run_id_of(run_table())
    assert responses(first, run_id, 1003) == responses(second, run_id, 1003) != []
    assert [(each.run_id, each.why) for each in withdrawn(elsewhere)] == [(GONE, "the judge saw other pictures")]
    assert log_lines(elsewhere) == log_lines(data)
    # What was known to be there is known to be there: also the withdrawn run is no new one.
    for model in ("Another", "Gone"):
        with pytest.raises(AlreadyPublished):
            publish(elsewhere, run_table(model), by=None)
    publish(elsewhere, run_table("New"), by=None)
    assert verify(elsewhere) == []


def test_an_empty_directory_is_filled_and_no_other(saved: Path, tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    restore_from(saved, empty)
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty"):
        restore_from(saved, full)
    assert left_in(full) == ["mine.txt"]
    with pytest.raises(StoreError, match="already there"):
        backup(empty, saved)


def refused(source: Path, folder: Path) -> str:
    """Why a backup is refused; of what it held nothing lies anywhere."""
    before = left_in(folder)
    with pytest.raises(StoreError) as found:
        restore_from(source, folder / "never")
    assert left_in(folder) == before
    return str(found.value)


def test_cut_short_anywhere(saved: Path, tmp_path: Path) -> None:
    body = saved.read_bytes()
    piece = tmp_path / "piece.tar"
    manifest = body.rindex(b'{\n "format"')
    for length in [0, 1, 511, 512, *range(1_000, manifest, len(body) // 40), manifest, manifest + 100]:
        piece.write_bytes(body[:length])
        assert "not sound" in refused(piece, tmp_path), length


def test_a_changed_byte_is_found(saved: Path, tmp_path: Path) -> None:
    body = bytearray(saved.read_bytes())
    with tarfile.open(saved) as tar:
        places = {member.name: member.offset_data for member in tar if member.name != MANIFEST}
    assert len(places) == 6
    changed = tmp_path / "changed.tar"
    for name, at in places.items():
        body[at] ^= 1
        changed.write_bytes(body)
        assert f"{name} is not what the manifest says" in refused(changed, tmp_path)
        body[at] ^= 1


HELD = f"runs/{'0' * 64}.parquet"


def member(name: str, **about: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    for key, value in about.items():
        setattr(found, key, value)
    return found


@pytest.mark.parametrize(
    "hostile",
    [
        member("../escaped.parquet"),
        member("/tmp/absolute.parquet"),
        member("runs/../../escaped.parquet"),
        member("runs/.incoming/x.parquet"),
        member("registry.db-wal"),
        member("submissions/.journal/pending.json"),
        member(f"runs/{'0' * 63}.parquet"),
        member("elsewhere/run-1a2b3c4d.parquet"),
        member("runs/", type=tarfile.DIRTYPE),
        member(HELD, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member(HELD, type=tarfile.LNKTYPE, linkname="samples.csv"),
        member(HELD, type=tarfile.FIFOTYPE),
        member(HELD, type=tarfile.CHRTYPE),
        member("samples.csv"),
        member("log.torn-../../x.log"),
        member(HELD),
    ],
    ids=lambda each: f"{each.name} {each.type.decode()}",
)
def test_what_no_backup_holds(saved: Path, tmp_path: Path, hostile: tarfile.TarInfo) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(saved) as good, tarfile.open(evil, "w") as tar:
        for each in good:
            if each.name == MANIFEST:
                tar.addfile(hostile)
            tar.addfile(each, good.extractfile(each))
    refused(evil, tmp_path)


def test_a_manifest_that_lies(saved: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.tar"
    for lie in (b"[]", b"{}", b"not json", json.dumps({"format": "other", "files": {}}).encode(), b"\xff\xfe"):
        with tarfile.open(saved) as good, tarfile.open(evil, "w") as tar:
            for each in good:
                if each.name != MANIFEST:
                    tar.addfile(each, good.extractfile(each))
            tar.addfile(member(MANIFEST, size=len(lie)), io.BytesIO(lie))
        assert "not sound" in refused(evil, tmp_path)


def limited(action: Callable[[], object], largest: int) -> None:
    """Run in this process, which is a child: no file may become larger, as on a disk that fills up."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        action()
    except StoreError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        raise SystemExit(f"refused: {error}") from None


@pytest.mark.parametrize("largest", [0, 5_000, 40_000])
@pytest.mark.parametrize("action", ["backup", "restore"])
def test_no_room(data: Path, saved: Path, tmp_path: Path, action: str, largest: int) -> None:
    work = tmp_path / "work"
    work.mkdir()
    call = {
        "backup": f"backup(Path({str(data)!r}), Path({str(work / 'b.tar')!r}))",
        "restore": f"restore_from(Path({str(saved)!r}), Path({str(work / 'd')!r}))",
    }[action]
    program = (
        "import signal\nfrom pathlib import Path\nfrom siuo_dash.store.backup import backup, restore_from\n"
        "from tests.store.test_backup import limited\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"limited(lambda: {call}, {largest})\n"
    )
    done = run(code=program)
    assert done.returncode == 1
    assert "refused: " in done.stderr
    assert "Traceback" not in done.stderr
    assert left_in(work) == []
    assert verify(data) == []


def test_a_backup_while_others_publish_is_one_moment(data: Path, tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom siuo_dash.store.registry import publish\n"
        "from tests.make.runs import run_table\n"
        "for place in range(12): publish(Path(sys.argv[1]), run_table(f'Model {sys.argv[2]} {place}'), by=None)\n"
    )
    said = [tmp_path / f"said-{each}" for each in range(2)]
    writers = [Program(data, each, code=program, err=said[each]) for each in range(2)]
    made: list[Path] = []
    while any(writer.poll() is None for writer in writers):
        made.append(tmp_path / f"{len(made)}.tar")
        backup(data, made[-1])
    assert [writer.wait() for writer in writers] == [0, 0], [path.read_text() for path in said]
    counts = []
    for source in {made[0], made[len(made) // 2], made[-1]}:
        elsewhere = tmp_path / source.stem
        counts.append(restore_from(source, elsewhere).runs)
        assert verify(elsewhere) == []
        assert sum(b'"publish"' in line for line in log_lines(elsewhere)) == counts[-1]
    assert verify(data) == []


def test_a_backup_of_an_earlier_version_is_restored_and_taken_over(saved: Path, tmp_path: Path) -> None:
    old = OldWriter(tmp_path / "old")
    table = run_table("Of old")
    old.change("publish", table)
    older = tmp_path / "older.tar"
    held = {"samples.csv": (old.data_dir / "samples.csv").read_bytes(), "log.jsonl": old.lines[0] + b"\n"}
    held |= {f"submissions/{run_id_of(table)}.parquet": old.path("submissions", table).read_bytes()}
    about = {name: {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()} for name, body in held.items()}
    manifest = json.dumps({"format": "siuo-backup-1", "made": "2026-11-21", "files": about}).encode()
    with tarfile.open(older, "w") as tar:
        for name, body in [*held.items(), (MANIFEST, manifest)]:
            tar.addfile(member(name, size=len(body)), io.BytesIO(body))
    assert restore_from(older, tmp_path / "new").runs == 1
    assert Store(tmp_path / "new").frame("SELECT model FROM runs")["model"].tolist() == ["Of old"]
    assert [each.message for each in verify(tmp_path / "new")] == ["the shipped runs are gone"]


def test_what_no_run_names_is_left_out(data: Path, saved: Path, tmp_path: Path) -> None:
    files.keep(data, b"left by a killed process")
    (data / "runs" / "notes.txt").write_text("mine")
    (data / "notes.txt").write_text("mine")
    again = tmp_path / "again.tar"
    assert backup(data, again).runs == 3
    with tarfile.open(saved) as first, tarfile.open(again) as second:
        assert first.getnames() == second.getnames()


def test_a_fault_is_still_there_after_a_restore(data: Path, tmp_path: Path) -> None:
    file_of(data, GONE).unlink()
    assert backup(data, tmp_path / "backup.tar").runs == 2
    restore_from(tmp_path / "backup.tar", tmp_path / "elsewhere")
    assert verify(tmp_path / "elsewhere") == verify(data) != []


def test_without_a_registry_there_is_none_in_the_backup(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", shipped=True)
    assert backup(data, tmp_path / "backup.tar").runs == 0
    assert left_in(data) == ["results.parquet", "samples.csv"]
    restore_from(tmp_path / "backup.tar", tmp_path / "elsewhere")
    assert left_in(tmp_path / "elsewhere") == ["results.parquet", "samples.csv"]


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), path.stat().st_mode & 0o7777) for path in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize(("umask", "expected"), [(0o022, (0o750, 0o640)), (0o077, (0o700, 0o600))])
def test_nobody_else_reads_a_backup_or_what_is_made_of_it(
    data: Path, tmp_path: Path, umask: int, expected: tuple[int, int]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir(0o750)
    before = os.umask(umask)
    try:
        backup(data, tmp_path / "backup.tar")
        restore_from(tmp_path / "backup.tar", tmp_path / "new")
        restore_from(tmp_path / "backup.tar", empty)
    finally:
        os.umask(before)
    assert (tmp_path / "backup.tar").stat().st_mode & 0o777 == 0o600
    assert modes(tmp_path / "new") == {(True, expected[0]), (False, expected[1])}
    assert modes(empty) - {(True, 0o750)} == modes(tmp_path / "new") - {(True, 0o750)}


def test_into_a_disk_of_its_own(saved: Path, tmp_path: Path, root: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    wrapper = in_a_namespace(f"mount -t tmpfs -o size=4m tmpfs '{disk}'\nmkdir '{disk}/lost+found'")
    program = (
        "import sys\nfrom pathlib import Path\nfrom siuo_dash.store.backup import restore_from\n"
        "from siuo_dash.store.verify import verify\nrestore_from(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(verify(Path(sys.argv[2])), sorted(path.name for path in Path(sys.argv[2]).iterdir()))\n"
    )
    command = [*wrapper, sys.executable, "-c", program, str(saved), str(disk)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = [name for name in ast.literal_eval(done.stdout.removeprefix("[] ")) if not name.startswith(f"{REGISTRY}-")]
    assert made == ["lost+found", REGISTRY, "results.parquet", "runs", "samples.csv"]


def test_a_restore_that_fails_leaves_an_empty_directory_empty(saved: Path, tmp_path: Path) -> None:
    empty, cut = tmp_path / "empty", tmp_path / "cut.tar"
    (empty / "lost+found").mkdir(parents=True)
    cut.write_bytes(saved.read_bytes()[:40_000])
    with pytest.raises(StoreError, match="not sound"):
        restore_from(cut, empty)
    assert left_in(empty) == ["lost+found"]
    restore_from(saved, empty)
    assert verify(empty) == []


KILL = """
import os, sys
from pathlib import Path
from siuo_dash.store.backup import restore_from
from tests.store.crash import attempt, ended, fork, kill_at
saved, out = map(Path, sys.argv[1:])
step = 0
while True:
    target = out / f"{step:04}"
    if step % 2:  # else the restore makes it
        target.mkdir()
    def task():
        kill_at(step)
        return attempt(lambda directory: restore_from(saved, directory), target)
    code = ended(fork(task))
    if code != -9:
        print(step, code)
        break
    step += 1
"""


def test_killed_at_every_step_of_filling_a_directory(tmp_path: Path, root: Path) -> None:
    data, saved, out = tmp_path / "data", tmp_path / "saved.tar", tmp_path / "out"
    make_data(data)
    publish(data, run_table(), by="somebody")
    backup(data, saved)
    out.mkdir()
    command = [sys.executable, "-c", KILL, str(saved), str(out)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    steps, code = map(int, done.stdout.split()[-2:])
    assert code == 0 and steps > 60, done.stdout + done.stderr
    assert not [path.name for path in out.iterdir() if not path.name.isdigit()], "nothing is left beside them"
    distinct = {}
    for target in sorted(out.iterdir()):
        distinct[state(target), tuple(left_in(target))] = target
    outcomes = set()
    for target in distinct.values():
        if (target / "samples.csv").exists():
            assert [each for each in verify(target) if each.file != "results.parquet"] == []
            outcomes.add("whole")
            continue
        assert any(each.file == "samples.csv" for each in verify(target))
        try:
            restore_from(saved, target)
            outcomes.add("empty")
        except StoreError as error:
            held = [name for name in left_in(target) if not name.startswith(".")]
            assert held and "was broken off" in str(error) and f"delete its leftovers ({', '.join(held)})" in str(error)
            for name in held:
                shutil.rmtree(target / name) if (target / name).is_dir() else (target / name).unlink()
            restore_from(saved, target)
            outcomes.add("half")
        assert [each for each in verify(target) if each.file != "results.parquet"] == []
        assert not any(name.startswith(".") for name in left_in(target))
    assert outcomes == {"whole", "empty", "half"}


def test_two_restores_into_one_directory(saved: Path, tmp_path: Path) -> None:
    """One at most fills it, and what it says of itself is so."""
    empty = tmp_path / "empty"
    empty.mkdir()
    said = [tmp_path / f"said-{each}" for each in range(4)]
    writers = [Program("siuo_dash", "restore", "--from", saved, "--data", empty, err=path) for path in said]
    codes = [writer.wait() for writer in writers]
    assert codes.count(0) <= 1 and set(codes) <= {0, 1} and not any("Traceback" in path.read_text() for path in said)
    if 0 not in codes:
        assert left_in(empty) == []
        restore_from(saved, empty)
    assert verify(empty) == []
    assert not any(name.startswith(".") for name in left_in(empty))


def test_each_refusal_has_its_words(data: Path, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(saved.read_bytes()))
    before = left_in(tmp_path)
    refusals: dict[str, Callable[[], object]] = {
        f"{tmp_path / 'never'}: the directory that is to hold it is not there": (
            lambda: restore_from(saved, tmp_path / "never" / "new")
        ),
        f"{tmp_path / 'file'}: this is a file": lambda: restore_from(saved, tmp_path / "file"),
        f"{tmp_path / 'link'}: this is a link": lambda: restore_from(saved, tmp_path / "link"),
        "this backup is compressed; decompress it first (gunzip)": lambda: restore_from(packed, tmp_path / "new"),
        f"{tmp_path / 'link'}: a link of this name is there": lambda: backup(data, tmp_path / "link"),
    }
    for words, action in refusals.items():
        with pytest.raises(StoreError) as error:
            action()
        assert words in str(error.value)
    assert left_in(tmp_path) == before


def test_root_writes_nothing_into_another_users_directory(data: Path, saved: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can shut others out")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (data, empty):
        os.chown(path, 65534, 65534)
    before = state(data)
    name = pwd.getpwuid(65534).pw_name
    actions: tuple[Callable[[], object], ...] = (
        lambda: backup(data, tmp_path / "b.tar"),
        lambda: repair(data),
        lambda: restore_from(saved, empty),
    )
    for action in actions:
        with pytest.raises(StoreError, match=rf"belongs to {name}, .*; run it as {name}: sudo -u {name}"):
            action()
    assert state(data) == before and left_in(empty) == [] and not (tmp_path / "b.tar").exists()
    assert all(each.severity == "warning" for each in verify(data))
    os.chown(empty, 54_321, 54_321)
    with pytest.raises(StoreError, match="sudo -u '#54321'"):
        restore_from(saved, empty)
