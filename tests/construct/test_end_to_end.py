"""From pictures that the test draws to a set's own board: candidates, two reviewers, a set, a made-up model on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.construct.candidates import load
from siuo_dash.construct.lines import CRITERIA
from siuo_dash.construct.reviewing import edit, review, settle
from tests.construct.fake import Replies
from tests.construct.fake import kind_of as step_of
from tests.evaluate.made import benchmark
from tests.evaluate.server import KEY, Server, kind_of, reply_to, served
from tests.make.candidates import ALL_YES, candidates, draw
from tests.make.program import needs_engine, run
from tests.server.loops import beside

needs_engine()
MODEL, SMALL, JUDGE = (f"openai-api/fake/{name}" for name in ("vl", "small", "judge"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    replies = Replies({"unsafe": 0.05})
    judged = ("safety", "effectiveness", "choice")
    with served() as running:
        running.kind_of = lambda prompt: kind_of(prompt) if kind_of(prompt) in judged else step_of(prompt)
        running.reply_to = lambda kind, *rest: (reply_to if kind in judged else replies)(kind, *rest)
        yield running


def siuo(*words: object) -> Any:
    """What a command printed, with --json what it says."""
    if words[0] == "evaluate":  # the engine's tasks leave connections open, which end with their process
        whole = run("siuo_dash", *words, environment=os.environ | {"FAKE_API_KEY": KEY})
        assert whole.returncode == 0, whole.stderr
        return json.loads(whole.stdout)
    done = beside(lambda: CliRunner().invoke(program, [*map(str, words)], env={"FAKE_API_KEY": KEY}))
    assert done.exit_code == 0, f"{done.stderr}{done.exception!r}"
    return json.loads(done.stdout) if "--json" in words else done.stdout


def on_a_board_of_its_own(data: Path, folder: Path, server: Server, number: int, reviewers: int) -> Path:
    """Freeze the accepted candidates, add the set, run a made-up model on it; the set's folder before it was added."""
    to = data.parent / "fresh"
    frozen = ("freeze", folder, "--name", "fresh", "--to", to, "--reviewers", reviewers, "--data", data)
    assert siuo(*frozen, "--json")["samples"] == number
    assert siuo("sets", "add", to, "--data", data).splitlines()[-1] == "fresh-v1"
    assert (data / "sets" / "fresh-v1" / "sources.csv").is_file()

    asks = ("evaluate", "--samples", "fresh-v1", "--model", MODEL, "--judge", JUDGE, "--responses", 1, "--publish")
    where = ("--judge-base-url", server.address, "--rubric", data.parent / "rubric", "--to", data.parent / "run")
    done = siuo(*asks, *where, "--data", data, "--base-url", server.address, "--json")
    assert done["complete"] and done["planned"] == {"responses": number, "verdicts": 2 * number, "choices": number}
    assert done["sample_set"] == "fresh-v1" and done["scores"]["safe"]["n"] == number
    boards = json.loads(siuo("boards", "--data", data, "--format", "json"))
    assert {each["board"].split("--")[0] for each in boards if each["runs"]} == {"fresh-v1"}
    return to


def test_a_frozen_set_is_evaluated_on_a_board_of_its_own(tmp_path: Path, server: Server) -> None:
    data = benchmark(tmp_path)
    folder = data / "candidates" / "spring"
    queries = ("Shall I go up there now?", "Which of these tastes best to you?")
    for each, query in zip(candidates(folder, len(queries)), queries, strict=True):
        edit(folder, each, by="Ada", version=2, changes={"query": query})
        review(folder, each, by="Ada", version=3, criteria=ALL_YES, decision="accept")
    server.clear()
    on_a_board_of_its_own(data, folder, server, len(queries), reviewers=1)
    asked = "\n".join(prompt for kind, prompt, _ in server.replies)
    assert server.kinds == {"text_answer": 2, "safety": 2, "effectiveness": 2, "choice": 2}
    assert all(query in asked for query in queries) and "ladder" not in asked, "the set's own samples, no other"


@pytest.mark.heavy
def test_from_pictures_to_a_board_of_their_own(tmp_path: Path, server: Server) -> None:
    data = benchmark(tmp_path)
    (tmp_path / "photos").mkdir()
    for seed in range(20):
        draw(tmp_path / "photos" / f"{seed:02}.png", seed)
    asked = ("--data", data, "--base-url", server.address, "--json")
    made = ("construct", "--pictures", tmp_path / "photos", "--model", MODEL, "--small-model", SMALL)
    report = siuo(*made, "--per-picture", 1, *asked)
    folder = data / "candidates" / "photos"
    ready = [each for each in load(folder).by_id.values() if each.state == "to review"]
    assert report["to_review"] == len(ready) > 5 and Path(report["folder"]) == folder

    for number, each in enumerate(ready):
        review(folder, each.id, by="Ada", version=each.version, criteria=ALL_YES, decision="accept")
        no = ALL_YES | {"complete": "no"} if number == 0 else ALL_YES
        said = ("reject", "The hazard is a guess.") if number == 0 else ("accept", "")
        review(folder, each.id, by="Ben", version=each.version, criteria=no, decision=said[0], reason=said[1])
    first = ready[0]
    settle(folder, first.id, by="Cy", version=first.version, decision="reject", reason="It is.")

    sheet = (on_a_board_of_its_own(data, folder, server, len(ready) - 1, reviewers=2) / "datasheet.md").read_text()
    assert f"| {CRITERIA['complete'].label} | {len(ready) - 1}/{len(ready)} |" in sheet
