"""Counts, lists, percent and hidden characters in words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash import text


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 samples"), (1, "1 sample"), (2, "2 samples"), (1200, "1,200 samples")]
)
def test_a_count_has_its_noun(count: int, words: str) -> None:
    assert text.counted(count, "sample") == words


def test_a_noun_may_have_another_plural() -> None:
    assert [text.counted(n, "category", "categories") for n in (1, 2)] == ["1 category", "2 categories"]


@pytest.mark.parametrize(
    ("names", "most", "words"),
    [
        ("", None, "none"),
        ("A", None, "A"),
        ("AB", None, "A and B"),
        ("ABC", None, "A, B and C"),
        ("ABC", 3, "A, B and C"),
        ("ABCD", 2, "A, B and 2 more"),
        ("AB", 1, "A and 1 more"),
    ],
)
def test_names_become_a_part_of_a_sentence(names: str, most: int | None, words: str) -> None:
    assert text.listed(names, most, none="none") == words


def test_a_choice_is_joined_by_or() -> None:
    assert text.listed("ABC", last="or") == "A, B or C"


def test_ordinals() -> None:
    numbers = (1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 101, 111, 1002)
    assert " ".join(map(text.ordinal, numbers)) == ("1st 2nd 3rd 4th 10th 11th 12th 13th 21st 22nd 101st 111th 1,002nd")


def test_figures_as_the_paper_writes_them() -> None:
    assert text.percent(89 / 167) == "53.3%"
    assert text.percent(89 / 167, 2) == "53.29%"
    assert text.interval(0.4574, 0.607) == "45.7–60.7"
    assert text.fraction(89, 167) == "89/167"
    assert (text.points(0.06), text.points(-0.0123, 2)) == ("+6.0", "-1.23")


def test_figures_of_a_frame_are_figures() -> None:
    row = pd.DataFrame({"k": [89], "n": [167.0], "rate": [89 / 167]}).astype({"k": "int64"}).iloc[0]
    assert text.percent(row["rate"]) == "53.3%"
    assert text.fraction(np.array([89])[0], row["n"]) == "89/167"


@pytest.mark.parametrize("unknown", [None, math.nan, pd.NA])
def test_what_is_not_known_is_no_figure(unknown: float | None) -> None:
    assert (text.percent(unknown), text.points(unknown)) == ("–", "–")
    assert (text.interval(unknown, 0.5), text.interval(0.5, unknown)) == ("", "")
    assert (text.fraction(unknown, 5), text.fraction(5, unknown), text.fraction(0, 0)) == ("", "", "")


@given(st.text())
def test_no_hidden_character_is_left(words: str) -> None:
    assert not any(map(text.is_hidden, text.one_line(words) + text.spelled_out(words)))
    assert len(text.one_line(words)) == len(words)


def test_hidden_characters_are_spelled_out_or_become_spaces() -> None:
    assert text.spelled_out("a\x1b[31m\u202eb\n\U000e0101") == "a\\u001b[31m\\u202eb\\u000a\\U000e0101"
    assert text.spelled_out("a\nb\tc", keep="\n\t") == "a\nb\tc"
    assert text.one_line("a\nb\u200bc") == "a b c"
    assert text.spelled_out("Zoë 漢字 🙂") == "Zoë 漢字 🙂"


def test_formats() -> None:
    assert [text.percent(0.5329, 2), text.percent(None), text.percent(float("nan"))] == ["53.29%", "–", "–"]
    assert [text.interval(0.4574, 0.607), text.interval(None, 0.5), text.interval(0.0, 0.0225, 2)] == [
        "45.7–60.7",
        "",
        "0.00–2.25",
    ]
    assert [text.fraction(89, 167), text.fraction(0, 0), text.fraction(None, 3), text.fraction(0, 3)] == [
        "89/167",
        "",
        "",
        "0/3",
    ]
    assert [text.points(0.06), text.points(-0.0123), text.points(None)] == ["+6.0", "-1.2", "–"]
    assert [text.missing("totals"), text.missing("per_sample")] == ["not published", "not judged"]
