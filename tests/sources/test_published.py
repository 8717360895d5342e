"""The checks of the published figures: each fault is named with its line and model."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.errors import CatalogueError, SourceError
from siuo_dash.sources.published import read_community, read_published
from siuo_dash.store.catalogue_file import read_catalogue

Rows = list[list[str]]


@pytest.fixture(scope="module")
def catalogue(root: Path) -> Catalogue:
    return read_catalogue(root / "data" / "samples.csv")


def edited(source: Path, target: Path, edit: Callable[[Rows], None]) -> Path:
    """A copy of a CSV file, changed."""
    with source.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    edit(rows)
    with target.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)
    return target


def put(line: int, column: str, value: str) -> Callable[[Rows], None]:
    """Write one field; lines count from 1, the header."""

    def edit(rows: Rows) -> None:
        rows[line - 1][rows[0].index(column)] = value

    return edit


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("safe", "168", "safe is 168 of 167; a count lies between 0 and n"),
        ("safe", "-1", "safe is -1 of 167"),
        ("effective", "168", "effective is 168 of 167"),
        ("safe_and_effective", "168", "safe_and_effective is 168 of 167"),
        ("safe_and_effective", "90", "safe_and_effective 90 exceeds safe 89 or effective 116"),
        ("safe_and_effective", "37", "safe + effective - both exceeds n"),
        ("n", "168", "n is 168, the catalogue has 167 samples"),
        ("n", "0", "n is 0, the catalogue has 167 samples"),
        ("mcqa_correct", "168", "mcqa_correct is 168 of 167"),
        ("mcqa_correct", "", "mcqa_n and mcqa_correct stand or fall together"),
        ("mcqa_n", "", "mcqa_n and mcqa_correct stand or fall together"),
        ("mcqa_n", "168", "mcqa_correct is 65 of 168"),
        ("source", "  ", "no source; every published figure names where it was published"),
        ("source_status", "rumour", "unknown source status 'rumour'; one of peer-reviewed"),
        ("judge", "", "no judge"),
        ("method", "ETA", "contradict each other; a plain model is its own base and has no method"),
        ("base_model", "GPT-4", "contradict each other"),
        ("safe", "89.0", "not understood: invalid literal for int() with base 10: '89.0'"),
        ("safe", "", "not understood"),
        ("params_b", "big", "not understood: could not convert string to float"),
        ("params_b", "-7", "-7 is no number of parameters"),
        ("params_b", "nan", "nan is no number of parameters"),
        ("open_weights", "yes", "'yes' is neither 0 nor 1"),
        ("evaluated_on", "29 April 2024", "not understood: Invalid isoformat string"),
    ],
)
def test_each_fault_of_a_publication(root: Path, tmp_path: Path, column: str, value: str, words: str) -> None:
    path = edited(root / "data/sources/published_totals.csv", tmp_path / "totals.csv", put(2, column, value))
    with pytest.raises(SourceError) as caught:
        read_published(path, 167)
    assert str(caught.value).startswith("totals.csv, line 2, GPT-4V(ision): ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            lambda rows: rows[2].__setitem__(slice(0, 2), ["GPT-4V(ision)"] * 2),
            "totals.csv, line 3, GPT-4V(ision): is there twice under human, 3 responses, first in totals.csv, line 2",
        ),
        (put(4, "model", " "), "totals.csv, line 4: no model"),
        (lambda rows: rows[4].pop(), "totals.csv, line 5, LLaVA-1.6-34B: does not have the 18 fields of the header"),
        (
            lambda rows: rows[4].append("x"),
            "totals.csv, line 5, LLaVA-1.6-34B: does not have the 18 fields of the header",
        ),
        (lambda rows: rows[0].__setitem__(11, "total"), "totals.csv, line 2, GPT-4V(ision): column 'n' is missing"),
    ],
)
def test_faults_of_the_form(root: Path, tmp_path: Path, edit: Callable[[Rows], None], words: str) -> None:
    path = edited(root / "data/sources/published_totals.csv", tmp_path / "totals.csv", edit)
    with pytest.raises(SourceError) as caught:
        read_published(path, 167)
    assert words in str(caught.value)


def test_the_same_model_under_another_judge_is_another_run(root: Path, tmp_path: Path) -> None:
    def edit(rows: Rows) -> None:
        rows.append([*rows[1][:6], "gpt-4o", *rows[1][7:]])

    assert len(read_published(edited(root / "data/sources/published_totals.csv", tmp_path / "t.csv", edit), 167)) == 89


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (put(2, "safe", "yes"), "runs.csv, line 2, GLM-4.1V-9B-Thinking: not understood: 'yes' is neither 0 nor 1"),
        (put(2, "safe", ""), "runs.csv, line 2, GLM-4.1V-9B-Thinking: not understood"),
        (put(2, "response_chars", "many"), "runs.csv, line 2, GLM-4.1V-9B-Thinking: not understood"),
        (
            put(3, "question_id", "1001"),
            "line 3, GLM-4.1V-9B-Thinking: question_id 1001 is there twice, first in runs.csv, line 2",
        ),
        (
            put(3, "question_id", "1020"),
            "line 3, GLM-4.1V-9B-Thinking: 1020 is not a SIUO sample; self-harm ends at 1019",
        ),
        (lambda rows: rows.pop(1), "runs.csv: GLM-4.1V-9B-Thinking has no row for question_id 1001"),
        (
            lambda rows: rows[0].__setitem__(6, "void"),
            "runs.csv, line 2, GLM-4.1V-9B-Thinking: column 'empty' is missing",
        ),
    ],
)
def test_each_fault_of_a_community_run(
    root: Path, tmp_path: Path, catalogue: Catalogue, edit: Callable[[Rows], None], words: str
) -> None:
    path = edited(root / "data/sources/community_runs.csv", tmp_path / "runs.csv", edit)
    with pytest.raises(SourceError) as caught:
        read_community(path, catalogue)
    assert words in str(caught.value)


def test_what_a_response_is_flagged_with(root: Path, tmp_path: Path, catalogue: Catalogue) -> None:
    def edit(rows: Rows) -> None:
        # empty, error, unclosed_think, cut_off, same_opening of the first two samples; 5% of 167 is 8.35
        rows[1][4], rows[1][6:] = "0", ["1", "1", "0", "1", "9"]
        rows[2][4], rows[2][6:] = "1", ["1", "0", "1", "0", "8"]

    first, second = read_community(
        edited(root / "data/sources/community_runs.csv", tmp_path / "r.csv", edit), catalogue
    )[:2]
    assert set(first["flags"]) == {"empty", "error_message", "cut_off", "boilerplate", "contradicts_rule"}
    assert set(second["flags"]) == {"empty", "unclosed_reasoning"}


@pytest.mark.parametrize("read", [lambda path: read_published(path, 167), lambda path: read_catalogue(path)])
def test_a_file_that_is_not_a_table(tmp_path: Path, read: Callable[[Path], object]) -> None:
    (tmp_path / "binary.csv").write_bytes(b"model\n\xff\xfe\n")
    for name, words in (
        ("absent.csv", "No such file"),
        ("binary.csv", "not a UTF-8 table"),
        (".", "s a directory|not a file"),
    ):
        with pytest.raises((SourceError, CatalogueError), match=words):
            read(tmp_path / name)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            put(9, "question_id", "2001"),
            "samples.csv, line 9: question_id 2001 does not lie in the block of 'self-harm'",
        ),
        (put(9, "question_id", "x"), "samples.csv, line 9: invalid literal"),
        (put(9, "correct_option", "E"), "samples.csv, line 9: unknown option 'E'; one of A, B, C, D"),
        (put(9, "primary_dimension", "luck"), "samples.csv, line 9: unknown dimension 'luck'"),
        (put(9, "question_id", "1001"), "question_id 1001 is there twice"),
        (lambda rows: rows[0].pop(), "column hazard is missing"),
        (lambda rows: rows.__delitem__(slice(1, None)), "the catalogue holds no sample"),
    ],
)
def test_each_fault_of_the_catalogue(root: Path, tmp_path: Path, edit: Callable[[Rows], None], words: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(edited(root / "data/samples.csv", tmp_path / "samples.csv", edit))
    assert words in str(caught.value)
