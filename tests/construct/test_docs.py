"""Every command of docs/construct.md, in its order, against the made-up server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.construct.candidates import load
from siuo_dash.construct.instructions import FIELDS, SHIPPED
from siuo_dash.construct.lines import STEPS
from siuo_dash.construct.reviewing import review
from tests.conftest import ROOT
from tests.construct.fake import Replies, kind_of
from tests.evaluate.made import benchmark
from tests.evaluate.server import KEY, Server, served
from tests.make.candidates import ALL_YES, draw
from tests.make.program import needs_engine
from tests.server.loops import beside
from tests.test_docs import shown_commands

needs_engine()
PAGE = (ROOT / "docs" / "construct.md").read_text(encoding="utf-8")
COMMANDS = [command for page, command in shown_commands() if page == "construct.md"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as running:
        running.kind_of, running.reply_to = kind_of, Replies()
        yield running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    benchmark(folder)
    (folder / "photos").mkdir()
    for seed in range(4):
        draw(folder / "photos" / f"{seed}.png", seed)
    (folder / "my-prompts").mkdir()
    text = (SHIPPED / "completeness.txt").read_text(encoding="utf-8")
    (folder / "my-prompts" / "completeness.txt").write_text(f"{text}\nThink twice.\n", encoding="utf-8")
    return folder


def test_the_commands_of_the_page_run_in_their_order(
    place: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    for name, value in (("OPENAI_API_KEY", KEY), ("LOCAL_API_KEY", KEY), ("OPENAI_BASE_URL", server.address)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SIUO_DATA", str(place / "data"))
    assert {command.split()[3] for command in COMMANDS} == {"construct", "freeze", "audit", "sets", "evaluate"}
    for command in COMMANDS:
        if " freeze " in command:
            candidates = place / "data" / "candidates" / "photos"
            for each in load(candidates).by_id.values():
                if each.state == "to review":
                    review(candidates, each.id, by="Ada", version=each.version, criteria=ALL_YES, decision="accept")
        if " evaluate " in command:
            command += f" --rubric {place / 'rubric'}"
        words = [re.sub(r"https?://\S+/v1", server.address, word) for word in shlex.split(command)[3:]]
        done = beside(partial(CliRunner().invoke, program, words))
        assert done.exit_code == 0, f"{command}\n{done.stderr}\n{done.exception!r}"
        if "--dry-run" in command:
            assert " evaluate " in command or not (place / "data" / "candidates").exists()
    assert (place / "siuo-fresh-v1" / "set.json").is_file()
    assert "our own photographs | CC BY 4.0" in (place / "siuo-fresh-v1" / "datasheet.md").read_text()


def test_the_page_names_every_step_and_instruction() -> None:
    assert all(f"`{step}`" in PAGE for step in STEPS)
    for name, fields in FIELDS.items():
        line = next(line for line in PAGE.splitlines() if f"`{name}.txt`" in line)
        assert all(f"`{{{each}}}`" in line for each in fields), name
