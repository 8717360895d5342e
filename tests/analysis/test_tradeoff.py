"""Safe against effective: outcomes, regions, frontier; hand-made, published, and once more in pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.stats.frontier import JointTotals, frontier_share
from siuo_dash.analysis.tradeoff import OUTCOMES, frontier_shares, outcome_counts, regions, tradeoff
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import counted, make_run, run_id_of, share
from tests.make.stores import shipped, store_of

SAFE = METRICS["safe"]
HUMAN = Filters(board="human-3")


@pytest.fixture(scope="module")
def paper() -> Store:
    return shipped()


def test_the_papers_outcomes_follow_from_its_counts(paper: Store) -> None:
    frame = tradeoff(paper, HUMAN, SAFE).set_index("model")
    assert len(frame) == 15
    four = frame[["both", "safe_only", "effective_only", "neither"]]
    assert four.loc["GPT-4V(ision)"].tolist() == [39, 50, 77, 1]
    assert four.loc["InstructBLIP2-T5-XL"].tolist() == [3, 11, 83, 70]
    assert (four.sum(axis=1) == 167).all()
    assert (frame[["apart", "unplaced"]] == 0).all(axis=None)


def test_the_papers_frontier(paper: Store) -> None:
    frame = tradeoff(paper, HUMAN, SAFE)
    # Safe 53.29, 52.10, 50.90 and Effective 69.46, 91.62, 95.81: each step down in one is a step up in the other.
    assert frame.loc[frame["frontier"], "model"].tolist() == ["GPT-4V(ision)", "Gemini 1.5 Pro", "GPT-4o"]
    assert frame["region"].value_counts().to_dict() == {"effective": 11, "both": 3, "neither": 1}
    assert frame.loc[frame["region"] == "neither", "model"].item() == "InstructBLIP2-13B"


def test_runs_without_effectiveness_are_kept_and_not_placed(paper: Store) -> None:
    frame = tradeoff(paper, Filters(board="gpt-4o-mini-1"), SAFE)
    assert len(frame) == 26
    assert not frame[["judged", "counted", "frontier"]].any(axis=None)
    assert frame["region"].isna().all()
    assert frame["both"].isna().all()
    assert frontier_shares(paper, "gpt-4o-mini-1").empty


def test_outcomes_by_sample_the_same_in_pandas(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    runs = []
    for number in range(6):
        safe, effective = (rng.random(167) < 0.5, rng.random(167) < 0.7)
        both = safe & effective & (rng.random(167) < 0.8)
        lists = [
            [None if open_ else bool(v) for v, open_ in zip(values, rng.random(167) < 0.05, strict=True)]
            for values in (safe, effective, both)
        ]
        runs.append(make_run(f"M{number}", *lists))
    made = store_of(tmp_path, *runs)
    found = outcome_counts(made, "human-3").set_index("run_no").sort_index()
    rows = made.frame("SELECT * FROM verdicts WHERE task = 'generation'")
    kinds = pd.DataFrame(
        {
            "run_no": rows["run_no"],
            "both": rows["safe_and_effective"].eq(True).fillna(False),
            "apart": (rows["safe"] & rows["effective"] & ~rows["safe_and_effective"]).fillna(False),
            "safe_only": (rows["safe"] & ~rows["effective"]).fillna(False),
            "effective_only": (~rows["safe"] & rows["effective"]).fillna(False),
            "neither": (~rows["safe"] & ~rows["effective"]).fillna(False),
        }
    )
    again = kinds.groupby("run_no").sum().astype("Int64").sort_index()
    pd.testing.assert_frame_equal(found[list(again.columns)], again, check_index_type=False)
    assert (found[list(OUTCOMES)].sum(axis=1) == found["samples"]).all()
    assert found["unplaced"].gt(0).all()
    assert found["apart"].gt(0).all()


def test_safe_and_effective_but_never_together_is_an_outcome_of_its_own(tmp_path: Path) -> None:
    # Three responses [safe 1,1,0] and [effective 0,1,1]: both majorities pass, their AND does not.
    made = store_of(tmp_path, make_run("A", [True, True, False], [True, True, False], [False, True, False]))
    row = outcome_counts(made, "human-3").iloc[0]
    assert {name: int(row[name]) for name in OUTCOMES} == {
        "both": 1,
        "apart": 1,
        "safe_only": 0,
        "effective_only": 0,
        "neither": 1,
        "unplaced": 0,
    }


def test_partial_runs_are_drawn_but_no_part_of_the_frontier_unless_asked(tmp_path: Path) -> None:
    made = store_of(tmp_path, counted("Whole", 80, 10, 70, 7), counted("Partial", 20, 0, 0, 0))
    strict = tradeoff(made, HUMAN, SAFE).set_index("model")
    assert strict.loc["Partial", ["judged", "complete", "counted", "frontier"]].tolist() == [True, False, False, False]
    assert strict.loc["Whole", "frontier"]
    asked = tradeoff(made, HUMAN, SAFE, rank_partial=True).set_index("model")
    assert asked.loc["Partial", "frontier"]
    assert not asked.loc["Whole", "frontier"]


def test_a_filter_hides_runs_and_never_moves_the_frontier(tmp_path: Path) -> None:
    made = store_of(
        tmp_path,
        counted("Best", 150, 5, 5, 7, open_weights=False),
        counted("Second", 100, 20, 20, 27, open_weights=True),
    )
    frame = tradeoff(made, Filters(board="human-3", weights="open"), SAFE)
    assert frame["model"].tolist() == ["Second"]
    assert not frame["frontier"].any()


def test_the_multiple_choice_board_mixes_no_judges(tmp_path: Path) -> None:
    run = make_run("A", share(80), share(90), share(60), mcqa=share(70))
    made = store_of(tmp_path, run, make_run("B", mcqa=share(50), judge="exact match", responses_per_sample=1))
    frame = tradeoff(made, Filters(board="exact-match-1"), SAFE)
    assert frame["model"].tolist() == ["B"]
    assert not frame["judged"].any()


def test_regions_are_cut_at_one_half() -> None:
    safe, effective = pd.Series([0.5, 0.5, 0.49, 0.49, np.nan]), pd.Series([0.5, 0.49, 0.5, 0.49, 0.9])
    assert regions(safe, effective).tolist() == ["both", "safe", "effective", "neither", None]


def test_shares_of_draws(tmp_path: Path) -> None:
    made = store_of(
        tmp_path,
        counted("Leader", 160, 2, 3, 2, totals=False),
        counted("Beaten", 60, 10, 10, 87, totals=False),
        counted("Totals", 70, 10, 10, 77),
    )
    frame = tradeoff(made, HUMAN, SAFE).merge(frontier_shares(made, "human-3"), on="run_id").set_index("model")
    assert frame["share"].to_dict() == {"Leader": 1.0, "Beaten": 0.0, "Totals": 0.0}
    pd.testing.assert_frame_equal(frontier_shares(made, "human-3"), frontier_shares(made, "human-3"))


def test_shares_are_those_of_the_statistics(paper: Store) -> None:
    frame = tradeoff(paper, HUMAN, SAFE)
    totals = {
        row.run_id: JointTotals(int(row.safe_k), int(row.effective_k), int(row.both), 167) for row in frame.itertuples()
    }
    again = frontier_share(frame["run_id"].tolist(), np.empty((15, 0)), np.empty((15, 0)), [], totals)
    found = frontier_shares(paper, "human-3")
    assert dict(zip(found["run_id"], found["share"], strict=True)) == {item.run_id: item.share for item in again}
    # GPT-4o loses its place in few draws; nobody on the frontier is sure of it.
    shares = found.set_index("run_id")["share"]
    assert 0.9 < shares[frame.loc[frame["model"] == "GPT-4o", "run_id"].item()] < 1


def test_the_matrix_of_outcomes(tmp_path: Path) -> None:
    run = make_run("A", [True, False, None])
    made = store_of(tmp_path, run, counted("Totals", 1, 0, 0, 0))
    runs = made.frame("SELECT * FROM runs WHERE run_id = ?", [run_id_of(run)])
    samples = queries.samples_of(made)["question_id"]
    matrix = queries.outcome_matrix(made, SAFE, runs["run_no"], samples)
    assert matrix.shape == (1, 167)
    assert matrix[0, :2].tolist() == [1.0, 0.0]
    assert np.isnan(matrix[0, 2:]).all()
