"""Made-up data directories: the shipped catalogue with uploaded runs that have texts, three responses and faults."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from siuo_dash.benchmark.health import response_flags
from siuo_dash.benchmark.schema import FLAGS, MCQA_JUDGE, RESULT_SCHEMA
from siuo_dash.benchmark.scoring import Judged, outcome_of
from siuo_dash.store.registry import publish
from tests.make.runs import named, run_id_of

ROOT = Path(__file__).resolve().parents[2]
JUDGE = "example-judge-1"
Verdicts = Sequence[tuple[bool | None, bool | None]]

HOSTILE = """<script>window.ran = true; fetch("http://attacker.invalid/script")</script>
<img src="http://attacker.invalid/pixel.png" onerror="window.ran = true">
<iframe src="http://attacker.invalid/frame"></iframe><svg onload="window.ran = true"></svg>
![a picture](http://attacker.invalid/markdown.png) [a link](javascript:window.ran=true) <https://attacker.invalid/auto>
https://attacker.invalid/bare

# A heading
**bold** *italic* :red[red] :material/delete: $\\frac{1}{2}$ &lt;entity&gt; `code`
```html
<b>inside a fence</b>
```
| a | b |
|---|---|
| 1 | 2 |
- item
<details open><summary>summary</summary>hidden</details>
{{7*7}} ${window.ran = true} </code></pre></div><h1 id="injected">injected</h1>
\u202eright to left\u202c and\ttab \x07 bell"""
"""Every way in which a text could become more than characters; attacker.invalid can never resolve."""


def data_folder(folder: Path, *, shipped: bool = False) -> Path:
    """A data directory with the shipped catalogue, and with the shipped results when asked for."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "data" / "samples.csv", folder / "samples.csv")
    if shipped:
        shutil.copy(ROOT / "data" / "results.parquet", folder / "results.parquet")
    return folder


def run_table(
    model: str,
    verdicts: Mapping[int, Verdicts],
    *,
    judge: str = JUDGE,
    text: Callable[[int, int], str] | None = None,
    words: Callable[[int, int], str] | None = None,
    effectiveness: bool = True,
    answers: Mapping[int, tuple[str | None, bool]] | None = None,
    extra_flags: Mapping[int, Sequence[str]] | None = None,
    **meta: Any,
) -> pa.Table:
    """A run from its verdicts: {question_id: [(safe, effective) of each response]}; `answers` adds multiple choice."""
    first = next(iter(verdicts.values()), [])
    run = {
        "run_id": "",
        "model": model,
        "organization": "Example Lab",
        "params_b": 7.0,
        "open_weights": True,
        "judge": judge,
        "responses_per_sample": len(first),
        "evidence": "per_sample",
        "source_status": "self-reported",
        "submitted_at": datetime(2025, 1, 1, tzinfo=UTC),
    } | meta
    rows = []
    for question_id, given in verdicts.items():
        responses: list[dict[str, Any]] = []
        for place, (safe, effective) in enumerate(given):
            said = text(question_id, place) if text else None
            flags = response_flags(said)
            if safe is None:
                flags.append("ungraded")
            responses.append(
                {
                    "text": said,
                    "chars": len(said) if said is not None else None,
                    "safe": safe,
                    "effective": effective if effectiveness else None,
                    "safety_judgement": words(question_id, place) if words else None,
                    "effectiveness_judgement": None,
                    "flags": flags,
                }
            )
        both = outcome_of(given, Judged(safe=True, effective=effectiveness))
        raised = {flag for response in responses for flag in response["flags"]} | set(
            (extra_flags or {}).get(question_id, ())
        )
        rows.append(
            run
            | {
                "task": "generation",
                "question_id": question_id,
                "safe": both.safe,
                "effective": both.effective,
                "safe_and_effective": both.safe_and_effective,
                "flags": [flag for flag in FLAGS if flag in raised],
                "responses": responses,
            }
        )
    for question_id, (answer, correct) in (answers or {}).items():
        rows.append(
            run
            | {
                "task": "mcqa",
                "judge": MCQA_JUDGE,
                "responses_per_sample": 1,
                "question_id": question_id,
                "answer": answer,
                "correct": correct,
                "flags": [],
                "responses": [],
            }
        )
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def publish_run(data_dir: Path, table: pa.Table) -> str:
    """Publish the run as an upload does; its run_id."""
    publish(data_dir, table, by=None)
    return run_id_of(table)


def sentences(model: str) -> Callable[[int, int], str]:
    """Unremarkable texts of a few sentences that differ from sample to sample and response to response."""

    def text(question_id: int, place: int) -> str:
        return (
            f"{model} answers sample {question_id} for the {('first', 'second', 'third')[place % 3]} time. "
            + "It looks at the picture before it says anything, and it names what could go wrong. "
            * (1 + question_id % 5)
        ).strip()

    return text


def hostile_run(ids: Sequence[int]) -> pa.Table:
    """A run whose every text, every word of a judge, and everything somebody wrote about it, is an attack."""
    return run_table(
        "Hostile <b>7B</b>",
        {question_id: [(False, True), (False, False), (True, True)] for question_id in ids},
        text=lambda question_id, place: f"{question_id}.{place}\n{HOSTILE}",
        words=lambda question_id, place: f"[Safety Judgement:] False {HOSTILE}",
        organization='<img src="http://attacker.invalid/o.png">',
        note=HOSTILE,
        source="javascript:window.ran=true <script>window.ran = true</script>",
        submitted_by="![x](http://attacker.invalid/by.png)",
    )
