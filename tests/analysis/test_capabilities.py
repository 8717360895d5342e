"""Capabilities: counts by hand and from pandas, differences as the one-pair functions give them, and the checks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siuo_dash.analysis import capabilities
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.stats.association import Correlation
from siuo_dash.analysis.stats.differences import newcombe
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.analysis.stats.proportions import Interval, wilson
from siuo_dash.benchmark.labels import Label, Labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report import capabilities as view
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, CATALOGUE, IDS, JUDGE, make_run
from tests.make.stores import with_results

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()
OWN = Labels.own(CATALOGUE)
DIMENSION = {sample.question_id: sample.primary_dimension for sample in CATALOGUE.samples}
SIZES = {"integration": 83, "knowledge": 59, "reasoning": 25}
COMMUNITY = "meta-llama-meta-llama-3-1-8b-instruct-1"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Runs that pass one dimension, and four of rising strength in all three."""
    ids: dict[str, list[int]] = {}
    for question_id, dimension in DIMENSION.items():
        ids.setdefault(dimension, []).append(question_id)
    place = {question_id: index / len(own) for own in ids.values() for index, question_id in enumerate(own)}

    strength = {"Weak": 0.1, "Fair": 0.4, "Good": 0.6, "Strong": 0.9}
    tables = [make_run(name, [place[each] < part for each in IDS], judge=JUDGE) for name, part in strength.items()]
    tables.append(make_run("No knowledge", [DIMENSION[each] != "knowledge" for each in IDS], judge=JUDGE))
    tables.append(make_run("No reasoning", [DIMENSION[each] != "reasoning" for each in IDS], judge=JUDGE))
    return Store(with_results(tmp_path_factory.mktemp("capabilities") / "data", *tables))


def of(rates: capabilities.CapabilityRates, model: str, grouping: str, group: str) -> pd.Series:
    run_id = rates.runs.loc[rates.runs["model"] == model, "run_id"].item()
    cells = rates.cells
    return cells[(cells["run_id"] == run_id) & (cells["grouping"] == grouping) & (cells["group"] == group)].iloc[0]


def test_each_group_counts_its_own_samples(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, OWN)
    for dimension, size in SIZES.items():
        found = of(rates, "No knowledge", "dimension", dimension)
        assert (found["k"], found["n"]) == (0 if dimension == "knowledge" else size, size)
    needs = of(rates, "No knowledge", "needs_knowledge", "no")
    # Each of the 59 knowledge samples needs knowledge, and 16 of other dimensions do.
    assert (needs["k"], needs["n"]) == (92, 92)
    assert of(rates, "No knowledge", "needs_knowledge", "yes")[["k", "n"]].tolist() == [16, 75]
    interval = wilson(16, 75)
    assert interval is not None
    assert of(rates, "No knowledge", "needs_knowledge", "yes")[["low", "high"]].tolist() == pytest.approx(
        [interval.low, interval.high]
    )


def test_the_shipped_counts_are_the_same_from_pandas(root: Path) -> None:
    store = Store(root / "data")
    rates = capabilities.capability_rates(store, Filters(board=COMMUNITY).where(), SAFE, Labels.own(store.catalogue))
    samples = pd.read_csv(root / "data" / "samples.csv")
    results = pd.read_parquet(root / "data" / "results.parquet", columns=["run_id", "evidence", "question_id", "safe"])
    joined = results[results["evidence"] == "per_sample"].merge(samples, on="question_id")
    joined = joined.assign(safe=joined["safe"].astype(float))
    checked = 0
    for grouping, column in (("dimension", "primary_dimension"), ("needs_knowledge",) * 2, ("needs_reasoning",) * 2):
        safe = joined.groupby(["run_id", column])["safe"].agg(["sum", "count"])
        for (run_id, value), row in safe.iterrows():
            group = {1: "yes", 0: "no"}.get(value, value)
            cells = rates.cells
            cell = cells[
                (cells["run_id"] == run_id) & (cells["grouping"] == grouping) & (cells["group"] == group)
            ].iloc[0]
            assert (cell["k"], cell["n"]) == (row["sum"], row["count"])
            checked += 1
    assert checked == len(rates.cells) == 10 * 7


def test_differences_inside_a_run(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, OWN)
    gaps = capabilities.differences(rates)
    assert len(gaps) == 6 * 5
    run_id = rates.runs.loc[rates.runs["model"] == "No knowledge", "run_id"].item()
    own = gaps[gaps["run_id"] == run_id].set_index("contrast")
    assert own.loc["knowledge_integration", "difference"] == -1
    assert own.loc["reasoning_integration", "difference"] == 0
    assert own.loc["needs_knowledge", "difference"] == pytest.approx(16 / 75 - 1)
    one = newcombe(16, 75, 92, 92)
    assert own.loc["needs_knowledge", ["low", "high"]].tolist() == pytest.approx([one.low, one.high])
    assert own["p_adjusted"].to_numpy() == pytest.approx(benjamini_hochberg(own["p"].tolist()))


def test_the_weaker_side_is_named_only_where_it_shows(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, OWN)
    weaker = capabilities.weaker_side(rates)
    found = dict(zip(weaker["run_id"].map(rates.runs.set_index("run_id")["model"]), weaker["weaker"], strict=True))
    assert found["No knowledge"] == "knowledge"
    assert found["No reasoning"] == "reasoning"
    assert [found[name] for name in ("Weak", "Fair", "Good", "Strong")] == [""] * 4
    names = dict(zip(rates.runs["run_id"], rates.runs["model"], strict=True))
    _, answer, figures = view.weaker_claim(weaker, names)
    assert answer == "Significant for 2 of 6 runs"
    assert figures.startswith("in knowledge: No knowledge; in reasoning: No reasoning; ignoring uncertainty, ")


def test_integration_and_knowledge_together(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, OWN)
    models = rates.runs.set_index("model")["run_id"]
    four = rates.only([models[name] for name in ("Weak", "Fair", "Good", "Strong")])
    rising = capabilities.goes_with_integration(four, "knowledge")
    assert rising is not None
    assert rising.rho == pytest.approx(1)
    assert rising.n == 4
    assert rising.interval is None
    assert not capabilities.is_clear(rising)
    assert view.correlation_claim("knowledge", rising)[1] == "Not enough data"
    two = rates.only([models["Weak"], models["Strong"]])
    assert capabilities.goes_with_integration(two, "knowledge") is None
    assert "at least three runs" in view.correlation_claim("knowledge", None)[2]


def test_the_sentence_follows_the_interval() -> None:
    clear = Correlation(0.8, Interval(0.3, 0.95), 12)
    question, answer, figures = view.correlation_claim("knowledge", clear)
    assert (question, answer) == ("Does low integration go with low knowledge?", "Yes")
    assert figures == "rank correlation +0.80 (+0.30 to +0.95) over 12 runs."
    against = Correlation(-0.8, Interval(-0.95, -0.3), 12)
    assert view.correlation_claim("reasoning", against)[1] == "No, with high"
    unclear = Correlation(0.3, Interval(-0.2, 0.7), 12)
    assert view.correlation_claim("reasoning", unclear)[1:] == (
        "Not shown",
        "rank correlation +0.30 (-0.20 to +0.70) over 12 runs; the interval includes 0.",
    )


def test_order_by_rate_and_choice(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, SAFE, OWN)
    names = rates.runs.set_index("run_id")["model"]
    ordered = [names[run_id] for run_id in capabilities.by_rate(rates)]
    # 143 of 167, about nine tenths, 109 of 167, and so on down.
    assert ordered == ["Strong", "No reasoning", "No knowledge", "Good", "Fair", "Weak"]
    assert rates.only(["nobody"]).cells.empty


def test_other_labels_change_the_groups(store: Store) -> None:
    labels = Labels(
        {1001: Label("A", "knowledge", True, False), 1002: Label("A", "reasoning", False, True)}, origin="mine.csv"
    )
    rates = capabilities.capability_rates(store, WHERE, SAFE, labels)
    sizes = {group: of(rates, "Strong", "dimension", group)["n"] for group in SIZES}
    assert sizes == {"integration": 0, "knowledge": 1, "reasoning": 1}
    assert np.isnan(of(rates, "Strong", "dimension", "integration")["rate"])
    gaps = capabilities.differences(rates)
    assert gaps.loc[gaps["contrast"] == "knowledge_integration", "difference"].isna().all()


def test_a_metric_that_nobody_was_judged_on_is_empty(store: Store) -> None:
    rates = capabilities.capability_rates(store, WHERE, METRICS["effective"], OWN)
    assert rates.runs.empty
    assert rates.cells.empty
