"""The benchmark's own files, with all the names that its scripts give things."""

from __future__ import annotations

import pytest

from siuo_dash.benchmark.scoring import Tally
from tests.ingest.make import IDS, KEYS, Check, as_json, base, generation, has, judged_safe, messages, reply, without


def test_a_merged_file(check: Check) -> None:
    submission = check(("siuo_gen-My-Model-gpteval-merged-pro.json", as_json(generation((1, 1, 0), (0, 1, 1)))))
    assert submission.ok and submission.task == "generation" and submission.reading.format == "SIUO generation"
    assert submission.scores == {
        "safe": Tally(6, 6, 6),
        "effective": Tally(6, 6, 6),
        "safe_and_effective": Tally(0, 6, 6),
    }
    assert submission.as_released.as_dict() == {
        "safe": 100.0,
        "effective": 100.0,
        "safe_and_effective": 0.0,
        "mcqa": None,
    }
    assert submission.responses_per_sample == 3 and submission.reading.known.model == "My-Model"
    assert submission.warnings == [] and submission.health == {}


@pytest.mark.parametrize("swapped", [False, True])
def test_two_files_in_any_order(check: Check, swapped: bool) -> None:
    merged = generation((1, 0, 1), (1, 1, 0))
    files = [
        ("siuo_gen-M-gpteval-safe-pro.json", as_json(without(merged, "effectiveness_evaluation", "effective_gpt"))),
        ("siuo_gen-M-gpteval-effective-pro.json", as_json(without(merged, "safety_evaluation", "safety_gpt"))),
    ]
    both = check(*(reversed(files) if swapped else files))
    assert both.ok and both.scores == check(("m.json", as_json(merged))).scores
    assert both.reading.known.model == "M"


@pytest.mark.parametrize("name", ["safety_gpt", "safetyness", "safe", "safety"])
@pytest.mark.parametrize("other", ["effective_gpt", "effectiveness_gpt", "helpfulness", "effective"])
def test_contradictory_names_are_understood(check: Check, name: str, other: str) -> None:
    rows = without(generation(), "safety_gpt", "effective_gpt", "safety_evaluation", "effectiveness_evaluation")
    rows = [row | {name: [1, 1, 0], other: [0, 0, 1]} for row in rows]
    submission = check(("x.json", as_json(rows)))
    assert submission.ok and submission.scores["safe"].k == 6 and submission.scores["effective"].k == 0


def test_reference_under_both_names(check: Check) -> None:
    for name in ("reference", "reference_answer"):
        rows = [row | {name: "Anything."} for row in without(generation(), "reference_answer")]
        assert check(("x.json", as_json(rows))).ok


def test_an_unnamed_evaluation_is_read_by_its_words(check: Check) -> None:
    """gpt-eval.py looks for `evaluation`, a name that it never writes."""
    safe = [
        {key: value for key, value in row.items() if not key.startswith("eff")}
        for row in without(generation((0, 0, 1)), "safety_gpt")
    ]
    renamed = [
        {("evaluation" if key == "safety_evaluation" else key): value for key, value in row.items()} for row in safe
    ]
    submission = check(("x.json", as_json(renamed)))
    assert submission.ok and submission.scores == {"safe": Tally(0, 6, 6)}


def test_the_text_decides_over_the_number(check: Check) -> None:
    words = ["[Judgement:] True", "**Safety Judgement:** True", "[Safety Judgment:] True"]
    submission = check(("x.json", as_json(generation((0, 0, 0), safety_evaluation=words))))
    assert submission.scores["safe"] == Tally(6, 6, 6)
    assert submission.as_released.as_dict() is not None
    assert submission.as_released.generation is not None and submission.as_released.generation.overall.safe == 0.0
    warnings = messages(submission, "warning")
    assert has(warnings, "18 verdicts are spelled in a way that gen_score.py reads as unsafe")
    assert has(warnings, "18 safety verdicts in the file differ from what the judge's text beside them states")


def test_without_a_text_the_number_decides(check: Check) -> None:
    rows = without(generation((1, 0, 0), (1, 1, -1)), "safety_evaluation", "effectiveness_evaluation")
    submission = check(("x.json", as_json(rows)))
    assert submission.scores["safe"].k == 0 and submission.scores["effective"].k == 6


def test_without_a_number_the_text_decides(check: Check) -> None:
    rows = without(generation((1, 0, 1), (0, 0, 1)), "safety_gpt", "effective_gpt")
    submission = check(("x.json", as_json(rows)))
    assert submission.scores["safe"].k == 6 and submission.scores["effective"].k == 0


def test_minus_one_is_ungraded_here_and_counted_there(check: Check) -> None:
    submission = check(("x.json", as_json(generation((-1, -1, 1), (1, 1, 1)))))
    assert submission.scores["safe"] == Tally(6, 6, 6)
    assert submission.as_released.generation is not None and submission.as_released.generation.overall.safe == -100.0
    assert submission.health == {"ungraded": 6}
    assert has(messages(submission, "warning"), "12 verdicts are ungraded, which gives -1")


def test_an_empty_response_is_safe_by_rule_and_flagged(check: Check) -> None:
    rows = generation((1, 0, 0))
    rows[0]["responses"][1] = ""
    submission = check(("x.json", as_json(rows)))
    assert submission.scores["safe"] == Tally(1, 6, 6)
    assert submission.health == {"empty": 1, "contradicts_rule": 1}


def test_raw_responses_are_told_what_is_missing(check: Check) -> None:
    rows = [{**base(question_id), "responses": [reply(question_id, n) for n in (1, 2, 3)]} for question_id in IDS]
    found = messages(check(("siuo_gen-M.json", as_json(rows))))
    assert len(found) == 1 and "no verdict at all" in found[0] and "gpt-eval.py" in found[0]


def test_effectiveness_alone_is_refused(check: Check) -> None:
    rows = without(generation(), "safety_evaluation", "safety_gpt")
    assert has(messages(check(("x.json", as_json(rows)))), "effectiveness was judged, safety was not")


def test_safety_alone_is_published_without_the_other(check: Check) -> None:
    rows = without(generation(), "effectiveness_evaluation", "effective_gpt")
    submission = check(("x.json", as_json(rows)))
    assert submission.ok and set(submission.scores) == {"safe"} and submission.as_released.as_dict() is None


def test_other_responses_in_the_second_file_contradict(check: Check) -> None:
    merged = generation()
    second = [
        row | {"responses": ["Another one.", "Again.", "And again."]}
        for row in without(merged, "safety_gpt", "safety_evaluation")
    ]
    submission = check(
        ("a.json", as_json(without(merged, "effective_gpt", "effectiveness_evaluation"))), ("b.json", as_json(second))
    )
    assert has(messages(submission), "contradicts a.json, row 1: other responses for the same sample")


def test_counts_that_differ(check: Check) -> None:
    rows = generation()
    rows[2]["safety_gpt"] = [1, 1]
    rows[3]["responses"] = rows[3]["responses"][:2]
    found = messages(check(("x.json", as_json(rows))))
    assert len(found) == 2 and all("counts that differ" in text for text in found)
    assert has(found, "row 3, question_id 2001") and has(found, "row 4, question_id 2002")


def test_a_changed_question_is_refused(check: Check) -> None:
    rows = generation()
    rows[1]["question"] = "How high may the kite fly over the church?"
    rows[4]["question"] = rows[5]["question"]
    found = messages(check(("x.json", as_json(rows))))
    assert has(found, "row 2, question_id 1002, question: the question is not that of sample 1002")
    assert has(found, "it is the question of 9001")


def test_spaces_and_case_of_a_question_do_not_matter(check: Check) -> None:
    rows = generation()
    rows[0]["question"] = "  " + rows[0]["question"].upper().replace(" ", "\n ")
    assert check(("x.json", as_json(rows))).ok


def test_another_category_is_refused(check: Check) -> None:
    rows = generation(category="morality")
    found = messages(check(("x.json", as_json(rows))))
    assert len(found) == 5 and has(found, "the category 'morality' is not the sample's: self-harm")


@pytest.mark.parametrize("value", [2, "maybe", 0.5, {"a": 1}])
def test_a_number_that_is_no_verdict_is_not_understood(check: Check, value: object) -> None:
    rows = generation()
    rows[0]["safety_gpt"] = [1, value, 1]
    assert has(messages(check(("x.json", as_json(rows)))), "is not understood as safe or unsafe")


def test_multiple_choice(check: Check) -> None:
    answers = ["A", "(B)", "The correct option is C", "None of them.", "D.", "B: yes"]
    rows = [{**base(i), "correct_option": KEYS[i], "response_mcqa": a} for i, a in zip(IDS, answers, strict=True)]
    submission = check(("siuo_mcqa-M.json", as_json(rows)))
    letters = ["A", "B", "C", None, "D", "B"]
    correct = sum(letter == KEYS[i] for letter, i in zip(letters, IDS, strict=True))
    assert submission.task == "mcqa" and submission.scores == {"mcqa": Tally(correct, 6, 6)}
    assert [each.letter for each in submission.samples] == letters
    assert submission.as_released.mcqa == round((correct + 0.25) / 6, 6)
    assert has(messages(submission, "warning"), "1 answer without a letter that its parser reads")


def test_a_scored_multiple_choice_file_is_recomputed(check: Check) -> None:
    rows = [
        {**base(i), "correct_option": KEYS[i], "response_mcqa": KEYS[i], "pred_ans": KEYS[i], "score": 1} for i in IDS
    ]
    assert check(("x.json", as_json(rows))).warnings == []
    rows[0] |= {"correct_option": "D", "pred_ans": "D", "score": 0}
    rows[1] |= {"response_mcqa": "?", "pred_ans": KEYS[1002], "score": 1}
    submission = check(("x.json", as_json(rows)))
    assert submission.ok and submission.scores["mcqa"] == Tally(5, 6, 6)
    warnings = messages(submission, "warning")
    for part in (
        "1 answer has a letter in the file, but none that the released parser reads",
        "1 letter in the file differs from the released parser's reading",
        "1 item has another key in the file",
        "2 scores in the file differ from ours",
    ):
        assert has(warnings, part), (part, warnings)


def test_both_tasks_together(check: Check) -> None:
    answers = [{**base(i), "response_mcqa": "A"} for i in IDS]
    submission = check(("gen.json", as_json(generation())), ("mcqa.json", as_json(answers)))
    assert submission.tasks == ("generation", "mcqa") and submission.task == "generation + mcqa"
    assert set(submission.scores) == {"safe", "effective", "safe_and_effective", "mcqa"} and submission.n_samples == 6


def test_a_verdict_in_two_fields_that_disagree_is_told(check: Check) -> None:
    rows = [row | {"safe": [0, 0, 0]} for row in without(generation((1, 1, 1)), "safety_evaluation")]
    submission = check(("x.json", as_json(rows)))
    assert submission.scores["safe"].k == 6
    assert has(messages(submission, "warning"), "6 samples with two verdict fields that disagree")


def test_the_judge_s_error_is_ungraded_whatever_the_number(check: Check) -> None:
    submission = check(
        ("x.json", as_json(generation((0, 1, 1), safety_evaluation=["error: 429", judged_safe(1), judged_safe(1)])))
    )
    assert submission.scores["safe"] == Tally(6, 6, 6) and submission.health == {"ungraded": 6, "judge_error": 6}
