"""How a run was made, in words: of a run that was made here, and of footers that say anything else."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from siuo_dash.report.evaluation import command, how_it_was_made
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.parquet import with_made
from siuo_dash.store.runs.run_file import how_made
from tests.make.runs import LAB, judged_run, sentences
from tests.make.stores import make_data

HOW = {
    "model": "openai/gpt-4o",
    "judge": "openai/gpt-4o-mini-2024-07-18",
    "engine": "inspect-ai 0.3.285",
    "rubric": "official",
    "rubric_fingerprint": "0123456789abcdef",
    "material_fingerprint": "fedcba9876543210",
    "judge_sees_picture": True,
    "temperature": None,
    "max_tokens": 500,
    "judge_max_tokens": 200,
    "choice_max_tokens": 5,
    "planned": {"responses": 501, "verdicts": 1002, "choices": 167},
    "done": {"responses": 501, "verdicts": 1002, "choices": 167},
    "usage": {"openai/gpt-4o": {"calls": 668, "input_tokens": 600_000, "output_tokens": 90_000}},
    "stop_reasons": {"stop": 480, "max_tokens": 21},
    "served": {"model": {"gpt-4o-2024-11-20": 668}, "judge": {"gpt-4o-mini-2024-07-18": 1002}},
    "cost_usd": 2.4,
}


def test_a_run_that_was_made_here_says_how() -> None:
    said = dict(how_it_was_made(HOW))
    assert said["Served as (model)"] == "gpt-4o-2024-11-20"
    assert said["Planned and done"] == "501 of 501 responses, 1,002 of 1,002 verdicts, 167 of 167 choices"
    assert said["Responses ended by"] == "stop 480, max_tokens 21"
    assert said["Used"] == "openai/gpt-4o: 668 calls, 600,000 tokens in, 90,000 out"
    assert said["Cost"] == "$2.40" and said["Tokens at most"] == "500 a response, 200 a verdict, 5 a choice"


@pytest.mark.parametrize("responses", [None, 0])
def test_responses_that_were_given_are_not_counted_as_asked(responses: int | None) -> None:
    judged = {"responses": responses, "verdicts": 1002}
    said = dict(how_it_was_made(HOW | {"planned": judged, "done": judged | {"verdicts": 1000}}))
    assert said["Planned and done"] == "responses given, not asked for, 1,000 of 1,002 verdicts"


def test_a_task_that_was_not_asked_is_not_counted() -> None:
    only = {"responses": 0, "verdicts": 0, "choices": 167}
    assert dict(how_it_was_made(HOW | {"planned": only, "done": only}))["Planned and done"] == "167 of 167 choices"


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"planned": 7},
        {"planned": {"responses": "<b>", "verdicts": [2]}, "done": {"responses": {}}},
        {"planned": {}, "usage": [1], "served": "x", "cost_usd": "much", "model": ["a"]},
    ],
)
def test_a_footer_that_says_anything_else_is_no_error(how: dict[str, object]) -> None:
    assert dict(how_it_was_made(how)).get("Asked") is None


def test_it_stays_with_the_published_run_and_changes_no_content(tmp_path: Path) -> None:
    run = judged_run("A", "a-judge", {1001: [(True, True)]}, text=sentences("A"), examined=True, **LAB)
    data = make_data(tmp_path)
    done = registry.publish(data, with_made(run, HOW), by=None)
    store = Store(data)
    assert how_made(store, done.run_id) == HOW
    plain = make_data(tmp_path / "plain")
    assert registry.publish(plain, run, by=None).run_id == done.run_id
    assert how_made(Store(plain), done.run_id) == {}


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("openai-api/local/x", "openai-api/local/x"),
        ("google/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("openai/a'; rm -rf ~ #", "openai/a'; rm -rf ~ #"),
        ("\n", "openai/gpt-4o"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "openai-api/local/Qwen/Qwen2.5-VL-7B-Instruct"),
        ("two  words", "openai-api/local/two words"),
        ("$(id)", "openai-api/local/$(id)"),
    ],
)
def test_a_typed_name_is_one_word_of_the_command(model: str, asked: str) -> None:
    words = shlex.split(command(model))
    assert words[:6] == ["python", "-m", "siuo_dash", "evaluate", "--model", asked]
    address = ["--base-url", "http://127.0.0.1:8000/v1"] if asked.startswith("openai-api/") else []
    assert words[6:] == [*address, "--judge", "openai/gpt-4o-mini-2024-07-18", "--publish"]
