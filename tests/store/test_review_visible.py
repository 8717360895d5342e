"""What is not published is on no page: neither in the database, nor on a board, nor in the command line's lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from siuo_dash.analysis import board_list, queries, twins
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import leaderboard, run_labels
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import NoRun
from siuo_dash.store import registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.runs.run_file import run_parquet, run_table
from tests.make.program import run
from tests.make.runs import make_run, run_id_of, share
from tests.make.runs import run_table as made
from tests.make.stores import make_data
from tests.store.review_runs import ADA, REVIEWER

pytestmark = pytest.mark.postgres(heavy=True)

HIDDEN = {name: f"Hidden {name}" for name in ("draft", "pending", "rejected", "retracted", "superseded", "withdrawn")}
SHOWN = "Shown"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A run in every place, the hidden ones all better than the one that everybody sees."""
    data_dir = make_data(tmp_path / "data", make_run("Carried", share(10)))
    tables = {name: make_run(model, share(150 + place)) for place, (name, model) in enumerate(HIDDEN.items())}
    registry.save_draft(data_dir, tables["draft"], ADA)
    for name in ("pending", "rejected", "retracted", "superseded", "withdrawn"):
        registry.submit(data_dir, tables[name], ADA)
    ids = {name: run_id_of(table) for name, table in tables.items()}
    registry.reject(data_dir, ids["rejected"], REVIEWER, "why")
    registry.retract(data_dir, ids["retracted"], ADA)
    registry.approve(data_dir, ids["withdrawn"], REVIEWER)
    registry.withdraw(data_dir, ids["withdrawn"], ADA, "why")
    registry.approve(data_dir, ids["superseded"], REVIEWER)
    shown = registry.submit(data_dir, make_run(SHOWN, share(90)), ADA, corrects=ids["superseded"])
    registry.approve(data_dir, shown.run_id, REVIEWER, badge="reproduced")
    return data_dir


def hidden_ids(data_dir: Path) -> list[str]:
    return [each.run_id for each in registry.own(data_dir, ADA) if each.model != SHOWN]


def test_the_database_knows_the_published_alone(data: Path) -> None:
    store = Store(data)
    assert [broken.name for broken in store.broken] == ["results.parquet"]  # never built here
    assert sorted(store.frame("SELECT model FROM runs")["model"]) == ["Carried", SHOWN]
    assert {str(Path(name).parent) for name in store.frame("SELECT file FROM runs")["file"]} == {"runs"}
    assert len(hidden_ids(data)) == len(HIDDEN)
    for run_id in hidden_ids(data):
        for ask in (run_table, run_parquet):
            with pytest.raises(NoRun):
                ask(store, run_id)
        with pytest.raises(NoRun):
            queries.find_run(store, run_id)


def test_no_board_ranks_or_counts_them(data: Path) -> None:
    store = Store(data)
    assert [(board.runs, board.per_sample_runs) for board in board_list.boards(store)] == [(2, 2)]
    (board,) = board_list.boards(store)
    frame = leaderboard(store, Filters(board=board.id), METRICS["safe"])
    assert list(frame["model"]) == [SHOWN, "Carried"]
    assert list(frame["rank"]) == [1, 2]
    assert list(frame["source_status"]) == ["reproduced", "self-reported"]
    assert set(run_labels(store).values()) == {"Carried · human", f"{SHOWN} · human"}


def test_a_near_duplicate_of_a_hidden_run_is_not_named(data: Path) -> None:
    """What an uploader is told of twins names published runs only."""
    store = Store(data)
    told = " ".join(str(each) for each in twins.findings(store, make_run("Copy", share(150))))
    assert "Hidden" not in told


@pytest.mark.postgres(never=True)
def test_the_command_line_lists_the_published_alone(data: Path) -> None:
    for arguments in (["runs"], ["runs", "--json"], ["boards"], ["runs", "--withdrawn"]):
        done = run("siuo_dash", *arguments, "--data", data)
        assert done.returncode == 0, done.stderr
        named = {name for name in HIDDEN if f"hidden-{name}" in done.stdout or f"Hidden {name}" in done.stdout}
        assert named == ({"withdrawn"} if "--withdrawn" in arguments else set())


def test_an_open_page_sees_each_step(data: Path) -> None:
    store = Store(data)

    def models() -> list[str]:
        store.refresh()
        return sorted(store.frame("SELECT model FROM runs")["model"])

    table = made("New-7B")
    new = run_id_of(table)
    registry.save_draft(data, table, ADA)
    assert models() == ["Carried", SHOWN]
    registry.send(data, new, ADA)
    assert models() == ["Carried", SHOWN]
    registry.approve(data, new, REVIEWER)
    assert models() == ["Carried", "New-7B", SHOWN]
    registry.withdraw(data, new, ADA, "why")
    assert models() == ["Carried", SHOWN]
    registry.restore(data, new, ADA)
    assert models() == ["Carried", "New-7B", SHOWN]
    correction = registry.submit(data, table, ADA, corrects=new)
    assert models() == ["Carried", "New-7B", SHOWN]
    registry.approve(data, correction.run_id, REVIEWER)
    assert models() == ["Carried", "New-7B", SHOWN]
    assert correction.run_id in set(store.frame("SELECT run_id FROM runs")["run_id"])
    assert new not in set(store.frame("SELECT run_id FROM runs")["run_id"])
