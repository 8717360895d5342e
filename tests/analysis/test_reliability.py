"""Repeated responses, samples and health: hand-worked, and pandas beside SQL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siuo_dash.analysis import reliability
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.stats.responses import single_response_rate
from siuo_dash.benchmark.schema import FLAGS, METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import ALPHA, BETA, GAMMA, IDS, judged_run, make_run, run_id_of, share
from tests.make.stores import demo, store_of

SAFE = METRICS["safe"]
BOARD = "gpt-4o-2024-08-06-3"


def _three(*marks: str) -> dict[int, list[bool | None]]:
    """'110' is a sample whose first two responses pass; '-' is ungraded."""
    return {each: [{"1": True, "0": False, "-": None}[m] for m in mark] for each, mark in zip(IDS, marks, strict=False)}


def test_the_mix_of_responses_by_hand(tmp_path: Path) -> None:
    """3/3, 2/3, 0/3, 0/3: one response would have given 5/12 on average, standard deviation √(2/9)/4."""
    table = judged_run(ALPHA, "human", _three("111", "101", "000", "000"))
    frame = reliability.mixes(store_of(tmp_path, table), "human-3", SAFE)
    (row,) = frame.itertuples()
    assert (row.run_id, row.responses, row.counts) == (run_id_of(table), 3, (2, 0, 1, 1))
    assert (row.incomplete, row.ungraded, row.other, row.stable) == (0, 0, 0, 0.75)
    assert (row.k, row.n) == (2, 4), "the majority passes the first two"
    assert row.mean == pytest.approx(5 / 12) and row.sd == pytest.approx(np.sqrt(2 / 9) / 4)
    assert (row.low, row.high) == (0.25, 0.5)


def test_ungraded_responses_and_other_numbers_of_responses_are_told_apart(tmp_path: Path) -> None:
    table = judged_run(ALPHA, "human", _three("111", "11-", "---", "000", "11"), responses_per_sample=3)
    (row,) = reliability.mixes(store_of(tmp_path, table), "human-3", SAFE).itertuples()
    assert row.counts == (1, 0, 0, 1) and (row.incomplete, row.ungraded, row.other) == (1, 1, 1)
    assert (row.k, row.n) == (2, 3)


def test_one_response_has_nothing_to_agree_on(tmp_path: Path) -> None:
    single = judged_run(ALPHA, "human", {1001: True}, responses_per_sample=3)
    several = judged_run(BETA, "human", _three("110"))
    known = make_run(GAMMA, share(2, 9), totals=True)
    store = store_of(tmp_path, single, several, known)
    assert reliability.mixes(store, "human-3", SAFE)["model"].tolist() == [BETA]
    assert reliability.mixes_by_domain(store, "human-3", SAFE)["counts"].tolist() == [(0, 0, 1, 0)]
    assert reliability.mixes(store, "human-3", METRICS["effective"]).empty
    assert reliability.boards_with_responses(store, SAFE) == ["human-3"]
    assert reliability.boards_with_responses(store, METRICS["effective"]) == []


def test_the_and_of_a_response_counts_not_the_and_of_majorities(tmp_path: Path) -> None:
    """safe 110 and effective 011: only the second response is both, so 1/3."""
    table = judged_run(ALPHA, "human", {1001: [(True, False), (True, True), (False, True)]})
    (row,) = reliability.mixes(store_of(tmp_path, table), "human-3", METRICS["safe_and_effective"]).itertuples()
    assert row.counts == (0, 1, 0, 0) and (row.k, row.n) == (0, 1)


def test_domains_sum_to_the_run_and_runs_to_the_board(tmp_path: Path) -> None:
    store = Store(demo(tmp_path))
    frame = reliability.mixes(store, BOARD, SAFE)
    assert frame["stable"].is_monotonic_increasing and len(frame) == 5
    first = frame.iloc[0]
    by_domain = reliability.mixes_by_domain(store, BOARD, SAFE, first["run_id"])
    assert tuple(np.sum(by_domain["counts"].tolist(), axis=0)) == first["counts"]
    assert (by_domain["k"].sum(), by_domain["n"].sum()) == (first["k"], first["n"])
    everything = reliability.mixes_by_domain(store, BOARD, SAFE)
    assert np.sum(everything["counts"].tolist()) == sum(sum(counts) for counts in frame["counts"])
    votes = pd.read_parquet(tmp_path / "results.parquet", columns=["run_id", "task", "responses"])
    votes = votes[(votes["run_id"] == first["run_id"]) & (votes["task"] == "generation")]
    passing = votes["responses"].map(lambda each: sum(response["safe"] for response in each))
    assert first["counts"] == tuple(int((passing == count).sum()) for count in range(4))
    matrix = np.array([[bool(response["safe"]) for response in each] for each in votes["responses"]], dtype=float)
    single = single_response_rate(matrix)
    assert single is not None and first["mean"] == pytest.approx(single.mean)
    assert (first["low"], first["high"]) == (single.low, single.high)


def test_samples_by_hand(tmp_path: Path) -> None:
    """Four runs; 1001 is passed by the two better ones, 1003 by all, 1004 by nobody; 1002 is graded in three."""
    outcomes = {ALPHA: "1110", BETA: "1110", GAMMA: "0-10", "Delta": "0010"}
    flags = {
        GAMMA: {1004: ["cut_off"]},
        "Delta": {1004: ["cut_off", "empty"], 1001: ["empty"]},
        ALPHA: {1004: ["empty"]},
    }
    tables = [
        judged_run(model, "human", _three(*marks), flags=flags.get(model), responses_per_sample=1)
        for model, marks in outcomes.items()
    ]
    elsewhere = judged_run("Other", "gpt-4o", _three(*"0001"), flags={1001: ["empty"]})
    store = store_of(tmp_path, *tables, elsewhere, make_run("Totals", share(2, 9), totals=True, responses_per_sample=1))
    figures = reliability.sample_figures(store, "human-1", SAFE)
    frame = figures.set_index("question_id")
    assert frame[["k", "n", "runs"]].to_numpy().tolist() == [[2, 4, 4], [2, 3, 4], [4, 4, 4], [0, 4, 4]]
    assert frame["rate"].tolist() == pytest.approx([0.5, 2 / 3, 1, 0])
    # 1001: the other rates of the four runs are 2/3, 2/3, 1/2, 1/3.
    expected = np.corrcoef([1, 1, 0, 0], [2 / 3, 2 / 3, 1 / 2, 1 / 3])[0, 1]
    assert frame["discrimination"].loc[1001] == pytest.approx(expected)
    assert frame["discrimination"].isna().tolist() == [False, False, True, True]
    assert frame["flagged"].tolist() == [1, 0, 0, 3] and frame["dominated"].tolist() == [False, False, False, True]
    assert frame["flags"].loc[1004] == {"cut_off": 2, "empty": 2}
    by_flag = reliability.counted_by(figures, "cut_off").set_index("question_id")
    assert by_flag["flagged"].tolist() == [0, 0, 0, 2]
    assert not by_flag["dominated"].any(), "half is not more than half"
    assert reliability.flags_in_use(figures) == ["empty", "cut_off"]
    assert reliability.sample_figures(store, "nowhere", SAFE).empty


def test_multiple_choice_takes_in_every_run_that_answered_it(tmp_path: Path) -> None:
    first = judged_run(ALPHA, "human", {1001: True}, answers={1001: "A", 1002: "B"})
    second = judged_run(BETA, "gpt-4o", {1001: True}, answers={1001: "A", 1002: None})
    frame = reliability.sample_figures(store_of(tmp_path, first, second), "exact-match-1", METRICS["mcqa"])
    assert frame[["question_id", "k", "n"]].to_numpy().tolist() == [[1001, 2, 2], [1002, 0, 2]]
    assert reliability.sample_figures(Store(tmp_path), "exact-match-1", SAFE).empty, "their judges are not one board"


def test_figures_do_not_depend_on_the_order_of_the_runs(tmp_path: Path) -> None:
    tables = [
        judged_run(f"Model {place}", "human", _three(*np.binary_repr(place * 37 % 64, 6))) for place in range(1, 7)
    ]
    there = reliability.sample_figures(store_of(tmp_path / "a", *tables), "human-1", SAFE)
    back = reliability.sample_figures(store_of(tmp_path / "b", *reversed(tables)), "human-1", SAFE)
    pd.testing.assert_frame_equal(there, back)


def test_the_limit_of_chance() -> None:
    """The 5% critical value of a correlation over 10 pairs is .632, over 30 pairs .361 (Fisher & Yates)."""
    assert reliability.chance_limit(10) == pytest.approx(0.632, abs=5e-4)
    assert reliability.chance_limit(30) == pytest.approx(0.361, abs=5e-4)
    assert reliability.chance_limit(2) is None


def test_health_by_hand(tmp_path: Path) -> None:
    flags = {1001: ["empty", "cut_off"], 1002: ["cut_off"]}
    faulty = judged_run(ALPHA, "human", {1001: True, 1002: False, 1003: True, 1004: None}, flags=flags)
    clean = judged_run(BETA, "gpt-4o", {1001: True})
    store = store_of(tmp_path, faulty, clean, make_run(GAMMA, share(2, 9), totals=True))
    frame = reliability.health(store, Filters(), SAFE)
    assert frame["model"].tolist() == [ALPHA, BETA]
    row = frame.iloc[0]
    assert (row["samples"], row["flagged"], row["empty"], row["cut_off"], row["error_message"]) == (4, 2, 1, 2, 0)
    assert (row["k"], row["n"], row["clean_k"], row["clean_n"]) == (2, 3, 1, 1)
    assert frame.iloc[1][list(FLAGS)].sum() == 0
    assert reliability.health(store, Filters(board="gpt-4o-1"), SAFE)["model"].tolist() == [BETA]
    assert reliability.health(store, Filters(evidence=("totals",)), SAFE).empty
    unjudged = reliability.health(store, Filters(), METRICS["effective"]).iloc[0]
    assert (unjudged["n"], unjudged["clean_n"], unjudged["flagged"]) == (0, 0, 2)


def test_the_health_of_the_shipped_runs(root: Path) -> None:
    """Design §6: GLM-4.1V-9B-Thinking has 14 error messages and 138 unclosed reasonings among 167."""
    frame = reliability.health(Store(root / "data"), Filters(search="GLM-4.1V"), SAFE)
    assert frame[["samples", "error_message", "unclosed_reasoning"]].to_numpy().tolist() == [[167, 14, 138]]
