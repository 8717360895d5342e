"""The wheel: it holds all that the dashboard reads, and runs where there is no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.browser.driver import free_port, wait_for_server
from tests.conftest import ROOT
from tests.make.program import run
from tests.server.instance import Instance

pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed (make test installs it)")
SHIPPED = ("samples.csv", "results.parquet", "judges.csv")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run("hatchling", "build", "-t", "wheel", "-d", folder)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


def repository(*folders: str) -> set[str]:
    """The files under version control there."""
    listed = subprocess.run(["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in listed.stdout.split("\0") if name}


def test_the_wheel_holds_the_program_with_its_pages_and_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        entries = archive.read(next(name for name in held if name.endswith("entry_points.txt"))).decode()
    inside = {f"siuo_dash/dashboard/{name}" for name in repository("app.py", "pages", "data", "examples", ".streamlit")}
    assert {name for name in held if ".dist-info/" not in name} == repository("siuo_dash") | inside
    assert {f"siuo_dash/dashboard/data/{name}" for name in SHIPPED} <= inside
    assert "siuo-dash = siuo_dash.cli:main" in entries


# One start of Python does it all: what is shipped is read, what is submitted is written, into the person's folder.
SCRIPT = """
import json, sys
from pathlib import Path
from siuo_dash.cli.app import program
from siuo_dash.server.monitoring import _unreadable
from siuo_dash.settings import paths
from siuo_dash.sources.published import read_labelling
from siuo_dash.store.engine.database import Store
from siuo_dash.store.verify import verify

def command(*words):
    program(words, standalone_mode=False)

before = paths.USUAL.exists()
command("leaderboard", "--format", "json", "--board", "human-3")
made = sorted(path.name for path in paths.USUAL.iterdir())
well = _unreadable(paths.data_dir())
example = str(paths.ROOT / "examples" / "example-generation.json")
command("submit", example, "--model", "Mine-7B", "--judge", "gpt-4o")
store = Store(paths.data_dir())
store.frame("SELECT 1")
command("backup", "--to", sys.argv[1])
print(json.dumps({
    "root": str(paths.ROOT), "before": before, "made": made, "well": well,
    "after": sorted(path.name for path in paths.USUAL.iterdir()), "mode": oct(paths.USUAL.stat().st_mode)[-3:],
    "models": store.frame("SELECT model FROM runs")["model"].tolist(), "broken": len(store.broken),
    "findings": [str(finding) for finding in verify(paths.data_dir(), paths.SHIPPED)],
    "readers": len(read_labelling(paths.placed(paths.USUAL / "sources")).annotators),
}))
"""


def test_an_installed_program_reads_what_is_shipped_and_writes_in_the_persons_folder(
    wheel: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    before = sorted(site.glob("siuo_dash/dashboard/**/*"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIUO_")}
    environment |= {"PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "share"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "all.tar")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["root"] == str(site / "siuo_dash" / "dashboard")
    assert (found["before"], found["made"], found["mode"]) == (False, [], "700"), "reading made more than the folder"
    assert {"registry.db", "runs"} <= set(found["after"]) and not {*SHIPPED} & set(found["after"])
    assert sorted(site.glob("siuo_dash/dashboard/**/*")) == before, "nothing is written beside the program"
    assert found["well"] == "" and found["findings"] == []
    assert len(found["models"]) == 99 and found["models"].count("Mine-7B") == 1 and found["broken"] == 0
    assert found["readers"] == 167 and '"rank"' in done.stdout
    again = run("siuo_dash", "restore", "--from", tmp_path / "all.tar", "--data", tmp_path / "data", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "data" / "results.parquet").read_bytes() == (ROOT / "data" / "results.parquet").read_bytes()


def test_another_data_directory_is_not_filled_up_with_what_is_shipped(tmp_path: Path) -> None:
    done = run("siuo_dash", "boards", "--data", tmp_path)
    assert done.returncode == 1 and "the catalogue of samples cannot be read" in done.stderr


@pytest.mark.heavy
def test_the_wheel_is_installed_and_serves_as_the_readme_shows(tmp_path: Path) -> None:
    """`make wheel`, pip into an environment of its own (the libraries are this one's), `siuo-dash run`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # 0: pip builds with what is here, and asks no registry.
    offline = os.environ | {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "HOME": str(tmp_path)}
    subprocess.run(["make", "wheel", f"TO={tmp_path}"], cwd=ROOT, env=offline, check=True, timeout=600)
    (built,) = tmp_path.glob("*.whl")
    assert f"pip install dist/{built.name} " in readme and "\nsiuo-dash run " in readme
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", home], check=True, timeout=600)
    (own,) = (home / "lib").glob("python*/site-packages")
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    subprocess.run([home / "bin" / "pip", "install", "--quiet", "--no-deps", built], env=offline, check=True)
    port, log = free_port(), tmp_path / "log.jsonl"
    environment = {name: value for name, value in offline.items() if not name.startswith(("SIUO_", "PYTHON"))}
    with log.open("wb") as err, log.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(
            [home / "bin" / "siuo-dash", "run", "--port", str(port)], cwd="/", env=environment, stdout=out, stderr=err
        )
    try:
        server = Instance(port, process, log)
        wait_for_server(process, f"{server.address}/_stcore/health")
        assert (server.get("/healthz").status, server.get("/healthz").text) == (200, "ok\n")
        assert "GPT-4o" in server.get("/").text, "the leaderboard is in the first answer"
        assert (tmp_path / ".local" / "share" / "siuo-dash").is_dir()
    finally:
        process.terminate()
        process.wait(timeout=300)
