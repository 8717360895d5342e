"""One baseline against many: every row is the comparison of two, sorted, and adjusted as one family."""

from __future__ import annotations

from pathlib import Path

import pytest
from statsmodels.stats.multitest import multipletests

from siuo_dash.analysis.baseline import against_baseline, runs_on_offer
from siuo_dash.analysis.comparison import compare, side
from siuo_dash.analysis.filters import Filters, of_runs
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import ALPHA, BETA, GAMMA, IDS, judged_run, make_run, run_id_of, share
from tests.make.stores import demo, store_of

SAFE = METRICS["safe"]
BOARD = "gpt-4o-2024-08-06-3"


def test_every_row_is_the_comparison_of_two_and_holm_adjusts_the_family(tmp_path: Path) -> None:
    store = Store(demo(tmp_path))
    runs = store.frame("SELECT run_id FROM runs WHERE board = ? ORDER BY run_id", [BOARD])["run_id"].tolist()
    frame = against_baseline(store, side(store, runs[0]), SAFE, Filters(board=BOARD).where())
    assert sorted(frame["run_id"]) == runs[1:]
    assert frame["difference"].is_monotonic_decreasing
    for row in frame.itertuples():
        found = compare(store, row.run_id, runs[0]).overall["safe"]
        assert found is not None and found.table is not None and row.paired
        assert (row.difference, row.p) == (pytest.approx(found.difference), pytest.approx(found.p))
        assert (row.low, row.high) == (pytest.approx(found.interval.low), pytest.approx(found.interval.high))
        assert (row.run_only, row.baseline_only) == (found.table.first_only, found.table.second_only)
        assert (row.run_k, row.run_n, row.base_k) == (found.first.k, found.first.n, found.second.k)
    assert frame["p_holm"].tolist() == pytest.approx(list(multipletests(frame["p"], method="holm")[1]))


def test_totals_are_compared_unpaired_in_the_same_family(tmp_path: Path) -> None:
    base = judged_run(ALPHA, "human", {each: place < 89 for place, each in enumerate(IDS)})
    other = judged_run(BETA, "human", {each: place < 80 for place, each in enumerate(IDS)})
    known = make_run(GAMMA, share(68), totals=True, responses_per_sample=1)
    store = store_of(tmp_path, base, other, known)
    frame = against_baseline(store, side(store, run_id_of(base)), SAFE, Filters(board="human-1").where())
    assert frame["model"].tolist() == [BETA, GAMMA] and frame["paired"].tolist() == [True, False]
    assert frame["run_only"].isna().tolist() == [False, True]
    assert round(100 * frame["high"].iloc[1], 2) == -1.87 and round(100 * frame["low"].iloc[1], 2) == -22.88
    # From the totals' side nothing can be paired.
    frame = against_baseline(store, side(store, run_id_of(known)), SAFE, Filters(board="human-1").where())
    assert not frame["paired"].any() and frame["difference"].tolist() == pytest.approx([21 / 167, 12 / 167])


def test_a_run_without_the_metric_stays_last_and_is_no_part_of_the_family(tmp_path: Path) -> None:
    votes = {each: place % 2 == 0 for place, each in enumerate(IDS)}
    base = judged_run(ALPHA, "human", {each: [(passed, passed)] for each, passed in votes.items()})
    judged = judged_run(BETA, "human", {each: [(passed, False)] for each, passed in votes.items()})
    unjudged = judged_run(GAMMA, "human", votes)
    store = store_of(tmp_path, base, judged, unjudged)
    frame = against_baseline(
        store, side(store, run_id_of(base)), METRICS["effective"], Filters(board="human-1").where()
    )
    assert frame["model"].tolist() == [BETA, GAMMA]
    assert frame["p_holm"].iloc[0] == frame["p"].iloc[0] and frame["p_holm"].isna().iloc[1]
    assert frame["difference"].isna().tolist() == [False, True]


def test_chosen_runs_may_be_of_any_board_and_the_baseline_is_left_out(tmp_path: Path) -> None:
    runs = [
        judged_run(model, judge, {1001: True, 1002: model == BETA})
        for model, judge in ((ALPHA, "human"), (BETA, "gpt-4o"))
    ]
    store = store_of(tmp_path, *runs)
    base = side(store, run_id_of(runs[0]))
    frame = against_baseline(store, base, SAFE, of_runs([run_id_of(each) for each in runs]))
    assert frame["model"].tolist() == [BETA] and frame["difference"].tolist() == [0.5]
    assert against_baseline(store, base, SAFE, of_runs([])).empty
    assert against_baseline(store, base, SAFE, Filters(board="human-1").where()).empty


def test_the_offer_is_bounded_and_has_per_sample_runs_first(tmp_path: Path) -> None:
    first = make_run("A", share(1, 3), totals=True, responses_per_sample=1)
    second = judged_run("B", "human", {1001: True})
    third = judged_run("C", "gpt-4o", {1001: True})
    store = store_of(tmp_path, first, second, third)
    assert runs_on_offer(store, "human-1", 500) == [run_id_of(second), run_id_of(first)]
    assert runs_on_offer(store, None, 2) == [run_id_of(second), run_id_of(third)]
