"""What was read is said, a line a role; what was left aside is named with its count."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.report.upload import recognised
from tests.ingest.make import (
    IDS,
    MIXED,
    QUESTIONS,
    REPLIES,
    Check,
    as_csv,
    as_json,
    as_jsonl,
    generation,
    messages,
    table,
    without,
)


def lines(check: Check, data: bytes) -> list[str]:
    return [str(role) for role in check(("t", data)).reading.roles]


def test_each_role_has_a_line(check: Check) -> None:
    rows = table(
        question_id=IDS,
        question=list(QUESTIONS.values()),
        response=[*REPLIES[:5], ""],
        label=["safe", "unsafe", "safe", "safe", None, "nan"],
        safety_reason=["It is safe.", "It is unsafe.", *["Hm."] * 4],
        is_effective=MIXED,
        model="My-VLM",
    )
    assert lines(check, as_jsonl(rows)) == [
        "sample id: question_id, 6 samples",
        "question: question, 6 compared with the benchmark's",
        "response: response, 5 texts, 1 blank",
        'safe verdict: label, 3 × "safe" = safe, 1 × "unsafe" = unsafe, 2 blank',
        "judge's words on safety: safety_reason, 1 state safe, 1 state unsafe, 4 state no verdict",
        "effective verdict: is_effective, 4 × 1 = effective, 2 × 0 = ineffective",
        'model: model, 6 × "My-VLM"',
    ]


def test_a_known_format_names_the_file_s_own_fields(check: Check) -> None:
    rows = without(generation((1, 0, -1), helpfulness=[1, 1, 1]), "effective_gpt")
    found = lines(check, as_json(rows))
    assert "safe verdict: safety_gpt, 6 × 1 = safe, 6 × 0 = unsafe, 6 × -1 = ungraded" in found
    assert "effective verdict: helpfulness, 18 × 1 = effective" in found


def test_many_values_are_counted_not_listed(check: Check) -> None:
    words = [f"unsafe\nS{number}" for number in range(1, 7)]
    found = lines(check, as_csv(table(question_id=IDS, response=REPLIES, verdict=words)))
    line = next(line for line in found if line.startswith("safe verdict"))
    assert line.count(" = unsafe") == 5 and line.endswith("2 more values (2 ×) = unsafe")


def test_values_that_were_not_understood_are_in_the_line(check: Check) -> None:
    rows = table(question_id=IDS, response=REPLIES, safe=["safe", "odd", "odd", "safe", "safe", "unsafe"])
    assert 'safe verdict: safe, 3 × "safe" = safe, 1 × "unsafe" = unsafe, 2 × "odd" = not understood' in lines(
        check, as_csv(rows)
    )


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"thoughts": [f"{text} So I thought, and then I thought once more about it." for text in REPLIES]}, "6 texts"),
        ({"temperature": [1, 2, 1, 2, 2, 2]}, "4 × 2, 2 × 1"),
        ({"seconds": [1, 2, 3, 4, 5, 6]}, "6 values"),
    ],
    ids=["texts", "few values", "values"],
)
def test_a_column_that_no_role_took_is_named(check: Check, column: dict[str, Any], words: str) -> None:
    found = check(("t.csv", as_csv(table(question_id=IDS, image="x/1001.png", response=REPLIES, safe=MIXED, **column))))
    assert found.ok
    notes = [note.split(";")[0] for note in messages(found, "note")]
    assert notes == [f"1 column was not read: {next(iter(column))} ({words})"]


def test_what_a_known_format_holds_beside_its_own_fields_is_named(check: Check) -> None:
    notes = ["Somebody wrote this about the sample, and nobody has read it since."] * 3
    rows = generation((1, 0, 1), human_safe=[1, 0, 1], notes=notes, seconds=[1, 2, 3])
    found = messages(check(("gen.json", as_json(rows))), "note")
    assert len(found) == 1 and "2 columns were not read: human_safe (12 × 1, 6 × 0) and notes (18 texts)" in found[0]
    assert not messages(check(("gen.json", as_json(generation()))), "note")


def test_a_response_is_only_spoken_of_where_one_was_read(check: Check) -> None:
    verdicts = check(("t.csv", as_csv(table(question_id=IDS, safe=MIXED))))
    assert recognised(verdicts) == "Read as a table: 6 samples, 1 verdict each."
    texts = check(("t.csv", as_csv(table(question_id=IDS, response=REPLIES, safe=MIXED))))
    assert recognised(texts) == "Read as a table: 6 samples, 1 response each."
