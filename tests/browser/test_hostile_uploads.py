"""Hostile files dropped on a real server: refused or read, within limits of all its processes, while it answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.driver import ROOT, settled
from tests.ingest.bombs import BOMBS
from tests.server.instance import Instance, copy_data, running

pytestmark = [pytest.mark.browser, pytest.mark.heavy]
MEGABYTES = 900
PROCESSOR_SECONDS = 10.0
ANSWERED = 1.0
"""Seconds in which /healthz answers, whatever is being read."""
FOUND = """bzip2-3000MB.zip cells-outside.xlsx entities-outside.xlsx freeze-13s.json lying-1000MB.parquet wide.csv.gz
wide4.zip""".split()
MAKERS = ("make_bombs.py", "make_more.py", "make_parquet.py")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(folder, copy_data(folder / "data"), copied=False) as server:
        yield server


class Watch:
    """What the server's processes use, and how long its slowest answer took, while a file is read."""

    def __init__(self, server: Instance) -> None:
        self.server = server
        self.slowest = self.most = 0.0
        self._over = Event()

    def __enter__(self) -> Watch:
        self.before = processor(self.server.process.pid)
        self._threads = [Thread(target=self._ask), Thread(target=self._weigh)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self.used = processor(self.server.process.pid) - self.before

    def _ask(self) -> None:
        while not self._over.wait(0.02):
            start = monotonic()
            assert self.server.get("/healthz").status == 200
            self.slowest = max(self.slowest, monotonic() - start)

    def _weigh(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, sum(map(megabytes, tree(self.server.process.pid))))


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


def megabytes(pid: int) -> float:
    """What a process holds; of what several share, its part."""
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().partition("Pss:")[2].split()[0]) / 1024
    return 0.0


def processor(pid: int) -> float:
    """Seconds that a process and all below it used, those that have ended too."""
    ticks = 0
    for each in tree(pid):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def drop(page: Page, server: Instance, files: list[Path]) -> None:
    """Drop the files and wait until the page says what became of them; hold the server to its limits meanwhile."""
    name = ", ".join(file.name for file in files)
    page.goto(f"{server.address}/upload")
    settled(page)
    with Watch(server) as quiet:
        sleep(2)
    answered = max(ANSWERED, 4 * quiet.slowest)  # a machine that is busy with other things answers late at any time
    with Watch(server) as watch:
        page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
        page.get_by_role("button", name="Start again").wait_for()
        settled(page)
    said = page.locator('[data-testid="stAlert"]').first.inner_text()
    print(f"{name}: {watch.used:.1f} s, {watch.most:.0f} MB, answered in {1000 * watch.slowest:.0f} ms: {said[:60]}")
    assert "error of the program" not in page.locator("body").inner_text(), name
    assert watch.most < MEGABYTES and watch.used < PROCESSOR_SECONDS and watch.slowest < answered, (name, vars(watch))
    page.get_by_role("button", name="Start again").click()  # which lets the server forget the files
    expect(page.get_by_role("button", name="Start again")).to_have_count(0)


def test_those_that_the_tests_make(instance: Instance, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(instance.address)
    for number, (make, _) in enumerate(BOMBS.values()):
        files = make()
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in files:
            (folder / name).write_bytes(data)
        drop(page, instance, [folder / name for name, _ in files])


def test_those_that_were_found(instance: Instance, open_page: OpenPage, shared: Path) -> None:
    page = open_page(instance.address)
    for name in FOUND:
        drop(page, instance, [shared / "fixtures" / "hostile" / name])


def test_those_that_the_attackers_programs_make(
    instance: Instance, open_page: OpenPage, shared: Path, tmp_path: Path
) -> None:
    for maker in MAKERS:
        command = [sys.executable, str(shared / "security" / maker), str(tmp_path)]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    page = open_page(instance.address)
    for file in sorted(tmp_path.iterdir()):
        if file.stat().st_size < 64 * 1024**2:
            drop(page, instance, [file])
