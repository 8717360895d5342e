"""What the documents show is so: generated pages are current, commands run, files that are linked exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.make.program import run
from tests.make.runs import run_table
from tests.make.stores import make_data

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "data" / "README.md", *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]+)")


def shown_commands() -> list[tuple[str, str]]:
    """(page, command) of every line of every shell block; comments and continued lines joined."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.split("  #")[0].strip()
                if command and not command.startswith("#"):
                    found.append((page.name, command))
    return found


OURS = [
    (page, command)
    for page, command in shown_commands()
    if command.startswith("python -m siuo_dash")
    # tests/evaluate/test_docs.py and tests/construct/test_docs.py run these
    and command.split()[3] not in ("evaluate", "judge")
    and page != "construct.md"
    and "--server" not in command  # tests/server/api/test_hosted.py runs these, and those of curl
]


def test_generated_pages_are_current() -> None:
    checked = run("docs.generate", "--check")
    assert checked.returncode == 0, checked.stderr


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the commands touch, so that they can be run in the order shown."""
    place = tmp_path_factory.mktemp("docs")
    for folder in ("data", "examples"):
        shutil.copytree(
            ROOT / folder, place / folder, ignore=shutil.ignore_patterns("runs", "registry.db*", "before-registry*")
        )
    return place


@pytest.mark.parametrize(("page", "command"), OURS, ids=[f"{page}: {command}" for page, command in OURS])
def test_a_shown_command_runs(page: str, command: str, workplace: Path, request: pytest.FixtureRequest) -> None:
    words = shlex.split(command)
    if "RUN_ID" in command or "fetch-" in command:
        words = [*words[:4], "--help"]  # needs a run of one's own, or the internet: at least the command is there
    target = None
    if ">" in words:
        target = words[words.index(">") + 1]
        words = words[: words.index(">")]
    environment = os.environ | {"SIUO_DATA": str(workplace / "data"), "PYTHONPATH": str(ROOT)}
    if words[3] == "migrate":  # a copy of the data, into a database of its own
        moved = shutil.copytree(workplace / "data", workplace / "moved", dirs_exist_ok=True)
        address = request.getfixturevalue("cluster").schema(f"{moved} {command}")
        environment |= {"SIUO_DATA": str(moved), "SIUO_REGISTRY": address}
    if words[3] == "snapshot" or "--from-blobs" in words:  # a store with a run, whose registry is lost
        lost = make_data(workplace / f"lost-{words[3]}", run_table())
        if words[3] == "restore":
            run("siuo_dash", "snapshot", "--data", str(lost), cwd=workplace, environment=environment)
            (lost / "registry.db").unlink()
        environment |= {"SIUO_DATA": str(lost)}
    finished = run(*words[2:], cwd=workplace, environment=environment)
    assert finished.returncode == 0, f"{page}: {command}\n{finished.stderr}"
    assert finished.stdout or target, f"{page}: {command} printed nothing"


HOSTED = [(page, command) for page, command in shown_commands() if command.startswith("siuo ")]


@pytest.mark.parametrize(("page", "command"), HOSTED, ids=[f"{page}: {command}" for page, command in HOSTED])
def test_a_hosts_shown_command_is_there_with_its_options(page: str, command: str) -> None:
    # tests/server/test_unit.py runs `siuo`, and what docs/hosting.md shows of backups, on a host's directories.
    name, *words = shlex.split(command)[1:]
    shown = run("siuo_dash", name, "--help")
    assert shown.returncode == 0, f"{page}: {command}\n{shown.stderr}"
    for option in words:
        assert not option.startswith("-") or option in re.split(r"[\s,]+", shown.stdout), f"{page}: {command}"


def test_every_other_shown_command_is_a_make_target_or_a_plain_start() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page, command in shown_commands():
        if (page, command) in OURS or command.startswith("python -m siuo_dash"):
            continue
        words = [word for word in shlex.split(command) if not re.match(r"^[A-Z_]+=", word)]
        if words[0] == "make":
            assert words[1] in targets, f"{page}: make {words[1]} does not exist"
        elif words[0] == "python":
            assert (ROOT / words[1]).exists() or words[1] == "-m", f"{page}: {command}"
        else:
            known = "pip streamlit git cd sudo duckdb siuo siuo() } inspect siuo-dash curl".split()
            assert words[0] in known, f"{page}: {command} is not tested"


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_linked_file_exists(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_make_lists_itself() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout
    for target in ("run", "test", "bench", "screenshots"):
        assert re.search(rf"^{target}\b", listed, re.MULTILINE), listed
