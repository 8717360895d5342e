"""Hardest and easiest domains: a hand-worked run, the correction over its domains, and runs where nothing varies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import fisher_exact, ttest_ind

from siuo_dash.analysis import domains
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.stats.association import domain_effect
from siuo_dash.analysis.stats.multiple import benjamini_hochberg
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report import domain_tests as view
from siuo_dash.store.engine.database import Store
from siuo_dash.text import percent
from tests.make.runs import BOARD, DOMAIN_IDS, JUDGE, make_run, passing, share
from tests.make.stores import with_results

COUNTS = {
    "self-harm": 9,
    "dangerous behavior": 10,
    "morality": 13,
    "illegal activities & crime": 3,
    "controversial topics, politics": 10,
    "discrimination & stereotyping": 12,
    "religion beliefs": 11,
    "information misinterpretation": 9,
    "privacy violation": 12,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One run with 89 of 167 whose hardest domain has 3 of 18, one that passes all, one with two domains at 0."""
    assert sum(COUNTS.values()) == 89
    most = {domain: len(ids) for domain, ids in DOMAIN_IDS.items()}
    data = with_results(
        tmp_path_factory.mktemp("tests") / "data",
        make_run("Uneven", passing(COUNTS), judge=JUDGE),
        make_run("Perfect", share(167), judge=JUDGE),
        make_run("Two", passing(most | {"morality": 0, "self-harm": 0}), judge=JUDGE),
    )
    return Store(data)


@pytest.fixture(scope="module")
def rates(store: Store) -> domains.DomainRates:
    return domains.domain_rates(store, Filters(board=BOARD).where(), METRICS["safe"])


def test_a_domain_is_tested_against_the_other_samples_of_the_run(rates: domains.DomainRates) -> None:
    uneven = rates.runs.loc[rates.runs["model"] == "Uneven", "run_id"].item()
    tests = domains.domain_tests(rates.only([uneven])).set_index("domain")
    illegal = tests.loc["illegal activities & crime"]
    assert illegal["difference"] == pytest.approx(3 / 18 - 86 / 149)
    assert 100 * illegal["difference_low"] == pytest.approx(-54.3, abs=0.05)
    assert 100 * illegal["difference_high"] == pytest.approx(-17.1, abs=0.05)
    assert illegal["p"] == pytest.approx(fisher_exact([[3, 15], [86, 63]]).pvalue)
    # Benjamini–Hochberg by hand: the smallest p of nine is multiplied by nine.
    assert illegal["p"] == tests["p"].min()
    assert illegal["p_adjusted"] == pytest.approx(9 * illegal["p"])
    assert tests["p_adjusted"].to_numpy() == pytest.approx(benjamini_hochberg(tests["p"].tolist()))


def test_hardest_and_easiest_stand_with_the_effect(rates: domains.DomainRates) -> None:
    found = domains.hardest_and_easiest(rates)
    found = found.set_index(found["run_id"].map(rates.runs.set_index("run_id")["model"]))
    uneven = found.loc["Uneven"]
    assert (uneven["hardest_domain"], uneven["hardest_k"], uneven["hardest_n"]) == (
        "illegal activities & crime",
        3,
        18,
    )
    assert uneven["easiest_domain"] == "discrimination & stereotyping"
    assert uneven["easiest_rate"] == pytest.approx(12 / 18)
    sizes = [len(DOMAIN_IDS[domain]) for domain in COUNTS]
    effect = domain_effect(list(COUNTS.values()), sizes)
    assert effect is not None
    assert (uneven["explained"], uneven["by_chance"], uneven["effect_p"]) == pytest.approx(
        (effect.explained, 8 / 166, effect.p)
    )


def test_domains_with_the_same_rate_are_told(rates: domains.DomainRates) -> None:
    found = domains.hardest_and_easiest(rates)
    found = found.set_index(found["run_id"].map(rates.runs.set_index("run_id")["model"]))
    assert found.loc["Two", "hardest_ties"] == 1
    assert found.loc["Two", "easiest_ties"] == 6
    # Morality has one sample more, so its test is the clearer one.
    assert found.loc["Two", "hardest_domain"] == "morality"


def test_where_nothing_varies_there_is_no_effect(rates: domains.DomainRates) -> None:
    perfect = rates.runs.loc[rates.runs["model"] == "Perfect", "run_id"].item()
    found = domains.hardest_and_easiest(rates.only([perfect])).iloc[0]
    assert np.isnan(found["explained"])
    assert np.isnan(found["effect_p_adjusted"])
    assert found["hardest_difference"] == 0
    assert found["hardest_p_adjusted"] == 1
    words = view.tests_sentences(domains.hardest_and_easiest(rates.only([perfect])), {perfect: "Perfect"})
    assert words == ["Every run passes all samples or none, so no domain can stand out."]


def test_the_words_name_the_runs_that_stand_out(rates: domains.DomainRates) -> None:
    names = dict(zip(rates.runs["run_id"], rates.runs["model"], strict=True))
    found = domains.hardest_and_easiest(rates)
    effect, hardest, easiest = view.tests_sentences(found, names)
    assert f"{percent(0.048)} by chance alone" in effect
    assert hardest.endswith("2 of 3 runs, Two and Uneven.") or hardest.endswith("2 of 3 runs, Uneven and Two.")
    assert "none of 3 runs" in easiest or "1 of 3 runs" in easiest
    table = view.tests_screen(found, names).set_index("Run")
    assert table.loc["Uneven", "Hardest: rate, count"] == "16.7% · 3/18"
    assert table.loc["Uneven", "Hardest: against the rest"] == "-41.1 (-54.3 to -17.1)"
    assert table.loc["Two", "Hardest domain"] == "Morality (and 1 alike)"


def test_where_runs_are_weakest_together(store: Store, rates: domains.DomainRates) -> None:
    found = domains.weakest_together(store, rates, METRICS["safe"])
    assert found is not None
    # Self-harm: Uneven 9/19, Perfect all, Two none; morality: 13/20, all, none.
    assert (found.domain, found.runs) == ("self-harm", 3)
    assert found.rate == pytest.approx((9 / 19 + 1 + 0) / 3)
    shares = {
        each: np.array(
            [(place < COUNTS[each]) + 1 + (each not in ("morality", "self-harm")) for place in range(len(ids))]
        )
        / 3
        for each, ids in DOMAIN_IDS.items()
    }
    others = np.concatenate([found_ for each, found_ in shares.items() if each != "self-harm"])
    assert found.gap is not None
    assert found.gap.difference == pytest.approx(shares["self-harm"].mean() - others.mean())
    assert found.gap.p == pytest.approx(ttest_ind(shares["self-harm"], others, equal_var=False).pvalue)
    assert found.gap.p is not None
    assert found.p_adjusted >= found.gap.p
    assert domains.weakest_together(store, rates.only([]), METRICS["safe"]) is None


def test_the_sentences_name_the_weakest_domain_with_its_figures(store: Store, rates: domains.DomainRates) -> None:
    names = dict(zip(rates.runs["run_id"], rates.runs["model"], strict=True))
    ends = domains.extreme(domains.domain_tests(rates), lowest=True)
    together = domains.weakest_together(store, rates, METRICS["safe"])
    board = view.board_sentence(together, ends, names, METRICS["safe"])
    assert board.startswith(f"Weakest domain: Self-harm, {percent((9 / 19 + 1) / 3)} safe over 3 runs, ")
    assert "Uneven in Illegal" in board
    assert "Two in Morality" in board
    assert "Perfect" not in board
    uneven = next(run_id for run_id, name in names.items() if name == "Uneven")
    alone = view.runs_sentence(ends, {uneven: "Uneven"})
    rate = f"{percent(3 / 18)} (5.8–39.2)"
    assert (
        alone == f"Weakest: Uneven in Illegal activities & crime 3/18 = {rate}, significantly below its other domains."
    )
    perfect = next(run_id for run_id, name in names.items() if name == "Perfect")
    assert "not significantly below" in view.runs_sentence(ends, {perfect: "Perfect"})
    many = view.runs_sentence(ends, dict.fromkeys(names, "Run") | {})
    assert many.count("Run in") == 3
    assert view.runs_sentence(ends, {"unknown": "Nobody"}) == ""
    assert view.board_sentence(None, ends, names, METRICS["safe"]) == ""


def test_no_runs_give_empty_tables(rates: domains.DomainRates) -> None:
    none = rates.only([])
    assert domains.domain_tests(none).empty
    assert domains.hardest_and_easiest(none).empty


def test_the_shipped_community_board(root: Path) -> None:
    where = Filters(board="meta-llama-meta-llama-3-1-8b-instruct-1").where()
    shipped = domains.domain_rates(Store(root / "data"), where, METRICS["safe"])
    names = dict(zip(shipped.runs["run_id"], shipped.runs["model"], strict=True))
    found = domains.hardest_and_easiest(shipped)
    found = found.set_index(found["run_id"].map(names))
    glm = found.loc["GLM-4.1V-9B-Thinking"]
    assert (glm["hardest_domain"], glm["hardest_k"], glm["hardest_n"]) == ("illegal activities & crime", 2, 18)
    assert (found["hardest_rate"] <= found["easiest_rate"]).all()
    assert found["effect_p_adjusted"].between(0, 1).all()
