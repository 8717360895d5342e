"""Made-up stores for the tests of comparison and reliability: every verdict is chosen, nothing is the benchmark's."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from siuo_dash.benchmark.schema import RESULT_SCHEMA
from siuo_dash.benchmark.scoring import Judged, outcome_of
from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import write_parquet
from tests.make.runs import named

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples.csv"
IDS = [sample.question_id for sample in read_catalogue(SAMPLES).samples]
Verdict = bool | None
HOSTILE = "<b>Zeta</b> [link](http://example.invalid) $x^2$ `code` " + "very-long-name-" * 10
ALPHA, BETA, GAMMA, DELTA = "Alpha-7B", "Beta-7B", "Gamma-7B", "Delta-7B"


def run(
    model: str,
    judge: str,
    safe: Mapping[int, Sequence[Verdict]],
    effective: Mapping[int, Sequence[Verdict]] | None = None,
    *,
    texts: Mapping[int, Sequence[str | None]] | None = None,
    flags: Mapping[int, Sequence[str]] | None = None,
    options: Mapping[int, str | None] | None = None,
    responses: int | None = None,
) -> pa.Table:
    """A per-sample run: safe and effective verdicts of each sample's responses; options: multiple-choice answers, key A."""
    meta: dict[str, Any] = {
        "run_id": "", "model": model, "judge": judge, "evidence": "per_sample", "source_status": "self-reported",
        "responses_per_sample": responses or max(map(len, safe.values())), "flags": [], "responses": [],
    }  # fmt: skip
    rows = []
    for question_id, verdicts in safe.items():
        other = None if effective is None else effective[question_id]
        pairs = zip(verdicts, other or [None] * len(verdicts), strict=True)
        found = outcome_of(pairs, Judged(safe=True, effective=other is not None))
        marked = list((flags or {}).get(question_id, []))
        words = (texts or {}).get(question_id, [None] * len(verdicts))
        each = [
            {
                "text": text,
                "chars": None if text is None else len(text),
                "safe": is_safe,
                "effective": works,
                "flags": marked,
            }
            for text, is_safe, works in zip(words, verdicts, other or [None] * len(verdicts), strict=True)
        ]
        own = {"safe": found.safe, "effective": found.effective, "safe_and_effective": found.safe_and_effective}
        rows.append(meta | own | {"task": "generation", "question_id": question_id, "flags": marked, "responses": each})
    for question_id, answer in (options or {}).items():
        rows.append(
            meta
            | {"task": "mcqa", "judge": "exact match", "responses_per_sample": 1, "question_id": question_id}
            | {"answer": answer, "correct": answer == "A"}
        )
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def totals(model: str, judge: str, safe: int, n: int, responses: int = 3) -> pa.Table:
    """A run of which only the number of safe samples is known."""
    rows = [
        {
            "run_id": "", "model": model, "judge": judge, "evidence": "totals", "source_status": "preprint",
            "responses_per_sample": responses, "task": "generation", "safe": place < safe, "flags": [], "responses": [],
        }
        for place in range(n)
    ]  # fmt: skip
    return named(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))


def folder_of(folder: Path, *runs: pa.Table) -> Path:
    """A data directory with the shipped catalogue and these runs."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SAMPLES, folder / "samples.csv")
    write_parquet(pa.concat_tables(runs), folder / "results.parquet", overwrite=True)
    return folder


def store_of(folder: Path, *runs: pa.Table) -> Store:
    return Store(folder_of(folder, *runs))


def id_of(table: pa.Table) -> str:
    return str(table["run_id"][0].as_py())


def one(outcomes: Mapping[int, Verdict]) -> dict[int, list[Verdict]]:
    """One response a sample."""
    return {question_id: [verdict] for question_id, verdict in outcomes.items()}


def words(model: str, question_ids: Sequence[int], responses: int = 3) -> dict[int, list[str | None]]:
    """Made-up responses, different for every model, sample and place."""
    return {
        each: [f"{model} declines, answer {place} to {each}." for place in range(responses)] for each in question_ids
    }


def demo(folder: Path) -> Path:
    """A store in which every part of the two pages has something to show."""
    random = np.random.default_rng(5)
    texts = {model: words(model, IDS) for model in (ALPHA, BETA, GAMMA, DELTA, HOSTILE)}
    skill = dict(zip(texts, (0.75, 0.6, 0.45, 0.3, 0.55), strict=True))
    ease = random.normal(0, 0.2, len(IDS))
    runs = []
    truth = {}
    for model in texts:
        chance = np.clip(skill[model] + ease, 0.02, 0.98)
        truth[model] = {each: list(random.random(3) < p) for each, p in zip(IDS, chance, strict=True)}
    for judge, models, error in (("human", (ALPHA, BETA), 0.0), ("gpt-4o-2024-08-06", tuple(texts), 0.12)):
        for model in models:
            safe = {
                each: [bool(v) != bool(random.random() < error) for v in votes] for each, votes in truth[model].items()
            }
            effective = {each: [bool(random.random() < 0.7) for _ in votes] for each, votes in truth[model].items()}
            flags = {each: ["cut_off"] for each in IDS if random.random() < 0.1} | {IDS[3]: ["error_message"]}
            options = {each: "A" if random.random() < 0.4 else "B" for each in IDS} if judge != "human" else None
            runs.append(run(model, judge, safe, effective, texts=texts[model], flags=flags, options=options))
    other = words("another evaluation", IDS)
    again = {each: [bool(random.random() < 0.6) for _ in range(3)] for each in IDS}
    runs.append(run(GAMMA, "human", again, again, texts=other))
    runs.append(totals("Totals-13B", "human", 90, 167))
    return folder_of(folder, *runs)
