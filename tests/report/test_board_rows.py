"""The table's value: every number is the export's, everything is JSON, and what is missing says why."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siuo_dash.analysis import board_list
from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import differences, leaderboard, rank_ranges
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.benchmark.schema import METRICS, Metric
from siuo_dash.report.board_rows import _rate, details, table_value
from siuo_dash.report.export import Provenance
from siuo_dash.report.leaderboard import COLUMNS, export_table, with_attempts, with_differences, with_ranges
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run, share
from tests.make.stores import make_data

SHIPPED = [board.id for board in board_list.boards(Store(Path(__file__).resolve().parents[2] / "data"))]


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    return Store(root / "data")


def frame_of(store: Store, name: str, metric: Metric) -> pd.DataFrame:
    frame = leaderboard(store, Filters(board=name), metric)
    frame = with_attempts(with_ranges(frame, rank_ranges(store, name, metric)), {})
    return with_differences(
        frame.assign(board_label=frame["board"]),
        differences(store, frame["run_id"].iloc[0], metric, Filters(board=name)),
        "the leader",
    )


def cells(value: dict[str, Any], name: str) -> list[Any]:
    (column,) = [each for each in value["columns"] if each["id"] == name]
    found: list[Any] = column["cells"]
    return found


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_is_that_of_the_export(store: Store, name: str) -> None:
    frame = frame_of(store, name, METRICS["safe"])
    value = table_value(frame, METRICS["safe"], list(COLUMNS))
    data = export_table(frame, list(COLUMNS), {}, Provenance("v", "b", "f"), "T").data
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["runs"] == data["run_id"].tolist()
    assert [cell[0] for cell in cells(value, "model")] == data["model"].tolist()
    for row, cell in zip(data.to_dict("records"), cells(value, "rank"), strict=True):
        assert cell == [None if pd.isna(row[name]) else row[name] for name in ("rank", "rank_low", "rank_high")]
    for metric in METRICS:
        for row, cell in zip(data.to_dict("records"), cells(value, metric), strict=True):
            if pd.isna(row[f"{metric}_n"]):
                assert cell in ("not published", "not judged")
                continue
            assert cell[:2] == [row[f"{metric}_k"], row[f"{metric}_n"]]
            exact = [row[f"{metric}_{part}"] for part in ("rate", "low", "high")]
            assert [f"{number:.1f}" for number in cell[2:5]] == [f"{100 * number:.1f}" for number in exact]
    for kind in ("gain", "difference"):
        for row, cell in zip(data.to_dict("records"), cells(value, kind), strict=True):
            assert (cell is None) == pd.isna(row[kind])
            if cell is not None:
                assert cell[1] == f"{100 * row[kind]:+.1f}"
                assert cell[2] == f"({100 * row[f'{kind}_low']:+.1f} to {100 * row[f'{kind}_high']:+.1f})"
                assert cell[3].startswith("Paired by sample" if row[f"{kind}_paired"] else "Unpaired")


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_is_rounded_once(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = (float(limit[0]) for limit in wilson_array([k], [n]))
    cell = _rate(k, n, k / n, low, high, n, "totals")
    assert [f"{each:.1f}" for each in cell[2:]] == [f"{100 * each:.1f}" for each in (k / n, low, high)]
    assert cell[3] <= cell[2] <= cell[4]


def test_what_a_row_unfolds_to(tmp_path: Path) -> None:
    run = make_run(
        "Model + Guard",
        share(20),
        base_model="Model",
        method="Guard",
        note="read this",
        evaluated_on=datetime.date(2026, 1, 2),
        source="https://example.org/paper",
        flags={0: ["empty"], 1: ["empty", "cut_off"]},
    )
    store = Store(make_data(tmp_path / "data", run, make_run("Model", share(90)), make_run("Part", [True, None])))
    frame = frame_of(store, "human-3", METRICS["safe"])
    found = details(frame, METRICS["safe"])
    lines = {label: (words, link) for label, words, link in found[frame.set_index("model")["run_id"]["Model + Guard"]]}
    assert lines["Safe"][0].startswith("20/167 · 12.0")
    assert lines["Effective"] == ("not judged", None)
    assert lines["Gain of the method"][0].startswith("Guard. Safe: -41.9 points over its base model, Model · human")
    assert lines["Flagged samples"] == ("2 empty, 1 no closing punctuation", None)
    assert lines["Evaluated"] == ("2026-01-02", None)
    assert lines["Source"] == ("https://example.org/paper", "https://example.org/paper")
    assert lines["Note"] == ("read this", None)
    part = dict(zip(*[[line[at] for line in found[frame["run_id"].iloc[-1]]] for at in (0, 1)], strict=True))
    assert part["Safe"].endswith("· Partial: 1 of 167 samples")
    asked = frame["run_id"].iloc[0]
    assert list(details(frame, METRICS["safe"], [asked, "no-such-run"])) == [asked]


def test_columns_of_the_table(store: Store) -> None:
    frame = frame_of(store, "human-3", METRICS["effective"])
    value = table_value(frame, METRICS["effective"], ["model", "organization", "effective"])
    assert [column["id"] for column in value["columns"]] == ["pick", "model", "effective"]
    assert value["ranked"] == "effective" and value["rates"] == 1
    assert cells(value, "model")[0][1] == "OpenAI", "what is not chosen is not in small either"
    assert [column["down"] for column in value["columns"]] == [False, False, True]
