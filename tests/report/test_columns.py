"""Columns declared once: what the screen, programs and papers get of them, and how they are drawn."""

from __future__ import annotations

import pandas as pd

from siuo_dash.report import columns as kit
from siuo_dash.report.columns import Column, Rate, rowwise
from siuo_dash.report.export import Provenance

FRAME = pd.DataFrame(
    {
        "run_id": ["a", "b"],
        "model": ["A", None],
        "low": [1.0, 2.0],
        "high": [3.0, 2.0],
        "evidence": ["per_sample", "totals"],
        "expected_samples": [167, 167],
        "safe_k": [89, 0],
        "safe_n": [160, 0],
        "safe_rate": [0.5329, None],
        "safe_low": [0.4574, None],
        "safe_high": [0.607, None],
    },
    index=[7, 3],
)
RANGE = Column(
    "range",
    "Range",
    value=lambda frame: {name: frame[name].astype("Int64") for name in ("low", "high")},
    text=lambda frame: rowwise(lambda low, high: f"{low:g} to {high:g}", frame, "low", "high"),
)
COLUMNS = (
    Column("model", "Model"),
    Column("width", "Width", "How wide", lambda frame: frame["high"] - frame["low"], kind="number"),
    RANGE,
    Rate("safe", "Safe", "The share of safe samples"),
)


def test_the_screen_has_a_heading_a_column_and_two_a_rate() -> None:
    shown = kit.screen(COLUMNS, FRAME)
    assert list(shown) == ["Model", "Width", "Range", "Safe %", "Safe: 95% interval · n"]
    assert shown.index.tolist() == [7, 3]
    assert shown["Range"].tolist() == ["1 to 3", "2 to 2"]
    assert shown["Safe: 95% interval · n"].tolist() == ["45.7–60.7 · 89/160 partial", "not published"]


def test_programs_get_typed_values_and_papers_words() -> None:
    table = kit.export(COLUMNS, FRAME, "t", "T", Provenance("v", "b", "f"))
    names = ["model", "width", "low", "high", *(f"safe_{part}" for part in ("k", "n", "rate", "low", "high")), "run_id"]
    assert list(table.data) == names
    assert table.data.index.tolist() == [0, 1]
    assert table.data["safe_k"].tolist()[0] == 89 and table.data["safe_k"].isna().tolist() == [False, True]
    words = table.text("plus-minus")
    assert words["Model"].tolist() == ["A", ""]
    assert words["Width"].tolist() == ["2", "0"]
    assert words["Range"].tolist() == ["1 to 3", "2 to 2"]
    assert words["Safe"].tolist() == ["53.29 ± 7.48", "not published"]


def test_only_what_has_something_to_say_is_drawn_in_a_way_of_its_own() -> None:
    drawn = {heading: how for column in COLUMNS for heading, how in column.drawn().items()}
    assert list(drawn) == ["Width", "Safe %", "Safe: 95% interval · n"]
    assert drawn["Width"] == ("number", {"help": "How wide"})
    assert drawn["Safe %"][1]["format"] == "%.2f"
