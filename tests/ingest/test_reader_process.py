"""Reading in a process of its own: the same results, limits that hold, and nothing that is left behind."""

from __future__ import annotations

import ast
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pyarrow as pa
import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.labels import LABEL_COLUMNS
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.ingest import as_data, labels, reader_process, reading_child, submission
from siuo_dash.ingest.reader_process import OverLimit, ReaderFault, Readers
from siuo_dash.ingest.submission import Submission, UploadedFile
from siuo_dash.store.catalogue_file import read_catalogue
from tests.ingest.make import IDS, MIXED, REPLIES, as_csv, as_json, as_jsonl, as_parquet, as_xlsx, generation, table

PLAIN = table(question_id=IDS, response=REPLIES, safe=MIXED)
UNCLEAR = table(question_id=IDS, response=REPLIES, safety_label=MIXED)
FILES: dict[str, bytes] = {
    "official.json": as_json(generation()),
    "a.jsonl": as_jsonl(PLAIN),
    "a.csv": as_csv(PLAIN),
    "a.xlsx": as_xlsx(PLAIN),
    "a.parquet": as_parquet(PLAIN),
    "asks.csv": as_csv(UNCLEAR),
    "broken.json": as_json(PLAIN)[:-20],
    "empty.csv": b"",
}
PREPARED = """
from siuo_dash.ingest import as_data, reading_child as child
child.PROCESSOR_SECONDS, child.SECONDS, child.RESULT = {processor}, {wall}, 100_000
def read(upload):
    scope = dict(globals(), upload=upload)
    exec(as_data.receive(upload, 1 << 40)[1].decode(), scope)
    return scope.get("result")
child._read = read
child.main()
"""
"""A process that does what it is asked to instead of reading files, within the true limits, though other seconds."""


@contextmanager
def prepared(processor: int = 60, wall: int = 60) -> Iterator[Readers]:
    readers = Readers("-c", PREPARED.format(processor=processor, wall=wall))
    try:
        yield readers
    finally:
        readers.stop()


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    """One that has a minute for each thing that it is asked to do."""
    with prepared() as made:
        yield made


def do(readers: Readers, code: str) -> Any:
    return readers.ask(code.encode(), [])


def as_pages_see(made: Submission) -> tuple[object, ...]:
    """All that a page uses of a submission."""
    reading = made.reading
    rows = made.to_table(RunMetadata("M", "J")).to_pylist() if made.ok else []
    return (
        made.as_json(),
        made.findings,
        replace(reading, preview=None),
        reading.preview.to_dict(),
        made.samples,
        rows,
    )


@pytest.mark.parametrize("name", list(FILES))
def test_the_result_is_the_same(village: Catalogue, name: str) -> None:
    files = [UploadedFile(name, FILES[name])]
    here, there = submission.validate(files, village), reader_process.validate(files, village)
    assert as_pages_see(there) == as_pages_see(here)
    assert there.reading.preview.columns.to_list() == here.reading.preview.columns.to_list()


def test_an_export_and_a_mapping_go_there_and_back(village: Catalogue) -> None:
    made = reader_process.validate([UploadedFile("a.csv", FILES["a.csv"])], village)
    export = as_parquet(made.to_table(RunMetadata("M", "J", params_b=7.0)))
    again = reader_process.validate([UploadedFile("a.parquet", export)], village)
    assert again.content_hash == made.content_hash and again.reading.known.metadata is not None
    asked = reader_process.validate([UploadedFile("asks.csv", FILES["asks.csv"])], village)
    mapping = asked.reading.mapping
    assert asked.reading.needs and mapping is not None
    mapping = mapping.having(safe=("safety_label",), safe_yes_means="safe")
    files = [UploadedFile("asks.csv", FILES["asks.csv"])]
    assert (
        reader_process.validate(files, village, mapping).as_json()
        == submission.validate(files, village, mapping).as_json()
    )


def test_labels_too(village: Catalogue) -> None:
    rows = [
        {name: getattr(sample, name) if name != "subcategory" else "own" for name in LABEL_COLUMNS}
        for sample in village.samples
    ]
    for body in (as_csv(rows), b"nothing"):
        file = UploadedFile("labels.csv", body)
        assert reader_process.read_labels(file, village) == labels.read_labels(file, village)


def test_nobody_reads_uploads_otherwise(root: Path) -> None:
    """Pages and commands have no other way to what reads files."""
    readers = {"validate", "read_files", "read_labels", "read_tables", "submission_of"}
    wrong = [
        f"{path.relative_to(root)}: {name.name}"
        for path in (root / "siuo_dash").rglob("*.py")
        if path.parent.name != "ingest"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("siuo_dash.ingest")
        for name in node.names
        if name.name in readers and node.module != "siuo_dash.ingest.reader_process"
    ]
    assert wrong == []


def test_what_an_attacker_found_is_refused_or_read(shared: Path, root: Path) -> None:
    catalogue = read_catalogue(root / "data" / "samples.csv")
    for path in sorted((shared / "fixtures" / "hostile").iterdir()):
        made = reader_process.validate([UploadedFile(path.name, path.read_bytes())], catalogue)
        assert made.ok == (path.name == "freeze-13s.json"), (path.name, made.findings)
        assert not any("reading it takes" in finding.message for finding in made.errors), path.name


def test_what_only_a_limit_stops_becomes_a_finding(village: Catalogue) -> None:
    """Arrow believes what a file says that its buffers unpack to; 900 MB of zeros are a few kB."""
    wide = pa.table({"question_id": [1001] * 1_000} | {f"c{n}": ["0" * 9_000] * 1_000 for n in range(100)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, wide.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(wide)
    made = reader_process.validate([UploadedFile("a.arrow", bytes(sink.getvalue()))], village)
    assert [finding.message for finding in made.errors] == ["reading it takes more than 512 MB of memory"]
    assert made.errors[0].file == "a.arrow" and made.errors[0].hint


def test_memory_and_results_have_limits(readers: Readers) -> None:
    for code, said in (
        ("kept = [bytearray(10_000_000) for _ in range(10_000)]", "more than 512 MB of memory"),
        ("result = bytes(200_000)", "what was read of it has more than"),
        ("import os; os.abort()", "ended before it was done"),
    ):
        with pytest.raises(OverLimit, match=said) as over:
            do(readers, code)
        assert over.value.hint
    assert do(readers, "result = len(bytearray(400_000_000))") == 400_000_000


def test_time_has_limits() -> None:
    with prepared(processor=1) as readers, pytest.raises(OverLimit, match="of processor time"):
        do(readers, "while True: pass")
    with prepared(wall=1) as readers, pytest.raises(OverLimit, match="takes longer than"):
        do(readers, "import time; time.sleep(600)")


def test_no_network_no_program_no_writing(readers: Readers, tmp_path: Path) -> None:
    there, new = tmp_path / "there", tmp_path / "new"
    there.write_text("x")
    for code in (
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.fork()",
        "import os; os.kill(os.getppid(), 9)",
        f"open({str(new)!r}, 'w').write('x')",
        f"open({str(there)!r}, 'a').write('x')",
        f"import os; os.unlink({str(there)!r})",
        f"import os; os.rename({str(there)!r}, {str(new)!r})",
        f"import os; os.mkdir({str(new)!r})",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (600, 600))",
    ):
        with pytest.raises(ReaderFault, match=r"PermissionError|not allowed to raise"):
            do(readers, code)
    assert list(tmp_path.iterdir()) == [there] and there.read_text() == "x"
    assert do(readers, f"result = open({str(there)!r}).read()") == "x"


def test_without_the_kernels_filter_python_refuses(tmp_path: Path) -> None:
    """What remains where there is no filter, on macOS: tried in a process that has only the hook."""
    code = f"""
from siuo_dash.ingest import no_calls
no_calls._MACHINES.clear()
assert no_calls.refuse() is False
import os, socket, subprocess
for attempt in (socket.socket, lambda: subprocess.run(["true"]), lambda: open({str(tmp_path / "new")!r}, "w"), os.fork):
    try:
        attempt()
    except PermissionError:
        continue
    raise SystemExit(f"{{attempt}} was allowed")
assert open("/dev/null").read() == ""
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
    assert not list(tmp_path.iterdir())


def test_nothing_of_the_environment_or_of_open_files_goes_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIUO_TEST_SECRET", "hidden")
    with prepared() as readers:
        code = "import os; result = dict(os.environ), sorted(os.listdir('/proc/self/fd'))"
        environment, opened = do(readers, code)
    assert "SIUO_TEST_SECRET" not in environment and len(opened) <= 5, opened


def test_a_fault_of_ours_is_no_finding(readers: Readers) -> None:
    for _ in range(2):  # the next one is asked all the same
        with pytest.raises(ReaderFault, match="what happened"):
            do(readers, "raise KeyError('what happened')")


def test_a_result_that_is_more_than_data_is_not_loaded(readers: Readers) -> None:
    for value in (os.system, subprocess.Popen, as_data.send, pickle.loads, Submission.to_table, Path("x")):
        with pytest.raises(pickle.UnpicklingError, match="is not data"):
            as_data.loads(pickle.dumps(value))
    code = """
upload.sendall(child._frame(child.OK, b'cos\\nsystem\\n(S"exit 7"\\ntR.'))
import os; os._exit(0)
"""
    with pytest.raises(pickle.UnpicklingError, match="is not data"):
        do(readers, code)


def test_the_process_is_replaced_when_it_ends(village: Catalogue) -> None:
    files = [UploadedFile("a.csv", FILES["a.csv"])]
    readers = reader_process._readers
    for number in (signal.SIGKILL, signal.SIGTERM):
        readers.start()
        process = readers._process
        assert process is not None
        process.send_signal(number)
        process.wait(timeout=300)
        assert reader_process.validate(files, village).ok
        assert readers._process is not process


def test_one_that_ends_meanwhile_is_a_finding() -> None:
    """The process that is copied is killed while its copy works: Linux ends the copy, too."""
    with prepared(processor=600, wall=600) as readers:
        readers.start()
        process = readers._process
        assert process is not None

        def kill() -> None:
            wait_until(lambda: any(map(is_busy, children(process.pid))))
            process.kill()

        killer = Thread(target=kill)
        killer.start()
        with pytest.raises(OverLimit, match="ended before it was done"):
            do(readers, "while True: pass")
        killer.join()


def test_nothing_is_left_behind(village: Catalogue) -> None:
    files = [UploadedFile("a.csv", FILES["a.csv"])]
    reader_process.validate(files, village)
    process = reader_process._readers._process
    assert process is not None
    before = open_files("self"), open_files(process.pid)
    for _ in range(5):
        reader_process.validate(files, village)
    wait_until(lambda: len(children(process.pid)) <= 1 and open_files(process.pid) <= before[1])
    assert open_files("self") == before[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_end_with_the_program(root: Path, number: int) -> None:
    """A program that is killed while a file is read leaves neither the process nor its copy behind."""
    program = """
from tests.ingest.test_reader_process import PREPARED
from siuo_dash.ingest.reader_process import Readers
readers = Readers("-c", PREPARED.format(processor=600, wall=600))
readers.start()
print(readers._process.pid, flush=True)
readers.ask(b"import time; time.sleep(600)", [])
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        template = int(parent.stdout.readline())
        wait_until(lambda: bool(children(template)))
        (copy,) = children(template)
        parent.send_signal(number)
        parent.wait(timeout=300)
    wait_until(lambda: not alive(template) and not alive(copy))


def open_files(process: int | str) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_busy(pid: int) -> bool:
    """Whether a process has used more than a second of the processor: more than its start takes."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") > 1


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(so: Callable[[], bool]) -> None:
    deadline = monotonic() + 300
    while not so():
        assert monotonic() < deadline
        sleep(0.05)


def test_the_words_name_the_limit_that_holds() -> None:
    over = reader_process._over(reading_child.ENDED, str(int(signal.SIGXCPU)).encode())
    assert f"{reading_child.PROCESSOR_SECONDS} s" in str(over)
