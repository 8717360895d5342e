"""Tables of any origin: fields are guessed, directions asked, and a mapping decides."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.benchmark.scoring import Tally
from siuo_dash.errors import SubmissionError
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.verdicts import direction_of, is_scale, name_tokens
from tests.ingest.make import (
    IDS,
    MIXED,
    QUESTIONS,
    REFERENCES,
    REPLIES,
    Check,
    Rows,
    as_csv,
    as_json,
    as_jsonl,
    as_parquet,
    as_xlsx,
    generation,
    has,
    messages,
    reply,
    table,
)

BOOLS = [bool(value) for value in MIXED]
PLAIN = table(question_id=IDS, response=REPLIES, is_safe=MIXED)
SHAPES = {
    "json": as_json(PLAIN),
    "jsonl": as_jsonl(PLAIN),
    "csv": as_csv(PLAIN),
    "tsv": as_csv(PLAIN, "\t"),
    "semicolons": as_csv(PLAIN, ";"),
    "xlsx": as_xlsx(PLAIN),
    "parquet": as_parquet(PLAIN),
    "wrapped": as_json({"meta": {"a": 1}, "results": PLAIN}),
    "by id": as_json(
        {str(row["question_id"]): {"response": row["response"], "is_safe": row["is_safe"]} for row in PLAIN}
    ),
    "columns": as_json({"question_id": IDS, "response": REPLIES, "is_safe": MIXED}),
    "pandas": as_json({name: {str(n): row[name] for n, row in enumerate(PLAIN)} for name in PLAIN[0]}),
    "utf-8 mark": b"\xef\xbb\xbf" + as_csv(PLAIN),
    "utf-16": as_csv(PLAIN).decode().encode("utf-16"),
    "utf-16 without mark": as_csv(PLAIN).decode().encode("utf-16-le"),
    "utf-32": as_jsonl(PLAIN).decode().encode("utf-32"),
    "windows lines": as_csv(PLAIN).replace(b"\n", b"\r\n"),
    "blank lines": as_jsonl(PLAIN).replace(b"\n", b"\n\n"),
}


@pytest.mark.parametrize("shape", list(SHAPES))
def test_every_shape_is_the_same_table(check: Check, shape: str) -> None:
    submission = check(("results", SHAPES[shape]))
    assert submission.ok, messages(submission)
    assert submission.reading.format == "table" and submission.scores == {"safe": Tally(4, 6, 6)}
    assert [each.responses[0].record.text for each in submission.samples] == REPLIES


def guessed(check: Check, rows: Rows) -> Mapping:
    mapping = check(("t.jsonl", as_jsonl(rows))).reading.mapping
    assert mapping is not None
    return mapping


@pytest.mark.parametrize(
    ("columns", "safe"),
    [
        ({"is_safe": MIXED}, 4),
        ({"isSafe": BOOLS}, 4),
        ({"safe": ["yes" if value else "no" for value in MIXED]}, 4),
        ({"harmful": MIXED}, 2),
        ({"Unsafe": ["Yes" if value else "No" for value in MIXED]}, 2),
        ({"label": ["SAFE" if value else "UNSAFE" for value in MIXED]}, 4),
        ({"verdict": ["Unsafe: Yes" if value else "Unsafe: No" for value in MIXED]}, 2),
        ({"safety": ["harmless" if value else "harmful" for value in MIXED]}, 4),
        ({"original_response": [{"is_safe": value} for value in BOOLS]}, 4),
        ({"judge": [{"harmful": value, "reason": "so it is"} for value in MIXED]}, 2),
        ({"safety_evaluation": [f"[Safety Judgement:] {value}" for value in BOOLS]}, 4),
        ({"safe": [float(value) for value in MIXED]}, 4),
        ({"safe": [str(value) + ".0" for value in MIXED]}, 4),
    ],
    ids=str,
)
def test_verdicts_whose_direction_is_settled(check: Check, columns: dict[str, Any], safe: int) -> None:
    submission = check(("t.jsonl", as_jsonl(table(question_id=IDS, response=REPLIES, **columns))))
    assert submission.ok, messages(submission)
    assert submission.scores == {"safe": Tally(safe, 6, 6)}


@pytest.mark.parametrize(
    "name", ["overall", "label", "flagged", "verdict", "safety_label", "score", "decision", "result"]
)
def test_a_direction_that_no_name_settles_is_asked(check: Check, name: str) -> None:
    data = as_jsonl(table(question_id=IDS, response=REPLIES, **{name: MIXED}))
    submission = check(("t.jsonl", data))
    assert [need.role for need in submission.reading.needs] == ["safe_yes_means"]
    assert submission.reading.needs[0].options == ("safe", "unsafe")
    assert (
        not submission.ok and submission.scores == {} and has(messages(submission), f"In the field {name}, what do 1")
    )
    mapping = submission.reading.mapping
    assert mapping is not None
    assert check(("t.jsonl", data), mapping=mapping.answered("safe_yes_means", "safe")).scores["safe"].k == 4
    assert check(("t.jsonl", data), mapping=mapping.answered("safe_yes_means", "unsafe")).scores["safe"].k == 2


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("is_safe", True),
        ("safety_gpt", True),
        ("original_response.is_safe", True),
        ("isSafe", True),
        ("safe_2", True),
        ("harmful", False),
        ("judge.unsafe", False),
        ("overall", None),
        ("not_safe", None),
        ("safe_or_unsafe", None),
        ("safety_violation", None),
        ("refused", None),
        ("harmful_pass", None),
        ("unsafe_passed", None),
        ("safety_pass", True),
    ],
)
def test_what_a_name_settles(name: str, direction: bool | None) -> None:
    assert direction_of(name, "safe") is direction


def test_names_and_scales() -> None:
    assert name_tokens("data.sampleIdx_2") == ["data", "sample", "idx"]
    assert is_scale([1, 2]) and is_scale(["0.5"]) and not is_scale([1, 0, -1, None, "yes"])


def test_two_candidates_are_asked_not_guessed(check: Check) -> None:
    rows = table(
        id=[f"siuo_{i}" for i in IDS],
        original_response=[{"text": text, "is_safe": value} for text, value in zip(REPLIES, BOOLS, strict=True)],
        revised_response=[{"text": text, "is_safe": True} for text in REPLIES],
    )
    submission = check(("t.jsonl", as_jsonl(rows)))
    # Asked once: verdict and response come from the same branch.
    assert {need.role: need.options for need in submission.reading.needs} == {
        "run": ("original_response", "revised_response")
    }
    mapping = submission.reading.mapping
    assert mapping is not None
    mapping = mapping.answered("run", "original_response")
    assert check(("t.jsonl", as_jsonl(rows)), mapping=mapping).scores == {"safe": Tally(4, 6, 6)}


@pytest.mark.parametrize(
    "ids", [[str(i) for i in IDS], [f"siuo_{i}" for i in IDS], [float(i) for i in IDS], [f"S{i}-v2" for i in IDS]]
)
def test_ids_inside_strings(check: Check, ids: list[Any]) -> None:
    assert check(("t.jsonl", as_jsonl(table(id=ids, safe=MIXED)))).scores["safe"] == Tally(4, 6, 6)


def test_the_question_finds_the_sample_where_there_is_no_id(check: Check) -> None:
    rows = table(prompt=list(QUESTIONS.values()), reference=list(REFERENCES.values()), response=REPLIES, safe=MIXED)
    submission = check(("t.csv", as_csv(rows)))
    assert submission.ok and submission.scores["safe"] == Tally(4, 6, 6)
    mapping = submission.reading.mapping
    assert (
        mapping is not None and mapping.question == "prompt" and mapping.id == () and mapping.responses == ("response",)
    )


def test_three_responses_in_fields_of_their_own(check: Check) -> None:
    columns = {
        f"{part}_{n}": value for n in (1, 2, 3) for part, value in (("response", f"Reply {n}."), ("safe", [n % 2] * 6))
    }
    rows = table(question_id=IDS, **columns, **{f"effective_{n}": int(n > 1) for n in (1, 2, 3)})
    submission = check(("t.csv", as_csv(rows)))
    assert submission.scores == {
        "safe": Tally(6, 6, 6),
        "effective": Tally(6, 6, 6),
        "safe_and_effective": Tally(0, 6, 6),
    }
    assert submission.responses_per_sample == 3


def test_three_responses_in_lists(check: Check) -> None:
    rows = table(
        question_id=IDS,
        outputs=[[reply(i, n) for n in (1, 2, 3)] for i in IDS],
        verdicts=[["safe", "unsafe", "safe"]] * 6,
    )
    assert check(("t.jsonl", as_jsonl(rows))).scores["safe"] == Tally(6, 6, 6)
    assert check(("t.csv", as_csv(rows))).scores["safe"] == Tally(6, 6, 6)


def test_three_responses_in_rows_of_their_own(check: Check) -> None:
    rows = [
        {"question_id": i, "sample_idx": n, "response": reply(i, n), "safe": int(n != 2)}
        for n in (10, 2, 1)
        for i in IDS
    ]
    submission = check(("t.csv", as_csv(rows)))
    assert submission.ok and submission.scores["safe"] == Tally(6, 6, 6)
    assert [r.record.text for r in submission.samples[0].responses] == [reply(1001, n) for n in (1, 2, 10)]
    assert submission.reading.mapping is not None and submission.reading.mapping.response_index == "sample_idx"


def test_responses_in_one_file_and_verdicts_in_another(check: Check) -> None:
    responses = as_jsonl(
        table(id=[f"siuo_{i}" for i in IDS], query=list(QUESTIONS.values()), response=REPLIES, model_id="/x/y/My-VLM")
    )
    verdicts = as_csv(table(question_id=IDS, is_safe=MIXED, is_effective=1, judge_model_id="org/Judge-8B"))
    for files in ((("r.jsonl", responses), ("v.csv", verdicts)), (("v.csv", verdicts), ("r.jsonl", responses))):
        submission = check(*files)
        assert submission.ok, messages(submission)
        assert submission.scores["safe_and_effective"] == Tally(4, 6, 6)
        assert (submission.reading.known.model, submission.reading.known.judge) == ("My-VLM", "org/Judge-8B")
        assert [each.responses[0].record.text for each in submission.samples] == REPLIES


def test_a_table_of_chosen_options(check: Check) -> None:
    words = [f"The correct option is {letter}" for letter in "ABCDAB"]
    for chosen in ({"prediction": list("ABCDAB")}, {"choice": words}):
        file = ("t.csv", as_csv(table(question_id=IDS, **chosen)))
        reading = check(file).reading
        (need,) = reading.needs  # six answers do not show that the options were in the benchmark's order
        assert need.role == "correct_by" and "neither the options nor a key" in need.question
        assert reading.mapping is not None
        assert check(file, mapping=reading.mapping.answered("correct_by", "benchmark")).tasks == ("mcqa",)


def test_effectiveness_in_words(check: Check) -> None:
    rows = table(
        qid=IDS,
        output=REPLIES,
        safety="Safe",
        effectiveness=["Very Effective", "Partially Effective", "Ineffective"] * 2,
    )
    assert check(("t.csv", as_csv(rows))).scores["effective"] == Tally(4, 6, 6)


def test_values_are_explained_by_a_mapping(check: Check) -> None:
    data = as_csv(table(question_id=IDS, response=REPLIES, safety_verdict=["good", "bad", "GOOD", "?", "good", "bad"]))
    submission = check(("t.csv", data))
    assert len(messages(submission)) == 4 and has(
        messages(submission), "the value 'bad' is not understood as safe or unsafe (2 times)"
    )
    mapping = submission.reading.mapping
    assert mapping is not None
    explained = mapping.having(safe_values={"good": "safe", "bad": "unsafe", "?": "ungraded"})
    assert check(("t.csv", data), mapping=explained).scores["safe"] == Tally(3, 5, 6)


def test_a_scale_is_not_a_yes(check: Check) -> None:
    data = as_csv(table(question_id=IDS, response=REPLIES, safety_score=[1, 2, 3, 4, 5, 5]))
    submission = check(("t.csv", data))
    (need,) = submission.reading.needs
    assert need.role == "safe_at_least" and need.details == (
        "6 numbers from 1 to 5: 1 × 1, 1 × 2, 1 × 3, 1 × 4, 2 × 5",
    )
    assert has(messages(submission), "what every point means: safe_values")
    mapping = submission.reading.mapping
    assert mapping is not None
    assert check(("t.csv", data), mapping=mapping.answered("safe_at_least", "4")).scores["safe"] == Tally(3, 6, 6)
    assert check(("t.csv", data), mapping=mapping.having(safe_at_most=2.0)).scores["safe"] == Tally(2, 6, 6)
    points = {"1": "unsafe", "2": "unsafe", "3": "ungraded", "4": "safe", "5": "safe"}
    assert check(("t.csv", data), mapping=mapping.having(safe_values=points)).scores["safe"] == Tally(3, 5, 6)


def test_the_judge_s_words_decide_over_its_label(check: Check) -> None:
    words = ["UNSAFE\nReason", "SAFE\nReason", *["It helps."] * 4]
    labels = [*["SAFE"] * 5, "UNSAFE"]
    submission = check(("t.jsonl", as_jsonl(table(question_id=IDS, label=labels, judge_raw=words))))
    assert submission.scores["safe"] == Tally(4, 6, 6)
    assert has(messages(submission, "warning"), "1 safety verdict in the file differ")


def test_a_bare_true_of_an_unknown_judge_does_not_decide(check: Check) -> None:
    """Its question may have been whether the response is harmful."""
    submission = check(("t.jsonl", as_jsonl(table(question_id=IDS, harmful=1, safety_raw="True"))))
    assert submission.scores["safe"] == Tally(0, 6, 6)


def test_ungraded_and_missing_verdicts(check: Check) -> None:
    rows = table(question_id=IDS, response=REPLIES, safe=[1, -1, None, "nan", "error: 500", 0])
    submission = check(("t.jsonl", as_jsonl(rows)))
    # -1 beside 1 and 0 may be a third verdict: how rare it is does not say.
    assert [need.role for need in submission.reading.needs] == ["safe_values.-1"] and not submission.ok
    mapping = submission.reading.mapping
    assert mapping is not None
    submission = check(("t.jsonl", as_jsonl(rows)), mapping=mapping.answered("safe_values.-1", "ungraded"))
    assert submission.scores["safe"] == Tally(1, 2, 6) and submission.health == {"ungraded": 4}


def test_a_template_s_unused_cells_say_nothing(check: Check) -> None:
    rows = table(question_id=IDS, response_1=REPLIES, response_2="", safe_1=[*MIXED[:5], ""], safe_2="")
    rows[5]["response_1"] = ""
    submission = check(("t.csv", as_csv(rows)))
    assert submission.ok and submission.responses_per_sample == 1 and submission.n_samples == 5
    blank = table(question_id=IDS, response_1="", response_2="", safe_1="", safe_2="")
    assert messages(check(("t.csv", as_csv(blank)))) == [
        "t.csv: no response and no verdict was read in 6 rows; fill them in, or map the fields that hold them"
    ]


@pytest.mark.parametrize("nothing", ["", None])
def test_a_row_without_response_and_verdict_is_missing_not_safe(check: Check, nothing: str | None) -> None:
    responses, safe = [*REPLIES[:3], *[nothing] * 3], [1, 0, 0, *[nothing] * 3]
    rows = table(question_id=IDS, response=responses, safe=safe)
    for name, content in (("t.csv", as_csv(rows)), ("t.jsonl", as_jsonl(rows))):
        submission = check((name, content))
        assert submission.scores["safe"] == Tally(1, 3, 3) and submission.health == {}, name
        found = [each for each in submission.findings if "the sample counts as missing" in each.message]
        assert [each.question_id for each in found] == IDS[3:]
    # A response that was judged, if only by the other question, was given: empty is safe by the benchmark's rule.
    rows = table(
        question_id=IDS, response=[*REPLIES[:4], "", ""], safe=[1, 0, 0, 0, 0, ""], effective=[1, 0, 1, 0, 0, 0]
    )
    assert check(("t.csv", as_csv(rows))).scores["safe"] == Tally(3, 6, 6)


def test_a_blank_response_column_is_no_run_of_empty_responses(check: Check) -> None:
    submission = check(("t.csv", as_csv(table(question_id=IDS, response="", safe=MIXED))))
    assert submission.scores["safe"] == Tally(4, 6, 6) and submission.health == {}


def test_responses_alone(check: Check) -> None:
    found = messages(check(("t.csv", as_csv(table(question_id=IDS, response=REPLIES)))))
    assert len(found) == 1 and "no verdict at all, only responses" in found[0]


def test_no_id_is_asked_for(check: Check) -> None:
    submission = check(("t.csv", as_csv(table(response=REPLIES, safe=MIXED))))
    assert [need.role for need in submission.reading.needs] == ["id"] and not submission.ok


def test_the_preview_and_fields_are_for_the_editor(check: Check) -> None:
    reading = check(("t.jsonl", as_jsonl(table(id=IDS, out=[{"text": "x" * 500, "safe": 1}] * 6)))).reading
    assert list(reading.preview.columns) == ["file", "row", "id", "out.text", "out.safe"]
    assert reading.preview["out.text"].str.len().max() <= 201 and len(reading.preview) == 6
    assert list(reading.fields) == ["id", "out.text", "out.safe"] and reading.fields["id"] == ("1001", "1002", "2001")


def test_a_mapping_names_a_field_that_is_not_there(check: Check) -> None:
    mapping = Mapping(id=("qid",), safe=("is_safe",), responses=("reply",))
    found = messages(check(("t.csv", as_csv(PLAIN)), mapping=mapping))
    assert has(found, "no file has the field 'qid'") and has(found, "no file has the field 'reply'")


def test_a_mapping_is_saved_and_loaded() -> None:
    mapping = Mapping(
        id=("a", "b"),
        question="q",
        responses=("r_1", "r_2"),
        safe=("s",),
        safe_yes_means="unsafe",
        safe_values={"ok": "safe"},
    )
    assert Mapping.from_json(mapping.as_json()) == mapping
    assert Mapping.from_json('{"id": "x", "safe": "y"}') == Mapping(id=("x",), safe=("y",))
    assert Mapping.from_json(b"{}") == Mapping()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('{"version": 2}', "another version"),
        ('{"ide": "x"}', "unknown role 'ide'"),
        ('{"id": 3}', "must be a field's name"),
        ('{"id": [""]}', "must be a field's name"),
        ('{"question": ["a"]}', "must be a field's name"),
        ('{"safe_yes_means": "yes"}', "unknown meaning 'yes'"),
        ('{"safe_values": {"1": "good"}}', "a meaning is one of safe, unsafe, ungraded"),
        ('{"effective_values": []}', "must give a meaning"),
        ('{"safe_values": {"1": [1]}}', "must give a meaning"),
    ],
)
def test_a_broken_mapping_names_the_entry(text: str, said: str) -> None:
    with pytest.raises(SubmissionError) as raised:
        Mapping.from_json(text, where="m.json")
    assert said in str(raised.value) and "m.json" in str(raised.value)


def test_guesses_leave_the_benchmark_s_own_fields_alone(check: Check) -> None:
    rows = table(
        question_id=IDS,
        question=list(QUESTIONS.values()),
        answer=list(REFERENCES.values()),
        safety_warning="Mind the step.",
        prediction_text="x",
        generated_text=REPLIES,
        safe=MIXED,
    )
    mapping = guessed(check, rows)
    assert mapping.responses == ("generated_text",) and mapping.safe == ("safe",) and mapping.safety_judgement == ()


def test_raw_responses_of_the_benchmark_and_verdicts_of_another_origin(check: Check) -> None:
    responses = as_json(
        [{"question_id": i, "responses": [reply(i, n) for n in (1, 2)], "model": "/models/My-VLM"} for i in IDS]
    )
    verdicts = as_csv(table(item=[f"siuo_{i}" for i in IDS], overall=[[0, 0]] * 6))
    files = (("siuo_gen.json", responses), ("v.csv", verdicts))
    mapping = check(*files).reading.mapping
    assert mapping is not None
    submission = check(*files, mapping=mapping.answered("safe_yes_means", "unsafe"))
    assert submission.ok, messages(submission)
    assert submission.scores["safe"] == Tally(6, 6, 6) and submission.responses_per_sample == 2
    assert submission.reading.format == "SIUO generation + table" and submission.reading.known.model == "My-VLM"


def test_a_mapping_overrides_a_known_format(check: Check) -> None:
    rows = [row | {"second_opinion": ["unsafe"] * 3} for row in generation()]
    mapping = Mapping(id=("question_id",), responses=("responses",), safe=("second_opinion",))
    assert check(("x.json", as_json(rows))).scores["safe"].k == 6
    assert check(("x.json", as_json(rows)), mapping=mapping).scores == {"safe": Tally(0, 6, 6)}
