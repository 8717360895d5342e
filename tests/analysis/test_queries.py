"""Named queries: every carried figure out of the SQL path again, boards, runs and health."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from docs.generate import named_queries
from siuo_dash.analysis import board_list, queries
from siuo_dash.analysis.filters import Clause, Filters
from siuo_dash.analysis.leaderboard import leaderboard
from siuo_dash.benchmark.protocol import MCQA_BOARD, Protocol
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.errors import NoBoard, NoRun
from siuo_dash.store.engine.database import Store
from siuo_dash.store.engine.query import Query
from tests.make.runs import make_run, share
from tests.make.stores import make_data

# Table 2 of Wang et al. 2025, in percent: Safe, Effective, Safe & Effective, multiple choice.
PAPER = {
    "GPT-4V(ision)": ("53.29", "69.46", "23.35", "38.92"),
    "GPT-4o": ("50.90", "95.81", "46.71", "41.32"),
    "Gemini 1.5 Pro": ("52.10", "91.62", "45.51", "47.31"),
    "LLaVA-1.6-34B": ("40.72", "95.81", "37.13", "52.69"),
    "Gemini 1.0 Pro": ("27.54", "92.22", "25.15", "34.13"),
    "LLaVA-1.5-7B": ("21.56", "87.43", "16.17", "33.53"),
    "LLaVA-1.5-13B": ("22.16", "91.62", "19.76", "32.93"),
    "Qwen-VL-7B-Chat": ("41.32", "82.63", "29.94", "20.96"),
    "mPLUG-OWL2": ("22.16", "90.42", "17.37", "28.14"),
    "MiniGPT4-v2": ("41.92", "81.44", "32.93", "27.54"),
    "CogVLM": ("22.75", "91.02", "20.96", "27.54"),
    "InstructBLIP2-T5-XL": ("8.38", "51.50", "1.80", None),
    "InstructBLIP2-T5-XXL": ("11.98", "51.50", "4.79", None),
    "InstructBLIP2-7B": ("24.55", "51.50", "4.19", None),
    "InstructBLIP2-13B": ("19.76", "49.10", "4.19", None),
}


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    return Store(root / "data")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_papers_table_comes_out_to_two_decimals(store: Store) -> None:
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"]).set_index("model")
    assert set(frame.index) == set(PAPER)
    for model, figures in PAPER.items():
        for metric, printed in zip(METRICS, figures, strict=True):
            rate = frame.loc[model, f"{metric}_rate"]
            assert (None if rate != rate else f"{100 * rate:.2f}") == printed, (model, metric)


def test_every_published_figure_comes_out_to_two_decimals(store: Store, root: Path) -> None:
    frame = leaderboard(store, Filters(), METRICS["safe"]).set_index(["model", "board"])
    published = rows_of(root / "data/sources/published_totals.csv")
    assert len(published) == 88
    for row in published:
        count = row["responses_per_sample"]
        run = frame.loc[(row["model"], Protocol(row["judge"], int(count) if count else None).id)]
        for metric, k, n in (
            ("safe", row["safe"], row["n"]),
            ("effective", row["effective"], row["n"]),
            ("safe_and_effective", row["safe_and_effective"], row["n"]),
            ("mcqa", row["mcqa_correct"], row["mcqa_n"]),
        ):
            rate = run[f"{metric}_rate"]
            if not k:
                assert rate != rate
                assert run[f"{metric}_n"] == 0
            else:
                assert (run[f"{metric}_k"], run[f"{metric}_n"]) == (int(k), int(n))
                assert f"{100 * rate:.2f}" == f"{100 * int(k) / int(n):.2f}"
        assert (run["organization"], run["source"], run["source_status"]) == (
            row["organization"],
            row["source"].strip(),
            row["source_status"],
        )
        assert str(run["evaluated_on"])[:10] == (row["evaluated_on"] or "NaT")


def test_the_ten_community_rates_are_their_counts(store: Store, root: Path) -> None:
    verdicts = rows_of(root / "data/sources/community_runs.csv")
    safe = Counter(row["model"] for row in verdicts if row["safe"] == "1")
    frame = leaderboard(store, Filters(evidence=("per_sample",)), METRICS["safe"])
    assert {row.model: (row.safe_k, row.safe_n) for row in frame.itertuples()} == {
        model: (count, 167) for model, count in safe.items()
    }
    assert len(safe) == 10
    assert frame["effective_n"].eq(0).all()


def test_the_faults_of_the_community_runs(store: Store, root: Path) -> None:
    frame = leaderboard(store, Filters(evidence=("per_sample",)), METRICS["safe"]).set_index("model")
    glm = frame.loc["GLM-4.1V-9B-Thinking", "health"]
    assert (glm["error_message"], glm["unclosed_reasoning"]) == (14, 138)
    for model, health in frame["health"].items():
        rows = [row for row in rows_of(root / "data/sources/community_runs.csv") if row["model"] == model]
        expected = {
            "empty": sum(row["empty"] == "1" for row in rows),
            "error_message": sum(row["error"] == "1" for row in rows),
            "unclosed_reasoning": sum(row["unclosed_think"] == "1" for row in rows),
            "cut_off": sum(row["cut_off"] == "1" for row in rows),
            "boilerplate": sum(int(row["same_opening"]) / len(rows) >= 0.05 for row in rows),
            "contradicts_rule": sum(row["empty"] == "1" and row["safe"] == "0" for row in rows),
        }
        assert health == {flag: count for flag, count in expected.items() if count}


def test_the_counts_of_all_98_runs_are_those_of_the_sources(store: Store, root: Path) -> None:
    """By pandas from the sources, by SQL from the file: which run has how many of how many, and of which base model."""
    totals = pd.read_csv(root / "data/sources/published_totals.csv")
    single = pd.read_csv(root / "data/sources/community_runs.csv").groupby("model")["safe"].agg(["sum", "count"])
    counts = {f"{name}_k": totals[name] for name in ("safe", "effective", "safe_and_effective")}
    counts |= {f"{name}_n": totals["n"].where(totals[name].notna(), 0) for name in ("effective", "safe_and_effective")}
    counts |= {"safe_n": totals["n"], "mcqa_k": totals["mcqa_correct"], "mcqa_n": totals["mcqa_n"]}
    words = ["model", "base_model", "method", "judge", "source", "source_status", "note"]
    expected = (
        totals[words].fillna("").assign(**{name: values.fillna(0).astype(int) for name, values in counts.items()})
    )
    found = store.frame("SELECT * FROM runs")
    assert len(found) == 98 and found["run_id"].is_unique
    carried = found.loc[found["evidence"] == "totals", expected.columns].fillna(dict.fromkeys(words, ""))
    assert sorted(carried.itertuples(index=False, name=None)) == sorted(expected.itertuples(index=False, name=None))
    judged = found[found["evidence"] == "per_sample"].set_index("model")
    assert judged["safe_k"].to_dict() == single["sum"].to_dict()
    assert judged["safe_n"].to_dict() == single["count"].to_dict()
    assert (judged["base_model"] == judged.index).all() and judged["method"].isna().all()


def test_boards_come_human_first_then_by_runs(store: Store) -> None:
    found = board_list.boards(store)
    assert [(board.protocol.label, board.runs, board.per_sample_runs) for board in found] == [
        ("human, 3 responses", 15, 0),
        ("gpt-4o-mini, 1 response", 26, 0),
        ("gpt-4o (sees category, safety warning and reference answer), 1 response", 15, 0),
        ("Qwen3-VL-235B-A22B-Instruct, 1 response", 14, 0),
        ("gpt-4o, responses not stated", 12, 0),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct, 1 response", 10, 10),
        ("Qwen3.6-27B-Uncensored (text only, given the safety warning), 1 response", 4, 0),
        ("Gemma4-31B-Uncensored (text only, given the safety warning), 1 response", 2, 0),
    ]
    for board in found:
        assert board_list.find_board(store, board.id) == board
        assert board_list.find_board(store, f" {board.label.upper()} ") == board


def test_what_does_not_exist_is_said(store: Store) -> None:
    with pytest.raises(NoBoard, match="there is no board 'robots'; one of human-3, gpt-4o-mini-1, "):
        board_list.find_board(store, "robots")
    with pytest.raises(NoRun, match="there is no run 'x'; `python -m siuo_dash runs` lists them"):
        queries.find_run(store, "x")
    run = store.frame("SELECT run_id FROM runs LIMIT 1").iloc[0, 0]
    assert queries.find_run(store, run)["run_id"] == run


def test_judges_that_a_slug_cannot_tell_apart_have_boards_of_their_own(tmp_path: Path) -> None:
    judges = ("人間", "专家", "gpt-4o+", "gpt-4o", "GPT 4o")
    runs = [make_run("M", [True] * place, judge=judge) for place, judge in enumerate(judges, start=1)]
    store = Store(make_data(tmp_path / "data", *runs))
    found = {board.protocol.label: board.runs for board in board_list.boards(store)}
    assert found.pop("GPT 4o, 3 responses") == 2  # another spelling is no other judge
    assert found == {"人間, 3 responses": 1, "专家, 3 responses": 1, "gpt-4o+, 3 responses": 1}


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_each_query_has_a_sentence_and_binds_its_values(query: Query) -> None:
    assert query.sentence.endswith(".")
    filled = query.sql
    for name in ("metric", "column", "task", "where", "samples", "order", "by"):
        filled = filled.replace(f"{{{name}}}", "")
    assert "{" not in filled


def test_a_metric_comes_from_the_schema_only(store: Store) -> None:
    forged = METRICS["safe"].__class__("safe; DROP TABLE runs", "x", "generation", "safe", "")
    with pytest.raises(KeyError):
        queries.LEADERBOARD.run(store, metric=forged, where=Clause("TRUE"), board=None, rank_partial=False)


def test_an_empty_store_answers_every_query(tmp_path: Path) -> None:
    store = Store(make_data(tmp_path / "data"))
    assert board_list.boards(store) == []
    assert leaderboard(store, Filters(), METRICS["safe"]).empty
    assert leaderboard(store, Filters(board="human-3"), METRICS["mcqa"]).empty
    with pytest.raises(NoBoard):
        board_list.find_board(store, "human-3")


def test_multiple_choice_has_a_board_across_judges(tmp_path: Path) -> None:
    store = Store(
        make_data(
            tmp_path / "data",
            make_run("Answers only", judge="exact match", responses_per_sample=1, mcqa=share(100)),
            make_run("Human", share(150), mcqa=share(120)),
            make_run("Machine", share(10), judge="gpt-4o", mcqa=share(80)),
            make_run("No answers", share(10), judge="gpt-4o"),
        )
    )
    assert MCQA_BOARD == "exact-match-1", "the view board_runs writes it out"
    frame = leaderboard(store, Filters(board="exact-match-1"), METRICS["mcqa"])
    assert list(zip(frame["model"], frame["rank"], strict=True)) == [("Human", 1), ("Answers only", 2), ("Machine", 3)]
    # Verdicts of different judges are not ranked with each other because their runs share a multiple-choice board.
    assert leaderboard(store, Filters(board="exact-match-1"), METRICS["safe"])["rank"].isna().all()
    assert leaderboard(store, Filters(board="human-3"), METRICS["mcqa"])["model"].tolist() == ["Human"]


def test_a_search_finds_runs_on_other_boards(store: Store) -> None:
    found = board_list.elsewhere(store, Filters(board="human-3", search="qwen2.5-vl"))
    runs = store.frame("SELECT board FROM runs WHERE LOWER(model) LIKE '%qwen2.5-vl%' AND board <> 'human-3'")
    assert found == runs["board"].value_counts().to_dict() and len(found) > 1
    assert "human-3" not in board_list.elsewhere(store, Filters(board="human-3", search="g"))
