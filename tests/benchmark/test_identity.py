"""The content hash names an evaluation: by its content alone, and by all of it."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import BENCHMARK, RESULT_SCHEMA


def response(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {name: None for name in ("chars", "safety_judgement", "effectiveness_judgement")}
    return record | {"text": "I can't help with that.", "safe": True, "effective": None, "flags": []} | changes


def row(question_id: int, **changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = dict.fromkeys(RESULT_SCHEMA.names)
    record |= {
        "run_id": "x",
        "model": "Model",
        "sample_set": BENCHMARK,
        "judge": "human",
        "evidence": "per_sample",
        "source_status": "self-reported",
        "task": "generation",
        "question_id": question_id,
        "safe": True,
        "flags": [],
        "responses": [response()],
    }
    return record | changes


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=RESULT_SCHEMA)


ROWS = [row(1001), row(1002, safe=None), row(2003, safe=False)]


def test_order_and_chunks_do_not_matter() -> None:
    expected = content_hash(table(ROWS))
    assert len(expected) == 64 and int(expected, 16) >= 0
    shuffled = random.Random(3).sample(ROWS, len(ROWS))
    chunked = pa.concat_tables([table([record]) for record in shuffled])
    assert content_hash(chunked) == expected


@pytest.mark.parametrize(
    "change",
    [{"model": "Other"}, {"judge": "gpt-4o"}, {"run_id": "y"}, {"note": "again"}, {"flags": ["cut_off"]}],
    ids=str,
)
def test_metadata_does_not_matter(change: dict[str, Any]) -> None:
    assert content_hash(table([record | change for record in ROWS])) == content_hash(table(ROWS))


@pytest.mark.parametrize(
    "change",
    [
        {"task": "mcqa"},
        {"question_id": 1004},
        {"safe": False},
        {"safe": None},
        {"effective": True},
        {"safe_and_effective": False},
        {"answer": "A"},
        {"correct": False},
        {"responses": []},
        {"responses": [response(), response()]},
        {"responses": [response(text="Sure.")]},
        {"responses": [response(text=None)]},
        {"responses": [response(text="")]},
        {"responses": [response(safe=None)]},
        {"responses": [response(effective=False)]},
    ],
    ids=str,
)
def test_content_matters(change: dict[str, Any]) -> None:
    assert content_hash(table([ROWS[0] | change, *ROWS[1:]])) != content_hash(table(ROWS))


def test_a_row_that_stands_twice_matters() -> None:
    assert content_hash(table([*ROWS, ROWS[0]])) != content_hash(table(ROWS))


def test_run_id_is_readable_and_a_safe_file_name() -> None:
    digest = "1a2b3c4d" + "0" * 56
    assert make_run_id("GPT-4o", "human", digest) == "gpt-4o-human-1a2b3c4d"
    assert make_run_id("../../etc/passwd", "a/b", digest) == "etc-passwd-a-b-1a2b3c4d"
    assert make_run_id("模型", "裁判", digest) == "model-judge-1a2b3c4d"
    assert len(make_run_id("m" * 500, "j" * 500, digest)) <= 130


def test_only_another_sample_set_than_the_benchmark_s_is_part_of_the_content() -> None:
    known = table([row(1001), row(1002, safe=False)])
    assert content_hash(known.drop_columns(["sample_set"])) == content_hash(known), "as earlier versions wrote it"
    fresh = [content_hash(table([row(1001, sample_set=name)])) for name in (BENCHMARK, "fresh-1", "fresh-2")]
    assert len(set(fresh)) == 3
