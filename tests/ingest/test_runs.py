"""Several runs in one file are listed and chosen; several annotators of one response are one verdict."""

from __future__ import annotations

from typing import Any

import pytest

from siuo_dash.benchmark.run_facts import RunMetadata
from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.families import family_in
from siuo_dash.ingest.fields import Table
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import about_run
from tests.ingest.make import IDS, MIXED, REPLIES, Check, Rows, as_csv, as_json, as_jsonl, has, messages, reply, table

OTHER = [0, 0, 0, 1, 0, 0]


def branches(rows_of: dict[str, list[int]]) -> Rows:
    return [
        {"id": i, **{name: {"response": f"{name}: {reply(i)}", "is_safe": bool(v[n])} for name, v in rows_of.items()}}
        for n, i in enumerate(IDS)
    ]


SEVERAL: dict[str, tuple[Rows, dict[str, int]]] = {
    "a branch a variant": (branches({"original": MIXED, "with_rag": OTHER}), {"original": 4, "with_rag": 1}),
    "a column a model": (table(question_id=IDS, gpt4o_safe=MIXED, llava_safe=OTHER), {"gpt4o": 4, "llava": 1}),
    "the model behind": (table(question_id=IDS, safe_gpt4o=MIXED, safe_llava=OTHER), {"gpt4o": 4, "llava": 1}),
    "names alone": (
        table(question_id=IDS, **{"gpt-4o": ["safe" if v else "unsafe" for v in MIXED], "qwen2-vl": "unsafe"}),
        {"gpt-4o": 4, "qwen2-vl": 0},
    ),
    "columns of two kinds": (
        table(
            question_id=IDS,
            llava_response=REPLIES,
            llava_safe=MIXED,
            qwen_response=[reply(i, 2) for i in IDS],
            qwen_safe=OTHER,
        ),
        {"llava": 4, "qwen": 1},
    ),
    "a column of models": (
        [
            {"question_id": i, "model": name, "response": f"{name}: {reply(i)}", "is_safe": values[n]}
            for name, values in (("llava", MIXED), ("qwen", OTHER))
            for n, i in enumerate(IDS)
        ],
        {"llava": 4, "qwen": 1},
    ),
    "an array of runs": (
        [
            {
                "model": name,
                "temperature": 0,
                "samples": [
                    {"question_id": i, "response": f"{name}: {reply(i)}", "is_safe": v}
                    for i, v in zip(IDS, values, strict=True)
                ],
            }
            for name, values in (("llava", MIXED), ("qwen", OTHER))
        ],
        {"llava": 4, "qwen": 1},
    ),
    "a list of models in each row": (
        [
            {
                "question_id": i,
                "outputs": [
                    {"model": name, "response": f"{name}: {reply(i)}", "is_safe": values[n]}
                    for name, values in (("llava", MIXED), ("qwen", OTHER))
                ],
            }
            for n, i in enumerate(IDS)
        ],
        {"llava": 4, "qwen": 1},
    ),
    "a column of judges": (
        [
            {"question_id": i, "response": reply(i), "judge": name, "is_safe": values[n]}
            for name, values in (("gpt-4o", MIXED), ("claude", OTHER))
            for n, i in enumerate(IDS)
        ],
        {"gpt-4o": 4, "claude": 1},
    ),
}


@pytest.mark.parametrize("kind", list(SEVERAL))
def test_the_runs_are_listed_and_one_is_chosen(check: Check, kind: str) -> None:
    rows, expected = SEVERAL[kind]
    data = as_json(rows)
    asked = check(("t.json", data))
    needs = {need.role: need.options for need in asked.reading.needs}
    assert list(needs) == ["run"] and not asked.scores and asked.reading.runs == tuple(expected), needs
    assert set(expected) <= set(needs["run"])
    mapping = asked.reading.mapping
    assert mapping is not None
    for name, safe in expected.items():
        for chosen in (mapping.answered("run", name), Mapping(run=name)):
            found = check(("t.json", data), mapping=chosen)
            assert found.ok and found.scores["safe"] == Tally(safe, 6, 6), (name, messages(found))
            assert found.responses_per_sample == 1 and found.reading.runs == tuple(expected)
            text = found.samples[0].responses[0].record.text
            if kind in ("a branch a variant", "a column of models", "an array of runs", "a list of models in each row"):
                assert text is not None and text.startswith(f"{name}: "), "the response is the same run's"
            again = check(("t.json", data), mapping=Mapping.from_json(found.reading.mapping.as_json()))  # type: ignore[union-attr]
            assert again.scores == found.scores


def test_a_chosen_model_or_judge_names_the_run(check: Check) -> None:
    for kind, name, field in (("a column of models", "qwen", "model"), ("a column of judges", "claude", "judge")):
        found = check(("t.json", as_json(SEVERAL[kind][0])), mapping=Mapping(run=name))
        assert getattr(found.reading.known, field) == name


def test_what_is_said_of_each_run_when_all_are_published(check: Check) -> None:
    stated = RunMetadata(model="Llava", judge="human")
    kinds = {kind: check(("t.json", as_json(rows))).reading.run_kind for kind, (rows, _) in SEVERAL.items()}
    assert kinds == {
        "a branch a variant": "variant",
        "a column a model": "",
        "the model behind": "",
        "names alone": "",
        "columns of two kinds": "",
        "a column of models": "model",
        "an array of runs": "model",
        "a list of models in each row": "model",
        "a column of judges": "judge",
    }
    assert about_run(stated, "model", "Qwen") == RunMetadata(model="Qwen", judge="human")
    assert about_run(stated, "judge", "gpt-4o") == RunMetadata(model="Llava", judge="gpt-4o")
    assert about_run(stated, "", "qwen") == RunMetadata(model="Llava, qwen", judge="human")
    assert about_run(stated, "variant", "original_response") == stated
    rag = about_run(stated, "variant", "with_rag")
    assert (rag.model, rag.base_model, rag.method) == ("Llava + with_rag", "Llava", "with_rag")
    assert rag.check(needs_judge=True) == []


def test_a_mapping_across_runs_is_refused(check: Check) -> None:
    data = as_json(SEVERAL["a branch a variant"][0])
    mapping = Mapping(id=("id",), responses=("with_rag.response",), safe=("original.is_safe",))
    found = check(("t.json", data), mapping=mapping)
    assert not found.ok and has(messages(found), "the responses are those of with_rag, safe is that of original")
    assert (
        check(("t.json", data), mapping=mapping.having(safe=("with_rag.is_safe",), safe_yes_means="safe"))
        .scores["safe"]
        .k
        == 1
    )


def test_a_run_that_is_not_there_is_asked_again(check: Check) -> None:
    found = check(("t.json", as_json(SEVERAL["a column of models"][0])), mapping=Mapping(run="nobody"))
    assert [need.role for need in found.reading.needs] == ["run"] and not found.scores


def test_rows_of_other_runs_are_counted(check: Check) -> None:
    found = check(("t.json", as_json(SEVERAL["a column of models"][0])), mapping=Mapping(run="qwen"))
    assert has(messages(found, "note"), "6 rows of 1 other run not read: llava (6)")


def test_models_and_rounds_at_once(check: Check) -> None:
    rows = [
        {"question_id": i, "model": name, "round": number, "response": f"{name} {reply(i, number)}", "is_safe": value}
        for name, values in (("llava", (1, 1, 0)), ("qwen", (0, 1, 0)))
        for number, value in enumerate(values, 1)
        for i in IDS
    ]
    for name, safe in (("llava", 6), ("qwen", 0)):
        found = check(("t.jsonl", as_jsonl(rows)), mapping=Mapping(run=name))
        assert found.scores["safe"] == Tally(safe, 6, 6) and found.responses_per_sample == 3, messages(found)


def test_models_times_judges(check: Check) -> None:
    rows = [
        {"question_id": i, "model": model, "judge": judge, "response": f"{model} {reply(i)}", "is_safe": value}
        for model, judge, value in (("llava", "g", 1), ("llava", "c", 0), ("qwen", "g", 0), ("qwen", "c", 1))
        for i in IDS
    ]
    asked = check(("t.jsonl", as_jsonl(rows)))
    assert asked.reading.runs == ("llava / g", "llava / c", "qwen / g", "qwen / c")
    found = check(("t.jsonl", as_jsonl(rows)), mapping=Mapping(run="qwen / c"))
    assert found.scores["safe"] == Tally(6, 6, 6)
    assert (found.reading.known.model, found.reading.known.judge) == ("qwen", "c")


@pytest.mark.parametrize(
    "columns",
    [
        {"is_safe": MIXED, "image_safe": 1},
        {"is_safe": MIXED, "is_effective": 1},
        {"safe_1": MIXED, "safe_2": MIXED, "safe_3": MIXED},
        {"safety": [{"label": "safe"}] * 6, "effectiveness": [{"label": "effective"}] * 6},
        {"safe": MIXED, "gpt4o_confidence": 1},
        {"safety_label": MIXED, "safety_score": MIXED},
    ],
    ids=str,
)
def test_parts_of_one_evaluation_are_no_runs(columns: dict[str, Any]) -> None:
    rows = table(question_id=IDS, response=REPLIES, **columns)
    assert family_in([Table("t", tuple(enumerate(rows, 1)), "json")]) is None


VOTES = {"anna": [1, 1, 0, 0, 1, 0], "ben": [1, 0, 0, 1, 1, 0], "cleo": [1, 1, 1, 0, 0, 0]}
"""Majorities: 1 1 0 0 1 0; all agree on the first and the last sample."""


@pytest.mark.parametrize("names", [list(VOTES), list(VOTES)[:2]])
def test_annotators_in_rows_of_their_own(check: Check, names: list[str]) -> None:
    rows = [
        {"question_id": i, "response": reply(i), "annotator": name, "safe": VOTES[name][n]}
        for name in names
        for n, i in enumerate(IDS)
    ]
    found = check(("t.csv", as_csv(rows)))
    assert found.ok and found.responses_per_sample == 1, messages(found)
    assert found.scores["safe"].k == (3 if len(names) == 3 else 2), "of two who differ, the verdict is unsafe"
    agreed = "2 of 6 responses (33.3%)" if len(names) == 3 else "4 of 6 responses (66.7%)"
    assert has(messages(found, "note"), f"all agree on safety for {agreed}"), messages(found, "note")
    assert has(messages(found, "note"), "2 ties count as unsafe") == (len(names) == 2)


def test_annotators_in_a_list(check: Check) -> None:
    rows = [
        {"question_id": i, "response": reply(i), "labels": [{"annotator": a, "is_safe": VOTES[a][n]} for a in VOTES]}
        for n, i in enumerate(IDS)
    ]
    found = check(("t.json", as_json(rows)))
    assert found.ok and found.scores["safe"].k == 3 and found.responses_per_sample == 1, messages(found)


def test_annotators_in_columns_of_their_own(check: Check) -> None:
    columns = {f"{name}_safe": VOTES[name] for name in VOTES}
    named = {f"annotator{n}_safe": votes for n, votes in enumerate(columns.values(), 1)}
    found = check(("t.csv", as_csv(table(question_id=IDS, response=REPLIES, **named))))
    assert found.ok and found.scores["safe"].k == 3 and found.responses_per_sample == 1, messages(found)
    assert has(messages(found, "note"), "3 annotators")


@pytest.mark.parametrize("form", ["{}_safe", "{}.is_safe", "safe_{}"])
def test_names_that_may_be_people_or_judges_are_asked_about(check: Check, form: str) -> None:
    data = as_csv(table(question_id=IDS, response=REPLIES, **{form.format(name): VOTES[name] for name in VOTES}))
    asked = check(("t.csv", data))
    assert {need.role: need.options for need in asked.reading.needs} == {"run": (*VOTES, "annotators")}
    people = check(("t.csv", data), mapping=Mapping(run="annotators"))
    assert people.ok and people.scores["safe"].k == 3 and people.responses_per_sample == 1, messages(people)
    one = check(("t.csv", data), mapping=Mapping(run="ben"))
    assert one.scores["safe"].k == 3 and one.samples[1].outcome.safe is False


def test_a_judge_in_the_name_of_every_annotator_is_no_model(check: Check) -> None:
    votes = {f"{name} GPT-4 eval": ["safe" if vote else "unsafe" for vote in VOTES[name]] for name in VOTES}
    data = as_csv(table(question_id=IDS, polite=[1, 0, 1, 1, 0, 1], response=REPLIES, **votes))
    asked = check(("t.csv", data))
    assert {need.role: need.options for need in asked.reading.needs} == {"run": (*VOTES, "annotators")}
    people = check(("t.csv", data), mapping=Mapping(run="annotators"))
    assert people.ok and people.scores["safe"].k == 3 and has(messages(people, "note"), "3 annotators")


def test_annotators_beside_one_field_that_speaks_of_a_baseline(check: Check) -> None:
    rows = [
        {"question_id": i, "response": reply(i), "baseline_safe": n % 2}
        | {name: {"judge_safe": VOTES[name][n]} for name in VOTES}
        for n, i in enumerate(IDS)
    ]
    asked = check(("t.json", as_json(rows)))
    (need,) = asked.reading.needs
    assert need.options == ("{run}.judge_safe", "baseline_safe")
    assert need.hint == "{run} stands for each of anna, ben and cleo"
    mapping = Mapping(id=("question_id",), safe=("{run}.judge_safe",), run="annotators", safe_yes_means="safe")
    assert check(("t.json", as_json(rows)), mapping=mapping).scores["safe"].k == 3
    other = table(question_id=IDS, response=REPLIES, baseline_safe=[1, 0] * 3, other_model_safe=[1, 1, 0] * 2)
    asked = check(("t.csv", as_csv(other)))
    assert asked.reading.needs[0].options == ("baseline", "other_model")  # whose answers were judged, not who judged


def test_annotators_beside_a_field_that_speaks_of_the_scene(check: Check) -> None:
    votes = {f"{name} response_safe": VOTES[name] for name in VOTES}
    data = as_csv(table(question_id=IDS, context_safe=[1, 0] * 3, response=REPLIES, **votes))
    asked = check(("t.csv", data))
    assert asked.reading.needs[0].options == (*VOTES, "annotators")
    assert check(("t.csv", data), mapping=Mapping(run="annotators")).scores["safe"].k == 3


def test_annotators_whose_texts_and_verdicts_disagree_are_asked_which_counts(check: Check) -> None:
    rows = [
        {"question_id": i, "response": reply(i), "annotator": name, "is_safe": VOTES[name][n]}
        | {"reason": "Verdict: " + ("safe" if VOTES[name][n] != (n < 3) else "unsafe")}
        for n, i in enumerate(IDS)
        for name in VOTES
    ]
    asked = check(("t.json", as_json(rows)))
    (need,) = asked.reading.needs
    assert need.role == "safe_decided_by" and "9 of 18 responses" in need.question and not asked.scores
    assert asked.reading.mapping is not None
    found = check(("t.json", as_json(rows)), mapping=asked.reading.mapping.answered(need.role, "number"))
    assert found.ok and found.scores["safe"].k == 3, messages(found)


def test_names_with_dots(check: Check) -> None:
    rows = [
        {"question_id": i, **{name: {"reply": f"{name} {reply(i)}", "rating": 1 + 4 * v[n]} for name, v in (
            ("llava-1.5-7b", MIXED), ("qwen2.5-vl", OTHER), ("ours", MIXED))}}
        for n, i in enumerate(IDS)
    ]  # fmt: skip
    asked = check(("t.json", as_json(rows)))
    assert asked.reading.runs == ("llava-1.5-7b", "qwen2.5-vl", "ours") and not asked.scores
    mapping = Mapping(run="qwen2.5-vl", safe_values={"5": "safe", "1": "unsafe"})
    found = check(("t.json", as_json(rows)), mapping=mapping)
    assert found.scores["safe"] == Tally(1, 6, 6), messages(found)


def test_one_text_beside_the_verdicts_of_several(check: Check) -> None:
    votes = {f"annotator_{number}": values for number, values in enumerate((MIXED, MIXED, OTHER), 1)}
    why = [f"They looked at number {i} for a long time and then went home to write it down." for i in IDS]
    rows = table(question_id=IDS, response=REPLIES, **votes, safe_reason=why)
    found = check(("t.csv", as_csv(rows)), mapping=Mapping(safe_yes_means="safe"))
    assert found.ok and found.scores["safe"] == Tally(4, 6, 6), messages(found)


def test_several_verdicts_beside_one_response_are_asked_about(check: Check) -> None:
    data = as_jsonl(table(question_id=IDS, response=REPLIES, safe=[[1, 0, 1], [0, 0, 1], [1, 1, 1]] * 2))
    asked = check(("t.jsonl", data))
    assert [need.role for need in asked.reading.needs] == ["several_verdicts"]
    found = check(("t.jsonl", data), mapping=Mapping(several_verdicts="annotators"))
    assert found.ok and found.scores["safe"] == Tally(4, 6, 6) and found.responses_per_sample == 1
    refused = check(("t.jsonl", data), mapping=Mapping(several_verdicts="responses"))
    assert not refused.ok and has(messages(refused), "counts that differ")


def test_an_answer_alone_is_a_mapping(check: Check) -> None:
    data = as_csv(table(question_id=IDS, response=REPLIES, overall=MIXED))
    assert check(("t.csv", data), mapping=Mapping(safe_yes_means="unsafe")).scores["safe"] == Tally(2, 6, 6)
    assert check(("t.csv", data), mapping=Mapping(safe=("overall",), safe_yes_means="safe")).scores["safe"].k == 4


@pytest.mark.parametrize(
    ("responses", "crossed", "straight"),
    [
        (("said_v1",), ("safe_v2",), ("safe_v1",)),
        (("said_1", "said_2"), ("safe_2", "safe_1"), ("safe_1", "safe_2")),
        (("initial_text",), ("final_label",), ("initial_label",)),
    ],
)
def test_a_mapping_by_hand_crosses_no_runs(
    check: Check, responses: tuple[str, ...], crossed: tuple[str, ...], straight: tuple[str, ...]
) -> None:
    texts = {name: [f"{name}: {reply(i)}" for i in IDS] for name in "said_v1 said_v2 said_1 said_2".split()}
    texts |= {name: [f"{name}: {reply(i)}" for i in IDS] for name in ("initial_text", "final_text")}
    labels = dict.fromkeys("safe_v1 safe_v2 safe_1 safe_2 initial_label final_label".split(), "safe")
    data, mapping = as_csv(table(question_id=IDS, **texts, **labels)), Mapping(id=("question_id",), responses=responses)
    assert has(messages(check(("t.csv", data), mapping=mapping.having(safe=crossed))), "the responses are those of")
    assert check(("t.csv", data), mapping=mapping.having(safe=straight)).ok
