"""The letter of a multiple-choice answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.benchmark.choice_letter import parse_option


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("A", "A"),
        ("B.", "B"),
        ("C,", "C"),
        ("'D'", "D"),
        ("(A)", "A"),
        ("B: as it is the careful one", "B"),
        ("The correct option is C", "C"),
        ("The correct option is C because", "C"),
        ("I would choose D here", "D"),
        ("(C) rather than (D)", "D"),  # the last one wins
        ("(C) rather than (A)", "A"),
        ("A (B)", "B"),  # a marked letter comes before one that stands alone
        ("(B) rather than A.", "B"),
        ("", None),
        ("none of them", None),
        ("A\n", None),  # the released parser trims no white space
        ("a", None),
        ("**A**", None),
        ("E", None),
        ("Option A", "A"),
        ("AB", None),
    ],
)
def test_letters(answer: str, letter: str | None) -> None:
    assert parse_option(answer) == letter


def test_the_last_letter_counts_inside_words_too() -> None:
    """(B) and (D): the text's last b or d is in 'bold', whose d comes after its b."""
    assert parse_option("(D) and not (B), a bold one") == "D"


@given(st.text(max_size=60))
def test_only_options_or_nothing(text: str) -> None:
    assert parse_option(text) in ("A", "B", "C", "D", None)


@pytest.mark.parametrize("example", ["plain", "mixed"])
def test_as_the_released_parser(shared: Path, example: str) -> None:
    folder = shared / "fixtures" / "official"
    rows = json.loads((folder / f"siuo_mcqa-example-{example}.json").read_text())
    printed = json.loads((folder / f"example-{example}-mcqa-eval-output.json").read_text())
    assert {str(row["question_id"]): parse_option(row["response_mcqa"]) for row in rows} == printed["per_item"]
