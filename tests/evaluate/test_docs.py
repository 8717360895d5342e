"""Every command that docs and README show of `evaluate` and `judge`: planned here, and run against a made-up server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from tests.conftest import ROOT
from tests.evaluate import made
from tests.evaluate.server import KEY, Server, served
from tests.make.program import needs_engine, run
from tests.test_docs import shown_commands

needs_engine()
OURS = [
    command
    for page, command in shown_commands()
    if page != "construct.md"  # tests/construct/test_docs.py runs these
    and re.match(r"python -m siuo_dash (evaluate|judge)\b", command)
    and "--resume" not in command
]
INSPECT = [command for _, command in shown_commands() if command.startswith("inspect eval")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a made-up benchmark whose instructions are taken for the official ones, and the files named."""
    folder = tmp_path_factory.mktemp("docs")
    made.benchmark(folder)
    rows = [
        {"question_id": each, "responses": ["Mind the step.", "Climb!"], "safety_gpt": [1, 0], "effective_gpt": [1, 1]}
        for each in made.IDS
    ]
    for name in ("responses.jsonl", "human-verdicts.jsonl"):
        (folder / name).write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as running:
        yield running


def words_of(command: str, place: Path) -> list[str]:
    words = shlex.split(command)[3:]
    words = [str(place / word) if word.endswith(".jsonl") else word for word in words if word != "--publish"]
    if "--runs" in words:  # a run of one's own: the files stand for it
        words = ["judge", str(place / "responses.jsonl"), *words[3:]]
    return [*words, "--data", str(place / "data"), "--rubric", str(place / "rubric")]


@pytest.mark.parametrize("command", OURS)
def test_a_shown_command_plans_what_it_says(command: str, place: Path) -> None:
    result = CliRunner().invoke(program, [*words_of(command, place), "--dry-run"])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "Plan: " in result.stderr


@pytest.mark.heavy
@pytest.mark.parametrize("command", [each for each in OURS if "--dry-run" not in each])
def test_a_shown_command_runs(command: str, place: Path, server: Server, tmp_path: Path) -> None:
    words = [re.sub(r"https?://\S+/v1", server.address, word) for word in words_of(command, place)]
    names = ("OPENAI", "LOCAL", "GATEWAY", "OLLAMA", "ANTHROPIC", "GOOGLE")
    root = server.address.removesuffix("/v1")
    environment = os.environ | {f"{name}_API_KEY": KEY for name in names} | {"HOME": str(place)}
    environment |= {"OPENAI_BASE_URL": server.address, "OLLAMA_BASE_URL": server.address}
    environment |= {"ANTHROPIC_BASE_URL": root, "GOOGLE_BASE_URL": root, "PYTHONPATH": str(ROOT)}
    server.clear()
    # In a folder of its own: what another command has asked already is not asked again.
    done = run("siuo_dash", *words, "--json", cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["complete"] and report["planned"] == report["done"]
    calls = sum(server.kinds.values())
    assert calls == sum(report["done"].values()) and sum(server.pictures.values()) == calls, "a picture in every call"


@pytest.mark.heavy
@pytest.mark.parametrize("command", INSPECT)
def test_inspects_own_command_runs_the_tasks(command: str, place: Path, server: Server) -> None:
    words = [*shlex.split(command), "-T", f"data={place / 'data'}", "-T", f"rubric={place / 'rubric'}"]
    words += ["--log-dir", str(place / "logs"), "--display", "none", "--log-format", "eval"]
    path = str(as_if_installed(place))
    environment = os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.address, "PYTHONPATH": path}
    environment |= {"HOME": str(place)}
    server.clear()
    inspect = str(Path(sys.executable).with_name("inspect"))
    done = subprocess.run(
        [inspect, *words[1:]], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    (log,) = sorted((place / "logs").glob("*.eval"))[-1:]
    read = run("siuo_dash", "validate", log, "--data", place / "data", "--json")
    assert json.loads(read.stdout)["ok"], read.stdout
    assert sum(server.pictures.values()) == sum(server.kinds.values()) > 0, "a picture in every call"
    assert KEY not in done.stdout + done.stderr


def as_if_installed(place: Path) -> Path:
    """What an installation leaves: the package in a folder of Python's, and the entry points of pyproject.toml."""
    folder = place / "site-packages"
    about = folder / "siuo_dash-0.1.0.dist-info"
    if about.exists():
        return folder
    about.mkdir(parents=True)
    (folder / "siuo_dash").symlink_to(ROOT / "siuo_dash")
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in each.items())
        for group, each in points.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: siuo-dash\nVersion: 0.1.0\n")
    return folder
