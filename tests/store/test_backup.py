"""A backup restored elsewhere is the same store; whatever is wrong with it, nothing of it is left behind."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import SubmissionError
from siuo_dash.store import log
from siuo_dash.store.backup import MANIFEST, backup, restore_from
from siuo_dash.store.database import Store
from siuo_dash.store.examine import examine
from siuo_dash.store.publish import AlreadyPublished, publish, withdraw, withdrawn
from tests.store.runs import run_id_of, run_table
from tests.stores import make_data

GONE = run_id_of(run_table("Gone"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    for model in ("Example-7B", "Another", "Gone"):
        publish(folder, run_table(model), by="somebody")
    withdraw(folder, GONE, "the judge saw other pictures", "somebody")
    return folder


@pytest.fixture
def saved(data: Path, tmp_path: Path) -> Path:
    target = tmp_path / "backup.tar"
    assert backup(data, target).runs == 3
    return target


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_restored_elsewhere_it_is_the_same_store(data: Path, saved: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert restore_from(saved, elsewhere).runs == 3
    assert examine(elsewhere) == []
    first, second = Store(data), Store(elsewhere)
    assert first.version == second.version
    for metric in METRICS.values():
        frames = (leaderboard(store, Filters(), metric) for store in (first, second))
        assert next(frames).equals(next(frames))
    run_id = run_id_of(run_table())
    assert first.responses(run_id, 1003) == second.responses(run_id, 1003) != []
    assert [(each.run_id, each.why) for each in withdrawn(elsewhere)] == [(GONE, "the judge saw other pictures")]
    assert (elsewhere / log.LOG).read_bytes() == (data / log.LOG).read_bytes()
    # What was known to be there is known to be there: also the withdrawn run is no new one.
    for model in ("Another", "Gone"):
        with pytest.raises(AlreadyPublished):
            publish(elsewhere, run_table(model), by=None)
    publish(elsewhere, run_table("New"), by=None)
    assert examine(elsewhere) == []


def test_an_empty_directory_is_filled_and_no_other(saved: Path, tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    restore_from(saved, empty)
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    with pytest.raises(SubmissionError, match="not empty"):
        restore_from(saved, full)
    assert left_in(full) == ["mine.txt"]
    with pytest.raises(SubmissionError, match="already there"):
        backup(empty, saved)


def refused(source: Path, folder: Path) -> str:
    """Why a backup is refused; of what it held nothing lies anywhere."""
    before = left_in(folder)
    with pytest.raises(SubmissionError) as found:
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
        member("submissions/../../escaped.parquet"),
        member("submissions/.lock"),
        member("submissions/.journal/pending.json"),
        member("submissions/A.parquet"),
        member("elsewhere/run-1a2b3c4d.parquet"),
        member("submissions/run.parquet/", type=tarfile.DIRTYPE),
        member("submissions/run-1a2b3c4d.parquet", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("submissions/run-1a2b3c4d.parquet", type=tarfile.LNKTYPE, linkname="samples.csv"),
        member("submissions/run-1a2b3c4d.parquet", type=tarfile.FIFOTYPE),
        member("submissions/run-1a2b3c4d.parquet", type=tarfile.CHRTYPE),
        member("samples.csv"),
        member("log.torn-../../x.log"),
        member("submissions/run-1a2b3c4d.parquet"),
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
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    try:
        action()
    except SubmissionError as error:
        raise SystemExit(f"refused: {error}") from None


@pytest.mark.parametrize("largest", [0, 5_000, 40_000])
@pytest.mark.parametrize("action", ["backup", "restore"])
def test_no_room(data: Path, saved: Path, tmp_path: Path, root: Path, action: str, largest: int) -> None:
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
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "refused: " in done.stderr
    assert "Traceback" not in done.stderr
    assert left_in(work) == []
    assert examine(data) == []


def test_a_backup_while_others_publish_is_one_moment(data: Path, tmp_path: Path, root: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom siuo_dash.store.publish import publish\n"
        "from tests.store.runs import run_table\n"
        "for place in range(12): publish(Path(sys.argv[1]), run_table(f'Model {sys.argv[2]} {place}'), by=None)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(data), str(each)], cwd=root, stderr=subprocess.PIPE)
        for each in range(2)
    ]
    made: list[Path] = []
    while any(writer.poll() is None for writer in writers):
        made.append(tmp_path / f"{len(made)}.tar")
        backup(data, made[-1])
    assert [writer.wait() for writer in writers] == [0, 0], [
        writer.stderr and writer.stderr.read() for writer in writers
    ]
    for writer in writers:
        assert writer.stderr is not None
        writer.stderr.close()
    counts = []
    for source in {made[0], made[len(made) // 2], made[-1]}:
        elsewhere = tmp_path / source.stem
        counts.append(restore_from(source, elsewhere).runs)
        assert examine(elsewhere) == []
        assert sum(event.event == "publish" for event in log.read(elsewhere)) == counts[-1]
    assert examine(data) == []
