"""Rates with their intervals: the ranking, and one model on several boards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.findings.judges import several_boards
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.charts import colours, intervals
from siuo_dash.charts.figure import PERCENT_RANGE, chart_text
from siuo_dash.charts.intervals import MOST_ROWS, ranking
from siuo_dash.store.engine.database import Store
from tests.make.runs import make_run, share
from tests.make.stores import make_data, shipped

HOSTILE = "<script>alert(1)</script> & <b>bold</b>"


@pytest.fixture(scope="module")
def human(root: Path) -> pd.DataFrame:
    return leaderboard(Store(root / "data"), Filters(board="human-3"), METRICS["safe"])


def test_the_best_is_at_the_top_with_its_interval(human: pd.DataFrame) -> None:
    drawn = ranking(human, METRICS["safe"], "light")
    (dots,) = drawn.data
    assert list(dots.x) == pytest.approx((100 * human["safe_rate"]).tolist())
    assert list(dots.x + dots.error_x.array) == pytest.approx((100 * human["safe_high"]).tolist())
    assert list(dots.x - dots.error_x.arrayminus) == pytest.approx((100 * human["safe_low"]).tolist())
    assert list(drawn.layout.yaxis.ticktext) == human["model"].tolist()
    assert list(dots.y) == list(drawn.layout.yaxis.tickvals)
    assert list(np.diff(dots.y)) == [1.0] * 14
    bottom, top = drawn.layout.yaxis.range
    assert bottom > max(dots.y) > min(dots.y) > top  # the axis runs downwards
    assert list(drawn.layout.xaxis.range) == PERCENT_RANGE
    assert [row[0] for row in dots.customdata] == human["run_id"].tolist()
    assert "53.29%" in dots.text[0]
    assert "89/167 samples" in dots.text[0]


def test_evidence_is_told_by_shape_not_by_colour(tmp_path: Path) -> None:
    store = Store(make_data(tmp_path / "data", make_run("A", share(100)), make_run("B", share(90), totals=True)))
    drawn = ranking(leaderboard(store, Filters(board="human-3"), METRICS["safe"]), METRICS["safe"], "dark")
    assert {(dots.name, dots.marker.symbol) for dots in drawn.data} == {
        ("A verdict for each sample", "circle"),
        ("Only counts published", "circle-open"),
    }
    assert {dots.marker.color for dots in drawn.data} == {colours.SAFE}
    assert drawn.layout.paper_bgcolor == colours.paper("dark")
    assert drawn.layout.font.color == colours.ink("dark")


def test_chance_is_drawn_for_multiple_choice_only(human: pd.DataFrame) -> None:
    chance = ranking(human, METRICS["mcqa"], "light")
    assert [(line.x0, line.x1) for line in chance.layout.shapes] == [(25.0, 25.0)]
    assert [note.text for note in chance.layout.annotations] == ["Multiple choice, % of graded samples", "chance 25%"]
    assert len(chance.data[0].x) == 11  # four runs have no published multiple choice
    assert not ranking(human, METRICS["safe"], "light").layout.shapes


def many(count: int, name: str = "Model") -> pd.DataFrame:
    rate = np.linspace(0.9, 0.1, count)
    return pd.DataFrame(
        {
            "run_id": [f"r{place}" for place in range(count)],
            "model": [f"{name} {place}" for place in range(count)],
            "evidence": "totals",
            "safe_rate": rate,
            "safe_low": rate - 0.05,
            "safe_high": rate + 0.05,
            "safe_k": 10,
            "safe_n": 100,
        }
    )


@pytest.mark.parametrize("count", [1, 15, 60])
def test_each_row_has_its_height(count: int) -> None:
    drawn = ranking(many(count), METRICS["safe"], "light")
    assert row_heights(drawn).min() >= 20
    assert len(drawn.data[0].x) == count


def test_no_more_rows_than_can_be_read() -> None:
    drawn = ranking(many(500), METRICS["safe"], "light")
    assert list(drawn.layout.yaxis.ticktext) == [f"Model {place}" for place in range(MOST_ROWS)]


def test_a_folded_name_has_room_for_its_lines() -> None:
    frame = many(60)
    frame.loc[7, "model"] = "An-endless-name" * 14  # 210 characters
    drawn = ranking(frame, METRICS["safe"], "light")
    lines = drawn.layout.yaxis.ticktext[7].count("<br>") + 1
    assert "".join(drawn.layout.yaxis.ticktext[7].split("<br>")) == frame.loc[7, "model"]
    assert max(map(len, drawn.layout.yaxis.ticktext[7].split("<br>"))) <= 34
    places = drawn.layout.yaxis.tickvals
    pixels = (drawn.layout.height - 90) / abs(drawn.layout.yaxis.range[0] - drawn.layout.yaxis.range[1])
    # From the middle of the row above to the middle of the row below: two halves of one line, and all of its own.
    assert (places[8] - places[6]) * pixels >= 16 * lines + 16


def row_heights(drawn: go.Figure) -> np.ndarray:
    """Pixels between neighbouring rows, at least."""
    places = np.concatenate([[drawn.layout.yaxis.range[1]], drawn.layout.yaxis.tickvals, [drawn.layout.yaxis.range[0]]])
    pixels = (drawn.layout.height - 90) / (places[-1] - places[0])
    heights: np.ndarray = np.diff(places[1:-1] if len(places) > 3 else places[::2]) * pixels
    return heights


@pytest.mark.parametrize("name", ["<b>bold</b>", "<a href='https://example.org'>x</a>", "&amp;", "%{x}", "a\nb", ""])
def test_a_hostile_name_is_text(name: str) -> None:
    frame = many(2)
    frame.loc[0, "model"] = name
    drawn = ranking(frame, METRICS["safe"], "light")
    label = drawn.layout.yaxis.ticktext[0]
    assert label == chart_text(name)
    assert not {"<b>", "<a", "<i"} & {label[place : place + 2] for place in range(len(label))}
    assert drawn.data[0].text[0].startswith(f"<b>{label}</b><br>")


def test_nothing_to_draw_is_an_empty_chart() -> None:
    drawn = ranking(many(0), METRICS["safe"], "light")
    assert drawn.data == ()


def on_several_boards() -> dict[str, dict[str, float]]:
    """{model: {board: percent safe}} of the models on more than one board, from the files that figures come in."""
    folder = Path(__file__).parents[2] / "data" / "sources"
    totals = pd.read_csv(folder / "published_totals.csv").dropna(subset="safe")
    totals["board"] = totals["judge"] + totals["responses_per_sample"].astype(str)
    verdicts = pd.read_csv(folder / "community_runs.csv").groupby("model", as_index=False)
    community = verdicts.agg(safe=("safe", "sum"), n=("safe", "size")).assign(board="community")
    rates = pd.concat([totals, community])
    rates["rate"] = 100 * rates["safe"] / rates["n"]
    by_model = {str(model): dict(zip(own["board"], own["rate"], strict=True)) for model, own in rates.groupby("model")}
    found = {model: own for model, own in by_model.items() if len(own) > 1}
    return dict(sorted(found.items(), key=lambda item: min(item[1].values()) - max(item[1].values())))


def test_the_same_model_on_several_boards() -> None:
    frame = several_boards(shipped(), METRICS["safe"])
    figure = intervals.several_boards(frame, METRICS["safe"], "light")
    expected = on_several_boards()
    assert list(figure.layout.yaxis.ticktext) == list(expected)
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [pytest.approx(sorted(rates.values())) for rates in expected.values()]
    boards = [trace for trace in figure.data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in boards) == sum(map(len, expected.values())) == 15
    assert len({trace.marker.symbol for trace in boards}) == len(boards) == 8
    human = next(trace for trace in boards if trace.name == "Human judges · 3 responses")
    assert human.x[0] == pytest.approx(100 * 36 / 167)
    assert human.error_x.array[0] == pytest.approx(100 * wilson_array(36, 167)[1] - 100 * 36 / 167)
    assert list(figure.layout.xaxis.range) == PERCENT_RANGE


def test_a_dumbbell_with_hostile_names_on_a_phone() -> None:
    frame = several_boards(shipped(), METRICS["safe"])
    frame = frame.assign(name=frame["name"].replace("LLaVA-1.5-7B", HOSTILE))
    figure = intervals.several_boards(frame, METRICS["safe"], "dark", narrow=True)
    assert "<script" not in str(figure.to_json()).replace("\\u003c", "<")
    assert not figure.layout.yaxis.ticktext
    assert len(figure.layout.annotations) == len(on_several_boards()) == 6
