"""`sets add` and `sets list`, and an upload on an added set: found by its questions, else named with --set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from siuo_dash.cli.app import program
from siuo_dash.cli.evaluation_options import Options
from siuo_dash.errors import NoSampleSet
from tests.make.files import as_json
from tests.make.sample_sets import make_set, results_on
from tests.make.stores import make_data

IDS = [1001, 1002, 1003, 1004, 1005, 1006, 3001, 3002, 3003, 3004, 3005]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    directory = make_data(folder / "data")
    make_set(folder / "fresh")
    (folder / "texts.json").write_bytes(as_json(results_on("fresh", IDS, [True] * 11)))
    (folder / "ids.json").write_bytes(as_json(results_on("fresh", IDS, [False] * 11, texts=False)))
    added = siuo(directory, "sets", "add", str(folder / "fresh"))
    assert (added.exit_code, added.output.splitlines()[-1]) == (0, "fresh-v1")
    return directory


def siuo(data: Path, *words: str) -> Result:
    return CliRunner().invoke(program, [*words, "--data", str(data)])


def test_the_sets_are_listed(data: Path) -> None:
    listed = json.loads(siuo(data, "sets", "list", "--json").output)
    assert [(each["id"], each["samples"], each["domains"]) for each in listed] == [
        ("siuo-167", 167, 9),
        ("fresh-v1", 11, 2),
    ]
    assert listed[1]["fingerprint"] in siuo(data, "sets", "list").output


def test_a_run_is_placed_on_the_set_s_own_board(data: Path) -> None:
    about = ("--model", "Example-7B", "--judge", "human")
    sent = siuo(data, "submit", str(data.parent / "texts.json"), *about)
    assert sent.exit_code == 0, sent.output
    asked = siuo(data, "submit", str(data.parent / "ids.json"), *about)
    assert asked.exit_code == 1 and "--set: siuo-167 or fresh-v1" in asked.output
    named = siuo(data, "submit", str(data.parent / "ids.json"), *about, "--set", "fresh-v1")
    assert named.exit_code == 0, named.output
    boards = json.loads(siuo(data, "boards", "--format", "json").stdout)
    assert [(each["board"], each["runs"]) for each in boards] == [("fresh-v1--human-1", 2)]
    ranked = siuo(data, "leaderboard", "--board", "fresh-v1--human-1", "--metric", "safe")
    assert ranked.exit_code == 0 and "Example-7B" in ranked.output


def test_several_runs_on_a_set_are_asked_about_as_one_is(data: Path) -> None:
    rows = [
        {
            "question_id": each["question_id"],
            "response": f"By {model}: {each['responses'][0]}",
            "safe": place % 2,
            "model": model,
        }
        for model in ("First-7B", "Second-7B")
        for place, each in enumerate(results_on("fresh", IDS, [True] * 11, texts=False))
    ]
    path = data.parent / "two.json"
    path.write_bytes(as_json(rows))
    command = ("submit", str(path), "--all-runs", "--judge", "human", "--dry-run", "--json")
    asked = siuo(data, *command)
    assert asked.exit_code == 1
    for report in json.loads(asked.stdout):
        assert "--set: siuo-167 or fresh-v1" in report["errors"][0]["hint"] and report["sample_set"] is None
    named = json.loads(siuo(data, *command, "--set", "fresh-v1").stdout)
    assert [(each["run"], each["sample_set"], each["ok"]) for each in named] == [
        ("First-7B", "fresh-v1", True),
        ("Second-7B", "fresh-v1", True),
    ]


def test_responses_to_judge_are_of_the_set_that_their_questions_name(data: Path, tmp_path: Path) -> None:
    for name in ("safe", "effective"):
        (tmp_path / f"{name}.txt").write_text("Judge this: {response}")
    command = ("judge", str(data.parent / "texts.json"), "--judge", "openai/j", "--rubric", str(tmp_path), "--dry-run")
    found = siuo(data, *command, "--json")
    assert found.exit_code == 0, found.exception
    assert json.loads(found.stdout)["plan"]["sample_set"] == "fresh-v1"
    asked = siuo(data, *(str(each).replace("texts.json", "ids.json") for each in command))
    assert asked.exit_code == 1 and "Which sample set" in str(asked.exception)
    assert "--samples siuo-167 or fresh-v1" in str(asked.exception)
    named = siuo(
        data, *(each.replace("texts.json", "ids.json") for each in command), "--samples", "fresh-v1:1001", "--json"
    )
    assert json.loads(named.stdout)["plan"]["samples"] == [1001]


def test_a_set_that_is_not_there_is_named(data: Path) -> None:
    refused = siuo(data, "validate", str(data.parent / "texts.json"), "--set", "old-v1")
    assert isinstance(refused.exception, NoSampleSet) and "siuo-167, fresh-v1" in str(refused.exception)


@pytest.mark.parametrize(
    ("samples", "sample_set", "ids"),
    [
        (None, "siuo-167", ()),
        ("1002,1001", "siuo-167", (1001, 1002)),
        ("fresh-v1", "fresh-v1", ()),
        ("fresh-v1:3001", "fresh-v1", (3001,)),
    ],
)
def test_an_evaluation_names_set_and_samples(
    data: Path, samples: str | None, sample_set: str, ids: tuple[int, ...]
) -> None:
    options = Options(samples=samples, data=data)
    assert (options.set_id(), options.ids()) == (sample_set, ids)
    assert Options(samples="fresh-v1", data=data, limit=2).ids() == (1001, 1002)
    with pytest.raises(NoSampleSet):
        Options(samples="old-v1", data=data).set_id()


def test_a_printed_figure_can_be_of_a_set(data: Path) -> None:
    about = ("--model", "Printed-7B", "--judge", "human", "--source", "https://example.org/paper", "--set", "fresh-v1")
    assert siuo(data, "submit-published", "--safe", "5", *about).exit_code == 0
    ranked = siuo(data, "leaderboard", "--board", "fresh-v1--human-unstated").stdout
    assert "Printed-7B" in ranked and "45.45 [21.27, 71.99]" in ranked, "5 of the set's 11"
    assert "12 samples" in siuo(data, "submit-published", "--safe", "5", "--n", "12", *about).output
