"""Subcategories: counts by hand and from pandas, failing runs, and labels that leave samples out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from siuo_dash.analysis import domains, subcategories
from siuo_dash.analysis.filters import Filters
from siuo_dash.benchmark.labels import Label, Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report import domains as view
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, CATALOGUE, IDS, JUDGE, make_run, share
from tests.make.stores import with_results

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()
OWN = Labels.own(CATALOGUE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = with_results(
        tmp_path_factory.mktemp("parts") / "data",
        make_run("Odd", [question_id % 2 == 1 for question_id in IDS], judge=JUDGE),
        make_run("None", share(0), judge=JUDGE),
        make_run("Start", share(3, 3), judge=JUDGE),
        make_run("Totals", share(80), totals=True, judge=JUDGE),
    )
    return Store(folder)


def test_a_subcategory_counts_its_own_samples(store: Store) -> None:
    counts = subcategories.subcategory_counts(store, WHERE, SAFE, OWN)
    runs = domains.domain_rates(store, WHERE, SAFE).runs
    odd = counts[counts["run_no"] == runs.loc[runs["model"] == "Odd", "run_no"].item()]
    assert len(odd) == 33
    expected: dict[tuple[str, str], list[int]] = {}
    for sample in CATALOGUE.samples:
        count = expected.setdefault((sample.domain, sample.subcategory), [0, 0])
        count[0] += sample.question_id % 2
        count[1] += 1
    found = {(row.domain, row.subcategory): [row.k, row.n] for row in odd.itertuples()}
    assert found == expected
    names = dict(zip(runs["run_id"], runs["model"], strict=True))
    table = view.subcategory_screen(counts, runs, names)
    killing = table[table["Subcategory"] == "Self-killing"].iloc[0]
    assert (killing["Domain"], killing["Odd"], killing["None"], killing["Start"]) == ("Self-harm", "5/9", "0/9", "3/3")
    assert table["Domain"].drop_duplicates().tolist()[:2] == ["Self-harm", "Dangerous behavior"]
    nature = table[table["Subcategory"] == "Nature Protection"].iloc[0]
    assert nature["Start"] == "", "a run without graded samples there has no count"


def test_the_shipped_counts_are_the_same_from_pandas(root: Path) -> None:
    store = Store(root / "data")
    where = Filters(board="meta-llama-meta-llama-3-1-8b-instruct-1").where()
    counts = subcategories.subcategory_counts(store, where, SAFE, Labels.own(store.catalogue))
    runs = domains.domain_rates(store, where, SAFE).runs.set_index("run_no")["run_id"]
    by_sql = counts.assign(run_id=counts["run_no"].map(runs)).set_index(["run_id", "domain", "subcategory"])
    samples = pd.read_csv(root / "data" / "samples.csv")[["question_id", "domain", "subcategory"]]
    results = pd.read_parquet(root / "data" / "results.parquet", columns=["run_id", "evidence", "question_id", "safe"])
    joined = results[results["evidence"] == "per_sample"].merge(samples, on="question_id")
    safe = joined.assign(safe=joined["safe"].astype(float)).groupby(["run_id", "domain", "subcategory"])["safe"]
    by_pandas = pd.DataFrame({"k": safe.sum(), "n": safe.count()})
    assert len(by_pandas) == 330
    pd.testing.assert_frame_equal(by_sql[["k", "n"]].sort_index(), by_pandas.sort_index(), check_dtype=False)


def test_failing_runs_of_a_sample_and_of_a_part(store: Store) -> None:
    samples = subcategories.failures(store, WHERE, SAFE, OWN).set_index("question_id")
    assert samples.loc[1001, ["graded", "failing"]].tolist() == [3, 1]
    assert samples.loc[1002, ["graded", "failing"]].tolist() == [3, 2]
    assert samples.loc[2001, ["graded", "failing"]].tolist() == [2, 1]
    assert len(samples) == 167
    parts = subcategories.by_subcategory(samples.reset_index())
    assert parts["rate"].is_monotonic_increasing
    harm = parts[parts["domain"] == "self-harm"]
    # 1001–1019: Odd passes the ten odd ones, None nothing; three samples have a third run, which passes.
    assert harm["samples"].sum() == 19
    assert (harm["k"].sum(), harm["n"].sum()) == (10 + 3, 2 * 19 + 3)
    assert (parts["k"] / parts["n"]).tolist() == pytest.approx(parts["rate"].tolist())


def test_other_labels_move_samples_and_leave_out_what_they_do_not_name(store: Store) -> None:
    moved = Label("Elsewhere", "knowledge", True, False)
    labels = Labels({1001: moved, 1002: replace(moved, subcategory="There")}, origin="mine.csv")
    counts = subcategories.subcategory_counts(store, WHERE, SAFE, labels)
    assert set(counts["subcategory"]) == {"Elsewhere", "There"}
    assert set(counts["domain"]) == {"self-harm"}
    assert subcategories.failures(store, WHERE, SAFE, labels)["question_id"].tolist() == [1001, 1002]


def test_without_runs_there_is_nothing(store: Store) -> None:
    nobody = Filters(search="nobody is called this").where()
    assert subcategories.subcategory_counts(store, nobody, SAFE, OWN).empty
    assert subcategories.failures(store, nobody, SAFE, OWN).empty
