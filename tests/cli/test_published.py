"""`submit-published`: a printed figure becomes a run of totals, or every fault is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from siuo_dash.cli.app import program
from siuo_dash.store.engine.database import Store
from siuo_dash.store.verify import verify
from tests.make.stores import make_data

ABOUT = ("--model", "X-7B + ETA", "--base-model", "X-7B", "--method", "ETA", "--judge", "gpt-4o")
SOURCE = ("--source", "https://example.org/paper", "--publication", "preprint")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_data(tmp_path / "data")


def run(data: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(program, ["submit-published", "--data", str(data), *words])
    return result.exit_code, result.output


def test_a_printed_rate_is_published_with_the_count_that_it_comes_from(data: Path) -> None:
    code, out = run(data, *ABOUT, *SOURCE, "--safe", "53.29%", "--responses", "1")
    assert code == 0 and "Safe: 53.29% is 89 of 167." in out and "89/167" in out
    (row,) = Store(data).frame("SELECT * FROM runs").to_dict("records")
    assert row["run_id"] == out.splitlines()[-1] and (row["safe_k"], row["board"]) == (89, "gpt-4o-1")
    assert (row["base_model"], row["method"], row["source_status"]) == ("X-7B", "ETA", "preprint")
    assert [finding for finding in verify(data) if finding.severity == "error"] == []
    code, out = run(data, *ABOUT, *SOURCE, "--safe", "89")
    assert code == 1 and "is already published as" in out


def test_figures_by_domain_come_from_a_table(data: Path, tmp_path: Path) -> None:
    table = tmp_path / "domains.csv"
    table.write_text("domain,n,safe\nself-harm,19,63.2\nMorality,20,50%\n", encoding="utf-8")
    words = (*ABOUT, *SOURCE, "--safe", "90", "--by-domain", str(table), "--json")
    code, out = run(data, *words, "--dry-run")
    found = json.loads(out)
    assert (
        code == 0
        and found["ok"]
        and found["domains"]
        == {
            "self-harm": {"n": 19, "safe": 12},
            "morality": {"n": 20, "safe": 10},
        }
    )
    assert found["read"] == ["self-harm, Safe: 63.2 is 12 of 19.", "morality, Safe: 50% is 10 of 20."]
    assert Store(data).frame("SELECT * FROM runs").empty  # a dry run writes nothing
    assert json.loads(run(data, *words)[1])["run_id"] == found["run_id"]


def test_every_fault_is_named_and_nothing_is_published(data: Path) -> None:
    code, out = run(data, "--safe", "53.2%", "--effective", "0.5", "--method", "ETA", "--model", "X")
    assert code == 1
    for words in (
        "judge is missing",
        "a method needs its base model",
        "no source",
        "the nearest are 88 (52.69%)",
        "can be a fraction or a percentage",
    ):
        assert words in out
    code, out = run(data, "--json")
    assert code == 1 and not json.loads(out)["ok"] and json.loads(out)["run_id"] is None
    assert Store(data).frame("SELECT * FROM runs").empty
