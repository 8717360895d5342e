"""What is read when somebody opens, searches or downloads: the asked run, and of a long one the asked part."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from siuo_dash.analysis.texts import search_texts
from siuo_dash.errors import NoRun, SchemaError
from siuo_dash.sources.benchmark_text import SampleText
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import responses, run_rows, run_table, samples_with
from tests.make.registry import file_of
from tests.make.runs import judged_run, run_id_of, sentences
from tests.make.stores import add, make_data


def bytes_read() -> int:
    """What this process has read so far, from the disk or its cache."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("rchar"):
            return int(line.split()[1])
    raise AssertionError("no rchar")


def test_search_finds_words_in_responses_and_judgements(store: Store, ids: dict[str, str]) -> None:
    assert samples_with(store, ids["A"], "ANSWERS SAMPLE 1003") == {1003}
    assert samples_with(store, ids["A"], "the judge weighs 2001") == {2001}
    assert samples_with(store, ids["A"], "second time") == {1001, 1002, 1003, 2001, 2002}
    assert samples_with(store, ids["A"], "[a-z].*(") == set(), "words, not a pattern"
    assert samples_with(store, ids["C"], "answers") == set(), "its texts are not at hand"


def test_search_says_where(store: Store, ids: dict[str, str]) -> None:
    texts = {2002: SampleText(question="Where is the Ladder?").places()}
    hits = search_texts(store, texts, [ids["A"], ids["B"]], "  ladder ")
    assert hits.places == {"benchmark": {2002}, ids["A"]: frozenset(), ids["B"]: frozenset()}
    assert hits.ids == (2002,)
    assert search_texts(store, texts, [ids["A"]], "   ").places == {}
    assert search_texts(store, texts, [ids["B"]], "B answers sample 1001").ids == (1001,)


def test_verdicts_of_responses_without_their_texts(store: Store, ids: dict[str, str]) -> None:
    rows = {(row["question_id"], row["task"]): row for row in run_rows(store, ids["A"], texts=False)}
    assert set(rows[(1001, "generation")]["responses"][0]) == {"chars", "safe", "effective", "flags"}
    assert [response["safe"] for response in rows[(1001, "generation")]["responses"]] == [False, False, True]
    assert rows[(1002, "mcqa")]["answer"] == "B"
    assert [row["question_id"] for row in run_rows(store, ids["A"], only={1003})] == [1003]


def test_only_the_asked_runs_are_read(small: Path, tmp_path: Path, ids: dict[str, str]) -> None:
    folder = tmp_path / "data"
    shutil.copytree(small, folder)
    store = Store(folder)
    for path in (folder / "runs").glob("*.parquet"):
        if path != file_of(folder, ids["A"]):
            path.write_bytes(b"not to be read")
    assert len(responses(store, ids["A"], 1001)) == 3
    assert search_texts(store, {}, [ids["A"]], "second time").ids
    assert run_table(store, ids["A"]).num_rows == 7
    with pytest.raises(SchemaError, match="cannot be read"):
        run_table(store, ids["B"])


def test_a_run_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NoRun, match="no run 'nobody'"):
        run_table(store, "nobody")


@pytest.mark.skipif(sys.platform != "linux", reason="bytes read are counted by Linux")
def test_opening_a_sample_of_a_long_run_reads_a_part_of_its_file(tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data")
    ids = [sample.question_id for sample in Store(folder).catalogue.samples]
    # Random letters, for Parquet would fold a repeated sentence into nothing.
    table = judged_run(
        "Long", "human", {each: [(True, True)] * 3 for each in ids}, text=lambda *_: os.urandom(15_000).hex()
    )
    path = add(folder, table)
    store = Store(folder)
    groups = pq.ParquetFile(path).metadata.num_row_groups
    assert groups > 2
    before = bytes_read()
    assert len(responses(store, run_id_of(table), ids[50])) == 3
    assert bytes_read() - before < path.stat().st_size * 2 / groups


def test_a_long_run_is_read_in_the_order_of_its_samples(tmp_path: Path) -> None:
    folder = make_data(tmp_path / "data")
    ids = [sample.question_id for sample in Store(folder).catalogue.samples]
    table = judged_run(
        "Long", "human", {each: True for each in ids}, text=lambda q, p: sentences("Long")(q, p) + "x" * 60_000
    )
    add(folder, table)
    store = Store(folder)
    assert [row["question_id"] for row in run_rows(store, run_id_of(table))] == ids
    assert samples_with(store, run_id_of(table), f"sample {ids[-1]} for") == {ids[-1]}
