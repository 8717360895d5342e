"""One upload at a time for each person, at all instances over one data directory."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep
from typing import NoReturn

import pytest
from sqlalchemy import select, update

from siuo_dash.errors import StoreError, SubmissionError
from siuo_dash.store.registry import upload_lock, uploading
from siuo_dash.store.registry.opening import changing, reading
from siuo_dash.store.registry.tables import turns
from tests.make.registry import faults
from tests.store.review_runs import ADA, BOB, LOCAL, submitted

pytestmark = pytest.mark.postgres(heavy=True)

HOLDER = """
import sys
from pathlib import Path
from siuo_dash.store.registry import Actor, upload_lock
with upload_lock(Path(sys.argv[1]), Actor(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def at_another_instance(data_dir: Path) -> subprocess.Popen[str]:
    """A process that holds Ada's turn until its input ends."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, data_dir, str(ADA.id)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    return other


def refused_now(data_dir: Path) -> bool:
    try:
        with upload_lock(data_dir, ADA):
            return False
    except SubmissionError as error:
        assert "another upload of yours is being read or sent" in str(error)
        return True


@pytest.mark.postgres
def test_one_at_a_time_for_a_person(tmp_path: Path) -> None:
    with (
        upload_lock(tmp_path, ADA),
        upload_lock(tmp_path, BOB),
        upload_lock(tmp_path, LOCAL),
        upload_lock(tmp_path, LOCAL),
    ):
        assert refused_now(tmp_path)
    assert not refused_now(tmp_path)
    with pytest.raises(ValueError, match="inside"), upload_lock(tmp_path, ADA):
        raise ValueError("inside")
    assert not refused_now(tmp_path)


@pytest.mark.parametrize("killed", [False, True])
def test_at_another_instance(tmp_path: Path, killed: bool) -> None:
    other = at_another_instance(tmp_path)
    assert refused_now(tmp_path)
    if killed:
        other.kill()
    other.communicate()
    assert not refused_now(tmp_path)


@pytest.mark.postgres
def test_many_at_once_are_let_in_one_by_one(tmp_path: Path) -> None:
    inside, most, start = 0, 0, Barrier(8)

    def come(_: int) -> int:
        nonlocal inside, most
        start.wait()
        let_in = 0
        for _ in range(100):
            try:
                with upload_lock(tmp_path, ADA):
                    inside += 1
                    let_in += 1
                    sleep(0)  # whoever waits for the processor comes to it here
                    most = max(most, inside)
                    inside -= 1
            except SubmissionError:
                continue
        return let_in

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(8))) > 0
    assert most == 1


def test_nothing_of_it_stays_and_nothing_of_it_is_a_fault(tmp_path: Path) -> None:
    submitted(tmp_path)
    with upload_lock(tmp_path, ADA):
        assert faults(tmp_path) == []
        (held,) = taken(tmp_path)
        assert "ada" not in str(held), "an address is nobody's business"
    assert taken(tmp_path) == []


def taken(data_dir: Path) -> list[object]:
    with reading(data_dir) as connection:
        assert connection is not None
        return [tuple(row) for row in connection.execute(select(turns))]


@pytest.mark.postgres
def test_at_another_machine_a_turn_ends_with_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere, pytest.raises(KeyboardInterrupt):
        elsewhere.setattr(uploading, "_host", lambda: "elsewhere")
        with upload_lock(tmp_path, ADA):
            elsewhere.setattr(uploading, "changing", refused)  # the machine lost its network, or its power
            raise KeyboardInterrupt
    assert refused_now(tmp_path)
    with changing(tmp_path) as now:
        now.connection.execute(update(turns).values(until=0.0))
    assert not refused_now(tmp_path)


def test_a_turn_that_is_held_for_long_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "_LEASE", 0.05)
    with upload_lock(tmp_path, ADA):
        before = taken(tmp_path)
        while taken(tmp_path) == before:
            sleep(0)


@pytest.mark.parametrize("at_first", [True, False])
def test_what_the_system_does_not_say_counts_as_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_first: bool
) -> None:
    with monkeypatch.context() as without_proc:
        if at_first:
            without_proc.setattr(uploading, "_started", lambda pid: "")
        other = upload_lock(tmp_path, ADA)
        other.__enter__()
    with monkeypatch.context() as without_proc:
        if not at_first:
            without_proc.setattr(uploading, "_started", lambda pid: "")
        assert refused_now(tmp_path)
    other.__exit__(None, None, None)
    assert not refused_now(tmp_path)


def refused(_: Path) -> NoReturn:
    raise StoreError("away")


def test_without_a_data_directory_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the data directory is not there"), upload_lock(tmp_path / "away", ADA):
        pass
    assert not (tmp_path / "away").exists()
