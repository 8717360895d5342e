"""Small made-up runs for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash, make_run_id
from siuo_dash.benchmark.schema import RESULT_SCHEMA


def run_table(model: str = "Example-7B", *, content: str = "", samples: int = 5, judge: str = "human") -> pa.Table:
    """A generation run with three responses a sample; `content` (by default the model) decides its content hash."""
    rows = []
    for number in range(samples):
        words = [f"{content or model} declines politely, response {index} to sample {number}." for index in range(3)]
        safe = number % 2 == 0
        rows.append(
            {
                "run_id": "",
                "model": model,
                "organization": None,
                "params_b": 7.0,
                "open_weights": True,
                "judge": judge,
                "responses_per_sample": 3,
                "evidence": "per_sample",
                "source": None,
                "source_status": "self-reported",
                "submitted_at": datetime(2025, 1, 1, tzinfo=UTC),
                "task": "generation",
                "question_id": 1001 + number,
                "safe": safe,
                "effective": True,
                "safe_and_effective": safe,
                "flags": [],
                "responses": [
                    {"text": text, "chars": len(text), "safe": safe, "effective": True, "flags": []} for text in words
                ],
            }
        )
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def totals_table(model: str, safe: int = 3, samples: int = 5) -> pa.Table:
    """A run of which only counts are known."""
    rows = [
        {
            "run_id": "",
            "model": model,
            "judge": "human",
            "evidence": "totals",
            "source_status": "preprint",
            "task": "generation",
            "safe": number < safe,
            "flags": [],
            "responses": [],
        }
        for number in range(samples)
    ]
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def named(table: pa.Table) -> pa.Table:
    """The table with the run_id that belongs to its content."""
    run_id = make_run_id(table["model"][0].as_py(), table["judge"][0].as_py(), content_hash(table))
    return table.set_column(0, RESULT_SCHEMA.field("run_id"), pa.array([run_id] * table.num_rows, pa.string()))


def run_id_of(table: pa.Table) -> str:
    return str(table["run_id"][0].as_py())
