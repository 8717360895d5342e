"""What a person sees, and what is kept, when the server's surroundings break: read over Streamlit's own protocol."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from siuo_dash.store import registry, verify
from siuo_dash.store.registry.opening import changing
from tests.conftest import ROOT
from tests.make.files import as_json, judged
from tests.make.registry import events, runs_in
from tests.make.runs import make_run, run_id_of, share
from tests.make.stores import add
from tests.server.instance import Instance, copy_data, running
from tests.server.loops import finished
from tests.server.visitor import Visitor

WITHOUT_DATA = ("method", "review")
"""Pages that have something to say without the results; locally, the reviewers' page says that there are none."""
TEXT = "Secretly told response 7f3a"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return copy_data(tmp_path / "data")


async def fill_in(visitor: Visitor, model: str, content: bytes) -> None:
    await visitor.open("upload")
    await visitor.drop("results.json", content)
    await visitor.type("Model", model)
    await visitor.type("Judge", "gpt-4o-mini")


def kept(data: Path) -> list[str]:
    return runs_in(data, "published")


def test_pages_name_a_data_directory_that_is_gone_and_recover_when_it_returns(tmp_path: Path, data: Path) -> None:
    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await visitor.open()
            pages = list(visitor.pages)
            data.rename(tmp_path / "away")
            for page in pages:
                await visitor.go(page)
                assert page in WITHOUT_DATA or any(
                    "samples.csv" in said or "data" in said for said in visitor.alerts()
                ), page
                assert "Traceback" not in visitor.words()
            (tmp_path / "away").rename(data)
            for page in pages:
                await visitor.go(page)
                assert visitor.alerts() == [], page

    with running(tmp_path, data) as server:
        finished(visit(server))
        assert server.of("page error") == []


def test_a_data_directory_that_goes_while_somebody_publishes_is_named_and_nothing_is_lost(
    tmp_path: Path, data: Path
) -> None:
    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await fill_in(visitor, "Before-VL", as_json(judged(safe=31)))
            data.rename(tmp_path / "away")
            await visitor.press("Publish")
            assert visitor.alerts() and "is live" not in visitor.words()
            (tmp_path / "away").rename(data)
            await visitor.again()
            assert not visitor.alerts()
            await visitor.press("Publish")
            assert "is live" in visitor.words()

    with running(tmp_path, data) as server:
        finished(visit(server))
    assert len(kept(data)) == 1


@contextmanager
def full_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own that has this much room; the test is skipped where it may not be mounted."""
    folder.mkdir()
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], capture_output=True, check=False
        )
        if shutil.which("mount") and os.geteuid() == 0
        else None
    )
    if mounted is None or mounted.returncode:
        pytest.skip("a small file system cannot be mounted here (it takes root and a container that lets it)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_on_the_page_and_publishing_goes_on_once_there_is_room(tmp_path: Path) -> None:
    with full_disk(tmp_path / "disk", 4) as disk:
        data = copy_data(disk / "data")

        async def visit(server: Instance) -> None:
            async with Visitor(server.address) as visitor:
                await fill_in(visitor, "Full-VL", as_json(judged(safe=32)))
                ballast = disk / "ballast"
                with pytest.raises(OSError, match="No space"):
                    ballast.write_bytes(b"x" * 8 * 2**20)
                await visitor.press("Publish")
                (said,) = visitor.alerts()
                assert "the disk is full" in said and "nothing was kept" in said
                for page in ("", "samples", "upload"):
                    await visitor.go(page)  # reading goes on
                    assert not visitor.alerts()
                ballast.unlink()
                await fill_in(visitor, "Full-VL", as_json(judged(safe=32)))
                await visitor.press("Publish")
                assert "is live" in visitor.words()

        with running(tmp_path, data) as server:
            finished(visit(server))
        assert len(kept(data)) == 1
        assert [finding for finding in verify.verify(data) if finding.severity == "error"] == []


def test_a_write_that_the_system_refuses_is_told_on_the_page(tmp_path: Path, data: Path) -> None:
    """Where no small disk can be mounted: the process may write no file beyond a size, as on a full disk."""

    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await fill_in(visitor, "Limited-VL", as_json(judged(safe=33)))
            limits = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
            await visitor.press("Publish")
            (said,) = visitor.alerts()
            assert "the file would be larger than this system allows" in said
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)
            await visitor.press("Publish")
            assert "is live" in visitor.words()

    with running(tmp_path, data) as server:
        finished(visit(server))
    assert len(kept(data)) == 1 and len(events(data)) == 1


def test_a_corrupt_submission_is_named_on_every_page_and_the_others_are_shown(tmp_path: Path, data: Path) -> None:
    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await visitor.open()
            broken = make_run("Broken-VL", share(40))
            add(data, broken).write_bytes(b"PAR1 no parquet at all PAR1")
            await visitor.go("tradeoff")
            assert run_id_of(broken) in visitor.words() and not visitor.alerts()
            registry.withdraw(data, run_id_of(broken), registry.local(), "its file is broken")
            await visitor.go("tradeoff")
            assert run_id_of(broken) not in visitor.words()

    with running(tmp_path, data) as server:
        finished(visit(server))


def test_another_instance_that_holds_the_store_for_long_is_waited_for(tmp_path: Path, data: Path) -> None:
    """A slow disk makes one instance hold the lock while it writes; the other's visitor waits, and is served."""

    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor, Visitor(server.address) as reader:
            await fill_in(visitor, "Slow-VL", as_json(judged(safe=34)))
            await reader.open()
            with changing(data):
                pressed = asyncio.create_task(visitor.press("Publish"))
                for _ in range(3):
                    await reader.again()  # who reads does not wait
                assert not pressed.done()
            await pressed
            assert "is live" in visitor.words()

    with running(tmp_path, data) as server:
        finished(visit(server))
    assert len(kept(data)) == 1


def test_no_response_reaches_the_log(tmp_path: Path, data: Path) -> None:
    rows = judged(safe=35)
    for row in rows:
        row["responses"] = [f"{TEXT} {number}" for number in range(3)]

    async def visit(server: Instance) -> None:
        async with Visitor(server.address) as visitor:
            await fill_in(visitor, "Logged-VL", as_json(rows))
            await visitor.press("Publish")
            assert "is live" in visitor.words()
            await visitor.open("upload")
            await visitor.drop("broken.json", json.dumps(rows).encode()[:-20])
            await visitor.drop("other.json", b'[{"question_id": 1, "response": "' + TEXT.encode() + b'"}]')

    with running(tmp_path, data) as server:
        finished(visit(server))
        (published,) = server.of("publish")
        assert published["run_id"].startswith("logged-vl-")
        assert TEXT not in server.log.read_text(encoding="utf-8")


BROKEN = """
import streamlit as st
from siuo_dash.server import application

app = st.App("app.py", lifespan=application.lifespan, routes=application.routes(), middleware=application.middleware(),
             on_script_error=application.explain)
if __name__ == "__main__":
    st.title("Broken")
    with application.measured("broken"):
        {"a": 1}["%s"]
"""


def test_an_error_that_nobody_foresaw_is_words_and_a_reference_on_the_page_and_a_traceback_in_the_log(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program"
    shutil.copytree(ROOT / ".streamlit", program / ".streamlit", ignore=shutil.ignore_patterns("secrets*"))
    (program / "app.py").write_text(BROKEN % TEXT)

    async def visit(server: Instance) -> tuple[str, list[str]]:
        async with Visitor(server.address) as visitor:
            await visitor.open()
            return visitor.words(), visitor.alerts()

    with running(tmp_path, program=program, environment={"PYTHONPATH": str(ROOT)}) as server:
        words, (alert,) = finished(visit(server))
        (told,) = server.of("page error")
        assert alert.startswith("This page could not be shown") and told["reference"] in alert
        assert "Traceback" not in words and "KeyError" not in words and TEXT not in words
        assert told["error"] == "KeyError" and "app.py" in told["traceback"] and told["notes"] == ["on the page broken"]
        assert TEXT not in server.printed  # in the log, it is a line of the program's own code
        figures = server.get("/metrics").text
        assert (
            'siuo_errors_total{where="page"} 1.0' in figures
            and 'siuo_runs_total{end="failed",page="broken"} 1.0' in figures
        )
