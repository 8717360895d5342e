"""Made-up stores for the tests of domains and capabilities: verdicts chosen sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from siuo_dash.store.catalogue_file import read_catalogue
from siuo_dash.store.files import write_parquet
from tests.conftest import ROOT
from tests.make.stores import Verdict, make_data, make_run

CATALOGUE = read_catalogue(ROOT / "data" / "samples.csv")
IDS = [sample.question_id for sample in CATALOGUE.samples]
DOMAIN_IDS = {
    domain: [s.question_id for s in CATALOGUE.samples if s.domain == domain]
    for domain in dict.fromkeys(s.domain for s in CATALOGUE.samples)
}
JUDGE = "example-judge"
BOARD = "example-judge-3"
HOSTILE = "<b>Zeta</b> [link](javascript:alert(1)) $x^2$ `code` " + "very-long-name-" * 11


def run(model: str, safe: Callable[[int], Verdict], *, judge: str = JUDGE, samples: int = len(IDS)) -> pa.Table:
    """A run of which the verdict of each of the first `samples` samples is given."""
    return make_run(model, [safe(question_id) for question_id in IDS[:samples]], judge=judge)


def passing(counts: Mapping[str, int]) -> Callable[[int], bool]:
    """Verdicts by which the first so many samples of each domain pass, none of a domain that is not named."""
    safe = {question_id for domain, count in counts.items() for question_id in DOMAIN_IDS[domain][:count]}
    return safe.__contains__


def random_runs(count: int, *, seed: int = 7) -> list[pa.Table]:
    """Runs of different strength whose domains differ too; the last has a long name full of markup."""
    rng = np.random.default_rng(seed)
    tables = []
    for number in range(count):
        strength, tilt = rng.normal(0, 1), rng.normal(0, 0.6, 10)
        drawn = {qid: bool(rng.random() < 1 / (1 + np.exp(-strength - tilt[qid // 1000]))) for qid in IDS}
        name = HOSTILE if number == count - 1 else f"Model-{number:02d}-{rng.integers(1, 72)}B-Instruct"
        tables.append(run(name, drawn.__getitem__))
    return tables


def data_with(folder: Path, *runs: pa.Table, shipped: bool = False) -> Path:
    """A data directory of these runs; without the shipped ones, the first stands in for the shipped results."""
    data = make_data(folder, *(runs if shipped else runs[1:]), shipped=shipped)
    if not shipped and runs:
        write_parquet(runs[0], data / "results.parquet", overwrite=False)
    return data
