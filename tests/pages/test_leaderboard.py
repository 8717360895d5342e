"""The home page: every board and metric, filters out of the address, and what is said where there is nothing."""

from __future__ import annotations

import json
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
from siuo_dash.ui import board_table
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


def shown(app: AppTest) -> dict[str, Any]:
    """What the page gives its table."""
    protos: list[Any] = [element.proto for element in app.get("bidi_component")]
    found = {proto.component_name: proto for proto in protos}
    data: dict[str, Any] = json.loads(found["siuo_board"].json)
    return data | {"rows": board_table.unpacked(found["siuo_board_rows"].bytes)}


def has_table(app: AppTest) -> bool:
    protos: list[Any] = [element.proto for element in app.get("bidi_component")]
    return any(proto.component_name == "siuo_board" for proto in protos)


def rows(app: AppTest) -> pd.DataFrame:
    """The table's cells by the ids of its columns, in its order; of a model its name, of a rank the number."""
    data = shown(app)
    order = data["order"] or range(len(data["rows"]["runs"]))
    cells = {column["id"]: [column["cells"][row] for row in order] for column in data["rows"]["columns"]}
    found = pd.DataFrame(cells)
    found["model"] = [cell[0] for cell in cells["model"]]
    if "rank" in cells:
        found["range"] = [cell[1:] for cell in cells["rank"]]
        found["rank"] = pd.Series([cell[0] for cell in cells["rank"]], dtype="Int64")
    return found


def words(app: AppTest) -> str:
    """All that the page says."""
    parts = (app.title, app.markdown, app.caption, app.subheader, app.info, app.warning, app.error)
    return "\n".join(str(element.value) for part in parts for element in part)


def with_ranges(app: AppTest) -> AppTest:
    """The page once the rank ranges are there; each run waits for them a moment."""
    for _ in range(100):
        if [None, None] not in rows(app).loc[rows(app)["rank"].notna(), "range"].tolist():
            return app
        app.run()
    raise AssertionError("the rank ranges do not come")


def test_every_board_by_every_metric(open_app: OpenApp) -> None:
    app = open_app()
    for board, runs in BOARDS.items():
        app.selectbox(key="board").set_value(board).run()
        (metrics,) = [each for each in app.button_group if str(each.key).startswith("metric-")]
        for metric in str(metrics.key).removeprefix("metric-").split("-"):  # those that are judged on the board
            app.button_group(key=str(metrics.key)).set_value(metric).run()
            assert not app.exception, (board, metric)
            assert not app.error
            found = rows(app)
            assert len(found) == runs
            assert not app.dataframe and not app.get("plotly_chart"), "the table says it all"
            columns = [column["id"] for column in shown(app)["rows"]["columns"]]
            assert [name for name in METRICS if name in columns] == [
                name for name in METRICS if f"-{name}-" in f"-{metrics.key}-"
            ]
            if board == "all":
                assert "rank" not in found
                assert WHY_NO_RANKS in words(app)
                continue
            known = [cell[0] / cell[1] for cell in found[metric] if isinstance(cell, list)]
            assert known and known == sorted(known, reverse=True)
            assert found["rank"].notna().sum() == len(known)
            assert " with " in words(app)


def test_the_first_view(open_app: OpenApp) -> None:
    app = with_ranges(open_app())
    assert app.selectbox(key="board").value == "human-3"
    first = rows(app).iloc[0]
    assert (first["model"], first["range"], first["safe"]) == ("GPT-4V(ision)", [1, 3], [89, 167, 53.3, 45.7, 60.7])
    said = words(app)
    assert "**GPT-4V(ision)** leads with 53.3% safe; **Gemini 1.5 Pro** and **GPT-4o** are tied with it." in said
    assert "(/?board=human-3&metric=safe_and_effective) **GPT-4o** leads and **GPT-4V(ision)** is 7th" in said
    assert "Rates recomputed from verdicts" in said
    assert not app.warning


def test_the_other_ranking_is_named_where_nothing_is_filtered(open_app: OpenApp) -> None:
    assert "safety by refusal" not in words(open_app(weights="open"))
    assert "safety by refusal" not in words(open_app(metric="effective"))


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
            "Runs whose model or organization contains “gemma”; with evidence: sample-level.",
            ["Gemma-3-4B-IT"],
        ),
    ],
)
def test_filters_come_out_of_the_address(
    open_app: OpenApp, query: dict[str, Any], sentence: str, models: list[str]
) -> None:
    app = open_app(**query)
    assert rows(app)["model"].tolist() == models
    chips = chosen_filters(app)
    assert chips and all(chip.lower() in sentence.lower() for chip in chips)
    assert not app.exception


def chosen_filters(app: AppTest) -> list[str]:
    """What the chips of the chosen filters say."""
    chips = [each for each in app.button if str(each.key).startswith("chip-") and each.key != "chip-all"]
    return [chip.label.replace("\\", "").replace("\u2060", "") for chip in chips]


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
        {"sort": "beauty"},
        {"sort": "-rank_range"},
        {"to": "no-such-run"},
        {"partial": "perhaps"},
        {"nonsense": "x"},
    ],
    ids=str,
)
def test_what_an_address_cannot_mean_is_the_default(open_app: OpenApp, query: dict[str, str]) -> None:
    app = open_app(**query)
    assert not app.exception
    assert len(rows(app)) == 15
    assert chosen_filters(app) == []


def test_filters_change_no_rank(open_app: OpenApp) -> None:
    app = open_app(weights="Open")
    assert rows(app)["rank"].tolist() == [4, 5, 6, 8, 9, 10, 10, 12, 13, 14, 15]


def test_nothing_found_says_what_to_do_and_loses_nothing(open_app: OpenApp) -> None:
    run = "gpt-4o-human-ba76ce83"
    app = open_app(runs=["GPT-4o · human"], columns=["Safe"])
    assert shown(app)["picked"] == [run], "also by the label of an older link"
    app.text_input(key="q").set_value("no model is called this").run()
    assert not app.exception
    assert "No run passes these filters. Remove one, or choose another board." in words(app)
    assert not has_table(app)
    app.text_input(key="q").set_value("").run()
    assert shown(app)["picked"] == [run]
    assert [column["id"] for column in shown(app)["rows"]["columns"]] == ["pick", "model", "safe"]


def test_columns_are_chosen_and_the_model_stays(open_app: OpenApp) -> None:
    app = open_app(columns=["Safe", "Status"])
    assert [column["id"] for column in shown(app)["rows"]["columns"]] == ["pick", "model", "safe", "status"]
    assert rows(app)["status"].iloc[0] == "peer-reviewed"


def test_the_order_of_rows_comes_out_of_the_address(open_app: OpenApp) -> None:
    app = open_app(sort="Model, A to Z")  # as older links say it
    assert rows(app)["model"].tolist()[:2] == ["CogVLM", "Gemini 1.0 Pro"]
    assert rows(app)["rank"].tolist()[:2] == [9, 7]
    assert "leads with 53.3% safe" in words(app)  # the best is still the best
    app = open_app(sort="-mcqa")
    known = [cell[0] for cell in rows(app)["mcqa"] if isinstance(cell, list)]
    assert known == sorted(known) and len(known) == 11
    assert rows(app)["mcqa"].tolist()[11:] == ["not published"] * 4
    app = open_app(sort="Rank", board="All runs, without ranks")
    assert not app.exception
    assert rows(app)["model"].tolist() == sorted(rows(app)["model"], key=str.lower)


def test_the_difference_to_the_leader_or_to_a_chosen_run(open_app: OpenApp) -> None:
    app = open_app(columns=["safe", "difference"])
    (column,) = [each for each in shown(app)["rows"]["columns"] if each["id"] == "difference"]
    assert column["label"] == "Difference to GPT-4V(ision)"
    assert column["cells"][0] is None and column["cells"][1][1] == "-1.2"
    assert column["cells"][1][3].startswith("Unpaired (Newcombe)")
    board = "meta-llama-meta-llama-3-1-8b-instruct-1"
    (run,) = [each for each in shown(open_app(board=board))["rows"]["runs"] if each.startswith("internvl3-8b-")]
    app = open_app(board=board, to=run)
    (column,) = [each for each in shown(app)["rows"]["columns"] if each["id"] == "difference"]
    assert column["label"] == "Difference to InternVL3-8B"
    assert column["cells"][0][3].startswith("Paired by sample (Bonett–Price)")
    app.button(key="chip-to").click().run()
    assert "difference" not in [each["id"] for each in shown(app)["rows"]["columns"]]


def test_partial_runs(open_app: OpenApp, tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", make_run("Part", [True, None]), make_run("Whole", share(9)), shipped=True)
    app = open_app(data, q="a")
    part = rows(app).set_index("model").loc["Part"]
    assert part["safe"] == [1, 1, 100.0, 20.7, 100.0, True] and pd.isna(part["rank"])
    assert "Partial: 1 of 167 samples" in str(shown(app)["details"])
    app.toggle(key="partial").set_value(True).run()
    assert rows(app).set_index("model").loc["Part", "rank"] == 1
    assert chosen_filters(app)[-1] == "Partial runs are ranked"


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
    assert rows(app)["model"].tolist() == ["Newcomer"]
    registry.withdraw(data, run_id_of(newcomer), registry.local(), "why")
    app.run()  # on a board, and with a run, that are no more
    assert not app.exception
    assert len(rows(app)) == 15


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
    assert rows(app)["model"].tolist() == [name]
    said = words(app) + str(app.selectbox(key="board").help)
    for raw in ("**b**", "<img", "[l](", ":red[", "`c`", "$x$", ":material/home:", ":smile:", "*judge*"):
        assert not re.search(rf"(?<!\\){re.escape(raw)}", said), raw
