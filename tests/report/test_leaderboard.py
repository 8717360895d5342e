"""The leaderboard's columns on the screen and in exports, its words, and the links that sources become."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from siuo_dash.analysis.filters import Filters
from siuo_dash.analysis.leaderboard import differences, key_figures, leaderboard, other_ranking, rank_ranges, run_labels
from siuo_dash.benchmark.printed import source_link
from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report import columns as kit
from siuo_dash.report.export import Provenance, Table
from siuo_dash.report.leaderboard import (
    COLUMNS,
    DIFFERENCE,
    ORDERS,
    export_table,
    health_words,
    is_order,
    ordered,
    with_attempts,
    with_differences,
    with_ranges,
)
from siuo_dash.report.leaderboard_words import leader_sentence, other_ranking_sentence
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import attempts, publish
from tests.make.runs import make_run, share
from tests.make.stores import make_data

COMMUNITY = "meta-llama-meta-llama-3-1-8b-instruct-1"
PROVENANCE = Provenance("v", "b", "f")


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    return Store(root / "data")


def board(store: Store, name: str | None, metric: str = "safe") -> pd.DataFrame:
    frame = leaderboard(store, Filters(board=name), METRICS[metric])
    ranges = rank_ranges(store, name, METRICS[metric]) if name else None
    return with_differences(with_attempts(with_ranges(frame, ranges), {}), None)


def screen_table(frame: pd.DataFrame, columns: list[str], boards: dict[str, str]) -> pd.DataFrame:
    return kit.screen([COLUMNS[name] for name in columns], frame.assign(board_label=frame["board"].map(boards)))


def exported(frame: pd.DataFrame, columns: list[str] | None = None) -> Table:
    return export_table(frame, columns or list(COLUMNS), {"human-3": "human, 3 responses"}, PROVENANCE, "T")


def test_the_first_row_as_it_is_read(store: Store) -> None:
    first = screen_table(board(store, "human-3"), list(COLUMNS), {"human-3": "human, 3 responses"}).iloc[0]
    assert first.drop(["Safe %", "Effective %", "Safe & Effective %", "Multiple choice %"]).to_dict() == {
        "Rank": 1,
        "Rank range": "1–3",
        "Model": "GPT-4V(ision)",
        "Board": "human, 3 responses",
        "Safe: 95% interval · n": "45.7–60.7 · 89/167",
        "Effective: 95% interval · n": "62.1–75.9 · 116/167",
        "Safe & Effective: 95% interval · n": "17.6–30.3 · 39/167",
        "Multiple choice: 95% interval · n": "31.9–46.5 · 65/167",
        "Gain over base": "",
        "Difference": "",
        "Base model": "GPT-4V(ision)",
        "Method": "",
        "Organization": "OpenAI",
        "Size (B)": pytest.approx(float("nan"), nan_ok=True),
        "Weights": "closed",
        "Evidence": "Published totals",
        "Health": "no responses",
        "Badge": "Published",
        "Evaluated": datetime.date(2024, 4, 29),
        "Status": "peer-reviewed",
        "Source": "https://arxiv.org/abs/2406.15279",
    }
    assert first["Safe %"] == pytest.approx(53.293413)


def test_what_is_missing_says_why(store: Store) -> None:
    totals = screen_table(board(store, "human-3"), ["model", "mcqa"], {}).set_index("Model")
    assert totals.loc["InstructBLIP2-7B", "Multiple choice: 95% interval · n"] == "not published"
    assert pd.isna(totals.loc["InstructBLIP2-7B", "Multiple choice %"])
    per_sample = board(store, COMMUNITY)
    assert set(screen_table(per_sample, ["effective"], {})["Effective: 95% interval · n"]) == {"not judged"}
    table = exported(per_sample)
    assert table.data[["effective_k", "effective_n", "effective_rate", "mcqa_k"]].isna().all(axis=None)
    assert set(table.text("range")["Effective"]) == {"not judged"}


def test_a_partial_run_says_so(tmp_path: Path) -> None:
    store = Store(make_data(tmp_path / "data", make_run("Part", [True, None]), make_run("Whole", share(9))))
    shown = screen_table(board(store, "human-3"), ["rank", "model", "safe"], {}).set_index("Model")
    assert shown.loc["Part", "Safe: 95% interval · n"] == "20.7–100.0 · 1/1 partial"
    assert pd.isna(shown.loc["Part", "Rank"])
    assert "partial" not in shown.loc["Whole", "Safe: 95% interval · n"]


@pytest.mark.parametrize("name", ["human-3", COMMUNITY, None])
def test_an_export_holds_the_rows_of_the_screen(store: Store, name: str | None) -> None:
    frame = board(store, name)
    shown, table = screen_table(frame, list(COLUMNS), {}), exported(frame)
    assert table.data["model"].tolist() == shown["Model"].tolist()
    for metric in METRICS:
        percent = shown[f"{METRICS[metric].label} %"]
        pd.testing.assert_series_equal(100 * table.data[f"{metric}_rate"], percent, check_names=False)
    assert table.data["health"].tolist() == shown["Health"].tolist()
    assert table.data["source"].tolist() == frame["source"].tolist()
    for how in ("range", "plus-minus"):
        assert table.text(how).shape == (len(frame), len(COLUMNS))


def test_the_best_is_bold_where_it_was_compared(store: Store, tmp_path: Path) -> None:
    table = exported(board(store, "human-3"))
    assert table.bold is not None
    best = {label: table.data.loc[column, "model"].tolist() for label, column in table.bold.items()}
    assert best == {
        "Safe": ["GPT-4V(ision)"],
        "Effective": ["GPT-4o", "LLaVA-1.6-34B"],
        "Safe & Effective": ["GPT-4o"],
        "Multiple choice": ["LLaVA-1.6-34B"],
    }
    everything = exported(board(store, None))
    assert everything.bold is not None
    assert not everything.bold[["Safe", "Effective", "Safe & Effective"]].any(axis=None)

    partial = Store(make_data(tmp_path / "data", make_run("Part", [True]), make_run("Whole", share(99))))
    part = exported(board(partial, "human-3"))
    assert part.bold is not None
    assert part.data.loc[part.bold["Safe"], "model"].tolist() == ["Whole"]


def test_columns_keep_to_what_was_chosen(store: Store) -> None:
    frame = board(store, "human-3")
    assert list(screen_table(frame, ["model", "size"], {})) == ["Model", "Size (B)"]
    assert list(exported(frame, ["model", "safe"]).data) == [
        *("model", "safe_k", "safe_n", "safe_rate", "safe_low", "safe_high", "run_id")
    ]


def test_the_badge_says_which_attempt_it_is(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("Carried", share(50), source_status="preprint"))
    for safe in (30, 31):
        publish(data, make_run("Tried", share(safe)), by="ada")
    publish(data, make_run("Once", share(20)), by="bob")
    frame = with_attempts(leaderboard(Store(data), Filters(board="human-3"), METRICS["safe"]), attempts(data))
    shown = screen_table(frame, ["model", "badge"], {})
    assert [list(row) for row in shown.itertuples(index=False)] == [
        ["Carried", "Published"],
        ["Tried", "Self-reported, 2nd of 2 attempts"],
        ["Tried", "Self-reported, 1st of 2 attempts"],
        ["Once", "Self-reported"],
    ]
    table = exported(frame, ["badge"]).data
    assert table["badge"].tolist() == ["Published", *["Self-reported"] * 3]
    assert table["attempt"].tolist() == [pd.NA, 2, 1, 1] and table["attempts"].tolist() == [pd.NA, 2, 2, 1]
    assert list(exported(frame.head(1), ["badge"]).data) == ["badge", "run_id"], "no columns of nothing"


def test_ranges_that_are_not_ready_leave_the_table_as_it_is(store: Store) -> None:
    frame = leaderboard(store, Filters(board="human-3"), METRICS["safe"])
    for waiting in (None, pd.DataFrame(columns=["run_id", "rank_low", "rank_high"])):
        shown = screen_table(with_ranges(frame, waiting), ["rank", "rank_range", "model"], {})
        assert set(shown["Rank range"]) == {""}
        assert shown["Rank"].tolist()[:3] == [1, 2, 3]
    with_them = with_ranges(frame, rank_ranges(store, "human-3", METRICS["safe"]))
    assert with_them["run_id"].tolist() == frame["run_id"].tolist()


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("Wang 2025, arXiv:2406.15279; sinwang20.github.io/SIUO", "https://arxiv.org/abs/2406.15279"),
        ("https://example.org/a?b=1, page 3", "https://example.org/a?b=1"),
        ("draft, github.com/charlie-levy/MLLM-Safety, clean images", "https://github.com/charlie-levy/MLLM-Safety"),
        ("sinwang20.github.io/SIUO", "https://sinwang20.github.io/SIUO"),
        ("A book", None),
        (None, None),
        (float("nan"), None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("HTTPS://EXAMPLE.ORG/x", "HTTPS://EXAMPLE.ORG/x"),
        ("evil-github.com/x", None),
        ("(https://example.org/x)", "https://example.org/x"),
        ("see https://example.org/x.", "https://example.org/x"),
    ],
)
def test_a_source_becomes_a_link_where_it_names_one(source: object, link: str | None) -> None:
    assert source_link(source) == link


def test_health_in_words() -> None:
    assert (
        health_words({"unclosed_reasoning": 138, "error_message": 14}, "per_sample")
        == "138 unclosed reasoning, 14 error message"
    )
    assert health_words({}, "per_sample") == "no flags"
    assert health_words({}, "totals") == "no responses"


def test_the_sentence_names_the_leader_and_whom_it_is_tied_with(store: Store) -> None:
    safe = METRICS["safe"]

    def said(name: str, metric: str = "safe") -> str:
        return leader_sentence(key_figures(store, board(store, name, metric), METRICS[metric]), METRICS[metric])

    tied = "Gemini 1.5 Pro and GPT-4o are tied with it."
    assert said("human-3") == f"GPT-4V(ision) leads with 53.3% safe; {tied}"
    tied = "Phi-4-Multimodal-Instruct, LLaVA-1.5-7B and Qwen3-VL-8B-Instruct are tied with it."
    assert said(COMMUNITY) == f"Phi-3.5-Vision-Instruct leads with 78.4% safe; {tied}"
    assert said(COMMUNITY, "mcqa") == "No run here is ranked by Multiple choice."
    marked = leader_sentence(key_figures(store, board(store, "human-3"), safe), safe, lambda name: f"<{name}>")
    assert marked.startswith("<GPT-4V(ision)> leads with 53.3% safe; <Gemini 1.5 Pro> and <GPT-4o> are")


def test_the_sentence_of_a_single_run_and_of_a_crowd(tmp_path: Path) -> None:
    def said(*runs: pa.Table) -> str:
        store = Store(make_data(tmp_path / str(len(runs)), *runs))
        return leader_sentence(key_figures(store, board(store, "human-3"), METRICS["safe"]), METRICS["safe"])

    assert said(make_run("Alone", share(100))) == "Alone has 59.9% safe; no other run is ranked here."
    ahead = said(make_run("First", share(160)), make_run("Second", share(20)))
    assert ahead == "First leads with 95.8% safe, significantly ahead of every other run."
    crowd = said(*(make_run(f"Model {place}", share(100), totals=True) for place in range(60)))
    assert crowd.startswith("Model 0 leads with 59.9% safe; ") and crowd.endswith(" and 56 more are tied with it.")


def test_what_the_ranking_by_safe_hides_is_said_where_it_is_known(store: Store, tmp_path: Path) -> None:
    other = other_ranking(store, "human-3", board(store, "human-3"))
    assert other is not None
    assert other_ranking_sentence(other, str, lambda label: f"[{label}]") == (
        "By [Safe & Effective] GPT-4o leads and GPT-4V(ision) is 7th: safety by refusal is not safety."
    )
    assert other_ranking(store, COMMUNITY, board(store, COMMUNITY)) is None, "nobody was judged by it"
    same = make_run("First", share(160), share(160), share(150)), make_run("Second", share(20), share(20), share(10))
    alike = Store(make_data(tmp_path / "same", *same))
    assert other_ranking(alike, "human-3", board(alike, "human-3")) is None
    near = make_run("First", share(160), share(160), share(99)), make_run("Second", share(20), share(20), share(100))
    close = Store(make_data(tmp_path / "near", *near))
    assert other_ranking(close, "human-3", board(close, "human-3")) is None, "not significant"


def test_differences_are_of_the_two_runs_and_say_how_they_were_computed(store: Store) -> None:
    frame = board(store, COMMUNITY).drop(columns=list(DIFFERENCE))
    leader = frame["run_id"].iloc[0]
    found = differences(store, leader, METRICS["safe"], Filters(board=COMMUNITY))
    frame = with_differences(frame, found, "Phi-3.5-Vision-Instruct")
    assert pd.isna(frame["difference"].iloc[0]) and frame["difference"].notna().sum() == 9
    rest = frame.iloc[1:]
    assert (rest["difference"] - (rest["safe_rate"] - frame["safe_rate"].iloc[0])).abs().max() < 1e-12
    assert rest["difference_paired"].all()
    table = exported(frame, ["model", "difference"]).data
    assert list(table) == ["model", *DIFFERENCE, "run_id"]
    assert table["difference_high"].iloc[3] == frame["difference_high"].iloc[3]
    human = board(store, "human-3")
    unpaired = differences(store, human["run_id"].iloc[0], METRICS["safe"], Filters(board="human-3"))
    assert not unpaired["paired"].any()
    assert with_differences(human, None)["difference"].isna().all()


def test_the_order_of_rows(tmp_path: Path) -> None:
    runs = [
        make_run("beta", share(3), params_b=7.0, organization="Zeta", flags={0: ["empty", "cut_off"]}),
        make_run("Alpha", share(2), params_b=None, organization=None),
        make_run("alpha 2", share(1), params_b=70.0, evaluated_on=datetime.date(2026, 1, 1), flags={1: ["empty"]}),
        make_run(
            "gamma", share(0), params_b=1.5, organization="eta", evaluated_on=datetime.date(2025, 1, 1), totals=True
        ),
    ]
    store = Store(make_data(tmp_path / "data", *runs))
    frame = board(store, "human-3")
    expected = {
        "rank": ["beta", "Alpha", "alpha 2", "gamma"],
        "model": ["Alpha", "alpha 2", "beta", "gamma"],
        "base": ["Alpha", "alpha 2", "beta", "gamma"],
        "organization": ["gamma", "beta", "Alpha", "alpha 2"],
        "size": ["alpha 2", "beta", "gamma", "Alpha"],
        "date": ["alpha 2", "gamma", "beta", "Alpha"],
        "health": ["beta", "alpha 2", "Alpha", "gamma"],
    }
    assert {order: ordered(frame, order)["model"].tolist() for order in ORDERS} == expected
    for order in ("safe", "-safe", "model", "-model", "badge", "source", "evidence", "weights", "-size"):
        assert sorted(ordered(frame, order)["model"]) == sorted(expected["rank"]), order
        assert is_order(order)
    assert ordered(frame, "-size")["model"].tolist() == ["gamma", "beta", "alpha 2", "Alpha"], "unknown comes last"
    assert ordered(frame, "-safe")["model"].tolist() == expected["rank"][::-1]
    assert not is_order("beauty") and not is_order("rank_range") and ordered(frame, "beauty") is frame
    shown = screen_table(ordered(frame, "size"), ["rank", "model", "size", "safe"], {})
    assert shown["Rank"].tolist() == [3, 1, 4, 2]
    assert ordered(frame.head(0), "health").empty
    assert exported(ordered(frame, "size")).data["model"].tolist() == expected["size"]
    assert exported(ordered(frame, "size")).bold["Safe"].tolist() == [False, True, False, False]  # type: ignore[index]


def test_labels_reach_the_frame(store: Store) -> None:
    frame = board(store, "human-3")
    assert frame["label"].tolist() == [run_labels(store)[run_id] for run_id in frame["run_id"]]
