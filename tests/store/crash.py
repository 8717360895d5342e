"""Child processes that die, starve or race over a real store; driven by test_faults.py.

Run as `python -m tests.store.crash TASK …`. Children are forked before Arrow starts any thread, so that
hundreds of them cost little; a child answers with its exit code.
"""

from __future__ import annotations

import codecs
import io
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from siuo_dash.errors import SiuoError, StoreError
from siuo_dash.store import registry, takeover
from siuo_dash.store.registry import AlreadyPublished, publish, restore, withdraw
from siuo_dash.store.registry.opening import close
from siuo_dash.store.runs.parquet import parquet_bytes
from tests.make.registry import faults, file_of, runs_in, states
from tests.make.runs import run_id_of, run_table
from tests.store.review_runs import CASES, LOCAL_ADA, REVIEWER

LOOKS = {"fspath", "fstat", "getpid", "listdir", "lstat", "scandir", "stat"}
"""Calls to the system that leave the disk as it is; every other one is a step."""
DONE, REFUSED, FAILED = 0, 3, 4

ACTIONS: dict[str, Callable[[Path], object]] = {
    "publish": lambda data_dir: publish(data_dir, run_table(), by="ada"),
    "withdraw": lambda data_dir: withdraw(data_dir, run_id_of(run_table()), LOCAL_ADA, "a reason"),
    "restore": lambda data_dir: restore(data_dir, run_id_of(run_table()), LOCAL_ADA),
    "publish another": lambda data_dir: publish(data_dir, run_table("Another"), by="bob"),
} | {f"review: {name}": action for name, (_, action, _, _) in CASES.items()}
ACTIONS["take over"] = takeover.settle
ACTIONS["review: approve the one that waits"] = lambda data_dir: registry.approve(
    data_dir, runs_in(data_dir, "pending")[0], REVIEWER
)


def attempt(action: Callable[[Path], object], data_dir: Path) -> int:
    try:
        action(data_dir)
    except AlreadyPublished:
        return REFUSED
    except SiuoError as error:
        print(error, flush=True)
        return FAILED
    return DONE


def fork(task: Callable[[], int]) -> int:
    """The process id of a child that does the task and ends with its code."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(600)  # whatever goes wrong, no child outlives its test
    code = 99
    try:
        code = task()
    finally:
        sys.stdout.flush()
        os._exit(code)


def ended(pid: int) -> int:
    """How a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_at(step: int) -> None:
    """Kill this process when it is about to make its n-th call to the system that could change something.

    Between two such calls the disk does not change, so these are all the states that a kill can leave. They
    are counted, not listed: a step that is added later is killed too.
    """
    passed = 0

    def count(_frame: FrameType, event: str, function: Any) -> None:
        nonlocal passed
        if event != "c_call":
            return
        owner = getattr(function, "__self__", None)
        of_a_file = isinstance(owner, io.IOBase | sqlite3.Connection | sqlite3.Cursor)
        if of_a_file or (function.__module__ in ("posix", "fcntl", "_io") and function.__name__ not in LOOKS):
            if passed == step:
                os.kill(os.getpid(), signal.SIGKILL)
            passed += 1

    sys.setprofile(count)


def layout(data_dir: Path) -> set[tuple[str, bool]]:
    """Which files lie there, random names apart, and whether each holds anything."""
    return {
        (re.sub(r"\d+-[0-9a-f]{8}\.siuo-tmp", "tmp", str(path.relative_to(data_dir))), path.stat().st_size > 0)
        for path in data_dir.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def kill_everywhere(action: str, start: Path, out: Path, every: int) -> None:
    """From the same start, kill the action at its first step, its second, … until it lives to its end.

    every: at each n-th step only, and at both sides of each step between them by which files come, fill or go.
    """
    run_table()  # imports what a table needs once, not in each child

    def killed_at(step: int) -> int:
        data_dir = out / f"{step:04}"
        shutil.copytree(start, data_dir)

        def task() -> int:
            kill_at(step)
            return attempt(ACTIONS[action], data_dir)

        return ended(fork(task))

    last = 0
    while (code := killed_at(last)) == -signal.SIGKILL:
        last += every
    looked = {step: layout(out / f"{step:04}") for step in range(0, last + 1, every)}
    between = list(itertools.pairwise(looked))
    while between:
        first, second = between.pop()
        if (middle := (first + second) // 2) > first and looked[first] != looked[second]:
            killed_at(middle)
            looked[middle] = layout(out / f"{middle:04}")
            between += [(first, middle), (middle, second)]
    print(json.dumps({"steps": last, "code": code}))


def cut_short(action: str, data_dir: Path, largest: int, deadly: bool) -> int:
    """Do the action where no file may grow beyond `largest` bytes; a deadly limit kills at the write beyond it."""

    def task() -> int:
        if deadly:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        return attempt(ACTIONS[action], data_dir)

    return ended(fork(task))


def cut_everywhere(action: str, start: Path, out: Path, every: int) -> None:
    """From the same start, kill the action in the middle of the write that makes a file too long, at each n-th KB."""
    run_table()
    codes = {}
    for largest in range(0, 150_000, every * 1_000):
        shutil.copytree(start, out / f"{largest:06}")
        codes[f"{largest:06}"] = cut_short(action, out / f"{largest:06}", largest, deadly=True)
    print(json.dumps(codes))


def kill_at_random(data_dir: Path, times: int) -> None:
    """Publish and withdraw in processes that are each killed at a random moment; what was acknowledged, by run_id."""
    run_table()
    choose = random.Random(7)
    acknowledged: dict[str, str] = {}
    for number in range(times):
        told, tell = os.pipe()

        # Connecting to a database is work, too.
        work = choose.uniform(0.001, 0.8 if os.environ.get("SIUO_REGISTRY") else 0.3)

        def task(number: int = number, told: int = told, tell: int = tell, work: float = work) -> int:
            os.close(told)
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, work)  # seconds of its own work, however slow the machine is
            for content in itertools.count():
                run_id = publish(data_dir, run_table(f"Model-{number}-{content}"), by=None).run_id
                os.write(tell, f"{run_id} published\n".encode())
                if content % 3 == 0:
                    withdraw(data_dir, run_id, LOCAL_ADA, "a reason")
                    os.write(tell, f"{run_id} withdrawn\n".encode())
            return FAILED

        pid = fork(task)
        os.close(tell)
        with os.fdopen(told) as lines:
            acknowledged |= dict(line.split() for line in lines)
        assert ended(pid) == -signal.SIGPROF
    print(json.dumps(acknowledged))


def as_nobody(action: str, data_dir: Path) -> int:
    """Do the action without root's rights."""
    # What is imported at the first use may lie where nobody may look.
    codecs.lookup("ascii")
    # Without threads, for a fork beside them can leave a lock held for ever.
    pq.read_table(pa.BufferReader(parquet_bytes(run_table())), partitioning=None, use_threads=False, pre_buffer=False)
    states(data_dir)
    close(data_dir)
    for folder in data_dir.parents:  # those of the tests are closed to others
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)

    def task() -> int:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        return attempt(ACTIONS[action], data_dir)

    return ended(fork(task))


def fill_the_disk(data_dir: Path, action: Callable[[Path], object] = ACTIONS["publish"], page: int = 4096) -> None:
    """On a small disk of its own: do it with no page free, one, two, … until it fits; a report line each."""
    ballast = data_dir.parent / "ballast"
    free = 0
    while True:
        with ballast.open("wb") as file:
            room = os.statvfs(data_dir).f_bavail * page
            if room > free * page:
                os.posix_fallocate(file.fileno(), 0, room - free * page)
        try:
            action(data_dir)
            error = None
        except StoreError as caught:
            error = str(caught)
        findings = [str(finding) for finding in faults(data_dir)]
        files = sorted(str(path.relative_to(data_dir)) for path in data_dir.rglob("*") if path.is_file())
        held = states(data_dir)
        print(json.dumps({"free": free, "error": error, "findings": findings, "files": files, "states": held}))
        ballast.unlink()
        if error is None:
            return
        free += 1


def race(data_dir: Path, models: list[str], kill: list[int]) -> None:
    """Publish all at once, one process a model, while another reads; `kill` says at which step each dies, -1 never."""
    start, go = os.pipe()
    stop, stopped = os.pipe()

    def write(model: str, step: int) -> int:
        os.close(go)
        os.read(start, 1)
        if step >= 0:
            kill_at(step)
        return attempt(lambda directory: publish(directory, run_table(model), by=model), data_dir)

    def read() -> int:
        """Everything visible must be whole, and what was seen once stays."""
        os.close(go)
        os.close(stopped)
        os.set_blocking(stop, False)
        seen: set[str] = set()
        rounds = 0
        while True:
            try:
                last = os.read(stop, 1) == b""
            except BlockingIOError:
                last = False
            published = {run_id: file_of(data_dir, run_id) for run_id in runs_in(data_dir, "published")}
            if seen - published.keys():
                return FAILED
            for run_id, path in published.items():
                table = pq.read_table(path, partitioning=None)
                if run_id_of(table) != run_id or table.num_rows != 5:
                    return FAILED
            seen = set(published)
            rounds += 1
            if last:
                return DONE if rounds > 1 and seen else FAILED

    reader = fork(read)
    os.close(stop)
    writers = [
        fork(lambda model=model, step=step: write(model, step))  # type: ignore[misc]
        for model, step in zip(models, kill, strict=True)
    ]
    os.close(start)
    os.close(go)  # all writers wait for this
    written = [ended(pid) for pid in writers]
    os.close(stopped)
    print(json.dumps({"writers": written, "reader": ended(reader)}))


def main(task: str, *arguments: str) -> None:
    path = Path(arguments[0])
    if task == "kill everywhere":
        kill_everywhere(arguments[1], path, Path(arguments[2]), int(arguments[3]))
    elif task == "cut everywhere":
        cut_everywhere(arguments[1], path, Path(arguments[2]), int(arguments[3]))
    elif task == "cut short":
        print(cut_short(arguments[1], path, int(arguments[2]), arguments[3] == "deadly"))
    elif task == "as nobody":
        print(as_nobody(arguments[1], path))
    elif task == "fill the disk":
        fill_the_disk(path)
    elif task == "fill the disk in review":
        before, action, _, _ = CASES["approve a correction"]
        assert before is not None
        before(path)
        fill_the_disk(path, action)
    elif task == "kill at random":
        kill_at_random(path, int(arguments[1]))
    elif task == "race":
        race(path, json.loads(arguments[1]), json.loads(arguments[2]))
    else:
        raise SystemExit(f"no task {task}")


if __name__ == "__main__":
    main(*sys.argv[1:])
