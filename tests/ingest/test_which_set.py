"""The set of an upload: found by questions, else by ids, and asked about where several fit; never silently another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import BENCHMARK
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.ingest.which_set import read_for
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.runs.parquet import parquet_bytes
from tests.conftest import ROOT
from tests.make.files import as_json
from tests.make.sample_sets import make_set, results_on

IDS = [1001, 1002, 1003, 1004, 1005, 1006, 3001, 3002, 3003, 3004, 3005]
SAFE = [True, False] * 5 + [True]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Catalogue]:
    """The benchmark, a fresh set whose ids are among its ids, and one that has an id which it has not."""
    folder = tmp_path_factory.mktemp("sets")
    found = {BENCHMARK: read_catalogue(ROOT / "data" / "samples.csv")}
    for name, sizes in (("fresh", {"self-harm": 6, "morality": 5}), ("large", {"self-harm": 30, "morality": 5})):
        path = make_set(folder / name, name, 1, sizes)
        found[f"{name}-v1"] = read_catalogue(path / "samples.csv", f"{name}-v1")
    return found


def read(sets: dict[str, Catalogue], content: UploadedFile | list[dict[str, Any]], **how: Any) -> Submission:
    files = [UploadedFile("run.json", as_json(content))] if not isinstance(content, UploadedFile) else [content]
    return read_for(sets, lambda each: validate(files, each, how.get("mapping")), **how)


@pytest.mark.parametrize("name", ["fresh", "large"])
def test_the_questions_decide(sets: dict[str, Catalogue], name: str) -> None:
    found = read(sets, results_on(name, IDS, SAFE))
    assert found.ok, found.errors
    assert found.sample_set == f"{name}-v1" and found.scores["safe"].n == 11
    assert set(found.to_table(RunMetadata("X", "human"))["sample_set"].to_pylist()) == {f"{name}-v1"}


@pytest.mark.parametrize("field", ["prompt", "meta"])
def test_the_questions_decide_whatever_their_field_is_called(sets: dict[str, Catalogue], field: str) -> None:
    rows = [
        {"id": row["question_id"], field: row["question"], "safe": place % 2}
        for place, row in enumerate(results_on("fresh", IDS, SAFE))
    ]
    rows = [row | {"reply": f"No, not {row['id']}."} for row in rows]
    assert read(sets, rows).sample_set == "fresh-v1"


def test_ids_alone_that_fit_several_sets_are_asked_about(sets: dict[str, Catalogue]) -> None:
    rows = results_on("fresh", IDS, SAFE, texts=False)
    found = read(sets, rows)
    assert not found.ok and found.reading.needs[0].role == "sample_set"
    assert found.reading.needs[0].options == (BENCHMARK, "fresh-v1", "large-v1")
    assert "--set: siuo-167 or fresh-v1 or large-v1" in str(found.errors[0])
    answered = read(sets, rows, mapping=Mapping().answered("sample_set", "fresh-v1"))
    assert answered.ok and answered.sample_set == "fresh-v1"
    assert read(sets, rows, named="large-v1").sample_set == "large-v1"
    hashes = {read(sets, rows, named=name).content_hash for name in sets}
    assert len(hashes) == 3, "the same verdicts on other samples are another run"


def test_ids_alone_decide_where_one_set_has_them(sets: dict[str, Catalogue]) -> None:
    rows = results_on("large", [*range(1001, 1031)], [True] * 30, texts=False)
    assert read(sets, rows).sample_set == "large-v1"


def test_where_only_the_benchmark_is_installed_nothing_is_asked(sets: dict[str, Catalogue]) -> None:
    found = read({BENCHMARK: sets[BENCHMARK]}, results_on("fresh", IDS, SAFE, texts=False))
    assert found.ok and found.sample_set == BENCHMARK


def test_a_set_that_is_named_wrongly_is_refused(sets: dict[str, Catalogue]) -> None:
    found = read(sets, results_on("fresh", IDS, SAFE), named="large-v1")
    assert not found.ok and found.errors[0].kind == "the question is not that of the sample"
    unknown = read(sets, results_on("fresh", IDS, SAFE), named="old-v1")
    assert "there is no sample set 'old-v1'" in str(unknown.errors[0])


def test_ids_of_no_set_are_refused_with_their_reasons(sets: dict[str, Catalogue]) -> None:
    found = read(sets, results_on("fresh", [1999, 3001], [True, True], texts=False))
    assert not found.ok and "unknown sample 1999" in str(found.errors[0])


def test_an_export_says_its_set(sets: dict[str, Catalogue], tmp_path: Path) -> None:
    table = read(sets, results_on("fresh", IDS, SAFE)).to_table(RunMetadata("X", "human"))
    exported = UploadedFile("run.parquet", bytes(parquet_bytes(table)))
    back = read(sets, exported)
    assert back.ok and back.sample_set == "fresh-v1" and back.to_table(RunMetadata("X", "human")).equals(table)
    alone = read({BENCHMARK: sets[BENCHMARK]}, exported)
    assert "these are results on another sample set" in str(alone.errors[0])
