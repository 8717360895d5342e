"""Rounds of one run: a file each, ids with a number, a column; and files that are no rounds."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pytest

from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.mapping import Mapping
from tests.ingest.make import (
    IDS,
    MIXED,
    Check,
    Rows,
    as_csv,
    as_json,
    as_jsonl,
    generation,
    has,
    messages,
    reply,
    table,
)

VERDICTS = {1: [1, 1, 1, 0, 0, 0], 2: [1, 1, 0, 1, 0, 0], 3: [0, 1, 0, 0, 1, 0]}
TRUTH = Tally(2, 6, 6)
"""The majorities of VERDICTS."""


def one_round(number: int, **more: Any) -> Rows:
    return table(question_id=IDS, response=[reply(i, number) for i in IDS], safe=VERDICTS[number], **more)


def files(*names: str) -> list[tuple[str, bytes]]:
    return [(name, as_csv(one_round(number))) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    "names",
    [
        ("round1.csv", "round2.csv", "round3.csv"),
        ("llava_qwen36_run1.csv", "llava_qwen36_run2.csv", "llava_qwen36_run3.csv"),
        ("x-seed7.csv", "x-seed42.csv", "x-seed123.csv"),
        ("out/epoch_0.csv", "out/epoch_1.csv", "out/epoch_2.csv"),
    ],
    ids=lambda names: names[0],
)
def test_files_that_are_named_as_rounds(check: Check, names: tuple[str, ...]) -> None:
    for dropped in (files(*names), list(reversed(files(*names)))):
        found = check(*dropped)
        assert found.ok and found.scores["safe"] == TRUTH, messages(found)
        assert found.responses_per_sample == 3
        texts = [response.record.text for response in found.samples[0].responses]
        assert texts == [reply(1001, number) for number in (1, 2, 3)]
        assert has(messages(found, "note"), "3 files are read as rounds of one run")


@pytest.mark.parametrize("names", [("a.csv", "b.csv", "c.csv"), ("llava-7b.csv", "llava-13b.csv", "llava-34b.csv")])
def test_files_whose_names_do_not_say_it_are_asked_about(check: Check, names: tuple[str, ...]) -> None:
    found = check(*files(*names))
    assert [need.role for need in found.reading.needs] == ["run"] and not found.scores
    assert found.reading.needs[0].options[0] == "rounds" and set(names) <= set(found.reading.needs[0].options)
    mapping = found.reading.mapping
    assert mapping is not None
    rounds = check(*files(*names), mapping=mapping.answered("run", "rounds"))
    assert rounds.scores["safe"] == TRUTH and rounds.responses_per_sample == 3
    for number, name in enumerate(names, 1):
        alone = check(*files(*names), mapping=Mapping(run=name))
        assert alone.scores["safe"].k == sum(VERDICTS[number]) and alone.responses_per_sample == 1
        assert has(messages(alone, "note"), "2 files of other runs not read")


def test_sheets_are_asked_about_as_sheets(check: Check) -> None:
    book = io.BytesIO()
    with pd.ExcelWriter(book) as sheets:
        for number, name in enumerate(("one", "two"), 1):
            pd.DataFrame(one_round(number)).to_excel(sheets, sheet_name=name, index=False)
    (asked,) = check(("both.xlsx", book.getvalue())).reading.needs
    assert asked.question == "Are these 2 sheets 2 rounds of one run, or is each a run of its own?"
    assert "file" not in " ".join(asked.details) and "both.xlsx, sheet 'two'" in asked.options
    (asked,) = check(*files("a.csv", "b.csv")).reading.needs
    assert "2 files" in asked.question and "sheet" not in " ".join((asked.question, *asked.details))


def test_rounds_of_responses_and_of_verdicts(check: Check) -> None:
    def part(name: str, *columns: str) -> list[tuple[str, bytes]]:
        rows = {number: [{key: row[key] for key in columns} for row in one_round(number)] for number in VERDICTS}
        return [(f"{name}_run{number}.jsonl", as_jsonl(rows[number])) for number in VERDICTS]

    found = check(*part("responses", "question_id", "response"), *part("verdicts", "question_id", "safe"))
    assert found.ok and found.scores["safe"] == TRUTH, messages(found)
    assert [each.record.text for each in found.samples[0].responses] == [reply(1001, number) for number in (1, 2, 3)]


def test_rounds_in_the_benchmark_s_own_format(check: Check) -> None:
    def rows(number: int) -> Rows:
        found = generation((1,), (1,))
        for row, verdict in zip(found, VERDICTS[number], strict=True):
            row |= {"responses": [reply(row["question_id"], number)], "safety_gpt": [verdict]}
            row["safety_evaluation"] = [f"[Safety Judgement:] {bool(verdict)}"]
        return found

    found = check(*((f"siuo_gen-m-run{number}.json", as_json(rows(number))) for number in VERDICTS))
    assert found.ok and found.scores["safe"] == TRUTH, messages(found)


def test_the_same_file_twice_is_one_round(check: Check) -> None:
    first = as_csv(one_round(1))
    found = check(("round1.csv", first), ("round2.csv", first))
    assert found.scores["safe"] == Tally(3, 6, 6) and found.responses_per_sample == 1
    assert has(messages(found, "warning"), "round2.csv: the same as round1.csv: counted once")


def test_the_same_responses_judged_twice_are_no_rounds(check: Check) -> None:
    again = [row | {"safe": 1 - row["safe"]} for row in one_round(1)]
    found = check(("run1.csv", as_csv(one_round(1))), ("run2.csv", as_csv(again)))
    assert not found.ok and has(messages(found), "contradicts run1.csv")
    assert check(("run1.csv", as_csv(one_round(1))), ("run2.csv", as_csv(again)), mapping=Mapping(run="run2.csv")).ok


def test_parts_of_a_run_are_no_rounds(check: Check) -> None:
    rows = one_round(1)
    found = check(("run1.csv", as_csv(rows[:3])), ("run2.csv", as_csv(rows[3:])))
    assert found.ok and found.n_samples == 6 and found.responses_per_sample == 1
    same = check(("results.csv", as_csv(rows[:2])), ("results.csv", as_csv(rows[2:])))
    assert same.ok and same.n_samples == 6, "two files of one name are two files"


@pytest.mark.parametrize("name", ["round", "epoch", "trial", "seed", "sample", "k", "attempt", "run"])
def test_a_column_that_numbers_the_rounds(check: Check, name: str) -> None:
    rows = [row for number in (2, 10, 1) for row in one_round({2: 2, 10: 3, 1: 1}[number], **{name: number})]
    found = check(("t.csv", as_csv(rows)))
    assert found.ok and found.scores["safe"] == TRUTH, messages(found)
    assert [each.record.text for each in found.samples[0].responses] == [reply(1001, number) for number in (1, 2, 3)]


def test_columns_a_round_whose_names_speak_of_a_judge(check: Check) -> None:
    columns = {f"judge_safe_{number}": VERDICTS[number] for number in VERDICTS}
    texts = {f"response_{number}": [reply(i, number) for i in IDS] for number in VERDICTS}
    found = check(("t.csv", as_csv(table(question_id=IDS, **texts, **columns))))
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)


def test_columns_a_round_in_different_objects(check: Check) -> None:
    rows = [
        {
            "question_id": i,
            "response_1": reply(i, 1),
            "judge": {"is_safe_1": VERDICTS[1][n], "is_safe_3": VERDICTS[3][n]},
            "out": {"response_2": reply(i, 2), "response_3": reply(i, 3), "is_safe_2": VERDICTS[2][n]},
        }
        for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)
    assert [each.record.text for each in found.samples[0].responses] == [reply(1001, number) for number in (1, 2, 3)]


def test_rounds_in_a_list_beside_another_model_s_verdict_are_one_run(check: Check) -> None:
    rows = [
        {
            "question_id": i,
            "outputs": [{"response": reply(i, number), "is_safe": VERDICTS[number][n]} for number in VERDICTS],
            "other_model_safe": n % 2,
            "image_safety": "safe" if n % 2 else "unsafe",
        }
        for n, i in enumerate(IDS)
    ]
    asked = check(("t.json", as_json(rows)))
    assert asked.reading.needs[0].options == ("outputs.{0..2}.is_safe", "other_model_safe"), messages(asked)
    assert asked.reading.mapping is not None
    mapping = asked.reading.mapping.answered("safe", "outputs.{0..2}.is_safe")
    found = check(("t.json", as_json(rows)), mapping=mapping)
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)


def test_a_round_whose_object_speaks_of_the_input_is_not_left_out(check: Check) -> None:
    """`doc.is_safe_3` alone would describe the input; beside the first two rounds of verdicts it is asked about."""
    rows = [
        {
            "question_id": i,
            "response_1": reply(i, 1),
            "response_2": reply(i, 2),
            "response_3": reply(i, 3),
            "judge": {"is_safe_1": VERDICTS[1][n], "is_safe_2": VERDICTS[2][n]},
            "doc": {"is_safe_3": VERDICTS[3][n]},
        }
        for n, i in enumerate(IDS)
    ]
    asked = check(("t.json", as_json(rows)))
    assert asked.reading.needs[0].role == "safe" and not asked.scores, messages(asked)
    whole = asked.reading.needs[0].options[0]
    assert asked.reading.mapping is not None
    found = check(("t.json", as_json(rows)), mapping=asked.reading.mapping.answered("safe", whole))
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)


@pytest.mark.parametrize("form", ["{}_{}", "{}-{}", "siuo_{}_r{}", "{}/{}", "{}.{}"])
def test_ids_that_end_in_the_number_of_the_round(check: Check, form: str) -> None:
    rows = [row | {"id": form.format(row["question_id"], number)} for number in VERDICTS for row in one_round(number)]
    found = check(("t.jsonl", as_jsonl([{key: row[key] for key in ("id", "response", "safe")} for row in rows])))
    assert found.ok and found.scores["safe"] == TRUTH, messages(found)


def test_rounds_under_their_names(check: Check) -> None:
    found = check(("t.json", as_json({f"round {number}": one_round(number) for number in VERDICTS})))
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)


def test_a_list_of_responses_is_one_sample(check: Check) -> None:
    rows = [
        {"question_id": i, "outputs": [{"text": reply(i, number), "safe": VERDICTS[number][n]} for number in VERDICTS]}
        for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.ok and found.scores["safe"] == TRUTH and found.responses_per_sample == 3, messages(found)


def test_an_unknown_column_that_tells_the_rows_apart_is_asked_about(check: Check) -> None:
    rows = [row for number in VERDICTS for row in one_round(number, setting=["plain", "cot", "rag"][number - 1])]
    found = check(("t.csv", as_csv(rows)))
    assert [need.role for need in found.reading.needs] == ["run"]
    assert found.reading.needs[0].options == ("plain", "cot", "rag", "rounds", "annotators")
    for option, expected in (("plain", 3), ("cot", 3), ("rag", 2), ("rounds", 2)):
        answered = check(("t.csv", as_csv(rows)), mapping=Mapping(run=option))
        assert answered.ok and answered.scores["safe"].k == expected, (option, messages(answered))
        assert answered.responses_per_sample == (3 if option == "rounds" else 1)


def test_a_row_that_contradicts_another_is_still_refused(check: Check) -> None:
    rows = table(question_id=IDS, response=[reply(i) for i in IDS], safe=MIXED)
    found = check(("t.csv", as_csv([*rows, rows[0] | {"safe": 0}])))
    assert not found.ok and has(messages(found), "contradicts row 2")


def test_verdicts_that_are_equal_by_chance_are_no_copy(check: Check) -> None:
    """Small sheets without texts: each is a round as soon as somebody says so, and the vote counts them all."""
    votes = {"a": [1, 0, 1, 1, 0, 1], "b": [1, 0, 1, 1, 0, 1], "c": [0, 1, 1, 0, 0, 1]}
    parts = [(f"{name}.csv", as_csv(table(question_id=IDS, is_safe=each))) for name, each in votes.items()]
    first = check(*parts)
    assert [need.role for need in first.reading.needs] == ["run"] and not first.ok
    last = check(*parts, mapping=Mapping(run="rounds"))
    assert last.responses_per_sample == 3 and last.scores["safe"].k == 4
