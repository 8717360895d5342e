"""Where an upload would stand, by hand and against what the leaderboard says once it is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.analysis import leaderboard, preview
from siuo_dash.analysis.preview import NEW, Candidate
from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from siuo_dash.report.upload import candidate
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import publish
from tests.make.files import Rows, as_json, judged, plain
from tests.make.runs import CATALOGUE, IDS, make_run, run_id_of, share
from tests.make.stores import make_data

SAFE, MCQA = METRICS["safe"], METRICS["mcqa"]
HUMAN = "human-3"


def submission(rows: Rows) -> Submission:
    found = validate([UploadedFile("run.json", as_json(rows))], CATALOGUE)
    assert found.ok, found.errors
    return found


def of(k: int, n: int = 167, expected: int = 167, board: str = HUMAN) -> Candidate:
    """A candidate whose first k of n samples are safe."""
    ids = IDS
    return Candidate(board, expected, {"safe": {ids[place]: place < k if place < n else None for place in range(167)}})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Four runs on the human board, one of them totals only, and one of another judge."""
    runs = [
        make_run("Low", share(33)),
        make_run("Middle", share(83)),
        make_run("Partial", [*share(150, 160), *[None] * 7]),
        make_run("High", share(133), totals=True),
        make_run("Elsewhere", share(160), judge="gpt-4o"),
    ]
    return Store(make_data(tmp_path / "data", *runs))


def test_the_place_among_the_others(store: Store) -> None:
    found = preview.standing(store, of(100), SAFE, "New")
    assert found is not None
    assert (found.rank, found.others, found.partial) == (2, 3, False)
    assert found.board["model"].tolist() == ["High", "New", "Middle", "Low"]
    assert found.board["rank"].tolist() == [1, 2, 3, 4]
    new = found.board.set_index("run_id").loc[NEW]
    assert (new["safe_k"], new["safe_n"], new["evidence"]) == (100, 167, "per_sample")
    assert (round(new["safe_low"], 4), round(new["safe_high"], 4)) == (0.5230, 0.6701)


def test_a_tie_shares_the_place_and_the_new_run_stands_first(store: Store) -> None:
    found = preview.standing(store, of(83), SAFE, "New")
    assert found is not None and found.rank == 2
    assert found.board[["model", "rank"]].values.tolist() == [["High", 1], ["New", 2], ["Middle", 2], ["Low", 4]]


def test_a_partial_run_is_placed_among_all_and_says_so(store: Store) -> None:
    found = preview.standing(store, of(100, n=150), SAFE, "New")
    assert found is not None and found.partial
    assert found.board["model"].tolist() == ["Partial", "High", "New", "Middle", "Low"]


def test_without_a_verdict_there_is_no_place(store: Store) -> None:
    assert preview.standing(store, of(0, n=0), SAFE, "New") is None
    assert preview.rank_range(store, of(0, n=0), SAFE) is None


def test_the_first_run_of_a_board(store: Store) -> None:
    found = preview.standing(store, of(10, board="nobody-1"), SAFE, "New")
    assert found is not None and (found.rank, found.others) == (1, 0)
    assert preview.rank_range(store, of(10, board="nobody-1"), SAFE) == (1, 1)


@pytest.mark.parametrize("name", ["safe", "safe_and_effective"])
def test_published_it_stands_where_the_preview_said(tmp_path: Path, name: str) -> None:
    metric, judge = METRICS[name], "example-judge-1"
    runs = [
        make_run(f"Run {k}", share(k), share(100), share(min(k, 100)), judge=judge) for k in (60, 80, 95, 100, 120)
    ] + [make_run("Totals", share(90), share(90), share(80), totals=True, judge=judge)]
    data = make_data(tmp_path / "data", *runs)
    store = Store(data)
    new = submission(judged(safe=97))
    told = candidate(new, judge)
    found = preview.standing(store, told, metric, "Example-VL-7B")
    range_ = preview.rank_range(store, told, metric)
    published = publish(data, new.to_table(RunMetadata("Example-VL-7B", judge)), by=None)
    store.refresh()
    after = leaderboard.rank_ranges(store, told.board, metric).set_index("run_id").loc[published.run_id]
    assert found is not None
    assert (found.rank, *(range_ or ())) == (after["rank"], after["rank_low"], after["rank_high"])
    assert range_ is not None and range_[0] < range_[1]


def test_multiple_choice_is_one_board_for_all(tmp_path: Path) -> None:
    runs = [
        make_run("A", share(50), mcqa=share(60)),
        make_run("B", mcqa=share(120), judge="exact match", responses_per_sample=1),
    ]
    store = Store(make_data(tmp_path / "data", *runs))
    ids = IDS
    new = Candidate("anything-3", 167, {"mcqa": {ids[place]: place < 90 for place in range(167)}})
    found = preview.standing(store, new, MCQA, "New")
    assert found is not None and found.board["model"].tolist() == ["B", "New", "A"]


def test_an_earlier_run_is_compared_sample_by_sample(tmp_path: Path) -> None:
    # 15 samples only the new run passes, 5 only the earlier one: the example of design.md §5.
    safe = [*([True] * 100), *([False] * 15), *([True] * 5), *([False] * 47)]
    store = Store(make_data(tmp_path / "data", make_run("Example VL 7b", safe), make_run("Example-VL-72B", share(3))))
    ids = IDS
    new = Candidate(HUMAN, 167, {"safe": {ids[place]: place < 115 for place in range(167)}})
    names = preview.known_names(store)["model"]
    (earlier,) = preview.earlier_runs(store, new, "example-vl-7B", names, [SAFE])
    difference = earlier.differences["safe"]
    assert earlier.same_board and earlier.run["model"] == "Example VL 7b" and difference.table is not None
    assert (difference.table.first_only, difference.table.second_only, difference.table.n) == (15, 5, 167)
    assert (round(difference.p, 4), round(difference.interval.low, 4), round(difference.interval.high, 4)) == (
        0.0266,
        0.0055,
        0.1128,
    )


def test_an_earlier_run_known_by_its_totals_is_not_paired(tmp_path: Path) -> None:
    store = Store(make_data(tmp_path / "data", make_run("Same", share(80), totals=True, judge="another")))
    (earlier,) = preview.earlier_runs(store, of(100), "Same", ["Same"], [SAFE])
    assert not earlier.same_board
    assert earlier.differences["safe"].table is None and earlier.differences["safe"].difference == pytest.approx(
        20 / 167
    )


def test_earlier_runs_of_the_same_board_come_first_and_not_too_many(tmp_path: Path) -> None:
    runs = [make_run("Same", share(k), judge="another") for k in range(4)] + [
        make_run("Same", share(k)) for k in range(40, 43)
    ]
    store = Store(make_data(tmp_path / "data", *runs))
    earlier = preview.earlier_runs(store, of(100), "Same", ["Same"], [SAFE])
    assert [each.same_board for each in earlier] == [True, True, True, False, False]
    assert preview.earlier_runs(store, of(100), "", ["Same"], [SAFE]) == []


def test_the_same_responses_judged_again_are_counted(tmp_path: Path) -> None:
    first, again = submission(judged(safe=80)), submission(judged(safe=60))
    rows = judged(safe=60)
    rows[0]["responses"][0] = "Another reply."
    other = submission(rows)
    data = make_data(tmp_path / "data", make_run("No texts", share(3), totals=True))
    path = publish(data, first.to_table(RunMetadata("A", "one")), by=None)
    store = Store(data)
    ids = [path.run_id, run_id_of(make_run("No texts", share(3), totals=True))]
    assert preview.same_responses(store, ids, again.to_table(RunMetadata("A", "two"))) == {ids[0]: 167, ids[1]: 0}
    assert preview.same_responses(store, ids[:1], other.to_table(RunMetadata("A", "two"))) == {ids[0]: 166}


def test_names_in_use_and_uploaded_runs(store: Store, tmp_path: Path) -> None:
    names = preview.known_names(store)
    assert names["judge"] == ["gpt-4o", "human"] and names["organization"] == []
    assert len(preview.uploaded_runs(store, 3)) == 3 and len(preview.uploaded_runs(store, 100)) == 5


def test_a_run_without_effectiveness_is_a_candidate_for_safety_alone() -> None:
    found = candidate(submission(plain("is_safe", lambda place: int(place % 2 == 0))), "J")
    assert list(found.outcomes) == ["safe"] and found.board == "j-1"
    assert found.rate(SAFE) == Tally(84, 167)
