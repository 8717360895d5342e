"""Every command that docs and README show of `evaluate` and `judge`: planned here, and run against a made-up server."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from tests.conftest import ROOT
from tests.evaluate import made
from tests.evaluate.server import KEY, Server, served
from tests.make.program import run
from tests.test_docs import shown_commands

pytest.importorskip("inspect_ai", reason="the engine is an extra: make evaluate")
OURS = [
    command
    for _, command in shown_commands()
    if re.match(r"python -m siuo_dash (evaluate|judge)\b", command) and "--resume" not in command
]
# The made-up server does not answer Google's library yet: that command is planned, not run.
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
@pytest.mark.parametrize("command", [each for each in OURS if "--dry-run" not in each and " google/" not in each])
def test_a_shown_command_runs(command: str, place: Path, server: Server) -> None:
    words = [re.sub(r"https?://\S+/v1", server.address, word) for word in words_of(command, place)]
    names = ("OPENAI", "LOCAL", "GATEWAY", "OLLAMA", "ANTHROPIC", "GOOGLE")
    root = server.address.removesuffix("/v1")
    environment = os.environ | {f"{name}_API_KEY": KEY for name in names} | {"HOME": str(place)}
    environment |= {"OPENAI_BASE_URL": server.address, "OLLAMA_BASE_URL": server.address}
    environment |= {"ANTHROPIC_BASE_URL": root, "GOOGLE_BASE_URL": root, "PYTHONPATH": str(ROOT)}
    server.clear()
    done = run("siuo_dash", *words, "--json", cwd=place, environment=environment)
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
    words[1:3] = ["eval", str(ROOT / "siuo_dash" / "evaluate" / "tasks.py") + "@" + words[2].split("/")[-1]]
    environment = os.environ | {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.address, "PYTHONPATH": str(ROOT)}
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


def test_the_entry_point_names_a_module_that_registers_the_tasks() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'siuo_dash = "siuo_dash.evaluate.tasks"' in text
