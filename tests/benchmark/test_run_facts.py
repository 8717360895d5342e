"""What a person says about a run."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from siuo_dash.benchmark.run_facts import FACTS, RunMetadata
from siuo_dash.benchmark.schema import RUN_COLUMNS

GOOD = RunMetadata(model="GPT-4o", judge="human")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"organization": "Zhipu AI", "params_b": 0.5, "open_weights": False},
        {"source": "https://arxiv.org/abs/2406.15279"},
        {"source": "HTTP://EXAMPLE.ORG/a?b=c#d"},
        {"source": "Wang et al. 2025, Findings of NAACL, table 3"},
        {"source": "https://github.com/a/b, commit c61d711"},
        {"model": "GPT-4o + ETA", "base_model": "GPT-4o", "method": "ETA"},
        {"base_model": "gpt-4o"},
        {"note": "two\nlines\tand a tab"},
        {"model": "通义千问-7B", "judge": "Llama 3.1 (8B) – text only"},
        {"evaluated_on": date(2025, 1, 1), "submitted_at": datetime(2025, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
def test_good_metadata(changes: dict[str, Any]) -> None:
    assert replace(GOOD, **changes).check() == []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"model": ""}, "model", "missing"),
        ({"model": "  \t"}, "model", "missing"),
        ({"judge": ""}, "judge", "missing"),
        ({"model": "x" * 101}, "model", "the limit is 100"),
        ({"note": "x" * 2001}, "note", "the limit is 2,000"),
        ({"source": "https://a.org/" + "x" * 500}, "source", "the limit is 500"),
        ({"model": "GPT\u202e-4o"}, "model", "invisible"),
        ({"model": "GPT\u200b-4o"}, "model", "invisible"),
        ({"model": "GPT\n4o"}, "model", "control"),
        ({"model": "GPT-4o\u3164"}, "model", "U+3164"),
        ({"model": "\u2800"}, "model", "U+2800"),
        ({"model": "GPT\ufe0f-4o"}, "model", "U+FE0F"),
        ({"judge": "a" + "\u0301" * 9}, "judge", "U+0301"),
        ({"model": "…"}, "model", "no letter"),
        ({"note": "a\x00b"}, "note", "control"),
        ({"note": "a\u2028b"}, "note", "control"),
        ({"organization": "\ud800"}, "organization", "control"),
        ({"source": "javascript:alert(1)"}, "source", "not a web address"),
        ({"source": " JavaScript:alert(1)"}, "source", "not a web address"),
        ({"source": "data:text/html,x"}, "source", "not a web address"),
        ({"source": "ftp://a.org/x"}, "source", "not a web address"),
        ({"source": "file:///etc/passwd"}, "source", "not a web address"),
        ({"source": "https://"}, "source", "not a web address"),
        ({"source": "https://[bad"}, "source", "not a web address"),
        ({"source": "https://a .org"}, "source", "not a web address"),
        ({"params_b": 0.0}, "params_b", "not a valid size"),
        ({"params_b": -7.0}, "params_b", "not a valid size"),
        ({"params_b": float("nan")}, "params_b", "not a valid size"),
        ({"params_b": float("inf")}, "params_b", "not a valid size"),
        ({"params_b": 7e9}, "params_b", "not a valid size"),
        ({"method": "ETA"}, "base_model", "a method needs its base model"),
        ({"base_model": "Another-7B"}, "method", "the method is missing"),
        ({"method": "ETA", "base_model": GOOD.model.upper()}, "model", "the name of its base model"),
        ({"method": "E\u200bTA", "base_model": "Another-7B"}, "method", "invisible"),
        ({"source_status": "true"}, "source_status", "unknown"),
        ({"source_status": "preprint", "source": " "}, "source", "not named"),
        (
            {"evaluated_on": date(2026, 1, 2), "submitted_at": datetime(2026, 1, 1, tzinfo=UTC)},
            "evaluated_on",
            "future",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_metadata(changes: dict[str, Any], field: str, said: str) -> None:
    found = replace(GOOD, **changes).check()
    assert [finding.field for finding in found] == [field] and said in found[0].message and found[0].hint


def test_all_faults_at_once_and_no_judge_where_none_is_needed() -> None:
    assert len(RunMetadata(model="", judge="", source="x:y", params_b=0.0).check()) == 4
    assert RunMetadata(model="M").check(needs_judge=False) == []


def test_each_fact_is_a_field_and_a_column_of_the_results() -> None:
    assert {*FACTS, "submitted_at"} == {each.name for each in fields(RunMetadata)} <= set(RUN_COLUMNS)
