"""What the two pages show of the figures: words, tables, links, exports, the chart, the blurred picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from siuo_dash.analysis import queries, runs, samples
from siuo_dash.analysis.sample_filters import SampleFilters
from siuo_dash.analysis.texts import Hits
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.charts.intervals import run_profile
from siuo_dash.report import runs as run_view
from siuo_dash.report import samples as sample_view
from siuo_dash.report.export import Provenance, to_csv, to_parquet
from siuo_dash.report.runs import Place
from siuo_dash.store.engine.database import Store
from siuo_dash.ui.responses import blurred

HERE = Provenance("0123456789ab", "a board", "All samples.")


def test_names_are_short_only_where_they_stay_apart() -> None:
    assert sample_view.short_names({"1": "A · human", "2": "B · human"}) == {"1": "A", "2": "B"}
    other = {"1": "A · human", "2": "A · gpt"}
    assert sample_view.short_names(other) == other
    twice = {"1": "A · human", "2": "A · human · 0a1b"}
    assert sample_view.short_names(twice) == twice


def test_links_carry_labels() -> None:
    params = sample_view.link_params(
        ["a-1"],
        sample=1003,
        domains=["self_harm"],
        outcomes={"a-1": "unsafe", "b-2": "safe"},
        flags=["cut_off"],
        order="easiest",
        board="human-3",
    )
    assert params == {
        "runs": ["a-1", "b-2"],
        "sample": "1003",
        "domain": ["self_harm"],
        "outcome": ["a-1:unsafe", "b-2:safe"],
        "flag": ["cut_off"],
        "order": "easiest",
        "board": "human-3",
    }
    assert sample_view.link_params() == {}
    assert sample_view.outcome_options({"a-1": "A · human"})["a-1:unsafe"] == "A · human: unsafe"


def test_the_export_is_typed(store: Store, ids: dict[str, str]) -> None:
    chosen = {ids["A"]: "A", ids["C"]: "C"}
    found = samples.sample_list(
        store, SampleFilters(search="sample 1001", found=(1001, 2001), runs=tuple(chosen.items())), "example-judge-1-3"
    )
    table = sample_view.list_export(found, samples.verdicts_of_runs(store, list(chosen)), chosen, HERE)
    data = table.data.set_index("question_id")
    assert {"other_runs_k", "other_runs_n"} < set(data.columns), "a selected run is not counted among the others"
    assert data.index.tolist() == [1001, 2001]
    assert data["A: safe"].tolist() == [False, True]
    assert data.loc[1001, "C: safe"]
    assert pd.isna(data.loc[2001, "C: safe"])
    assert data["C: effective"].isna().all()
    assert data["A: answer"].tolist()[0] == "A"
    assert "C: answer" not in data
    assert pd.read_parquet(io.BytesIO(to_parquet(table)))["A: safe"].tolist() == [False, True]
    assert b"0123456789ab" in to_csv(table)


def test_control_characters_are_seen() -> None:
    assert sample_view.visible("a\x07b\x1b[2J\r\nc\td") == "a\\u0007b\\u001b[2J\nc\td"
    assert sample_view.visible("x\u202egnp.exe\u2066") == "x\\u202egnp.exe\\u2066"
    assert sample_view.visible("שלום العربية <b>") == "שלום العربية <b>"


def test_votes_in_words(store: Store, ids: dict[str, str]) -> None:
    rows = samples.verdicts_of_runs(store, [ids["A"]], 1001)
    words = {row.task: sample_view.votes_words(row) for row in rows.itertuples()}
    assert words == {"generation": "1/3 safe, 3/3 effective", "mcqa": ""}
    single = samples.verdicts_of_runs(store, [ids["A@another-judge"]], 1001)
    assert [sample_view.votes_words(row) for row in single.itertuples()] == [""]


def test_every_verdict_by_board(store: Store, ids: dict[str, str]) -> None:
    verdicts = samples.verdicts_of_sample(store, 1001, first="another-judge-1", most=10)
    boards = {"example-judge-1-3": "one", "another-judge-1": "two"}
    table = sample_view.verdict_table(verdicts, boards, "another-judge-1")
    assert table["Board"].tolist() == ["two", "one", "one", "one"]
    assert table.index[0] == ids["A@another-judge"]
    assert table.loc[ids["A"], "Verdict"] == "unsafe, effective; A, right"
    counts = sample_view.board_table(samples.boards_of_sample(store, 1001), boards)
    assert counts.set_index("Board").loc["one", ["Safe", "Effective", "Safe & Effective"]].tolist() == [
        "2/3",
        "2/2",
        "1/2",
    ]
    assert counts.set_index("Board").loc["multiple choice", "Multiple choice"] == "1/1"


def test_the_way_through_the_list() -> None:
    ids = [1001, 1005, 2003]
    assert sample_view.neighbours(ids, 1005) == (1001, 2003)
    assert sample_view.neighbours(ids, 1001) == (None, 1005)
    assert sample_view.neighbours(ids, 2003) == (1005, None)
    assert sample_view.neighbours(ids, 1003) == (1001, 1005), "outside the list: the nearest by number"
    assert sample_view.neighbours([], 1003) == (None, None)
    assert sample_view.neighbours([2003, 1001, 1005], 1001) == (2003, 1005), "the list's order, whatever it is"
    assert sample_view.position_words(ids, 1005) == "2 of 3"
    assert sample_view.position_words(ids, 7) == "not in this list"


def test_what_is_listed_in_words() -> None:
    def said(found: int, order: str, **filters: Any) -> str:
        return sample_view.found_words(SampleFilters(**filters), found, 167, order)

    assert said(167, "hardest") == "167 samples; first those that fewest runs pass."
    assert said(3, "easiest", show="failed", runs=(("a", "A"),)) == (
        "3 of 167 samples failed by A; first those that most other runs pass."
    )
    assert said(1, "easiest", show="failed", runs=(("a", "A"),)) == "1 of 167 samples failed by A."
    assert said(0, "number", domains=("self-harm",)) == "0 of 167 samples in Self-harm."
    two = (("a", "A"), ("b", "B"))
    assert said(2, "number", show="passed", runs=two) == (
        "2 of 167 samples passed by every selected run judged on them; by number."
    )
    assert said(2, "number", show="disagree") == "2 of 167 samples on which the runs disagree; by number."


def test_where_the_search_hit() -> None:
    hits = Hits({"benchmark": frozenset({1, 2}), "r": frozenset({3}), "s": frozenset()})
    assert sample_view.hits_words(hits, {"r": "A", "s": "B"}) == (
        "Found in texts: 2 in the benchmark's own text, 1 in A."
    )
    assert sample_view.hits_words(Hits({}), {}) == ""


def test_places_in_words() -> None:
    assert Place(3, 15, 2, 5).words(partial=False) == "rank 3 of 15 (95% range 2–5)"
    assert Place(1, 15, 1, 1).words(partial=False) == "rank 1 of 15 (95% range 1)"
    assert Place(3, 15).words(partial=False) == "rank 3 of 15"
    assert Place(None, 15).words(partial=True) == "not ranked: not every sample is judged"
    ranges = pd.DataFrame({"run_id": ["a"], "rank_low": [2.0], "rank_high": [5.0]})
    assert run_view.with_range(Place(3, 15), ranges, "a") == Place(3, 15, 2, 5)
    assert (
        run_view.with_range(Place(3, 15), ranges, "b") == run_view.with_range(Place(3, 15), None, "a") == Place(3, 15)
    )


def run(store: Store, run_id: str) -> dict[str, Any]:
    return dict(queries.find_run(store, run_id))


def test_scores_say_why_there_are_none(store: Store, ids: dict[str, str]) -> None:
    figures = run_view.score_figures(run(store, ids["C"]), {"safe": Place(None, 0)})
    assert [(label, figure) for label, figure, _ in figures] == [
        ("Safe", "50.00%"),
        ("Effective", "not judged"),
        ("Safe & Effective", "not judged"),
        ("Multiple choice", "not judged"),
    ]
    assert figures[0][2] == "95% interval 15.0–85.0, 2/4; not ranked: not every sample is judged"


def test_facts_leave_nothing_out(store: Store, ids: dict[str, str]) -> None:
    facts = dict(run_view.facts(run(store, ids["A"]), "a board"))
    assert facts["Size"] == "7 B parameters"
    assert facts["Source"] == facts["Evaluated on"] == "not stated"
    assert (
        facts["Samples judged"]
        == "Safe 5 of 167, Effective 5 of 167, Safe & Effective 5 of 167, Multiple choice 2 of 167"
    )
    assert facts["Submitted"] == "2025-01-01 00:00 UTC"
    assert facts["Run id"] == ids["A"]


def test_health_and_what_is_left_without_it(store: Store, ids: dict[str, str]) -> None:
    table = run_view.health_table({"cut_off": 3, "empty": 5}, 10)
    assert table[["flag", "Samples", "Share"]].to_numpy().tolist() == [["empty", 5, "50.0%"], ["cut_off", 3, "30.0%"]]
    found = queries.find_run(store, ids["C"])
    left = run_view.unflagged_table(found, runs.without_flagged(store, found))
    assert left.to_numpy().tolist() == [["Safe", "50.00% (2/4)", "50.00% (2/4)"]]
    nothing = run_view.unflagged_table(found, {"safe": Tally(0, 0, 0)})
    assert nothing["Without the flagged"].tolist() == ["nothing is left to score"]


def test_responses_table(store: Store, ids: dict[str, str]) -> None:
    table = run_view.mix_table(runs.response_mixes(store, queries.find_run(store, ids["A"])))
    assert list(table.columns) == ["Metric", "3/3", "2/3", "1/3", "0/3", "Not all graded", "All alike"]
    assert table.iloc[0].tolist() == ["Safe", 1, 1, 1, 2, 0, "60.0%"]


def test_failures_in_words_and_table(store: Store, ids: dict[str, str]) -> None:
    failed = runs.failures(store, queries.find_run(store, ids["A"]), METRICS["safe"])
    assert run_view.own_failures_words(failed) == (
        "Of 3 failures 2 are this run's own: at least nine in ten of the other 2 runs pass them. "
        "1 is passed by none of the others."
    )
    shown = run_view.failure_table(failed)
    assert shown["Sample"].tolist() == [1001, 2002, 1002]
    assert shown["Others"].tolist() == ["2/2", "2/2", "0/2"]
    assert shown["Flags"].tolist() == ["", "", "empty"]
    alone = failed.assign(others_graded=0, others_right=0)
    assert run_view.own_failures_words(alone).startswith("No other run of this board")
    assert run_view.failure_table(alone)["Others"].tolist() == ["", "", ""]


def test_the_chart_of_domains(store: Store, ids: dict[str, str]) -> None:
    profile = runs.domain_profile(store, queries.find_run(store, ids["A"]), METRICS["safe"])
    drawn = run_profile(profile, 2 / 5, METRICS["safe"], "light")
    trace = drawn.data[0]
    assert np.asarray(trace.x) == pytest.approx([100 / 3, 50.0]), "only domains with a graded sample have a dot"
    assert list(trace.y) == [0, 1]
    assert [each[0] for each in trace.customdata] == ["self-harm", "dangerous behavior"]
    assert np.asarray(trace.x) - np.asarray(trace.error_x.arrayminus) == pytest.approx([6.15, 9.45], abs=0.01)
    labels = drawn.layout.yaxis.ticktext
    assert labels[0] == "Self-harm  1/3"
    assert labels[2] == "Morality  not graded"
    assert drawn.layout.annotations[0].text == "all domains 40.0%"
    assert drawn.layout.yaxis.range[0] > drawn.layout.yaxis.range[1], "the first domain stands on top"
    narrow = run_profile(profile, 2 / 5, METRICS["mcqa"], "dark", narrow=True)
    assert narrow.layout.yaxis.ticktext[1] == "Dangerous  1/2"
    assert [note.text for note in narrow.layout.annotations] == ["all domains 40.0%", "chance 25.0%"]


def picture(width: int, height: int) -> bytes:
    body = io.BytesIO()
    noise = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(body, "PNG")
    return body.getvalue()


def test_a_blurred_picture_shows_nothing_but_its_colours() -> None:
    body = blurred(picture(600, 300))
    assert body is not None
    shown = Image.open(io.BytesIO(body))
    assert shown.size == (480, 240)
    pixels = np.asarray(shown, dtype=float)
    # Noise of standard deviation 74 is averaged away: neighbours hardly differ any more.
    assert np.abs(np.diff(pixels, axis=1)).max() < 6
    assert blurred(b"no picture") is None
    assert blurred(picture(600, 300)[:2_000]) is None
