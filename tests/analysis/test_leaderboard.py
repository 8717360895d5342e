"""The leaderboard's figures against second computations: intervals, ranks, rank ranges, key figures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from siuo_dash.analysis import queries
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import key_figures, leaderboard, rank_ranges, run_labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run, share
from tests.make.stores import add, make_data

COMMUNITY = "meta-llama-meta-llama-3-1-8b-instruct-1"
BOARDS = ("human-3", COMMUNITY, "gpt-4o-mini-1", "gpt-4o-unstated")


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    return Store(root / "data")


@pytest.fixture(scope="module")
def community(root: Path) -> pd.DataFrame:
    """Model × sample, 1 = safe, read from the source and not through the store."""
    with (root / "data/sources/community_runs.csv").open(encoding="utf-8", newline="") as lines:
        frame = pd.DataFrame(csv.DictReader(lines)).astype({"safe": int, "question_id": int})
    return frame.pivot(index="model", columns="question_id", values="safe")


@pytest.mark.parametrize("board", [None, *BOARDS])
def test_intervals_are_wilsons(store: Store, board: str | None) -> None:
    frame = leaderboard(store, Filters(board=board), METRICS["safe"])
    for metric in METRICS:
        known = frame[frame[f"{metric}_n"] > 0]
        low, high = proportion_confint(known[f"{metric}_k"], known[f"{metric}_n"], method="wilson")
        np.testing.assert_allclose(known[f"{metric}_low"], low, atol=1e-12)
        np.testing.assert_allclose(known[f"{metric}_high"], high, atol=1e-12)
        unknown = frame[frame[f"{metric}_n"] == 0]
        assert unknown[[f"{metric}_rate", f"{metric}_low", f"{metric}_high"]].isna().all(axis=None)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("metric", METRICS)
def test_ranks_are_those_of_the_board_in_order(store: Store, board: str, metric: str) -> None:
    frame = leaderboard(store, Filters(board=board), METRICS[metric])
    expected = frame[f"{metric}_rate"].rank(method="min", ascending=False)
    pd.testing.assert_series_equal(frame["rank"].astype(float), expected.astype(float), check_names=False)
    assert frame["rank"].dropna().is_monotonic_increasing
    assert not frame["rank"].isna().to_numpy()[: frame["rank"].notna().sum()].any()  # runs without a rank come last


def test_no_ranks_across_boards(store: Store) -> None:
    frame = leaderboard(store, Filters(), METRICS["safe"])
    assert len(frame) == 98
    assert frame["rank"].isna().all()
    assert frame["model"].tolist() == sorted(frame["model"])


def test_a_filter_hides_rows_and_changes_no_rank(store: Store) -> None:
    whole = leaderboard(store, Filters(board="human-3"), METRICS["safe"]).set_index("run_id")["rank"]
    part = leaderboard(store, Filters(board="human-3", weights="open", size_high=9), METRICS["safe"])
    assert 0 < len(part) < len(whole)
    assert part["rank"].tolist() == whole[part["run_id"]].tolist()


# What 2,000 draws give for the shipped data; the same on every machine, whatever the files are called.
RANGES = {
    ("human-3", "safe"): [
        (1, 1, 3),
        (2, 1, 4),
        (3, 1, 4),
        (4, 3, 6),
        (5, 3, 6),
        (6, 3, 6),
        (7, 7, 11),
        (8, 7, 13),
        (9, 7, 13),
        (10, 7, 13),
        (10, 7, 13),
        (12, 7, 13),
        (13, 8, 13),
        (14, 13, 15),
        (15, 14, 15),
    ],
    (COMMUNITY, "safe"): [
        (1, 1, 3),
        (2, 1, 3),
        (3, 1, 4),
        (4, 3, 4),
        (5, 5, 7),
        (6, 5, 8),
        (7, 5, 9),
        (8, 6, 10),
        (9, 6, 10),
        (10, 9, 10),
    ],
    ("human-3", "mcqa"): [
        (1, 1, 2),
        (2, 1, 3),
        (3, 2, 6),
        (4, 2, 7),
        (5, 3, 9),
        (6, 3, 9),
        (7, 3, 10),
        (8, 5, 11),
        (9, 6, 11),
        (9, 5, 11),
        (11, 9, 11),
    ],
}


@pytest.mark.parametrize(("board", "metric"), RANGES)
def test_rank_ranges_are_the_same_everywhere(store: Store, board: str, metric: str) -> None:
    found = rank_ranges(store, board, METRICS[metric])
    assert list(zip(found["rank"], found["rank_low"], found["rank_high"], strict=True)) == RANGES[board, metric]
    again = rank_ranges(store, board, METRICS[metric])
    pd.testing.assert_frame_equal(found, again)


def test_paired_rank_ranges_by_another_bootstrap(store: Store, community: pd.DataFrame) -> None:
    found = rank_ranges(store, COMMUNITY, METRICS["safe"]).set_index("run_id")
    models = leaderboard(store, Filters(board=COMMUNITY), METRICS["safe"]).set_index("run_id")["model"]
    generator = np.random.default_rng(2)
    domain = community.columns.to_numpy() // 1000
    drawn = [
        generator.choice(np.flatnonzero(domain == block), (6000, (domain == block).sum())) for block in range(1, 10)
    ]
    rates = community.to_numpy()[:, np.concatenate(drawn, axis=1)].mean(axis=2)
    ranks = 1 + (rates[None, :, :] > rates[:, None, :]).sum(axis=1)
    low, high = np.percentile(ranks, [2.5, 97.5], axis=1, method="inverted_cdf")
    for place, model in enumerate(community.index):
        row = found.loc[models[models == model].index[0]]
        assert abs(row["rank_low"] - low[place]) <= 1
        assert abs(row["rank_high"] - high[place]) <= 1


def test_unpaired_rank_ranges_by_another_bootstrap(store: Store) -> None:
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"])
    found = rank_ranges(store, "human-3", METRICS["safe"])
    generator = np.random.default_rng(3)
    drawn = generator.binomial(167, frame["safe_rate"].to_numpy()[:, None], (15, 20_000))
    ranks = 1 + (drawn[None, :, :] > drawn[:, None, :]).sum(axis=1)
    low, high = np.percentile(ranks, [2.5, 97.5], axis=1, method="inverted_cdf")
    assert (found["run_id"] == frame["run_id"]).all()
    assert np.abs(found["rank_low"] - low).max() <= 1
    assert np.abs(found["rank_high"] - high).max() <= 1


def mid_p(b: int, c: int) -> float:
    """McNemar's mid-p, summed term by term."""
    few, n = min(b, c), b + c
    if not n or b == c:
        return 1.0
    return float(2 * sum(binom.pmf(i, n, 0.5) for i in range(few + 1)) - binom.pmf(few, n, 0.5))


def test_who_cannot_be_told_from_a_paired_leader(store: Store, community: pd.DataFrame) -> None:
    summary = key_figures(store, leaderboard(store, Filters(board=COMMUNITY), METRICS["safe"]), METRICS["safe"])
    leader = community.loc["Phi-3.5-Vision-Instruct"]
    others = community.drop(index="Phi-3.5-Vision-Instruct")
    p = [mid_p(int((leader > row).sum()), int((row > leader).sum())) for _, row in others.iterrows()]
    adjusted = multipletests(p, method="holm")[1]
    alike = {model for model, value in zip(others.index, adjusted, strict=True) if value >= 0.05}
    assert set(summary.like_leader_paired) == alike
    assert summary.like_leader_unpaired == ()
    assert (summary.runs, summary.rated, summary.best, summary.below_half) == (10, 10, "Phi-3.5-Vision-Instruct", 2)
    assert summary.median == pytest.approx((98 + 96) / 2 / 167)


def test_who_cannot_be_told_from_a_leader_known_by_totals(store: Store) -> None:
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"])
    summary = key_figures(store, frame, METRICS["safe"])
    alike = {
        row.model
        for row in frame.iloc[1:].itertuples()
        if confint_proportions_2indep(89, 167, row.safe_k, 167, method="newcomb", compare="diff")[0] <= 0
    }
    assert set(summary.like_leader_unpaired) == alike
    assert summary.like_leader_paired == ()
    # The announcement says 13 of 15 below one half and a median of 23.65%; the table's own counts give this.
    assert (summary.below_half, f"{100 * (summary.median or 0):.2f}") == (12, "24.55")
    assert summary.best_rate is not None
    assert (summary.best, summary.best_rate.k, summary.best_rate.n) == ("GPT-4V(ision)", 89, 167)


def test_a_mixed_board_pairs_only_what_can_be_paired(tmp_path: Path) -> None:
    data = make_data(
        tmp_path / "data",
        make_run("Leader", share(120)),
        make_run("Near", [*share(115, 120), *share(4, 47)]),
        make_run("Far", share(20)),
        make_run("Near, counts only", share(112), totals=True),
        make_run("Far, counts only", share(30), totals=True),
    )
    store = Store(data)
    summary = key_figures(store, leaderboard(store, Filters(board="human-3"), METRICS["safe"]), METRICS["safe"])
    assert (summary.best, summary.like_leader_paired, summary.like_leader_unpaired) == (
        "Leader",
        ("Near",),
        ("Near, counts only",),
    )


def test_figures_of_a_view_without_the_metric(store: Store) -> None:
    frame = leaderboard(store, Filters(board=COMMUNITY), METRICS["mcqa"])
    summary = key_figures(store, frame, METRICS["mcqa"])
    assert (summary.runs, summary.rated, summary.best, summary.median) == (10, 0, None, None)
    assert rank_ranges(store, COMMUNITY, METRICS["mcqa"]).empty


@pytest.fixture(scope="module")
def partial(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(
        make_data(
            tmp_path_factory.mktemp("partial") / "data",
            make_run("Whole", share(100)),
            make_run("Ungraded", [None, *share(166, 166)]),
            make_run("Ten samples", share(10, 10)),
            make_run("Ten counted", share(9, 10), totals=True),
            make_run("Never graded", [None] * 167),
        )
    )


def test_partial_runs_are_ranked_only_when_asked(partial: Store) -> None:
    frame = leaderboard(partial, Filters(board="human-3"), METRICS["safe"])
    assert frame.set_index("model")["rank"].dropna().to_dict() == {"Whole": 1}
    asked = leaderboard(partial, Filters(board="human-3"), METRICS["safe"], rank_partial=True)
    assert asked.set_index("model")["rank"].dropna().to_dict() == {
        "Ungraded": 1,
        "Ten samples": 1,
        "Ten counted": 3,
        "Whole": 4,
    }
    assert frame.set_index("model")["safe_n"].to_dict() == {
        "Whole": 167,
        "Ungraded": 166,
        "Ten samples": 10,
        "Ten counted": 10,
        "Never graded": 0,
    }
    ranges = rank_ranges(partial, "human-3", METRICS["safe"], rank_partial=True)
    assert sorted(ranges["rank"]) == [1, 1, 3, 4]
    assert len(rank_ranges(partial, "human-3", METRICS["safe"])) == 1


def test_other_files_and_orders_give_the_same_ranges(tmp_path: Path) -> None:
    runs = [make_run(f"Model {place}", share(60 + 4 * place)[:: 1 if place % 2 else -1]) for place in range(6)]
    first = rank_ranges(Store(make_data(tmp_path / "a", *runs)), "human-3", METRICS["safe"])
    data = make_data(tmp_path / "b", *runs[:3])
    store = Store(data)
    for run in reversed(runs[3:]):
        add(data, run)
        store.refresh()
    pd.testing.assert_frame_equal(first, rank_ranges(store, "human-3", METRICS["safe"]))


def test_labels_are_unique_and_the_first_of_a_name_keeps_its_own(tmp_path: Path) -> None:
    data = make_data(
        tmp_path / "data",
        make_run("GPT-4o", share(10), judge="gpt-4o (sees the answer)"),
        make_run("GPT-4o", share(11), judge="openai/gpt-4o"),
        shipped=True,
    )
    store = Store(data)
    labels = run_labels(store)
    assert len(set(labels.values())) == len(labels) == 100
    assert (
        labels[queries.RUNS.run(store, where=Filters(board="human-3", search="GPT-4o").where())["run_id"].iloc[0]]
        == "GPT-4o · human"
    )
    assert sum(label == "GPT-4o · gpt-4o" for label in labels.values()) == 1
    assert sum(label.startswith("GPT-4o · gpt-4o · ") for label in labels.values()) == 1
