"""The trade-off chart: marks, intervals, frontier, regions, labels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from siuo_dash.analysis.stats.frontier import pareto
from siuo_dash.analysis.stats.proportions import wilson_array
from siuo_dash.analysis.tradeoff import regions
from siuo_dash.charts import colours, placement
from siuo_dash.charts import tradeoff as scatter
from siuo_dash.charts.figure import Screen

HOSTILE = "<script>alert(1)</script> & <b>bold</b>"


def made(count: int, seed: int = 1) -> pd.DataFrame:
    """A frame of `count` random runs, as `tradeoff` gives them."""
    rng = np.random.default_rng(seed)
    safe, effective = rng.integers(0, 168, count), rng.integers(0, 168, count)
    both = rng.integers(np.maximum(0, safe + effective - 167), np.minimum(safe, effective) + 1)
    frame = pd.DataFrame(
        {"run_id": [f"run-{i}" for i in range(count)], "model": [f"Model-{i}-Instruct" for i in range(count)]}
    )
    frame["label"] = frame["model"] + " · human"
    frame["params_b"] = np.where(rng.random(count) < 0.2, np.nan, rng.choice([1, 7, 70, 400], count))
    frame["open_weights"] = pd.array([(True, False, None)[i] for i in rng.integers(0, 3, count)], dtype="boolean")
    for name, k in (("safe", safe), ("effective", effective), ("safe_and_effective", both)):
        low, high = wilson_array(k, np.full(count, 167))
        parts = {"rate": k / 167, "low": low, "high": high, "k": k, "n": 167}
        frame = frame.assign(**{f"{name}_{part}": values for part, values in parts.items()})
    frame["counted"] = True
    frame["frontier"] = pareto(frame["safe_rate"], frame["effective_rate"])
    frame["region"] = regions(frame["safe_rate"], frame["effective_rate"])
    return frame


def runs_of(figure: go.Figure) -> dict[str, tuple[float, float]]:
    """{run_id: (x, y)} of every mark that stands for a run."""
    return {
        data[0]: (x, y)
        for trace in figure.data
        if trace.customdata is not None
        for data, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def mark(figure: go.Figure, run_id: str) -> dict[str, Any]:
    """What is drawn for one run."""
    for trace in figure.data:
        ids = [] if trace.customdata is None else [data[0] for data in trace.customdata]
        if run_id in ids:
            place = ids.index(run_id)
            return {
                "layer": trace.name,
                "symbol": trace.marker.symbol[place],
                "size": trace.marker.size[place],
                "fill": trace.marker.color[place],
                "text": trace.text[place],
                "right": trace.error_x.array[place],
                "left": trace.error_x.arrayminus[place],
                "up": trace.error_y.array[place],
                "down": trace.error_y.arrayminus[place],
            }
    raise AssertionError(run_id)


def names(figure: go.Figure) -> list[str]:
    """The labels of runs, without the names of regions and the figures at lines."""
    fixed = [f"<b>{region.label}" for region in scatter.REGIONS.values()]
    return [
        a.text for a in figure.layout.annotations if not (a.text[-1] == "%" or any(a.text.startswith(f) for f in fixed))
    ]


def test_every_run_of_the_paper_with_both_intervals(paper: pd.DataFrame) -> None:
    figure = scatter.tradeoff(paper, "light")
    assert len(runs_of(figure)) == 15
    row = paper.loc[paper["model"] == "GPT-4V(ision)"].iloc[0]
    assert runs_of(figure)[row["run_id"]] == pytest.approx((100 * 89 / 167, 100 * 116 / 167))
    drawn = mark(figure, row["run_id"])
    assert drawn["layer"] == "frontier"
    # Wilson 95%: 45.74–60.70.
    assert drawn["right"] == pytest.approx(60.70 - 53.29, abs=0.01)
    assert drawn["left"] == pytest.approx(53.29 - 45.74, abs=0.01)
    assert drawn["up"] == pytest.approx(100 * row["effective_high"] - 100 * 116 / 167)
    assert "Safe &amp; Effective" not in drawn["text"]
    assert "Safe & Effective 23.4%" in drawn["text"]
    assert "39/167" in drawn["text"]
    assert "size not published" in drawn["text"]


def test_shape_by_weights_and_size_by_parameters(paper: pd.DataFrame) -> None:
    figure = scatter.tradeoff(paper, "light")
    ids = paper.set_index("model")["run_id"]
    closed, small, large = (mark(figure, ids[name]) for name in ("GPT-4o", "InstructBLIP2-T5-XL", "LLaVA-1.6-34B"))
    assert (closed["symbol"], small["symbol"]) == ("diamond", "circle")
    assert closed["fill"] == colours.paper("light"), "an unknown size is hollow"
    assert small["fill"] == large["fill"] == colours.muted("light")
    assert large["size"] > 2 * small["size"]
    keys = [trace.name for trace in figure.data if trace.showlegend is not False]
    assert keys == [
        "Safe & Effective, if independent",
        "Frontier",
        "Open weights",
        "Closed weights",
        "Hollow: size not published",
    ]


def test_the_key_names_only_what_is_there() -> None:
    frame = made(5).assign(params_b=7.0, open_weights=None)
    frame.loc[0, ["counted", "frontier"]] = [False, False]
    keys = [trace.name for trace in scatter.tradeoff(frame, "light", lines=False).data if trace.showlegend is not False]
    assert keys == ["Frontier", "Weights not stated", "Pale: partial, not ranked"]


def test_the_frontier_is_a_staircase(paper: pd.DataFrame) -> None:
    line = next(trace for trace in scatter.tradeoff(paper, "light").data if trace.name == "Frontier")
    assert [round(x * 1.67) for x in line.x] == [0, 85, 87, 89, 89]
    assert [round(y * 1.67) for y in line.y] == [160, 160, 153, 116, 0]
    assert line.line.shape == "vh"


def test_lines_of_equal_safe_and_effective_are_where_the_product_is_the_level(paper: pd.DataFrame) -> None:
    lines = [
        trace for trace in scatter.tradeoff(paper, "light").data if trace.name == "Safe & Effective, if independent"
    ]
    assert len(lines) == 4
    for trace, level in zip(lines, (0.2, 0.4, 0.6, 0.8), strict=True):
        x, y = np.asarray(trace.x), np.asarray(trace.y)
        known = ~np.isnan(y)
        assert x[known] * y[known] == pytest.approx(1e4 * level)
        assert y[known].max() <= 100 + 1e-9
    without = scatter.tradeoff(paper, "light", lines=False)
    assert not [trace for trace in without.data if "independent" in str(trace.name)]


def test_regions_are_named_with_their_number_of_runs(paper: pd.DataFrame) -> None:
    figure = scatter.tradeoff(paper, "dark")
    texts = [annotation.text for annotation in figure.layout.annotations]
    for text in ("Safe and effective: 3", "Safe, not effective: 0", "Effective, not safe: 11", "Neither: 1"):
        assert f"<b>{text}</b>" in texts
    assert sorted((s.x0, s.x1, s.y0, s.y1) for s in figure.layout.shapes) == [
        (0, 50, 0, 50),
        (0, 50, 50, 100),
        (50, 100, 0, 50),
        (50, 100, 50, 100),
    ]


def test_the_name_of_a_region_is_inside_it_where_fewer_marks_are() -> None:
    frame = made(30).assign(safe_rate=0.1, effective_rate=0.97)
    crowded, free = scatter.spots_of(frame, "wide"), scatter.spots_of(frame.head(0), "wide")
    height = placement.PLOT_HEIGHT[False]
    half, top = placement.down(0.5, height), placement.down(1, height)
    marked = placement.down(0.97, height)
    assert free["effective"].top == pytest.approx(top), "at the edge, where nothing is in the way"
    assert crowded["effective"].top > marked, "else below the marks"
    assert crowded["both"] == free["both"]
    for region, box in crowded.items():
        inside = (top, half) if scatter.REGIONS[region].corner[1] else (half, placement.down(0, height))
        assert inside[0] - 1e-9 <= box.top
        assert box.top + box.height <= inside[1] + 1e-9


def test_the_axes_hold_all_rates() -> None:
    figure = scatter.tradeoff(made(30), "light")
    assert tuple(figure.layout.xaxis.range) == (0, 100)
    assert figure.layout.yaxis.range[0] < 0 < 100 < figure.layout.yaxis.range[1]
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in runs_of(figure).values())


@pytest.mark.parametrize("count", [15, 40, 200])
@pytest.mark.parametrize("screen", ["wide", "medium", "narrow"])
def test_labels_keep_apart(count: int, screen: Screen) -> None:
    chosen = [f"run-{number}" for number in range(0, count, 5)]
    points = scatter.points_of(made(count), chosen)
    points = points.assign(chosen=points["run_id"].isin(chosen), size=10.0)
    taken = scatter.taken(scatter.spots_of(points, screen), screen == "narrow", lines=True)
    labels = placement.labels_of(points, screen, taken)
    assert labels
    assert all(points["frontier"][label.mark] or points["chosen"][label.mark] for label in labels)
    for width in np.linspace(*placement.WIDTHS[screen], 5):
        boxes = [(b.share * width + b.left, b.top, b.width, b.height) for b in (label.box for label in labels)]
        for (x1, y1, w1, h1), (x2, y2, w2, h2) in itertools.combinations(boxes, 2):
            assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
    assert labels == placement.labels_of(points, screen, taken)


@pytest.mark.parametrize("screen", ["wide", "medium", "narrow"])
def test_the_frontier_and_the_chosen_runs_are_named_and_no_other(paper: pd.DataFrame, screen: Screen) -> None:
    assert set(names(scatter.tradeoff(paper, "light", screen=screen))) == {"GPT-4o", "GPT-4V(ision)", "Gemini 1.5 Pro"}
    ids = paper.set_index("model")["run_id"]
    more = names(scatter.tradeoff(paper, "light", screen=screen, chosen=[ids["CogVLM"]]))
    assert more[0] == "<b>CogVLM</b>"
    assert len(more) == 4


def test_a_name_of_200_characters_is_left_to_hover_and_table() -> None:
    frame = made(4)
    frame["model"] = ["x" * 200, HOSTILE, "Short", "Two words that fold into two lines"]
    frame["label"] = frame["model"]
    figure = scatter.tradeoff(frame, "light", chosen=frame["run_id"])
    drawn = names(figure)
    assert not [name for name in drawn if "xxx" in name]
    assert all("<script" not in text for trace in figure.data for text in (trace.text or []))
    assert "<b>Two words that fold into<br>two lines</b>" in drawn
    assert "x" * 200 in mark(figure, "run-0")["text"].replace("<br>", "")


def test_chosen_runs_are_ringed_and_named_in_bold(paper: pd.DataFrame) -> None:
    run_id = paper.loc[paper["model"] == "InstructBLIP2-T5-XL", "run_id"].item()
    figure = scatter.tradeoff(paper, "light", chosen=[run_id], screen="narrow")
    assert names(figure)[0].startswith("<b>InstructBLIP2-T5-XL") or "<b>InstructBLIP2-" in names(figure)[0]
    (ring,) = [trace for trace in figure.data if trace.name == "Selected"]
    assert ring.x[0] == pytest.approx(100 * 14 / 167)


def test_intervals_of_the_frontier_and_the_chosen_alone(paper: pd.DataFrame) -> None:
    ids = paper.set_index("model")["run_id"]
    figure = scatter.tradeoff(paper, "light", intervals=False, chosen=[ids["CogVLM"]])
    assert mark(figure, ids["mPLUG-OWL2"])["right"] == 0
    assert mark(figure, ids["CogVLM"])["right"] > 0
    assert mark(figure, ids["GPT-4o"])["right"] > 0


@pytest.mark.parametrize(("mode", "drag"), [("open", "pan"), ("lasso", "lasso"), ("box", "select")])
def test_what_dragging_does(paper: pd.DataFrame, mode: scatter.Mode, drag: str) -> None:
    figure = scatter.tradeoff(paper, "light", mode=mode)
    assert figure.layout.dragmode == drag
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.yaxis.fixedrange


def test_beyond_two_thousand_runs_the_best_are_drawn() -> None:
    frame = made(scatter.MOST_POINTS + 50)
    drawn = runs_of(scatter.tradeoff(frame, "light", intervals=False))
    assert len(drawn) == scatter.MOST_POINTS
    assert set(frame.loc[frame["frontier"], "run_id"]) <= set(drawn)


def test_runs_without_both_rates_are_not_drawn() -> None:
    frame = made(3)
    frame.loc[0, "effective_rate"] = np.nan
    assert "run-0" not in runs_of(scatter.tradeoff(frame, "light"))
