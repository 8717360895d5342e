"""Sample sets in a data directory: whole or absent, known by their fingerprint, each with boards of its own."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pytest

from siuo_dash.analysis import comparison, preview, public_verdicts, samples
from siuo_dash.analysis.board_list import boards, find_board
from siuo_dash.analysis.domains import domain_rates
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.leaderboard import leaderboard, rank_ranges
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.analysis.stats.differences import unpaired_difference
from siuo_dash.benchmark.protocol import Protocol, is_mcqa, mcqa_board, set_of
from siuo_dash.benchmark.schema import BENCHMARK, METRICS
from siuo_dash.errors import NoSampleSet, StoreError
from siuo_dash.store import backup, sample_sets
from siuo_dash.store.engine.database import Store
from siuo_dash.store.verify import verify
from siuo_dash.ui import method
from tests.make.runs import IDS, judged_run
from tests.make.sample_sets import TWO_DOMAINS, make_set
from tests.make.stores import make_data

SAFE = METRICS["safe"]
FRESH = [1001, 1002, 1003, 1004, 1005, 1006, 3001, 3002, 3003, 3004, 3005]


def on_fresh(model: str, safe: list[bool]) -> pa.Table:
    verdicts = dict(zip(FRESH, safe, strict=True))
    return judged_run(model, "human", verdicts, text=lambda *_: None, sample_set="fresh-v1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Alpha on the benchmark and on a fresh set, whose ids are among the benchmark's; Beta on the fresh set alone."""
    folder = tmp_path_factory.mktemp("sets")
    directory = make_data(folder / "data")
    sample_sets.add(directory, make_set(folder / "fresh"))
    own = judged_run("Alpha-7B", "human", {each: place % 4 > 0 for place, each in enumerate(IDS)})
    runs = [own, on_fresh("Alpha-7B", [True] * 5 + [False] * 6), on_fresh("Beta-7B", [True] * 9 + [False] * 2)]
    answers = dict.fromkeys(FRESH, "A")
    runs.append(judged_run("Gamma-7B", "gpt-4o", dict.fromkeys(FRESH, True), answers=answers, sample_set="fresh-v1"))
    return make_data(directory, *runs)


@pytest.fixture(scope="module")
def store(data: Path) -> Store:
    return Store(data)


def test_a_set_is_added_once_and_checked(data: Path, tmp_path: Path) -> None:
    assert verify(data) == [] or {each.file for each in verify(data)} == {"results.parquet"}
    again = sample_sets.add(data, make_set(tmp_path / "same"))
    assert (again.id, again.samples) == ("fresh-v1", 11)
    with pytest.raises(StoreError, match="another set fresh-v1 is there already"):
        sample_sets.add(data, make_set(tmp_path / "other", words="something else"))
    assert list(sample_sets.catalogues(data)[0]) == [BENCHMARK, "fresh-v1"]
    with pytest.raises(NoSampleSet, match="there is no sample set 'x'"):
        sample_sets.find(data, "x")


@pytest.mark.parametrize("name", ["samples.csv", "benchmark/siuo_gen.json", "benchmark/images/1001.png"])
def test_a_changed_file_is_refused_and_named_by_verify(tmp_path: Path, name: str) -> None:
    folder, directory = make_set(tmp_path / "set"), make_data(tmp_path / "data")
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    with pytest.raises(StoreError, match="its fingerprint is"):
        sample_sets.add(directory, folder)
    assert list((directory / "sets").glob("*") if (directory / "sets").exists() else ()) == []
    sample_sets.add(directory, make_set(tmp_path / "sound"))
    target = directory / "sets" / "fresh-v1" / name
    target.write_bytes(target.read_bytes() + b"\n")
    assert [each.file for each in verify(directory) if each.severity == "error"] == ["sets/fresh-v1"]


def test_a_picture_s_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = make_set(tmp_path / "set")
    table = folder / "samples.csv"
    table.write_text(table.read_text().replace("1001.png", "../1001.png"))
    with pytest.raises(StoreError, match="leads out of the folder"):
        sample_sets.add(make_data(tmp_path / "data"), folder)


def test_a_broken_set_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    directory = make_data(tmp_path / "data")
    sample_sets.add(directory, make_set(tmp_path / "set"))
    store = Store(directory)
    assert list(store.sets) == [BENCHMARK, "fresh-v1"]
    (directory / "sets" / "fresh-v1" / "set.json").write_text("{")
    assert store.refresh() and list(store.sets) == [BENCHMARK]
    assert "sets/fresh-v1" in {each.name for each in store.broken}


def test_runs_of_a_set_that_is_gone_are_left_out_and_said_so(tmp_path: Path) -> None:
    directory = make_data(tmp_path / "data", on_fresh("Alpha-7B", [True] * 11))
    broken = Store(directory).broken
    assert any("its sample set fresh-v1 is not installed" in each.why for each in broken)


def test_a_backup_holds_the_sets(data: Path, tmp_path: Path) -> None:
    backup.backup(data, tmp_path / "all.tar")
    backup.restore_from(tmp_path / "all.tar", tmp_path / "again")
    assert list(Store(tmp_path / "again").sets) == [BENCHMARK, "fresh-v1"]


def test_a_backup_holds_every_picture_and_is_restored_whatever_else_lies_there(tmp_path: Path) -> None:
    data, again = make_data(tmp_path / "data"), tmp_path / "again"
    sample_sets.add(data, make_set(tmp_path / "set"))
    for name in ("benchmark/images/one more (2).png", "benchmark/images/.DS_Store", "Thumbs.db"):
        (data / "sets" / "fresh-v1" / name).write_bytes(b"x")
    backup.backup(data, tmp_path / "all.tar")
    backup.restore_from(tmp_path / "all.tar", again)
    assert list(Store(again).sets) == [BENCHMARK, "fresh-v1"]
    pictures = {path.name for path in (again / "sets" / "fresh-v1" / "benchmark" / "images").iterdir()}
    assert len(pictures) == 12 and "one more (2).png" in pictures


def test_a_board_s_id_names_its_set_and_gives_it_back() -> None:
    assert Protocol("human", 3).id == "human-3", "as it always was"
    board = Protocol("human", 3, "fresh-v1").id
    assert (board, set_of(board), set_of("human-3"), set_of(None)) == (
        "fresh-v1--human-3",
        "fresh-v1",
        *[BENCHMARK] * 2,
    )
    assert mcqa_board("fresh-v1") == "fresh-v1--exact-match-1" and is_mcqa(mcqa_board("fresh-v1"))
    assert not is_mcqa("fresh-v1--human-3") and not is_mcqa(None)


def test_runs_of_two_sets_are_never_ranked_together(store: Store) -> None:
    found = {board.id: board.runs for board in boards(store)}
    assert found == {"human-1": 1, "fresh-v1--human-1": 2, "fresh-v1--gpt-4o-1": 1}
    board = find_board(store, "fresh-v1--human-1")
    assert board.label == "Human judges · 1 response · sample set fresh-v1"
    frame = leaderboard(store, Filters(board=board.id), SAFE)
    assert frame["model"].tolist() == ["Beta-7B", "Alpha-7B"] and frame["rank"].tolist() == [1, 2]
    assert set(frame["expected_samples"]) == {11} and not frame["partial"].any()
    ranges = rank_ranges(store, board.id, SAFE)
    assert dict(zip(ranges["run_id"], ranges["rank"], strict=True)) == dict(zip(frame["run_id"], [1, 2], strict=True))
    choice = leaderboard(store, Filters(board="fresh-v1--exact-match-1"), METRICS["mcqa"])
    assert choice["model"].tolist() == ["Gamma-7B"] and choice["rank"].tolist() == [1]
    assert leaderboard(store, Filters(board="exact-match-1"), METRICS["mcqa"]).empty


def test_domains_and_samples_are_those_of_the_set(store: Store) -> None:
    rates = domain_rates(store, Filters(board="fresh-v1--human-1").where(), SAFE)
    cells = rates.cells[rates.cells["n"] > 0].set_index(["run_id", "column"])["n"]
    assert {column: int(n) for (_, column), n in cells.items() if column in TWO_DOMAINS} == TWO_DOMAINS
    listed = samples.sample_list(store, SampleFilters(board="fresh-v1--human-1"), "fresh-v1--human-1")
    assert listed["question_id"].tolist() == FRESH and set(listed["board_n"]) == {2}
    failed = SampleFilters(board="fresh-v1--human-1", show="failed")
    assert samples.sample_list(store, failed, "fresh-v1--human-1")["question_id"].tolist() == FRESH[5:]
    on_benchmark = samples.boards_of_sample(store, 1001)
    assert on_benchmark["board"].tolist() == ["human-1"]
    on_fresh_set = samples.boards_of_sample(store, 1001, "fresh-v1")
    assert set(on_fresh_set["board"]) == {"fresh-v1--human-1", "fresh-v1--gpt-4o-1"}
    verdicts = samples.verdicts_of_sample(store, 1001, first="fresh-v1--human-1", most=9)
    assert "Beta-7B" in set(verdicts["model"]) and set(map(set_of, verdicts["board"])) == {"fresh-v1"}


def test_a_verdict_is_once_in_the_table_of_all(store: Store) -> None:
    table = pa.concat_tables(public_verdicts.tables(store))
    on_both = table.filter(pa.compute.equal(table["question_id"], 1001))
    assert table.num_rows == 167 + 4 * 11 and on_both.num_rows == 5


def test_one_model_on_two_sets_is_not_one_model_under_two_judges(store: Store) -> None:
    assert several_boards(store, SAFE).empty and several_boards(store, SAFE, "fresh-v1").empty


def test_the_same_model_is_compared_across_sets_by_domain_and_unpaired(store: Store) -> None:
    runs = store.frame("SELECT run_id FROM runs WHERE model = 'Alpha-7B' ORDER BY sample_set DESC")["run_id"]
    found = comparison.compare(store, *runs)
    whole = found.overall["safe"]
    assert whole is not None and whole.table is None and whole.why_unpaired == comparison.OTHER_SET
    assert (whole.first.n, whole.second.n) == (167, 11)
    by_domain = {each.domain: each for each in found.domains["safe"]}
    assert set(by_domain) == set(TWO_DOMAINS)
    one = by_domain["self-harm"]
    assert (one.first.n, one.second.k, one.second.n) == (19, 5, 6)
    expected = unpaired_difference(one.first.k, one.first.n, one.second.k, one.second.n)
    assert (one.difference, one.interval, one.table) == (expected.difference, expected.interval, None)
    assert one.p_adjusted is not None and "sample sets" in found.warning
    assert comparison.discordant(store, found.first, found.second, SAFE).empty


def test_an_upload_s_earlier_runs_on_another_set_are_not_paired(store: Store) -> None:
    candidate = preview.Candidate("fresh-v1--human-1", 11, {"safe": dict.fromkeys(FRESH, True)})
    earlier = preview.earlier_runs(store, candidate, "Alpha-7B", ["Alpha-7B"], [SAFE])
    paired = {each.same_board: each.differences["safe"].table is not None for each in earlier}
    assert paired == {True: True, False: False}


def test_the_method_page_needs_no_sources_and_compares_announcements_with_the_benchmark_only(tmp_path: Path) -> None:
    directory = make_data(tmp_path / "data")
    sample_sets.add(directory, make_set(tmp_path / "fresh"))
    only = Store(make_data(directory, on_fresh("Alpha-7B", [True] * 5 + [False] * 6)))
    assert [each.sample_set for each in boards(only)] == ["fresh-v1"] and method._figures(only).announced is None
