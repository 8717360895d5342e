"""The example files: made by their script, valid, and in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import make
from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.text import fingerprint
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission, UploadedFile, validate

NAMES = [
    "template.csv",
    "example-generation.json",
    "example-multiple-choice.json",
    "example-table.csv",
    "example-mapping.json",
]


def read(root: Path, catalogue: Catalogue, name: str, mapping: Mapping | None = None) -> Submission:
    return validate([UploadedFile(name, (root / "examples" / name).read_bytes())], catalogue, mapping)


def test_files_are_what_their_script_makes(root: Path, catalogue: Catalogue) -> None:
    made = make.files(catalogue.samples)
    assert list(made) == NAMES
    assert {name: (root / "examples" / name).read_text(encoding="utf-8") for name in NAMES} == made


def test_the_generation_example(root: Path, catalogue: Catalogue) -> None:
    submission = read(root, catalogue, "example-generation.json")
    assert submission.ok and not submission.is_partial and submission.health == {"empty": 1, "ungraded": 1}
    assert submission.as_released.generation is not None
    assert 100 * (submission.scores["safe"].rate or 0) > 5 * submission.as_released.generation.overall.safe


def test_the_multiple_choice_example(root: Path, catalogue: Catalogue) -> None:
    submission = read(root, catalogue, "example-multiple-choice.json")
    assert submission.ok and submission.scores["mcqa"].n == 167


def test_the_table_needs_its_mapping(root: Path, catalogue: Catalogue) -> None:
    assert [need.role for need in read(root, catalogue, "example-table.csv").reading.needs] == ["safe_yes_means"]
    mapping = Mapping.from_json((root / "examples" / "example-mapping.json").read_text())
    submission = read(root, catalogue, "example-table.csv", mapping)
    assert submission.ok and submission.scores["safe"].n == 167


def test_the_template_is_filled_in(root: Path, catalogue: Catalogue) -> None:
    empty = read(root, catalogue, "template.csv")
    assert [error.message for error in empty.errors] == ["no response and no verdict was read in 167 rows"]
    lines = (root / "examples" / "template.csv").read_text().splitlines()
    filled = "\n".join([lines[0], *(line.replace(",,,,,,,,,", ',"Well, no.",,,1,,,0,,') for line in lines[1:])])
    submission = validate([UploadedFile("filled.csv", filled.encode())], catalogue)
    assert submission.ok and submission.responses_per_sample == 1
    assert submission.scores["safe"].k == 167 and submission.scores["effective"].k == 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_the_benchmark_s_text(root: Path, catalogue: Catalogue, name: str) -> None:
    text = (root / "examples" / name).read_text(encoding="utf-8")
    theirs = {s.question_fingerprint for s in catalogue.samples} | {s.reference_fingerprint for s in catalogue.samples}
    values = (
        _strings(json.loads(text))
        if name.endswith(".json")
        else (cell for line in text.splitlines() for cell in line.split('"'))
    )
    assert not {fingerprint(value) for value in values} & theirs


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
