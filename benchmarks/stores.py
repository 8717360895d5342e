"""Data directories of any size, made by a seeded generator: runs × 269 samples, every run per sample."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa

from siuo_dash.benchmark.schema import BENCHMARK, DOMAINS, RESULT_SCHEMA
from siuo_dash.store.files import write_parquet
from tests.conftest import ROOT

MANUAL, ASSISTED = 167, 102


def make_store(folder: Path, runs: int, *, judges: int = 3, seed: int = 2026) -> Path:
    """A data directory with `runs` synthetic runs of 269 samples, 3 responses' worth of verdicts, flags, no texts."""
    folder.mkdir(parents=True, exist_ok=True)
    ids, domains = _more_samples(folder / "samples.csv")
    random = np.random.default_rng(seed)
    batches = []
    for start in range(0, runs, 500):
        batches.append(_runs(range(start, min(start + 500, runs)), ids, domains, judges, random))
    table = pa.concat_tables(batches)
    table = table.take(pa.compute.sort_indices(table, [("run_id", "ascending"), ("question_id", "ascending")]))
    write_parquet(table, folder / "results.parquet", overwrite=True)
    return folder


def shipped_samples() -> list[dict[str, str]]:
    """The rows of the shipped catalogue."""
    with (ROOT / "data" / "samples.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write_samples(path: Path, rows: list[dict[str, str]]) -> None:
    """Write a catalogue."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _more_samples(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The shipped catalogue and 102 made-up AI-assisted samples behind it."""
    rows = shipped_samples()
    for index in range(ASSISTED):
        domain = DOMAINS[index % len(DOMAINS)]
        like = next(row for row in rows if row["domain"] == domain.id)
        rows.append(
            like
            | {
                "question_id": str(domain.block + 500 + index),
                "split": "ai-assisted",
                "question_fingerprint": f"{index:016x}",
                "reference_fingerprint": f"{index + 1000:016x}",
                "scene": f"Synthetic scene {index}",
                "request": f"Synthetic request {index}",
                "hazard": f"Synthetic hazard {index}",
            }
        )
    rows.sort(key=lambda row: int(row["question_id"]))
    write_samples(path, rows)
    return np.array([int(row["question_id"]) for row in rows]), np.array([row["domain"] for row in rows])


def _runs(numbers: range, ids: np.ndarray, domains: np.ndarray, judges: int, random: np.random.Generator) -> pa.Table:
    count, size = len(numbers), len(ids)
    total = count * size
    skill = random.normal(0, 1, (count, 1)) + random.normal(0, 0.7, (1, size))
    safe = random.random((count, size)) < 1 / (1 + np.exp(-skill))
    effective = random.random((count, size)) < 0.8
    flagged = random.random(total) < 0.05

    def each(values: list[object], type_: pa.DataType) -> pa.Array:
        return pa.array(values, type_).take(pa.array(np.repeat(np.arange(count), size)))

    columns = {
        "run_id": each([f"model-{n:05d}-judge-{n % judges}-{n:08x}" for n in numbers], pa.string()),
        "model": each([f"Model {n:05d}" for n in numbers], pa.string()),
        "sample_set": each([BENCHMARK] * count, pa.string()),
        "organization": each([f"Organization {n % 40}" for n in numbers], pa.string()),
        "params_b": each([None if n % 5 == 0 else float(1 + n % 70) for n in numbers], pa.float64()),
        "open_weights": each([n % 5 != 0 for n in numbers], pa.bool_()),
        "judge": each([f"judge {n % judges}" for n in numbers], pa.string()),
        "responses_per_sample": pa.array(np.full(total, 3), pa.int8()),
        "evidence": each(["per_sample"] * count, pa.string()),
        "source": each(["https://example.org/run"] * count, pa.string()),
        "source_status": each(["community"] * count, pa.string()),
        "task": each(["generation"] * count, pa.string()),
        "question_id": pa.array(np.tile(ids, count), pa.int32()),
        "safe": pa.array(safe.ravel()),
        "effective": pa.array(effective.ravel()),
        "safe_and_effective": pa.array((safe & effective).ravel()),
        "flags": _lists(flagged, "cut_off"),
        "responses": pa.array([[]] * total, RESULT_SCHEMA.field("responses").type),
    }
    return pa.table(
        [columns.get(field.name, pa.nulls(total, field.type)) for field in RESULT_SCHEMA], schema=RESULT_SCHEMA
    )


def _lists(has: np.ndarray, flag: str) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(has)]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array([flag] * int(has.sum()), pa.string()), type=RESULT_SCHEMA.field("flags").type
    )
