"""`verify` names each fault of a data directory and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.store.examine import examine
from siuo_dash.store.publish import publish
from tests.store.runs import run_id_of, run_table
from tests.stores import make_data

RUN = f"submissions/{run_id_of(run_table())}.parquet"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = make_data(tmp_path / "data", shipped=True)
    publish(folder, run_table(), by=None)
    assert examine(folder) == []
    return folder


def faults(data: Path) -> list[str]:
    found = examine(data)
    assert all(finding.hint for finding in found)
    return [str(finding) for finding in found if finding.severity == "error"]


def test_without_a_catalogue(data: Path) -> None:
    (data / "samples.csv").unlink()
    (fault,) = faults(data)
    assert "samples.csv" in fault and "cannot be read" in fault


def test_a_catalogue_with_a_sample_twice(data: Path) -> None:
    lines = (data / "samples.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (data / "samples.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")
    (fault,) = faults(data)
    assert "1001" in fault


def test_carried_results_that_are_cut_short(data: Path) -> None:
    path = data / "results.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    (fault,) = faults(data)
    assert "results.parquet" in fault and "cannot be read" in fault


def test_carried_results_that_somebody_improved(data: Path) -> None:
    path = data / "results.parquet"
    table = pq.read_table(path)
    wrong = [row for row in table.to_pylist() if row["question_id"] is not None]
    run_id = wrong[0]["run_id"]
    rows = [row | ({"safe": True} if row["run_id"] == run_id else {}) for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), path)
    (fault,) = faults(data)
    assert run_id in fault and "not those that its id was made from" in fault


def test_a_run_that_somebody_improved(data: Path) -> None:
    table = pq.read_table(data / RUN, partitioning=None)
    rows = [row | {"safe": True} for row in table.to_pylist()]
    pq.write_table(table.from_pylist(rows, schema=table.schema), data / RUN)
    assert all(RUN in fault for fault in faults(data)) and faults(data)


def test_a_line_of_the_log_that_somebody_rewrote(data: Path) -> None:
    publish(data, run_table("Another"), by="somebody")
    lines = (data / "log.jsonl").read_text().splitlines(keepends=True)
    (data / "log.jsonl").write_text("".join([lines[0].replace('"by": null', '"by": "me"'), *lines[1:]]))
    (fault,) = faults(data)
    assert "log.jsonl, row 2" in fault and "chain" in fault


def test_without_carried_results_a_store_is_sound(data: Path) -> None:
    (data / "results.parquet").unlink()
    assert examine(data) == []
