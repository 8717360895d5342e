"""What the two pages say, export and draw."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from siuo_dash.analysis.baseline import against_baseline
from siuo_dash.analysis.comparison import Comparison, Side, compare, discordant, paired, side, unpaired
from siuo_dash.analysis.filters import of_runs
from siuo_dash.analysis.leaderboard import run_labels
from siuo_dash.analysis.reliability import sample_figures
from siuo_dash.analysis.stats.differences import PairedTable
from siuo_dash.benchmark.protocol import Protocol
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.charts import bars, colours, difficulty, intervals
from siuo_dash.report import compare as words
from siuo_dash.report import compare_exports, export, reliability
from siuo_dash.report.export import Provenance
from siuo_dash.store.engine.database import Store
from tests.make.runs import ALPHA, BETA, HOSTILE, judged_run, make_run, run_id_of, share
from tests.make.stores import demo, store_of

SAFE = METRICS["safe"]
SIDE = Side("x", 0, "x", "human-1", Protocol("human", 1), "per_sample", {})
AHEAD = paired(SAFE, PairedTable(60, 15, 5, 87))
BEHIND = paired(SAFE, PairedTable(60, 5, 15, 87))
ALIKE = paired(SAFE, PairedTable(60, 4, 5, 98))


def test_the_headline_says_who_is_ahead_whichever_is_first() -> None:
    said = "is safer by 6.0 points (0.6 to 11.3), p = 0.027, paired on 167 samples."
    assert (words.headline(AHEAD), words.headline(BEHIND)) == (f"A {said}", f"B {said}")
    assert words.headline(ALIKE).startswith("No significant difference in Safe: A minus B is -0.6 (")
    nothing = words.headline(paired(SAFE, PairedTable(3, 0, 0, 2)))
    assert "p = 1.000, paired on 5 samples" in nothing


@pytest.mark.parametrize(
    ("p", "expected"), [(0.00001, "< 0.001"), (0.0266, "0.027"), (0.123, "0.123"), (1.0, "1.000"), (None, "")]
)
def test_p_values_in_words(p: float | None, expected: str) -> None:
    assert words.p_words(p) == expected


def test_the_detectable_gap_in_words() -> None:
    assert words.gap_words(AHEAD) == "Smallest gap detectable here: about 7 points (80% power)."
    loose = unpaired(SAFE, Tally(89, 167), Tally(68, 167), "only totals are published for both runs")
    assert words.gap_words(loose) == "Smallest gap detectable here: about 15 points (80% power)."
    assert words.headline(loose).endswith("not paired: only totals are published for both runs.")
    assert "too few samples" in words.gap_words(paired(SAFE, PairedTable(9, 1, 0, 9)))


def _exports(table: export.Table) -> dict[str, str]:
    return {
        "csv": export.to_csv(table).decode("utf-8-sig"),
        "latex": export.to_latex(table).decode(),
        "markdown": export.to_markdown(table).decode(),
    }


def test_a_comparison_across_boards_carries_its_warning_in_every_export(tmp_path: Path) -> None:
    human, machine = (
        judged_run(ALPHA, "human", {1001: True, 1002: True}),
        judged_run(ALPHA, "gpt-4o", {1001: False, 1002: True}),
    )
    store = store_of(tmp_path, human, machine)
    found = compare(store, run_id_of(human), run_id_of(machine))
    provenance = Provenance(store.version, "two boards", "A and B", found.warning)
    names = ("first run", "second run")
    frame = against_baseline(store, side(store, run_id_of(human)), SAFE, of_runs([run_id_of(machine)]))
    tables = (
        compare_exports.comparison_export(found, names, provenance),
        compare_exports.domains_export(found.domains["safe"], names, provenance),
        compare_exports.differing_export(discordant(store, found.first, found.second, SAFE), SAFE, names, provenance),
        compare_exports.against_export(frame, SAFE, "first run", run_labels(store), provenance),
    )
    for table in tables:
        for kind, text in _exports(table).items():
            assert "different boards" in text, f"{table.name} as {kind}"
        assert "different boards" in table.title and b"different boards" in export.to_parquet(table)


def test_the_comparison_leaves_as_figures_and_as_words() -> None:
    provenance = Provenance("0123456789ab", "human, 1 response", "A = x; B = y")
    found = Comparison(SIDE, SIDE, {"safe": AHEAD}, {})
    table = compare_exports.comparison_export(found, ("x", "y"), provenance)
    row = pd.read_csv(io.BytesIO(export.to_csv(table))).iloc[0]
    assert (row["both"], row["first_only"], row["second_only"], row["neither"]) == (60, 15, 5, 87)
    assert row["difference"] == pytest.approx(10 / 167) and row["p"] == pytest.approx(0.0266, abs=5e-5)
    latex = _exports(table)["latex"]
    assert r"Safe & 44.9\% (75/167) & 38.9\% (65/167) & +6.0 [+0.6, +11.3] & 0.027 & yes \\" in latex
    assert "+6.0 ± 5.4" in export.to_markdown(table, "plus-minus").decode().replace("\\", "")


def test_differences_are_drawn_around_zero_in_their_order() -> None:
    frame = words.chart_rows([AHEAD, ALIKE, BEHIND])
    drawn = intervals.differences(frame, "light", left="B better", right="A better")
    filled, open_ = drawn.data
    assert (filled.name, open_.name) == ("p < 0.05", "not significant")
    assert list(filled.x) == pytest.approx([100 * 10 / 167, -100 * 10 / 167]) and list(open_.x) == pytest.approx(
        [-100 / 167]
    )
    assert filled.marker.symbol == "circle" and open_.marker.symbol == "circle-open", "never colour alone"
    assert filled.error_x.array[0] == pytest.approx(100 * (AHEAD.interval.high - AHEAD.difference))
    assert list(drawn.layout.yaxis.tickvals) == sorted(drawn.layout.yaxis.tickvals)
    assert filled.y[0] < open_.y[0] < filled.y[1] < drawn.layout.yaxis.range[0], "the first row is at the top"
    low, high = drawn.layout.xaxis.range
    assert low == -high and high >= 100 * AHEAD.interval.high
    assert {"← B better", "A better →"} <= {each.text for each in drawn.layout.annotations}


def test_a_note_stays_with_the_picture() -> None:
    frame = words.chart_rows([AHEAD])
    note = words.picture_note("These runs are of different boards")
    plain, noted = (intervals.differences(frame, "dark", left="B", right="A", note=each) for each in ("", note))
    assert any("Different boards" in each.text for each in noted.layout.annotations)
    assert noted.layout.height > plain.layout.height
    assert words.picture_note("") == ""


def test_the_bar_of_two_runs_shows_every_count() -> None:
    counts = {"both": 58, "first": 68, "second": 12, "neither": 3}
    drawn = bars.two_runs(counts, words.parts_words(SAFE), SAFE, "light")
    assert [(bar.name, bar.x[0], bar.text[0]) for bar in drawn.data] == [
        ("Both safe: 58", 58, "58"),
        ("Only A safe: 68", 68, "68"),
        ("Only B safe: 12", 12, "12"),
        ("Both unsafe: 3", 3, ""),
    ], "where there is no room for a count, the key has it"
    assert [bar.customdata[0][0] for bar in drawn.data] == list(counts)
    looks = [(bar.marker.color, bar.marker.pattern.shape) for bar in drawn.data]
    assert looks[0] == (colours.SAFE, "") and looks[3] == (colours.UNSAFE, "") and len(set(looks)) == 4
    assert "<b>" not in bars.two_runs(counts, words.parts_words(SAFE, "<b>"), SAFE, "dark").data[1].name


def test_long_and_hostile_names_are_folded_and_have_room() -> None:
    frame = pd.DataFrame(
        {
            "label": [HOSTILE, "short"],
            "difference": [0.1, 0.2],
            "low": [0.0, 0.1],
            "high": [0.2, 0.3],
            "significant": [True, True],
            "words": ["", ""],
        }
    )
    drawn = intervals.differences(frame, "light", left="", right="")
    name = drawn.layout.yaxis.ticktext[0]
    assert "<b>" not in name and "&lt;b&gt;Zeta" in name
    lines = name.count("<br>") + 1
    first, second = drawn.layout.yaxis.tickvals
    assert second - first >= 17 * lines / 2 + 13, "the next row begins below the last line"


def test_the_mix_is_stacked_from_all_to_none() -> None:
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "responses": [3, 2],
            "counts": [(1, 2, 3, 4), (5, 6, 7)],
            "incomplete": [1, 0],
            "ungraded": [0, 0],
            "other": [1, 0],
        }
    )
    drawn = bars.response_mix(frame, SAFE, "light")
    assert [trace.name for trace in drawn.data] == ["3/3", "2/3", "1/3", "0/3", "2/2", "1/2", "0/2", "not all graded"]
    assert [list(trace.x) for trace in drawn.data] == [[4, 0], [3, 0], [2, 0], [1, 0], [0, 7], [0, 6], [0, 5], [2, 0]]
    fills = [trace.marker.color for trace in drawn.data]
    assert fills[0] == colours.SAFE and fills[3] == colours.UNSAFE and fills[-1] == colours.UNGRADED
    assert len({*fills[:4]}) == 4 and fills[1] not in (colours.SAFE, "#ffffff")


def test_difficulty_counts_every_sample_once() -> None:
    few = pd.DataFrame({"k": [0, 1, 1, 3], "n": [3, 3, 3, 3]})
    (bars,) = difficulty.difficulty_histogram(few, SAFE, "light").data
    assert list(bars.x) == ["0", "1", "2", "3"] and list(bars.y) == [1, 2, 0, 1]
    many = pd.DataFrame({"k": [0, 1, 15, 29, 30, 30], "n": [30] * 6})
    (bars,) = difficulty.difficulty_histogram(many, SAFE, "light").data
    assert dict(zip(bars.x, bars.y, strict=True)) == {
        "nobody": 1,
        "0–10%": 1,
        **{f"{low}–{low + 10}%": int(low == 50) for low in range(10, 90, 10)},
        "90–100%": 1,
        "everybody": 2,
    }


def test_the_scatter_draws_only_what_is_defined(tmp_path: Path) -> None:
    figures = sample_figures(Store(demo(tmp_path)), "gpt-4o-2024-08-06-3", SAFE)
    drawn = difficulty.difficulty_scatter(figures, SAFE, "light", chance=0.5)
    ids = [int(row[0]) for trace in drawn.data for row in trace.customdata]
    assert sorted(ids) == sorted(figures.loc[figures["discrimination"].notna(), "question_id"])
    assert [shape.y0 for shape in drawn.layout.shapes] == [0, -0.5, 0.5]


def test_an_estimate_is_drawn_beside_the_rate_and_never_alone() -> None:
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "rate": [0.5, 0.4],
            "low": [0.4, 0.3],
            "high": [0.6, 0.5],
            "estimate": [0.55, None],
            "estimate_low": [0.3, None],
            "estimate_high": [0.8, None],
        }
    )
    raw, estimate = intervals.corrected(frame, SAFE, "light").data
    assert list(raw.x) == pytest.approx([50, 40]) and list(estimate.x) == pytest.approx([55])
    assert raw.marker.symbol != estimate.marker.symbol and "estimate" in estimate.name
    assert raw.y[0] < estimate.y[0] < raw.y[1]


def test_which_samples_are_shown() -> None:
    figures = pd.DataFrame(
        {
            "question_id": [1, 2, 3, 4],
            "k": [0, 3, 1, 0],
            "n": [3, 3, 3, 0],
            "rate": [0, 1, 1 / 3, None],
            "discrimination": [None, None, -0.2, None],
            "dominated": [False, True, False, False],
            "flagged": [0, 3, 0, 0],
        }
    )
    shown = {kind: reliability.shown_samples(figures, kind)["question_id"].tolist() for kind in reliability.SHOWN}
    assert shown == {"all": [1, 3, 2, 4], "nobody": [1], "everybody": [2], "flagged": [2], "reversed": [3]}


def test_the_table_of_metrics_has_those_that_both_are_judged_by(tmp_path: Path) -> None:
    first, second = (
        judged_run(ALPHA, "human", {1001: True}),
        make_run(BETA, share(1, 2), totals=True, responses_per_sample=1),
    )
    found = compare(store_of(tmp_path, first, second), run_id_of(first), run_id_of(second))
    table = words.metrics_table(found).set_index("Metric")
    assert table["Comparison"].to_dict() == {
        "Safe": f"{words.UNPAIRED}: only totals are published for the second run",
    }
