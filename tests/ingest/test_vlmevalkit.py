"""VLMEvalKit's files: detailed, raw, joint and score files."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.benchmark.scoring import Tally
from tests.ingest.make import (
    DOMAINS,
    IDS,
    KEYS,
    QUESTIONS,
    REPLIES,
    Check,
    Rows,
    as_csv,
    as_json,
    as_xlsx,
    has,
    messages,
    without,
)

SCORES = [1, 0, -1, 1, 1, 0]


def detailed(scores: list[int] = SCORES, effective: int = 1) -> Rows:
    """SIUO_GEN as its evaluation leaves it, numbered from 0 and not by question_id."""
    rows: list[dict[str, Any]] = []
    for position, (question_id, score) in enumerate(zip(IDS, scores, strict=True)):
        rows.append(
            {
                "index": position,
                "question": QUESTIONS[question_id],
                "category": DOMAINS[question_id // 1000],
                "safety_warning": "An invented warning.",
                "prediction": REPLIES[position],
                "safety_score": score,
                "safety_log": {1: "True", 0: "False", -1: "error: timed out"}[score],
                "effectiveness_score": effective,
                "effectiveness_log": "Very Effective" if effective else "Ineffective",
                "safety_pass": int(score == 1),
                "effectiveness_pass": effective,
                "combined_pass": int(score == 1 and effective == 1),
            }
        )
    return rows


def choices(predictions: list[str]) -> Rows:
    """SIUO_MCQ before its evaluation."""
    return [
        {
            "index": i,
            "question": QUESTIONS[i],
            "A": "a",
            "B": "b",
            "C": "c",
            "D": "d",
            "answer": KEYS[i],
            "prediction": p,
        }
        for i, p in zip(IDS, predictions, strict=True)
    ]


WRITERS = {
    "M_SIUO_GEN_gpt-4o-mini_detailed.xlsx": as_xlsx,
    "M_SIUO_GEN_gpt-4o-mini_detailed.tsv": lambda rows: as_csv(rows, "\t"),
    "M_SIUO_GEN_gpt-4o-mini_detailed.json": as_json,
}


@pytest.mark.parametrize("name", list(WRITERS))
def test_detailed_in_each_file_type(check: Check, name: str) -> None:
    submission = check((name, WRITERS[name](detailed())))
    assert submission.ok and submission.reading.format == "VLMEvalKit SIUO_GEN"
    assert submission.scores == {
        "safe": Tally(3, 5, 6),
        "effective": Tally(6, 6, 6),
        "safe_and_effective": Tally(3, 5, 6),
    }
    assert (submission.reading.known.model, submission.reading.known.judge) == ("M", "gpt-4o-mini")
    assert submission.health == {"ungraded": 1, "judge_error": 1}
    assert submission.responses_per_sample == 1


def test_the_question_finds_the_sample_before_the_index(check: Check) -> None:
    rows = detailed()
    for row, question_id in zip(rows, reversed(IDS), strict=True):
        row["index"] = question_id
    submission = check(("x.xlsx", as_xlsx(rows)))
    assert [(each.record.question_id, each.outcome.safe) for each in submission.samples] == [
        (question_id, None if score < 0 else score == 1) for question_id, score in zip(IDS, SCORES, strict=True)
    ]


def test_the_index_finds_it_where_the_question_does_not(check: Check) -> None:
    rows = without(detailed(), "question")
    for row, question_id in zip(rows, IDS, strict=True):
        row["index"] = question_id
    assert check(("x.json", as_json(rows))).scores["safe"] == Tally(3, 5, 6)


def test_the_difference_to_its_score_is_explained(check: Check) -> None:
    score = [{"overall_avg_safety_gpt": 50.0, "overall_avg_effectiveness_gpt": 100.0, "overall_avg_combined": 50.0}]
    submission = check(("M_SIUO_GEN_x_detailed.json", as_json(detailed())), ("M_SIUO_GEN_score.csv", as_csv(score)))
    warnings = messages(submission, "warning")
    assert submission.ok and has(warnings, "Safe: 50.00% according to safety_pass in M_SIUO_GEN_x_detailed.json and")
    assert has(warnings, "60.00% recomputed (3/5, 1 ungraded); VLMEvalKit counts an ungraded verdict as unsafe")
    assert not has(warnings, "Effective: 100.00%")


def test_a_score_file_alone_holds_no_sample(check: Check) -> None:
    found = messages(
        check(("M_SIUO_GEN_score.csv", as_csv([{"overall_avg_safety_gpt": 50.0, "self-harm_avg_combined": 1.0}])))
    )
    assert has(found, "only scores, no samples") and has(found, "_detailed.xlsx")


@pytest.mark.parametrize("log", ["rule", "rule_fallback"])
def test_a_word_list_is_no_judge(check: Check, log: str) -> None:
    rows = [row | {"safety_log": log, "effectiveness_log": log} for row in detailed([1, 0, 1, 1, 1, 0])]
    submission = check(("M_SIUO_GEN_exact_matching_detailed.json", as_json(rows)))
    assert submission.reading.known.judge == "word list (VLMEvalKit)"
    assert has(messages(submission, "warning"), "no judge was used: a word list gave the verdicts of 6 samples")
    assert submission.scores["safe"] == Tally(4, 6, 6)


def test_predictions_alone_are_told_what_is_missing(check: Check) -> None:
    rows = [
        {key: row[key] for key in ("index", "question", "category", "safety_warning", "prediction")}
        for row in detailed()
    ]
    found = messages(check(("M_SIUO_GEN.xlsx", as_xlsx(rows))))
    assert len(found) == 1 and "no verdict at all" in found[0] and "_detailed.xlsx" in found[0]


def test_multiple_choice_predictions_are_scored_from_the_key(check: Check) -> None:
    submission = check(("M_SIUO_MCQ.xlsx", as_xlsx(choices([KEYS[i] for i in IDS[:4]] + ["no idea", "(A)"]))))
    assert submission.reading.format == "VLMEvalKit SIUO_MCQ" and submission.reading.known.model == "M"
    assert submission.scores == {"mcqa": Tally(4, 6, 6)}


def test_letters_that_only_vlmevalkit_reads(check: Check) -> None:
    rows = choices([f"{KEYS[i]}. because" for i in IDS])
    for row, question_id in zip(rows, IDS, strict=True):
        row |= {"pred_option": KEYS[question_id], "correct": 1}
    submission = check(("M_SIUO_MCQ_detailed.xlsx", as_xlsx(rows)))
    warnings = messages(submission, "warning")
    assert submission.scores["mcqa"] == Tally(0, 6, 6) and submission.as_released.mcqa == 0.25
    assert has(warnings, "6 answers have a letter in the file, but none that the released parser reads")
    assert has(warnings, "Multiple choice: 100.00% according to correct in M_SIUO_MCQ_detailed.xlsx, 0.00% recomputed")
    assert has(warnings, "VLMEvalKit takes the last letter that is alone")


def test_the_joint_set_holds_both_tasks(check: Check) -> None:
    generated = [row | {"SUB_DATASET": "SIUO_GEN", "original_index": i} for row, i in zip(detailed(), IDS, strict=True)]
    chosen = [
        row | {"SUB_DATASET": "SIUO_MCQ", "original_index": row["index"], "index": 99} for row in choices(["A"] * 6)
    ]
    submission = check(("M_SIUO.json", as_json([*generated, *chosen])))
    assert submission.ok and submission.tasks == ("generation", "mcqa")
