"""Where samples are in JSON and JSON Lines: each shape gives the same run, and what is beside them is not lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.wrapping import find_rows
from tests.ingest.make import IDS, MIXED, QUESTIONS, Check, has, messages, reply

ROWS: list[dict[str, Any]] = [
    {"question_id": i, "response": reply(i), "safe": bool(s)} for i, s in zip(IDS, MIXED, strict=True)
]
BARE = {str(row["question_id"]): {"response": row["response"], "safe": row["safe"]} for row in ROWS}
RUN = {"model": "lab/M-7B", "judge": "gpt-4o", "accuracy": 66.7, "config": {"judge": {"model": "gpt-4o"}, "epochs": 1}}
NUMBERED = {str(place): row for place, row in enumerate(ROWS)}
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
TABLE = [list(row.values()) for row in ROWS]
SHAPES: dict[str, Any] = {
    "list": ROWS,
    "keyed": BARE,
    "keyed by a name with the id in it": {f"images/siuo_{key}.png": row for key, row in BARE.items()},
    "keyed, with metadata beside": {**RUN, **BARE},
    "keyed, one key down": {**RUN, "per_sample": BARE},
    "keyed, two keys down": {**RUN, "siuo": {"scores": {"safe": 0.67}, "details": BARE}},
    "row numbers": {**RUN, "details": NUMBERED},
    "row numbers and a type": {**RUN, "details": {"type": "GEN", **NUMBERED}},
    "any key": {**RUN, "evaluation": ROWS},
    "results in results": {"version": 3, "results": {"prompts": [{"raw": "x"}], "results": ROWS, "stats": {"n": 6}}},
    "a list of one wrapper": [{**RUN, "answers": ROWS}],
    "by domain": {
        "self-harm": ROWS[:2],
        "dangerous behavior": ROWS[2:4],
        "morality": ROWS[4:5],
        "privacy violation": ROWS[5:],
    },
    "by domain, keyed": {"a": dict([*BARE.items()][:2]), "b": dict([*BARE.items()][2:])},
    "columns": COLUMNS,
    "columns, with metadata beside": {**RUN, **COLUMNS},
    "pandas by column": {name: {str(n): cell for n, cell in enumerate(cells)} for name, cells in COLUMNS.items()},
    "pandas by column and id": {name: {key: row[name] for key, row in BARE.items()} for name in ("response", "safe")},
    "pandas split": {"columns": list(ROWS[0]), "index": list(range(6)), "data": TABLE},
    "a table of W&B": {"columns": list(ROWS[0]), "data": TABLE, "ncols": 3, "nrows": 6, "column_types": {"params": {}}},
    "a table one key down": {**RUN, "table": {"header": list(ROWS[0]), "rows": TABLE}},
    "pandas table": {"schema": {"fields": [{"name": "question_id"}]}, "data": ROWS},
    "a header and lists": [list(ROWS[0]), *TABLE],
    "an id of the response beside": {key: {"id": "chat-77", **row} for key, row in BARE.items()},
}


@pytest.mark.parametrize("value", SHAPES.values(), ids=SHAPES)
def test_each_shape_is_the_same_run(check: Check, value: Any) -> None:
    submission = check(("a.json", json.dumps(value).encode()))
    assert submission.ok, messages(submission)
    assert submission.scores == {"safe": Tally(4, 6, 6)}
    assert [each.responses[0].text for each in submission.reading.samples] == [row["response"] for row in ROWS]
    if isinstance(value, dict) and "model" in value:
        assert (submission.reading.known.model, submission.reading.known.judge) == ("M-7B", "gpt-4o")


def test_a_verdict_alone_under_each_id(check: Check) -> None:
    words = {str(row["question_id"]): "safe" if row["safe"] else "unsafe" for row in ROWS}
    for value in (words, {**RUN, "verdict": words}):
        assert check(("a.json", json.dumps(value).encode())).scores == {"safe": Tally(4, 6, 6)}


def test_several_rows_under_each_id_are_its_responses(check: Check) -> None:
    lists = {
        str(row["question_id"]): [{"response": reply(row["question_id"], n), "safe": row["safe"]} for n in (1, 2, 3)]
        for row in ROWS
    }
    submission = check(("a.json", json.dumps({"model": "M", "generations": lists}).encode()))
    assert submission.scores == {"safe": Tally(4, 6, 6)}
    assert {len(each.responses) for each in submission.reading.samples} == {3}


def test_several_verdicts_under_each_id_are_its_responses(check: Check) -> None:
    value = {
        "verdict": {str(i): ["safe", "unsafe", "safe" if s else "unsafe"] for i, s in zip(IDS, MIXED, strict=True)}
    }
    submission = check(("a.json", json.dumps(value).encode()))
    assert submission.scores in ({}, {"safe": Tally(4, 6, 6)})
    mapping = Mapping(id=("id",), safe=("verdict",))
    submission = check(("a.json", json.dumps(value).encode()), mapping=mapping)
    assert submission.scores == {"safe": Tally(4, 6, 6)}
    assert {len(each.responses) for each in submission.reading.samples} == {3}


def test_groups_with_the_same_samples_are_not_mixed(check: Check) -> None:
    other = [row | {"safe": not row["safe"]} for row in ROWS]
    submission = check(("a.json", json.dumps({"first": ROWS, "second": other}).encode()))
    assert not submission.ok


def test_an_average_among_the_samples_is_left_out_with_a_word(check: Check) -> None:
    submission = check(("a.json", json.dumps(BARE | {"average": {"safe": 0.6667}}).encode()))
    assert submission.scores == {"safe": Tally(4, 6, 6)}
    assert has(messages(submission, "warning"), "row 7: not read: 'average'")


def test_other_samples_in_the_file_are_named(check: Check) -> None:
    failed = [{"id": 3001, "error": "timeout"}]
    submission = check(("a.json", json.dumps({"results": ROWS, "failed": failed}).encode()))
    assert submission.scores == {"safe": Tally(4, 6, 6)} and has(
        messages(submission, "warning"), "not read: failed (1 entry)"
    )


@pytest.mark.parametrize("value", [{"safe_rate": 0.42, "n": 167}, {"siuo": {"safe": 0.4}, "other": {"safe": 0.5}}, {}])
def test_what_holds_no_sample_has_no_rows(value: Any) -> None:
    assert find_rows(value) is None


def test_many_keys_take_no_square_of_the_time() -> None:
    """What is left out of 60,000 keys is looked up, not searched for: that took minutes."""
    found = find_rows({str(1001 + n): {"safe": 1} for n in range(60_000)})
    assert found is not None and len(found.rows) > 10_000


def test_one_sample_stays_one() -> None:
    one = {"question_id": 1001, "responses": [{"text": "a"}, {"text": "b"}], "safety_gpt": [1, 0]}
    found = find_rows(one)
    assert found is not None and found.rows == [one]


LINES = [json.dumps(row) for row in ROWS]
PRETTY = "\n".join(json.dumps(row, indent=2) for row in ROWS)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\r\n".join(LINES) + "\r\n\r\n",
        ",\n".join(LINES) + ",\n",
        PRETTY,
        PRETTY.replace("}\n{", "},\n{"),
        " ".join(LINES),
        "[" + ",".join(LINES) + ",]",
        '{"data": [' + ",\n".join(line[:-1] + ", }" for line in LINES) + "\n,],}",
    ],
    ids=["lines", "crlf", "commas", "pretty", "pretty with commas", "one line", "a comma too many", "commas too many"],
)
def test_each_spelling_is_the_same_run(check: Check, text: str) -> None:
    submission = check(("a.jsonl", text.encode()))
    assert submission.ok and submission.scores == {"safe": Tally(4, 6, 6)}


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", ",]", ', "}', "\\"])
def test_what_is_in_a_string_ends_no_line(check: Check, separator: str) -> None:
    rows = [row | {"response": f"No{separator} thank you, number {row['question_id']}."} for row in ROWS]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    for text in ("\n".join(lines), "[" + ",".join(lines) + ",]"):
        submission = check(("a.jsonl", text.encode()))
        assert submission.ok
        assert [each.responses[0].text for each in submission.reading.samples] == [row["response"] for row in rows]


@pytest.mark.parametrize("place", [0, 6])
def test_a_line_about_the_run_is_no_sample(check: Check, place: int) -> None:
    lines = [
        *LINES[:place],
        json.dumps({"model": "lab/M-7B", "judge_model": "gpt-4o", "safe_rate": 0.67}),
        *LINES[place:],
    ]
    submission = check(("a.jsonl", "\n".join(lines).encode()))
    assert submission.ok and submission.scores == {"safe": Tally(4, 6, 6)}
    assert (submission.reading.known.model, submission.reading.known.judge) == ("M-7B", "gpt-4o")
    assert has(messages(submission, "warning"), f"row {place + 1}: no sample, not read as one: it has model")


def test_a_line_without_an_id_between_samples_is_an_error(check: Check) -> None:
    lines = [*LINES[:3], json.dumps({"response": "whose?", "safe": 1}), *LINES[3:]]
    assert has(messages(check(("a.jsonl", "\n".join(lines).encode()))), "row 4: no usable id")


@pytest.mark.parametrize("place", [0, 6])
def test_a_sample_without_its_id_is_an_error_at_either_end(check: Check, place: int) -> None:
    lines = [*LINES[:place], json.dumps({"response": "whose?", "safe": 1}), *LINES[place:]]
    assert has(messages(check(("a.jsonl", "\n".join(lines).encode()))), f"row {place + 1}: no usable id")


@pytest.mark.parametrize("words", ["Not at all.", "That is all", "Count them", "I mean it", "Total nonsense."])
def test_a_short_reply_is_no_total(check: Check, words: str) -> None:
    rows: list[dict[str, Any]] = [{**ROWS[0], "question_id": None, "response": words}, *ROWS[1:]]
    assert has(messages(check(("a.json", json.dumps(rows).encode()))), "row 1, question_id: no usable id")
    asked = [{"question": QUESTIONS[row["question_id"]], "response": words, "safe": row["safe"]} for row in ROWS]
    assert check(("a.json", json.dumps(asked).encode())).scores == {"safe": Tally(4, 6, 6)}


def test_lists_without_a_header_lose_no_sample(check: Check) -> None:
    lists = [[str(row["question_id"]), "safe" if row["safe"] else "unsafe"] for row in ROWS]
    assert not check(("a.json", json.dumps(lists).encode())).ok


def test_a_broken_line_is_named(check: Check) -> None:
    found = messages(check(("a.jsonl", "\n".join([*LINES[:5], LINES[5][:20]]).encode())))
    assert has(found, "row 6: the line is not readable as JSON")
    assert has(messages(check(("a.json", ("[" + ",".join(LINES))[:-5].encode()))), "not readable as JSON")


def test_the_name_of_the_key_is_the_field(check: Check) -> None:
    value = {"verdict": {str(i): "ok" if s else "bad" for i, s in zip(IDS, MIXED, strict=True)}}
    mapping = Mapping(id=("id",), safe=("verdict",), safe_values={"ok": "safe", "bad": "unsafe"})
    assert check(("a.json", json.dumps(value).encode()), mapping=mapping).scores == {"safe": Tally(4, 6, 6)}
