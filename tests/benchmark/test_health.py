"""Health flags: each raised by what it names, and by nothing else."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from siuo_dash.benchmark.health import (
    are_identical,
    boilerplate_openings,
    count_flags,
    has_unclosed_reasoning,
    in_order,
    is_cut_off,
    is_error_message,
    opening,
    response_flags,
    verdict_flags,
)
from siuo_dash.benchmark.schema import BOILERPLATE_SHARE, FLAGS
from siuo_dash.benchmark.scoring import safe_by_rule
from siuo_dash.benchmark.text import fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "<ERROR: CUDA out of memory. Tried to allocate 20.31 GiB.>",
        "Error: out of memory",
        "[ERROR] no answer",
        "openai.BadRequestError: Error code: 400",
        '{"error": {"message": "overloaded"}}',
        "Traceback (most recent call last):\n  File",
        "torch.OutOfMemoryError: CUDA",
        "Failed to obtain answer via API. ",
        "HTTP 503",
        "502 Bad Gateway",
        "429 Too Many Requests",
        "Request timed out",
    ],
)
def test_errors(text: str) -> None:
    assert is_error_message(text)


@pytest.mark.parametrize(
    "text",
    [
        "An error in the wiring can be dangerous.",
        "The error: a missing guard rail.",
        "404 is the number on the door.",
        "Errors happen.",
        "500 people stand on the square.",
        "I can't help with that.",
        "Traceback is a word.",
    ],
)
def test_answers_are_no_errors(text: str) -> None:
    assert not is_error_message(text)


@pytest.mark.parametrize(
    ("text", "unclosed"),
    [
        ("<think>Let me see", True),
        ("<think>Let me see</think>No.", False),
        ("Let me see</think>No.", False),
        ("<think>a</think><think>b", True),
        ("<Thinking>Hm", True),
        ("I think so", False),
        ("", False),
    ],
)
def test_unclosed_reasoning(text: str, unclosed: bool) -> None:
    assert has_unclosed_reasoning(text) is unclosed


@pytest.mark.parametrize(
    "text", ["Done.", "Really?", "Stop!", "A list:", "**bold**", "（好。）", "'quoted'", "(so)", "Yes. \n\n"]
)
def test_finished(text: str) -> None:
    assert not is_cut_off(text)


@pytest.mark.parametrize("text", ["and then", "one, ", "a -", "(", "“", "3", "<br>"])
def test_cut_off(text: str) -> None:
    assert is_cut_off(text)


def test_boilerplate_is_five_percent_and_at_least_two() -> None:
    start = "I am sorry, but I cannot help with this request today at all."
    assert boilerplate_openings([start, *(f"{n} answers" for n in range(5))]) == frozenset()
    assert boilerplate_openings([start, start + "!", *(f"{n} answers" for n in range(38))]) == {opening(start)}
    assert boilerplate_openings([start, start, *(f"{n} answers" for n in range(39))]) == frozenset()
    assert boilerplate_openings(["", "", None]) == frozenset()


def test_identical_responses() -> None:
    assert are_identical(["a", "a", "a"])
    assert not are_identical(["a", "a", "b"])
    assert not are_identical(["a"])
    assert not are_identical(["", ""])
    assert not are_identical([None, None])


def test_response_flags() -> None:
    reference = fingerprint("Please call a doctor.")
    assert response_flags(None) == []
    assert response_flags(" \n") == ["empty"]
    assert response_flags("please  CALL a doctor.", reference_fingerprint=reference) == ["repeats_reference"]
    assert response_flags("Sure, take", boilerplate=frozenset({"Sure, take"})) == ["cut_off", "boilerplate"]


def test_verdict_flags() -> None:
    assert verdict_flags("", [True], [None], False) == ["contradicts_rule"]
    assert verdict_flags("text", [None, True], ["error: 429", None], None) == ["ungraded", "judge_error"]
    assert verdict_flags("text", [True, False], ["True", "Ineffective"], True) == []


def test_flags_are_known_and_ordered() -> None:
    assert in_order(["ungraded", "empty", "empty"]) == ["empty", "ungraded"]
    assert in_order(reversed(list(FLAGS))) == list(FLAGS)
    assert count_flags([["empty"], ["empty", "empty", "cut_off"], []]) == {"empty": 2, "cut_off": 1}


@pytest.mark.parametrize("text", [" " * 900_000 + "x", "<" * 500_000, "a." * 400_000, "<think" * 100_000])
def test_a_huge_response_takes_no_longer_than_a_blink(text: str) -> None:
    start = time.process_time()
    response_flags(text)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("folder", "model"),
    [
        ("glm41v_baseline", "GLM-4.1V-9B-Thinking"),
        ("gemma3_baseline", "Gemma-3-4B-IT"),
        ("qwen3vl_baseline", "Qwen3-VL-8B-Instruct"),
    ],
)
def test_the_carried_facts_of_three_runs(shared: Path, root: Path, folder: str, model: str) -> None:
    lines = (shared / "fixtures" / "community" / folder / "siuo_167.jsonl").read_text().splitlines()
    texts = {int(row["id"].removeprefix("siuo_")): row["response"] for row in map(json.loads, lines)}
    with (root / "data" / "sources" / "community_runs.csv").open(newline="") as file:
        facts = {int(row["question_id"]): row for row in csv.DictReader(file) if row["model"] == model}
    openings = Counter(map(opening, texts.values()))
    boilerplate = boilerplate_openings(texts.values())
    assert set(texts) == set(facts) and len(facts) == 167
    columns = {"empty": "empty", "error_message": "error", "unclosed_reasoning": "unclosed_think", "cut_off": "cut_off"}
    for question_id, text in texts.items():
        fact, flags = facts[question_id], response_flags(text, boilerplate=boilerplate)
        assert {flag: str(int(flag in flags)) for flag in columns} == {
            flag: fact[name] for flag, name in columns.items()
        }
        assert str(openings[opening(text)]) == fact["same_opening"]
        assert ("boilerplate" in flags) == (int(fact["same_opening"]) >= BOILERPLATE_SHARE * 167)


@pytest.mark.parametrize("text", ["nan", "None", " NULL ", "<NA>", "n/a"])
def test_what_programs_write_for_nothing_is_flagged_as_empty(text: str) -> None:
    assert response_flags(text, boilerplate=frozenset({text})) == ["empty"]
    assert response_flags("None of these is safe.") == [] and safe_by_rule(text, False) is False


@pytest.mark.parametrize(
    ("text", "stopped", "is_cut"),
    [
        ("It goes on and", "", True),
        ("It goes on and", "unknown", True),
        ("It goes on and", "stop", False),
        ("It ends.", "max_tokens", True),
        ("It ends.", "length", True),
        ("It ends.", "content_filter", False),
    ],
)
def test_what_the_provider_said_of_the_end_is_better_evidence_than_punctuation(
    text: str, stopped: str, is_cut: bool
) -> None:
    assert ("cut_off" in response_flags(text, stopped=stopped)) is is_cut
