"""The pages on formats and mappings name what the program knows, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from siuo_dash.ingest import fields, files, json_rows, official, text_rows, verdict_reader
from siuo_dash.ingest.mapping import CHOICES, NUMBERS, ROLES, Mapping


def test_every_role_is_described(root: Path) -> None:
    page = (root / "docs" / "mapping.md").read_text()
    for name in [*(role.name for role in ROLES), *CHOICES, *NUMBERS, "safe_values", "effective_values", "run"]:
        assert f"`{name}`" in page, name


def test_the_example_mapping_is_one(root: Path) -> None:
    page = (root / "docs" / "mapping.md").read_text()
    example = re.search(r"^    \{\n.*?^    \}$", page, re.MULTILINE | re.DOTALL)
    assert example is not None
    assert Mapping.from_json(example.group()) == Mapping.from_json(
        (root / "examples" / "example-mapping.json").read_text()
    )
    assert json.loads(example.group())["safe_yes_means"] == "unsafe"


def test_every_name_of_the_benchmark_s_scripts_is_described(root: Path) -> None:
    page = (root / "docs" / "formats.md").read_text()
    for name in (*official.SAFE, *official.EFFECTIVE, *official.SAFE_WORDS, *official.EFFECTIVE_WORDS):
        assert f"`{name}`" in page, name


def test_the_limits_are_the_program_s(root: Path) -> None:
    limits = (root / "docs" / "formats.md").read_text().split("## Limits", 1)[1]
    for number in (
        f"{files.MAX_FILE // files.MEGABYTE} MB a file",
        f"{files.MAX_TOTAL // files.MEGABYTE} MB together",
        f"{files.MAX_FILES} files",
        f"{text_rows.MAX_ROWS:,} rows",
        f"{text_rows.MAX_COLUMNS:,} columns",
        f"{text_rows.MAX_CELL:,} characters a cell",
        f"{json_rows.MAX_ITEMS:,} values",
        f"{json_rows.MAX_NESTING} deep",
        f"{verdict_reader.MAX_RESPONSES} responses a sample",
    ):
        assert number in limits, number
    assert fields.MAX_FIELDS < text_rows.MAX_COLUMNS
