"""What is taken for a verdict: with evidence and nothing against it, else it is asked; never a wrong figure."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.mapping import NONE, Mapping
from siuo_dash.ingest.records import suggested
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from tests.ingest.make import Rows, as_csv, as_jsonl, has, messages


def safe_in(number: int) -> bool:
    """The truth of the made-up run: it follows neither from the domain nor from the key."""
    return number * 37 % 11 < 5


def run(catalogue: Catalogue, **columns: Any) -> Rows:
    """A row a sample; a column is a value, or a function of the sample's place."""
    return [
        {"question_id": sample.question_id, "response": f"Reply {place}: take it slowly, and ask somebody first."}
        | {name: column(place) if callable(column) else column for name, column in columns.items()}
        for place, sample in enumerate(catalogue.samples)
    ]


def tried(catalogue: Catalogue, rows: Rows, mapping: Mapping | None = None) -> Submission:
    return validate([UploadedFile("t.jsonl", as_jsonl(rows))], catalogue, mapping)


def answered(catalogue: Catalogue, rows: Rows, *answers: str) -> Submission:
    """What comes of a table when its questions are answered, one at a time."""
    submission = tried(catalogue, rows)
    for answer in answers:
        need, mapping = submission.reading.needs[0], submission.reading.mapping
        assert mapping is not None and (answer in need.options or not need.options), need
        submission = tried(catalogue, rows, mapping.answered(need.role, answer))
    return submission


@pytest.fixture
def truth(catalogue: Catalogue) -> int:
    return sum(safe_in(place) for place in range(len(catalogue)))


def number(place: int) -> int:
    return int(safe_in(place))


def word(place: int) -> str:
    return "safe" if safe_in(place) else "unsafe"


def guard(place: int) -> str:
    """As a guard model answers: the categories below its verdict."""
    return "safe" if safe_in(place) else f"unsafe\nS{place % 9}"


def reads(submission: Submission) -> int:
    assert submission.ok, messages(submission)
    assert submission.scores["safe"].n == submission.n_samples
    return submission.scores["safe"].k


DECOYS = {
    "target": "safe",
    "expected_safety": "unsafe",
    "reference_verdict": lambda place: "safe" if place % 3 else "unsafe",
    "prompt_label": lambda place: "unsafe" if place % 4 else "safe",
    "risk": "unsafe",
    "gold_safe": lambda place: place % 2,
    "assert": {"type": "rubric", "value": "The response is safe"},
    "image_is_safe": True,
    "context_safe": lambda place: "unsafe" if place % 4 else "safe",
    "situation_safe": lambda place: place % 3 > 0,
    "user_safety": lambda place: "unsafe" if place % 4 else "safe",
}


@pytest.mark.parametrize("name", list(DECOYS))
def test_what_describes_the_test_is_no_verdict(catalogue: Catalogue, truth: int, name: str) -> None:
    assert reads(tried(catalogue, run(catalogue, **{name: DECOYS[name], "is_safe": number}))) == truth
    for path in (name, f"judgement.gpt-4o.{name}"):
        alone = tried(catalogue, run(catalogue, **{path: DECOYS[name]}))
        assert not alone.ok and alone.scores == {}


@pytest.mark.parametrize(
    "columns",
    [
        {"oracle": lambda place: "safe" if place % 3 else "unsafe", "label": word},
        {"label": word, "verdict": lambda place: "safe" if place % 3 else "unsafe"},
        {"label": lambda place: "unsafe" if place % 3 else "safe", "score": number},
        {"gpt4o_safe": lambda place: place % 2, "llava_safe": number},
        {"judge_1_safe": lambda place: place % 2, "judge_2_safe": number},
        {"gpt3_safe": lambda place: place % 2, "gpt4_safe": number},
        {"is_safe": True, "score": number},
        {"safe": lambda place: place % 2, "safe_rejudged": number},
        {"is_safe": lambda place: place % 2, "is_safe_human": number},
        {"is_safe": lambda place: int(safe_in(place) != (place % 4 == 1)), "judge_text": guard},
        {"is_safe": True, "judge_text": guard},
        {"judge_text": lambda place: guard(place + (place % 4 == 1)), "hazardous": number},
        {"judge_1": number, "judge_2": lambda place: place % 2},
        {"assessment": guard, "human": lambda place: place % 3 / 2},
        {"assessment": guard, "bypassed": lambda place: place % 7 / 7},
    ],
    ids=lambda columns: "+".join(columns),
)
def test_two_fields_that_differ_are_asked(catalogue: Catalogue, truth: int, columns: dict[str, Any]) -> None:
    first = tried(catalogue, run(catalogue, **columns))
    (need,) = first.reading.needs
    right = next(name for name, column in columns.items() if column in (word, number, guard))
    if need.role == "run":
        right = right.removesuffix("_safe")
    else:
        assert (
            need.role == "safe"
            and set(need.options) - {"judge_{1..2}_safe", "judge_{1..2}"} == set(columns)
            and not first.ok
        )
        assert all(any(line.startswith(f"{name}: ") and " × " in line for line in need.details) for name in columns)
    last = answered(catalogue, run(catalogue, **columns), right)
    if last.reading.needs:
        last = answered(catalogue, run(catalogue, **columns), right, "safe")
    assert reads(last) == truth


def test_a_judge_s_score_that_mostly_follows_its_labels_is_asked(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, label=guard, eval=lambda place: place % 5 + (20 if safe_in(place + (place % 6 == 0)) else 0))
    (need,) = tried(catalogue, rows).reading.needs
    assert need.options == ("label", "eval") and reads(answered(catalogue, rows, "label")) == truth
    lists = run(
        catalogue,
        judge_raw=lambda p: [f"Look at {p} again. Verdict: {word(p + n)}" for n in range(3)],
        majority=lambda p: [bool(safe_in(p + n)) != (p % 5 == n) for n in range(3)],
    )
    lists = [row | {"response": [row["response"] + f" ({n})" for n in range(3)]} for row in lists]
    assert tried(catalogue, lists).reading.needs[0].options == ("judge_raw", "majority")
    follows = run(catalogue, label=guard, eval=lambda place: place % 5 + (20 if safe_in(place) else 0))
    assert reads(tried(catalogue, follows)) == truth


def test_two_fields_that_say_the_same_are_one(catalogue: Catalogue, truth: int) -> None:
    assert reads(tried(catalogue, run(catalogue, is_safe=number, unsafe=lambda p: 1 - number(p), label=word))) == truth
    assert reads(tried(catalogue, run(catalogue, label=word, flagged=lambda p: not safe_in(p)))) == truth


def test_a_doubtful_direction_does_not_come_before_a_known_one(catalogue: Catalogue, truth: int) -> None:
    assert reads(tried(catalogue, run(catalogue, flagged=lambda place: place % 2, is_safe=number))) == truth


def test_one_value_throughout_is_asked_unless_its_name_is_plain(catalogue: Catalogue) -> None:
    assert reads(tried(catalogue, run(catalogue, is_safe=True))) == len(catalogue)
    for name in ("verdict", "safety_label"):
        (need,) = tried(catalogue, run(catalogue, **{name: "safe"})).reading.needs
        assert (need.role, need.options) == ("safe", (name,)) and f"{len(catalogue)} × 'safe'" in need.details[0]
        assert reads(answered(catalogue, run(catalogue, **{name: "safe"}), name)) == len(catalogue)
    alone = [{name: row[name] for name in ("question_id", "is_safe")} for row in run(catalogue, is_safe=1)]
    assert [need.role for need in tried(catalogue, alone).reading.needs] == ["safe"]


def test_what_follows_from_the_sample_is_asked(catalogue: Catalogue) -> None:
    by_domain = {domain: place % 2 for place, domain in enumerate(dict.fromkeys(s.domain for s in catalogue.samples))}
    rows = run(catalogue, is_safe=lambda place: by_domain[catalogue.samples[place].domain])
    assert [need.role for need in tried(catalogue, rows).reading.needs] == ["safe"]
    rounds = [
        row | {"epoch": n, "response": f"{row['response']} {n}"}
        for row in run(catalogue, is_safe=number)
        for n in (1, 2)
    ]
    mapping = Mapping(id=("question_id",), response_index="epoch", responses=("response",))
    assert [need.role for need in tried(catalogue, rounds, mapping).reading.needs] == ["safe"]


def test_a_response_and_its_verdict_come_from_one_branch(catalogue: Catalogue, truth: int) -> None:
    rows = run(
        catalogue,
        plain=lambda p: {"response": f"Plain {p}: go slowly.", "is_safe": bool(p % 2)},
        with_search=lambda p: {"response": f"Searched {p}: go slowly.", "is_safe": safe_in(p)},
    )
    for row in rows:
        del row["response"]
    for row in rows:  # what one run has and the other has not
        row["plain"] |= {"seconds": 3}
    assert [need.role for need in tried(catalogue, rows).reading.needs] == ["run"]
    last = answered(catalogue, rows, "with_search")
    assert reads(last) == truth and str(last.samples[0].responses[0].record.text).startswith("Searched")


def test_minus_one_is_a_code(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, safe=lambda place: 1 if safe_in(place) else -1)
    first = tried(catalogue, rows)
    assert has(messages(first), f"the value '-1' is not understood as safe or unsafe ({len(catalogue) - truth} times)")
    mapping = first.reading.mapping
    assert mapping is not None
    assert reads(tried(catalogue, rows, mapping.having(safe_values={"-1": "unsafe"}))) == truth
    three = run(catalogue, safe=lambda place: 1 if safe_in(place) else -(place % 2))
    assert has(messages(tried(catalogue, three)), "the value '0' is not understood")
    few = run(catalogue, safe=lambda place: -1 if place in (5, 90) else number(place))
    assert answered(catalogue, few, "ungraded").scores["safe"].ungraded == 2
    assert answered(catalogue, few, "unsafe").scores["safe"].ungraded == 0


def test_losses_on_one_side_are_named(catalogue: Catalogue) -> None:
    for lost in (None, "", "n/a"):
        submission = tried(catalogue, run(catalogue, is_safe=lambda p, lost=lost: True if safe_in(p) else lost))
        assert has(messages(submission), "nearly all others are safe"), messages(submission)
    rows = run(catalogue, is_safe=lambda place: 1 if safe_in(place) else None)
    mapping = tried(catalogue, rows).reading.mapping
    assert mapping is not None
    explained = tried(catalogue, rows, mapping.having(safe_values={"": "unsafe"}))
    assert explained.scores["safe"].n == len(catalogue)
    mixed = tried(catalogue, run(catalogue, is_safe=lambda place: number(place) if place % 4 else None))
    assert mixed.ok and mixed.scores["safe"].ungraded == len(range(0, len(catalogue), 4))


def test_texts_that_cannot_be_read_are_named(catalogue: Catalogue, truth: int) -> None:
    rows = run(
        catalogue, judge_raw=lambda p: "The response is safe." if safe_in(p) else "It tells how to do harm, well."
    )
    first = tried(catalogue, rows)
    assert has(messages(first), f"{len(catalogue) - truth} judge texts that state neither safe or unsafe")
    mapping = first.reading.mapping
    assert mapping is not None
    assert reads(tried(catalogue, rows, mapping.having(safe_values={"*": "unsafe"}))) == truth


def test_words_and_numbers_that_disagree_are_asked(catalogue: Catalogue, truth: int) -> None:
    rows = run(
        catalogue, is_safe=number, judge_raw=lambda p: f"The response is {'unsafe' if safe_in(p) or p % 9 else 'safe'}."
    )
    first = tried(catalogue, rows)
    (need,) = first.reading.needs
    assert need.role == "safe_decided_by" and len(need.details) == 4 and not first.ok and first.scores == {}
    assert reads(answered(catalogue, rows, "number")) == truth
    by_text = sum(not (safe_in(p) or p % 9) for p in range(len(catalogue)))
    assert reads(answered(catalogue, rows, "text")) == by_text != truth
    slips = run(catalogue, is_safe=number, judge_raw=lambda p: f"The response is {word(p + (p == 3))}.")
    assert tried(catalogue, slips).ok


def test_a_yes_to_an_unknown_question_is_asked(catalogue: Catalogue, truth: int) -> None:
    rows = run(
        catalogue, judge_raw=lambda p: f"Does it help to do harm? Look at {p}. Verdict: {'No' if safe_in(p) else 'Yes'}"
    )
    (need,) = tried(catalogue, rows).reading.needs
    assert need.role == "safe_yes_means" and need.details[0].endswith("× no or false")
    assert reads(answered(catalogue, rows, "unsafe")) == truth
    beside = [row | {"jailbroken": 1 - number(place)} for place, row in enumerate(rows)]
    assert reads(tried(catalogue, beside)) == truth


@pytest.mark.parametrize(
    ("name", "value", "answer"),
    [
        ("safety_score", lambda p: 0.9 - p / 1000 if safe_in(p) else 0.2 + p / 1000, "0.5"),
        ("harm_score", lambda p: 1 + p % 2 if safe_in(p) else 4 + p % 2, "3"),
        ("rating", lambda p: 4 + p % 2 if safe_in(p) else 1 + p % 3, "4"),
        ("judge_raw", lambda p: f"It names {p}.\nRating: [[{9 if safe_in(p) else 2}]]", "5"),
    ],
    ids=["fractions", "up to", "points", "in a text"],
)
def test_a_scale_is_asked_once(catalogue: Catalogue, truth: int, name: str, value: Any, answer: str) -> None:
    rows = run(catalogue, **{name: value})
    first = tried(catalogue, rows)
    (need,) = first.reading.needs
    assert need.role == ("safe_at_most" if name == "harm_score" else "safe_at_least") and not need.options
    assert len(messages(first)) == 1 and has(messages(first), f"give {need.role} in the mapping")
    last = answered(catalogue, rows, answer)
    assert reads(last) == truth
    said = f"Safe: {name} {'at most' if name == 'harm_score' else 'at least'} {float(answer):g}."
    assert suggested(last.reading.known).note == said


def test_one_label_for_both_questions(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, verdict=lambda p: f"{word(p).capitalize()} & {'Effective' if p % 3 else 'Ineffective'}")
    submission = tried(catalogue, rows)
    assert reads(submission) == truth and submission.scores["effective"].k == sum(p % 3 > 0 for p in range(167))


def letters(catalogue: Catalogue) -> dict[str, Any]:
    keys = [sample.correct_option for sample in catalogue.samples]
    return {
        "answer": lambda p: keys[p],
        "pred": lambda p: keys[p] if safe_in(p) else "ABCD"["ABCD".index(keys[p]) - 1],
    }


def choice(catalogue: Catalogue, **columns: Any) -> Rows:
    return [{name: value for name, value in row.items() if name != "response"} for row in run(catalogue, **columns)]


def test_the_key_is_not_the_model_s_choice(catalogue: Catalogue, truth: int) -> None:
    both = tried(catalogue, choice(catalogue, **letters(catalogue)))
    assert both.ok and both.scores["mcqa"].k == truth
    alone = tried(catalogue, choice(catalogue, answer=letters(catalogue)["answer"], options="four"))
    assert [need.role for need in alone.reading.needs] == ["answer"] and not alone.ok


def test_a_key_of_one_letter_is_none(catalogue: Catalogue, truth: int) -> None:
    """`answer` is this file's key or the model's choice; `target` with a C in every row is neither."""
    made = letters(catalogue)
    rows = run(
        catalogue, answer=made["answer"], candidate=lambda p: f"The correct option is {made['pred'](p)}", target="C"
    )
    rows = [row | {"options": {letter: f"{place} {letter}" for letter in "ABCD"}} for place, row in enumerate(rows)]
    (need,) = tried(catalogue, rows).reading.needs
    assert need.role == "answer" and {"answer", "candidate"} <= set(need.options)
    assert answered(catalogue, rows, "candidate").scores["mcqa"].k == truth


def test_letters_are_answers_only_where_the_file_is_multiple_choice(catalogue: Catalogue) -> None:
    graded = run(catalogue, prediction=lambda p: "AB"[p % 2])
    for row in graded:
        del row["response"]
    assert not tried(catalogue, graded).ok
    beside = run(catalogue, pred_option=lambda p: "ABCD"[p % 4], is_safe=number)
    (need,) = tried(catalogue, beside).reading.needs
    assert need.role == "task" and not tried(catalogue, beside).ok
    assert reads(answered(catalogue, beside, "generation")) > 0
    assert answered(catalogue, beside, "mcqa", "benchmark").tasks == ("mcqa",)


def test_letters_alone_are_asked_about_where_chance_would_give_as_many_right(catalogue: Catalogue, truth: int) -> None:
    told = choice(catalogue, pred_option=letters(catalogue)["pred"])
    assert tried(catalogue, told).scores["mcqa"].k == truth, "more right than shuffled options could give"
    shuffled = choice(catalogue, pred_option=lambda p: "ABCD"[(p * 7) % 4])
    (need,) = tried(catalogue, shuffled).reading.needs
    assert need.role == "correct_by" and not tried(catalogue, shuffled).ok
    assert answered(catalogue, shuffled, "benchmark").tasks == ("mcqa",)


def test_a_file_with_its_own_order_of_options(catalogue: Catalogue) -> None:
    turned = {key: "ABCD"["ABCD".index(key) - 1] for key in "ABCD"}
    keys = [turned[sample.correct_option] for sample in catalogue.samples]
    rows = choice(
        catalogue, correct_option=lambda p: keys[p], pred=lambda p: keys[p] if safe_in(p) else turned[keys[p]]
    )
    (need,) = tried(catalogue, rows).reading.needs
    assert need.role == "correct_by" and not tried(catalogue, rows).ok
    assert answered(catalogue, rows, "file").scores["mcqa"].k == sum(map(safe_in, range(len(catalogue))))
    assert answered(catalogue, rows, "benchmark").scores["mcqa"].k == 0


def test_csv_says_the_same(catalogue: Catalogue, truth: int) -> None:
    data = as_csv(run(catalogue, target="safe", is_safe=number, oracle=lambda p: "safe" if p % 3 else "unsafe"))
    first = validate([UploadedFile("t.csv", data)], catalogue)
    assert [need.role for need in first.reading.needs] == ["safe"] or reads(first) == truth


def test_a_list_of_named_scores_is_read_by_name(catalogue: Catalogue, truth: int) -> None:
    def scores(place: int) -> list[dict[str, Any]]:
        found = [{"metric": "safety", "value": number(place)}, {"metric": "fluency", "value": place % 2}]
        return found[:: 1 if place % 3 else -1]

    assert reads(answered(catalogue, run(catalogue, scores=scores), "scores.safety.value", "safe")) == truth


def test_one_field_a_response_is_one_option(catalogue: Catalogue) -> None:
    rows = [
        {"question_id": row["question_id"]}
        | {f"response_{n}": f"{row['response']} {n}" for n in range(3)}
        | {f"fine_{n}": "yes" if safe_in(place + n) else "no" for n in range(3)}
        for place, row in enumerate(run(catalogue))
    ]
    (need,) = tried(catalogue, rows).reading.needs
    assert need.options == ("fine_{0..2}",)
    last = answered(catalogue, rows, "fine_{0..2}", "safe")
    assert last.responses_per_sample == 3 and last.reading.mapping is not None
    assert last.reading.mapping.safe == ("fine_0", "fine_1", "fine_2")
    assert reads(last) == sum(sum(safe_in(place + n) for n in range(3)) > 1 for place in range(len(catalogue)))


def test_the_model_s_raw_output_is_no_judge_s_text(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, is_safe=number)
    for place, row in enumerate(rows):
        row["raw_output"] = (
            f"The response is unsafe, you say? Take {place} of them." if place % 9 == 0 else row.pop("response")
        )
    assert reads(tried(catalogue, [{k: v for k, v in row.items() if k != "response"} for row in rows])) == truth


def test_codes_are_counted_over_all_files(catalogue: Catalogue) -> None:
    rows = run(catalogue, is_safe=lambda p: 1 if safe_in(p) else -1 if p % 9 == 0 else 0)
    parts = [[row for row in rows if row["question_id"] // 1000 == block] for block in range(1, 10)]
    submission = validate([UploadedFile(f"{n}.jsonl", as_jsonl(part)) for n, part in enumerate(parts)], catalogue)
    assert has(messages(submission), "the value '-1' is not understood")


def test_votes_that_failed_make_no_complete_run(catalogue: Catalogue) -> None:
    def rows(failed: int) -> Rows:
        texts = ["First: go slowly.", "Second: go slowly.", "Third: go slowly."]
        return [
            {"question_id": row["question_id"], "responses": texts, "safety_gpt": [1, 0, -1 if place < failed else 0]}
            for place, row in enumerate(run(catalogue))
        ]

    assert has(messages(tried(catalogue, rows(40))), "40 samples of 167 whose safety depends on votes that failed")
    some = tried(catalogue, rows(8))
    assert some.ok and has(messages(some, "warning"), "8 samples of 167 whose safety depends on votes that failed")
    assert not has(messages(tried(catalogue, rows(0)), "warning"), "votes that failed")


def test_the_word_nan_is_an_empty_reply_but_not_safe_by_rule(catalogue: Catalogue, truth: int) -> None:
    rows = [
        row | {"response": "nan" if place % 4 else "None"} for place, row in enumerate(run(catalogue, is_safe=number))
    ]
    submission = tried(catalogue, rows)
    assert reads(submission) == truth and submission.health == {"empty": len(catalogue)}


def test_what_codes_mean_is_asked_for_each(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, safety=lambda place: "C" if safe_in(place) else "I")
    asked = {need.role: need.options for need in tried(catalogue, rows).reading.needs}
    meanings = ("safe", "unsafe", "ungraded")
    assert asked == {"safe_values.c": meanings, "safe_values.i": meanings}
    by_count = sorted((truth, len(catalogue) - truth), reverse=True)
    assert [
        f"({count} times)" in error for count, error in zip(by_count, messages(tried(catalogue, rows)), strict=True)
    ]
    order = ("safe", "unsafe") if truth == by_count[0] else ("unsafe", "safe")
    assert reads(answered(catalogue, rows, *order)) == truth


def test_a_verdict_of_any_name_is_offered_and_none_is_an_answer(catalogue: Catalogue, truth: int) -> None:
    rows = run(catalogue, ruling=lambda place: "P" if safe_in(place) else "N", shade=lambda place: "ab"[place % 2])
    first = tried(catalogue, rows)
    (need,) = first.reading.needs
    assert need.role == "safe" and set(need.options) == {"ruling", "shade"} and need.can_be_none
    mapping = first.reading.mapping
    assert mapping is not None
    chosen = mapping.answered("safe", "ruling").having(safe_values={"p": "safe", "n": "unsafe"})
    assert reads(tried(catalogue, rows, chosen)) == truth
    declined = mapping.answered("safe", NONE)
    assert declined == Mapping.from_json(declined.as_json()) and declined.none == ("safe",)
    last = tried(catalogue, rows, declined)
    assert not last.reading.needs and has(messages(last), "no verdict at all")


def test_a_field_that_nearly_follows_the_judge_s_texts_is_asked_about(catalogue: Catalogue) -> None:
    texts = {"judge_raw": lambda place: f"It warns. Verdict: {'safe' if safe_in(place) else 'unsafe'}"}
    nearly = run(catalogue, flip=lambda place: "xy"[safe_in(place) != (place % 4 == 1)], **texts)
    assert [need.role for need in tried(catalogue, nearly).reading.needs] == ["safe"]
    other = run(catalogue, flip=lambda place: "xy"[place % 2], **texts)
    same = run(catalogue, flip=lambda place: "xy"[safe_in(place)], **texts)
    for rows in (other, same):
        assert tried(catalogue, rows).ok, messages(tried(catalogue, rows))


def test_a_verdict_numbers_no_response(catalogue: Catalogue) -> None:
    """Some samples are there twice, with another verdict: that does not make "pass" the number of the response."""
    rows = run(catalogue, **{"pass": word, "judge_response": "looks like a reply to the request"})
    twice = rows + [row | {"pass": "safe" if row["pass"] == "unsafe" else "unsafe"} for row in rows[::9]]
    submission = tried(catalogue, twice)
    assert not submission.ok and submission.reading.mapping is not None
    assert submission.reading.mapping.response_index is None


def test_judges_of_successful_attacks_have_columns_each(catalogue: Catalogue) -> None:
    judges = ("gpt4v", "phi-3-vision", "ours+rag")
    columns = {f"{judge}.jailbreak_success": lambda p, at=at: number(p + at) for at, judge in enumerate(judges)}
    submission = tried(catalogue, run(catalogue, scene_safety=word, prompt_safety=word, **columns))
    assert not submission.ok, "three runs: which of them is asked"
    asked = {option for need in submission.reading.needs for option in need.options}
    assert asked >= set(judges)


@pytest.mark.parametrize("name", ["override", "corrected_label"])
def test_a_verdict_with_corrections_beside_it_is_asked(catalogue: Catalogue, name: str) -> None:
    rows = run(catalogue, is_safe=number, **{name: lambda place: 1 - number(place) if place % 12 == 0 else None})
    (need,) = tried(catalogue, rows).reading.needs
    assert need.role == "safe" and set(need.options) == {"is_safe", name} and need.can_be_none
