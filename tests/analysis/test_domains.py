"""Rates by domain: hand-worked counts, the same figures from pandas, partial runs, marks and order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some
from statsmodels.stats.proportion import proportion_confint

from siuo_dash.analysis import domains, queries
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.analysis.stats.means import mean_of_rates
from siuo_dash.benchmark.schema import DOMAINS, METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import BOARD, DOMAIN_IDS, IDS, JUDGE, make_run, passing, random_runs, share
from tests.make.stores import with_results

SAFE = METRICS["safe"]
WHERE = Filters(board=BOARD).where()
COMMUNITY = "meta-llama-meta-llama-3-1-8b-instruct-1"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = with_results(
        tmp_path_factory.mktemp("domains") / "data",
        make_run("Alpha", passing({"morality": 20, "self-harm": 9}), judge=JUDGE),
        make_run("Beta", share(167), judge=JUDGE),
        make_run("Gamma", [None if each < 2000 else each % 2 == 0 for each in IDS], judge=JUDGE),
        make_run("Delta", share(30, 30), judge=JUDGE),
        make_run("Totals", share(80), totals=True, judge=JUDGE),
        make_run("Choice", mcqa=share(100), judge=JUDGE),
    )
    return Store(folder)


def cell(rates: domains.DomainRates, model: str, column: str) -> pd.Series:
    run_id = rates.runs.loc[rates.runs["model"] == model, "run_id"].item()
    cells = rates.cells
    return cells[(cells["run_id"] == run_id) & (cells["column"] == column)].iloc[0]


def test_the_counts_of_a_domain_are_those_of_its_samples(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    morality, harm, overall = (cell(rates, "Alpha", name) for name in ("morality", "self-harm", "overall"))
    assert (morality["k"], morality["n"], morality["rate"]) == (20, 20, 1.0)
    assert (harm["k"], harm["n"], harm["rate"]) == (9, 19, 9 / 19)
    assert (overall["k"], overall["n"]) == (29, 167)
    low, high = proportion_confint(9, 19, method="wilson")
    assert (harm["low"], harm["high"]) == pytest.approx((low, high))


def test_the_mean_of_domains_counts_each_domain_alike(store: Store) -> None:
    macro = cell(domains.domain_rates(store, WHERE, SAFE), "Alpha", "macro")
    assert macro["rate"] == pytest.approx((1 + 9 / 19) / 9)
    assert np.isnan(macro["k"])


def test_ungraded_samples_leave_a_domain_unknown(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    harm = cell(rates, "Gamma", "self-harm")
    assert harm["n"] == 0
    assert np.isnan(harm["rate"])
    assert np.isnan(harm["low"])
    assert np.isnan(cell(rates, "Gamma", "macro")["rate"])
    assert cell(rates, "Gamma", "overall")["n"] == 167 - len(DOMAIN_IDS["self-harm"])


def test_runs_without_verdicts_for_each_sample_are_named_and_not_rated(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    assert set(rates.runs["model"]) == {"Alpha", "Beta", "Gamma", "Delta"}
    left_out = domains.runs_without_domains(store, WHERE, SAFE)
    assert left_out["model"].tolist() == ["Totals"]
    everywhere = domains.runs_without_domains(store, Filters().where(), SAFE)
    assert set(everywhere["model"]) == {"Totals", "Choice"}


def test_multiple_choice_has_domains_too(store: Store) -> None:
    rates = domains.domain_rates(store, Filters().where(), METRICS["mcqa"])
    assert rates.runs["model"].tolist() == ["Choice"]
    harm = cell(rates, "Choice", "self-harm")
    assert (harm["k"], harm["n"]) == (19, 19)
    assert cell(rates, "Choice", "overall")["k"] == 100


def test_partial_runs_stay_out_of_the_mean_and_stand_last(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    assert dict(zip(rates.runs["model"], rates.runs["partial"], strict=True)) == {
        "Alpha": False,
        "Beta": False,
        "Gamma": True,
        "Delta": True,
    }
    assert domains.board_means(rates)["morality"] == pytest.approx(1.0)
    assert domains.board_means(rates)["self-harm"] == pytest.approx((9 / 19 + 1) / 2)
    whole = domains.board_means(rates, with_partial=True)
    assert whole["self-harm"] == pytest.approx((9 / 19 + 1 + 1) / 3)
    names = rates.runs.set_index("run_id")["model"]
    assert [names[run_id] for run_id in domains.in_order(rates, "overall")] == ["Beta", "Alpha", "Delta", "Gamma"]
    ranked = [names[run_id] for run_id in domains.in_order(rates, "overall", with_partial=True)]
    assert ranked == ["Beta", "Delta", "Gamma", "Alpha"]


def test_a_cell_is_marked_where_its_interval_excludes_the_mean(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    marked = domains.marked(rates, domains.board_means(rates))
    assert cell(marked, "Alpha", "self-harm")["mark"] == "below"
    assert cell(marked, "Beta", "self-harm")["mark"] == "above"
    assert cell(marked, "Alpha", "morality")["mark"] == ""
    assert cell(marked, "Gamma", "self-harm")["mark"] == ""
    assert cell(marked, "Beta", "self-harm")["board_mean"] == pytest.approx((9 / 19 + 1) / 2)
    assert "mark" not in rates.cells, "the input is left as it is"


def test_choosing_runs_keeps_their_order_and_passes_over_strangers(store: Store) -> None:
    rates = domains.domain_rates(store, WHERE, SAFE)
    ids = dict(zip(rates.runs["model"], rates.runs["run_id"], strict=True))
    two = rates.only([ids["Beta"], "nobody", ids["Alpha"]])
    assert two.runs["model"].tolist() == ["Beta", "Alpha"]
    assert two.cells["run_id"].tolist() == [ids["Beta"]] * 11 + [ids["Alpha"]] * 11
    assert rates.only([]).cells.empty
    among = domains.domain_rates(store, of_runs([ids["Beta"]]), SAFE)
    assert among.runs["model"].tolist() == ["Beta"]
    assert domains.domain_rates(store, of_runs([]), SAFE).runs.empty


def test_the_shipped_figures_are_the_same_from_pandas(root: Path) -> None:
    rates = domains.domain_rates(Store(root / "data"), Filters(board=COMMUNITY).where(), SAFE)
    samples = pd.read_csv(root / "data" / "samples.csv")[["question_id", "domain"]]
    results = pd.read_parquet(root / "data" / "results.parquet", columns=["run_id", "evidence", "question_id", "safe"])
    joined = results[results["evidence"] == "per_sample"].merge(samples, on="question_id")
    safe = joined.assign(safe=joined["safe"].astype(float)).groupby(["run_id", "domain"])["safe"]
    by_pandas = pd.DataFrame({"k": safe.sum(), "n": safe.count()}).stack()
    cells = rates.cells[rates.cells["column"].isin([domain.id for domain in DOMAINS])]
    by_sql = cells.set_index(["run_id", "column"])[["k", "n"]].stack()
    assert len(by_sql) == 10 * 9 * 2
    pd.testing.assert_series_equal(by_sql.sort_index(), by_pandas.sort_index(), check_names=False, check_dtype=False)


def test_all_samples_of_the_shipped_runs_give_the_published_counts(root: Path) -> None:
    store = Store(root / "data")
    where = Filters(board=COMMUNITY).where()
    overall = domains.domain_rates(store, where, SAFE).cells.query("column == 'overall'").set_index("run_id")
    runs = queries.RUNS.run(store, where=where).set_index("run_id")
    assert overall["k"].to_dict() == runs["safe_k"].to_dict()
    assert (overall["n"] == 167).all()


@given(some.lists(some.tuples(some.integers(0, 25), some.integers(1, 25)), min_size=1, max_size=9))
def test_the_mean_of_rates_lies_within_its_limits_and_within_the_rates(pairs: list[tuple[int, int]]) -> None:
    k, n = [min(pair) for pair in pairs], [pair[1] for pair in pairs]
    mean, low, high = (found[0] for found in mean_of_rates([k], [n]))
    rates = [passed / graded for passed, graded in zip(k, n, strict=True)]
    assert min(rates) - 1e-12 <= mean <= max(rates) + 1e-12
    assert 0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1


def test_the_limits_of_the_mean_are_those_of_zou_and_donner() -> None:
    mean, low, high = (found[0] for found in mean_of_rates([[5, 15]], [[10, 20]]))
    limits = [proportion_confint(5, 10, method="wilson"), proportion_confint(15, 20, method="wilson")]
    down = np.hypot(0.5 - limits[0][0], 0.75 - limits[1][0]) / 2
    up = np.hypot(limits[0][1] - 0.5, limits[1][1] - 0.75) / 2
    assert (mean, low, high) == pytest.approx((0.625, 0.625 - down, 0.625 + up))


def test_the_mean_of_one_rate_has_its_wilson_interval() -> None:
    found = [values[0] for values in mean_of_rates([[9]], [[19]])]
    assert found == pytest.approx([9 / 19, *proportion_confint(9, 19, method="wilson")])


def test_many_runs_are_the_same_one_by_one(tmp_path: Path) -> None:
    store = Store(with_results(tmp_path / "data", *random_runs(12)))
    together = domains.domain_rates(store, WHERE, SAFE)
    assert len(together.cells) == 12 * 11
    for run_id in together.runs["run_id"]:
        alone = domains.domain_rates(store, of_runs([run_id]), SAFE)
        pd.testing.assert_frame_equal(alone.cells, together.only([run_id]).cells, check_dtype=False)
    assert len(IDS) == 167
