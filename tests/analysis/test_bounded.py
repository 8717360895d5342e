"""Figures over more runs than one is made of: near the exact ones, the same everywhere, and of a bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.stores import make_store
from siuo_dash.analysis import bounded, leaderboard, preview, queries, reliability, tradeoff
from siuo_dash.analysis.board_list import find_board
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings import leaders
from siuo_dash.analysis.findings.statement import board_view
from siuo_dash.analysis.preview import Candidate
from siuo_dash.analysis.stats.association import discrimination
from siuo_dash.analysis.stats.frontier import nearest, pareto
from siuo_dash.analysis.stats.ranking import competition_rank
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run, random_runs, share
from tests.make.stores import store_of

RUNS, SAMPLES, PART = 600, 269, 300
BOARD, SAFE = "judge-0-3", METRICS["safe"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """600 runs on one board, each with a verdict for each of 269 samples."""
    return Store(make_store(tmp_path_factory.mktemp("many") / "data", RUNS, judges=1))


@pytest.fixture(scope="module")
def exact(store: Store) -> dict[str, Any]:
    """Every figure, of all runs."""
    return figures(store)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """One figure is made of the outcomes of 300 runs; how many rows each question brings from the engine."""
    monkeypatch.setattr(bounded, "MOST_OUTCOMES", PART * SAMPLES)
    brought, ask = list[int](), Store.frame

    def counted(self: Store, sql: str, values: Any = ()) -> pd.DataFrame:
        brought.append(len(frame := ask(self, sql, values)))
        return frame

    monkeypatch.setattr(Store, "frame", counted)
    yield brought
    assert max(brought) <= PART * SAMPLES, "more rows than a figure may be made of"


def candidate(store: Store, *, passes: bool = True) -> Candidate:
    """A run that passes every second sample, or none."""
    verdicts: dict[int, bool | None] = {
        each.question_id: passes and place % 2 == 0 for place, each in enumerate(store.catalogue.samples)
    }
    return Candidate(BOARD, SAMPLES, {"safe": verdicts})


def figures(store: Store) -> dict[str, Any]:
    view = board_view(store, find_board(store, BOARD), SAFE)
    return {
        "ranges": leaderboard.rank_ranges(store, BOARD, SAFE),
        "own": preview.rank_range(store, candidate(store), SAFE),
        "shares": tradeoff.frontier_shares(store, BOARD).set_index("run_id")["share"],
        "median": leaders.median_interval(view),
        "said": [each.caveat for each in leaders.level(view) if each.id == "median"],
    }


def test_up_to_the_size_nothing_changes(store: Store, exact: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_OUTCOMES", RUNS * SAMPLES)
    found = figures(store)
    pd.testing.assert_frame_equal(found["ranges"], exact["ranges"])
    pd.testing.assert_series_equal(found["shares"], exact["shares"])
    assert [found[name] for name in ("own", "median", "said")] == [exact[name] for name in ("own", "median", "said")]
    assert "at random" not in exact["said"][0] and exact["ranges"].notna().all().all() and exact["shares"].notna().all()


def test_rank_ranges_of_the_best_are_nearly_exact(store: Store, exact: dict[str, Any], rows: list[int]) -> None:
    middle = str(exact["ranges"]["run_id"].iloc[400])
    found, every = leaderboard.rank_ranges(store, BOARD, SAFE, also=middle), exact["ranges"]
    assert found["run_id"].tolist() == every["run_id"].tolist() and found["rank"].tolist() == every["rank"].tolist()
    given = found[found["rank_low"].notna()].index.tolist()
    assert given == [*range(150), 400], "the best half of 300, and the one that was asked for"
    # Nobody of the others reaches the first: they are compared with all that matter.
    apart = (found.loc[given, ["rank_low", "rank_high"]] - every.loc[given, ["rank_low", "rank_high"]]).abs()
    assert apart.loc[:49].max().max() <= 3 and 0 < apart.loc[:149].max().max() <= 20
    # 150 of 450 others each stand for three: a share of half of them has the standard error 450 · √(¼/150 · ⅔) = 15.
    assert apart.loc[400].max() <= 4 * 15
    assert found.loc[400, "rank_low"] < found.loc[400, "rank"] < found.loc[400, "rank_high"]
    assert leaderboard.rank_ranges(store, BOARD, SAFE)["rank_low"].notna().sum() == 150


def test_the_worst_run_has_the_last_ranks(store: Store, exact: dict[str, Any], rows: list[int]) -> None:
    worst = exact["ranges"].iloc[-1]
    found = leaderboard.rank_ranges(store, BOARD, SAFE, also=str(worst["run_id"])).iloc[-1]
    assert found["rank"] == worst["rank"] and found["rank_low"] <= found["rank"]
    assert abs(found["rank_low"] - worst["rank_low"]) <= 4 * 15 and found["rank_high"] == worst["rank_high"] == RUNS
    assert preview.rank_range(store, candidate(store, passes=False), SAFE) == (RUNS + 1, RUNS + 1)


def test_a_candidates_rank_range_is_within_the_error_of_the_sample(
    store: Store, exact: dict[str, Any], rows: list[int]
) -> None:
    found = preview.rank_range(store, candidate(store), SAFE)
    assert found is not None and found != exact["own"]
    assert all(abs(mine - theirs) <= 4 * 15 for mine, theirs in zip(found, exact["own"], strict=True))


def test_shares_are_those_among_the_runs_nearest_to_the_frontier(
    store: Store, exact: dict[str, Any], rows: list[int]
) -> None:
    found, every = tradeoff.frontier_shares(store, BOARD).set_index("run_id")["share"], exact["shares"]
    assert found.index.tolist() == every.index.tolist() and found.notna().sum() == PART
    assert every[found.isna()].max() < 0.005, "what is left out is hardly ever on it"
    assert (found.dropna() - every[found.notna()]).abs().max() < 0.01 and every.max() > 0.2


def test_the_median_is_drawn_from_a_sample_and_says_so(store: Store, exact: dict[str, Any], rows: list[int]) -> None:
    view = board_view(store, find_board(store, BOARD), SAFE)
    found, (said,) = leaders.median_interval(view), [each for each in leaders.level(view) if each.id == "median"]
    assert said.caveat.endswith("It is drawn from 300 of 600 runs, chosen at random.")
    # The median of 300 of 600 rates of this spread: 1.25 · sd / √300 · √½.
    error = 1.25 * float(view.runs["safe_rate"].std()) / PART**0.5 * 0.5**0.5
    assert abs(found.low - exact["median"].low) < 4 * error and abs(found.high - exact["median"].high) < 4 * error


def test_discrimination_is_counted_in_the_engine_exactly(store: Store, rows: list[int]) -> None:
    figures = reliability.sample_figures(store, BOARD, SAFE)
    assert max(rows) <= 10 * SAMPLES, "a row a sample and number of graded samples, whatever the number of runs"
    where = Filters(board=BOARD).where()
    wide = queries.OUTCOMES.run(store, metric=SAFE, where=where).pivot(
        index="run_no", columns="question_id", values="outcome"
    )
    np.testing.assert_allclose(figures["discrimination"], discrimination(wide[figures["question_id"]]), atol=1e-12)
    assert figures["discrimination"].std() > 0.01
    rows.clear()  # the comparison itself asked for every outcome
    rows.append(0)


def test_every_instance_takes_the_same_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = random_runs(14)
    stores = [store_of(tmp_path / name, *order) for name, order in (("a", tables), ("b", tables[::-1]))]
    boards = [
        each.frame("SELECT board, COUNT(*) AS n FROM runs GROUP BY board ORDER BY n DESC, board") for each in stores
    ]
    board, runs = str(boards[0]["board"].iloc[0]), int(boards[0]["n"].iloc[0])
    monkeypatch.setattr(bounded, "MOST_OUTCOMES", len(stores[0].catalogue) * (runs // 2))
    first, second = (leaderboard.rank_ranges(each, board, SAFE, rank_partial=True) for each in stores)
    pd.testing.assert_frame_equal(first, second)
    assert 0 < first["rank_low"].notna().sum() < len(first)
    shares = [tradeoff.frontier_shares(each, board, rank_partial=True).sort_values("run_id") for each in stores]
    pd.testing.assert_frame_equal(shares[0].reset_index(drop=True), shares[1].reset_index(drop=True))


def test_a_choice_by_chance_follows_from_the_ids_alone() -> None:
    ids = [f"run-{number}" for number in range(500)]
    chosen = {ids[place] for place in bounded.by_chance(ids, 100)}
    back = ids[::-1]
    assert chosen == {back[place] for place in bounded.by_chance(back, 100)} and len(chosen) == 100
    more = [*ids, "one more"]
    assert len(chosen ^ {more[place] for place in bounded.by_chance(more, 100)}) in (0, 2)
    assert bounded.by_chance(ids, 500).tolist() == list(range(500)) and bounded.by_chance([], 5).tolist() == []
    # Of 500 every fifth: so many of the first half, and of those with a 7 in their name, as chance gives.
    places = bounded.by_chance(ids, 100)
    assert 30 < (places < 250).sum() < 70 and (np.diff(places) > 0).all()


def test_the_others_stand_for_those_that_are_left_out() -> None:
    ids = [f"run-{number}" for number in range(1000)]
    compared = bounded.best_and_some(ids, 101)
    assert compared.weights is not None and compared.weights.sum() == pytest.approx(1000)
    assert compared.best == 50 and compared.places[:50].tolist() == list(range(50)) and len(set(compared.places)) == 100
    assert bounded.best_and_some(ids, 1000).weights is None
    # 1 + 1 + 9.5 runs are better than the fourth, each of the last two stands for 9.5.
    rates = [[0.9, 0.8, 0.5, 0.4], [0.5, 0.5, 0.9, np.nan]]
    ranks = competition_rank(rates, [1, 1, 9.5, 9.5])
    assert ranks[0].tolist() == [1, 2, 3, 12.5] and ranks[1, :3].tolist() == [10.5, 10.5, 1] and np.isnan(ranks[1, 3])


def test_the_nearest_are_the_frontier_and_what_is_on_it_without_them() -> None:
    x, y = [0.9, 0.1, 0.5, 0.8, 0.4, np.nan], [0.1, 0.9, 0.5, 0.1, 0.4, 0.9]
    assert nearest(x, y, 3).tolist() == np.flatnonzero(pareto(x, y)).tolist() == [0, 1, 2]
    assert nearest(x, y, 5).tolist() == [0, 1, 2, 3, 4] and nearest(x, y, 9).tolist() == [0, 1, 2, 3, 4, 5]
    assert len(nearest([0.5] * 9, [0.5] * 9, 4)) == 4 and nearest([np.nan] * 3, [1, 1, 1], 2).tolist() == [0, 1]


def test_a_median_over_judges_sees_the_outcomes_of_every_run(tmp_path: Path) -> None:
    """Multiple choice is one board: a run that another judge judged is drawn by its samples there, not by its count."""
    answers = [share(40 + 20 * place) for place in range(4)]
    found = []
    for others in ("exact match", "human"):
        tables = [make_run("Model 0", judge="exact match", responses_per_sample=1, mcqa=answers[0])]
        if others == "human":
            tables += [make_run(f"Model {place}", share(9), mcqa=answers[place]) for place in (1, 2, 3)]
        else:
            kwargs: dict[str, Any] = {"judge": others, "responses_per_sample": 1}
            tables += [make_run(f"Model {place}", mcqa=answers[place], **kwargs) for place in (1, 2, 3)]
        made = store_of(tmp_path / others, *tables)
        found.append(leaders.median_interval(board_view(made, find_board(made, "exact-match-1"), METRICS["mcqa"])))
    assert found[0] == found[1]
