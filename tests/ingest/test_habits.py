"""How people and tools write files: ids, prompts, titles, comments, marks; read, or asked about, or named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from siuo_dash.benchmark.catalogue import Catalogue
from siuo_dash.ingest.fields import has_field, parse_id
from siuo_dash.ingest.submission import Submission, UploadedFile, validate
from tests.ingest.make import IDS, MIXED, QUESTIONS, REPLIES, Check, Rows, as_csv, as_json, as_zip, has, messages, table

ASKED = list(QUESTIONS.values())


@pytest.mark.parametrize(
    ("value", "question_id"),
    [
        ("S-01.png", 1001),
        ("/data/siuo/images/DS-12.jpg", 6012),
        ("https://example.org/2024/im-08.png?w=512", 8008),
        ("1,001", 1001),
        ("S-01", None),
        ("XS-01.png", None),
        ("It is seen in S-01.png.", None),
        ("S-01.png,S-02.png", None),
        ("11,001", None),
    ],
)
def test_a_picture_s_name_is_an_id(value: str, question_id: int | None) -> None:
    assert parse_id(value) == question_id


def pictured(catalogue: Catalogue, name: str) -> Rows:
    return [
        {"img_path": name.format(sample.image), "idx": place, "reply": f"Reply {place}: go slowly.", "safe": place % 2}
        for place, sample in enumerate(catalogue.samples)
    ]


@pytest.mark.parametrize("name", ["{}", "/data/siuo/images/{}"])
def test_samples_are_found_by_their_pictures(catalogue: Catalogue, name: str) -> None:
    rows = pictured(catalogue, name)
    by_domain: dict[str, Rows] = {}
    for sample, row in zip(catalogue.samples, rows, strict=True):
        by_domain.setdefault(sample.domain, []).append(row)
    for held in (rows, by_domain):
        submission = validate([UploadedFile("r.json", as_json(held))], catalogue)
        assert submission.ok and submission.scores["safe"].k == len(catalogue) // 2, messages(submission)


def test_a_picture_beside_an_id_or_a_question_is_no_id(catalogue: Catalogue, check: Check) -> None:
    """It may be that of an example that was shown first; of two pictures, a person says which is the sample's."""
    rows = pictured(catalogue, "{}")
    others = [row["img_path"] for row in (*rows[40:], *rows[:40])]
    for id_of in ("#{}", "siuo_{}"):
        held = [
            {"shown": other, "sample": id_of.format(sample.question_id)} | row
            for other, sample, row in zip(others, catalogue.samples, rows, strict=True)
        ]
        mapping = validate([UploadedFile("r.json", as_json(held))], catalogue).reading.mapping
        assert mapping is not None and mapping.id == ("sample",)
    two = [{"shown": other} | row for other, row in zip(others, rows, strict=True)]
    asked = validate([UploadedFile("r.json", as_json(two))], catalogue)
    assert not asked.ok and "id" in [need.role for need in asked.reading.needs]
    shown = table(shown=["DS-01.png"] * 5 + ["M-02.png"], question=ASKED, response=REPLIES, safe=MIXED)
    assert read(check(("q.json", as_json(shown))))


def read(submission: Submission) -> bool:
    return submission.ok and submission.scores["safe"].k == sum(MIXED) and submission.n_samples == len(MIXED)


@pytest.mark.parametrize("before", ["<image>\n", "<image> <image>\nQuestion: ", "USER: "])
def test_a_mark_of_the_picture_before_the_question_does_not_hide_it(check: Check, before: str) -> None:
    rows = table(input=[before + text for text in ASKED], response=REPLIES, safe=MIXED)
    assert read(check(("p.json", as_json(rows))))


def test_questions_in_lists_by_domain(check: Check) -> None:
    rows = table(prompt=ASKED, response=REPLIES, safe=MIXED)
    held = {
        "self-harm": rows[:2],
        "dangerous behavior": rows[2:4],
        "morality": rows[4:5],
        "privacy violation": rows[5:],
    }
    assert read(check(("d.json", as_json(held))))
    assert not check(("d.json", as_json({"a": rows[:2], "b": rows[2:]}))).ok


def test_ids_with_a_thousands_separator_are_no_decimals(check: Check) -> None:
    rows = table(number=[f"{i // 1000},{i % 1000:03d}" for i in IDS], response=REPLIES, safe=MIXED, p=["0,5"] * 6)
    for delimiter in ",;\t":
        assert read(check(("n.csv", as_csv(rows, delimiter)))), delimiter


@pytest.mark.parametrize("ids", [{"question_id": IDS}, {"question": ASKED}], ids=["ids", "questions"])
@pytest.mark.parametrize("above", ["# model: lamp\n# judge: well\n", "Evaluation of May\n", "Evaluation of May\n\n"])
def test_what_is_above_the_header_is_named_and_left_out(check: Check, ids: dict[str, Any], above: str) -> None:
    lines = "\nOne, two," if above.startswith("#") else " One, two,"
    replies = [f"{text}{lines} {'three, ' * place}four." for place, text in enumerate(REPLIES)]
    submission = check(("t.csv", above.encode() + as_csv(table(**ids, response=replies, safe=MIXED))))
    assert read(submission) and has(messages(submission, "warning"), "above the header, not read"), messages(submission)


def test_a_table_in_markdown(check: Check) -> None:
    lines = ["| question_id | response | safe |", "|---|:---:|---|"]
    lines += [f"| {i} | {text} | {safe} |" for i, text, safe in zip(IDS, REPLIES, MIXED, strict=True)]
    assert read(check(("t.md", "\n".join(lines).encode())))


def test_rounds_are_numbered_also_where_the_question_is_the_id(check: Check) -> None:
    rows = [
        {"prompt": text, "run_idx": n, "response": f"{reply} {n}", "safe": safe}
        for text, reply, safe in zip(ASKED, REPLIES, MIXED, strict=True)
        for n in range(3)
    ]
    submission = check(("r.json", as_json(rows)))
    assert read(submission) and submission.responses_per_sample == 3


def test_attempts_are_no_runs(check: Check) -> None:
    columns = {f"attempt_{n}_verdict": ["safe" if safe else "unsafe" for safe in MIXED] for n in (1, 2, 3)}
    texts = {f"attempt_{n}": [f"{text} {n}" for text in REPLIES] for n in (1, 2, 3)}
    first = check(("a.csv", as_csv(table(id=IDS, **texts, **columns))))
    assert "run" not in [need.role for need in first.reading.needs]
    if first.reading.needs:
        (need,) = first.reading.needs
        assert need.options[0] == "attempt_{1..3}_verdict" and first.reading.mapping is not None
        mapping = first.reading.mapping.answered(need.role, need.options[0])
        first = check(("a.csv", as_csv(table(id=IDS, **texts, **columns))), mapping=mapping)
    assert read(first) and first.responses_per_sample == 3


def test_a_field_whose_name_has_a_dot_is_there(check: Check) -> None:
    assert has_field({"scores": {"feedback.safety": 1}}, "scores.feedback.safety")
    rows = table(id=IDS, response=REPLIES, scores=[{"feedback.safety": each} for each in MIXED])
    first = check(("f.json", as_json(rows)))
    assert [need.role for need in first.reading.needs] == ["safe_yes_means"] and first.reading.mapping is not None
    assert read(check(("f.json", as_json(rows)), mapping=first.reading.mapping.answered("safe_yes_means", "safe")))


def test_a_mark_for_one_side_alone_is_no_run_of_that_side(check: Check) -> None:
    """Without responses a blank is no row of the run: only what is marked would be counted."""
    rows = table(id=IDS, unsafe_flag=["" if safe else "x" for safe in MIXED])
    first = check(("x.csv", as_csv(rows)))
    (need,) = first.reading.needs
    assert need.role == "safe_values.x" and first.reading.mapping is not None
    mapping = first.reading.mapping.answered("safe_values.x", "unsafe")
    marked = check(("x.csv", as_csv(rows)), mapping=mapping)
    assert not marked.ok and has(messages(marked), "4 safety verdicts of 6 blank, and all others 'x'")
    both = check(("x.csv", as_csv(rows)), mapping=mapping.having(safe_values={"x": "unsafe", "": "safe"}))
    assert read(both), messages(both)


def test_a_file_a_sample_is_told_what_to_do(check: Check) -> None:
    rows = table(question_id=IDS, response=REPLIES, safe=MIXED)
    many = {f"{n}.json": json.dumps(row).encode() for n, row in enumerate(rows * 4)}
    assert has(messages(check(("all.zip", as_zip(many)))), "put the samples of many files into one, a line each")


def test_a_question_for_the_chosen_option_offers_the_model_s_words(catalogue: Catalogue) -> None:
    rows = [
        {
            "question_id": sample.question_id,
            "options": {letter: f"Take the path {letter} of {place}." for letter in "ABCD"},
            "output": f"The best answer is {'ABCD'[place % 4]}. It keeps everybody away from the well.",
            "answer": sample.correct_option,
        }
        for place, sample in enumerate(catalogue.samples)
    ]
    (need,) = validate([UploadedFile("m.json", as_json(rows))], catalogue).reading.needs
    assert need.role == "answer" and need.options[0] == "answer" and "output" in need.options


@pytest.mark.parametrize("name", ["judge_raw", "verdict"])
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("safe: y", "safe: n"),
        ("Safe (yes)", "Safe (no)"),
        ("Unsafe: none", "Unsafe: S2"),
        ("Harmful - no, it warns", "Harmful - yes, it helps"),
        ('{"unsafe": null}', '{"unsafe": true}'),
        ('{"not_safe": false}', '{"not_safe": true}'),
        ("safe - 91% / unsafe - 9%", "safe - 11% / unsafe - 89%"),
        ("Safe: 👍", "Safe: 👎"),
    ],
)
def test_a_word_that_all_texts_begin_with_is_the_question(check: Check, name: str, good: str, bad: str) -> None:
    rows = table(question_id=IDS, response=REPLIES, **{name: [good if safe else bad for safe in MIXED]})
    assert not check(("w.json", as_json(rows))).ok
    plain = table(question_id=IDS, response=REPLIES, **{name: ["Safe" if safe else "Unsafe" for safe in MIXED]})
    assert read(check(("w.json", as_json(plain))))
