"""The build: the same bytes each time, and every carried figure out of it again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.benchmark.totals import totals_outcomes
from siuo_dash.errors import SiuoError
from siuo_dash.sources.build import build, build_table
from siuo_dash.store.runs.parquet import parquet_bytes


def test_gives_the_shipped_bytes(root: Path) -> None:
    assert bytes(parquet_bytes(build_table(root / "data"))) == (root / "data" / "results.parquet").read_bytes()


def test_the_command_gives_the_shipped_bytes_elsewhere(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data" / "sources", tmp_path / "sources")
    shutil.copy(root / "data" / "samples.csv", tmp_path)
    # Another order of hashing and another time zone: what a second machine would differ in.
    command = [sys.executable, "-m", "siuo_dash", "build", "--data", str(tmp_path)]
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PATH": "", "LANG": "C"}
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "results.parquet").read_bytes() == (root / "data" / "results.parquet").read_bytes()


def test_a_changed_figure_changes_the_bytes(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data" / "sources", tmp_path / "sources")
    shutil.copy(root / "data" / "samples.csv", tmp_path)
    path = tmp_path / "sources" / "published_totals.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",167,89,116,39,", ",167,88,116,39,"), encoding="utf-8")
    assert build(tmp_path).read_bytes() != (root / "data" / "results.parquet").read_bytes()


def test_nothing_is_written_when_a_source_is_wrong(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "data" / "sources", tmp_path / "sources")
    shutil.copy(root / "data" / "samples.csv", tmp_path)
    path = tmp_path / "sources" / "published_totals.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",167,89,", ",167,189,"), encoding="utf-8")
    with pytest.raises(SiuoError):
        build(tmp_path)
    assert not (tmp_path / "results.parquet").exists()


def test_the_shipped_file_keeps_to_the_schema(root: Path) -> None:
    table = pq.read_table(root / "data" / "results.parquet")
    assert table.schema.equals(RESULT_SCHEMA, check_metadata=True)
    rows = table.select(["task", "evidence", "question_id", "model", "responses"]).to_pylist()
    assert {(row["evidence"], row["question_id"] is None) for row in rows} == {("per_sample", False), ("totals", True)}
    assert {response["text"] for row in rows for response in row["responses"]} == {None}


def test_anyone_can_open_the_shipped_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    sql = "SELECT model, avg(safe::int) FROM 'data/results.parquet' WHERE task = 'generation' GROUP BY ALL"
    rates = dict(duckdb.connect().execute(sql).fetchall())
    assert rates["GPT-4V(ision)"] == pytest.approx(89 / 167)
    assert len(rates) == 89  # nine runs are of a model that has another on another board


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), *[st.integers(0, n)] * 3)))
def test_totals_become_rows_that_give_the_counts_back(counts: tuple[int, int, int, int]) -> None:
    n, safe, effective, both = counts
    both = max(both % (min(safe, effective) + 1), safe + effective - n)
    rows = totals_outcomes(n, safe, effective, both)
    assert [len(rows), *(sum(bool(row[place]) for row in rows) for place in range(3))] == [n, safe, effective, both]
    assert all(row[2] == (row[0] and row[1]) for row in rows)


def test_what_was_not_published_stays_unknown() -> None:
    assert totals_outcomes(3, 2, None, None) == [(True, None, None)] * 2 + [(False, None, None)]
    assert totals_outcomes(4, 2, None, 1) == [(True, None, True), (True, None, False)] + [(False, None, False)] * 2
