"""Files in the shape of well-known evaluation programs, written from their public documentation."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from siuo_dash.ingest.files import UploadedFile
from tests.generate.exports import EXPORTS
from tests.generate.made import Made, Maker, majority
from tests.generate.recipe import Recipe
from tests.generate.samples import question
from tests.generate.texts import judged, reply
from tests.ingest.answering import Answers

Item = tuple[int, int, bool, str]
"""question_id, round, whether it is safe, the reply."""


def made_by_harness(recipe: Recipe) -> tuple[list[UploadedFile], Made]:
    """The file of a harness, and what is true of it."""
    maker = Maker(replace(recipe, harness=""))
    chance = maker.chance("harness")
    items = [
        (sample.question_id, number, maker.safe[sample.question_id][number], reply(chance, place, number))
        for place, sample in enumerate(maker.samples)
        for number in range(recipe.rounds)
    ]
    name, data, answers = _BUILDERS[recipe.harness](items, chance)
    truth = {s.question_id: majority(maker.safe[s.question_id][: recipe.rounds]) for s in maker.samples}
    return [UploadedFile(name, data)], Made(recipe, {}, {"safe": truth}, answers, "id")


def _yes(chance: random.Random) -> tuple[bool, Answers]:
    """Whether a pass means safe in this file; nothing in it says so."""
    pass_is_safe = chance.random() < 0.7
    return pass_is_safe, Answers(
        safe_yes_means="safe" if pass_is_safe else "unsafe",
        safe_values={"c": "safe", "i": "unsafe"} if pass_is_safe else {"c": "unsafe", "i": "safe"},
    )


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _inspect(items: list[Item], chance: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]], Answers]:
    pass_is_safe, answers = _yes(chance)
    scorer = chance.choice(("safety_judge", "model_graded_qa", "siuo_scorer", "harm_judge", "match"))
    letters = chance.random() < 0.6
    target, score = chance.choice(("safe", "unsafe", "C", "")), chance.choice(("scores", "scores", "score"))
    samples = []
    for qid, number, safe, text in items:
        passed = safe == pass_is_safe
        value: Any = ("C" if passed else "I") if letters else (1.0 if passed else 0.0)
        one = {"value": value, "answer": text[:20], "explanation": judged(chance, "{why}"), "metadata": {}}
        samples.append(
            {
                "id": qid,
                "epoch": number + 1,
                "input": f"<question {qid}>",
                "target": target,
                "messages": [{"role": "user", "content": "<q>"}, {"role": "assistant", "content": text}],
                "output": {"model": "m", "completion": text, "stop_reason": "stop"},
                score: {scorer: one} if score == "scores" else one,
                "metadata": {"risk": chance.choice(("high", "low"))},
            }
        )
    head = {
        "version": 2,
        "status": "success",
        "eval": {"task": "siuo", "model": "example/example-vl", "config": {"epochs": items[-1][1] + 1}},
        "results": {"scores": [{"name": scorer, "metrics": {"accuracy": {"value": 0.4}}}]},
    }
    fields = ("scores." + scorer + ".value", f"{scorer}.value", scorer, "score.value")
    return head, samples, replace(answers, safe=fields, run=(scorer,))


def _inspect_json(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    head, samples, answers = _inspect(items, chance)
    return "log.json", _json({**head, "samples": samples}), answers


def _inspect_eval(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    head, samples, answers = _inspect(items, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", _json({key: head[key] for key in ("version", "eval")}))
        for each in samples:
            archive.writestr(f"samples/{each['id']}_epoch_{each['epoch']}.json", _json(each))
        archive.writestr("summaries.json", _json([{"id": s["id"], "epoch": s["epoch"]} for s in samples]))
        archive.writestr("header.json", _json(head))
    return "log.eval", out.getvalue(), answers


def _promptfoo(items: list[Item], chance: random.Random) -> tuple[list[dict[str, Any]], Answers]:
    pass_is_safe, answers = _yes(chance)
    rubric = chance.choice(("The response is safe", "is unsafe", "The output refuses", "Helps somebody to do harm"))
    name = chance.choice(("question_id", "id", "sample"))
    rows = []
    for place, (qid, _, safe, text) in enumerate(items):
        passed = safe == pass_is_safe
        rows.append(
            {
                "testIdx": place,
                "vars": {name: qid, "question": question(qid)},
                "provider": {"id": "openai:example-vl"},
                "response": {"output": text},
                "success": passed,
                "score": int(passed),
                "testCase": {"vars": {name: qid}, "assert": [{"type": "llm-rubric", "value": rubric}]},
                "gradingResult": {"pass": passed, "score": int(passed), "reason": judged(chance, "{why}")},
            }
        )
    return rows, replace(answers, id=(name,), safe=("gradingResult.pass", "success", "score"))


def _promptfoo_json(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    rows, answers = _promptfoo(items, chance)
    return "results.json", _json({"evalId": "e", "results": {"version": 3, "results": rows}}), answers


def _promptfoo_jsonl(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    rows, answers = _promptfoo(items, chance)
    return "results.jsonl", b"".join(_json(row) + b"\n" for row in rows), answers


def _promptfoo_csv(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    pass_is_safe, answers = _yes(chance)
    old = chance.random() < 0.4
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    more = [] if old else ["Status", "Score", "Named Scores", "Grader Reason"]
    writer.writerow(["question_id", "[openai:example-vl] {{question}}", *more])
    for qid, _, safe, text in items:
        word, score = ("PASS", "1.00") if safe == pass_is_safe else ("FAIL", "0.00")
        cells = [f"[{word}] ({score}) {text}"] if old else [text, word, score, "{}", judged(chance, "{why}")]
        writer.writerow([qid, *cells])
    values = {"pass": "safe", "fail": "unsafe"} if pass_is_safe else {"pass": "unsafe", "fail": "safe"}
    return "table.csv", out.getvalue().encode(), replace(answers, safe=("Status", "Score"), safe_values=values)


def _lmms_eval(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    direction = chance.choice(("siuo_safe", "safe_score", "harmful", "gpt_eval_score"))
    pass_is_safe = direction != "harmful" and (direction != "gpt_eval_score" or chance.random() < 0.5)
    boxed = chance.random() < 0.5
    rows = []
    for place, (qid, _, safe, text) in enumerate(items):
        value: Any = int(safe == pass_is_safe)
        inside = {"question_id": qid, "score": value, "category": "x"} if boxed else float(value)
        rows.append(
            {
                "doc_id": place,
                "target": chance.choice(("safe", "unsafe")),
                "doc": {"question_id": qid, "question": question(qid), "category": "x"},
                "arguments": {"0": "<q>"},
                "resps": [[text]],
                "filtered_resps": [text],
                "doc_hash": f"{place:08x}",
                direction: inside,
            }
        )
    answers = Answers(id=("doc.question_id", "question_id"), responses=("filtered_resps", "resps"))
    safe_field = (f"{direction}.score", direction)
    answers = replace(answers, safe=safe_field, safe_yes_means="safe" if pass_is_safe else "unsafe")
    return "x_samples_siuo.jsonl", b"".join(_json(row) + b"\n" for row in rows), answers


def _helm_scenario(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    name = chance.choice(("safety_gpt_score", "safety_score", "harm_score"))
    high_is_safe = name != "harm_score"
    states = [
        {
            "instance": {"id": f"id{place}", "split": "test", "extra_data": {"question_id": qid}},
            "request": {"model": "example/example-vl"},
            "result": {"completions": [{"text": text}]},
            "annotations": {"siuo": {name: float(safe == high_is_safe), "gpt_reasoning": judged(chance, "{why}")}},
        }
        for place, (qid, _, safe, text) in enumerate(items)
    ]
    answers = Answers(id=("question_id",), safe=(name,), safe_yes_means="safe" if high_is_safe else "unsafe")
    return "scenario_state.json", _json({"adapter_spec": {"method": "generation"}, "request_states": states}), answers


def _helm_stats(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    name = chance.choice(("safety_score", "harm_score", "safe"))
    high_is_safe = name != "harm_score"
    rows = []
    for qid, _, safe, _ in items:
        stats = [
            {"name": {"name": name, "split": "test"}, "count": 1, "mean": float(safe == high_is_safe)},
            {"name": {"name": "num_output_tokens", "split": "test"}, "count": 1, "mean": 30.0},
            {"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": float(chance.random() < 0.5)},
        ]
        chance.shuffle(stats)
        rows.append({"instance_id": f"id{qid}", "train_trial_index": 0, "stats": stats})
    answers = Answers(id=("instance_id",), safe=(name,), safe_yes_means="safe" if high_is_safe else "unsafe")
    return "per_instance_stats.json", _json(rows), answers


def _opencompass(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    name = chance.choice(("safe", "correct", "is_safe", "score"))
    pass_is_safe = name in ("safe", "is_safe") or chance.random() < 0.5
    gold = chance.choice(("safe", "unsafe"))
    details = {
        str(place): {"question_id": qid, "prediction": text, "references": gold, name: safe == pass_is_safe}
        for place, (qid, _, safe, text) in enumerate(items)
    }
    answers = Answers(safe=(name,), safe_yes_means="safe" if pass_is_safe else "unsafe")
    return "siuo.json", _json({"accuracy": 42.5, "details": details}), answers


def _fastchat(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    rows = []
    for qid, _, safe, _ in items:
        score = chance.choice((8, 9, 10) if safe else (1, 2, 4))
        text = judged(chance, "{why}") + f" Rating: [[{score}]]"
        rows.append({"question_id": qid, "model": "example-vl", "judgment": text, "score": score, "turn": 1})
    return (
        "judgment.jsonl",
        b"".join(_json(row) + b"\n" for row in rows),
        Answers(safe=("score",), safe_threshold="6", safe_above="safe"),
    )


def _deepsafe(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    details = [
        {
            "id": place,
            "ground_truth": chance.choice(("safe", "unsafe")),
            "meta": {"question_id": qid},
            "prediction": text,
            "judgment": {"safety": f"[Safety Judgement:] {safe}\n[Safety Analysis:] {judged(chance, '{why}')}"},
        }
        for place, (qid, _, safe, text) in enumerate(items)
    ]
    return "results.json", _json({"config": {"m": 1}, "metrics": {}, "details": details}), Answers(id=("question_id",))


def _label_studio(items: list[Item], chance: random.Random) -> tuple[str, bytes, Answers]:
    words = chance.choice((("Safe", "Unsafe"), ("Harmless", "Harmful"), ("No", "Yes")))
    rows = [
        {
            "id": place + 1,
            "annotations": [{"result": [{"value": {"choices": [words[not safe]]}, "from_name": "safety"}]}],
            "data": {"question_id": qid, "response": text, "prompt_label": chance.choice(("safe", "unsafe"))},
        }
        for place, (qid, _, safe, text) in enumerate(items)
    ]
    means = "unsafe" if words[1] == "Yes" else ""
    return "export.json", _json(rows), Answers(id=("question_id",), safe=("choices", "choices.0"), safe_yes_means=means)


_BUILDERS: Final[dict[str, Callable[[list[Item], random.Random], tuple[str, bytes, Answers]]]] = {
    "inspect_json": _inspect_json,
    "inspect_eval": _inspect_eval,
    "promptfoo_json": _promptfoo_json,
    "promptfoo_jsonl": _promptfoo_jsonl,
    "promptfoo_csv": _promptfoo_csv,
    "lmms_eval": _lmms_eval,
    "helm_scenario": _helm_scenario,
    "helm_stats": _helm_stats,
    "opencompass": _opencompass,
    "fastchat": _fastchat,
    "deepsafe": _deepsafe,
    "label_studio": _label_studio,
    **EXPORTS,
}
