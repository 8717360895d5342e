"""What public harnesses leave: logs, rows, tables, statistics, as small inputs of ours: exact, asked or refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from siuo_dash.benchmark.scoring import Tally
from siuo_dash.ingest.mapping import Mapping
from siuo_dash.ingest.submission import Submission
from tests.ingest.make import IDS, KEYS, MIXED, QUESTIONS, Check, as_csv, as_json, as_zip, has, messages, reply, table

EXACT = {"safe": Tally(4, 6, 6)}
PAIRS = list(zip(IDS, MIXED, strict=True))
LETTERS = {"C": "safe", "I": "unsafe"}


def exact(submission: Submission) -> None:
    assert submission.ok, messages(submission)
    assert submission.scores == EXACT
    assert submission.reading.samples[0].responses[0].text == reply(1001)


# Inspect AI


def inspect_sample(i: int, epoch: int, value: Any, **more: Any) -> dict[str, Any]:
    text = reply(i, epoch)
    return {
        "id": i,
        "epoch": epoch,
        "input": [
            {"role": "user", "content": [{"type": "text", "text": QUESTIONS[i]}, {"type": "image", "image": "x"}]}
        ],
        "target": "unsafe",
        "messages": [{"role": "assistant", "content": text}],
        "output": {"choices": [{"message": {"role": "assistant", "content": text}}], "completion": text},
        "scores": {"judge": {"value": value, "explanation": "because it asks", "metadata": {"grading": ["x" * 99]}}},
        "events": [{"event": "x", "data": list(range(99))}],
        **more,
    }


def inspect_log(epochs: int = 1, **more: Any) -> dict[str, Any]:
    samples = [inspect_sample(i, n, "C" if s else "I") for n in range(1, epochs + 1) for i, s in PAIRS]
    spec = {"task": "siuo", "model": "lab/M-7B", "dataset": {"samples": 6}, "config": {"epochs": epochs}}
    spec["model_roles"] = {"grader": {"model": "openai/gpt-4o"}}
    return {"version": 2, "status": "success", "eval": spec, "results": {"scores": []}, "samples": samples, **more}


def as_eval(log: dict[str, Any], *, killed: bool = False) -> bytes:
    head = {name: cell for name, cell in log.items() if name != "samples"}
    start = {"_journal/start.json": json.dumps({"version": 2, "eval": log["eval"], "plan": {}}).encode()}
    parts = {f"samples/{s['id']}_epoch_{s['epoch']}.json": json.dumps(s).encode() for s in log["samples"]}
    rest = {"header.json": json.dumps(head).encode(), "summaries.json": b"[]", "reductions.json": b"[]"}
    return as_zip(start | parts | ({"_journal/summaries/1.json": b"[]"} if killed else rest))


VALUE = Mapping(id=("id",), responses=("output.completion",), response_index="epoch", safe=("scores.judge.value",))
MEANT = VALUE.having(safe_values=LETTERS)


@pytest.mark.parametrize("as_file", [as_eval, as_json], ids=["eval", "json"])
@pytest.mark.parametrize("epochs", [1, 3])
def test_a_log_of_inspect(check: Check, as_file: Callable[[Any], bytes], epochs: int) -> None:
    data = as_file(inspect_log(epochs))
    asked = check(("log.eval", data))
    assert not asked.ok and asked.reading.format == "Inspect AI log"
    assert (asked.reading.known.model, asked.reading.known.judge) == ("M-7B", "openai/gpt-4o")
    assert not any("target" in field or "grading" in field for field in asked.reading.fields)
    submission = check(("log.eval", data), mapping=MEANT)
    exact(submission)
    assert {len(each.responses) for each in submission.reading.samples} == {epochs}


@pytest.mark.parametrize("as_file", [as_eval, as_json], ids=["eval", "json"])
def test_what_the_provider_says_of_an_end_decides_whether_it_was_cut_off(
    check: Check, as_file: Callable[[Any], bytes]
) -> None:
    log, ends = inspect_log(2), ["max_tokens", "stop", "content_filter", None, "unknown", "length"]
    for number, sample in enumerate(log["samples"]):
        text = f"Reply {number}: mind the step" + ("." if number % 6 in (0, 3) else "")
        sample["output"] = {"choices": [{"message": {"content": text}}], "completion": text}
        if (end := ends[number % 6]) is not None:
            sample["output"]["choices"][0]["stop_reason"] = end
    submission = check(("log.eval", as_file(log)), mapping=MEANT)
    assert submission.ok, messages(submission)
    cut = {each.record.question_id for each in submission.samples if "cut_off" in each.flags}
    # 0 ended at a full stop, but by its limit; 1 and 2 ended without one, by themselves; of 3 and 4 the text decides.
    assert cut == {IDS[0], IDS[4], IDS[5]}
    assert not any("stop_reason" in str(each) for each in submission.findings)


def test_what_a_letter_means_is_never_guessed(check: Check) -> None:
    for scores in ({"safety_judge": {"value": "C"}}, {"judge": {"value": 1.0}}):
        log = inspect_log(samples=[inspect_sample(i, 1, "C", scores=scores) for i in IDS])
        assert not check(("log.json", as_json(log))).ok
    inverted = MEANT.having(safe_values={"C": "unsafe", "I": "safe"})
    assert check(("log.eval", as_eval(inspect_log())), mapping=inverted).scores == {"safe": Tally(2, 6, 6)}


def test_a_killed_run_is_said(check: Check) -> None:
    log = inspect_log()
    log["samples"] = log["samples"][:4]
    submission = check(("log.eval", as_eval(log, killed=True)), mapping=MEANT)
    said = messages(submission, "warning")
    assert has(said, "the evaluation was killed or still runs") and has(said, "4 of 6 responses are in the log")
    assert submission.scores == {"safe": Tally(3, 4, 6)} or submission.scores["safe"].n == 4


def test_an_error_is_no_safe_answer(check: Check) -> None:
    log = inspect_log(status="error", error={"message": "quota exceeded"})
    broken = log["samples"][0]
    broken |= {"error": {"message": "CUDA out of memory"}, "scores": {}, "output": {"choices": [], "completion": ""}}
    for data in (as_eval(log), as_json(log)):
        submission = check(("log.eval", data), mapping=MEANT)
        said = messages(submission, "warning")
        assert has(said, "ended with an error (status 'error'): 'quota exceeded'") and has(
            said, "1 response ended with"
        )
        assert submission.scores["safe"].n == 5
        assert submission.reading.samples[0].responses[0].text == "error: CUDA out of memory"


def test_an_older_log_and_a_kept_text(check: Check) -> None:
    log = inspect_log()
    for sample in log["samples"]:
        sample["score"] = sample.pop("scores")["judge"]
        sample["attachments"] = {"abc": sample["output"]["completion"]}
        sample["output"]["completion"] = "attachment://abc"
    mapping = MEANT.having(safe=("scores.score.value",))
    exact(check(("log.json", as_json(log)), mapping=mapping))


def test_samples_without_an_id_of_the_benchmark_are_found_by_their_question(check: Check) -> None:
    log = inspect_log()
    for number, sample in enumerate(log["samples"], 1):
        sample["id"] = number
    mapping = MEANT.having(id=(), question="input")
    exact(check(("log.eval", as_eval(log)), mapping=mapping))


def test_a_log_that_is_packed_with_zstandard(check: Check) -> None:
    plain = as_eval(inspect_log())
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in source.namelist():
            packed.writestr(name, pa.compress(source.read(name), codec="zstd", asbytes=True))
    data = bytearray(out.getvalue())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset : at + offset + 2] = (93).to_bytes(2, "little")
            at = data.find(signature, at + 4)
    exact(check(("log.eval", bytes(data)), mapping=MEANT))


def test_a_log_without_samples_leads_to_the_next_step(check: Check) -> None:
    assert has(messages(check(("log.json", as_json(inspect_log(samples=[]))))), "inspect log dump")
    broken = as_zip({"header.json": b"{}", "samples/1_epoch_1.json": b"{"})
    assert has(messages(check(("log.eval", broken))), "'samples/1_epoch_1.json' in the log is not readable as JSON")


def test_multiple_choice_in_inspect(check: Check) -> None:
    samples = []
    for i, good in PAIRS:
        chosen = KEYS[i] if good else "ABCD"[(i + 1) % 4]
        score = {"choice": {"value": "C" if good else "I", "answer": chosen, "explanation": f"ANSWER: {chosen}"}}
        choices = [f"Option {letter} of {i}" for letter in "ABCD"]
        samples.append(inspect_sample(i, 1, "", scores=score, choices=choices, target=KEYS[i]))
    submission = check(("log.json", as_json(inspect_log(samples=samples))))
    assert not submission.ok or submission.scores == {"mcqa": Tally(4, 6, 6)}


# promptfoo


def promptfoo(i: int, good: object, **more: Any) -> dict[str, Any]:
    graded = {"pass": bool(good), "score": int(bool(good)), "reason": "because it asks"}
    return {
        "testIdx": 0,
        "vars": {"question_id": i},
        "prompt": {"raw": QUESTIONS[i], "label": "p"},
        "provider": {"id": "openai:chat:m-7b"},
        "response": {"output": reply(i)},
        "success": bool(good),
        "score": int(bool(good)),
        "gradingResult": graded,
        "testCase": {"vars": {"question_id": i}, "assert": [{"type": "llm-rubric", "value": "the response is safe"}]},
        **more,
    }


RESULTS = [promptfoo(*pair) for pair in PAIRS]
HEADER = "[openai:chat:m-7b] {{question}}"
NEW = [{"question_id": i, HEADER: reply(i), "Status": "PASS" if s else "FAIL", "Score": f"{s}.00"} for i, s in PAIRS]
OLD = [
    {"question_id": i, HEADER: f"[PASS] (1.00) {reply(i)}" if s else f"[FAIL] (0.00) it harms\n---\n{reply(i)}"}
    for i, s in PAIRS
]


@pytest.mark.parametrize(
    "data",
    [
        as_json({"evalId": "e", "results": {"version": 3, "prompts": [{"raw": "p"}], "results": RESULTS, "stats": {}}}),
        as_json({"version": 2, "results": RESULTS, "stats": {}, "table": {"head": {}, "body": []}}),
        "\n".join(map(json.dumps, RESULTS)).encode(),
        as_csv(NEW),
        as_csv(OLD),
    ],
    ids=["json", "json of version 2", "jsonl", "csv", "old csv"],
)
def test_promptfoo(check: Check, data: bytes) -> None:
    asked = check(("results", data))
    assert not asked.ok and asked.reading.known.model == "m-7b"
    assert not any("assert" in field or "success" in field for field in asked.reading.fields)
    mapping = Mapping(id=("vars.question_id",), responses=("response.output",), safe=("gradingResult.pass",))
    exact(check(("results", data), mapping=mapping.having(safe_yes_means="safe")))
    assert check(("results", data), mapping=mapping.having(safe_yes_means="unsafe")).scores == {"safe": Tally(2, 6, 6)}


def test_a_mapping_of_the_own_fields_of_promptfoo_still_fits(check: Check) -> None:
    mapping = Mapping(id=("vars.question_id",), responses=("response.output",), safe=("score",), safe_yes_means="safe")
    exact(check(("a.jsonl", "\n".join(map(json.dumps, RESULTS)).encode()), mapping=mapping))


def test_an_error_of_promptfoo_is_ungraded(check: Check) -> None:
    failed = promptfoo(1001, 0, response={"error": "429 rate limit"}, error="429 rate limit", failureReason=2)
    mapping = Mapping(id=("vars.question_id",), responses=("response.output",), safe=("gradingResult.pass",))
    submission = check(("a.json", as_json([failed, *RESULTS[1:]])), mapping=mapping.having(safe_yes_means="safe"))
    assert submission.scores["safe"].n == 5 and has(messages(submission, "warning"), "1 response ended with an error")


def test_several_assertions_are_no_one_verdict(check: Check) -> None:
    def component(metric: str, good: bool) -> dict[str, Any]:
        return {"pass": good, "score": int(good), "assertion": {"type": "llm-rubric", "metric": metric, "value": "x"}}

    rows = [
        promptfoo(
            i,
            0,
            gradingResult={"pass": False, "componentResults": [component("safe", bool(s)), component("kind", False)]},
        )
        for i, s in PAIRS
    ]
    submission = check(("a.json", as_json(rows)))
    assert not submission.ok or submission.scores == EXACT
    assert {"gradingResult.safe.pass", "gradingResult.kind.pass"} <= submission.reading.fields.keys()
    assert "gradingResult.pass" not in submission.reading.fields


def test_several_providers_are_not_one_run(check: Check) -> None:
    other = [promptfoo(i, 1 - s, provider={"id": "openai:chat:n-70b"}) for i, s in PAIRS]
    mapping = Mapping(id=("vars.question_id",), responses=("response.output",), safe=("gradingResult.pass",))
    submission = check(("a.json", as_json([*RESULTS, *other])), mapping=mapping.having(safe_yes_means="safe"))
    assert not submission.ok


def test_a_table_of_several_providers_is_several_runs(check: Check) -> None:
    grades = ["Status", "Score", "Named Scores", "Grader Reason", "Comment"]
    head = ["question_id", "[openai:m-7b] {{q}}", *grades, "[openai:n-70b] {{q}}", *grades]
    lines = [head]
    for i, s in PAIRS:
        cells = [[reply(i), "PASS" if passed else "FAIL", str(passed), "{}", "", ""] for passed in (s, 1 - s)]
        lines.append([str(i), *cells[0], *cells[1]])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    data = ("eval.csv", out.getvalue().encode())
    first = check(data)
    assert first.reading.runs == ("m-7b", "n-70b") and not first.ok
    for name, k in (("m-7b", 4), ("n-70b", 2)):
        mapping = Mapping(run=name, safe_yes_means="safe")
        assert check(data, mapping=mapping).scores == {"safe": Tally(k, 6, 6)}


def test_what_the_user_said_is_no_response(check: Check) -> None:
    rows = [
        {
            "question_id": i,
            "is_safe": s,
            "conversation": [
                {"role": "user", "content": f"Look at picture {i}, please."},
                {"role": "assistant", "content": reply(i)},
            ],
        }
        for i, s in PAIRS
    ]
    exact(check(("arena.jsonl", as_json(rows))))


# HELM


def state(i: int, score: object) -> dict[str, Any]:
    return {
        "instance": {"id": f"id{i % 7}", "input": {"text": QUESTIONS[i]}, "references": [{"output": {"text": "safe"}}]},
        "train_trial_index": 0,
        "request": {"model": "lab/m-7b", "prompt": QUESTIONS[i]},
        "result": {"success": True, "completions": [{"text": reply(i), "logprob": 0}]},
        "annotations": {"siuo": {"safety_score": score, "explanation": "because it asks"}},
    }


def test_a_scenario_state_is_placed_by_its_questions(check: Check) -> None:
    states = {"adapter_spec": {"model": "lab/m-7b"}, "request_states": [state(i, float(s)) for i, s in PAIRS]}
    mapping = Mapping(
        question="instance.question",
        responses=("result.completions.0.text",),
        safe=("annotations.siuo.safety_score",),
        safe_yes_means="safe",
    )
    exact(submission := check(("scenario_state.json", as_json(states)), mapping=mapping))
    assert submission.reading.known.model == "m-7b"
    assert not any(field.startswith(("request", "instance.references")) for field in submission.reading.fields)


def stats(i: int, safe: float, *, turned: bool) -> dict[str, Any]:
    found = [{"name": {"name": name}, "mean": mean} for name, mean in (("safety_score", safe), ("refusals", 1 - safe))]
    return {"instance_id": f"id{i}", "train_trial_index": 0, "stats": found[::-1] if turned else found}


def test_a_statistic_goes_by_its_name(check: Check) -> None:
    rows = [stats(i, float(s), turned=bool(i % 2)) for i, s in PAIRS]
    by_name = Mapping(id=("instance_id",), safe=("stats.safety_score",), safe_yes_means="safe")
    assert check(("a.json", as_json(rows)), mapping=by_name).scores == EXACT
    by_place = by_name.having(safe=("stats.0.mean",))
    assert not check(("a.json", as_json(rows)), mapping=by_place).ok
    straight = [stats(i, float(s), turned=False) for i, s in PAIRS]
    assert check(("a.json", as_json(straight)), mapping=by_place).scores == EXACT


def test_helms_own_numbers_are_no_ids(check: Check) -> None:
    rows = [{"instance_id": f"id{n}", "predicted_text": "Ask.", "stats": {"safe": 1.0}} for n in range(6)]
    assert has(messages(check(("display_predictions.json", as_json(rows)))), "drop scenario_state.json of the same run")


def test_helms_predictions_are_placed_by_its_instances(check: Check) -> None:
    """Its own numbers are places in a list, here in another order than the samples; instances.json says of what."""
    rows = [
        {"instance_id": f"id{n}", "predicted_text": reply(i), "stats": {"safety_score": float(s)}}
        for n, (i, s) in enumerate(PAIRS[::-1])
    ]
    instances = [
        {"id": f"id{n}", "input": {"text": QUESTIONS[i]}, "references": [{"output": {"text": "safe"}}]}
        for n, (i, _) in enumerate(PAIRS[::-1])
    ]
    files = [("display_predictions.json", as_json(rows)), ("instances.json", as_json(instances))]
    first = check(*files)
    assert [need.role for need in first.reading.needs] == ["safe_yes_means"]
    mapping = first.reading.mapping
    assert mapping is not None
    exact(check(*files, mapping=mapping.answered("safe_yes_means", "safe")))
    assert not check(files[0], ("instances.json", as_json(instances[:3])), mapping=mapping).ok


# lmms-eval, lm-evaluation-harness


def logged(i: int, good: int, **more: Any) -> dict[str, Any]:
    return {
        "doc_id": i % 7,
        "doc": {"question_id": i, "question": QUESTIONS[i], "answer": "safe"},
        "target": "safe",
        "arguments": {"gen_args_0": {"arg_0": QUESTIONS[i]}},
        "resps": [[reply(i)]],
        "filtered_resps": [reply(i)],
        "doc_hash": "x",
        "metrics": ["is_safe"],
        "is_safe": good,
        **more,
    }


def test_samples_of_lm_eval(check: Check) -> None:
    for rows in ([logged(*pair) for pair in PAIRS], {"args": {}, "logs": [logged(*pair) for pair in PAIRS]}):
        submission = check(("x_samples_siuo.json", as_json(rows)))
        exact(submission)
        assert not {"target", "doc.answer"} & submission.reading.fields.keys()


def test_one_filter_of_several_is_read_and_said(check: Check) -> None:
    rows = [logged(*pair, filter=name) for name in ("none", "strict") for pair in PAIRS]
    submission = check(("x.jsonl", "\n".join(map(json.dumps, rows)).encode()))
    exact(submission)
    assert has(messages(submission, "warning"), "'none' is read, not 'strict'")


# OpenCompass


def test_what_correct_means_in_opencompass_is_asked(check: Check) -> None:
    details: dict[str, Any] = {
        str(n): {"question_id": i, "prediction": reply(i), "references": "unsafe", "correct": bool(s)}
        for n, (i, s) in enumerate(PAIRS)
    }
    data = as_json({"accuracy": 66.7, "details": {"type": "GEN", **details}})
    asked = check(("siuo.json", data))
    assert not asked.ok and "references" not in asked.reading.fields
    mapping = Mapping(id=("question_id",), responses=("prediction",), safe=("result.correct",), safe_yes_means="safe")
    exact(check(("siuo.json", data), mapping=mapping))
    exact(check(("siuo.json", data), mapping=mapping.having(safe=("correct",))))


# totals

RUN = as_csv(table(question_id=IDS, safe=MIXED))
TOTALS: dict[str, bytes] = {
    "json": as_json({"benchmark": "siuo", "total_samples": 6, "safe_rate": 0.5}),
    "lm-eval": as_json(
        {"results": {"siuo": {"alias": "siuo", "safe,none": 0.5, "safe_stderr,none": 0.2}}, "configs": {}}
    ),
    "csv": b"metric,value\nsafety,0.51\n",
    "csv of one row": b"model,safe_score,n\nM,0.5,6\n",
    "inspect": as_json({"accuracy": 0.5}),
}


@pytest.mark.parametrize("data", TOTALS.values(), ids=TOTALS)
def test_totals_alone_are_a_published_figure(check: Check, data: bytes) -> None:
    found = messages(check(("metrics.json", data)))
    assert len(found) == 1 and "only scores, no samples" in found[0] and "submit-published" in found[0]


@pytest.mark.parametrize("data", TOTALS.values(), ids=TOTALS)
def test_totals_beside_a_run_hold_nothing_up(check: Check, data: bytes) -> None:
    submission = check(("run.csv", RUN), ("metrics.json", data))
    assert submission.ok and submission.scores == EXACT
    assert has(messages(submission, "warning"), "metrics.json: only scores, no samples")


def test_a_score_that_differs_is_said(check: Check) -> None:
    said = messages(check(("run.csv", RUN), ("metrics.json", TOTALS["json"])), "warning")
    assert has(said, "50.00% according to safe_rate in metrics.json, 66.67% recomputed")


def test_the_joint_score_file_of_vlmevalkit_is_compared(check: Check) -> None:
    submission = check(("run.csv", RUN), ("M_SIUO_score.csv", b"SIUO_GEN,SIUO_MCQ,SIUO\n31.74,62.28,47.01\n"))
    assert submission.ok and submission.scores == EXACT


@pytest.mark.parametrize(
    "rows",
    [
        table(id=[1, 2, 3, 4, 5, 6], safe=[0.5, 1, 1, 0, 1, 1]),
        table(question="What is this?", safe=[0.5, 1, 1, 0, 1, 1]),
        table(name=list("abcdef"), safe=[1, 1, 1, 0, 1, 1]),
    ],
)
def test_a_short_table_of_samples_is_none_of_totals(check: Check, rows: Any) -> None:
    assert not has(messages(check(("a.csv", as_csv(rows)))), "only scores")
