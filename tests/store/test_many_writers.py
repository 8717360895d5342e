"""Kills, crashes of the database and many writers at once, on both kinds of registry: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from time import sleep

import pytest
from sqlalchemy import select

from siuo_dash.store.registry.opening import close, reading
from siuo_dash.store.registry.tables import runs
from siuo_dash.store.verify import repair
from tests.make import postgres
from tests.make.postgres import Cluster
from tests.make.registry import events, faults, left_over, replayed, states
from tests.store.test_faults import crash

pytestmark = pytest.mark.heavy

WRITER = """
import json, sys, time
from pathlib import Path
from threading import Thread
from siuo_dash.errors import StoreError
from siuo_dash.store import registry
from siuo_dash.store.registry import Actor, AlreadyPublished, publish
from tests.make.runs import run_id_of, run_table
data, name, threads, each, common = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:6])
common_tables = [run_table(f"Common-{number}") for number in range(common)]
tables = [[run_table(f"Own-{name}-{thread}-{number}") for number in range(each)] for thread in range(threads)]
print("ready", flush=True)
sys.stdin.readline()
said, took = [], []

def act(what, do):
    started = time.perf_counter()
    try:
        run_id = do()
    except AlreadyPublished:
        said.append(("refused", what))
    except StoreError:
        said.append(("away", what))
        time.sleep(0.05)
        return
    else:
        said.append(("kept", run_id))
    took.append(time.perf_counter() - started)

def work(thread):
    actor = Actor(f"{name}-{thread}@example.org")
    for number, table in enumerate(tables[thread]):
        act("own", lambda: registry.submit(data, table, actor).run_id)
        if common:
            wanted = common_tables[number % common]
            act(f"common-{number % common}", lambda: publish(data, wanted, by=name).run_id)

workers = [Thread(target=work, args=(thread,)) for thread in range(threads)]
[each.start() for each in workers]
[each.join() for each in workers]
print(json.dumps({"said": said, "took": took}))
"""


@pytest.fixture(params=["file", "pg"])
def data(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "pg":
        monkeypatch.setenv("SIUO_REGISTRY", request.getfixturevalue("cluster").schema(tmp_path))
    data = tmp_path / "data"
    data.mkdir()
    request.addfinalizer(lambda: close(data))
    return data


def contents_once(data_dir: Path) -> bool:
    """Whether no content is public twice."""
    with reading(data_dir) as connection:
        assert connection is not None
        public = connection.execute(select(runs.c.content_hash, runs.c.judge).where(runs.c.state == "published")).all()
    return max(Counter(map(tuple, public)).values()) == 1


def started(data_dir: Path, writers: int, threads: int, each: int, common: int) -> list[subprocess.Popen[str]]:
    found = []
    for number in range(writers):
        command = [sys.executable, "-c", WRITER, str(data_dir), f"w{number}", *map(str, (threads, each, common))]
        found.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    for writer in found:
        assert writer.stdout is not None and writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in found:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return found


def answers(writers: list[subprocess.Popen[str]]) -> tuple[list[tuple[str, str]], list[float]]:
    said, took = [], []
    for writer in writers:
        found = json.loads(writer.communicate()[0].splitlines()[-1])
        said += [tuple(each) for each in found["said"]]
        took += found["took"]
    return said, sorted(took)


def test_sixty_kills_at_random_moments(data: Path, root: Path) -> None:
    acknowledged = json.loads(crash(root, "kill at random", data, 60))
    found = states(data)
    lost = {run_id for run_id in acknowledged if run_id not in found}
    assert lost == set() and len(acknowledged) > 20
    for run_id, state in acknowledged.items():
        assert found[run_id] == state or (state == "published" and found[run_id] == "withdrawn")
    assert replayed(data) == found and contents_once(data)
    assert [fault for fault in faults(data) if fault.severity == "error"] == []
    left = len(left_over(data))
    repair(data)
    assert faults(data) == [] and left_over(data) == []
    print(f"60 kills: {len(acknowledged)} acknowledged, 0 lost, {left} files left over and removed")


def test_twenty_writers_and_common_contents(data: Path) -> None:
    writers = started(data, writers=2, threads=10, each=25, common=25)
    said, took = answers(writers)
    kept = [name for what, name in said if what == "kept"]
    assert len(said) == 1_000 and not any(what == "away" for what, _ in said)
    assert len(set(kept)) == len(kept) == 525, "500 of their own, and each of the 25 common ones once"
    assert len(states(data)) == 525 and contents_once(data) and faults(data) == []
    assert Counter(event.event for event in events(data)) == {"submit": 500, "publish": 25}
    p95 = took[int(len(took) * 0.95)]
    print(f"20 writers: 25 of 25; p50 {median(took) * 1e3:.0f}, p95 {p95 * 1e3:.0f}, max {took[-1] * 1e3:.0f} ms")


def test_three_crashes_of_the_database_under_six_writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if postgres.programs() is None:
        pytest.skip(postgres.HELP)
    with postgres.cluster(durable=True) as own:
        monkeypatch.setenv("SIUO_REGISTRY", own.schema("crashes"))
        data = tmp_path / "data"
        data.mkdir()
        writers = started(data, writers=2, threads=3, each=150, common=0)
        for _ in range(3):
            crash_when_busy(own, data)
        said, _ = answers(writers)
        acknowledged = [name for what, name in said if what == "kept"]
        found = states(data)
        assert len(set(acknowledged)) == len(acknowledged) and set(acknowledged) <= found.keys()
        assert replayed(data) == found and contents_twice(data) == []
        assert [fault for fault in faults(data) if fault.severity == "error"] == []
        unsaid = len(found) - len(acknowledged)
        refused = sum(what == "away" for what, _ in said)
        assert refused > 0, "the crashes came when nobody was there"
        repair(data)
        assert faults(data) == []
        print(f"3 crashes: {len(acknowledged)} acknowledged, 0 lost, {refused} refused, of them {unsaid} kept")
        close(data)


def crash_when_busy(own: Cluster, data: Path) -> None:
    """Kill the server as a crash does once more has been kept; start it again."""
    before = len(states(data)) if (data / "runs").exists() else 0
    while len(states(data)) < before + 40:
        sleep(0.01)
    own.stop(signal.SIGQUIT)
    sleep(0.3)
    own.start()


def contents_twice(data_dir: Path) -> list[str]:
    """Contents that two submissions hold: here each person sends each once."""
    with reading(data_dir) as connection:
        assert connection is not None
        contents = connection.execute(select(runs.c.content_hash)).scalars().all()
    return [content for content, times in Counter(contents).items() if times > 1]
