"""The home page: every board and metric, filters out of the address, and what is said where there is nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from siuo_dash.benchmark.schema import METRICS
from siuo_dash.report.leaderboard import WHY_NO_RANKS
from siuo_dash.store import registry
from tests.make.pages import OpenApp
from tests.make.runs import make_run, run_id_of, share, with_column
from tests.make.stores import add, make_data

BOARDS = {
    "human-3": 15,
    "gpt-4o-mini-1": 26,
    "gpt-4o-sees-category-safety-warning-and-reference-answer-1": 15,
    "qwen3-vl-235b-a22b-instruct-1": 14,
    "gpt-4o-unstated": 12,
    "meta-llama-meta-llama-3-1-8b-instruct-1": 10,
    "qwen3-6-27b-uncensored-text-only-given-the-safety-warning-1": 4,
    "gemma4-31b-uncensored-text-only-given-the-safety-warning-1": 2,
    "all": 98,
}


def rows(app: AppTest) -> pd.DataFrame:
    found: pd.DataFrame = app.dataframe[0].value
    return found


def words(app: AppTest) -> str:
    """All that the page says."""
    parts = (app.title, app.markdown, app.caption, app.subheader, app.info, app.warning, app.error)
    return "\n".join(str(element.value) for part in parts for element in part)


def with_ranges(app: AppTest) -> AppTest:
    """The page once the rank ranges are there; each run waits for them a moment."""
    for _ in range(100):
        if "" not in set(rows(app).loc[rows(app)["Rank"].notna(), "Rank range"]):
            return app
        app.run()
    raise AssertionError("the rank ranges do not come")


def test_every_board_by_every_metric(open_app: OpenApp) -> None:
    app = open_app()
    for board, runs in BOARDS.items():
        app.selectbox(key="board").set_value(board).run()
        for metric in METRICS.values():
            app.button_group(key="metric").set_value(metric.id).run()
            assert not app.exception, (board, metric.id)
            assert not app.error
            shown = rows(app)
            assert len(shown) == runs
            if board == "all":
                assert "Rank" not in shown
                assert WHY_NO_RANKS in words(app)
                assert not app.get("plotly_chart")
                continue
            known = shown[f"{metric.label} %"].dropna()
            assert known.tolist() == sorted(known, reverse=True)
            assert shown["Rank"].notna().sum() == len(known)
            assert len(app.get("plotly_chart")) == (1 if len(known) else 0)
            assert len(known) or f"{metric.label} is not known for any run of this view" in words(app)


def test_the_first_view(open_app: OpenApp) -> None:
    app = with_ranges(open_app())
    assert app.selectbox(key="board").value == "human-3"
    first = rows(app).iloc[0]
    assert (first["Model"], first["Rank range"], first["Safe: interval, count"]) == (
        *("GPT-4V(ision)", "1–3"),
        "45.7–60.7 · 89/167",
    )
    assert "**No filter is set.**" in words(app)
    for figure in ("**15**", "**53.29 %**", "**24.55 %**", "**12 of 15**", "**2 of 14**"):
        assert figure in words(app)
    assert "Every rate is recomputed from the verdicts" in words(app)
    assert not app.warning


@pytest.mark.parametrize(
    ("query", "sentence", "models"),
    [
        ({"q": "gemini"}, "Runs whose model or organization contains “gemini”.", ["Gemini 1.5 Pro", "Gemini 1.0 Pro"]),
        ({"organization": ["Zhipu AI", "KAUST"]}, "Runs by Zhipu AI or KAUST.", ["MiniGPT4-v2", "CogVLM"]),
        (
            {"weights": "Closed", "metric": "Effective"},
            "Runs with closed weights.",
            ["GPT-4o", "Gemini 1.0 Pro", "Gemini 1.5 Pro", "GPT-4V(ision)"],
        ),
        (
            {"size_from": "17", "unknown_sizes": "false"},
            "Runs of at least 17 B parameters (unknown sizes left out).",
            ["LLaVA-1.6-34B", "CogVLM"],
        ),
        (
            {"size_from": "18", "size_to": "17", "unknown_sizes": "false"},
            "Runs of 17 to 18 B parameters (unknown sizes left out).",
            ["CogVLM"],
        ),
        (
            {"board": "meta-llama/Meta-Llama-3.1-8B-Instruct, 1 response", "health": "Error message"},
            "Runs with the flag “error message”.",
            ["GLM-4.1V-9B-Thinking"],
        ),
        (
            {"board": "All runs, without ranks", "evidence": ["Per sample"], "q": "gemma"},
            "Runs whose model or organization contains “gemma”; with evidence per sample.",
            ["Gemma-3-4B-IT"],
        ),
    ],
)
def test_filters_come_out_of_the_address(
    open_app: OpenApp, query: dict[str, Any], sentence: str, models: list[str]
) -> None:
    app = open_app(**query)
    assert rows(app)["Model"].tolist() == models
    assert sentence.replace("(", r"(") in words(app).replace("\\", "")
    assert not app.exception


@pytest.mark.parametrize(
    "query",
    [
        {"board": "no such board"},
        {"metric": "beauty"},
        {"size_from": "nan"},
        {"size_from": "-3"},
        {"size_to": "many"},
        {"health": "ill"},
        {"organization": "nobody"},
        {"runs": "no such run"},
        {"columns": "no such column"},
        {"partial": "perhaps"},
        {"nonsense": "x"},
    ],
    ids=str,
)
def test_what_an_address_cannot_mean_is_the_default(open_app: OpenApp, query: dict[str, str]) -> None:
    app = open_app(**query)
    assert not app.exception
    assert len(rows(app)) == 15
    assert "**No filter is set.**" in words(app)


def test_filters_change_no_rank(open_app: OpenApp) -> None:
    app = open_app(weights="Open")
    assert rows(app)["Rank"].tolist() == [4, 5, 6, 8, 9, 10, 10, 12, 13, 14, 15]


def test_nothing_found_says_what_to_do_and_loses_nothing(open_app: OpenApp) -> None:
    app = open_app(runs=["GPT-4o · human"], columns=["Model", "Safe"])
    app.text_input(key="q").set_value("no model is called this").run()
    assert not app.exception
    assert "No run passes these filters. Reset them, or choose another board." in words(app)
    assert not app.dataframe
    app.text_input(key="q").set_value("").run()
    assert app.multiselect(key="runs").value == ["GPT-4o · human"]
    assert list(rows(app)) == ["Model", "Safe %", "Safe: interval, count"]


def test_reset_puts_every_filter_back(open_app: OpenApp) -> None:
    app = open_app(q="gem", weights="Closed", size_from="3", health="No flags", metric="Effective", partial="true")
    button = next(button for button in app.button if button.label == "Reset filters")
    button.click().run()
    assert len(rows(app)) == 15
    assert "**No filter is set.**" in words(app)
    assert app.toggle(key="partial").value is False
    assert rows(app)["Model"].iloc[0] == "GPT-4o"  # the metric is no filter
    assert set(app.query_params) == {"metric"}


def test_chosen_runs_offer_what_can_be_done(open_app: OpenApp) -> None:
    assert "Compare" not in links(open_app())
    app = open_app(runs=["GPT-4o · human", "CogVLM · human"])
    assert app.multiselect(key="runs").value == ["GPT-4o · human", "CogVLM · human"]
    for label, url in links(app).items():
        assert url, label  # no dead link


def links(app: AppTest) -> dict[str, str]:
    found = [element.proto for element in app.get("page_link")]
    return {proto.label: proto.page for proto in found}


def test_columns_are_chosen_and_the_model_stays(open_app: OpenApp) -> None:
    app = open_app(columns=["Safe", "Status"])
    assert list(rows(app)) == ["Model", "Safe %", "Safe: interval, count", "Status"]


def test_the_order_of_rows_comes_out_of_the_address(open_app: OpenApp) -> None:
    app = open_app(sort="Model, A to Z")
    assert rows(app)["Model"].tolist()[:2] == ["CogVLM", "Gemini 1.0 Pro"]
    assert rows(app)["Rank"].tolist()[:2] == [9, 7]
    assert "**53.29 %**" in words(app)  # the best is still the best
    app = open_app(sort="Rank", board="All runs, without ranks")
    assert not app.exception
    assert rows(app)["Model"].tolist() == sorted(rows(app)["Model"], key=str.lower)


def test_partial_runs(open_app: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("Part", [True, None]), make_run("Whole", share(9)), shipped=True)
    app = open_app(data, q="a")
    assert rows(app).set_index("Model").loc["Part", "Safe: interval, count"].endswith("1/1 partial")
    assert pd.isna(rows(app).set_index("Model").loc["Part", "Rank"])
    app.toggle(key="partial").set_value(True).run()
    assert rows(app).set_index("Model").loc["Part", "Rank"] == 1
    assert "Partial runs are ranked, too." in words(app)


# Data that changes, breaks or is not there


def test_a_broken_file_is_named_and_the_rest_shown(open_app: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", shipped=True)
    path = add(data, with_column(make_run("Broken", [True] * 9), "run_id", ["*evil*:red[x]"] * 9))
    path.write_bytes(b"")
    app = open_app(data)
    assert [warning.value for warning in app.warning] == [
        f"run \\*evil\\*\\:red\\[x\\], runs/{path.name}: cannot be read (Parquet file size is 0 bytes); "
        "restore it from a backup or withdraw the run"
    ]
    assert len(rows(app)) == 15


def test_new_and_removed_runs_are_there_at_the_next_interaction(open_app: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", shipped=True)
    app = open_app(data)
    newcomer = make_run("Newcomer", share(160), judge="a new judge")
    add(data, newcomer)
    app.run()
    app.selectbox(key="board").set_value("a-new-judge-3").run()
    assert rows(app)["Model"].tolist() == ["Newcomer"]
    app.multiselect(key="runs").set_value(["Newcomer · a new judge"]).run()
    registry.withdraw(data, run_id_of(newcomer), registry.local(), "why")
    app.run()  # on a board, and with a run, that are no more
    assert not app.exception
    assert len(rows(app)) == 15
    assert app.multiselect(key="runs").value == []


def test_no_data_says_where_to_look(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app(tmp_path / "nowhere")
    assert not app.exception
    assert "point SIUO\\_DATA to a folder that has samples.csv" in words(app)
    data = make_data(tmp_path / "nowhere", shipped=True)
    assert len(rows(app.run())) == 15
    shutil.rmtree(data)
    assert "the catalogue of samples cannot be read" in words(app.run())


def test_an_empty_store_says_what_is_missing(open_app: OpenApp, tmp_path: Path) -> None:
    app = open_app(make_data(tmp_path / "data"))
    assert not app.exception
    assert "results.parquet: is missing" in words(app)


def test_hostile_names_are_escaped_wherever_markdown_is_read(open_app: OpenApp, tmp_path: Path) -> None:
    name = "**b** <img src=x onerror=alert(1)> [l](https://example.org) :red[x] `c` $x$ | :material/home:"
    run = make_run(name, share(167), judge="*judge* :smile: <b>")
    data = make_data(tmp_path / "data", run, shipped=True)
    app = open_app(data, board="*judge* :smile: <b>, 3 responses", q=name[:40])
    assert rows(app)["Model"].tolist() == [name]
    said = words(app) + str(app.selectbox(key="board").help)
    for raw in ("**b**", "<img", "[l](", ":red[", "`c`", "$x$", ":material/home:", ":smile:", "*judge*"):
        assert not re.search(rf"(?<!\\){re.escape(raw)}", said), raw
    app.multiselect(key="runs").set_value([f"{name} · *judge* :smile: <b>"]).run()
    assert not app.exception
    assert run_id_of(run) not in said
