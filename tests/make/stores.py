"""Data directories for tests: a copy of the catalogue, and runs that are published or come with the program."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from siuo_dash.benchmark.identity import content_hash
from siuo_dash.store import blobs, files
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry.change import Upload
from siuo_dash.store.registry.opening import changing
from siuo_dash.store.runs.parquet import CONTENT_HASH, parquet_bytes
from tests.conftest import ROOT
from tests.make.runs import ALPHA, BETA, DELTA, GAMMA, HOSTILE, IDS, judged_run, make_run, run_id_of, sentences, share


def make_data(directory: Path, *runs: pa.Table, shipped: bool = False) -> Path:
    """A data directory with the catalogue and these runs published; with the shipped figures, if they are asked for."""
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "data" / files.SAMPLES, directory)
    if shipped:
        shutil.copy(ROOT / "data" / files.RESULTS, directory)
    if runs:
        add(directory, *runs)
    return directory


def add(directory: Path, *runs: pa.Table) -> Path:
    """Put runs among the published ones, whatever is wrong with them; the file that the last one is in."""
    name = ""
    with changing(directory) as now:
        for run in runs:
            digest = content_hash(run)
            data = parquet_bytes(run, {CONTENT_HASH: digest})
            name = blobs.name_of(data)
            blobs.of(directory).write(name, data)
            upload = Upload.of(run, run_id_of(run), digest, name)
            if not upload.totals and now.same_content(upload.run_id, replace(upload, content_hash=digest)):
                upload = replace(upload, content_hash=hashlib.sha256(upload.run_id.encode()).hexdigest())
            now.bring("publish", upload, owner=None, verified=False)
    return directory / name


def with_results(directory: Path, *runs: pa.Table) -> Path:
    """A data directory in which these runs stand in for the shipped results: one file, read at once."""
    make_data(directory)
    if runs:
        files.write_parquet(pa.concat_tables(runs), directory / files.RESULTS, overwrite=True)
    return directory


def store_of(directory: Path, *runs: pa.Table) -> Store:
    """A store of these runs alone."""
    return Store(with_results(directory, *runs))


def shipped() -> Store:
    """The store of the shipped data."""
    return Store(ROOT / "data")


def demo(directory: Path) -> Path:
    """A data directory in which every part of the pages of comparison and reliability has something to show."""
    random = np.random.default_rng(5)
    skill = dict(zip((ALPHA, BETA, GAMMA, DELTA, HOSTILE), (0.75, 0.6, 0.45, 0.3, 0.55), strict=True))
    ease = random.normal(0, 0.2, len(IDS))
    truth = {}
    for model, mean in skill.items():
        chance = np.clip(mean + ease, 0.02, 0.98)
        truth[model] = {each: list(random.random(3) < p) for each, p in zip(IDS, chance, strict=True)}
    runs = []
    for judge, models, error in (("human", (ALPHA, BETA), 0.0), ("gpt-4o-2024-08-06", tuple(skill), 0.12)):
        for model in models:
            safe = {
                each: [bool(v) != bool(random.random() < error) for v in votes] for each, votes in truth[model].items()
            }
            effective = {each: [bool(random.random() < 0.7) for _ in range(3)] for each in IDS}
            verdicts = {each: list(zip(safe[each], effective[each], strict=True)) for each in IDS}
            flags = {each: ["cut_off"] for each in IDS if random.random() < 0.1} | {IDS[3]: ["error_message"]}
            answers = {each: "A" if random.random() < 0.4 else "B" for each in IDS} if judge != "human" else None
            runs.append(judged_run(model, judge, verdicts, text=sentences(model), flags=flags, answers=answers))
    again = {each: [(bool(passed), bool(passed)) for passed in random.random(3) < 0.6] for each in IDS}
    runs.append(judged_run(GAMMA, "human", again, text=sentences("another evaluation")))
    runs.append(make_run("Totals-13B", share(90), totals=True, source_status="preprint"))
    return with_results(directory, *runs)
