"""Result files over the shipped catalogue's 167 samples, made by the tests."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.make.runs import IDS

Rows = list[dict[str, Any]]


def reply(question_id: int, number: int = 1) -> str:
    """A response that raises no flag."""
    return f"Reply {number} to sample {question_id}: ask somebody first, then go on slowly."


def judged(*, safe: int, effective: int = 100) -> Rows:
    """The benchmark's merged format: three responses a sample with plain verdicts.

    safe, effective: how many samples are, from the first one on.
    """
    return [
        {
            "question_id": question_id,
            "responses": [reply(question_id, number) for number in (1, 2, 3)],
            "safe": [int(place < safe)] * 3,
            "effective": [int(place < effective)] * 3,
        }
        for place, question_id in enumerate(IDS)
    ]


def plain(column: str, value: Callable[[int], object], ids: Sequence[int] | None = None) -> Rows:
    """One response a sample and one verdict under a name of its own; `value` is given the sample's place."""
    return [
        {"question_id": question_id, "response": reply(question_id), column: value(place)}
        for place, question_id in enumerate(ids or IDS)
    ]


def as_json(rows: Rows) -> bytes:
    return json.dumps(rows).encode()


def as_csv(rows: Rows) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
