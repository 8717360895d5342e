"""No question of the analysis opens a file for writing, or makes, moves or removes one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from siuo_dash.analysis import board_list, comparison, queries, runs, twins
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings import findings
from siuo_dash.analysis.judges import corrected_rates
from siuo_dash.analysis.leaderboard import key_figures, leaderboard, rank_ranges
from siuo_dash.analysis.reliability import sample_figures
from siuo_dash.analysis.texts import records, search_texts
from siuo_dash.analysis.tradeoff import frontier_shares
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.store.engine.database import Store
from siuo_dash.store.files import write_parquet
from siuo_dash.store.registry import publish
from siuo_dash.store.runs.run_file import run_parquet
from tests.make.runs import make_run, share
from tests.make.stores import make_data

_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "fcntl.flock"}
_watching: list[list[str]] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event in _CHANGES or (event == "open" and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        _watching[-1].append(f"{event} {args[0]}")


sys.addaudithook(_watch)  # it cannot be taken away again, and does nothing outside `watched`


@contextmanager
def watched() -> Iterator[list[str]]:
    """What is written inside the block."""
    written: list[str] = []
    _watching.append(written)
    try:
        yield written
    finally:
        _watching.pop()


def test_the_watch_sees_a_write(tmp_path: Path) -> None:
    with watched() as written:
        (tmp_path / "a").write_text("")
        (tmp_path / "a").rename(tmp_path / "b")
    assert len(written) == 2


def looks(data: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file; SQLite, which no audit hook sees, may move its reader's marks (-shm)."""
    found = {path: path.stat() for path in data.rglob("*") if not path.name.endswith("-shm")}
    return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


@pytest.mark.parametrize("registry", [True, False], ids=["with a registry", "without one"])
def test_no_question_writes(tmp_path: Path, registry: bool) -> None:
    runs_of_it = [make_run("Shipped", share(50)), make_run("Other", share(60)), make_run("Sent", share(30))]
    if registry:
        data = make_data(tmp_path / "data", *runs_of_it[:2])
        publish(data, runs_of_it[2], by="ada")
    else:
        data = make_data(tmp_path / "data")
        write_parquet(pa.concat_tables(runs_of_it), data / "results.parquet", overwrite=False)
    metric = METRICS["safe"]
    with watched() as written:
        store = Store(data)
        before = looks(data)
        store.refresh()
        frame = leaderboard(store, Filters(board="human-3"), metric)
        key_figures(store, frame, metric)
        rank_ranges(store, "human-3", metric)
        frontier_shares(store, "human-3")
        sample_figures(store, "human-3", metric)
        corrected_rates(store, "human-3", metric)
        findings(store, board_list.boards(store)[0], metric)
        first, second, *_ = frame["run_id"]
        comparison.compare(store, first, second)
        runs.without_flagged(store, queries.find_run(store, first))
        search_texts(store, {}, [first], "answer")
        twins.findings(store, make_run("New", share(50)))
        assert list(records(store, [first], [1001]))
        run_parquet(store, first)
    assert written == []
    assert looks(data) == before and (data / "registry.db").exists() == registry
