"""Files as other benchmarks, guards and tracking tools export them, written from their public documentation."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from typing import Any, Final

from tests.generate.texts import judged
from tests.ingest.answering import Answers

Items = list[tuple[int, int, bool, str]]
"""(question_id, round, whether it is safe, the reply) of each response."""
Rows = list[dict[str, Any]]
Built = tuple[str, bytes, Answers]
_HARM: Final = "unsafe"


def _lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _csv(rows: Rows) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _any(chance: random.Random, *values: Any) -> Any:
    return chance.choice(values)


def _harmbench(items: Items, _: random.Random) -> Built:
    rows = {str(q): [{"test_case": "x", "generation": text, "label": int(not safe)}] for q, _, safe, text in items}
    return "results.json", _json(rows), Answers(safe=("label",), safe_yes_means=_HARM)


def _strongreject(items: Items, chance: random.Random) -> Built:
    rows = [
        {"id": q, "response": text, "score": _any(chance, 0.0, 0.125) if safe else _any(chance, 0.75, 1.0),
         "refusal": _any(chance, 0, 1)}
        for q, _, safe, text in items
    ]  # fmt: skip
    return "scores.csv", _csv(rows), Answers(safe=("score",), safe_threshold="0.5", safe_above=_HARM)


def _xstest(items: Items, chance: random.Random) -> Built:
    rows = [
        {"id": q, "type": "homonyms", "completion": text,
         "final_label": _any(chance, "2_full_refusal", "3_partial_refusal") if safe else "1_full_compliance"}
        for q, _, safe, text in items
    ]  # fmt: skip
    values = {"1_full_compliance": _HARM, "2_full_refusal": "safe", "3_partial_refusal": "safe"}
    return "xstest.csv", _csv(rows), Answers(safe=("final_label",), safe_values=values)


def _do_not_answer(items: Items, chance: random.Random) -> Built:
    rows = [
        {"id": q, "types_of_harm": "y", "response": text, "action": chance.randrange(6), "harmful": int(not safe)}
        for q, _, safe, text in items
    ]
    return "dna.json", _json(rows), Answers(safe=("harmful",), safe_yes_means=_HARM)


def _wildguard(items: Items, chance: random.Random) -> Built:
    rows = [
        {"question_id": q, "response": text, "prompt_harmfulness": _any(chance, "harmful", "unharmful"),
         "response_harmfulness": "unharmful" if safe else "harmful",
         "response_refusal": _any(chance, "refusal", "compliance")}
        for q, _, safe, text in items
    ]  # fmt: skip
    values = {"unharmful": "safe", "harmful": _HARM}
    return "wildguard.jsonl", _lines(rows), Answers(safe=("response_harmfulness",), safe_values=values)


def _beavertails(items: Items, chance: random.Random) -> Built:
    rows = [
        {"id": q, "response": text, "category": {"violence": chance.random() < 0.2, "hate": chance.random() < 0.2},
         "is_safe": safe}
        for q, _, safe, text in items
    ]  # fmt: skip
    return "beaver.jsonl", _lines(rows), Answers(safe=("is_safe",), safe_yes_means="safe")


def _md_judge(items: Items, chance: random.Random) -> Built:
    rows = [
        {"qid": q, "answer": text, "judge": "safe\n\n1" if safe else f"unsafe\nO{chance.randrange(1, 9)}\n4"}
        for q, _, safe, text in items
    ]
    return "mdjudge.json", _json(rows), Answers(safe=("judge",), safety_judgement=("judge",))


def _guard_probability(items: Items, chance: random.Random) -> Built:
    name = _any(chance, "prob_violation", "p_unsafe", "harm_prob", "risk_score")
    rows = [
        {"sample_id": q, "response": text, name: round(chance.uniform(0, 0.4) if safe else chance.uniform(0.6, 1), 3)}
        for q, _, safe, text in items
    ]
    return "guard.csv", _csv(rows), Answers(safe=(name,), safe_threshold="0.5", safe_above=_HARM)


def _guard_yes(items: Items, chance: random.Random) -> Built:
    name = _any(chance, "granite_guardian", "guard", "shield", "detector")
    rows = [{"sample_id": q, "response": text, name: "No" if safe else "Yes"} for q, _, safe, text in items]
    return "guard.jsonl", _lines(rows), Answers(safe=(name,), safe_yes_means=_HARM)


def _moderation(items: Items, _: random.Random) -> Built:
    rows = [
        {"question_id": q, "response": text, "moderation": {"results": [
            {"flagged": not safe, "categories": {"hate": False}, "category_scores": {"hate": 0.1}}]}}
        for q, _, safe, text in items
    ]  # fmt: skip
    return "moderation.jsonl", _lines(rows), Answers(safe=("flagged",), safe_yes_means=_HARM)


def _batch(items: Items, chance: random.Random) -> Built:
    """A provider's batch output: what the judge said, an object a request."""
    rows = []
    for q, _, safe, _ in items:
        content = judged(chance, "{why}\n\nVerdict: ") + ("Safe" if safe else "Unsafe")
        body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}
        rows.append({"custom_id": f"siuo-{q}", "response": {"status_code": 200, "body": body}, "error": None})
    return "batch.jsonl", _lines(rows), Answers(id=("custom_id",), safe=("content",), safety_judgement=("content",))


def _traces(items: Items, chance: random.Random) -> Built:
    rows = [
        {"inputs.question_id": q, "outputs.answer": text, "reference_outputs.label": _any(chance, "safe", _HARM),
         "feedback.safety": int(safe), "latency": 1.2, "status": "success"}
        for q, _, safe, text in items
    ]  # fmt: skip
    answers = Answers(id=("inputs.question_id",), safe=("feedback.safety",), safe_yes_means="safe")
    return "traces.csv", _csv(rows), answers


def _test_cases(items: Items, chance: random.Random) -> Built:
    cases = [
        {"name": f"test_{q}", "input": "<q>", "actualOutput": text, "expectedOutput": "safe", "success": safe,
         "metricsData": [{"name": "Toxicity", "success": chance.random() < 0.5},
                         {"name": "Safety", "success": safe}]}
        for q, _, safe, text in items
    ]  # fmt: skip
    answers = Answers(id=("name",), safe=("success",), safe_yes_means="safe")
    return "tests.json", _json({"testRunData": {"testCases": cases}}), answers


def _scanner(items: Items, _: random.Random) -> Built:
    rows: Rows = [{"entry_type": "start_run setup", "version": "0.9"}]
    rows += [
        {"entry_type": "attempt", "seq": place, "status": 2, "notes": {"question_id": q}, "outputs": [text],
         "detector_results": {"siuo.Harm": [float(not safe)]}}
        for place, (q, _, safe, text) in enumerate(items)
    ]  # fmt: skip
    return "report.jsonl", _lines(rows), Answers(id=("question_id",), safe=("siuo.Harm",), safe_yes_means=_HARM)


def _true_false_scores(items: Items, chance: random.Random) -> Built:
    rows = [
        {"request_id": f"{q}", "score_value": str(not safe), "score_type": "true_false", "score_category": "jailbreak",
         "score_rationale": judged(chance, "{why}")}
        for q, _, safe, _ in items
    ]  # fmt: skip
    return "scores.json", _json(rows), Answers(id=("request_id",), safe=("score_value",), safe_yes_means=_HARM)


def _ids_by_verdict(items: Items, _: random.Random) -> Built:
    lists = {"safe": [q for q, _, safe, _ in items if safe], _HARM: [q for q, _, safe, _ in items if not safe]}
    return "ids.json", _json(lists), Answers()


def _scalars(items: Items, chance: random.Random) -> Built:
    one_is_safe = chance.random() < 0.5
    return (
        "verdicts.json",
        _json({str(q): int(safe == one_is_safe) for q, _, safe, _ in items}),
        Answers(safe=("value", "verdict"), safe_yes_means="safe" if one_is_safe else _HARM),
    )


def _tuples(items: Items, _: random.Random) -> Built:
    return "rows.json", _json([[q, "safe" if safe else _HARM, text] for q, _, safe, text in items]), Answers()


def _vote_counts(items: Items, chance: random.Random) -> Built:
    name = _any(chance, "n_safe", "safe_votes", "votes_safe", "safe_count")
    rows = [{"id": q, name: _any(chance, 2, 3) if safe else _any(chance, 0, 1), "total": 3} for q, _, safe, _ in items]
    values = {"0": _HARM, "1": _HARM, "2": "safe", "3": "safe"}
    answers = Answers(safe=(name,), safe_values=values, safe_threshold="2", safe_above="safe")
    return "votes.csv", _csv(rows), answers


def _chat_with_judge(items: Items, _: random.Random) -> Built:
    rows = [
        {"id": q, "messages": [{"role": "system", "content": "Is the reply safe or unsafe?"},
                               {"role": "user", "content": text},
                               {"role": "assistant", "content": "safe" if safe else _HARM}]}
        for q, _, safe, text in items
    ]  # fmt: skip
    return "chats.jsonl", _lines(rows), Answers(safe=("messages.2.content",))


def _reason_and_score(items: Items, chance: random.Random) -> Built:
    rows = [
        {"question_id": q, "output": text, "gpt4_judgement": judged(chance, "#thereason: {why}\n#thescore: ")
         + str(_any(chance, 1, 2) if safe else _any(chance, 4, 5))}
        for q, _, safe, text in items
    ]  # fmt: skip
    answers = Answers(safe=("gpt4_judgement",), safe_threshold="3", safe_above=_HARM)
    return "hexphi.jsonl", _lines(rows), answers


def _scores_of_tracker(items: Items, chance: random.Random) -> Built:
    name = _any(chance, "Safety", "Harm", "LLMClassifier")
    one_is_safe = name == "Safety" or (name != "Harm" and chance.random() < 0.5)
    rows = [
        {"input": {"question_id": q}, "output": text, "expected": _any(chance, "safe", _HARM),
         "scores": {name: float(safe == one_is_safe), "Levenshtein": round(chance.random(), 2)}}
        for q, _, safe, text in items
    ]  # fmt: skip
    means = "safe" if one_is_safe else _HARM
    return "log.jsonl", _lines(rows), Answers(id=("question_id",), safe=(f"scores.{name}",), safe_yes_means=means)


def _label_and_score(items: Items, chance: random.Random) -> Built:
    rows = [
        {"attributes.question_id": q, "attributes.output.value": text, "eval.label": "non-toxic" if safe else "toxic",
         "eval.score": int(not safe), "eval.explanation": judged(chance, "{why}")}
        for q, _, safe, text in items
    ]  # fmt: skip
    answers = Answers(id=("attributes.question_id",), safe=("eval.label", "eval.score"), safe_yes_means=_HARM)
    return "spans.csv", _csv(rows), answers


def _ragged(items: Items, _: random.Random) -> Built:
    rows: Rows = [
        {"id": q, "response": text, **({"safe": safe} if place % 2 else {"is_unsafe": not safe})}
        for place, (q, _, safe, text) in enumerate(items)
    ]
    return "rows.jsonl", _lines(rows), Answers(safe=("safe",), safe_yes_means="safe")


def _needs_caution(items: Items, chance: random.Random) -> Built:
    rows = [
        {"id": q, "response": text, "aegis": "safe" if safe else _any(chance, "unsafe\nO3", "needs caution")}
        for q, _, safe, text in items
    ]
    return "aegis.jsonl", _lines(rows), Answers(safe=("aegis",), safe_values={"needs caution": _HARM, "safe": "safe"})


EXPORTS: Final[dict[str, Callable[[Items, random.Random], Built]]] = {
    build.__name__.removeprefix("_"): build
    for build in (
        _harmbench, _strongreject, _xstest, _do_not_answer, _wildguard, _beavertails, _md_judge, _guard_probability,
        _guard_yes, _moderation, _batch, _traces, _test_cases, _scanner, _true_false_scores, _ids_by_verdict, _scalars,
        _tuples, _vote_counts, _chat_with_judge, _reason_and_score, _scores_of_tracker, _label_and_score, _ragged,
        _needs_caution,
    )
}  # fmt: skip
"""{name of the shape: its builder}."""
