"""What is planned, told and sent: a run's identity, the instructions, the pictures' true types, the prices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from siuo_dash.errors import EvaluationError
from siuo_dash.evaluate import rubric
from siuo_dash.evaluate.budget import Usage, cost_of, read_price
from siuo_dash.evaluate.material import load
from siuo_dash.evaluate.pictures import data_uri, mime_type
from siuo_dash.evaluate.plan import Call, Plan
from tests.evaluate.made import IDS, JPEG, RUBRIC, benchmark, png

PLAN = Plan("openai/vl", "openai/judge", IDS, "0123456789abcdef", ("generation", "choice"))

SCRIPT = """
import argparse
prompt = "another"
def process(data):
    if args.mode == 'safe':
        prompt_template = "Is it safe? {question} {explanation} {reference} {response} {other}"
    if args.mode == 'effective':
        prompt_template = "Does it help? {question} {response} {explain why}"
    print(prompt_template)
"""


def test_every_call_of_a_plan_is_counted() -> None:
    calls = PLAN.calls()
    assert len(calls) == len(set(calls)) == 6 * 3 * 3 + 6
    assert sum(call.counts_as == "verdicts" for call in calls) == 36
    given = replace(PLAN, model="", tasks=("generation",), is_given=True, missing=((1001, 2),))
    assert len(given.calls()) == 36 - 2 and Call("safety", 1001, 2) not in given.calls()
    assert all(call.counts_as == "verdicts" for call in given.calls())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"judge": "openai/other"}, "--judge: openai/judge, now openai/other"),
        ({"temperature": 0.5}, "--temperature: None, now 0.5"),
        ({"samples": (1001,)}, "--samples: 6 of them, now 1001"),
        ({"max_tokens": 4000}, "--max-tokens: 500, now 4000"),
        ({"judge_sees_picture": False}, "--judge-picture: True, now False"),
    ],
)
def test_whatever_changes_the_answers_makes_another_run(change: dict[str, object], said: str) -> None:
    other = replace(PLAN, **change)  # type: ignore[arg-type]
    assert other.id != PLAN.id
    assert other.differences(json.loads(PLAN.as_json())) == [said]
    assert PLAN.differences(json.loads(PLAN.as_json())) == []


def test_a_plan_comes_back_from_its_json() -> None:
    plan = replace(PLAN, missing=((1001, 2),), temperature=0.7)
    assert Plan.from_json(json.loads(plan.as_json()), "run.json") == plan
    with pytest.raises(EvaluationError, match=r"run\.json: this plan cannot be read"):
        Plan.from_json({"model": "x"}, "run.json")


def test_the_instructions_are_read_from_the_scripts_and_nothing_of_them_is_run() -> None:
    found = rubric.templates(SCRIPT)
    assert found["safe"].startswith("Is it safe?") and found["effective"].startswith("Does it help?")
    assert rubric.templates(
        "def main():\n  for x in y:\n    try:\n      prompt_template = 'Choose: {option}'\n    except E:\n      pass"
    ) == {"choice": "Choose: {option}"}
    assert rubric.templates("prompt_template = open('/etc/passwd').read()") == {}


def test_fields_are_filled_at_once() -> None:
    filled = rubric.Rubric(**rubric.templates(SCRIPT)).fill(
        "safe", {"question": "{response}", "explanation": "e", "reference": "r", "response": "{reference}"}
    )
    assert filled == "Is it safe? {response} e r {reference} {other}"


def test_scripts_that_are_not_the_benchmarks_own_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"rubric is not installed; run: python -m siuo_dash fetch-benchmark"):
        rubric.official(tmp_path)
    (tmp_path / "rubric").mkdir()
    (tmp_path / "rubric" / "gpt-eval.py").write_text(SCRIPT)
    with pytest.raises(EvaluationError, match="the safe instruction in it is not the benchmark's own"):
        rubric.official(tmp_path)
    (tmp_path / "rubric" / "gpt-eval.py").write_text("def (")
    with pytest.raises(EvaluationError, match="this script cannot be read"):
        rubric.official(tmp_path)


def test_a_folder_of_instructions_is_named_by_its_content(tmp_path: Path) -> None:
    for name, text in RUBRIC.items():
        (tmp_path / name).write_text(text)
    found = rubric.own(tmp_path, ("generation", "choice"))
    assert not found.is_official and len(found.label) == 6
    (tmp_path / "effective.txt").write_text(RUBRIC["effective.txt"] + "!")
    assert rubric.own(tmp_path, ("generation",)).label != found.label
    (tmp_path / "choice.txt").write_text("{question}")
    (tmp_path / "safe.txt").unlink()
    with pytest.raises(EvaluationError, match=r"safe\.txt cannot be read .*; choice\.txt has no \{option\}"):
        rubric.own(tmp_path, ("generation", "choice"))


def test_a_picture_is_what_its_bytes_say(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(JPEG)
    assert data_uri(path).startswith("data:image/jpeg;base64,/9j/")
    path.write_bytes(png(1))
    assert data_uri(path).startswith("data:image/png;base64,")
    assert [mime_type(head) for head in (b"GIF89a", b"RIFF\0\0\0\0WEBP", b"<svg>", b"")] == [
        "image/gif",
        "image/webp",
        None,
        None,
    ]
    path.write_bytes(b"<html>")
    with pytest.raises(EvaluationError, match="no PNG, JPEG, GIF or WebP"):
        data_uri(path)
    with pytest.raises(EvaluationError, match="cannot be read"):
        data_uri(tmp_path / "gone.png")


def test_all_that_is_not_installed_is_named_at_once(tmp_path: Path) -> None:
    data = benchmark(tmp_path)
    material = load(data, str(tmp_path / "rubric"), ("generation", "choice"))
    assert tuple(material.samples) == IDS
    assert material.choice(1001).splitlines()[2:] == ["(A) Yes.", "(B) No.", "(C) Only at night.", "(D) Ask the owner."]
    fingerprint = material.fingerprint()
    (data / "benchmark" / "images" / "P-2001.png").write_bytes(png(9))
    assert material.fingerprint() != fingerprint
    (data / "benchmark" / "images" / "P-1001.png").unlink()
    texts = json.loads((data / "benchmark" / "siuo_gen.json").read_text())
    texts[1]["question"] = "Another question?"
    del texts[2]["safety_warning"]
    (data / "benchmark" / "siuo_gen.json").write_text(json.dumps(texts))
    with pytest.raises(EvaluationError) as caught:
        load(data, str(tmp_path / "rubric"), ("generation",))
    assert "sample 1001 (picture P-1001.png) and sample 1003 (safety warning)" in caught.value.what
    assert "not the text that our fingerprint was taken of: sample 1002 (question)" in caught.value.what
    load(data, str(tmp_path / "rubric"), ("generation",), (2001, 3001))
    with pytest.raises(EvaluationError, match=r"4711: no such sample"):
        load(data, str(tmp_path / "rubric"), ("generation",), (2001, 4711))


def test_prices_are_dollars_a_million_tokens() -> None:
    assert read_price("openai-api/a=b/c=2.5,10") == ("openai-api/a=b/c", (2.5, 10.0))
    for wrong in ("gpt-4o", "gpt-4o=1", "gpt-4o=a,b", "=1,2", "x=-1,2", "x=1,2,3", "x=nan,1"):
        with pytest.raises(EvaluationError, match="not a price"):
            read_price(wrong)
    usage = {"a": Usage(1, 2_000_000, 500_000)}
    assert cost_of(usage, {"a": (2.5, 10)}) == 10.0
    assert cost_of(usage, {"b": (1, 1)}) is None and cost_of({}, {}) is None
