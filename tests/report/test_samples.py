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
from siuo_dash.report import runs as run_view
from siuo_dash.report import samples as sample_view
from siuo_dash.report.export import Provenance, to_csv, to_parquet
from siuo_dash.report.rows import domain_rows, sample_rows
from siuo_dash.report.runs import Place
from siuo_dash.store.engine.database import Store
from siuo_dash.text import percent
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
    assert run_view.with_range(Place(3, 15), ranges, "a", 15) == Place(3, 15, 2, 5)
    for found, run_id in ((ranges, "b"), (None, "a")):
        assert run_view.with_range(Place(3, 15), found, run_id, 15) == Place(3, 15)


def run(store: Store, run_id: str) -> dict[str, Any]:
    return dict(queries.find_run(store, run_id))


def said(store: Store, run_id: str, metric: str = "safe", place: Place | None = None) -> list[tuple[str, str, str]]:
    """The score line of a run."""
    row = queries.find_run(store, run_id)
    profile, left = runs.domain_profile(store, row, METRICS[metric]), runs.without_flagged(store, row)
    flagged = runs.flagged_samples(store, row)
    return run_view.score_figures(dict(row), METRICS[metric], place, profile, flagged, left.get(metric))


def test_the_score_line(store: Store, ids: dict[str, str]) -> None:
    place = Place(None, 0)
    assert said(store, ids["A"], place=place) == [
        ("Safe", f"{percent(0.4)} (11.8–76.9)", "not ranked: not every sample is judged"),
        ("Weakest domain", "Self-harm", f"1/3 pass, {percent(1 / 3)}"),
        ("Flagged samples", "1 of 5", "without them 5 samples: too few for a rate"),
    ]
    _, weakest, flagged = said(store, ids["B"], place=place)
    assert weakest[1:] == ("Dangerous behavior", f"1/2 pass, {percent(0.5)}")
    assert flagged[1:] == ("none", "of 5 samples")
    assert said(store, ids["C"], "effective") == [("Effective", "not judged", "")]


def test_domains_that_are_equally_weak_are_all_named(store: Store, ids: dict[str, str]) -> None:
    row, metric = queries.find_run(store, ids["A"]), METRICS["safe"]
    profile = runs.domain_profile(store, row, metric).head(3).assign(k=[1, 2, 3], n=[2, 4, 4], rate=[0.5, 0.5, 0.75])
    figures = run_view.score_figures(dict(row), metric, Place(1, 2), profile, 0, None)
    assert figures[1] == ("Weakest domains", "Self-harm and Dangerous behavior", f"{percent(0.5)} pass in each")


def test_the_score_without_the_flagged_is_said_where_enough_is_left(store: Store, ids: dict[str, str]) -> None:
    row, metric = queries.find_run(store, ids["A"]), METRICS["safe"]
    profile = runs.domain_profile(store, row, metric)

    def words(rest: Tally) -> str:
        return run_view.score_figures(dict(row), metric, Place(1, 2), profile, 100, rest)[-1][2]

    assert words(Tally(30, 50, 50)) == f"without them {percent(0.6)} (46.2–72.4), n = 50"
    assert words(Tally(30, 49, 49)) == "without them 49 samples: too few for a rate"


def test_the_other_metrics_are_one_line(store: Store, ids: dict[str, str]) -> None:
    assert run_view.other_metrics(run(store, ids["C"]), METRICS["safe"]) == (
        "Effective, Safe & Effective and Multiple choice: not judged"
    )
    line = run_view.other_metrics(run(store, ids["A"]), METRICS["safe"])
    assert line == (
        f"Effective {percent(1)} (56.6–100.0) · Safe & Effective {percent(0.4)} (11.8–76.9) · "
        f"Multiple choice {percent(0.5)} (9.5–90.5)"
    )


def test_figures_and_facts_are_text() -> None:
    assert run_view.facts_html([("Note", "<b>a</b>\n\u202eb & [c](d)")]) == (
        '<dl class="facts"><dt>Note</dt><dd>&lt;b&gt;a&lt;/b&gt;\n\\u202eb &amp; [c](d)</dd></dl>'
    )
    assert run_view.figures_html([("<b>", "&", '"')]) == (
        '<div class="figures"><div><small>&lt;b&gt;</small><b>&amp;</b><small>&quot;</small></div></div>'
    )


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
    assert left.to_numpy().tolist() == [["Safe", f"{percent(0.5)} (2/4)", f"{percent(0.5)} (2/4)"]]
    nothing = run_view.unflagged_table(found, {"safe": Tally(0, 0, 0)})
    assert nothing["Excluding flagged"].tolist() == ["no sample left"]


def test_responses_table(store: Store, ids: dict[str, str]) -> None:
    table = run_view.mix_table(runs.response_mixes(store, queries.find_run(store, ids["A"])))
    assert list(table.columns) == ["Metric", "3/3", "2/3", "1/3", "0/3", "Not all graded", "All alike"]
    assert table.iloc[0].tolist() == ["Safe", 1, 1, 1, 2, 0, "60.0%"]


def test_failures_in_words_and_rows(store: Store, ids: dict[str, str]) -> None:
    failed = runs.failures(store, queries.find_run(store, ids["A"]), METRICS["safe"])
    assert run_view.own_failures_words(failed) == (
        "3 failures; 2 that at least 90% of the other 2 runs pass, 1 that none of them passes."
    )
    shown = sample_rows(failed, METRICS["safe"], counts=("others_right", "others_graded"))
    assert [(row["id"], row["end"]) for row in shown] == [("1001", "2/2"), ("2002", "2/2"), ("1002", "0/2")]
    assert "mark" not in shown[0], "that it fails goes without saying"
    one = failed.assign(others_graded=1, others_right=[1, 1, 0])
    assert run_view.own_failures_words(one) == "3 failures; 2 that the other run passes."
    alone = failed.assign(others_graded=0, others_right=0)
    assert run_view.own_failures_words(alone).startswith("No other run of this board")
    assert sample_rows(alone, METRICS["safe"], counts=("others_right", "others_graded"))[0]["end"] == ""


def test_rows_of_domains(store: Store, ids: dict[str, str]) -> None:
    shown = domain_rows(runs.domain_profile(store, queries.find_run(store, ids["A"]), METRICS["safe"]))
    assert len(shown) == 9 and [row["id"] for row in shown[:2]] == ["self-harm", "dangerous behavior"]
    assert shown[0]["rate"] == pytest.approx((100 / 3, 6.15, 79.23), abs=0.01)
    assert [shown[0][part] for part in ("name", "beside", "end")] == ["Self-harm", "33.3", "1/3"]
    assert shown[2]["beside"] == "not graded" and "rate" not in shown[2]


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
